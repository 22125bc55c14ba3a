"""An exclusive lock on an open file, which the system drops when the process dies, however it dies."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sys

    WINDOWS = sys.platform == "win32"
else:
    WINDOWS = os.name == "nt"

__all__ = ["holder", "try_lock", "unlock"]

if WINDOWS:
    import msvcrt

    # Windows locks a range of bytes, and against readers as well, hence one far behind the end of the file.
    _FAR = 1 << 40

    def try_lock(fd: int) -> bool:
        """Lock the file and return ``True``, or return ``False`` at once if somebody else has it."""
        os.lseek(fd, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

    def unlock(fd: int) -> None:
        """Give up the lock."""
        os.lseek(fd, _FAR, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def try_lock(fd: int) -> bool:
        """Lock the file and return ``True``, or return ``False`` at once if somebody else has it.

        :raises OSError: if the file system has no locks
        """
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(fd: int) -> None:
        """Give up the lock, also for a child that was forked while it was held and lives on."""
        fcntl.flock(fd, fcntl.LOCK_UN)


def holder(path: str) -> str:
    """Return who holds the lock, such as ``"process 1234"``, or ``""`` if the system does not tell."""
    try:
        inode = str(os.stat(path).st_ino)
        with open("/proc/locks") as locks:
            for line in locks:
                # 1: FLOCK  ADVISORY  WRITE 1234 fd:00:5678 0 EOF. The device is left out: btrfs shows another
                # one.
                fields = line.split()
                if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == inode:
                    return f"process {fields[4]}" if int(fields[4]) > 0 else ""
    except (OSError, ValueError):
        pass
    return ""
