"""How each kind of hook is called, and what becomes of an error in it.

Setup and observation hooks are called one implementation at a time, because an error must name its plugin or be
contained. Decision and around hooks are pluggy's as soon as a plugin needs what only pluggy does: a wrapper, or hooks
of its own. Until then a decision is the first answer in pluggy's order, and pluggy is not imported, for that takes
20 ms, more than Python itself takes to start.
"""

from __future__ import annotations

from . import faults
from .errors import PluginError, WfepyError
from .hookspecs import HOOKS, OBSERVATION
from .notices import logger
from .outcome import GiveUp
from .wording import describe_error, origin, package_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn, TypeAlias

    from pluggy import PluginManager

    from .instance import Instance
    from .tracing import Tracer
    from .validation import Implementation

    Implementations: TypeAlias = tuple[Implementation, ...]
    Types: TypeAlias = type | tuple[type, ...]

__all__ = ["PREFIX", "HookCalls", "call_order"]

PREFIX = "wfepy_"


class HookCalls:
    """Calls hooks.

    Each observation hook is also an attribute without the prefix, such as ``task_started``: the tuple of its
    implementations, empty when there are none. The engine tests that before it calls :meth:`notify`, so that a hook
    that nobody implements costs one truth test.

    :ivar strict: an exception in an observation is fatal
    :ivar calling: name of the plugin whose setup hook is running, else empty
    :ivar failing: name of the plugin whose setup hook has raised, the last one
    """

    command_started: Implementations
    command_finished: Implementations
    tick_started: Implementations
    tick_finished: Implementations
    task_started: Implementations
    transition_evaluated: Implementations
    task_finished: Implementations
    task_reminder: Implementations
    instance_finished: Implementations
    state_saved: Implementations
    internal_error: Implementations

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.calling = self.failing = ""
        self._order: dict[str, Implementations] = {}
        self._found: dict[str, list[Implementation]] = {}
        self._engine: set[str] = set()
        self._history: list[tuple[str, dict[str, Any]]] = []
        self._manager: PluginManager | None = None
        self._tracer: Tracer | None = None
        self._unwatch: Callable[[], None] | None = None
        self._arrange(())

    def _arrange(self, implementations: Iterable[Implementation]) -> None:
        """Forget what is known, and take over ``implementations``, in the order of registration."""
        self._engine = set()
        self._found = {}
        self._order = {}
        for hook, kind in HOOKS.items():
            if kind.kind is OBSERVATION:
                setattr(self, hook.removeprefix(PREFIX), ())
        self._include(implementations)

    def _include(self, implementations: Iterable[Implementation]) -> None:
        """Take over more ``implementations``, those of a plugin that is registered after all others.

        Only their hooks are put in order: to arrange everything at each registration costs a tick with the bundled
        plugins half a millisecond.
        """
        hooks = set()
        for each in implementations:
            self._found.setdefault(each.hook, []).append(each)
            hooks.add(each.hook)
        for hook in hooks:
            self._order[hook] = order = call_order(self._found[hook])
            if hook in HOOKS and HOOKS[hook].kind is OBSERVATION:
                setattr(self, hook.removeprefix(PREFIX), order)

    def implementers(self, hook: str) -> list[str]:
        """Return the names of the plugins that implement ``hook``, wrappers included, as they were registered."""
        return [each.plugin for each in self._found.get(hook, ())]

    def notify(self, hook: str, instance: Instance | None, **arguments: Any) -> None:
        """Call an observation hook: each implementation by itself, whatever the others do.

        :raises PluginError: if one raised and ``strict`` is set
        """
        if faults.hit:
            faults.hit(f"hook.{hook}.before")
        arguments["instance"] = instance
        if self._tracer is not None:
            self._tracer.begin(hook, arguments)
        try:
            for implementation in self._order.get(hook, ()):
                self._observe(implementation, instance, arguments)
        finally:
            if self._tracer is not None:
                self._tracer.end()
        if faults.hit:
            faults.hit(f"hook.{hook}.after")

    def _observe(
        self, implementation: Implementation, instance: Instance | None, arguments: dict[str, Any]
    ) -> None:
        try:
            self._call(implementation, arguments)
        # SystemExit: a plugin must not end the tick. KeyboardInterrupt is the person at the keyboard.
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
            if self.strict:
                self._raise_fatal(error, implementation.hook, implementation)
            self._log(error, implementation, instance)

    def setup(self, hook: str, types: Types = object, /, **arguments: Any) -> list[Any]:
        """Call a setup hook, and return the results that are not ``None`` in the order of the calls.

        It may be one that a plugin offers; wrappers of it are not called. A historic hook is also called for each
        plugin that is registered later.

        :param types: what a result may be
        :raises PluginError: if an implementation raised, or returned something else
        """
        if hook in HOOKS and HOOKS[hook].historic:
            self._history.append((hook, arguments))
        return self._run_setup(hook, self._order.get(hook, ()), types, arguments)

    def _run_setup(
        self, hook: str, implementations: Implementations, types: Types, arguments: dict[str, Any]
    ) -> list[Any]:
        results = []
        if self._tracer is not None:
            self._tracer.begin(hook, arguments)
        try:
            for implementation in implementations:
                result = self._call_setup(implementation, arguments)
                if result is not None:
                    self._check(hook, types, result, [implementation])
                    results.append(result)
        finally:
            if self._tracer is not None:
                self._tracer.end()
        return results

    def _call_for(
        self, implementations: Iterable[Implementation], hook: str, arguments: dict[str, Any]
    ) -> None:
        """Repeat an earlier call for a plugin that was registered since."""
        found = call_order(each for each in implementations if each.hook == hook)
        self._run_setup(hook, found, object, arguments)

    def teardown(self, hook: str, /, **arguments: Any) -> None:
        """Call a setup hook to the last implementation, and then raise the first error.

        :raises PluginError: if an implementation raised
        """
        errors = []
        if self._tracer is not None:
            self._tracer.begin(hook, arguments)
        for implementation in self._order.get(hook, ()):
            try:
                self._call_setup(implementation, arguments)
            except WfepyError as error:
                errors.append(error)
        if self._tracer is not None:
            self._tracer.end()
        if errors:
            raise errors[0]

    def decide(self, hook: str, types: Types = object, /, **arguments: Any) -> Any:
        """Call a decision hook, and return the first answer, or ``None``.

        :param types: what an answer may be
        :raises PluginError: if an implementation raised, or the answer is something else
        """
        try:
            result = self._ask(hook, arguments)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            self._raise_fatal(error, hook)
        if result is not None:
            self._check(hook, types, result)
        return result

    def around(self, hook: str, types: Types, /, **arguments: Any) -> Any:
        """Call an around hook, and return its result.

        What the engine's own implementation raises is raised here as it is: it is the error of the task or the store.
        So are :exc:`.GiveUp` and our own errors, whoever raises them.

        :param types: what the result may be; ``None`` is none of it unless its type is there
        :raises PluginError: if a plugin raised something else, or the result is something else
        """
        try:
            result = self._ask(hook, arguments)
        except GiveUp:
            raise
        except (Exception, SystemExit) as error:
            culprit = self._culprit(error)
            if culprit is not None and culprit.plugin in self._engine:
                raise
            self._raise_fatal(error, hook)
        self._check(hook, types, result)
        return result

    @property
    def trace(self) -> Callable[[str], object] | None:
        """Called with a line of text for each hook call and each implementation; ``None``: not traced."""
        return None if self._tracer is None else self._tracer.write

    @trace.setter
    def trace(self, write: Callable[[str], object] | None) -> None:
        from .tracing import Tracer

        self._tracer = None if write is None else Tracer(write)
        self._watch()

    def _watch(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._manager is not None and self._tracer is not None:
            self._unwatch = self._tracer.watch(self._manager)

    def _ask(self, hook: str, arguments: dict[str, Any]) -> Any:
        if faults.hit:
            faults.hit(f"hook.{hook}.before")
        if self._manager is not None:
            result = getattr(self._manager.hook, hook)(**arguments)
        elif self._tracer is not None:
            result = self._tracer.whole(hook, arguments, self._first_answer)
        else:
            result = self._first_answer(hook, arguments)
        if faults.hit:
            faults.hit(f"hook.{hook}.after")
        return result

    def _first_answer(self, hook: str, arguments: dict[str, Any]) -> Any:
        for implementation in self._order.get(hook, ()):
            result = self._call(implementation, arguments)
            if result is not None:
                return result
        return None

    def _call_setup(self, implementation: Implementation, arguments: dict[str, Any]) -> Any:
        outer, self.calling = self.calling, implementation.plugin
        try:
            return self._call(implementation, arguments)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            self.failing = implementation.plugin
            self._raise_fatal(error, implementation.hook, implementation)
        finally:
            self.calling = outer

    def _call(self, implementation: Implementation, arguments: dict[str, Any]) -> Any:
        values = [arguments[name] for name in implementation.arguments]
        if self._tracer is not None:
            return self._tracer.call(implementation, values)
        return implementation.function(*values)

    def _suspects(self, hook: str) -> list[Implementation]:
        """Return the implementations that plugins have; the engine's own if there are no others."""
        found = self._found.get(hook, [])
        return [each for each in found if each.plugin not in self._engine] or found

    def _check(
        self, hook: str, types: Types, result: object, suspects: list[Implementation] | None = None
    ) -> None:
        if isinstance(result, types):
            return
        suspects = suspects or self._suspects(hook)
        names = _names(suspects)
        hint = f"look at the plugins that implement it: {names}"
        if result is None and any(each.wrapper for each in suspects):
            hint += "; a wrapper hands on what it gets by return (yield)"
        wanted = " or ".join(each.__name__ for each in (types if isinstance(types, tuple) else (types,)))
        what = f"the result must be of type {wanted}, not {type(result).__name__}"
        raise PluginError(what, where=hook, hint=hint, plugin=names)

    def _culprit(self, error: BaseException) -> Implementation | None:
        """Return the implementation that raised ``error``, also if it is one of a hook of a plugin."""
        # By identity: two copies of one function have codes that are equal.
        by_code = {id(each.code): each for found in self._found.values() for each in found}
        culprit = None
        traceback = error.__traceback__
        while traceback is not None:
            # The innermost one: a wrapper is passed by an error of what it encloses.
            culprit = by_code.get(id(traceback.tb_frame.f_code), culprit)
            traceback = traceback.tb_next
        return culprit

    def _blame(self, error: BaseException, hook: str, known: Implementation | None) -> tuple[str, str, str]:
        """Return the hook and the plugin that raised ``error``, and where.

        :param known: the implementation that was called, where there was but one
        """
        culprit = self._culprit(error) or known
        if culprit is None:
            return hook, _names(self._suspects(hook)), origin(error)
        if known is not None and known.code is culprit.code:
            culprit = known  # two plugins may share the code of a class
        return culprit.hook, culprit.plugin, origin(error, {package_of(culprit.function)})

    def _raise_fatal(self, error: BaseException, hook: str, known: Implementation | None = None) -> NoReturn:
        hook, plugin, place = self._blame(error, hook, known)
        if isinstance(error, WfepyError):
            # The plugin says no in our own words, such as a ConfigError about its settings.
            error.where = error.where or f"plugin {plugin}"
            raise error
        raise PluginError(
            f"{hook} raised {describe_error(error)} ({place})",
            where=f"plugin {plugin}",
            hint="" if plugin in self._engine else f"run without it by -p no:{plugin.partition(',')[0]}",
            plugin=plugin,
        ) from error

    def _log(self, error: BaseException, implementation: Implementation, instance: Instance | None) -> None:
        log = logger("wfepy_hooks.plugins")
        label = "" if instance is None else f" for {instance.workflow.name}/{instance.id}"
        hook, plugin, place = self._blame(error, implementation.hook, implementation)
        log.error(
            "plugin %s: %s%s raised %s (%s); the run goes on",
            plugin,
            hook,
            label,
            describe_error(error),
            place,
            exc_info=error if log.isEnabledFor(10) else None,  # DEBUG
        )


def call_order(implementations: Iterable[Implementation]) -> Implementations:
    """Return those that are no wrappers in the order in which pluggy calls them: the last registered first."""
    plain = [each for each in implementations if not each.wrapper]
    last = [each for each in plain if each.trylast]
    first = [each for each in plain if each.tryfirst and not each.trylast]
    middle = [each for each in plain if not each.tryfirst and not each.trylast]
    return (*reversed(first), *reversed(middle), *last)


def _names(implementations: Iterable[Implementation]) -> str:
    return ", ".join(dict.fromkeys(each.plugin for each in implementations))
