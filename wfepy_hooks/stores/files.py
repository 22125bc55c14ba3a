"""The store of files: two text files an instance, in a folder that git can keep.

    ROOT/<workflow>/<instance>.json     the snapshot
    ROOT/<workflow>/<instance>.jsonl    the history, and the lock
    ROOT/<workflow>/done/               both files of each instance that has ended
    ROOT/<workflow>/inbox/<instance>/   signals, see :mod:`.inbox`
    ROOT/<workflow>/schedule/           what the schedules have begun, see :mod:`.starts`
    ROOT/.wake/                         a cache of what is due when, see :mod:`.wakeindex`

What a crash can leave behind, at any moment, and what becomes of it:

* in ``create``: an empty history without a snapshot. There is no such instance; the next ``create`` uses it.
* in ``append``: whole records that nobody was told of, which count, and a torn last line, which does not (see
  :mod:`.journal`). They are made durable before they are acted on.
* in ``snapshot``: a temporary file, which the next snapshot of the instance replaces, and the old snapshot,
  which together with the history says all that the new one does; or the new one.
* in ``finish``: a live snapshot whose status is an end, or the history of an instance whose snapshot is in
  ``done`` already. The next ``claim`` or ``open`` completes the move, ``read`` and ``history`` look there.
* in ``reopen``, or rather in the snapshot that brings an instance back: the same two, since the files move in the
  reverse order before the snapshot is replaced. The move to ``done`` is completed, and the instance has ended.

A history with records and no snapshot anywhere is none of these: somebody has lost the snapshot. Such an instance is
listed and claimed, so that it is noticed, and cannot be loaded.
"""

from __future__ import annotations

import contextlib
import os

from .. import faults
from ..clock import format_time
from ..errors import (
    InstanceExists,
    InstanceNotFound,
    LockedError,
    StateError,
    StateFormatError,
    StateWriteError,
)
from . import disk, journal, lock
from .claiming import candidates, rotate
from .filesession import FileSession, covered_by, inbox_path, read_document
from .folder import (
    complete_move,
    hold_history,
    is_lost,
    list_folder,
    not_found,
    places,
    refuse_existing,
    with_lost,
)
from .names import DUE, check_names, has_ended
from .wakelog import WakeLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from .protocol import Document, Ids, Record, Records, Signals

__all__ = ["FileStore"]


