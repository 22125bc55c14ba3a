"""What can wake an instance, and when, in words: from its files alone."""

from __future__ import annotations

import re

from ..clock import parse_time
from ..timing import duration_text
from ..wording import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from ..overview import Overview, Waiting

    Entry = dict[str, Any]

__all__ = [
    "attempt_of",
    "earliest",
    "items_text",
    "moment_text",
    "paused_text",
    "retry_text",
    "wait_data",
    "wait_text",
]

_ITEMS = (("d", "done"), ("w", "waiting"), ("r", "retrying"), ("f", "failed"), (".", "to do"))


def moment_text(text: str, now: datetime) -> str:
    """Return a moment such as ``2026-11-26 06:13Z (in 2d 3h)``."""
    try:
        moment = parse_time(text)
    except ValueError:
        return text
    left = moment - now
    how_long = f"in {duration_text(left)}" if left.total_seconds() > 0 else "due"
    return f"{moment:%Y-%m-%d %H:%M}Z ({how_long})"


def wait_text(wait: Waiting, deadline: str, now: datetime) -> str:
    """Return what wakes a task that waits, such as ``signal approve (yes|no) by ann; times out at ...``.

    :param deadline: when it times out; empty: never
    """
    terms = wait.terms
    parts = []
    if wait.is_poll:
        parts.append("tick")
    if wait.child:
        parts.append(f"child {wait.child}")
    if wait.signals:
        parts.append(_signal_text(wait))
    if terms.get("until"):
        parts.append(f"at {moment_text(terms['until'], now)}")
    if deadline:
        parts.append(f"times out at {moment_text(deadline, now)}")
    if terms.get("remind_at"):
        parts.append(f"reminds at {moment_text(terms['remind_at'], now)}")
    return "; ".join(parts)


def _signal_text(wait: Waiting) -> str:
    import json

    choices, by = wait.terms.get("choices", ()), wait.terms.get("by", ())
    words = [each if isinstance(each, str) else json.dumps(each) for each in choices]
    text = f"signal {' or '.join(wait.signals)}"
    if words:
        text += f" ({'|'.join(words)})"
    return f"{text} by {', '.join(by)}" if by else text


def retry_text(failure: Entry, now: datetime) -> str:
    """Return when a task is tried again that failed, and what it failed of."""
    times = f"failed {failure['failures']} times: " if failure["failures"] > 1 else ""
    if failure["status"] == "retrying":
        attempt = failure["attempt"] or str(failure["failures"] + 1)
        return f"retry {attempt} at {moment_text(failure['retry_at'], now)}: {failure['error']}"
    if failure["status"] == "failing":
        return f"tick; {times}{failure['error']}"
    return f"{times}{failure['error']}"


def attempt_of(record: Entry) -> str:
    """Return which attempt comes after a failed one, such as ``3 of 5``, as the policy gave it; or nothing."""
    found = re.match(r"attempt (\d+ of \d+) in ", str(record.get("reason", "")))
    return found[1] if found else ""


def items_text(items: Entry, waits: Sequence[Waiting], deadline: str, now: datetime) -> str:
    """Return how far the items of a task are, and what wakes the first that waits."""
    status = items["status"]
    counts = [f"{status.count(letter)} {word}" for letter, word in _ITEMS if letter in status]
    text = f"{plural(len(status), 'item')}: {', '.join(counts) or 'none'}"
    retries = [each["retry_at"] for each in items.get("failures", {}).values() if "retry_at" in each]
    if waits:
        text += f"; {wait_text(waits[0], '', now)}"
    if retries:
        text += f"; retry at {moment_text(min(retries), now)}"
    return f"{text}; times out at {moment_text(deadline, now)}" if deadline else text


def paused_text(paused: dict[str, str]) -> str:
    """Return who has paused an instance, and why: ``by ann: the printer is on fire``."""
    by = f"by {paused.get('by') or 'somebody'}"
    return f"{by}: {paused['reason']}" if paused.get("reason") else by


def wait_data(overview: Overview) -> Iterator[Entry]:
    """Yield what the tasks wait for, as data."""
    keys = ("until", "signals", "choices", "by", "deadline", "remind_at", "child", "done")
    for wait in overview.waits():
        terms = {key: wait.terms[key] for key in keys if key in wait.terms}
        deadline = earliest(terms.get("deadline"), overview.tasks[wait.task].get("deadline"))
        if deadline:
            terms["deadline"] = deadline
        if wait.child:
            terms.pop("signals", None)
        item = {"item": wait.item} if wait.item >= 0 else {}
        yield {"task": wait.task, **item, "since": wait.since, "reason": wait.reason, **terms}


def earliest(*moments: str | None) -> str:
    """Return the first of several moments, of which some may not be; empty if none is."""
    return min((each for each in moments if each), default="")
