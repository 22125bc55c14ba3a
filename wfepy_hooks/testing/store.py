"""The store of a test: in memory, with fault points, and able to tell another process what it was told to keep."""

from __future__ import annotations

from .. import faults
from ..stores.memory import MemoryStore

__all__ = ["TestingStore"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

    from ..stores.memory import MemorySession
    from ..stores.protocol import Document, Record

    #: The names of an instance, and everything that is kept of it.
    Kept = tuple[tuple[str, str], dict[str, Any]]

_FIELDS = ("ended", "inbox", "records", "size", "text")


class _Session:
    """A session that reaches a fault point before and after each change, and tells of it in between."""

    def __init__(self, session: MemorySession, store: TestingStore) -> None:
        self._session = session
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def append(self, records: Sequence[Record]) -> None:
        self._store.writing = records[-1]
        self._change("append", lambda: self._session.append(records))

    def snapshot(self, document: Document) -> None:
        self._change("snapshot", lambda: self._session.snapshot(document))

    def discard(self, ids: Collection[str]) -> None:
        self._change("discard", lambda: self._session.discard(ids))

    def finish(self) -> None:
        self._change("finish", self._session.finish)

    def _change(self, what: str, change: Callable[[], object]) -> None:
        if faults.hit:
            faults.hit(f"{what}.before")
        change()
        self._store.changed(self._session.workflow, self._session.instance)
        if faults.hit:
            faults.hit(f"{what}.after")


class TestingStore(MemoryStore):
    """A :class:`.MemoryStore` whose changes can be carried over to that of another process.

    :ivar writing: the record that was written last, or is about to be
    :ivar tell: called with what is kept of an instance after each change of it; ``None``: nobody listens
    """

    __test__ = False  # pytest must not take it for a class of tests

    def __init__(self) -> None:
        super().__init__()
        self.writing: Record = {}
        self.tell: Callable[[str, Any], None] | None = None

    def changed(self, workflow: str, instance: str) -> None:
        """Tell what is kept of an instance now."""
        if self.tell is not None:
            entry = self._entries[workflow, instance]
            kept = ((workflow, instance), {name: getattr(entry, name) for name in _FIELDS})
            self.tell("kept", kept)

    def take_over(self, kept: Kept) -> None:
        """Keep of an instance what another process has told."""
        key, fields = kept
        if key not in self._entries:
            super().create(*key, {"history": {"records": 0}}).release()
        for name, value in fields.items():
            setattr(self._entries[key], name, value)

    def take_over_starts(self, starts: dict[str, str]) -> None:
        """Keep of the schedules what another process has told."""
        self._starts = starts

    def create(self, workflow: str, instance: str, document: Document) -> Any:
        """See :meth:`.Store.create`."""
        session = super().create(workflow, instance, document)
        self.changed(workflow, instance)
        if faults.hit:
            faults.hit("create.after")
        return _Session(session, self)

    def open(self, workflow: str, instance: str) -> Any:
        """See :meth:`.Store.open`."""
        return _Session(super().open(workflow, instance), self)

    def reopen(self, workflow: str, instance: str) -> Any:
        """See :meth:`.Store.reopen`."""
        return _Session(super().reopen(workflow, instance), self)

    def claim(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        """See :meth:`.Store.claim`."""
        for session in super().claim(*arguments, **options):
            yield _Session(session, self)

    def send(self, workflow: str, instance: str, signal: dict[str, Any]) -> bool:
        """See :meth:`.Store.send`."""
        sent = super().send(workflow, instance, signal)
        self.changed(workflow, instance)
        return sent

    def note_start(self, workflow: str, key: str, entry: Document, keep: Collection[str]) -> bool:
        """See :meth:`.Store.note_start`."""
        changed = super().note_start(workflow, key, entry, keep)
        if self.tell is not None:
            self.tell("starts", self._starts)
        if faults.hit:
            faults.hit("noted.after")
        return changed
