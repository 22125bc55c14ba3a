"""How often ``wfepy tick --due`` must be woken up: at which minutes of the hour something can be due."""

from __future__ import annotations

from .clock import system_clock
from .offsets import offsets_ahead

__all__ = ["needed_minutes"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from .cron import CronExpression
    from .offsets import ZoneOffsets
    from .schedule import Schedule
    from .scheduling import ScheduleEntry


def needed_minutes(
    entries: Iterable[ScheduleEntry], offsets: Iterable[int], *, since: datetime | None = None
) -> tuple[int, ...]:
    """Return the minutes of the hour at which any of the schedules can be due within two years, ascending.

    There may be more than needed: which of the offsets of two zones come together is not looked at, nor the date on
    which clocks are changed, so that the answer does not change from one day to the next.

    :param entries: the schedules
    :param offsets: the offsets from UTC, in minutes, of the clock that the minutes are read from
    :param since: when the two years begin; by default now
    :raises ScheduleError: if a schedule is wrong; with its place
    """
    since = system_clock() if since is None else since
    clock = tuple(offsets)
    ahead: dict[str, ZoneOffsets] = {}
    utc: set[int] = set()
    for entry in entries:
        schedule = entry.schedule()
        name = entry.timezone
        if name not in ahead:
            ahead[name] = offsets_ahead(schedule.zone, since)
        utc.update(_minutes(schedule, ahead[name]))
    return tuple(sorted({(minute + offset) % 60 for minute in utc for offset in clock}))


def _minutes(schedule: Schedule, ahead: ZoneOffsets) -> Iterator[int]:
    """Yield the minutes of the hour in UTC at which a schedule can be due."""
    for offset in ahead.offsets:
        for minute in schedule.cron.minute.values:
            yield (minute - offset) % 60
    if schedule.follows_the_wall:
        return
    for change in ahead.changes:
        if any(_names(schedule.cron, wall) for wall in change.gap):
            yield change.moment.minute  # what the clock skips is due at the end of the gap


def _names(cron: CronExpression, wall: datetime) -> bool:
    return wall.minute in cron.minute.values and wall.hour in cron.hour.values
