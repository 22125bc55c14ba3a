"""What the schedules of a project are due to do next."""

from __future__ import annotations

from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from wfepy_hooks import Config, Occurrence, Schedule, ScheduleEntry

__all__ = ["RULES", "Coming", "coming", "iso", "local", "next_line", "utc"]

#: What is said of :attr:`.Occurrence.rule`.
RULES = {
    "": "",
    "gap": "the clocks skip {wall}: due when they go on",
    "first pass": "the clocks show {wall} twice: due the first time",
    "second pass": "the clocks show {wall} twice: due the second time, too",
}


class Coming:
    """One thing to come.

    :ivar entry: by which schedule; :ivar schedule: the same, read
    :ivar occurrence: when
    """

    __slots__ = ("entry", "occurrence", "schedule")

    def __init__(self, entry: ScheduleEntry, schedule: Schedule, occurrence: Occurrence) -> None:
        self.entry = entry
        self.schedule = schedule
        self.occurrence = occurrence


def coming(entries: list[ScheduleEntry], now: datetime, count: int) -> list[Coming]:
    """Return the next ``count`` things, in order.

    :raises ScheduleError: if a schedule is wrong
    """
    found = []
    for entry in entries:
        schedule = entry.schedule()
        found += [Coming(entry, schedule, each) for each in islice(schedule.after(now), count)]
    return sorted(found, key=lambda each: each.occurrence.due)[:count]


def utc(moment: datetime) -> str:
    """Return a moment in UTC, as ``2026-11-26 08:00Z``."""
    return f"{moment:%Y-%m-%d %H:%M}Z"


def iso(occurrence: Occurrence) -> str:
    """Return when something is due, for programs: ``2026-11-26T08:00:00Z``."""
    return f"{occurrence.due:%Y-%m-%dT%H:%M:%SZ}"


def local(moment: datetime, schedule: Schedule) -> str:
    """Return a moment as the clocks of a schedule's zone show it."""
    return f"{moment.astimezone(schedule.zone):%a %Y-%m-%d %H:%M %Z}"


def next_line(config: Config) -> str:
    """Return one line about what is due first."""
    from .wishes import read_schedules

    first = coming(read_schedules(config), config.clock(), 1)
    if not first:
        return "next: nothing is ever due"
    each = first[0]
    what = "begins" if each.entry.kind == "start" else "is advanced"
    due = each.occurrence.due
    return f"next: {each.entry.workflow} {what} {local(due, each.schedule)} ({utc(due)})"
