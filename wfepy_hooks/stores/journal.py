"""The history of one instance: a file of records, one JSON object a line, that only ever grows.

It is also the write-ahead journal. A record is durable when :meth:`Journal.append` returns; a crash before
that can leave the last line torn. Such a line was never acknowledged: it is dropped when the file is read,
and cut off before the next record is written.
"""

from __future__ import annotations

import errno
import json
import os

from .. import faults
from ..errors import StateFormatError
from ..statetext import RESTORE, conflict_line
from . import disk, lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .protocol import Record, Records

__all__ = ["Journal", "hold", "read_newer", "read_records"]

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode
_encode_ascii = json.JSONEncoder(allow_nan=False, check_circular=False).encode

_FLAGS = os.O_RDWR | os.O_APPEND | disk.BINARY

# What is wrong with the end of the file.
_SOUND, _TORN, _NO_NEWLINE = range(3)


class Journal:
    """The history of an instance whose lock this process holds.

    :ivar path: of the file
    :ivar size: bytes of the file that hold whole records; what is behind is torn
    :ivar last: ``seq`` of the last record; known after :meth:`newer`
    :ivar lost: how many records are missing at the end of the file; known after :meth:`newer`
    """

    __slots__ = ("_end", "_fd", "last", "lost", "path", "size")

    def __init__(self, path: str, fd: int, size: int) -> None:
        self.path = path
        self.size = size
        self.last = 0
        self.lost = 0
        self._fd = fd
        self._end = _SOUND

    def newer(self, covered: int, after: int) -> Records:
        """Return the records after the one with the ``seq`` ``after``, which ends at the byte ``covered``.

        They are made durable first: the process that wrote them may have died before it did that, and whoever
        reads them here acts on them.

        :raises StateFormatError: if a line that is not the last is damaged, or a record is missing
        :raises OSError: if the file cannot be read
        """
        if self.size == covered:
            self.last = after
            return []
        records, self.size, end, last = _newer(self._fd, self.size, covered, after, self.path)
        self._end = self._end or end
        self.last = max(last, after)
        self.lost = self.last - last
        if records:
            disk.sync(self._fd)
        return records

    def append(self, records: Sequence[Record]) -> None:
        """Add records; they are durable when this returns.

        :raises ValueError: if their ``seq`` does not go on from the last record, or one cannot be written as
            JSON
        :raises StateWriteError: if they cannot be written; then none of them is there
        """
        data, last = _dump_records(records, self.last)
        if self._end:
            self.mend()
        fd = self._fd
        try:
            disk.write_all(fd, data, "journal.write")
            if faults.hit:
                faults.hit("journal.fsync.before")
            disk.sync(fd)
            if faults.hit:
                faults.hit("journal.fsync.after")
        except OSError as error:
            self._cut_back()
            raise disk.write_error(error, "the history", self.path) from error
        except BaseException:  # an interrupt: the next write begins by cutting these records off
            self._end = _TORN
            raise
        self.size += len(data)
        self.last = last

    def _cut_back(self) -> None:
        self._end = _TORN
        try:
            os.ftruncate(self._fd, self.size)
            self._end = _SOUND
        except OSError:
            pass  # a torn line is dropped by whoever reads it, and cut off by the next write

    def mend(self) -> None:
        """Cut off a torn last line, or end a whole one that lacks its newline.

        :raises StateWriteError: if that failed
        """
        if not self._end:
            return
        if faults.hit:
            faults.hit("journal.mend.before")
        try:
            if self._end == _TORN:
                os.ftruncate(self._fd, self.size)
            else:
                self.size += os.write(self._fd, b"\n")
        except OSError as error:
            raise disk.write_error(error, "the history", self.path) from error
        self._end = _SOUND
        if faults.hit:
            faults.hit("journal.mend.after")

    def move(self, path: str) -> None:
        """Rename the file, to a name that nothing has.

        :raises OSError: if that failed
        """
        if os.name == "nt":
            self.close()  # Windows does not rename an open file
        disk.rename_new(self.path, path)
        self.path = path
        if os.name == "nt":
            again = hold(path, create=False)
            if again is None:
                raise BlockingIOError(errno.EAGAIN, "somebody else has locked it", path)
            self._fd = again._fd

    @property
    def held(self) -> bool:
        """Whether this process still holds the lock."""
        return self._fd >= 0

    def close(self) -> None:
        """Give up the lock. Closing again does nothing."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            try:
                lock.unlock(fd)
            finally:
                os.close(fd)


def hold(path: str, *, create: bool) -> Journal | None:
    """Lock the file and return it; ``None`` if somebody else has it.

    :param create: make it if it is missing
    :raises OSError: if it is missing, or cannot be opened for writing
    """
    flags = _FLAGS | os.O_CREAT if create else _FLAGS
    while True:
        fd = os.open(path, flags, 0o666)
        try:
            if not lock.try_lock(fd):
                os.close(fd)
                return None
            # Between the open and the lock, the one who had it may have moved it to the past or removed it.
            status, current = os.fstat(fd), os.stat(path)
            if status.st_ino == current.st_ino and status.st_dev == current.st_dev:
                return Journal(path, fd, status.st_size)
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def read_newer(path: str, covered: int, after: int) -> Records:
    """Return what :meth:`Journal.newer` would, without the lock.

    :raises StateFormatError: if a line that is not the last is damaged, or a record is missing
    :raises OSError: if the file cannot be read
    """
    fd = os.open(path, os.O_RDONLY | disk.BINARY)
    try:
        size = os.fstat(fd).st_size
        return [] if size == covered else _newer(fd, size, covered, after, path)[0]
    finally:
        os.close(fd)


def read_records(path: str) -> Iterator[Record]:
    """Yield all records of a file, without the lock.

    :raises StateFormatError: at a damaged line that is not the last
    :raises OSError: if the file cannot be read
    """
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.isspace():
                continue
            try:
                record = _parse_line(line, path, number)
            except StateFormatError:
                if _is_torn(line, terminated=line.endswith(b"\n")) and not lines.read(1):
                    return
                raise
            yield record


def _newer(fd: int, size: int, covered: int, after: int, path: str) -> tuple[Records, int, int, int]:
    """Return the newer records, the bytes of whole records, what is wrong with the end, and the last ``seq``.

    What comes behind ``covered`` is enough as a rule. It is not when a person or git has changed the file,
    its line ends for example: then ``covered`` is no longer where a record ends, and all lines are read.
    """
    if size > covered > 0:
        os.lseek(fd, covered - 1, os.SEEK_SET)
        data = disk.read_from(fd)[: size - covered + 1]
        if data.startswith(b"\n"):
            try:
                records, good, end, last = _parse(data, after, path)
            except StateFormatError:
                pass  # again from the start, which also tells the number of the line
            else:
                return records, covered - 1 + good, end, max(last, after)
    os.lseek(fd, 0, os.SEEK_SET)
    return _parse(disk.read_from(fd)[:size], after, path)


def _parse(data: bytes, after: int, path: str) -> tuple[Records, int, int, int]:
    """Parse whole lines; see :func:`_newer`. The last ``seq`` is 0 when there are none."""
    lines = data.split(b"\n")
    tail = lines.pop()
    good, end = len(data), _SOUND
    if not tail and lines and _is_torn(lines[-1], terminated=True):
        tail = lines.pop() + b"\n"
    records: Records = []
    last = 0
    for number, line in enumerate(lines, 1):
        if line and not line.isspace():
            last = _add(_parse_line(line, path, number), records, after, path, number)
    if tail:
        try:
            record = _parse_line(tail, path, len(lines) + 1)
        except StateFormatError:
            good, end = len(data) - len(tail), _TORN
        else:
            end = _NO_NEWLINE
            last = _add(record, records, after, path, len(lines) + 1)
    return records, good, end, last


def _add(record: Record, records: Records, after: int, path: str, number: int) -> int:
    """Add ``record`` to ``records`` if it comes ``after``, and return its ``seq``."""
    seq: int = record["seq"]
    if seq > after:
        expected = after + len(records) + 1
        if seq != expected:
            raise StateFormatError(
                f"record {seq} is where record {expected} should be", where=f"{path}:{number}", hint=RESTORE
            )
        records.append(record)
    return seq


def _parse_line(line: bytes, path: str, number: int) -> Record:
    try:
        record = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        if conflict_line(line):
            hint = "keep the lines of one side, all of them, and the snapshot of the same side"
            raise StateFormatError("unresolved git conflict", where=f"{path}:{number}", hint=hint) from None
        what = f"not a record: {error}"
        raise StateFormatError(what, where=f"{path}:{number}", hint=RESTORE) from None
    if type(record) is not dict or type(record.get("seq")) is not int:
        raise StateFormatError("not a record: it has no number", where=f"{path}:{number}", hint=RESTORE)
    return record


def _is_torn(line: bytes, *, terminated: bool) -> bool:
    """Return whether a last line that does not parse was never written to its end.

    It lacks its newline, or it has zeros from a block that a power failure kept from the disk.
    """
    return not terminated or b"\0" in line


def _dump_records(records: Sequence[Record], last: int) -> tuple[bytes, int]:
    """Return the lines of ``records``, which come after ``last``, and the ``seq`` of the last of them."""
    for record in records:
        last += 1
        if record["seq"] != last:
            raise ValueError(f"record {record['seq']} cannot be appended: record {last} is next")
    try:
        return ("\n".join(map(_encode, records)) + "\n").encode(), last
    except UnicodeEncodeError:  # a lone surrogate
        return ("\n".join(map(_encode_ascii, records)) + "\n").encode(), last
