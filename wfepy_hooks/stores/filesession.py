"""The hold on one instance in the store of files; see :mod:`.files` for what it leaves on the disk."""

from __future__ import annotations

import os

from .. import faults
from ..errors import StateError, StateFormatError
from ..statetext import dump_text, parse_text
from . import disk
from .names import DUE, has_ended, wake_of
from .wakelog import GONE, WakeLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from .inbox import Inbox
    from .journal import Journal
    from .protocol import Document, Record, Records, Signals

__all__ = [
    "FileSession",
    "covered_by",
    "fsync_end",
    "inbox_path",
    "move_history",
    "read_document",
    "wake_with",
]

# What a session has done so far: nothing, read the end of the history, made all ready for the next record.
_NEW, _LOADED, _READY = range(3)


class FileSession:
    """The hold on one instance; see :class:`.Session`. It may stand for one that cannot be read or locked.

    :param folder: of the workflow
    :param problem: what is wrong with the instance, when it is not held
    :param log: what the wake index is told by
    :param ended: hold one whose files are in ``done``
    """

    __slots__ = (
        "_document",
        "_folder",
        "_inbox",
        "_is_marked",
        "_journal",
        "_live",
        "_log",
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
        *,
        log: WakeLog | None = None,
        ended: bool = False,
    ) -> None:
        self.workflow = workflow
        self.instance = instance
        self.notes: list[str] = []
        self._live = folder
        self._folder = f"{folder}/done" if ended else folder
        self._log = log or WakeLog(folder)
        self._log.absent = self._log.absent or ended  # those in done are no affair of the index
        self._is_marked = False
        self._inbox: Inbox | None = None
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

    def is_due(self, moment: str) -> bool:
        """Return whether the instance is due at a moment, by the snapshot that :meth:`peek` has read."""
        if self._document is None:
            return True  # load() says what is wrong with it
        wake, covered = wake_with(self._document, self._path)
        if wake <= moment or self._held().size > covered:
            return True
        from .inbox import has_signals  # lazily: a plain tick gets no further

        return has_signals(inbox_path(self._live, self.instance))

    def tell_index(self) -> None:
        """Tell the wake index what the snapshot says that :meth:`peek` has read."""
        if self._document is not None:
            self._log.note(self.instance, *wake_with(self._document, self._path))

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
            if not self._is_marked:
                self._log.mark(self.instance)
                self._is_marked = True
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

    def inbox(self) -> Signals:
        """See :meth:`.Session.inbox`."""
        self._held()
        path = inbox_path(self._live, self.instance)
        try:
            os.stat(path)
            inbox = self._open_inbox()
            signals = inbox.read()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise disk.read_error(error, path) from error
        for name, why in inbox.unread:
            self.notes.append(f"{path}/{name}: a signal cannot be read: {why}")
        for name, why in inbox.damaged:
            self._put_aside(inbox, name, why)
        return signals

    def _put_aside(self, inbox: Inbox, name: str, why: str) -> None:
        try:
            kept = f"it is kept as {inbox.put_aside(name)}"
        except OSError as error:
            kept = f"it cannot be put aside: {disk.reason(error)}"
        self.notes.append(f"{inbox.path}/{name}: not a signal: {why}; {kept}")

    def discard(self, ids: Collection[str]) -> None:
        """See :meth:`.Session.discard`."""
        self._held()
        if not ids:
            return
        inbox = self._open_inbox()
        try:
            inbox.discard(ids)
        except OSError as error:
            raise disk.write_error(error, "the inbox", error.filename or inbox.path) from error

    def _open_inbox(self) -> Inbox:
        if self._inbox is None:
            from .inbox import Inbox  # lazily: a plain tick has no signals

            self._inbox = Inbox(inbox_path(self._live, self.instance))
        return self._inbox

    def finish(self) -> None:
        """See :meth:`.Session.finish`.

        The snapshot goes first, since it is what makes an instance live. Both folders are made durable at the
        end, the one that gains the files before the one that loses them.
        """
        held = self._held()
        done = f"{self._live}/done"
        if self._folder == done:
            raise self._ended()
        try:
            disk.make_folder(done)
            with self._log.change(self.instance, GONE):
                if faults.hit:
                    faults.hit("finish.snapshot.before")
                disk.move(self._path, f"{done}/{self.instance}.json")
                if faults.hit:
                    faults.hit("finish.snapshot.after")
                move_history(held, self._live, self.instance)
            fsync_end(self._live)
        except OSError as error:
            raise disk.write_error(error, "the end of the instance", error.filename or done) from error
        self._problem = self._ended()

    def _ended(self) -> StateError:
        return StateError("the instance has ended", where=f"{self.workflow}/{self.instance}")

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
        returns = self._folder != self._live and not has_ended(document)
        path = f"{self._live if returns else self._folder}/{self.instance}.json"
        # One name: whatever has it was left by a killed process, since this one holds the lock.
        temporary = f"{os.path.dirname(path)}/.{self.instance}.json.tmp"
        try:
            try:
                disk.write_temporary(temporary, path, data, self._log.change(self.instance, DUE))
                if returns:
                    self._come_back()
                with self._log.change(self.instance, wake_of(document), size):
                    disk.put_in_place(temporary, path)
            except BaseException:
                disk.remove(temporary)
                raise
            disk.fsync_folder(os.path.dirname(path))
        except OSError as error:
            raise disk.write_error(error, "the snapshot", path) from error
        self._is_marked = False

    def _come_back(self) -> None:
        """Move the files of an ended instance to the live ones.

        In the order that is the reverse of :meth:`finish`, so that a crash leaves what one in there does: an
        instance that has ended, and a move to be completed. The next snapshot makes it live.
        """
        if faults.hit:
            faults.hit("reopen.journal.before")
        self._held().move(f"{self._live}/{self.instance}.jsonl")
        if faults.hit:
            faults.hit("reopen.journal.after")
            faults.hit("reopen.snapshot.before")
        disk.rename_new(self._path, f"{self._live}/{self.instance}.json")
        if faults.hit:
            faults.hit("reopen.snapshot.after")
        disk.fsync_folder(self._live)
        disk.fsync_folder(self._folder)
        self._folder = self._live


