"""What is still to be sent and what was: ``STATE/.notify/outbox.jsonl``, shared by all that share the state.

Machines that share it by git have a file each, which :mod:`.merging` puts together.

Each line is a JSON object, appended and made durable under a lock of the file:

    {"queued": MESSAGE}                               an event; one that is known already is not queued again
    {"taken": [ID], "until": MOMENT}                  a tick is about to send these; nobody else does until then
    {"sent": [ID], "to": TARGET, "at": MOMENT}        in one delivery
    {"failed": [ID], "at": MOMENT, "error": TEXT, "reached": [ADDRESS]}     some addresses of the target have it
    {"released": [ID]}                                taken, and not tried
    {"dropped": [ID], "at": MOMENT}                   given up, or discarded by a person

A crash between sending and ``sent`` lets the message be sent again. A torn last line is cut off by the next writer. Now
and then the file is written anew, without what is over; which events were told is kept for a month.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from datetime import datetime, timedelta, timezone

from .message import Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

__all__ = ["PLACE", "Outbox", "Pending", "failure", "ids", "oldest_to_keep", "parse_moment", "shown_moment"]

#: The file in the state folder.
PLACE = ".notify/outbox.jsonl"

#: A crash tells an event again at the next tick of its instance; so long it is known that it was told.
REMEMBERED = timedelta(days=30)
#: Lines that are over, before the file is written anew.
SLACK = 500
#: Bytes of the end of what was read, by which the file is known again.
_SEEN = 64
#: Seconds to wait for the lock: whoever holds it writes a few lines.
PATIENCE = 5.0


def shown_moment(moment: datetime) -> str:
    """Return a moment as it is written."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_moment(text: str) -> datetime:
    """Return what :func:`shown_moment` wrote.

    :raises ValueError: if it is something else
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


class Pending:
    """A message that waits.

    :ivar message: the message
    :ivar tries: how often sending it has failed
    :ivar error: why, the last time
    :ivar tried: when that was; empty: never
    :ivar reached: the addresses of the target that have it
    :ivar taken: until then a tick may be sending it; empty: none is
    """

    __slots__ = ("error", "message", "reached", "taken", "tried", "tries")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.tries = 0
        self.error = ""
        self.tried = ""
        self.taken = ""
        self.reached: list[str] = []


class Outbox:
    """The file. Change it inside ``with outbox.locked():``.

    :ivar path: where it is
    :ivar pending: what waits, by id
    :ivar over: the latest record of each message that is over, by id
    """

    def __init__(self, state: str, clock: Callable[[], datetime]) -> None:
        self.path = os.path.join(state, *PLACE.split("/"))
        self.pending: dict[str, Pending] = {}
        self._clock = clock
        self.over: dict[str, dict[str, Any]] = {}
        self._lines = self._end = self._inode = 0
        self._last = b""
        self._worth_a_look = SLACK
        self._fd = -1

    # --- reading -------------------------------------------------------------------------------------

    def read(self) -> None:
        """Take in what is new in the file."""
        try:
            fd = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return
        try:
            self._take_in(fd)
        finally:
            os.close(fd)

    def _take_in(self, fd: int) -> None:
        status = os.fstat(fd)
        os.lseek(fd, self._end - len(self._last), os.SEEK_SET)
        # Two files later, another one may have the number of its inode.
        if status.st_ino != self._inode or os.read(fd, len(self._last)) != self._last:
            self.pending.clear()
            self.over.clear()
            self._inode, self._end, self._lines, self._last = status.st_ino, 0, 0, b""
        os.lseek(fd, self._end, os.SEEK_SET)
        data = b""
        while chunk := os.read(fd, 1 << 20):
            data += chunk
        whole = data[: data.rfind(b"\n") + 1]  # behind it there may be a line that a crash has torn
        self._end += len(whole)
        self._last = (self._last + whole)[-_SEEN:]
        self.take_lines(whole)

    def take_lines(self, data: bytes) -> None:
        """Take in the lines of a file, whoever wrote it."""
        for line in data.splitlines():
            self._lines += 1
            # A line that says nothing is of a newer version, or of a merge of two of these files.
            with contextlib.suppress(ValueError, LookupError, TypeError):
                record = json.loads(line)
                if isinstance(record, dict):
                    self._apply(record)

    def _apply(self, record: dict[str, Any]) -> None:
        if "queued" in record:
            message = Message.from_json(record["queued"])
            parse_moment(message.at)  # of another machine, maybe, and not to be believed
            if message.id not in self.over:
                self.pending.setdefault(message.id, Pending(message))
            return
        words = [word for word in ("sent", "dropped", "failed", "taken", "released") if word in record]
        for kind, id in [(word, id) for word in words for id in record[word]]:
            if kind in ("sent", "dropped"):
                parse_moment(record["at"])
                self.pending.pop(id, None)
                # In whatever order they come, for a merge has none.
                if id not in self.over or _age(self.over[id]) <= _age(record):
                    self.over[id] = record
            elif id in self.pending:
                _note(self.pending[id], kind, record)

    def knows(self, id: str) -> bool:
        """Return whether a message waits, or was sent or dropped."""
        return id in self.pending or id in self.over

    def deliveries(self, target: str, since: str, until: str) -> int:
        """Return how often something was sent to a target between two moments; a summary counts once."""
        found = [record for record in self.over_records() if record.get("to") == target]
        return sum(since < record["at"] <= until for record in found)

    def over_records(self) -> list[dict[str, Any]]:
        """Return the records of what is over, each once."""
        return list({id(record): record for record in self.over.values()}.values())

    # --- writing -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the file, with :attr:`pending` as it is now.

        :raises OSError: if it cannot be read, made or locked
        """
        self._fd = self._open()
        try:
            self._take_in(self._fd)
            yield
            self._compact()
        finally:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> int:
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        deadline = time.monotonic() + PATIENCE
        while True:
            # With the permissions of the state beside it: whoever may tick may tell, and it says no more than that.
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                _lock(fd, deadline)
                # Whoever held it may have put another file in its place.
                if os.fstat(fd).st_ino == os.stat(self.path).st_ino:
                    return fd
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)

    def append(self, *records: dict[str, Any]) -> None:
        """Write lines, durably.

        :raises OSError: if it cannot be written
        """
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        data = text.encode("utf-8", "backslashreplace")
        is_new = not self._end
        os.ftruncate(self._fd, self._end)
        os.lseek(self._fd, self._end, os.SEEK_SET)
        while data:
            data = data[os.write(self._fd, data) :]
        os.fsync(self._fd)
        if is_new:
            _sync_folders(self.path)
        self._take_in(self._fd)

    def queue(self, message: Message) -> None:
        """Have a message sent, unless it is known already.

        :raises OSError: if that cannot be written
        """
        if not self.knows(message.id):
            self.append({"queued": message.to_json()})

    def now(self) -> str:
        """Return the time as it is written."""
        return shown_moment(self._clock())

    def _compact(self) -> None:
        """Write the file anew if much of it is over."""
        if self._lines <= self._worth_a_look:
            return
        kept = list(self._kept())
        self._worth_a_look = max(self._lines, len(kept)) + SLACK
        if self._lines <= len(kept) + SLACK:
            return
        from wfepy_hooks import GeneratedFile, write_files

        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in kept)
        folder, name = os.path.split(self.path)
        write_files([GeneratedFile(name, text, os.fstat(self._fd).st_mode & 0o777)], folder)

    def _kept(self) -> Iterator[dict[str, Any]]:
        records = self.over_records()
        oldest = oldest_to_keep([record["at"] for record in records], self._clock)
        for record in records:
            if record["at"] > oldest:
                yield record
        for key, each in self.pending.items():
            yield {"queued": each.message.to_json()}
            for _ in range(each.tries):
                yield failure([key], each.tried, each.error, each.reached)
            if each.taken:
                yield {"taken": [key], "until": each.taken}


