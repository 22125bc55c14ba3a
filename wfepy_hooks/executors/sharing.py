"""One executor for several pumps, one after the other: processes take time to start."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import Any

    from ..config import Config
    from .protocol import Executor

__all__ = ["Sharing"]


class Sharing:
    """Makes the executor of a configuration when it is first wanted, and keeps it for all instances of a tick."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._executor: Executor | None = None

    def share(self) -> Executor:
        """Return the executor, to be used and closed as if it were one's own.

        :raises ConfigError: :raises PluginError: if there is no such executor
        """
        if self._executor is None:
            from .choosing import make_executor

            self._executor = make_executor(self._config)
        return _Shared(self._executor)

    def close(self) -> None:
        """Close the executor, if there is one; the next :meth:`share` makes another."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.close()


class _Shared:
    """An executor that outlives whoever closes it."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.slots = executor.slots
        self.is_remote = executor.is_remote

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        return self._executor.submit(function, *args)

    def give_up(self, future: Future[Any]) -> None:
        self._executor.give_up(future)

    def close(self) -> None:
        """Do nothing: others use it, too."""
