"""What a task may ask for by name, behind the context."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .clock import Clock
    from .instance import Instance
    from .task import Task


class Call:
    """One attempt at a task, for what is passed to it.

    :ivar instance: :ivar task: :ivar attempt: what is tried
    :ivar clock: returns the time
    """

    __slots__ = ("attempt", "clock", "instance", "task")

    def __init__(self, instance: Instance, task: Task, attempt: int, clock: Clock) -> None:
        self.instance = instance
        self.task = task
        self.attempt = attempt
        self.clock = clock


#: The arguments by name. They are made anew for each attempt.
ARGUMENTS: dict[str, Callable[[Call], Any]] = {
    "attempt": lambda call: call.attempt,
    "idempotency_key": lambda call: call.instance.idempotency_key(call.task),
    "instance": lambda call: call.instance,
    "now": lambda call: call.clock(),
}


def wanted(tasks: Mapping[str, Task]) -> dict[str, tuple[str, ...]]:
    """Return the names that tasks ask for, for those that ask for any. A parameter with a default asks for nothing."""
    found = {name: tuple(parameters(task.func)[1]) for name, task in tasks.items()}
    return {name: names for name, names in found.items() if names}


def parameters(func: object) -> tuple[bool, list[str]]:
    """Return whether ``func`` takes a positional argument, and the names of what else it requires."""
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
