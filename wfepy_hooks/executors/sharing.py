"""One executor for several pumps, one after the other."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import Any

    from .protocol import Executor

__all__ = ["SharedExecutor"]


class SharedExecutor:
    """An executor that outlives each pump that closes it, until :meth:`close_really`."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.slots = executor.slots
        self.is_remote = executor.is_remote

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """See :meth:`.Executor.submit`."""
        return self._executor.submit(function, *args)

    def give_up(self, future: Future[Any]) -> None:
        """See :meth:`.Executor.give_up`."""
        self._executor.give_up(future)

    def close(self) -> None:
        """Do nothing: others use it, too."""

    def close_really(self) -> None:
        """Close the executor itself."""
        self._executor.close()
