"""The executor of processes.

Each process has a pipe and a thread of its own here, which waits for its answers. That is less machinery than one
:class:`concurrent.futures.ProcessPoolExecutor` for each slot, and it stands up to more: with those, a worker that dies
in the middle of sending its answer hangs its future for ever (Python 3.10 to 3.13), one that dies before it has read
a long argument hangs the end of the interpreter (3.10), and a tick that is killed with -9 leaves five semaphores for
each worker to be cleaned up, with a warning on the terminal.

Processes are spawned: forking a process that has threads can deadlock, and warns since Python 3.12. A fork server
starts 2 workers in 100 ms and 8 in 130 ms, against 125 ms and 375 ms for spawning (Python 3.11, 2 cores). But it is
shared with whatever else in the process uses multiprocessing, keeps the environment of the moment when it began, and
stands between a worker and the tick that it must not outlive.
"""

from __future__ import annotations

import atexit
import os
import threading

from .failures import WorkerDied
from .threads import Call, Seat, ThreadExecutor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from multiprocessing.connection import Connection
    from typing import Any

__all__ = ["ProcessExecutor"]

_PATIENCE = 1.0
"""Seconds that a process with nothing to do has for its end, which runs the atexit functions of the user's modules."""
_LIMIT = 5.0
"""Seconds after which :meth:`ProcessExecutor.close` returns whatever the operating system does."""


class ProcessExecutor(ThreadExecutor):
    """Runs calls in up to ``slots`` processes, which start as they are needed.

    A process that dies fails its own call, with :class:`.WorkerDied`, and another one takes its place. A process
    ends by itself when this one does, also by kill -9. Interrupts from the keyboard and SIGTERM are for this process
    alone: the others ignore them.

    :ivar slots: how many calls run at the same time
    """

    is_remote = True

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        self._owner = os.getpid()
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # see Uninterrupted
        atexit.register(self.close)

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Call ``function(*args)`` in a process; see :meth:`.Executor.submit`."""
        from .serving import packed  # lazily: only what a worker needs is there

        try:
            payload = packed((function, args))
        except Exception as error:  # noqa: BLE001  # whatever a stranger's __reduce__ raises
            return _failed(error)
        return super().submit(_unreachable, payload)

    def _make_seat(self) -> Seat:
        return _ProcessSeat()

    def _start(self, seat: Seat) -> None:
        from .serving import Uninterrupted  # lazily, as above

        with Uninterrupted():
            super()._start(seat)

    def _run(self, seat: Seat, call: Call) -> None:
        from .serving import unpacked  # lazily, as above

        assert isinstance(seat, _ProcessSeat)
        try:
            value, error = unpacked(seat.ask(call))
        except BaseException as broken:  # noqa: BLE001  # WorkerDied, or whatever unpickling raises
            value, error = None, broken
        self._free(seat)
        if error is not None:
            call.future.set_exception(error)
        else:
            call.future.set_result(value)

    def _leave(self, seat: Seat) -> None:
        assert isinstance(seat, _ProcessSeat)
        seat.stop()
        super()._leave(seat)

    def give_up(self, future: Future[Any]) -> None:
        """Kill the process that runs this; see :meth:`.Executor.give_up`."""
        if future.cancel():
            return
        with self._lock:
            seat = self._seat_of(future)
            if isinstance(seat, _ProcessSeat):
                seat.kill_call("because its time had passed")

    def close(self) -> None:
        """Kill the processes that run something and let the others end; see :meth:`.Executor.close`."""
        if os.getpid() != self._owner:  # a fork of the process that started them
            return
        atexit.unregister(self.close)
        seats = self._shut()
        for seat in seats:
            if isinstance(seat, _ProcessSeat):
                seat.kill_call("because the tick ended")
        self._wait_for(seats, _LIMIT)


def _failed(error: BaseException) -> Future[Any]:
    from concurrent.futures import Future

    future: Future[Any] = Future()
    future.set_exception(error)
    return future


def _unreachable(payload: bytes) -> None:
    raise AssertionError("a payload is sent to a process, never called here")


class _ProcessSeat(Seat):
    """A seat whose thread sends its calls to a process, and starts that when it needs one."""

    def __init__(self) -> None:
        super().__init__()
        self._worker: _Worker | None = None
        self._lock = threading.Lock()
        #: The call whose process was killed, and why.
        self._doomed: tuple[Call, str] | None = None

    def ask(self, call: Call) -> bytes:
        """Return the answer to a call.

        :raises WorkerDied: if there is none; the next call gets a new process
        :raises OSError: if no process can be started
        """
        payload: bytes = call.args[0]
        # Only then: running the user's script again costs time, and a script may lack the guard that this needs.
        needs_main = b"__main__" in payload
        if not self._is_fit(call, needs_main):
            self.stop()
        if self._worker is None:
            self._worker = _Worker(needs_main)
        with self._lock:
            if self._doomed is not None:  # while the process was being started
                self._worker.process.kill()
        try:
            return self._worker.ask(payload)
        except (EOFError, OSError):
            worker, self._worker = self._worker, None
            code = worker.end()
            with self._lock:
                why = self._doomed[1] if self._doomed is not None else ""
            raise WorkerDied(worker.obituary(code, why), code) from None

    def _is_fit(self, call: Call, needs_main: bool) -> bool:
        """Return whether the process that there is, if any, can take the call."""
        with self._lock:
            was_killed = self._doomed is not None and self._doomed[0] is not call
            if was_killed:  # as it had just answered
                self._doomed = None
        worker = self._worker
        return worker is None or not (
            was_killed or worker.process.exitcode is not None or (needs_main and not worker.has_main)
        )

    def kill_call(self, why: str) -> None:
        """Kill the process, from another thread, if it has a call to answer."""
        with self._lock:
            if self.call is not None:
                self._doomed = self.call, why
                if self._worker is not None:
                    self._worker.process.kill()

    def stop(self) -> None:
        """Let the process end: it has nothing to do."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()


