"""The store of files: two text files an instance, in a folder that git can keep.

    ROOT/<workflow>/<instance>.json     the snapshot
    ROOT/<workflow>/<instance>.jsonl    the history, and the lock
    ROOT/<workflow>/done/               both files of each instance that has ended

What a crash can leave behind, at any moment, and what becomes of it:

* in ``create``: an empty history without a snapshot. There is no such instance; the next ``create`` uses it.
* in ``append``: whole records that nobody was told of, which count, and a torn last line, which does not (see
  :mod:`.journal`). They are made durable before they are acted on.
* in ``snapshot``: a temporary file, which the next snapshot of the instance replaces, and the old snapshot,
  which together with the history says all that the new one does; or the new one.
* in ``finish``: a live snapshot whose status is an end, or the history of an instance whose snapshot is in
  ``done`` already. The next ``claim`` or ``open`` completes the move, ``read`` and ``history`` look there.

A history with records and no snapshot anywhere is none of these: somebody has lost the snapshot. Such an instance is
listed and claimed, so that it is noticed, and cannot be loaded.
"""

from __future__ import annotations

import contextlib
import os

from wfepy_hooks import faults
from wfepy_hooks.errors import InstanceExists, InstanceNotFound, LockedError, StateError, StateWriteError
from wfepy_hooks.stores import disk, journal, lock
from wfepy_hooks.stores.filesession import FileSession, covered_by, move_history, read_document
from wfepy_hooks.stores.names import check_names, has_ended, is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from wfepy_hooks.stores.protocol import Document, Ids, Record, Records

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
        _refuse_existing(folder, instance)
        path = f"{folder}/{instance}.jsonl"
        try:
            disk.make_folder(folder)
            if faults.hit:
                faults.hit("create.journal.before")
            held = journal.hold(path, create=True)
            if faults.hit:
                faults.hit("create.journal.after")
        except OSError as error:
            raise disk.write_error(error, "the new instance", path) from error
        if held is None:
            raise InstanceExists("somebody is creating it right now", where=f"{workflow}/{instance}")
        session = FileSession(folder, workflow, instance, held)
        try:
            _refuse_existing(folder, instance)  # again: now nobody else can make it
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
            raise _not_found(folder, workflow, instance) from None
        if session is None:
            who = lock.holder(f"{folder}/{instance}.jsonl")
            hint = f"try again when {who or 'it'} has ended"
            raise LockedError("another tick holds this instance", where=f"{workflow}/{instance}", hint=hint)
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
        for workflow in workflows:
            folder = self._folder(workflow)
            try:
                instances, orphans = _list(folder)
            except StateError as error:
                problem = problem or error
                continue
            for instance in orphans:
                _complete_move(folder, instance)
            instances = _with_lost(folder, instances, orphans)
            for instance in instances if limit is None else _rotate(instances, now):
                if left == 0:
                    return
                try:
                    session = self._hold(folder, workflow, instance)
                except FileNotFoundError:
                    if not _is_lost(folder, instance):
                        continue  # it has ended
                    lost = _not_found(folder, workflow, instance)
                    session = FileSession(folder, workflow, instance, problem=lost)
                if session is not None:
                    left -= 1
                    yield session
                elif busy is not None:
                    busy(workflow, instance)
        if problem is not None:
            raise problem

    def read(self, workflow: str, instance: str) -> tuple[Document, Records, bool]:
        """See :meth:`.Store.read`."""
        live = self._folder(workflow, instance)
        # In this order: the instance may end meanwhile, and its snapshot moves from the first to the second.
        for folder in (live, f"{live}/done"):
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
        raise _not_found(live, workflow, instance)

    def history(self, workflow: str, instance: str) -> Iterator[Record]:
        """See :meth:`.Store.history`."""
        folder = self._folder(workflow, instance)
        if not any(os.path.exists(f"{place}/{instance}.json") for place in (folder, f"{folder}/done")):
            raise _not_found(folder, workflow, instance)
        return _read_history(folder, instance)

    def list(self, workflow: str, *, ended: bool = False) -> Ids:
        """See :meth:`.Store.list`."""
        folder = self._folder(workflow)
        if ended:
            return _list(f"{folder}/done")[0]
        return _with_lost(folder, *_list(folder))

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
            held = _hold_history(path, f"{folder}/{instance}.json")
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
            _complete_move(folder, instance)
            raise
        except StateWriteError as error:
            session.release()
            return FileSession(folder, workflow, instance, problem=error)
        except BaseException:
            session.release()
            raise
        session.release()
        raise FileNotFoundError(path)


