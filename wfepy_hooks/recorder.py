"""What makes a tick durable: each finished attempt goes to the history before anything depends on it."""

from __future__ import annotations

from . import state
from .answer import error_text
from .clock import format_time
from .marking import EDGE_WORDS
from .outcome import TaskStatus
from .patch import make_patch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .clock import Clock
    from .codec import Codec
    from .graph import Graph
    from .instance import Instance
    from .outcome import TaskResult
    from .plugins import PluginHost
    from .stores import Session


_STAYS = (TaskStatus.WAITING, TaskStatus.RETRYING)


class Recorder:
    """Writes what happens to one instance through the session that holds it.

    :ivar session: the exclusive hold on the instance
    :ivar codec: writes the context
    :ivar encoded: the context as it was last written
    :ivar dirty: there are records that the snapshot does not hold
    :ivar is_outdated: the snapshot is of other code. Then it is written anew before the next record, as records can
        only be read by the code whose snapshot they follow.
    """

    def __init__(self, session: Session, codec: Codec, encoded: Any, clock: Clock, host: PluginHost) -> None:
        self.session = session
        self.codec = codec
        self.encoded = encoded
        self.dirty = False
        self.is_outdated = False
        #: Called before a snapshot that ends an instance: after it nothing looks at the instance any more.
        self.before_end: Callable[[Instance], None] | None = None
        self._held_back: list[dict[str, Any]] | None = None
        self._clock = clock
        self._host = host

    def changes(self, instance: Instance) -> tuple[Any, dict[str, Any]]:
        """Return the context as it is to be written, and what changed in it.

        :raises CodecError: if a value in it cannot be saved
        """
        encoded = self.codec.encode(instance.context)
        return encoded, make_patch(self.encoded, encoded)

    def put_back_context(self, instance: Instance) -> None:
        """Give the instance the context that was last written: it holds a value that cannot be."""
        instance.context = self.codec.decode(self.encoded)

    def attempt(
        self,
        instance: Instance,
        number: int,
        decisions: list[int],
        result: TaskResult,
        consumed: tuple[str, ...] = (),
        dropped: dict[str, str] | None = None,
    ) -> str:
        """Make the end of an attempt durable, unless it is a repeated poll that changed nothing.

        :param consumed: the ids of the signals that it has taken
        :param dropped: the ids of those that are gone without having counted, and why
        :return: when it was recorded; empty if it was not
        :raises CodecError: if the context cannot be saved; then nothing has changed
        """
        encoded, patch = self.changes(instance)
        if not result.changed and not patch:
            return ""
        fields = attempt_fields(instance.marking.graph, number, decisions, result)
        if consumed:
            fields["consumed"] = list(consumed)
        if dropped:
            fields["dropped"] = dropped
        if instance.deadlines and fields["task"] in instance.deadlines and result.status in _STAYS:
            fields["deadline"] = instance.deadlines[fields["task"]]
        at = self.append(instance, "task", **fields, **patch, took=round(result.took, 6))
        self.encoded = encoded
        result.event_id = f"{instance.uid}-{instance.seq}"
        return at

    def append(self, instance: Instance, event: str, **fields: Any) -> str:
        """Make a record durable, and return when it was made.

        :raises StateWriteError: if that failed; then nothing has changed
        """
        if self.is_outdated:
            self.dirty = True
            self.save(instance)
        at = format_time(self._clock())
        record = {"seq": instance.seq + 1, "at": at, "event": event, **fields}
        if self._held_back is None:
            self.session.append([record])
        else:
            self._held_back.append(record)
        instance.seq += 1
        self.dirty = True
        return at

    def batch(self) -> Batch:
        """Return what is entered to hold records back and make them durable together."""
        return Batch(self)

    def save(self, instance: Instance) -> None:
        """Write the snapshot, if there is anything new.

        :raises StateWriteError: if that failed; the history still holds everything
        """
        if not self.dirty:
            return
        if instance.ended is not None and instance.parent is not None and self.before_end is not None:
            self.before_end(instance)
        document = state.to_document(instance, self.encoded)
        host = self._host
        if host.has("wfepy_save_state"):
            host.around("wfepy_save_state", bool, session=self.session, instance=instance, document=document)
        else:
            self.session.snapshot(document)
        self.dirty = self.is_outdated = False
        if host.state_saved:
            host.notify("wfepy_state_saved", instance=instance, saved=document)


class Batch:
    """Holds the records of a :class:`Recorder` back; nothing that depends on them may start inside.

    When it is left, also by an error, they are made durable by one flush of the disk. If that fails, the instance in
    memory is of no use any more.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> None:
        self._recorder._held_back = []

    def __exit__(self, *exception: object) -> None:
        held_back, self._recorder._held_back = self._recorder._held_back, None
        if held_back:
            self._recorder.session.append(held_back)


def attempt_fields(graph: Graph, number: int, decisions: list[int], result: TaskResult) -> dict[str, Any]:
    """Return what a history record says of an attempt."""
    fields: dict[str, Any] = {
        "task": graph.names[number],
        "generation": result.generation,
        "attempt": result.attempt,
        "status": result.status,
    }
    if decisions:
        first = graph.first_edge[number]
        targets = graph.target[first : first + len(decisions)]
        fields["next"] = [
            f"{graph.names[target]}: {EDGE_WORDS[decision]}"
            for target, decision in zip(targets, decisions, strict=True)
        ]
    if not result.changed:
        fields["again"] = True  # a repeated poll, recorded for what it changed in the context
    if result.reason:
        fields["reason"] = result.reason
    if result.wait is not None:
        fields.update(result.wait.to_json())
    if result.retry_at:
        fields["retry_at"] = result.retry_at
    if result.error is not None:
        fields["error"] = error_text(result.error)
    return fields
