"""Generated files on the disk: what is there already, what would change, and writing it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from .errors import PluginError, UsageError
from .stores.disk import fsync_folder, make_folder, put_in_place, reason, remove, write_temporary

__all__ = ["CREATED", "UNCHANGED", "UPDATED", "FileChange", "compare_files", "write_files"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .generating import GeneratedFile

#: What :attr:`FileChange.change` may be.
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A generated file beside what is on the disk.

    :ivar path: its absolute path
    :ivar after: what it is to hold
    :ivar mode: the permissions that it is to have
    :ivar before: what is there, or ``None`` if nothing is
    :ivar old_mode: the permissions of what is there
    """

    path: str
    after: bytes
    mode: int
    before: bytes | None
    old_mode: int = 0

    @property
    def change(self) -> str:
        """What writing it does or did: :data:`CREATED`, :data:`UPDATED` or :data:`UNCHANGED`."""
        if self.before is None:
            return CREATED
        return UNCHANGED if (self.before, self.old_mode) == (self.after, self.mode) else UPDATED

    def diff(self) -> str:
        """Return a unified diff; empty if nothing changes. A change of permissions is a line of its own."""
        import difflib  # lazily: only a diff needs it

        before, after = _lines(self.before or b""), _lines(self.after)
        old = os.devnull if self.before is None else self.path
        text = "".join(difflib.unified_diff(before, after, old, self.path))
        if self.before is not None and self.old_mode != self.mode:
            text += f"{self.path}: mode {self.old_mode:04o} becomes {self.mode:04o}\n"
        return text


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "backslashreplace").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines


def compare_files(files: Iterable[GeneratedFile], folder: str) -> list[FileChange]:
    """Return what :func:`write_files` would do.

    :param folder: where the files belong; it need not be there
    :raises PluginError: if a path leads out of the folder, two files have one path, or a text is none
    :raises UsageError: if something that is no file is in the way, or cannot be read
    """
    folder = os.path.abspath(folder)
    changes: dict[str, FileChange] = {}
    for file in files:
        path = _path_inside(file.path, folder)
        if path in changes:
            raise PluginError("two generated files have this path", where=file.path)
        changes[path] = _compare(file, path)
    return list(changes.values())


def write_files(files: Iterable[GeneratedFile], folder: str) -> list[FileChange]:
    """Write generated files, each in one step, and return what was done; what is right already is not touched.

    :param folder: where the files belong; it is made if it is not there
    :raises PluginError: as :func:`compare_files`, before anything is written
    :raises UsageError: as :func:`compare_files`, or if a file cannot be written
    """
    changes = compare_files(files, folder)
    for change in changes:
        if change.change != UNCHANGED:
            _write(change)
    return changes


def _path_inside(path: str, folder: str) -> str:
    parts = path.split("/")
    if "\0" in path or not all(part not in ("", ".", "..") for part in parts):
        shown = path.encode("unicode_escape").decode()
        hint = "a generator gives paths relative to the folder that the user names"
        raise PluginError(
            "the path of a generated file leads out of its folder", where=f'"{shown}"', hint=hint
        )
    found = os.path.join(folder, *parts)
    real = os.path.realpath(folder)
    parent = os.path.realpath(os.path.dirname(found))
    if os.path.commonpath([real, parent]) != real:
        hint = "a symbolic link is in the way; nothing was written"
        raise UsageError(f"this path leads out of {folder}", where=found, hint=hint)
    return found


def _compare(file: GeneratedFile, path: str) -> FileChange:
    try:
        after = file.text.encode()
    except UnicodeEncodeError as error:
        raise PluginError(f"its text cannot be UTF-8: {error.reason}", where=file.path) from error
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return FileChange(path, after, file.mode, None)
    except OSError as error:
        raise UsageError(f"cannot be read: {reason(error)}", where=path) from error
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(
            "it is there and no plain file", where=path, hint="move it away; nothing was written"
        )
    try:
        with open(path, "rb") as stream:
            before = stream.read()
    except OSError as error:
        raise UsageError(f"cannot be read: {reason(error)}", where=path) from error
    return FileChange(path, after, file.mode, before, stat.S_IMODE(status.st_mode))


def _write(change: FileChange) -> None:
    folder, name = os.path.split(change.path)
    temporary = os.path.join(folder, f".{name}.tmp-{os.getpid()}")
    try:
        make_folder(folder)
        try:
            write_temporary(temporary, change.path, change.after)
            os.chmod(temporary, change.mode)
            put_in_place(temporary, change.path)
        except BaseException:
            remove(temporary)
            raise
        fsync_folder(folder)
    except OSError as error:
        raise UsageError(f"cannot be written: {reason(error)}", where=change.path) from error
