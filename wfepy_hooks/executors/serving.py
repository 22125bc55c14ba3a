"""A worker process: it answers one call after the other, until the process that started it ends."""

from __future__ import annotations

import contextvars
import os
import pickle
import signal
import sys
import threading
from contextlib import suppress
from importlib.machinery import ModuleSpec
from multiprocessing import resource_tracker

from .failures import portable, trace_of, with_trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from typing import Any

__all__ = ["Uninterrupted", "packed", "serve", "unpacked", "without_main"]

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def packed(value: object) -> bytes:
    """Return ``value`` as bytes.

    :raises Exception: if that is not possible, whatever pickle raises
    """
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def unpacked(answer: bytes) -> tuple[Any, BaseException | None]:
    """Return the value or the error that :func:`serve` answered."""
    value, error, trace = pickle.loads(answer)
    return value, None if error is None else with_trace(error, trace)


class Uninterrupted:
    """Entered while a thread or a process is started, which inherits that interrupts do not reach it.

    A thread that gets an interrupt in place of the main thread would leave that waiting; a process must not get one
    before it knows what to do with it. The programs that a task starts inherit it too: not for the threads of tasks.
    """

    def __enter__(self) -> None:
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        # If that had to start the tracker, it would let interrupts through in this thread from then on.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)

    def __exit__(self, *exception: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)


class without_main:
    """Entered while a process is started: multiprocessing does not run the user's script there.

    :param wanted: whether that is wanted
    """

    _wfepy_hooks = ModuleSpec("wfepy_hooks.__main__", None)

    def __init__(self, wanted: bool) -> None:
        self._main = sys.modules.get("__main__") if wanted else None

    def __enter__(self) -> None:
        if self._main is not None:
            self._before = getattr(self._main, "__spec__", None)
            # The kind of main module that is left alone: that of a package.
            self._main.__spec__ = self._wfepy_hooks

    def __exit__(self, *exception: object) -> None:
        if self._main is not None:
            self._main.__spec__ = self._before


def serve(connection: Connection) -> None:
    """Answer the calls that come through ``connection``: the life of a worker process."""
    _settle_down()
    try:
        connection.send_bytes(b"")
        for call in _calls(connection):
            connection.send_bytes(_answer(call))
    except OSError:  # nobody is there any more
        return


def _settle_down() -> None:
    for number in _INTERRUPTS:
        # Not SIG_IGN, which the programs that a task starts would inherit.
        signal.signal(number, _ignore)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)
    _keep_pipes()
    _end_with_parent()


def _ignore(number: int, frame: object) -> None:
    """Leave it to the process that has started this one."""


def _keep_pipes() -> None:
    """Keep what this process has open from the programs that a task starts: they would hold it open after its end."""
    try:
        open_now = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:  # there is no such folder
        return
    for number in open_now:
        if number > 2:
            with suppress(OSError):  # the folder itself, closed by now
                os.set_inheritable(number, False)


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    assert parent is not None, "serve() runs in a process that multiprocessing has started"
    _kill_at_end_of(parent.sentinel)
    watch = threading.Thread(target=_watch, args=(parent.sentinel,), name="wfepy-watch", daemon=True)
    watch.start()


def _kill_at_end_of(sentinel: int) -> None:
    """Let Linux kill this process when the pipe ``sentinel`` ends: also in C code that holds the interpreter."""
    import fcntl

    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(sentinel, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(sentinel, fcntl.F_GETFL)
        fcntl.fcntl(sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)


def _watch(sentinel: int) -> None:
    """End this process within half a second of its parent, whatever it does."""
    from multiprocessing.connection import wait

    parent = os.getppid()
    # A fork of the parent may hold the pipe open; then the number of the parent tells.
    while not wait([sentinel], 0.5):
        if os.getppid() != parent:
            break
    os._exit(1)


def _calls(connection: Connection) -> Iterator[bytes]:
    while True:
        try:
            yield connection.recv_bytes()
        except EOFError:
            return


def _answer(call: bytes) -> bytes:
    """Run one call and return its value or its error, pickled."""
    folder = _working_directory()
    try:
        function, args = pickle.loads(call)
        value = contextvars.copy_context().run(function, *args)
        return packed((value, None, ""))
    except BaseException as error:  # noqa: BLE001  # data, as Executor.submit says
        return packed((None, portable(error), trace_of(error)))
    finally:
        _tidy_up(folder)


def _tidy_up(folder: str) -> None:
    """Leave nothing of one call to the next, and nothing unwritten: the process may be killed."""
    if folder and _working_directory() != folder:
        os.chdir(folder)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: BLE001  # the task may have replaced or closed it
            continue


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""