def _hold_history(path: str, snapshot: str) -> journal.Journal | None:
    """Lock the history of a live instance, and make it if it was lost.

    :raises FileNotFoundError: if there is no snapshot either
    :raises OSError: if it cannot be opened for writing
    """
    try:
        return journal.hold(path, create=False)
    except FileNotFoundError:
        if not os.path.exists(snapshot):
            raise
        return journal.hold(path, create=True)


def _complete_move(folder: str, instance: str) -> None:
    """Move a history whose snapshot is in ``done`` after it. A crash may have come between the two."""
    path = f"{folder}/{instance}.jsonl"
    if not os.path.exists(path) or not os.path.exists(f"{folder}/done/{instance}.json"):
        return
    try:
        held = journal.hold(path, create=False)
        if held is not None:
            try:
                if not os.path.exists(f"{folder}/{instance}.json"):
                    move_history(held, folder, instance)
            finally:
                held.close()
    except OSError:
        pass  # it is found where it is, and the next claim tries again


def _is_lost(folder: str, instance: str) -> bool:
    """Return whether there is a history with records, and a snapshot neither here nor in ``done``."""
    try:
        if not os.path.getsize(f"{folder}/{instance}.jsonl"):
            return False  # it was never created
    except OSError:
        return False
    # In this order, which is the one in which finish() moves it.
    return not any(os.path.lexists(f"{place}/{instance}.json") for place in (folder, f"{folder}/done"))


def _with_lost(folder: str, instances: list[str], orphans: list[str]) -> list[str]:
    """Return the ids of the instances, and those of the orphans whose snapshot is lost, sorted."""
    lost = [instance for instance in orphans if _is_lost(folder, instance)]
    return sorted(instances + lost) if lost else instances


def _refuse_existing(folder: str, instance: str) -> None:
    name = f"{instance}.json"
    for path, state in ((f"{folder}/{name}", "a live"), (f"{folder}/done/{name}", "an ended")):
        if os.path.lexists(path):
            raise InstanceExists(
                f"there is {state} instance of this id", where=path, hint="choose another id"
            )


def _refuse_history(held: journal.Journal, instance: str) -> None:
    if held.size:
        hint = f"restore {instance}.json, or move this file away"
        raise InstanceExists("there is a history, and its snapshot is missing", where=held.path, hint=hint)


def _not_found(folder: str, workflow: str, instance: str) -> InstanceNotFound:
    where = f"{workflow}/{instance}"
    if os.path.exists(f"{folder}/done/{instance}.json"):
        return InstanceNotFound("the instance has ended", where=where)
    with contextlib.suppress(OSError):
        path = f"{folder}/{instance}.jsonl"
        if os.path.getsize(path):
            hint = f"restore {instance}.json from a backup or from version control"
            return InstanceNotFound("there is a history, and its snapshot is missing", where=path, hint=hint)
    return InstanceNotFound("there is no such instance", where=where)


def _history_paths(folder: str, instance: str) -> tuple[str, str]:
    return f"{folder}/{instance}.jsonl", f"{folder}/done/{instance}.jsonl"


def _read_newer(folder: str, instance: str, covered: int, after: int) -> Records:
    for path in _history_paths(folder, instance):
        try:
            return journal.read_newer(path, covered, after)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise disk.read_error(error, path) from error
    return []


def _read_history(folder: str, instance: str) -> Iterator[Record]:
    for path in _history_paths(folder, instance):
        try:
            yield from journal.read_records(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise disk.read_error(error, path) from error
        return


def _list(folder: str) -> tuple[list[str], list[str]]:
    """Return the ids of the instances in a folder, sorted, and the ids of histories that lack their snapshot.

    :raises StateError: if the folder cannot be read
    """
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise disk.read_error(error, folder) from error
    instances = [name[:-5] for name in names if name.endswith(".json")]
    histories = [name[:-6] for name in names if name.endswith(".jsonl")]
    known = set(instances)
    return (
        sorted(filter(is_name, instances)),
        [name for name in histories if name not in known and is_name(name)],
    )


def _rotate(instances: list[str], now: datetime) -> list[str]:
    """Return ``instances`` from another one on at each moment, so that a limit starves none of them."""
    if not instances:
        return instances
    # Knuth's multiplicative hash: ticks come at regular times, and those must not favour the same ones.
    start = int(now.timestamp() * 1e6) * 2654435761 % (1 << 32) * len(instances) >> 32
    return instances[start:] + instances[:start]
