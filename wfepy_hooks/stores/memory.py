"""The store that forgets everything with its process, for tests and for trying things out.

It keeps text, as the store of files does, so that a value which somebody changes after it was saved, or
before it is saved, shows here too.
"""

from __future__ import annotations

import json
import threading

from ..clock import format_time
from ..errors import InstanceExists, InstanceNotFound, LockedError, StateError
from .names import check_names, has_ended, wake_of
from .sendable import in_order, writable
from .starts import updated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from .protocol import Document, Ids, Record, Records, Signals

__all__ = ["MemorySession", "MemoryStore"]


class _Entry:
    """What is kept of one instance: the texts of its snapshot, of its records, and of its signals by id."""

    __slots__ = ("ended", "inbox", "lock", "records", "size", "text")

    def __init__(self) -> None:
        self.text = ""
        self.records: list[str] = []
        self.inbox: dict[str, str] = {}
        self.size = 0
        self.ended = False
        self.lock = threading.Lock()

    def write(self, document: Document) -> None:
        document["history"]["bytes"] = self.size
        self.text = json.dumps(document, allow_nan=False)

    def read(self) -> tuple[Document, Records]:
        document = json.loads(self.text)
        # A record's seq is its place in the list, from 1.
        return document, [json.loads(text) for text in self.records[document["history"]["records"] :]]

    def signals(self) -> Signals:
        return in_order(map(json.loads, tuple(self.inbox.values())))

    def is_due(self, moment: str) -> bool:
        document, newer = self.read()
        return bool(self.inbox or newer) or wake_of(document) <= moment


class MemorySession:
    """The hold on one instance; see :class:`.Session`."""

    __slots__ = ("_entry", "_reopened", "instance", "notes", "workflow")

    def __init__(self, workflow: str, instance: str, entry: _Entry, *, reopened: bool = False) -> None:
        self.workflow = workflow
        self.instance = instance
        self.notes: list[str] = []
        self._entry: _Entry | None = entry
        self._reopened = reopened

    def _held(self) -> _Entry:
        where = f"{self.workflow}/{self.instance}"
        if self._entry is None:
            raise StateError("the session is over", where=where)
        if self._entry.ended and not self._reopened:
            raise StateError("the instance has ended", where=where)
        return self._entry

    def load(self) -> tuple[Document, Records]:
        """See :meth:`.Session.load`."""
        return self._held().read()

    def append(self, records: Sequence[Record]) -> None:
        """See :meth:`.Session.append`."""
        entry = self._held()
        for number, record in enumerate(records, len(entry.records) + 1):
            if record["seq"] != number:
                raise ValueError(f"record {record['seq']} cannot be appended: record {number} is next")
        texts = [json.dumps(record, allow_nan=False) for record in records]
        entry.records += texts
        entry.size += sum(len(text) + 1 for text in texts)

    def snapshot(self, document: Document) -> None:
        """See :meth:`.Session.snapshot`."""
        entry = self._held()
        covered, last = document["history"]["records"], len(entry.records)
        if covered != last:
            raise ValueError(f"the snapshot covers record {covered}, and record {last} is the last")
        entry.write(document)
        if self._reopened and not has_ended(document):
            entry.ended = self._reopened = False

    def inbox(self) -> Signals:
        """See :meth:`.Session.inbox`."""
        return self._held().signals()

    def discard(self, ids: Collection[str]) -> None:
        """See :meth:`.Session.discard`."""
        inbox = self._held().inbox
        for each in ids:
            inbox.pop(each, None)

    def finish(self) -> None:
        """See :meth:`.Session.finish`."""
        self._held().ended = True
        self._reopened = False

    def release(self) -> None:
        """See :meth:`.Session.release`."""
        if self._entry is not None:
            entry, self._entry = self._entry, None
            entry.lock.release()


