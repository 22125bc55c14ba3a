"""The wake index: which instances are due, without a look at each of them.

    ROOT/.wake/<workflow>.index     what the snapshots said, when all of them were looked at
    ROOT/.wake/<workflow>.log       what the sessions of this store have done since

It is kept for a workflow with :data:`.MANY` instances or more, some of which sleep. It is a cache: both files
may be deleted, damaged or old, and the price is time. A tick uses the index if it can tell that it is still true;
otherwise it looks at the size and time of every file, reads the snapshots that differ from what the index says of
them, and writes the index anew.

Why no instance misses its moment:

* **Others** - git, an editor, a restored backup, a store of another version - replace files by making, renaming or
  removing names, which sets the time of the folder. The index has the stamp of the folder, a session logs the stamps
  before and after each change of its own, so that they make a chain, and where the chain is broken the index is not
  used. The stamp has the time of the inode's last change in it, which no tool can set back.
* **Sessions** log that their instance is due before they write the first record after a snapshot, and what the
  snapshot says right after it was renamed, all under a lock of the log. A process that is killed in between leaves
  an instance that is due. One that is killed between a rename and its line leaves a broken chain.
* **A session that finds no log** because it is made just then, or was deleted, or belongs to somebody else, changes
  the folder and no line says so: a broken chain.
* **The tick that makes the index** begins a new log, takes the stamp of the folder, and looks at the files only
  then, so that what it misses comes after the stamp, or is in the log. An instance whose last line in the old log
  says that it is due stays so until somebody has looked at it while holding it.
* **What is due by the index** is held, and looked at again: there, it need not be right.
* **A power failure** may take the end of the log, hence the index has the identity of the boot, where there is one.
* **A moment before the one at which the index was made**, or an hour later: it is not used. This is for what leaves
  no trace in the folder, such as a file that was written in place by an editor, and for changes by others that fall
  between the two system calls by which a session sees and sets the time of the folder.
"""

from __future__ import annotations

import contextlib
import os

from ..clock import format_time
from ..errors import StateError
from . import disk
from .filesession import read_document, wake_with
from .folder import split_names, with_lost
from .names import DUE
from .wakeformat import UNKNOWN, Index, Log, dump_index, log_head, parse_index, parse_log
from .wakelog import GONE, log_path, mark_folder, stamp_of, wait_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import TypeAlias

    # Stamp of the snapshot, wake, covered bytes of the history.
    Entry: TypeAlias = tuple[str, str, int]

__all__ = ["due_by_files", "due_by_index", "forget"]

#: Hours for which an index is used.
_HOURS = 1

# A file may be written twice in one beat of the system's clock, and its stamp be the same: nanoseconds for which
# that is possible. The second number is for file systems that know whole seconds only.
_BEAT, _LONG_BEAT = 50_000_000, 3_000_000_000


def due_by_index(folder: str, moment: str) -> set[str] | None:
    """Return the instances in the folder of a workflow that are due at ``moment``, and maybe some that are not.

    :return: ``None`` if the index cannot tell
    """
    try:
        log, stamp = _read_log(folder)
        index = parse_index(disk.read_file(_index_path(folder)))
    except OSError:
        return None
    if index is None or not _is_true(index, log, stamp, moment):
        return None
    wakes = log.wakes()
    due = {instance for instance in index.due(moment) if instance not in wakes}
    due.update(instance for instance, wake in wakes.items() if wake != GONE and wake <= moment)
    return due


def _is_true(index: Index, log: Log, stamp: str, moment: str) -> bool:
    return (
        log.token == index.token
        and index.since <= moment < index.until
        and len(log) <= max(1000, len(index.lines))  # else it is faster to begin anew
        and log.leads(index.folder, stamp)
        and index.boot == _boot()
    )


def _read_log(folder: str) -> tuple[Log, str]:
    """Return the log, and the stamp that the folder had at the end of it."""
    fd = os.open(log_path(folder), os.O_RDWR | disk.BINARY)  # NFS locks only what can be written
    try:
        wait_for(fd)
        return parse_log(disk.read_from(fd)), stamp_of(folder)
    finally:
        os.close(fd)


def due_by_files(folder: str, workflow: str, now: datetime) -> set[str]:
    """Look at every file, write the index anew, and return the instances that are due at ``now``.

    :raises StateError: if the folder cannot be read
    """
    begun = _begin(folder)
    try:
        entries = _look(folder, workflow, begun)
    except OSError as error:
        raise disk.read_error(error, folder) from error
    if begun is not None:
        for instance, wake in begun.wakes.items():
            if wake == DUE and instance in entries:
                entries[instance] = (UNKNOWN, DUE, 0)
        _write(folder, begun, entries, now)
    moment = format_time(now)
    return {instance for instance, (_, wake, _) in entries.items() if wake <= moment}