class FileStore:
    """Keeps instances as text files under a folder; see :class:`.Store` and the top of this module.

    :param root: the folder; made when the first instance is created
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.fspath(root)

    def __repr__(self) -> str:
        return f"FileStore({self.root!r})"

    def create(self, workflow: str, instance: str, document: Document) -> FileSession:
        """See :meth:`.Store.create`."""
        folder = self._folder(workflow, instance)
        refuse_existing(folder, instance)
        path = f"{folder}/{instance}.jsonl"
        log = WakeLog(folder)
        try:
            disk.make_folder(folder)
            if faults.hit:
                faults.hit("create.journal.before")
            with log.change(instance, DUE):
                held = journal.hold(path, create=True)
            if faults.hit:
                faults.hit("create.journal.after")
        except OSError as error:
            raise disk.write_error(error, "the new instance", path) from error
        if held is None:
            raise InstanceExists("somebody is creating it right now", where=f"{workflow}/{instance}")
        session = FileSession(folder, workflow, instance, held, log=log)
        try:
            refuse_existing(folder, instance)  # again: now nobody else can make it
            _refuse_history(held, instance)
            session.create(document)
        except BaseException:
            session.release()
            raise
        return session

    def open(self, workflow: str, instance: str) -> FileSession:
        """See :meth:`.Store.open`."""
        folder = self._folder(workflow, instance)
        try:
            session = self._hold(folder, workflow, instance)
        except FileNotFoundError:
            raise not_found(folder, workflow, instance) from None
        if session is None:
            raise _locked(f"{folder}/{instance}.jsonl", workflow, instance)
        return session

    def claim(
        self,
        workflows: Sequence[str],
        now: datetime,
        limit: int | None = None,
        busy: Callable[[str, str], None] | None = None,
    ) -> Iterator[FileSession]:
        """See :meth:`.Store.claim`. A folder that cannot be listed raises after all others were served."""
        problem: StateError | None = None
        left = -1 if limit is None else limit
        moment = format_time(now)
        for workflow in workflows:
            folder = self._folder(workflow)
            try:
                instances, are_chosen = candidates(folder, workflow, now)
            except StateError as error:
                problem = problem or error
                continue
            for instance in instances if limit is None else rotate(instances, now):
                if left == 0:
                    return
                session = self._hold_listed(folder, workflow, instance, busy)
                if session is None:
                    continue
                if session.is_due(moment):
                    left -= 1
                    yield session
                else:
                    if are_chosen:
                        session.tell_index()
                    session.release()
        if problem is not None:
            raise problem

    def _hold_listed(
        self, folder: str, workflow: str, instance: str, busy: Callable[[str, str], None] | None
    ) -> FileSession | None:
        """Return the hold on an instance; ``None`` if it has ended, or somebody else has it, which ``busy`` is told.

        One whose snapshot is lost gives a session whose ``load`` raises.
        """
        try:
            session = self._hold(folder, workflow, instance)
        except FileNotFoundError:
            if not is_lost(folder, instance):
                return None
            return FileSession(folder, workflow, instance, problem=not_found(folder, workflow, instance))
        if session is None and busy is not None:
            busy(workflow, instance)
        return session

    def send(self, workflow: str, instance: str, signal: dict[str, Any]) -> bool:
        """See :meth:`.Store.send`."""
        from .inbox import Inbox  # lazily: a tick need not send
        from .sendable import writable

        folder = self._folder(workflow, instance)
        signal = writable(signal)
        _require_live(folder, workflow, instance)
        path = inbox_path(folder, instance)
        try:
            return Inbox(path).put(signal)
        except OSError as error:
            raise disk.write_error(error, "the signal", path) from error

    def inbox(self, workflow: str, instance: str) -> Signals:
        """See :meth:`.Store.inbox`."""
        from .inbox import Inbox  # lazily, as above

        path = inbox_path(self._folder(workflow, instance), instance)
        try:
            return Inbox(path).read()
        except OSError as error:
            raise disk.read_error(error, path) from error

    def reopen(self, workflow: str, instance: str) -> FileSession:
        """See :meth:`.Store.reopen`."""
        folder = self._folder(workflow, instance)
        done = f"{folder}/done"
        path = f"{done}/{instance}.jsonl"
        with contextlib.suppress(FileNotFoundError):
            session = self._hold(folder, workflow, instance)  # which completes an end that was cut short
            if session is None:
                raise _locked(f"{folder}/{instance}.jsonl", workflow, instance)
            session.release()
            raise InstanceNotFound("the instance has not ended", where=f"{workflow}/{instance}")
        try:
            held = hold_history(path, f"{done}/{instance}.json")
        except FileNotFoundError:
            raise InstanceNotFound("there is no such instance", where=f"{workflow}/{instance}") from None
        except OSError as error:
            raise disk.write_error(error, "the history", path) from error
        if held is None:
            raise _locked(path, workflow, instance)
        return FileSession(folder, workflow, instance, held, ended=True)

    def read(self, workflow: str, instance: str) -> tuple[Document, Records, bool]:
        """See :meth:`.Store.read`."""
        live = self._folder(workflow, instance)
        for folder in places(live):
            path = f"{folder}/{instance}.json"
            try:
                document = read_document(path, workflow, instance)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise disk.read_error(error, path) from error
            covered = covered_by(document, path)
            records = [] if covered is None else _read_newer(live, instance, *covered)
            return document, records, folder != live or has_ended(document)
        raise not_found(live, workflow, instance)

    def history(self, workflow: str, instance: str) -> Iterator[Record]:
        """See :meth:`.Store.history`."""
        folder = self._folder(workflow, instance)
        if not any(os.path.exists(f"{place}/{instance}.json") for place in places(folder)):
            raise not_found(folder, workflow, instance)
        return _read_history(folder, instance)

    def starts(self, workflow: str) -> dict[str, Document]:
        """See :meth:`.Store.starts`."""
        from .starts import read_starts  # lazily: few workflows begin by themselves

        return read_starts(self._folder(workflow))

    def note_start(self, workflow: str, key: str, entry: Document, keep: Collection[str]) -> bool:
        """See :meth:`.Store.note_start`."""
        from .starts import write_start  # lazily, as above

        return write_start(self._folder(workflow), key, entry, keep)

    def list(self, workflow: str, *, ended: bool = False) -> Ids:
        """See :meth:`.Store.list`."""
        folder = self._folder(workflow)
        if not ended:
            return with_lost(folder, *list_folder(folder))
        past = list_folder(f"{folder}/done")[0]
        live = set(list_folder(folder)[0]) if past else past
        return [instance for instance in past if instance not in live]

    def _folder(self, workflow: str, instance: str = "x") -> str:
        check_names(workflow, instance)
        return f"{self.root}/{workflow}"

    def _hold(self, folder: str, workflow: str, instance: str) -> FileSession | None:
        """Return the hold on a live instance, or ``None`` if somebody else has it.

        One that cannot be locked or read gives a session whose ``load`` raises. One that has ended, and a
        crash kept from ``done``, is moved there.

        :raises FileNotFoundError: if there is no such live instance
        """
        path = f"{folder}/{instance}.jsonl"
        try:
            held = hold_history(path, f"{folder}/{instance}.json")
        except FileNotFoundError:
            raise
        except OSError as error:
            problem = disk.write_error(error, "the history", path)
            return FileSession(folder, workflow, instance, problem=problem)
        if held is None:
            return None
        session = FileSession(folder, workflow, instance, held)
        try:
            if not session.peek():
                return session
            session.finish()
        except FileNotFoundError:
            session.release()
            complete_move(folder, instance)
            raise
        except StateWriteError as error:
            session.release()
            return FileSession(folder, workflow, instance, problem=error)
        except BaseException:
            session.release()
            raise
        session.release()
        raise FileNotFoundError(path)


def _locked(history: str, workflow: str, instance: str) -> LockedError:
    hint = f"try again when {lock.holder(history) or 'it'} has ended"
    return LockedError("another tick holds this instance", where=f"{workflow}/{instance}", hint=hint)


def _require_live(folder: str, workflow: str, instance: str) -> None:
    """Raise :exc:`.InstanceNotFound` if there is no such live instance; one that cannot be read is live."""
    try:
        if not has_ended(read_document(f"{folder}/{instance}.json", workflow, instance)):
            return
    except FileNotFoundError:
        raise not_found(folder, workflow, instance) from None
    except (OSError, StateFormatError):
        return
    raise InstanceNotFound("the instance has ended", where=f"{workflow}/{instance}")


def _refuse_history(held: journal.Journal, instance: str) -> None:
    if held.size:
        hint = f"restore {instance}.json, or move this file away"
        raise InstanceExists("there is a history, and its snapshot is missing", where=held.path, hint=hint)


def _read_newer(folder: str, instance: str, covered: int, after: int) -> Records:
    for place in places(folder):
        path = f"{place}/{instance}.jsonl"
        try:
            return journal.read_newer(path, covered, after)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise disk.read_error(error, path) from error
    return []


def _read_history(folder: str, instance: str) -> Iterator[Record]:
    for place in places(folder):
        path = f"{place}/{instance}.jsonl"
        try:
            yield from journal.read_records(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise disk.read_error(error, path) from error
        return
