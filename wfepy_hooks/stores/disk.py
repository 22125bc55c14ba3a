"""What the store of files does to the disk, and how it says that it could not."""

from __future__ import annotations

import contextlib
import errno
import os
import sys

from .. import faults
from ..errors import StateError, StateWriteError

__all__ = [
    "BINARY",
    "fsync_folder",
    "make_folder",
    "move",
    "put_in_place",
    "read_error",
    "read_file",
    "read_from",
    "reason",
    "remove",
    "replace_file",
    "write_error",
    "write_temporary",
]
__all__ += [
    "reason",
    "remove",
    "rename_new",
    "replace_file",
    "sync",
    "write_all",
    "write_error",
    "write_temporary",
]

BINARY: int = getattr(os, "O_BINARY", 0)  # Windows alone has it

if sys.platform == "darwin":
    import fcntl

    def sync(fd: int) -> None:
        """Make the content of an open file durable."""
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # fsync of macOS leaves it in the cache of the drive

else:
    sync = getattr(os, "fdatasync", os.fsync)

# Some network file systems refuse to fsync a folder: there a rename is as durable as it gets.
_NO_FOLDER_FSYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)


def read_file(path: str) -> bytes:
    """Return the bytes of a file.

    :raises OSError: as :func:`os.open` and :func:`os.read` do
    """
    fd = os.open(path, os.O_RDONLY | BINARY)
    try:
        return read_from(fd)
    finally:
        os.close(fd)


def read_from(fd: int) -> bytes:
    """Return what an open file holds from its position on."""
    data = os.read(fd, 32768)  # whole, as a rule: one call less than to ask for its size
    if len(data) < 32768:
        return data
    parts = [data]
    while data:
        data = os.read(fd, 1 << 24)
        parts.append(data)
    return b"".join(parts)


def write_all(fd: int, data: bytes, point: str) -> None:
    """Write all of ``data``; ``point`` is the name of this write in :mod:`wfepy_hooks.faults`.

    :raises OSError: when the disk is full and the like; a part may have been written
    """
    if faults.hit:
        faults.hit(f"{point}.before")
        written = os.write(fd, data[: len(data) // 2])
        faults.hit(f"{point}.torn")
    else:
        written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])
    if faults.hit:
        faults.hit(f"{point}.after")


def replace_file(folder: str, name: str, data: bytes) -> None:
    """Replace or create a file, in one step that survives any crash.

    The bytes go to a temporary file beside it, are made durable, and take the name of the file. The temporary
    file has the number of the process in its name, for two that write at the same time.

    :raises OSError: if that failed; then the file is as it was, or has the new bytes already
    """
    path = f"{folder}/{name}"
    temporary = f"{folder}/.{name}.tmp-{os.getpid()}"
    try:
        write_temporary(temporary, path, data)
        put_in_place(temporary, path)
    except BaseException:
        remove(temporary)
        raise
    fsync_folder(folder)


def write_temporary(
    temporary: str,
    path: str,
    data: bytes,
    making: contextlib.AbstractContextManager[None] = contextlib.nullcontext(),  # noqa: B008  # it has no state
) -> None:
    """Write a file that is to replace the one at ``path``, durably; whatever is there already is replaced.

    :param making: the context in which the file is made
    :raises OSError: if it cannot be written; it may be there in part
    """
    with making:
        fd = _open_new(temporary)
    try:
        _keep_mode(path, fd)
        write_all(fd, data, "snapshot.write")
        if faults.hit:
            faults.hit("snapshot.fsync.before")
        sync(fd)
        if faults.hit:
            faults.hit("snapshot.fsync.after")
    finally:
        os.close(fd)


def put_in_place(temporary: str, path: str) -> None:
    """Give what :func:`write_temporary` wrote the name of the file that it replaces."""
    if faults.hit:
        faults.hit("snapshot.rename.before")
    os.replace(temporary, path)
    if faults.hit:
        faults.hit("snapshot.rename.after")


def _open_new(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY
    try:
        return os.open(path, flags, 0o666)
    except FileExistsError:
        os.unlink(path)  # never written through: it might be a link
        return os.open(path, flags, 0o666)


def _keep_mode(path: str, fd: int) -> None:
    """Give the open file the permissions that the file at ``path`` has, if there is one."""
    try:
        mode = os.stat(path).st_mode
        if mode != os.fstat(fd).st_mode and hasattr(os, "fchmod"):
            os.fchmod(fd, mode & 0o7777)
    except OSError:
        pass  # there is none, or the file system knows no permissions


def remove(path: str) -> None:
    """Remove a file if it is there and can be removed."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def fsync_folder(path: str) -> None:
    """Make the names in a folder durable.

    :raises OSError: if the disk fails
    """
    if os.name == "nt":
        return  # Windows cannot open a folder
    if faults.hit:
        faults.hit("folder.fsync.before")
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _NO_FOLDER_FSYNC:
            raise
    finally:
        os.close(fd)
    if faults.hit:
        faults.hit("folder.fsync.after")


def make_folder(path: str) -> None:
    """Make a folder and those above it, durably; nothing happens if it is there.

    :raises OSError: if it cannot be made
    """
    try:
        os.mkdir(path)
    except FileExistsError:
        return
    except FileNotFoundError:
        parent = os.path.dirname(path)
        if parent in ("", path) or os.path.isdir(parent):  # such as /proc, where none can be made
            raise
        make_folder(parent)
        make_folder(path)
        return
    fsync_folder(os.path.dirname(path) or ".")


def move(source: str, target: str) -> None:
    """Rename a file, and lose nothing: what is at ``target`` already must be the same.

    An empty ``source`` gives way to whatever is there. The file systems that do not rename atomically may
    leave a file under both names after a crash.

    :raises FileExistsError: if something else is there
    :raises OSError: if it cannot be renamed
    """
    if os.path.exists(target):
        data = read_file(source)
        if not data:
            os.unlink(source)
            return
        if data != read_file(target):
            raise FileExistsError(errno.EEXIST, "there is another file of this name", target)
    os.replace(source, target)


def rename_new(source: str, target: str) -> None:
    """Rename a file whose new name nobody else can take meanwhile.

    :raises FileExistsError: if there is something of that name
    """
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "there is another file of this name", target)
    os.rename(source, target)


_HINTS = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space: the quota is used up",
    errno.EFBIG: "raise the limit for the size of a file (ulimit -f)",
    errno.EACCES: "give this user the permission to write there",
    errno.EPERM: "give this user the permission to write there",
    errno.EROFS: "make the file system writable",
    errno.EIO: "check the disk",
    errno.ENOLCK: "put the state on a file system that has locks",
    errno.EOPNOTSUPP: "put the state on a file system that has locks",
    errno.EEXIST: "find out which of the two is right, and move the other one away",
}


def write_error(error: OSError, what: str, path: str) -> StateWriteError:
    """Return the error that says that ``what``, in the file or folder ``path``, could not be written."""
    return StateWriteError(
        f"cannot write {what}: {reason(error)}", where=path, hint=_HINTS.get(error.errno or 0, "")
    )


def read_error(error: OSError, path: str) -> StateError:
    """Return the error that says that the file or folder ``path`` could not be read."""
    return StateError(f"cannot be read: {reason(error)}", where=path)


def reason(error: OSError) -> str:
    """Return what the system says, such as ``no space left on device``."""
    text = error.strerror or type(error).__name__
    return text[:1].lower() + text[1:]
