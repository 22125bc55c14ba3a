"""Doing something in a process of its own, which can be killed, and hearing of what it did until then."""

from __future__ import annotations

import os
import pickle
import signal
import struct
import threading
import traceback
import warnings

__all__ = ["Died", "Ran", "can_fork", "run_apart"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Tell = Callable[[str, Any], None]

_LENGTH = struct.Struct("!Q")


class Died(RuntimeError):
    """A process ended by itself before it was done."""


class Ran:
    """What was heard of a process.

    :ivar was_killed: it was killed on the way
    :ivar result: what its work returned
    :ivar error: what its work raised, or ``None``
    """

    def __init__(self) -> None:
        self.was_killed = False
        self.result: Any = None
        self.error: BaseException | None = None


def can_fork() -> bool:
    """Return whether there are processes that begin as copies of this one."""
    return hasattr(os, "fork")


def run_apart(work: Callable[[Tell], object], heard: Tell) -> Ran:
    """Do ``work`` in a copy of this process.

    :param work: called there with a function that tells this process something
    :param heard: called here with what was told
    :raises Died: if it ends without a word, other than by being killed
    """
    ours, theirs = os.pipe()
    child = _fork()
    if not child:
        os.close(ours)
        _work(work, theirs)
    os.close(theirs)
    ran, is_done = Ran(), False
    with open(ours, "rb") as pipe:
        while (head := pipe.read(_LENGTH.size)) and len(head) == _LENGTH.size:
            data = pipe.read(length := _LENGTH.unpack(head)[0])
            if len(data) < length:
                break  # another thread of it was killed
            kind, value = pickle.loads(data)
            if kind in ("result", "error"):
                setattr(ran, kind, value)
                is_done = True
            else:
                heard(kind, value)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ran.was_killed = code in (-signal.SIGKILL, -signal.SIGXFSZ)
    if not (is_done or ran.was_killed):
        raise Died(f"a process of the test ended by itself, with exit code {code}")
    return ran


def _fork() -> int:
    """Return what ``os.fork`` does, without its warning of Python 3.12: the threads are those of the test runner."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _work(work: Callable[[Tell], object], pipe: int) -> None:
    """Do the work, tell what came of it, and end without anything that belongs to the test runner."""
    lock = threading.Lock()  # tasks may run in threads

    def tell(kind: str, value: Any) -> None:
        data = _pickled(kind, value)
        with lock:
            _write(pipe, data)

    try:
        tell("result", work(tell))
    except BaseException as error:  # noqa: BLE001  # the copy must not go on as a test
        tell("error", error)
    finally:
        os._exit(0)


def _pickled(kind: str, value: Any) -> bytes:
    try:
        data = pickle.dumps((kind, value))
        pickle.loads(data)
    except Exception:  # objects of the user may raise anything
        if not isinstance(value, BaseException):
            raise
        text = "".join(traceback.format_exception(type(value), value, value.__traceback__))
        data = pickle.dumps((kind, RuntimeError(f"in a process of the test:\n{text}")))
    return data


def _write(pipe: int, data: bytes) -> None:
    left = memoryview(_LENGTH.pack(len(data)) + data)
    while left:
        left = left[os.write(pipe, left) :]


def kill_myself() -> None:
    """End this process as a crash of the machine does: nothing of it runs any more."""
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()
