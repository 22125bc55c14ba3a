"""The two files of the wake index as text; see :mod:`.wakeindex`. Nothing here touches the disk.

The index: a checksum of what follows, a line about the index as a whole, and a line for each instance, sorted, so
that those that are due come first.

    1f2e3d4c
    wfepy-wake-1 TOKEN BOOT SINCE UNTIL FOLDER
    WAKE INSTANCE COVERED STAMP

The log: its token, and a line for each thing that a session did, every line with a checksum of its own.

    1f2e3d4c TOKEN
    1f2e3d4c BEFORE AFTER WAKE COVERED INSTANCE

WAKE is what :func:`.wake_of` says, COVERED the bytes of the history that the snapshot covers, STAMP what identifies
the file of the snapshot, BEFORE, AFTER and FOLDER stamps of the folder, "=" if nothing was done to it.
"""

from __future__ import annotations

from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UNKNOWN", "Index", "Log", "dump_index", "log_head", "log_line", "parse_index", "parse_log"]

#: The stamp of a snapshot that is to be read again, whatever it looks like.
UNKNOWN = "-"

_MAGIC = "wfepy-wake-1"


class Index:
    """What a look at every instance found.

    :ivar token: of the log that goes on from there
    :ivar boot: of the machine, since a power failure may lose a part of the log
    :ivar since: :ivar until: between which moments it may be used, texts of :func:`.format_time`
    :ivar folder: stamp of the folder of the workflow before that look
    :ivar lines: one for each instance, sorted
    """

    __slots__ = ("boot", "folder", "lines", "since", "token", "until")

    def __init__(
        self, token: str, boot: str, since: str, until: str, folder: str, lines: list[str] | None = None
    ) -> None:
        self.token = token
        self.boot = boot
        self.since = since
        self.until = until
        self.folder = folder
        self.lines = lines or []

    def due(self, moment: str) -> list[str]:
        """Return the instances that are due at a moment."""
        found = []
        for line in self.lines:
            wake, instance, _ = line.split(" ", 2)
            if wake > moment:
                break
            found.append(instance)
        return found

    def entries(self) -> dict[str, tuple[str, str, int]]:
        """Return the stamp, the wake and the covered bytes of each instance."""
        found = {}
        for line in self.lines:
            wake, instance, covered, stamp = line.split(" ")
            found[instance] = stamp, wake, int(covered)
        return found


class Log:
    """What the sessions have done since an index was made.

    :ivar token: of the index that it goes on from, "" if there is a line that is not understood
    """

    __slots__ = ("_changes", "token")

    def __init__(self, token: str, changes: list[list[str]]) -> None:
        self.token = token
        self._changes = changes

    def __len__(self) -> int:
        return len(self._changes)

    def wakes(self) -> dict[str, str]:
        """Return the wake of each instance that something was done to, as it was said last."""
        return {change[4]: change[2] for change in self._changes}

    def leads(self, before: str, after: str) -> bool:
        """Return whether the sessions have done all that happened to the folder between these two stamps."""
        for change in self._changes:
            if change[0] != "=":
                if change[0] != before:
                    return False
                before = change[1]
        return before == after


def dump_index(index: Index, entries: Mapping[str, tuple[str, str, int]]) -> bytes:
    """Return the text of an index with these entries, see :meth:`Index.entries`."""
    head = f"{_MAGIC} {index.token} {index.boot} {index.since} {index.until} {index.folder}"
    lines = sorted(
        f"{wake} {instance} {covered} {stamp}" for instance, (stamp, wake, covered) in entries.items()
    )
    data = "\n".join([head, *lines]).encode()
    return b"%08x\n%b" % (crc32(data), data)


def parse_index(data: bytes) -> Index | None:
    """Return what :func:`dump_index` wrote, or ``None`` for anything else."""
    checksum, _, body = data.partition(b"\n")
    if checksum != b"%08x" % crc32(body):
        return None
    head, *lines = body.decode().split("\n")
    magic, *fields = head.split(" ")
    if magic != _MAGIC or len(fields) != 5:
        return None
    token, boot, since, until, folder = fields
    return Index(token, boot, since, until, folder, lines)


def log_head(token: str) -> bytes:
    """Return the first line of a log."""
    return _checked(token)


def log_line(before: str, after: str, wake: str, covered: int, instance: str) -> bytes:
    """Return a line of the log."""
    return _checked(f"{before} {after} {wake} {covered} {instance}")


def parse_log(data: bytes) -> Log:
    """Return what is in the text of a log, as far as it is understood."""
    head, *lines = data.split(b"\n")
    token = _unchecked(head)
    changes = [_unchecked(line) for line in lines[:-1]]
    sound = [change for change in changes if len(change) == 5]
    is_whole = len(token) == 1 and len(sound) == len(changes) and lines[-1:] == [b""]
    return Log(token[0] if is_whole else "", sound)


def _checked(text: str) -> bytes:
    data = text.encode()
    return b"%08x %b\n" % (crc32(data), data)


def _unchecked(line: bytes) -> list[str]:
    """Return the fields of a line, none if it is damaged."""
    checksum, _, data = line.partition(b" ")
    return data.decode().split(" ") if checksum == b"%08x" % crc32(data) else []
