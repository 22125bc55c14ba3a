"""The executor of threads.

They are daemon threads of our own and not those of :class:`concurrent.futures.ThreadPoolExecutor`, which are joined
when the interpreter ends: one task that never returns would keep the tick alive for ever.
"""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Call", "Seat", "ThreadExecutor"]

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
        # No Condition: an interrupt inside its methods, which are Python, can leave it locked for ever.
        self._lock = threading.Lock()
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._seats: list[Seat] = []
        #: How many calls were submitted, and have neither ended nor been given up.
        self._open = 0
        self._abandoned = 0
        self._closed = False

    @property
    def abandoned(self) -> int:
        """How many threads still run a call that was given up."""
        return self._abandoned

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Call ``function(*args)`` in a thread; see :meth:`.Executor.submit`."""
        call = Call(function, args)
        with self._lock:
            if self._closed:
                raise RuntimeError("the executor is closed")
            self._open += 1
            self._queue.put(call)
        self._add_seat()
        return call.future

    def _add_seat(self) -> None:
        """Start a thread if calls wait for one and there may be more of them."""
        with self._lock:
            if self._closed or len(self._seats) >= min(self.slots, self._open):
                return
            seat = self._make_seat()
            seat.thread = threading.Thread(
                target=self._work, args=(seat,), name="wfepy-executor", daemon=True
            )
            self._seats.append(seat)
        self._start(seat)

    def _make_seat(self) -> Seat:
        return Seat()

    def _start(self, seat: Seat) -> None:
        seat.thread.start()

    def _work(self, seat: Seat) -> None:
        """Run one call after the other: the life of a thread."""
        while not seat.given_up and (call := self._queue.get()) is not None:
            with self._lock:
                seat.call = call
                is_late = self._closed
            if is_late:  # close() did not find it in the queue any more
                call.future.cancel()
            if call.future.set_running_or_notify_cancel():
                self._run(seat, call)
            else:
                self._free(seat)
            del call  # it may be large, and the next one may be far away
        self._leave(seat)

    def _run(self, seat: Seat, call: Call) -> None:
        try:
            value = call.context.run(call.function, *call.args)
        except BaseException as error:  # noqa: BLE001  # data, as Executor.submit says
            self._free(seat)
            call.future.set_exception(error)
        else:
            self._free(seat)
            call.future.set_result(value)
        finally:
            del call  # else the error would keep itself alive, by its traceback and this frame

    def _free(self, seat: Seat) -> None:
        """Note that a call is over; before its future tells others, who may submit the next one at once."""
        with self._lock:
            seat.call = None
            if not seat.given_up:
                self._open -= 1

    def _leave(self, seat: Seat) -> None:
        with self._lock:
            if seat.given_up:
                self._abandoned -= 1
            else:
                self._seats.remove(seat)

    def give_up(self, future: Future[Any]) -> None:
        """Let another thread take the place of the one that runs this; see :meth:`.Executor.give_up`."""
        if future.cancel():
            return
        with self._lock:
            seat = self._seat_of(future)
            if seat is not None:
                seat.given_up = True
                self._seats.remove(seat)
                self._abandoned += 1
                self._open -= 1
        self._add_seat()

    def _seat_of(self, future: Future[Any]) -> Seat | None:
        for seat in self._seats:
            if seat.call is not None and seat.call.future is future:
                return seat
        return None

    def close(self) -> None:
        """Take no more calls and drop those that have not begun; see :meth:`.Executor.close`."""
        self._wait_for([seat for seat in self._shut() if seat.call is None], _PATIENCE)

    def _shut(self) -> list[Seat]:
        """Let every thread end that has nothing to do, and return the seats that were still taken."""
        with self._lock:
            self._closed = True
            waiting = self._drain()
            seats = list(self._seats)
            for _ in seats:
                self._queue.put(None)
        for call in waiting:
            call.future.cancel()
            call.future.set_running_or_notify_cancel()  # else concurrent.futures.wait() waits for ever
        return seats

    def _drain(self) -> list[Call]:
        """Take everything out of the queue, and return the calls."""
        found: list[Call] = []
        while True:
            try:
                call = self._queue.get_nowait()
            except Empty:
                return found
            if call is not None:
                found.append(call)

    @staticmethod
    def _wait_for(seats: list[Seat], patience: float) -> None:
        end = monotonic() + patience
        for seat in seats:
            # One that was interrupted while it was being started may not be there yet; it will find nothing to do.
            if seat.thread is not threading.current_thread() and seat.thread.is_alive():
                seat.thread.join(max(0.0, end - monotonic()))
