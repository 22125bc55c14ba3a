"""What a store is. A store of your own is right when it passes :mod:`wfepy_hooks.stores.conformance`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import datetime
    from typing import TypeAlias

    Document: TypeAlias = dict[str, Any]
    Record: TypeAlias = dict[str, Any]
    Records: TypeAlias = list[Record]
    Signals: TypeAlias = list[dict[str, Any]]
    Ids: TypeAlias = list[str]  # a name of its own: in Store, "list" is a method

__all__ = ["Session", "Store"]


class Session(Protocol):
    """The exclusive hold of one process on one instance.

    A record is a JSON object with a ``seq``: 1 for the first record of an instance, and one more for each. It comes
    back with its keys in the order in which they were; that of a document does not matter. A document is a JSON
    object; it names the ``workflow`` and the ``instance``, and
    ``document["history"]["records"]`` is the ``seq`` of the last record that it covers, 0 for none.

    :ivar notes: what a person should know about this instance's files, such as a history that was lost
    """

    @property
    def workflow(self) -> str: ...

    @property
    def instance(self) -> str: ...

    @property
    def notes(self) -> list[str]: ...

    def load(self) -> tuple[Document, Records]:
        """Return the last snapshot and the records that it does not cover, oldest first; both are the
        caller's.

        :raises StateFormatError: if what is stored is not a document, or a record in the middle is damaged
        :raises StateError: if it cannot be read, or will not be writable
        """
        ...

    def append(self, records: Sequence[Record]) -> None:
        """Add ``records`` to the history. They survive any crash from the moment this returns.

        A crash before that may leave the first few of them, and never a gap or half of one.

        :raises ValueError: if their ``seq`` does not go on from the last record, or one cannot be written as
            JSON
        :raises StateWriteError: if they cannot be written; then none of them was added
        """
        ...

    def snapshot(self, document: Document) -> None:
        """Replace the snapshot, in one step that survives any crash, and set
        ``document["history"]["bytes"]``.

        :raises ValueError: if ``document`` does not cover all records of the instance
        :raises StateWriteError: if that failed; then the old snapshot and the history still hold everything
        """
        ...

    def inbox(self) -> Signals:
        """Return the signals that were sent to the instance and not discarded yet, by ``(sent, id)``, those
        without ``sent`` first. Each has an ``id`` of its own and a ``name``; they are the caller's.

        What lies there and is no signal is put aside, told in :attr:`notes`, and not met again.

        :raises StateError: if the inbox cannot be read
        """
        ...

    def discard(self, ids: Collection[str]) -> None:
        """Take the signals of these ids out of the inbox, once the history holds what became of them.

        A crash before this returns may leave some of them there. Ids that are not there do not matter.

        :raises StateWriteError: if one cannot be removed
        """
        ...

    def finish(self) -> None:
        """Move the instance to the past: it is not claimed or opened again, unless somebody brings it back by
        :meth:`Store.reopen`, and its id is not used again. What is in its inbox stays there.

        The last snapshot must have a status that is an end: should this be cut short by a crash, the next
        claim or open of the instance completes it by that status.
        """
        ...

    def release(self) -> None:
        """End the session and let others hold the instance; write nothing. Doing it again does nothing.

        The other methods raise :exc:`.StateError` from then on.
        """
        ...


class Store(Protocol):
    """Where instances live between ticks.

    Names of workflows and instances match ``[A-Za-z0-9][A-Za-z0-9._-]{0,99}``, and no workflow is named
    ``done``; every method raises :exc:`.UsageError` for others.

    The message of an error names what it is about: the instance, the record, the signal, and that an instance has
    ended where that is why.
    """

    def create(self, workflow: str, instance: str, document: Document) -> Session:
        """Make a new instance with ``document`` as its first snapshot, and hold it.

        :raises InstanceExists: if there is one of this id, be it live, in the making, or ended
        :raises StateWriteError: if it cannot be saved; then there is no such instance
        """
        ...

    def open(self, workflow: str, instance: str) -> Session:
        """Hold one live instance.

        :raises LockedError: if somebody else holds it
        :raises InstanceNotFound: if there is none, or it has ended
        """
        ...

    def claim(
        self,
        workflows: Sequence[str],
        now: datetime,
        limit: int | None = None,
        busy: Callable[[str, str], None] | None = None,
    ) -> Iterator[Session]:
        """Hold the instances of ``workflows`` that are due at ``now``, one at a time, and hand each over.

        An instance is due unless its last snapshot has a ``wake`` that says otherwise: a moment later than
        ``now``, as :func:`.format_time` writes it, or ``None``, which no moment reaches. Whatever that says,
        it is due if there is a signal in its inbox, if its history has records that the snapshot does not
        cover, since a tick was killed then, and if it cannot be read.

        Whoever gets a session releases it. An instance that cannot be read is handed over all the same, and
        its ``load`` raises, so that it does not stop the others.

        :param now: an aware moment in UTC
        :param limit: at most so many sessions
        :param busy: called with the workflow and the instance for each one that somebody else holds
        """
        ...

    def send(self, workflow: str, instance: str, signal: dict[str, Any]) -> bool:
        """Put ``signal`` into the inbox of a live instance; it survives any crash from the moment this returns.

        Needs no hold, and is never refused for one that somebody else has. Takes as long however many signals
        are there already.

        :param signal: a JSON object with an ``id``, which is a name like that of an instance, and a ``name``,
            any text but an empty one; ``by`` and ``sent`` are texts, or ``None``, where there are any
        :return: ``False`` if there is one of this id in the inbox already; then it stays as it is
        :raises InstanceNotFound: if there is no such instance, or it has ended
        :raises UsageError: if it is no such object, or nested more than 100 levels deep
        :raises TypeError: :raises ValueError: if it cannot be written as JSON
        :raises StateWriteError: if it cannot be saved
        """
        ...

    def inbox(self, workflow: str, instance: str) -> Signals:
        """Return what :meth:`Session.inbox` does, for an instance live or ended. Needs no hold and changes
        nothing: what is no signal is left out.

        :raises StateError: if the inbox cannot be read
        """
        ...

    def reopen(self, workflow: str, instance: str) -> Session:
        """Hold an instance that has ended, to bring it back to life.

        The session loads and appends as any other. A snapshot whose status is no end makes the instance live
        again; released before that, it is ended as it was. A crash leaves it the one or the other.

        :raises LockedError: if somebody else holds it
        :raises InstanceNotFound: if there is none that has ended
        """
        ...

    def read(self, workflow: str, instance: str) -> tuple[Document, Records, bool]:
        """Return the last snapshot, the records that it does not cover, and whether the instance has ended.

        Needs no hold and changes nothing.

        :raises InstanceNotFound: if there is no such instance, live or ended
        :raises StateFormatError: as for :meth:`Session.load`
        """
        ...

    def history(self, workflow: str, instance: str) -> Iterator[Record]:
        """Return all records of a live or ended instance, oldest first. Needs no hold and changes nothing.

        :raises InstanceNotFound: at once, if there is no such instance
        :raises StateFormatError: when the damaged record is reached
        """
        ...

    def starts(self, workflow: str) -> dict[str, Document]:
        """Return what :meth:`note_start` has noted for each schedule of a workflow; they are the caller's.

        :raises StateError: if it cannot be read
        """
        ...

    def note_start(self, workflow: str, key: str, entry: Document, keep: Collection[str]) -> bool:
        """Note up to which moment a schedule has begun its instances. It survives any crash from then on.

        It only goes forward: an ``entry`` whose ``until`` is not later than the one that is there changes nothing.

        :param key: of the schedule, any text
        :param entry: a JSON object with a text ``until``, as :func:`.format_time` writes it
        :param keep: keys; what was noted under others, for schedules that are gone, is forgotten
        :return: whether anything was changed
        :raises StateWriteError: if it cannot be saved
        """
        ...

    def list(self, workflow: str, *, ended: bool = False) -> Ids:
        """Return the ids of the live instances, or of the ended ones, sorted. None is both.

        A live one that has lost a part of its state, so that it cannot be read, is among them.
        """
        ...