class _Worker:
    """One process.

    :ivar has_main: whether what is defined in the script itself is there
    """

    _starting = threading.Lock()

    def __init__(self, has_main: bool) -> None:
        import multiprocessing

        from .serving import Uninterrupted, serve, without_main

        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.connection: Connection = ours
        self.has_main = has_main
        self.process = context.Process(target=serve, args=(theirs,), name="wfepy-worker")
        try:
            # One at a time: without_main changes what all threads see.
            with self._starting, Uninterrupted(), without_main(not has_main):
                self.process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()  # from now on its end is the end of the pipe
        self._is_ready = False

    def ask(self, payload: bytes) -> bytes:
        """Send a call and wait for what comes back.

        :raises EOFError: :raises OSError: if the process has ended
        """
        self.connection.send_bytes(payload)
        if not self._is_ready:
            self._receive()  # a greeting
            self._is_ready = True
        return self._receive()

    def _receive(self) -> bytes:
        # A process that the task has left behind may hold the pipe open, so its end is not all that counts.
        while not self.connection.poll(0.5):
            if self.process.exitcode is not None and not self.connection.poll(0):
                raise EOFError
        return self.connection.recv_bytes()

    def end(self) -> int | None:
        """Wait until the process has ended, which it does when its pipe is closed, and return its exit code."""
        self.connection.close()
        self.process.join(_PATIENCE)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join(_PATIENCE)
        return self.process.exitcode

    def obituary(self, code: int | None, why: str) -> str:
        """Return what is to be said of a process that has ended without an answer."""
        who = f"worker process {self.process.pid}"
        if why:
            return f"{who} was killed {why}"
        if not self._is_ready:
            hint = 'a script that uses processes needs if __name__ == "__main__": around what it does'
            return f"{who} {_ending(code)} before it was ready; its own message is above, and {hint}"
        return f"{who} {_ending(code)} while it ran the task; {_advice(code)}"


def _ending(code: int | None) -> str:
    if code is None:
        return "ended"
    if code >= 0:
        return f"ended with exit code {code}"
    import signal

    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal
        return f"was killed by signal {-code}"


def _advice(code: int | None) -> str:
    import signal

    if code == -signal.SIGKILL:
        return "if the memory was used up, run fewer at a time: a smaller number in executor = ..."
    if code is not None and code < 0:
        return "run it with the environment variable PYTHONFAULTHANDLER=1 to see where"
    return "something in it ends the process, such as os._exit()"
