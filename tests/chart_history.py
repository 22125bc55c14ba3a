"""Writes histories as a recorder does, to draw them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wfepy_hooks.clock import UTC, format_time

START = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)


class History:
    """Writes records as a recorder does."""

    def __init__(self, start: datetime = START) -> None:
        self.now = start
        self.created = format_time(start)
        self.records: list[dict[str, Any]] = []

    def after(self, **units: float) -> History:
        """Let time pass."""
        self.now += timedelta(**units)
        return self

    def at(self, **units: float) -> str:
        """Return a moment from now as a record has it."""
        return format_time(self.now + timedelta(**units))

    def put(self, event: str, **fields: Any) -> History:
        record = {"seq": len(self.records) + 1, "at": format_time(self.now), "event": event, **fields}
        self.records.append(record)
        return self

    def task(self, task: str, status: str = "completed", **fields: Any) -> History:
        """Note the end of an attempt, ``took`` seconds after it began."""
        return self.put(
            "task", **{"task": task, "generation": 0, "attempt": 1, "status": status, "took": 0.01, **fields}
        )


def a_quarter() -> History:
    """Three months of a release: retried builds, a review that repeats, a timeout, a pause; it waits still."""
    history = History()
    history.after(seconds=2).task("plan", took=1.2, next=["build: taken"])
    for number, days in enumerate((9, 16, 12, 20)):
        review_pass(history, number, days)
    history.after(minutes=1).task(
        "sign", "waiting", reason="the key is in the safe", deadline=history.at(days=7)
    )
    history.after(days=7).task(
        "sign", "timed_out", took=0, error="TimedOut: nobody came", next=["escalate: taken"]
    )
    history.after(seconds=1).task("escalate", took=0.4, next=["publish: taken", "withdraw: outcome"])
    history.put("operator", verb="pause", by="ann", reason="the fair is this week")
    history.after(days=5).put("operator", verb="resume", by="ann")
    history.after(minutes=2).task(
        "publish",
        "waiting",
        reason="the market opens, and everybody says that they have read the notes",
        wait={"signals": ["go", "stop"], "by": ["ann"], "deadline": history.at(days=30)},
    )
    history.after(days=12)
    return history


def review_pass(history: History, number: int, days: float) -> None:
    common: dict[str, Any] = {"generation": number}
    history.after(minutes=3)
    if number != 1:
        history.task("build", took=170, next=["test: taken"], **common)
    else:
        for attempt in (1, 2):
            history.task(
                "build",
                "retrying",
                attempt=attempt,
                took=170,
                error="OSError: no space left on device",
                retry_at=history.at(hours=20 * attempt),
                **common,
            ).after(hours=20 * attempt)
        history.task("build", attempt=3, took=170, next=["test: taken"], **common)
    for item, took in enumerate((40, 55, 3)):
        history.after(seconds=took).put(
            "item", task="test", item=item, attempt=1, status="completed", took=took, **common
        )
    history.task("test", took=98, next=["review: taken", "docs: false"], **common)
    history.after(seconds=1).task(
        "review",
        "waiting",
        reason="two people read it",
        wait={"signals": ["approve"], "by": ["ann", "bob"], "deadline": history.at(days=30)},
        **common,
    )
    history.after(days=days / 2).put("reminder", task="review", remind_at=history.at(days=7))
    history.after(days=days / 2).put("signal", name="approve", by="bob", id=f"s{number}")
    again = number < 3
    history.task(
        "review",
        consumed=[f"s{number}"],
        next=[f"build: {str(again).lower()}", f"sign: {str(not again).lower()}"],
        **common,
    )
