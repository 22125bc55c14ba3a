"""What makes a tick durable: each finished attempt goes to the history before anything depends on it."""

from __future__ import annotations

from . import state
from .clock import format_time
from .patch import make_patch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .clock import Clock
    from .codec import Codec
    from .instance import Instance
    from .plugins import PluginHost
    from .stores import Session


class Recorder:
    """Writes what happens to one instance through the session that holds it.

    :ivar session: the exclusive hold on the instance
    :ivar codec: writes the context
    :ivar encoded: the context as it was last written
    :ivar dirty: there are records that the snapshot does not hold
    """

    def __init__(self, session: Session, codec: Codec, encoded: Any, clock: Clock, host: PluginHost) -> None:
        self.session = session
        self.codec = codec
        self.encoded = encoded
        self.dirty = False
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

    def append(self, instance: Instance, event: str, **fields: Any) -> str:
        """Make a record durable, and return when it was made.

        :raises StateWriteError: if that failed; then nothing has changed
        """
        at = format_time(self._clock())
        record = {"seq": instance.seq + 1, "at": at, "event": event, **fields}
        self.session.append([record])
        instance.seq += 1
        self.dirty = True
        return at

    def save(self, instance: Instance) -> None:
        """Write the snapshot, if there is anything new.

        :raises StateWriteError: if that failed; the history still holds everything
        """
        if not self.dirty:
            return
        document = state.to_document(instance, self.encoded)
        host = self._host
        if host.has("wfepy_save_state"):
            host.around("wfepy_save_state", bool, session=self.session, instance=instance, document=document)
        else:
            self.session.snapshot(document)
        self.dirty = False
        if host.state_saved:
            host.notify("wfepy_state_saved", instance=instance, saved=document)
