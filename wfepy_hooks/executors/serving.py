"""A worker process: it answers one call after the other, until the process that started it ends."""

from __future__ import annotations

import contextvars
import os
import pickle
import signal
import sys
import threading

from .failures import portable, trace_of, with_trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from typing import Any

__all__ = ["packed", "quiet_start", "serve", "unpacked"]

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


class quiet_start:
    """Entered while a process is started: keeps the user's script and interrupts out of it.

    :param needs_main: the script is to be imported there, as multiprocessing does
    """

    def __init__(self, needs_main: bool) -> None:
        self._main = None if needs_main else sys.modules.get("__main__")

    def __enter__(self) -> None:
        from importlib.machinery import ModuleSpec
        from multiprocessing import resource_tracker

        # An interrupt must not reach the new process before it knows what to do with it. It inherits the mask of this
        # thread, which the start of the tracker would take off.
        resource_tracker.ensure_running()
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
        if self._main is not None:
            # The one kind of main module that multiprocessing leaves alone: that of a package.
            self._spec = getattr(self._main, "__spec__", None)
            self._main.__spec__ = ModuleSpec("wfepy_hooks.__main__", None)

    def __exit__(self, *exception: object) -> None:
        if self._main is not None:
            self._main.__spec__ = self._spec
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)


def serve(connection: Connection) -> None:
    """Answer the calls that come through ``connection``: the life of a worker process."""
    _settle_down()
    os.set_inheritable(connection.fileno(), False)  # else a program that a task starts would hold it open
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
    _end_with_parent()


def _ignore(number: int, frame: object) -> None:
    """Leave it to the process that has started this one."""


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
