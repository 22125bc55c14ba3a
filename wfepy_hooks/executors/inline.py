"""The executor that calls at once, in the thread that submits."""

from __future__ import annotations

from concurrent.futures import Future

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["InlineExecutor"]


class InlineExecutor:
    """An :class:`.Executor` with nothing beside it: a call is over when ``submit`` returns, so no limit ends it."""

    slots = 1
    is_remote = False

    def __init__(self) -> None:
        self._closed = False

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Call ``function(*args)`` now and return its outcome."""
        if self._closed:
            raise RuntimeError("the executor is closed")
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args))
        except BaseException as error:  # noqa: BLE001  # data, as Executor.submit says
            future.set_exception(error)
        return future

    def give_up(self, future: Future[Any]) -> None:
        """Do nothing: every call is done."""

    def close(self) -> None:
        """Take no more calls."""
        self._closed = True
