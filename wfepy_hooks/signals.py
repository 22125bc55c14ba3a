"""Signals: named messages from outside to an instance, and whether one is what a task waits for."""

from __future__ import annotations

__all__ = ["Signal", "Signals", "listed", "refusal"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any


class Signal:
    """A named message to an instance.

    :ivar id: unique among the signals of the instance; one that comes twice is delivered once
    :ivar name: what a task waits for it by
    :ivar data: a JSON value
    :ivar by: who sent it, as they said themselves; may be empty
    :ivar sent: when, ISO 8601 in UTC
    :ivar received: number of the history record by which the instance got it; 0 before that
    """

    __slots__ = ("by", "data", "id", "name", "received", "sent")

    def __init__(
        self, id: str, name: str, data: Any = None, *, by: str = "", sent: str = "", received: int = 0
    ) -> None:
        self.id = id
        self.name = name
        self.data = data
        self.by = by
        self.sent = sent
        self.received = received

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signal) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]  # data may be a list

    def __repr__(self) -> str:
        return f"Signal({self.name!r}, {self.data!r}, by={self.by!r}, id={self.id!r})"

    @classmethod
    def from_json(cls, fields: dict[str, Any], received: int = 0) -> Signal:
        """Return what :meth:`to_json` wrote.

        :raises KeyError: if it has no id or no name
        """
        return cls(
            fields["id"],
            fields["name"],
            fields.get("data"),
            by=fields.get("by", ""),
            sent=fields.get("sent", ""),
            received=received,
        )

    @property
    def choice(self) -> Any:
        """The data, or its ``choice`` where it is an object with one: ``{"choice": "reject", "comment": "..."}``."""
        if isinstance(self.data, dict) and "choice" in self.data:
            return self.data["choice"]
        return self.data

    def to_json(self) -> dict[str, Any]:
        """Return it as it is written in an inbox: without empty fields, and without ``received``."""
        fields = {"id": self.id, "name": self.name, "data": self.data, "by": self.by, "sent": self.sent}
        return {key: value for key, value in fields.items() if value not in ("", None)}


class Signals:
    """The argument ``signals`` of a task: what has come and nobody has taken yet, oldest first.

    What misses the terms of the task's wait is not among it. What is taken is gone with the end of the attempt; a
    failed attempt takes nothing.
    """

    def __init__(self, pending: list[Signal], unfit: Collection[str] = ()) -> None:
        """
        :param pending: what nobody has taken yet
        :param unfit: the ids of those that the task's wait does not take
        """
        self._pending = pending
        self._unfit = unfit
        self.taken: list[Signal] = []
        #: The ids of those that are gone without having counted, each with the reason.
        self.dropped: dict[str, str] = {}
        #: Those among them of which nobody was told yet.
        self.untold: list[Signal] = []

    def __iter__(self) -> Iterator[Signal]:
        return iter(self.peek())

    def __len__(self) -> int:
        return len(self.peek())

    def peek(self, name: str | None = None) -> list[Signal]:
        """Return the signals of this name, or all, and leave them there."""
        gone = {each.id for each in self.taken}.union(self._unfit, self.dropped)
        return [each for each in self._pending if each.id not in gone and name in (None, each.name)]

    def take(self, name: str | None = None) -> Signal | None:
        """Take the oldest signal of this name, or of any; ``None`` if there is none."""
        found = self.peek(name)[:1]
        self.taken += found
        return found[0] if found else None

    def take_all(self, name: str | None = None) -> list[Signal]:
        """Take all signals of this name, or all that there are."""
        found = self.peek(name)
        self.taken += found
        return found

    def left(self, name: str) -> list[Signal]:
        """Return all signals of this name that are still there, also those that miss the terms of the wait."""
        gone = {each.id for each in self.taken}.union(self.dropped)
        return [each for each in self._pending if each.name == name and each.id not in gone]

    def drop(self, signal: Signal, why: str, *, tell: bool = False) -> None:
        """Let a signal be gone with the end of the attempt, though it did not count.

        :param why: what the history says of it
        :param tell: the tick warns of it, too
        """
        self.dropped[signal.id] = why
        if tell:
            self.untold.append(signal)


def refusal(
    signal: Signal,
    *,
    choices: Collection[Any] = (),
    by: Collection[str] = (),
    schema: dict[str, Any] | None = None,
) -> str:
    """Return why a wait with these terms does not take ``signal``; empty if it does."""
    if by and signal.by not in by:
        return f"it must be sent by {listed(by)}, not by {signal.by or 'nobody'}"
    # By type too: 1 == True.
    if choices and not any(type(each) is type(signal.choice) and each == signal.choice for each in choices):
        import json

        shown = json.dumps(signal.choice, ensure_ascii=False)
        return f"it must be {listed([json.dumps(each, ensure_ascii=False) for each in choices])}, not {shown}"
    return "" if schema is None else _schema_refusal(signal.data, schema)


def listed(names: Collection[str]) -> str:
    """Return names as a choice: ``ann, bob or cy``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def _schema_refusal(data: Any, schema: dict[str, Any]) -> str:
    try:
        import jsonschema  # an extra: few waits have a schema
    except ImportError:
        return "its data cannot be checked against the schema of the wait; install wfepy-hooks[schema]"
    try:
        jsonschema.validate(data, schema)
    except jsonschema.ValidationError as error:
        place = "".join(f"[{part!r}]" for part in error.absolute_path)
        return f"its data{place}: {error.message}"
    except jsonschema.SchemaError as error:
        return f"the schema of the wait is wrong: {error.message}"
    return ""
