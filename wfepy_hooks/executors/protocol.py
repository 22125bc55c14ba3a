"""What an executor is. One of your own is right when it passes :mod:`wfepy_hooks.executors.conformance`."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["Executor", "adapted"]

SLOTS = 32
"""How many calls a stranger's executor is given at a time, if it says nothing. It queues what it cannot run yet."""


class Executor(Protocol):
    """Runs calls somewhere else. All methods may be called from any thread."""

    @property
    def slots(self) -> int:
        """How many calls run at the same time. More may be submitted; they wait in order."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether functions and arguments are pickled, so that a call works on copies."""
        ...

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Let ``function(*args)`` be called, and return at once.

        What it raises is data: also ``SystemExit`` and ``KeyboardInterrupt``, or that something cannot be pickled, is
        the error of the future.

        :raises RuntimeError: if the executor is closed
        """
        ...

    def give_up(self, future: Future[Any]) -> None:
        """Run other calls in place of this one: its time limit has passed, or nobody wants it any more.

        A call that has not begun never begins. A process that runs it is killed and replaced. A thread that runs it is
        replaced and left to itself. For a future that is done this does nothing.
        """
        ...

    def close(self) -> None:
        """End everything. It never waits for a call, and leaves no process behind. A second call does nothing."""
        ...


def adapted(executor: object) -> Executor:
    """Return ``executor`` with what it lacks of an :class:`Executor`; it needs no more than ``submit``.

    The futures need ``add_done_callback``, ``result``, ``exception`` and ``cancel``. What the executor does not say is
    taken to be: 32 ``slots``, or ``_max_workers`` as those of concurrent.futures have it; ``is_remote``; ``give_up``
    cancels; ``close`` is ``shutdown`` without waiting. Context variables are kept apart from call to call.

    :raises TypeError: if it has no ``submit``
    """
    if not callable(getattr(executor, "submit", None)):
        raise TypeError(f"an executor needs a method submit(function, *args); {executor!r:.60} has none")
    if all(hasattr(executor, name) for name in ("slots", "is_remote", "give_up", "close")):
        return cast("Executor", executor)
    return _Adapted(executor)


def _apart(function: Callable[..., Any], /, *args: Any) -> Any:
    """Call ``function`` such that the next call in this thread does not see the context variables that it sets."""
    return contextvars.copy_context().run(function, *args)


class _Adapted:
    """An executor that a stranger wrote."""

    def __init__(self, stranger: Any) -> None:
        self._stranger = stranger
        self._closed = False
        slots = getattr(stranger, "slots", None) or getattr(stranger, "_max_workers", None)
        self.slots: int = slots if isinstance(slots, int) else SLOTS
        self.is_remote: bool = bool(getattr(stranger, "is_remote", True))

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        if self._closed:
            raise RuntimeError("the executor is closed")
        future: Future[Any] = self._stranger.submit(_apart, function, *args)
        return future

    def give_up(self, future: Future[Any]) -> None:
        theirs = getattr(self._stranger, "give_up", None)
        if theirs is not None:
            theirs(future)
        else:
            future.cancel()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        shutdown = getattr(self._stranger, "shutdown", None)
        if hasattr(self._stranger, "close"):
            self._stranger.close()
        elif shutdown is not None:
            try:
                shutdown(wait=False, cancel_futures=True)
            except TypeError:  # cancel_futures came with Python 3.9, and not every executor knows it
                shutdown(wait=False)