def inbox_path(folder: str, instance: str) -> str:
    """Return the path of the inbox of an instance in the folder of its workflow."""
    return f"{folder}/inbox/{instance}"


def move_history(held: Journal, folder: str, instance: str) -> None:
    """Move the history of an instance to ``done``."""
    if faults.hit:
        faults.hit("finish.journal.before")
    if os.name == "nt":
        held.close()  # Windows does not rename an open file
    disk.move(held.path, f"{folder}/done/{instance}.jsonl")
    if faults.hit:
        faults.hit("finish.journal.after")


def fsync_end(folder: str) -> None:
    """Make durable that an instance has moved to ``done``, which gains the files before the folder loses them."""
    disk.fsync_folder(f"{folder}/done")
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

    ``None`` if it does not say so in the way of schemas 1 and 2, and another schema is the caller's to judge.

    :raises StateFormatError: if it is of schema 1 or 2 and does not say
    """
    history = document.get("history")
    if type(history) is dict:
        size, seq = history.get("bytes"), history.get("records")
        if type(size) is int and type(seq) is int and size >= 0 and seq >= 0:
            return size, seq
    if document.get("schema", 1) not in (1, 2):
        return None
    raise StateFormatError("not a state document: it does not say which records it covers", where=path)


def wake_with(document: Document, path: str) -> tuple[str, int]:
    """Return what :func:`.wake_of` says of a document, and the bytes of the history that it covers.

    Of one that does not say which, it is due.
    """
    try:
        covered = covered_by(document, path)
    except StateFormatError:
        covered = None
    return (DUE, 0) if covered is None else (wake_of(document), covered[0])
