"""What a task may ask for by name, behind the context, and what plugins provide."""

from __future__ import annotations

from .errors import PluginError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Mapping
    from typing import Any

    from .clock import Clock
    from .instance import Instance
    from .plugins import PluginHost
    from .signals import Signals
    from .task import Task

_GENERATOR = type(_ for _ in ())


class Call:
    """One attempt at a task, for what is passed to it.

    :ivar instance: :ivar task: :ivar attempt: what is tried
    :ivar clock: returns the time
    :ivar item: the item of a task with ``each=``
    :ivar number: that of the item, or -1
    :ivar signals: what the task got as its argument ``signals``, or ``None`` if it did not ask
    """

    __slots__ = ("_host", "_opened", "attempt", "clock", "instance", "item", "number", "signals", "task")

    def __init__(
        self,
        instance: Instance,
        task: Task,
        attempt: int,
        clock: Clock,
        host: PluginHost | None = None,
        *,
        item: Any = None,
        number: int = -1,
    ) -> None:
        self.instance = instance
        self.task = task
        self.attempt = attempt
        self.clock = clock
        self.item = item
        self.number = number
        self.signals: Signals | None = None
        self._host = host
        self._opened: list[tuple[str, Generator[Any, None, None]]] = []

    def values(self, names: Collection[str]) -> dict[str, Any]:
        """Return the arguments of these names.

        :raises PluginError: if a plugin cannot provide one
        """
        return {name: ARGUMENTS[name](self) if name in ARGUMENTS else self._provided(name) for name in names}

    def _provided(self, name: str) -> Any:
        host = self._host
        found = None
        if host is not None and host.has("wfepy_provide_argument"):
            found = host.decide("wfepy_provide_argument", name=name, instance=self.instance, task=self.task)
        if found is None:
            raise PluginError(
                f'no plugin provides the argument "{name}"',
                where=f'task "{self.task.name}"',
                hint="wfepy plugins lists which are loaded",
            )
        if not isinstance(found, _GENERATOR):
            return found
        try:
            value = next(found)
        except StopIteration:
            raise _broken(name, "ended without a yield") from None
        except Exception as error:
            raise _broken(name, f"raised {type(error).__name__}: {error}") from error
        self._opened.append((name, found))
        return value

    def close(self) -> list[PluginError]:
        """Let the generators that provided arguments clean up, the last one first; return what went wrong."""
        errors = []
        while self._opened:
            name, generator = self._opened.pop()
            try:
                next(generator)
            except StopIteration:
                continue
            except Exception as error:  # noqa: BLE001  # a plugin may raise anything
                made = _broken(name, f"raised {type(error).__name__}: {error}")
                made.__cause__ = error
                errors.append(made)
            else:
                generator.close()
                errors.append(_broken(name, "has more than one yield"))
        return errors


def _broken(name: str, what: str) -> PluginError:
    return PluginError(f'the generator that provides "{name}" {what}', where="wfepy_provide_argument")


def _take_signals(call: Call) -> Signals:
    from .signals import Signals  # lazily: few tasks ask for it

    instance = call.instance
    items = instance.items.get(call.task.name)
    wait = instance.waits.get(call.task.name) if items is None else items.waits.get(call.number)
    unfit = () if wait is None else [each.id for each in instance.signals if wait.refuses(each)]
    call.signals = Signals(instance.signals, unfit)
    return call.signals


def _idempotency_key(call: Call) -> str:
    of_item = f"/{call.number}" if call.number >= 0 else ""
    return call.instance.idempotency_key(call.task) + of_item


#: The built-in arguments by name. They are made anew for each attempt.
ARGUMENTS: dict[str, Callable[[Call], Any]] = {
    "attempt": lambda call: call.attempt,
    "idempotency_key": _idempotency_key,
    "instance": lambda call: call.instance,
    "item": lambda call: call.item,
    "now": lambda call: call.clock(),
    "signals": _take_signals,
}

#: Of these, what can be sent to another process. A task that asks for anything else runs in that of the tick.
PORTABLE = frozenset(("attempt", "idempotency_key", "item", "now"))


def require_free(names: Iterable[str], plugins: Iterable[str]) -> None:
    """Refuse names of arguments that no plugin would ever be asked for.

    :raises PluginError: if one is built in
    """
    taken = [name for name in names if name in ARGUMENTS]
    if taken:
        what = f"tasks get {', '.join(taken)} from wfepy itself, and no plugin is asked for it"
        hint = f"look at the plugins that implement it: {', '.join(plugins)}"
        raise PluginError(what, where="wfepy_argument_names", hint=hint)


def wanted(tasks: Mapping[str, Task]) -> dict[str, tuple[str, ...]]:
    """Return the names that tasks ask for, for those that ask for any. A parameter with a default asks for nothing."""
    found = {name: tuple(parameters(task.func)[1]) for name, task in tasks.items()}
    return {name: names for name, names in found.items() if names}


def parameters(func: object) -> tuple[bool, list[str]]:
    """Return whether ``func`` takes a positional argument, and the names of what else it requires."""
    declared = getattr(func, "wfepy_parameters", None)
    if isinstance(declared, tuple):  # a Mock has every attribute
        return True, list(declared)
    code = getattr(func, "__code__", None)
    if code is not None and not hasattr(func, "__self__") and not hasattr(func, "__wrapped__"):
        # A plain function, as nearly all are: inspect.signature would cost 15 us a task.
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        defaults = len(getattr(func, "__defaults__", None) or ())
        keywords = getattr(func, "__kwdefaults__", None) or {}
        required = list(names[1 : code.co_argcount - defaults])
        required += [name for name in names[code.co_argcount :] if name not in keywords]
        return bool(code.co_argcount or code.co_flags & 0x04), required  # 0x04: it has *args
    return _inspected_parameters(func)


def _inspected_parameters(func: object) -> tuple[bool, list[str]]:
    import inspect  # lazily, as above

    try:
        signature = inspect.signature(func)  # type: ignore[arg-type]
    except (TypeError, ValueError):  # some builtins have none; then calling it must tell
        return True, []
    every = list(signature.parameters.values())
    takes = bool(every) and every[0].kind not in (
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.VAR_KEYWORD,
    )
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    behind = every[1:] if takes else every
    return takes, [p.name for p in behind if p.default is p.empty and p.kind not in variable]