def forget(folder: str) -> None:
    """Remove the index of a workflow that has few instances now."""
    for path in (log_path(folder), _index_path(folder)):
        disk.remove(path)


class _Begun:
    """A log that was begun anew.

    :ivar token: its own
    :ivar folder: stamp of the folder then
    :ivar clock: time of the file system then, in nanoseconds
    :ivar wakes: what the log held before, see :meth:`.Log.wakes`
    """

    __slots__ = ("clock", "folder", "token", "wakes")

    def __init__(self, token: str, folder: str, clock: int, wakes: dict[str, str]) -> None:
        self.token = token
        self.folder = folder
        self.clock = clock
        self.wakes = wakes


def _begin(folder: str) -> _Begun | None:
    """Begin a new log; ``None`` if that cannot be done."""
    path = log_path(folder)
    token = os.urandom(8).hex()
    try:
        _make_home(os.path.dirname(path))
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | disk.BINARY, 0o666)
        try:
            wait_for(fd)
            wakes = parse_log(disk.read_from(fd)).wakes()
            os.ftruncate(fd, 0)
            os.write(fd, log_head(token))
            return _Begun(token, mark_folder(folder), os.fstat(fd).st_mtime_ns, wakes)
        finally:
            os.close(fd)
    except OSError:
        return None


def _make_home(path: str) -> None:
    try:
        os.mkdir(path)
    except FileExistsError:
        return
    with contextlib.suppress(OSError):  # git need not see a cache; without the file, it does
        fd = os.open(f"{path}/.gitignore", os.O_WRONLY | os.O_CREAT | disk.BINARY, 0o666)
        try:
            os.write(fd, b"*\n")
        finally:
            os.close(fd)


def _known(folder: str) -> dict[str, Entry]:
    """Return the entries of the index that there is, true or not: their stamps tell."""
    try:
        index = parse_index(disk.read_file(_index_path(folder)))
    except OSError:
        return {}
    return index.entries() if index is not None else {}


def _look(folder: str, workflow: str, begun: _Begun | None) -> dict[str, Entry]:
    """Return an entry for each instance, read anew where the stamp of the snapshot differs from the known one.

    :raises OSError: if the folder cannot be read
    """
    known, clock = (_known(folder), begun.clock) if begun is not None else ({}, 0)
    found = {}
    with os.scandir(folder) as files:
        for file in files:
            if file.name.endswith((".json", ".jsonl")):
                try:  # noqa: SIM105  # suppress() takes a third of the time of a stat, and there are thousands
                    found[file.name] = file.stat()
                except FileNotFoundError:
                    pass  # it is gone, or a link to nothing
    entries = {}
    instances, orphans = split_names(found)
    for instance in instances:
        stamp = _file_stamp(found[f"{instance}.json"], clock)
        history = found.get(f"{instance}.jsonl")
        size = history.st_size if history else 0
        entry = known.get(instance)
        if entry is None or entry[0] != stamp or stamp == UNKNOWN:
            entry = _read(folder, workflow, instance, stamp)
        if entry is not None:
            entries[instance] = entry if size <= entry[2] else (UNKNOWN, DUE, 0)
    for instance in with_lost(folder, [], orphans):
        entries[instance] = (UNKNOWN, DUE, 0)
    return entries


def _file_stamp(status: os.stat_result, clock: int) -> str:
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    if newest > clock - (_LONG_BEAT if newest % 10**9 == 0 else _BEAT):
        return UNKNOWN
    return f"{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_size}:{status.st_ino}"


def _read(folder: str, workflow: str, instance: str, stamp: str) -> Entry | None:
    """Return the entry of an instance, ``None`` if there is none any more."""
    path = f"{folder}/{instance}.json"
    try:
        document = read_document(path, workflow, instance)
    except FileNotFoundError:
        return None
    except (OSError, StateError):
        return UNKNOWN, DUE, 0
    wake, covered = wake_with(document, path)
    return stamp, wake, covered


def _write(folder: str, begun: _Begun, entries: dict[str, Entry], now: datetime) -> None:
    from datetime import timedelta

    index = Index(
        begun.token, _boot(), format_time(now), format_time(now + timedelta(hours=_HOURS)), begun.folder
    )
    path = _index_path(folder)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | disk.BINARY, 0o666)
        try:
            data = dump_index(index, entries)
            while data:
                data = data[os.write(fd, data) :]
        finally:
            os.close(fd)
        os.replace(temporary, path)
    except OSError:
        disk.remove(temporary)


def _index_path(folder: str) -> str:
    return log_path(folder)[:-4] + ".index"


def _boot() -> str:
    """Return the identity of the boot of this machine, "-" where it has none."""
    try:
        return disk.read_file("/proc/sys/kernel/random/boot_id").decode().strip() or "-"
    except OSError:
        return "-"
