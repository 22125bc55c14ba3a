"""Killing a process at a fault point, as SIGKILL does: nothing of it runs any more, its locks are free."""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from typing import TYPE_CHECKING

from wfepy_hooks import faults

if TYPE_CHECKING:
    from collections.abc import Callable

KILLED = 137


def killed_at(point: int, work: Callable[[], object], only: str = "") -> bool:
    """Do ``work`` in a fork that dies at the fault point of this number; return whether it came to that.

    :param only: count the points alone whose names begin so
    :raises AssertionError: if the work fails by itself
    """
    child = fork()
    if not child:
        _work_and_die(point, work, only)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, KILLED), f"the work failed, see above; exit code {status}"
    return status == KILLED


def kill_at(point: str, number: int) -> None:
    """Have this process killed when it comes to a fault point for the n-th time."""
    seen = 0

    def hit(name: str) -> None:
        nonlocal seen
        seen += name == point
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    faults.hit = hit


def fork() -> int:
    """Return what ``os.fork`` does, without its warning of Python 3.12: the threads are those of the test runner."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _work_and_die(point: int, work: Callable[[], object], only: str) -> None:
    left = [point]

    def hit(name: str) -> None:
        left[0] -= name.startswith(only)
        if not left[0]:
            os._exit(KILLED)

    faults.hit = hit
    try:
        work()
    except BaseException:  # noqa: BLE001  # the fork must not go on as a test
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
