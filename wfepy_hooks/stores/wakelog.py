"""What the sessions of the store of files tell the wake index, so that it need not look; see :mod:`.wakeindex`.

There is a log only where there is an index, for a workflow with many instances.
"""

from __future__ import annotations

import contextlib
import os
import time

from . import disk, lock
from .names import DUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["GONE", "UNMARKED", "WakeLog", "log_path", "mark_folder", "stamp_of", "wait_for"]

#: In place of a wake: the instance is not live any more.
GONE = "!"

#: Seconds to wait for the log. Who has it does one rename; a process that was stopped in it is not waited for.
PATIENCE = 0.5

#: The stamp of a folder whose times could not be set, and which therefore is never taken for unchanged.
UNMARKED = "?"


def log_path(folder: str) -> str:
    """Return the path of the log of the workflow in ``folder``."""
    root, workflow = os.path.split(folder)
    return f"{root}/.wake/{workflow}.log"


def stamp_of(folder: str) -> str:
    """Return what is different whenever a name in ``folder`` has come, gone, or got another file.

    :raises OSError: if there is no such folder
    """
    found = os.stat(folder)
    # The second is what a tool that restores the first, such as rsync, cannot set.
    return f"{found.st_mtime_ns}:{found.st_ctime_ns}"


def mark_folder(folder: str) -> str:
    """Set the time of a folder to a moment at which nothing changes it any more, and return its new stamp.

    Systems set this time with a coarse clock, every 4 ms for example. Without the mark, a change by somebody
    else right after one of ours would leave the same time, and would never be seen.

    :raises OSError: if there is no such folder
    """
    moment = (time.time_ns() // 10**9 - 1) * 10**9
    try:
        os.utime(folder, ns=(moment, moment))
    except PermissionError:
        return UNMARKED  # it belongs to another user
    stamp = stamp_of(folder)
    return stamp if stamp.startswith(f"{moment}:") else UNMARKED


def wait_for(fd: int) -> None:
    """Lock the log.

    :raises OSError: if somebody else has it for long, or there are no locks
    """
    end = time.monotonic() + PATIENCE
    while not lock.try_lock(fd):
        if time.monotonic() > end:
            raise TimeoutError("the log is locked")
        time.sleep(0.001)


class WakeLog:
    """How one session tells what becomes of its instance.

    :param folder: of the workflow
    :ivar absent: whether there was no log to be had; then nothing is logged, and the next tick sees the folder
        changed
    """

    __slots__ = ("_folder", "_path", "absent")

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = log_path(folder)
        self.absent = False

    def mark(self, instance: str) -> None:
        """Say that an instance is due, before a record is written that its snapshot does not know of."""
        fd = self._open()
        try:
            if fd >= 0 and self._write(fd, "=", "=", DUE, 0, instance):
                return
        finally:
            if fd >= 0:
                os.close(fd)
        with contextlib.suppress(OSError):  # also for an index that somebody else is making right now
            os.utime(self._folder)

    def note(self, instance: str, wake: str, covered: int) -> None:
        """Say what the snapshot of an instance says, to whoever holds that instance.

        :param wake: what :func:`.wake_of` makes of it
        :param covered: bytes of the history that it covers
        """
        fd = self._open()
        if fd >= 0:
            try:
                self._write(fd, "=", "=", wake, covered, instance)
            finally:
                os.close(fd)

    def change(self, instance: str, wake: str, covered: int = 0) -> Change:
        """Return the context in which to rename, make or remove a file of an instance; then that is true."""
        return Change(self, instance, wake, covered)

    def _open(self) -> int:
        """Return the log, open and locked, or -1."""
        if self.absent:
            return -1
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | disk.BINARY)
        except OSError:
            self.absent = True
            return -1
        try:
            wait_for(fd)
        except OSError:
            os.close(fd)
            self.absent = True
            return -1
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _write(self, fd: int, before: str, after: str, wake: str, covered: int, instance: str) -> bool:
        from .wakeformat import log_line  # lazily: there is a log

        data = log_line(before, after, wake, covered, instance)
        try:
            return os.write(fd, data) == len(data)
        except OSError:
            return False


class Change:
    """A change of the names in a folder that is no news to the index; see :meth:`WakeLog.change`."""

    __slots__ = ("_before", "_covered", "_fd", "_instance", "_log", "_wake")

    def __init__(self, log: WakeLog, instance: str, wake: str, covered: int) -> None:
        self._log = log
        self._instance = instance
        self._wake = wake
        self._covered = covered
        self._fd = -1
        self._before = ""

    def __enter__(self) -> None:
        self._fd = self._log._open()
        if self._fd >= 0:
            try:
                self._before = stamp_of(self._log._folder)
            except BaseException:
                self._close()
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fd < 0:
            return
        try:
            with contextlib.suppress(OSError):
                # What a change that failed has left is for the next tick to find out.
                wake = self._wake if kind is None else DUE
                after = mark_folder(self._log._folder)
                self._log._write(self._fd, self._before, after, wake, self._covered, self._instance)
        finally:
            self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        os.close(fd)
