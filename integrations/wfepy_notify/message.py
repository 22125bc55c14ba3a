"""What one target is told about one event."""

from __future__ import annotations

__all__ = ["Message"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Message:
    """What one target is told about one event. All of it is text.

    :ivar target: the name of the target, ``[plugins.wfepy_notify.targets.NAME]``
    :ivar event: ``failed``, ``failing``, ``recovered``, ``timed_out``, ``waiting``, ``reminder``, ``finished`` or
        ``dead_end``; ``held_back`` for the summary of what the rate limit held back, ``test`` for ``wfepy notify test``
    :ivar event_id: the same each time this event is told
    :ivar at: when it happened, ISO 8601 in UTC
    :ivar workflow: :ivar instance: :ivar task: what it is about; the task is empty if it is the whole instance
    :ivar title: :ivar body: what a person reads
    """

    __slots__ = ("at", "body", "event", "event_id", "instance", "target", "task", "title", "workflow")

    def __init__(
        self,
        target: str,
        event: str,
        event_id: str,
        at: str,
        *,
        workflow: str = "",
        instance: str = "",
        task: str = "",
        title: str = "",
        body: str = "",
    ) -> None:
        self.target = target
        self.event = event
        self.event_id = event_id
        self.at = at
        self.workflow = workflow
        self.instance = instance
        self.task = task
        self.title = title
        self.body = body

    def __repr__(self) -> str:
        return f"Message({self.target!r}, {self.event!r}, {self.event_id!r}, {self.title!r})"

    @property
    def id(self) -> str:
        """What tells it from every other message."""
        return f"{self.event_id}@{self.target}"

    @property
    def short_id(self) -> str:
        """What a person types who means it."""
        from zlib import crc32

        return f"{crc32(self.id.encode('utf-8', 'backslashreplace')):08x}"

    def to_json(self) -> dict[str, str]:
        """Return it as data."""
        return {name: getattr(self, name) for name in self.__slots__ if getattr(self, name)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Message:
        """Return what :meth:`to_json` gave, maybe of a newer version that says more.

        :raises LookupError: if it is something else
        """
        from .wording import LONGEST_BODY, LONGEST_TITLE, printable  # lazily: mostly nothing waits

        fields = {name: str(data[name]) for name in cls.__slots__ if name in data}
        # It may be of another machine, and whoever can push to the branch has written it.
        fields["title"] = printable(" ".join(fields.get("title", "").split()), LONGEST_TITLE)
        fields["body"] = printable(fields.get("body", ""), LONGEST_BODY)
        first = [fields.pop(name) for name in ("target", "event", "event_id", "at")]
        return cls(*first, **fields)
