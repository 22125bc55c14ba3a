"""What has changed in the state folder since it was last the same as the branch.

No file is read whose stamp is the one it had then, and no folder of ended instances is looked into whose own stamp is.
"""

from __future__ import annotations

import os
import time

from wfepy_hooks import StateError

from .layout import entity_of, is_name
from .table import stamp_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .table import Table

__all__ = ["Scan", "is_whole", "scan"]


class Scan:
    """What was found.

    :ivar changed: the paths of files that are new, or may have changed
    :ivar missing: the paths of files that the table has and the folder lacks
    :ivar folders: the stamps of the folders of ended instances, to be remembered when all is the same
    """

    def __init__(self) -> None:
        self.changed: list[str] = []
        self.missing: list[str] = []
        self.folders: dict[str, str] = {}


def scan(state: str, table: Table, shared: Iterable[str] = ()) -> Scan:
    """Look at the names and stamps of all files of the state folder.

    :param shared: the paths of files of other plugins
    :raises StateError: if a folder cannot be read
    """
    found = Scan()
    seen: set[str] = set()
    skipped: list[str] = []
    try:
        for workflow in _folders(state):
            _look_at(f"{state}/{workflow}", f"{workflow}/", table, found, seen)
            _look_at_done(state, workflow, table, found, seen, skipped)
            for instance in _folders(f"{state}/{workflow}/inbox"):
                inbox = f"{workflow}/inbox/{instance}"
                _look_at(f"{state}/{inbox}", f"{inbox}/", table, found, seen)
            _look_at(f"{state}/{workflow}/schedule", f"{workflow}/schedule/", table, found, seen)
        for path in shared:
            _look_at_shared(state, path, table, found, seen)
    except OSError as error:
        raise StateError(f"cannot be read: {error.strerror}", where=str(error.filename or state)) from error
    gone = table.blobs.keys() - seen
    found.missing = [path for path in gone if not path.startswith(tuple(skipped))] if skipped else list(gone)
    found.missing.sort()
    return found


def is_whole(state: str, table: Table) -> bool:
    """Return whether all files are there, by their names alone: a tenth of the time of :func:`scan`.

    :raises StateError: if a folder cannot be read
    """
    names: dict[str, set[str]] = {}
    for path in table.blobs:
        folder, _, name = path.rpartition("/")
        if folder in names:
            names[folder].add(name)
        else:
            names[folder] = {name}
    try:
        return all(known.issubset(os.listdir(f"{state}/{folder}")) for folder, known in names.items())
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StateError(f"cannot be read: {error.strerror}", where=str(error.filename or state)) from error


def _folders(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(each.name for each in entries if is_name(each.name) and each.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _look_at(folder: str, prefix: str, table: Table, found: Scan, seen: set[str]) -> None:
    """Look at the files of one folder, each of which takes two microseconds."""
    stamps = table.stamps
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        for entry in entries:
            path = prefix + entry.name
            known = stamps.get(path)
            if known is not None:
                try:
                    status = entry.stat()
                except FileNotFoundError:
                    continue
                seen.add(path)
                if known != f"{status.st_mtime_ns} {status.st_size} {status.st_ino}":
                    found.changed.append(path)
            elif entity_of(path) is not None and entry.is_file():
                seen.add(path)
                found.changed.append(path)


def _look_at_shared(state: str, path: str, table: Table, found: Scan, seen: set[str]) -> None:
    try:
        status = os.lstat(f"{state}/{path}")
    except (FileNotFoundError, NotADirectoryError):
        return
    if not status.st_size:
        return  # nothing is said in it, as if it were not there
    seen.add(path)
    if table.stamps.get(path) != stamp_of(status):
        found.changed.append(path)


def _look_at_done(
    state: str, workflow: str, table: Table, found: Scan, seen: set[str], skipped: list[str]
) -> None:
    # Ended instances are renamed into their folder and out of it, which its time tells. There may be any number.
    path = f"{workflow}/done"
    try:
        status = os.stat(f"{state}/{path}")
    except (FileNotFoundError, NotADirectoryError):
        return
    stamp = stamp_of(status, time.time_ns())
    if not stamp.startswith("-"):
        found.folders[path] = stamp
        if table.folders.get(path) == stamp:
            skipped.append(f"{path}/")
            return
    _look_at(f"{state}/{path}", f"{path}/", table, found, seen)
