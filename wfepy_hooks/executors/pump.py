"""What the runner drives many calls with, from one thread: through an executor, and in an event loop of its own."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic, sleep

from .failures import TimeLimitExceeded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable
    from concurrent.futures import Future
    from typing import Any

    from .loops import Loop
    from .protocol import Executor

__all__ = ["Finished", "Pump"]

GRACE = 1.0
"""Seconds that an asynchronous call has to clean up when it is cancelled because its time limit has passed."""
_LONG = 1.0
"""Seconds that this thread waits in one go. A signal that the system gave to another thread is handled then."""


class Finished:
    """The end of a call.

    :ivar key: which one
    :ivar value: what it returned
    :ivar error: what it raised, or :class:`.TimeLimitExceeded`; ``None`` if it returned
    :ivar took: seconds from its start to its end
    """

    __slots__ = ("error", "key", "took", "value")

    def __init__(self, key: Hashable, value: Any, error: BaseException | None, took: float) -> None:
        self.key = key
        self.value = value
        self.error = error
        self.took = took

    def __repr__(self) -> str:
        return f"Finished({self.key!r}, {self.value!r}, {self.error!r})"


class _Call:
    """A call that was asked for.

    :ivar began: on the monotonic clock; negative: it has not begun
    :ivar future: what the executor returned
    :ivar is_over: its time limit has passed
    """

    __slots__ = ("args", "began", "function", "future", "is_async", "is_over", "key", "task", "time_limit")

    def __init__(self, key: Hashable, function: Callable[..., Any], args: Any, limit: float | None) -> None:
        self.key = key
        self.function = function
        self.args = args
        self.time_limit = limit
        self.began = -1.0
        self.future: Future[Any] | None = None
        self.task: Any = None
        self.is_async = False
        self.is_over = False


class Pump:
    """Runs calls at the same time and hands out their ends, all in the thread that calls its methods.

    A call is known by its key, any hashable value that no other call in flight has.
    """

    def __init__(
        self,
        make_executor: Callable[[], Executor] | None = None,
        *,
        was_interrupted: Callable[[], bool] | None = None,
    ) -> None:
        """
        :param make_executor: called when the first call needs the executor; by default calls run in this thread
        :param was_interrupted: whether a :exc:`KeyboardInterrupt` in an asynchronous call came from the keyboard, and
            is raised by :meth:`wait`; if not, it is the call's own error. By default it always is.
        """
        self._make_executor = make_executor
        self._was_interrupted = was_interrupted
        self._executor: Executor | None = None
        self._loop: Loop | None = None
        self._calls: dict[Hashable, _Call] = {}
        self._waiting: deque[_Call] = deque()
        self._submitted = 0
        #: Calls that have ended, and when. Futures put them there, from whatever thread.
        self._ended: SimpleQueue[tuple[_Call, float]] = SimpleQueue()
        self._limits: list[tuple[float, int, _Call]] = []
        self._ticket = itertools.count()
        self._closed = False

    @property
    def running(self) -> int:
        """How many calls are in flight: begun or not, and not handed out by :meth:`wait` yet."""
        return len(self._calls)

    def __contains__(self, key: Hashable) -> bool:
        """Return whether the call ``key`` is in flight."""
        return key in self._calls

    # Starting

    def start_call(
        self, key: Hashable, function: Callable[..., Any], *args: Any, time_limit: float | None = None
    ) -> None:
        """Let the executor call ``function(*args)`` as soon as it has a free slot.

        :param time_limit: seconds from that moment on; past it the call is given up
        :raises ValueError: if a call of this key is in flight
        """
        self._waiting.append(self._add(_Call(key, function, args, time_limit)))
        self._submit_more()

    def start_async(
        self, key: Hashable, make_coroutine: Callable[[], Awaitable[Any]], *, time_limit: float | None = None
    ) -> None:
        """Await ``make_coroutine()`` in the event loop, which runs only during :meth:`wait`.

        :param time_limit: seconds; past it the call is cancelled, and has a second to clean up
        :raises ValueError: if a call of this key is in flight
        """
        call = self._add(_Call(key, make_coroutine, (), time_limit))
        call.is_async = True
        if self._loop is None:
            from .loops import Loop  # lazily: asyncio costs 40 ms

            self._loop = Loop(self._was_interrupted)
        self._begin(call)
        call.task = self._loop.start(make_coroutine, partial(self._end_async, call))

    def _add(self, call: _Call) -> _Call:
        if self._closed:
            raise RuntimeError("the pump is closed")
        if call.key in self._calls:
            raise ValueError(f"a call {call.key!r} is in flight already")
        self._calls[call.key] = call
        return call

    def _begin(self, call: _Call) -> None:
        call.began = monotonic()
        if call.time_limit is not None:
            self._limit(call, call.began + call.time_limit)

    def _limit(self, call: _Call, at: float) -> None:
        if len(self._limits) > 2 * len(self._calls) + 100:  # most are of calls that have ended
            self._limits = [each for each in self._limits if self._calls.get(each[2].key) is each[2]]
            heapq.heapify(self._limits)
        heapq.heappush(self._limits, (at, next(self._ticket), call))

    def _submit_more(self) -> None:
        """Give the executor as many calls as it has slots, so that a call that is submitted also begins."""
        while self._waiting and self._submitted < self._slots():
            call = self._waiting.popleft()
            if self._calls.get(call.key) is not call:
                continue  # cancelled
            self._submitted += 1
            self._begin(call)
            try:
                call.future = self._get_executor().submit(call.function, *call.args)
            except Exception as error:  # noqa: BLE001  # an executor that does not do what it promises
                call.future = _failed(error)
            call.function, call.args = _nothing, ()  # arguments may be large
            call.future.add_done_callback(partial(self._end, call))

    def _slots(self) -> int:
        return max(1, self._get_executor().slots)

    def _get_executor(self) -> Executor:
        if self._executor is None:
            if self._make_executor is None:
                from .inline import InlineExecutor  # lazily: as any executor

                self._executor = InlineExecutor()
            else:
                self._executor = self._make_executor()
        return self._executor

    def _end(self, call: _Call, future: object) -> None:
        """Note that a call of the executor has ended; any thread calls this."""
        self._ended.put((call, monotonic()))
        loop = self._loop
        if loop is not None:
            loop.wake()

    def _end_async(self, call: _Call, task: object) -> None:
        self._ended.put((call, monotonic()))

    # Ending

    def wait(self, timeout: float | None = None) -> list[Finished]:
        """Wait until at least one call has ended, and return all that have; none if ``timeout`` seconds are over first.

        With nothing in flight it waits for the timeout; without a timeout it returns at once.

        :raises KeyboardInterrupt: at once, if a signal handler raises it; then only :meth:`close` should follow
        """
        end = None if timeout is None else monotonic() + timeout
        is_over = False
        while True:
            finished = self._collect()
            if finished or is_over or (end is None and not self._calls):
                return finished
            self._block(max(0.0, self._time_left(end)))
            is_over = end is not None and monotonic() >= end

    def _time_left(self, end: float | None) -> float:
        """Return the seconds until something is to be done without an event."""
        now = monotonic()
        left = _LONG if end is None else min(end - now, _LONG)
        return min(left, self._limits[0][0] - now) if self._limits else left

    def _block(self, seconds: float) -> None:
        """Wait for an event."""
        if self._loop is not None:
            self._loop.run(seconds)
        elif self._calls:
            try:
                ended = self._ended.get(timeout=seconds)
            except Empty:
                return
            self._ended.put(ended)
        else:
            sleep(seconds)

    def _collect(self) -> list[Finished]:
        """Return the calls that have ended by now, and let others begin in their place."""
        finished = []
        for _ in range(self._ended.qsize()):
            call, at = self._ended.get()
            if self._release(call):
                finished.append(_finished(call, at))
        finished += self._past_limits()
        if self._waiting:
            self._submit_more()
        return finished

    def _release(self, call: _Call) -> bool:
        """Forget a call that has ended; return whether anybody waits for it."""
        if self._calls.get(call.key) is not call:
            return False
        del self._calls[call.key]
        if not call.is_async and call.began >= 0.0:
            self._submitted -= 1
        return True

    def _past_limits(self) -> list[Finished]:
        finished = []
        now = monotonic()
        while self._limits and self._limits[0][0] <= now:
            call = heapq.heappop(self._limits)[2]
            if self._calls.get(call.key) is not call:
                continue
            if call.is_async and not call.is_over:
                call.is_over = True
                call.task.cancel()
                self._limit(call, now + GRACE)
                continue
            call.is_over = True
            self._abandon(call)
            finished.append(_finished(call, now))
        return finished

    def cancel(self, key: Hashable) -> None:
        """Forget a call: :meth:`wait` will not return it. One that has begun is cancelled or given up.

        A key that is not in flight is nobody's loss.
        """
        call = self._calls.get(key)
        if call is None:
            return
        self._abandon(call)
        if call.task is not None:
            call.task.cancel()
        self._submit_more()

    def _abandon(self, call: _Call) -> None:
        """Forget a call that has not ended."""
        self._release(call)
        if call.future is not None:
            self._get_executor().give_up(call.future)

    def close(self) -> None:
        """End everything: what is in flight is cancelled, the event loop and the executor are closed. Never waits long.

        It takes up to 5 seconds where something will not end. A second call does nothing.
        """
        self._closed = True
        calls = list(self._calls.values())
        self._calls.clear()
        self._waiting.clear()
        loop, self._loop = self._loop, None
        executor, self._executor = self._executor, None
        try:
            if executor is not None:
                for call in calls:
                    if call.future is not None:
                        executor.give_up(call.future)
        finally:
            try:
                if loop is not None:
                    loop.close()
            finally:
                if executor is not None:
                    executor.close()


def _finished(call: _Call, at: float) -> Finished:
    """Return the end of a call that ended at a moment of the monotonic clock."""
    took = max(0.0, at - call.began)
    limit = call.time_limit
    if limit is not None and (call.is_over or took > limit):
        late = TimeLimitExceeded(f"it took longer than its time limit of {limit:g} s")
        return Finished(call.key, None, late, took)
    value, error = _outcome(call)
    call.future = call.task = None  # the list of limits may hold the call for long
    return Finished(call.key, value, error, took)


def _outcome(call: _Call) -> tuple[Any, BaseException | None]:
    try:
        if call.task is not None:
            found: tuple[Any, BaseException | None] = call.task.result()
            return found
        assert call.future is not None, "it has ended"
        return call.future.result(), None
    except BaseException as error:  # noqa: BLE001  # whatever it is, it was raised there and is data
        return None, error


def _failed(error: BaseException) -> Future[Any]:
    from concurrent.futures import Future

    future: Future[Any] = Future()
    future.set_exception(error)
    return future


def _nothing() -> None:
    """Stand for a function that is submitted."""
