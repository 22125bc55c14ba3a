"""What a runner works with: the plugins, the clock, and how strict it is."""

from __future__ import annotations

from time import perf_counter, sleep

from .clock import system_clock
from .plugins import PluginHost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from typing import Any

    from .clock import Clock
    from .executors import Executor
    from .instance import Instance
    from .interrupts import Interrupts
    from .waiting import Child


class Nothing:
    """A context that does nothing; contextlib's costs 3 ms to import."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exception: object) -> None:
        return None


NOTHING = Nothing()


class Engine:
    """What the runners of one process share.

    :ivar host: the plugins
    :ivar clock: returns the time
    :ivar strict: an answer that is neither ``True``, ``False`` nor a wait is an error
    :ivar interrupts: holds signals back while state is written; ``None`` outside of the command line
    :ivar inside_task: entered around each task's function
    :ivar sleep: waits for so many seconds
    :ivar timer: returns seconds; two of its answers tell how long an attempt took in the thread of the tick
    :ivar executor: makes the executor of the config, or ``None`` for the thread of the tick
    :ivar start_child: begins the instance that a task asks for, or ``None`` where there is no project
    :ivar cancel_children: cancels such instances
    """

    def __init__(
        self,
        host: PluginHost | None = None,
        *,
        clock: Clock = system_clock,
        strict: bool = False,
        interrupts: Interrupts | None = None,
        inside_task: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.host = PluginHost() if host is None else host
        self.clock = clock
        self.strict = strict
        self.interrupts = interrupts
        self.inside_task = NOTHING if inside_task is None else inside_task
        self.sleep: Callable[[float], object] = sleep
        self.timer: Callable[[], float] = perf_counter
        self.executor: Callable[[], Executor] | None = None
        self.start_child: Callable[[Instance, str, Child], str] | None = None
        self.cancel_children: Callable[[Instance, list[str]], None] | None = None

    @property
    def was_interrupted(self) -> bool:
        """Whether a :exc:`KeyboardInterrupt` is the person at the keyboard, and not a task that raises it."""
        return self.interrupts is None or self.interrupts.pending

    @classmethod
    def with_plugins(cls, plugins: Iterable[object]) -> Engine:
        """Return an engine with these plugins and nothing else."""
        host = PluginHost()
        for plugin in plugins:
            host.register(plugin, getattr(plugin, "__name__", None) or type(plugin).__name__, "create_runner")
        return cls(host)
