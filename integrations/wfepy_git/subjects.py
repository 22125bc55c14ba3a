"""What a commit is called: which task of which instance did what, for people who read the log."""

from __future__ import annotations

import json

from .layout import INSTANCE, SCHEDULE, SHARED, SIGNAL, title

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .layout import Entity

__all__ = ["Change", "message", "nonce_of", "subject"]

#: Characters of a subject; names in it; tasks of an instance in it; lines of a body.
_WIDTH, _NAMES, _TASKS, _LINES = 100, 3, 3, 200
_WORDS = {"completed": "done", "timed_out": "timed out", "dead_end": "dead end"}
TRAILER = "Wfepy-Tick"


class Change:
    """One entity that a commit changes.

    :ivar entity: which one
    :ivar history: its records, of an instance
    :ivar known: how many of their bytes were on the branch before
    :ivar is_gone: it is no longer there
    """

    __slots__ = ("entity", "history", "is_gone", "known")

    def __init__(
        self, entity: Entity, history: bytes = b"", known: int | None = 0, *, is_gone: bool = False
    ) -> None:
        self.entity = entity
        self.history = history
        self.known = known
        self.is_gone = is_gone

    def line(self) -> str:
        """Return what happened, in one line."""
        kind = self.entity.kind
        if kind == SIGNAL:
            verb = "delivered" if self.is_gone else "sent"
            name = self.entity.name.removesuffix(".json")
            return f"{self.entity.workflow}/{self.entity.instance}: signal {name} {verb}"
        if kind == SCHEDULE:
            return f"{self.entity.workflow}: what the schedule has begun"
        if kind == SHARED:
            return f"{title(self.entity)}: changed"
        return f"{title(self.entity)}: {self._happened()}"

    def _happened(self) -> str:
        if self.known is None:
            return "changed"
        old, new = _records(self.history[: self.known]), _records(self.history[self.known :])
        if not new:
            return "begins" if not old and not self.known else "changed"
        last = {each["task"]: each.get("status", "") for each in old if "task" in each}
        moved: dict[str, str] = {}
        for record in new:
            if record.get("event") == "task" and "task" in record:
                moved[record["task"]] = str(record.get("status", ""))
        words = [_step(task, last.get(task, ""), status) for task, status in moved.items()]
        parts = [*words[-_TASKS:]] if len(words) <= _TASKS else [f"{len(words)} tasks", *words[-_TASKS:]]
        parts += [_word(str(each.get("status", ""))) for each in new if each.get("event") == "ended"]
        parts += [
            f"{each.get('verb')} by {each.get('by')}" for each in new if each.get("event") == "operator"
        ]
        return _printable(", ".join(parts)) or "changed"


def _step(task: str, before: str, after: str) -> str:
    return (
        f"{task} {_word(before)} -> {_word(after)}"
        if before and before != after
        else f"{task} {_word(after)}"
    )


def _word(status: str) -> str:
    return _WORDS.get(status, status.replace("_", " "))


def _records(data: bytes) -> list[dict[str, Any]]:
    found = []
    for line in data.split(b"\n"):
        try:
            record = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            found.append(record)
    return found


def subject(changes: Sequence[Change]) -> str:
    """Return the subject of a commit with these changes."""
    instances = [each for each in changes if each.entity.kind == INSTANCE]
    told = instances or list(changes)
    if len(told) == 1:
        return _cut(told[0].line())
    names = list(dict.fromkeys(f"{each.entity.workflow}/{each.entity.instance}".rstrip("/") for each in told))
    shown = ", ".join(names[:_NAMES]) + (", ..." if len(names) > _NAMES else "")
    noun = "instances" if instances else "signals" if told[0].entity.kind == SIGNAL else "changes"
    return _cut(f"{len(told)} {noun}: {shown}")


def message(changes: Sequence[Change], notes: Sequence[str], nonce: str, holder: str) -> str:
    """Return the whole message: the subject, a line each where there are more, notes, and who it was."""
    first = subject(changes)
    lines = [each.line() for each in changes]
    body = [] if lines == [first] else lines[:_LINES]
    if len(lines) > _LINES:
        body.append(f"and {len(lines) - _LINES} more")
    body += [_printable(note) for note in notes]
    parts = [first, *(["\n".join(body)] if body else [])]
    return "\n\n".join([*parts, f"{TRAILER}: {nonce}\nWfepy-Machine: {holder}"]) + "\n"


def nonce_of(text: str) -> str:
    """Return what makes a commit unlike all others; empty if it is not one of ours."""
    for line in reversed(text.splitlines()):
        if line.startswith(f"{TRAILER}: "):
            return line.partition(": ")[2].strip()
    return ""


def _cut(text: str) -> str:
    text = _printable(text)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def _printable(text: str) -> str:
    """Return ``text`` on one line."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