class MemoryStore:
    """Keeps instances in memory; see :class:`.Store`."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._starts: dict[str, str] = {}

    def create(self, workflow: str, instance: str, document: Document) -> MemorySession:
        """See :meth:`.Store.create`."""
        check_names(workflow, instance)
        entry = _Entry()
        entry.lock.acquire()
        entry.write(document)
        # setdefault is one step, for threads too.
        if self._entries.setdefault((workflow, instance), entry) is not entry:
            hint = "choose another id"
            raise InstanceExists("there is an instance of this id", where=f"{workflow}/{instance}", hint=hint)
        return MemorySession(workflow, instance, entry)

    def open(self, workflow: str, instance: str) -> MemorySession:
        """See :meth:`.Store.open`."""
        check_names(workflow, instance)
        session = self._hold(workflow, instance)
        if session is None:
            raise LockedError("another tick holds this instance", where=f"{workflow}/{instance}")
        return session

    def claim(
        self,
        workflows: Sequence[str],
        now: datetime,
        limit: int | None = None,
        busy: Callable[[str, str], None] | None = None,
    ) -> Iterator[MemorySession]:
        """See :meth:`.Store.claim`."""
        left = -1 if limit is None else limit
        moment = format_time(now)
        for workflow in workflows:
            for instance in self.list(workflow):
                if left == 0:
                    return
                try:
                    session = self._hold(workflow, instance)
                except InstanceNotFound:
                    continue  # it has ended
                if session is None:
                    if busy is not None:
                        busy(workflow, instance)
                elif self._find(workflow, instance).is_due(moment):
                    left -= 1
                    yield session
                else:
                    session.release()

    def send(self, workflow: str, instance: str, signal: dict[str, Any]) -> bool:
        """See :meth:`.Store.send`."""
        signal = writable(signal)
        entry = self._find(workflow, instance)
        if entry.ended or has_ended(json.loads(entry.text)):
            raise InstanceNotFound("the instance has ended", where=f"{workflow}/{instance}")
        text = json.dumps(signal)
        # setdefault is one step, for threads too.
        return entry.inbox.setdefault(signal["id"], text) is text

    def inbox(self, workflow: str, instance: str) -> Signals:
        """See :meth:`.Store.inbox`."""
        check_names(workflow, instance)
        entry = self._entries.get((workflow, instance))
        return [] if entry is None else entry.signals()

    def reopen(self, workflow: str, instance: str) -> MemorySession:
        """See :meth:`.Store.reopen`."""
        entry = self._find(workflow, instance)
        if not entry.lock.acquire(blocking=False):
            raise LockedError("somebody else holds this instance", where=f"{workflow}/{instance}")
        entry.ended = entry.ended or has_ended(json.loads(entry.text))
        if not entry.ended:
            entry.lock.release()
            raise InstanceNotFound("the instance has not ended", where=f"{workflow}/{instance}")
        return MemorySession(workflow, instance, entry, reopened=True)

    def read(self, workflow: str, instance: str) -> tuple[Document, Records, bool]:
        """See :meth:`.Store.read`."""
        entry = self._find(workflow, instance)
        document, records = entry.read()
        return document, records, entry.ended or has_ended(document)

    def history(self, workflow: str, instance: str) -> Iterator[Record]:
        """See :meth:`.Store.history`."""
        return map(json.loads, tuple(self._find(workflow, instance).records))

    def starts(self, workflow: str) -> dict[str, Document]:
        """See :meth:`.Store.starts`."""
        check_names(workflow)
        found: dict[str, Document] = json.loads(self._starts.get(workflow, "{}"))
        return found

    def note_start(self, workflow: str, key: str, entry: Document, keep: Collection[str]) -> bool:
        """See :meth:`.Store.note_start`."""
        changed = updated(self.starts(workflow), key, entry, keep)
        if changed is not None:
            self._starts[workflow] = json.dumps(changed, allow_nan=False)
        return changed is not None

    def list(self, workflow: str, *, ended: bool = False) -> Ids:
        """See :meth:`.Store.list`."""
        check_names(workflow)
        entries = tuple(self._entries.items())
        return sorted(name[1] for name, entry in entries if name[0] == workflow and entry.ended is ended)

    def _find(self, workflow: str, instance: str) -> _Entry:
        check_names(workflow, instance)
        entry = self._entries.get((workflow, instance))
        if entry is None:
            raise InstanceNotFound("there is no such instance", where=f"{workflow}/{instance}")
        return entry

    def _hold(self, workflow: str, instance: str) -> MemorySession | None:
        """Return the hold on a live instance, or ``None`` if somebody else has it.

        :raises InstanceNotFound: if there is none, or it has ended
        """
        entry = self._find(workflow, instance)
        if not entry.lock.acquire(blocking=False):
            return None
        entry.ended = entry.ended or has_ended(json.loads(entry.text))
        if entry.ended:
            entry.lock.release()
            raise InstanceNotFound("the instance has ended", where=f"{workflow}/{instance}")
        return MemorySession(workflow, instance, entry)
