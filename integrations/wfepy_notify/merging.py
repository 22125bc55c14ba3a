"""Putting two outboxes together that machines with one state had: no message is lost, and what is over stays over.

A message waits if one of both has it, and neither knows it as sent, given up or discarded. It has reached what it has
reached from either, and was tried as often as whoever tried it more.
"""

from __future__ import annotations

import json

from .outbox import Outbox, failure, oldest_to_keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import Any

    from .outbox import Pending

__all__ = ["merged"]


class _Side:
    """What one of both says, however it says it.

    :ivar over: the lines of what is over
    :ivar known: the ids of these
    :ivar waiting: what waits, by id
    """

    def __init__(self) -> None:
        self.over: set[str] = set()
        self.known: set[str] = set()
        self.waiting: dict[str, dict[str, Any]] = {}

    @classmethod
    def read(cls, data: bytes, clock: Callable[[], datetime]) -> _Side:
        """Read a file."""
        outbox, side = Outbox("", clock), cls()
        outbox.take_lines(data)
        side.over = {_line(record) for record in outbox.over_records()}
        side.known = set(outbox.over)
        side.waiting = {id: _state(each) for id, each in outbox.pending.items()}
        return side

    def says(self) -> tuple[object, ...]:
        return self.over, self.waiting

    def lines(self) -> Iterator[str]:
        """Return the file that says this, the same on each machine."""
        yield from sorted(self.over, key=lambda line: (json.loads(line)["at"], line))
        for id, each in sorted(self.waiting.items(), key=lambda item: (item[1]["message"]["at"], item[0])):
            yield _line({"queued": each["message"]})
            for _ in range(each["tries"]):
                yield _line(failure([id], each["tried"], each["error"], each["reached"]))
            if each["taken"]:
                yield _line({"taken": [id], "until": each["taken"]})


def merged(ours: bytes, theirs: bytes, clock: Callable[[], datetime]) -> bytes:
    """Return the outbox of both; one of them as it is if the other says nothing more.

    :param clock: tells which moments cannot be true
    """
    one, two = _Side.read(ours, clock), _Side.read(theirs, clock)
    both = _Side.read("\n".join(one.over | two.over).encode("utf-8", "backslashreplace"), clock)
    oldest = oldest_to_keep([json.loads(line)["at"] for line in both.over], clock)
    for side in (one, two, both):
        side.over = {line for line in side.over if json.loads(line)["at"] > oldest}
    for id in (one.waiting.keys() | two.waiting.keys()) - both.known:
        sides = [side.waiting[id] for side in (one, two) if id in side.waiting]
        both.waiting[id] = sides[0] if len(sides) == 1 else _combined(*sides)
    # Theirs first: what is on the branch need not be pushed.
    for side, data in ((two, theirs), (one, ours)):
        if side.says() == both.says():
            return data
    return "".join(f"{line}\n" for line in both.lines()).encode("utf-8", "backslashreplace")


def _state(each: Pending) -> dict[str, Any]:
    return {
        "message": each.message.to_json(),
        "tries": each.tries,
        "error": each.error,
        "tried": each.tried,
        "reached": sorted(each.reached),
        "taken": each.taken,
    }


def _combined(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    last = max(one, two, key=lambda each: (each["tried"], each["tries"], each["error"]))
    if one["tries"] == two["tries"]:
        taken = max(one["taken"], two["taken"])
    else:  # whoever has tried it more knows what came of that
        taken = max(one, two, key=lambda each: each["tries"])["taken"]
    return {
        "message": max(one["message"], two["message"], key=_line),
        "tries": max(one["tries"], two["tries"]),
        "error": last["error"],
        "tried": last["tried"],
        "reached": sorted({*one["reached"], *two["reached"]}),
        "taken": taken,
    }


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, sort_keys=True)
