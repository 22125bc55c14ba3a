"""The hold on one instance in the store of files; see :mod:`.files` for what it leaves on the disk."""

from __future__ import annotations

import os

from wfepy_hooks import faults
from wfepy_hooks.errors import StateError, StateFormatError
from wfepy_hooks.statetext import dump_text, parse_text
from wfepy_hooks.stores import disk
from wfepy_hooks.stores.names import has_ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wfepy_hooks.stores.journal import Journal
    from wfepy_hooks.stores.protocol import Document, Record, Records

__all__ = ["FileSession", "covered_by", "move_history", "read_document"]

# What a session has done so far: nothing, read the end of the history, made all ready for the next record.
_NEW, _LOADED, _READY = range(3)


class FileSession:
    """The hold on one instance; see :class:`.Session`. It may stand for one that cannot be read or locked."""

    __slots__ = (
        "_document",
        "_folder",
        "_journal",
        "_problem",
        "_stale",
        "_step",
        "instance",
        "notes",
        "workflow",
    )

    def __init__(
        self,
        folder: str,
        workflow: str,
        instance: str,
        held: Journal | None = None,
        problem: StateError | None = None,
    ) -> None:
        self.workflow = workflow
        self.instance = instance
        self.notes: list[str] = []
        self._folder = folder
        self._journal = held
        self._problem = problem
        self._document: Document | None = None
        self._step = _NEW
        self._stale = False

    def peek(self) -> bool:
        """Read the snapshot for :meth:`load`, and return whether its status is an end.

        One that cannot be read is no end: ``load`` raises.

        :raises FileNotFoundError: if there is none
        """
        try:
            self._document = self._read_document()
        except FileNotFoundError:
            raise
        except OSError as error:
            self._problem = disk.read_error(error, self._path)
        except StateError as error:
            self._problem = error
        else:
            return has_ended(self._document)
        return False

    def load(self) -> tuple[Document, Records]:
        """See :meth:`.Session.load`."""
        held = self._held()
        document, self._document = self._document, None
        try:
            if document is None:
                document = self._read_document()
            covered = covered_by(document, self._path)
            if covered is None:
                return document, []
            size, seq = covered
            records = held.newer(size, seq)
        except OSError as error:
            raise disk.read_error(error, self._path) from error
        self._stale = held.size < size
        if held.lost:
            self.notes.append(
                f"{held.path}: the history lacks the last {held.lost} of the {seq} records that the snapshot "
                "covers; the snapshot stands, and new records go on from there"
            )
        self._step = _LOADED
        return document, records

    def append(self, records: Sequence[Record]) -> None:
        """See :meth:`.Session.append`."""
        if records:
            held = self._held()
            if self._step != _READY:
                self._prepare(held)
            held.append(records)

    def snapshot(self, document: Document) -> None:
        """See :meth:`.Session.snapshot`."""
        held = self._held()
        if self._step == _NEW:
            self.load()
        if document["history"]["records"] != held.last:
            covered = document["history"]["records"]
            raise ValueError(f"the snapshot covers record {covered}, and record {held.last} is the last")
        held.mend()
        self._write(document, held.size)
        self._stale = False

    def finish(self) -> None:
        """See :meth:`.Session.finish`.

        The snapshot goes first, since it is what makes an instance live. Both folders are made durable at the
        end, the one that gains the files before the one that loses them.
        """
        held = self._held()
        done = f"{self._folder}/done"
        try:
            disk.make_folder(done)
            if faults.hit:
                faults.hit("finish.snapshot.before")
            disk.move(self._path, f"{done}/{self.instance}.json")
            if faults.hit:
                faults.hit("finish.snapshot.after")
            move_history(held, self._folder, self.instance)
        except OSError as error:
            raise disk.write_error(error, "the end of the instance", error.filename or done) from error
        self._problem = StateError("the instance has ended", where=f"{self.workflow}/{self.instance}")

    def release(self) -> None:
        """See :meth:`.Session.release`."""
        if self._journal is not None:
            self._journal.close()

    def create(self, document: Document) -> None:
        """Write the first snapshot; when that fails, leave nothing behind."""
        held = self._held()
        try:
            self._write(document, 0)
        except BaseException:
            disk.remove(self._path)
            disk.remove(held.path)
            raise
        held.last = document["history"]["records"]
        self._step = _READY

    @property
    def _path(self) -> str:
        return f"{self._folder}/{self.instance}.json"

    def _held(self) -> Journal:
        if self._problem is not None:
            raise self._problem
        if self._journal is None or not self._journal.held:
            raise StateError("the session is over", where=f"{self.workflow}/{self.instance}")
        return self._journal

    def _prepare(self, held: Journal) -> None:
        """Make the files ready for the first record of this session."""
        if self._step == _NEW:
            self.load()
        held.mend()
        try:
            if self._stale:
                # Were the old, larger size to stay in the snapshot, the history could grow to just that size,
                # and would pass for covered.
                self._write(self._read_document(), held.size)
                self._stale = False
            elif held.size == 0:
                # A process that was killed while it created the instance may not have come to this.
                disk.fsync_folder(self._folder)
        except OSError as error:
            raise disk.write_error(error, "the history", self._folder) from error
        self._step = _READY

    def _read_document(self) -> Document:
        """Return the document of the snapshot, which names this instance.

        :raises StateFormatError: if it does not
        :raises FileNotFoundError: if there is none
        """
        return read_document(self._path, self.workflow, self.instance)

    def _write(self, document: Document, size: int) -> None:
        document["history"]["bytes"] = size
        data = dump_text(document).encode()
        try:
            # One name: whatever has it was left by a killed process, since this one holds the lock.
            disk.replace_file(self._folder, f"{self.instance}.json", data, f".{self.instance}.json.tmp")
        except OSError as error:
            raise disk.write_error(error, "the snapshot", self._path) from error


def move_history(held: Journal, folder: str, instance: str) -> None:
    done = f"{folder}/done"
    if faults.hit:
        faults.hit("finish.journal.before")
    if os.name == "nt":
        held.close()  # Windows does not rename an open file
    disk.move(held.path, f"{done}/{instance}.jsonl")
    if faults.hit:
        faults.hit("finish.journal.after")
    disk.fsync_folder(done)
    disk.fsync_folder(folder)


def read_document(path: str, workflow: str, instance: str) -> Document:
    document = parse_text(disk.read_file(path), path)
    for key, expected in (("workflow", workflow), ("instance", instance)):
        name = document.get(key, expected)
        if name != expected:
            hint = f"the file belongs to {document.get('workflow')}/{document.get('instance')}: put it back"
            raise StateFormatError(f"its {key} is {name!r}, not {expected!r}", where=path, hint=hint)
    return document


def covered_by(document: Document, path: str) -> tuple[int, int] | None:
    """Return the size of the history and the ``seq`` of the last record that a document covers.

    ``None`` if it does not say so in the way of schema 1, and another schema is the caller's to judge.

    :raises StateFormatError: if it is of schema 1 and does not say
    """
    history = document.get("history")
    if type(history) is dict:
        size, seq = history.get("bytes"), history.get("records")
        if type(size) is int and type(seq) is int and size >= 0 and seq >= 0:
            return size, seq
    if document.get("schema", 1) != 1:
        return None
    raise StateFormatError("not a state document: it does not say which records it covers", where=path)
