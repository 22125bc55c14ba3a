"""The event loop of a tick: it runs only while the tick waits, and it ends for certain."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from ..notices import logger
from .threads import ThreadExecutor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future
    from typing import Any

__all__ = ["Loop"]

_PATIENCE = 1.0
"""Seconds that what is left has to clean up when the loop is closed."""
_LIMIT = 3.0
"""Seconds after which :meth:`Loop.close` returns, also when something in the loop blocks."""
_THREADS = 32
"""Most threads for asyncio.to_thread."""


class Loop:
    """An event loop that is run for a moment at a time.

    :param was_interrupted: see :class:`.Pump`
    """

    def __init__(self, was_interrupted: Callable[[], bool] | None) -> None:
        self._was_interrupted = was_interrupted
        self._is_closing = False
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_report)
        self._loop.set_default_executor(_DaemonThreads())

    def start(
        self, make: Callable[[], Awaitable[Any]], end: Callable[[asyncio.Task[Any]], object]
    ) -> asyncio.Task[tuple[Any, BaseException | None]]:
        """Await ``make()`` as soon as the loop runs.

        :param end: called in the loop when that has ended; then :meth:`run` returns
        :return: its result is the value and the error
        """

        def tell(task: asyncio.Task[Any]) -> None:
            end(task)
            self._stop()

        task = self._loop.create_task(self._await(make))
        task.add_done_callback(tell)
        return task

    async def _await(self, make: Callable[[], Awaitable[Any]]) -> tuple[Any, BaseException | None]:
        try:
            return await make(), None
        except asyncio.CancelledError:
            raise
        except KeyboardInterrupt as error:
            if self._is_from_keyboard():
                raise
            return None, error
        except BaseException as error:  # noqa: BLE001  # data; asyncio would let SystemExit through
            return None, error

    def _is_from_keyboard(self) -> bool:
        if self._is_closing:  # in another thread, which gets no interrupts
            return False
        return self._was_interrupted is None or self._was_interrupted()

    def run(self, seconds: float) -> None:
        """Run for so long at most, until a call ends or :meth:`wake` is called.

        :raises KeyboardInterrupt: if it comes from the keyboard
        """
        timer = self._loop.call_later(seconds, self._stop)
        try:
            self._loop.run_forever()
        except KeyboardInterrupt as error:
            if self._is_from_keyboard():
                raise
            _log("something that an async task left behind raised %s", type(error).__name__)
        except SystemExit:
            _log("something that an async task left behind raised SystemExit")
        finally:
            timer.cancel()

    def wake(self) -> None:
        """Let :meth:`run` return, or else the next one at once; any thread may call this."""
        try:
            self._loop.call_soon_threadsafe(self._stop)
        except RuntimeError:  # it is closed
            return

    def _stop(self) -> None:
        if not self._is_closing:
            self._loop.stop()

    def close(self) -> None:
        """Cancel what is left, and close the loop when that has ended, or after a while.

        It happens in another thread, because what is left may block and could not be stopped then.
        """
        self._is_closing = True
        thread = threading.Thread(target=self._close, name="wfepy-loop", daemon=True)
        thread.start()
        thread.join(_LIMIT)
        if thread.is_alive():
            _log("an async task blocks the event loop although cancelled, and was left to itself")

    def _close(self) -> None:
        last = self._loop.create_task(self._shut_down())
        try:
            while not last.done():
                try:
                    self._loop.run_until_complete(last)
                except (SystemExit, KeyboardInterrupt) as error:  # asyncio lets them through
                    _log("something that an async task left behind raised %s", type(error).__name__)
        finally:
            self._loop.close()

    async def _shut_down(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            ended, stubborn = await asyncio.wait(left, timeout=_PATIENCE)
            for task in ended:
                if not task.cancelled():
                    task.exception()  # else asyncio complains that nobody asked for it
            if stubborn:
                _log(
                    "%d async task(s) went on although cancelled, and were left to themselves", len(stubborn)
                )
        await asyncio.wait([asyncio.create_task(self._loop.shutdown_asyncgens())], timeout=_PATIENCE)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what went wrong where nobody sees it, unless it was told before."""
    is_told = isinstance(context.get("exception"), (SystemExit, KeyboardInterrupt))
    if not is_told and "was destroyed" not in context.get("message", ""):
        loop.default_exception_handler(context)


def _log(text: str, *args: object) -> None:
    logger().warning(text, *args)


class _DaemonThreads(ThreadPoolExecutor):
    """For asyncio.to_thread. The loop takes nothing but a ThreadPoolExecutor, and those of the library keep a process
    alive as long as a call lasts."""

    def __init__(self) -> None:
        super().__init__(1)  # starts no thread
        self._ours = ThreadExecutor(_THREADS)

    def submit(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        """Call ``function`` in a thread that nobody waits for."""
        if options:
            return self._ours.submit(lambda: function(*args, **options))
        return self._ours.submit(function, *args)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; wait for none."""
        self._ours.close()
