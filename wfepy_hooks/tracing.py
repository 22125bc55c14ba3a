"""``--trace-hooks``: a line for each hook call, and one for each implementation that was called.

.. code-block:: text

    wfepy_run_task(instance=<Instance coffee/default>, task=<Task make_coffee>, attempt=1)
      timing (wrapper): -> True, 1203.1 ms
      -> True, 1203.2 ms
    wfepy_task_finished(instance=<Instance coffee/default>, ...)
      slack: raised ConnectionError: refused, 31.0 ms

What a wrapper encloses is counted in its time.
"""

from __future__ import annotations

import time

from .wording import describe_error, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from typing import Any

    from pluggy import HookImpl, PluginManager, Result

    from .validation import Implementation

__all__ = ["Tracer", "abbreviate"]

WIDTH = 60


class Tracer:
    """Writes what hooks do.

    :param write: called with each line, without its end
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write
        self._depth = 0
        self._started: list[float] = []

    def begin(self, hook: str, arguments: Mapping[str, object]) -> None:
        """Note that a hook is called."""
        shown = ", ".join(f"{name}={abbreviate(value)}" for name, value in arguments.items())
        self._line(f"{hook}({shown})")
        self._depth += 1
        self._started.append(time.perf_counter())

    def end(self, outcome: str = "") -> None:
        """Note that the call is over.

        :param outcome: what came of it as a whole; empty where the lines of the implementations say it all
        """
        started = self._started.pop()
        if outcome:
            self._line(f"{outcome}, {_since(started)}")
        self._depth -= 1

    def whole(self, hook: str, arguments: dict[str, Any], call: Callable[[str, dict[str, Any]], Any]) -> Any:
        """Do a whole hook call, and return its result."""
        self.begin(hook, arguments)
        try:
            result = call(hook, arguments)
        except BaseException as error:
            self.end(f"raised {_describe(error)}")
            raise
        self.end(f"-> {abbreviate(result)}")
        return result

    def call(self, implementation: Implementation, arguments: Sequence[object]) -> Any:
        """Call one implementation that is no wrapper, and return its result."""
        return self._plain(implementation.plugin, implementation.function)(*arguments)

    def watch(self, manager: PluginManager) -> Callable[[], None]:
        """Trace the calls that pluggy makes, until the returned function is called."""
        return manager.add_hookcall_monitoring(self._before, self._after)

    def _before(self, hook: str, implementations: Sequence[HookImpl], arguments: Mapping[str, Any]) -> None:
        self.begin(hook, arguments)
        if isinstance(implementations, list):
            # pluggy tells of whole calls only. It hands over the list that it goes through next, made for this call.
            implementations[:] = [self._traced(each) for each in implementations]

    def _after(
        self,
        result: Result[Any],
        hook: str,
        implementations: Sequence[HookImpl],
        arguments: Mapping[str, Any],
    ) -> None:
        error = result.exception
        self.end(f"-> {abbreviate(result.get_result())}" if error is None else f"raised {_describe(error)}")

    def _traced(self, each: HookImpl) -> HookImpl:
        trace = self._wrapping if each.wrapper else self._plain
        return type(each)(each.plugin, each.plugin_name, trace(each.plugin_name, each.function), each.opts)

    def _plain(self, plugin: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def traced(*arguments: object) -> object:
            started = time.perf_counter()
            self._depth += 1
            try:
                result = function(*arguments)
            except BaseException as error:
                self._depth -= 1
                self._line(f"{plugin}: raised {_describe(error)}, {_since(started)}")
                raise
            self._depth -= 1
            self._line(f"{plugin}: -> {abbreviate(result)}, {_since(started)}")
            return result

        return _named(traced, function)

    def _wrapping(self, plugin: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def traced(*arguments: object) -> Generator[None, object, object]:
            started = time.perf_counter()
            try:
                result = yield from function(*arguments)
            except BaseException as error:
                self._line(f"{plugin} (wrapper): raised {_describe(error)}, {_since(started)}")
                raise
            self._line(f"{plugin} (wrapper): -> {abbreviate(result)}, {_since(started)}")
            return result

        return _named(traced, function)

    def _line(self, text: str) -> None:
        self.write("  " * self._depth + text)


def _named(traced: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    # pluggy reads the names of the arguments from what is wrapped.
    traced.__wrapped__ = function  # type: ignore[attr-defined]  # as functools.wraps does
    return traced


def abbreviate(value: object) -> str:
    """Return ``repr(value)`` on one line of at most 60 characters; it never raises."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - the repr of a stranger's object may be broken
        text = f"<{type(value).__name__}>"
    return shorten(text, WIDTH)


def _describe(error: BaseException) -> str:
    return shorten(describe_error(error), WIDTH)


def _since(started: float) -> str:
    return f"{(time.perf_counter() - started) * 1000:.1f} ms"