def _note(pending: Pending, kind: str, record: dict[str, Any]) -> None:
    moment = {"taken": "until", "failed": "at"}.get(kind)
    if moment:
        parse_moment(record[moment])
    pending.taken = record["until"] if kind == "taken" else ""
    if kind == "failed":
        pending.tries += 1
        pending.error, pending.tried = str(record["error"]), record["at"]
        pending.reached = [str(each) for each in record.get("reached", pending.reached)]


def _age(record: dict[str, Any]) -> tuple[str, str]:
    return record["at"], json.dumps(record, sort_keys=True)


def oldest_to_keep(moments: Iterable[str], clock: Callable[[], datetime]) -> str:
    """Return up to when what is over is not kept, the same on all machines that know of the same messages.

    :param moments: when messages were over; those that are still to come do not count
    """
    latest = shown_moment(clock() + timedelta(days=1))
    last = max((each for each in moments if each <= latest), default="")
    return shown_moment(parse_moment(last) - REMEMBERED) if last else ""


def failure(ids: list[str], at: str, error: str, reached: list[str]) -> dict[str, Any]:
    """Return the record of messages that could not be sent."""
    found = {"failed": ids, "at": at, "error": error}
    return {**found, "reached": reached} if reached else found


def _sync_folders(path: str) -> None:
    """Make the name of a new file durable, and that of its folder."""
    for folder in (os.path.dirname(path), os.path.dirname(os.path.dirname(path))):
        with contextlib.suppress(OSError):  # Windows and some network file systems do not do that
            fd = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


def _lock(fd: int, deadline: float) -> None:
    """Lock an open file, which the system undoes when it is closed.

    :raises OSError: if somebody else has it for too long
    """
    try:
        import fcntl
    except ImportError:  # Windows: one tick at a time, please
        return
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def ids(pending: Iterable[Pending]) -> list[str]:
    """Return the ids of messages."""
    return [each.message.id for each in pending]
