"""The executor of threads.

They are daemon threads of our own and not those of :class:`concurrent.futures.ThreadPoolExecutor`, which are joined
when the interpreter ends: one task that never returns would keep the tick alive for ever.
"""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from concurrent.futures import Future
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["ThreadExecutor"]

_PATIENCE = 1.0
"""Seconds in which a thread that has nothing to do is sure to end."""


class Call:
    """One call and its future."""

    __slots__ = ("args", "context", "function", "future")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.function = function
        self.args = args
        # As asyncio.to_thread does: what the submitting thread has set counts, and no call sees what another one set.
        self.context = contextvars.copy_context()
        self.future: Future[Any] = Future()


class Seat:
    """One thread, and what it runs at present.

    :ivar given_up: nobody waits for that any more
    """

    def __init__(self) -> None:
        self.thread: threading.Thread
        self.call: Call | None = None
        self.given_up = False


class ThreadExecutor:
    """Runs calls in up to ``slots`` threads, which start as they are needed.

    :ivar slots: how many calls run at the same time
    """

    is_remote = False

    def __init__(self, slots: int) -> None:
        if slots < 1:
            raise ValueError(f"an executor needs at least one slot, not {slots}")
        self.slots = slots
        self._changed = threading.Condition()
        self._queue: deque[Call] = deque()
        self._seats: list[Seat] = []
        self._idle = 0
        self._abandoned = 0
        self._closed = False

    @property
    def abandoned(self) -> int:
        """How many threads still run a call that was given up."""
        return self._abandoned

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Call ``function(*args)`` in a thread; see :meth:`.Executor.submit`."""
        call = Call(function, args)
        with self._changed:
            if self._closed:
                raise RuntimeError("the executor is closed")
            self._queue.append(call)
            self._seat_more()
        return call.future

    def _seat_more(self) -> None:
        """Let somebody take up what is in the queue."""
        self._changed.notify()
        if self._queue and self._idle < len(self._queue) and len(self._seats) < self.slots:
            seat = self._make_seat()
            self._seats.append(seat)
            seat.thread = threading.Thread(
                target=self._work, args=(seat,), name="wfepy-executor", daemon=True
            )
            seat.thread.start()

    def _make_seat(self) -> Seat:
        return Seat()

    def _work(self, seat: Seat) -> None:
        """Run one call after the other: the life of a thread."""
        while self._take(seat):
            assert seat.call is not None
            self._run(seat, seat.call)
        self._leave(seat)

    def _take(self, seat: Seat) -> bool:
        """Wait for the next call of ``seat``; return whether there is one."""
        with self._changed:
            seat.call = None
            self._idle += 1
            try:
                while not (seat.given_up or self._closed):
                    if not self._queue:
                        self._changed.wait()
                        continue
                    call = self._queue.popleft()
                    if call.future.set_running_or_notify_cancel():
                        seat.call = call
                        return True
                return False
            finally:
                self._idle -= 1

    def _run(self, seat: Seat, call: Call) -> None:
        try:
            value = call.context.run(call.function, *call.args)
        except BaseException as error:  # noqa: BLE001  # data, as Executor.submit says
            call.future.set_exception(error)
        else:
            call.future.set_result(value)
        finally:
            del call  # else the error would keep itself alive, by its traceback and this frame

    def _leave(self, seat: Seat) -> None:
        with self._changed:
            if seat in self._seats:
                self._seats.remove(seat)
            else:
                self._abandoned -= 1

    def give_up(self, future: Future[Any]) -> None:
        """Let another thread take the place of the one that runs this; see :meth:`.Executor.give_up`."""
        if future.cancel():
            return
        with self._changed:
            seat = self._seat_of(future)
            if seat is not None:
                seat.given_up = True
                self._seats.remove(seat)
                self._abandoned += 1
                self._seat_more()

    def _seat_of(self, future: Future[Any]) -> Seat | None:
        for seat in self._seats:
            if seat.call is not None and seat.call.future is future and not future.done():
                return seat
        return None

    def close(self) -> None:
        """Take no more calls and drop those that have not begun; see :meth:`.Executor.close`."""
        self._wait_for([seat for seat in self._shut() if seat.call is None], _PATIENCE)

    def _shut(self) -> list[Seat]:
        """Let every thread end that has nothing to do, and return the seats that were still taken."""
        with self._changed:
            self._closed = True
            waiting = list(self._queue)
            self._queue.clear()
            self._changed.notify_all()
            seats = list(self._seats)
        for call in waiting:
            call.future.cancel()
            call.future.set_running_or_notify_cancel()  # else concurrent.futures.wait() waits for ever
        return seats

    @staticmethod
    def _wait_for(seats: list[Seat], patience: float) -> None:
        end = monotonic() + patience
        for seat in seats:
            if seat.thread is not threading.current_thread():
                seat.thread.join(max(0.0, end - monotonic()))
