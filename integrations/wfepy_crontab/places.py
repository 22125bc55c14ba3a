"""Where this plugin keeps what is its own: the lock in the user's cache folder, the backups in that for state."""

from __future__ import annotations

import contextlib
import os

from wfepy_hooks import WfepyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

__all__ = ["backup", "backup_folder", "locked"]

#: Backups that are kept.
KEPT = 10


def _folder(environ: Mapping[str, str], variable: str, default: str) -> str:
    base = environ.get(variable, "")
    if not os.path.isabs(base):
        base = os.path.join(environ.get("HOME") or os.path.expanduser("~"), default)
    return os.path.join(base, "wfepy-hooks")


def backup_folder(environ: Mapping[str, str]) -> str:
    """Return the folder of the backups."""
    return os.path.join(_folder(environ, "XDG_STATE_HOME", ".local/state"), "crontab")


@contextlib.contextmanager
def locked(environ: Mapping[str, str]) -> Iterator[None]:
    """Hold the lock that all installers of one user take: two of them at once would lose a line of one.

    :raises WfepyError: if the file cannot be made
    """
    import fcntl  # lazily: only POSIX has it, as it has cron

    folder = _folder(environ, "XDG_CACHE_HOME", ".cache")
    file = os.path.join(folder, f"crontab-{os.geteuid()}.lock")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WfepyError(f"the lock cannot be made: {error.strerror}", where=file) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def backup(table: bytes, name: str, moment: datetime, environ: Mapping[str, str]) -> str:
    """Write a copy that can be told from all others by its time, and return its path. The last ten are kept.

    :param name: what it is a copy of
    :raises WfepyError: if it cannot be written; then nothing may be changed
    """
    folder = backup_folder(environ)
    file = os.path.join(folder, f"{moment.strftime('%Y%m%dT%H%M%S.%fZ')}-{name}")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        while os.path.exists(file):  # the lock is held, and clocks can be coarse
            file += "+"
        # For the user's eyes only, as a crontab is: there may be a password in it.
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as stream:
            stream.write(table)
            stream.flush()
            os.fsync(stream.fileno())
        for old in sorted(os.listdir(folder))[:-KEPT]:
            os.unlink(os.path.join(folder, old))
    except OSError as error:
        hint = "nothing was changed: there is no change without a backup"
        raise WfepyError(f"the backup cannot be written: {error.strerror}", where=file, hint=hint) from error
    return file
