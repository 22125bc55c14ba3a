"""The workflow whose instances are kept here. It is written in the words that there were with this schema.

A task that waits or fails stops doing so where the environment variable GO is set.
"""

# mypy: ignore-errors
# It is as a user would write it, without types.

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import os
import pathlib
import signal
import typing
import uuid

import wfepy_hooks as wfepy


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


@dataclasses.dataclass
class Draft:
    """The context: something of everything that can be in one."""

    title: str = "Tea"
    reads: int = 0
    rounds: int = 1
    trouble: str = ""
    printed: bool = False
    mood: Mood = Mood.GOOD
    tags: set[str] = dataclasses.field(default_factory=lambda: {"tea", "milk"})
    sizes: tuple[int, ...] = (3, 5)
    due: datetime.datetime = datetime.datetime(2026, 11, 23, 6, 13, 34, tzinfo=datetime.timezone.utc)
    length: datetime.timedelta = datetime.timedelta(hours=36)
    price: decimal.Decimal = decimal.Decimal("4.50")
    number: uuid.UUID = uuid.UUID(int=0x12345678123456781234567812345678)  # noqa: RUF009  # it is immutable
    file: pathlib.PurePosixPath = pathlib.PurePosixPath("/srv/tea.txt")  # noqa: RUF009  # it is immutable
    raw: bytes = b"\x00\xff"
    pages: dict[int, str] = dataclasses.field(default_factory=lambda: {1: "one", 2: "zwölf"})
    notes: list[typing.Any] = dataclasses.field(default_factory=lambda: [None, True, 1.5, "a", [2**70]])


def is_waited_for() -> bool:
    return "GO" not in os.environ


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("write")
@wfepy.followed_by("photograph")
@wfepy.followed_by("advertise", lambda draft: draft.title == "Coffee")
def begin(draft):
    return True


@wfepy.task()
@wfepy.followed_by("read")
def write(draft):
    draft.length += datetime.timedelta(hours=1)
    return True


@wfepy.task()
@wfepy.followed_by("write", lambda draft: draft.reads < draft.rounds)
@wfepy.followed_by("print")
def read(draft):
    if draft.reads and is_waited_for():
        return wfepy.wait(reason=f"read {draft.reads} times")
    draft.reads += 1
    return True


@wfepy.task()
@wfepy.followed_by("print", on="any")
@wfepy.followed_by("apologise", on="failed")
def photograph(draft):
    if draft.trouble == "no light":
        raise wfepy.GiveUp("no light")
    if draft.trouble == "no camera" and is_waited_for():
        raise LookupError("no camera")
    if draft.trouble == "power cut" and is_waited_for():
        os.kill(os.getpid(), signal.SIGKILL)
    return True


@wfepy.task()
@wfepy.end_point()
def apologise(draft):
    return not is_waited_for() or wfepy.wait(reason="nobody apologises")


@wfepy.task()
@wfepy.followed_by("print")
def advertise(draft):
    return True


@wfepy.task("print")
@wfepy.join_point()
@wfepy.followed_by("sell", lambda draft: draft.trouble != "no buyers")
def print_it(draft):
    if draft.trouble == "no paper":
        raise wfepy.GiveUp("no paper")
    draft.printed = True
    return True


@wfepy.task()
@wfepy.join_point("all")
@wfepy.end_point()
def sell(draft):
    return True


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("reach")
def phone(draft):
    return False  # nobody answers


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("reach")
def mail(draft):
    return draft.reads > 0 or wfepy.wait(reason="no answer yet")


@wfepy.task()
@wfepy.join_point("any", cancel_rest=True)
@wfepy.followed_by("sell")
def reach(draft):
    return True
