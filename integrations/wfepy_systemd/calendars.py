"""``OnCalendar=`` for cron expressions in any time zone.

All is said in UTC, by lists of numbers: a timer of systemd with a time zone skips what the clock skips. A zone with
several offsets from UTC gives the lines of each: more than is due, since ``wfepy tick --due`` decides that exactly.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta

from wfepy_hooks import offsets_ahead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import TypeAlias

    from wfepy_hooks import ClockChange, Schedule, ScheduleEntry
    from wfepy_hooks.cron import CronExpression

    Numbers: TypeAlias = frozenset[int]
    #: Years, months and days.
    Dates: TypeAlias = tuple[str, Numbers, Numbers]

__all__ = ["Calendar", "calendars"]

_NAMES = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_ALL = {
    "weekdays": frozenset(range(7)),
    "months": frozenset(range(1, 13)),
    "days": frozenset(range(1, 32)),
    "hours": frozenset(range(24)),
    "minutes": frozenset(range(60)),
}
_EVERY = "*"
#: Leap years and the others. That 2100 is none makes a tick too many.
_LEAP, _COMMON = "2000/4", "2001/4,2002/4,2003/4"


@dataclass(frozen=True, slots=True)
class Calendar:
    """One ``OnCalendar=``: every moment whose parts are all in these sets, in UTC.

    :ivar weekdays: Sunday is 0
    :ivar years: as systemd writes them
    """

    weekdays: Numbers
    years: str
    months: Numbers
    days: Numbers
    hours: Numbers
    minutes: Numbers

    @property
    def text(self) -> str:
        """The value for systemd."""
        weekdays = ""
        if self.weekdays != _ALL["weekdays"]:
            weekdays = ",".join(_NAMES[number] for number in sorted(self.weekdays)) + " "
        dates = f"{self.years}-{self._part('months')}-{self._part('days')}"
        return f"{weekdays}{dates} {self._part('hours')}:{self._part('minutes')}:00 UTC"

    def _part(self, name: str) -> str:
        numbers: Numbers = getattr(self, name)
        return _EVERY if numbers == _ALL[name] else ",".join(f"{number:02}" for number in sorted(numbers))

    def covers(self, other: Calendar) -> bool:
        """Return whether each moment of another one is a moment of this one."""
        years = self.years in (_EVERY, other.years)
        return years and all(getattr(self, name) >= getattr(other, name) for name in _ALL)

    def sort_key(self) -> tuple[object, ...]:
        """Return what calendars are put in order by."""
        return (self.years, *(sorted(getattr(self, name)) for name in _ALL))


def calendars(entries: Iterable[ScheduleEntry], since: datetime) -> list[str]:
    """Return the values of ``OnCalendar=`` that cover all moments at which a schedule is due.

    :param since: from when on; the offsets of the zones are those of the two years after it
    :raises ScheduleError: if a schedule is wrong; with its place
    """
    found: set[Calendar] = set()
    for entry in entries:
        found.update(_of_schedule(entry.schedule(), since))
    return [each.text for each in _fewer(found)]


def _of_schedule(schedule: Schedule, since: datetime) -> Iterator[Calendar]:
    ahead = offsets_ahead(schedule.zone, since)
    for offset in ahead.offsets:
        for shift, hours, minutes in _times(schedule.cron, offset):
            for weekdays, months, days in _days(schedule.cron):
                moved = frozenset((number + shift) % 7 for number in weekdays)
                for dates in _dates(months, days, shift):
                    yield Calendar(moved, *dates, hours, minutes)
    if not schedule.follows_the_wall:
        for change in ahead.changes:
            yield from _end_of_gap(schedule.cron, change)


def _times(cron: CronExpression, offset: int) -> Iterator[tuple[int, Numbers, Numbers]]:
    """Yield the times of a day in UTC: by how many days that day is another one, the hours and the minutes."""
    hours: dict[tuple[int, int], set[int]] = defaultdict(set)
    for hour in cron.hour.values:
        for minute in cron.minute.values:
            shift, rest = divmod(hour * 60 + minute - offset, 1440)
            hours[shift, rest % 60].add(rest // 60)
    minutes: dict[tuple[int, Numbers], set[int]] = defaultdict(set)
    for (shift, minute), found in hours.items():
        minutes[shift, frozenset(found)].add(minute)
    for (shift, these), those in minutes.items():
        yield shift, these, frozenset(those)


def _days(cron: CronExpression) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
    """Yield the days of the week, the months and the days of the month; where either will do, both by themselves."""
    months, days, weekdays = (frozenset(each.values) for each in (cron.month, cron.day, cron.weekday))
    if cron.is_either_day:
        yield _ALL["weekdays"], months, days
        yield weekdays, months, _ALL["days"]
    else:
        yield weekdays, months, days


def _dates(months: Numbers, days: Numbers, shift: int) -> Iterator[Dates]:
    """Yield the dates that lie ``shift`` days after those of ``months`` and ``days``."""
    if not shift or (months == _ALL["months"] and days == _ALL["days"]):
        yield _EVERY, months, days
        return
    leap, common = (_shifted(months, days, shift, year) for year in (2028, 2027))
    # 29 February says by itself which years have it.
    both = (leap & common) | (leap & {(2, 29)})
    for years, pairs in ((_EVERY, both), (_LEAP, leap - both), (_COMMON, common - both)):
        yield from _products(years, pairs)


def _shifted(months: Numbers, days: Numbers, shift: int, year: int) -> set[tuple[int, int]]:
    found = set()
    for month in months:
        for day in days:
            try:
                moved = date(year, month, day) + timedelta(days=shift)
            except ValueError:  # 31 April
                continue
            found.add((moved.month, moved.day))
    return found


def _products(years: str, pairs: Iterable[tuple[int, int]]) -> Iterator[Dates]:
    """Yield few products of months and days that together are these pairs."""
    by_month: dict[int, set[int]] = defaultdict(set)
    for month, day in pairs:
        by_month[month].add(day)
    by_days: dict[Numbers, set[int]] = defaultdict(set)
    for month, days in by_month.items():
        whole = (date(2028, month % 12 + 1, 1) - timedelta(days=1)).day  # of a leap year
        by_days[_ALL["days"] if len(days) == whole else frozenset(days)].add(month)
    for these, months in by_days.items():
        yield years, frozenset(months), these


def _end_of_gap(cron: CronExpression, change: ClockChange) -> Iterator[Calendar]:
    """Yield when a fixed time is due that the clock skips; not by the date, which is another one each year."""
    if any(_names(cron, wall) for wall in change.gap):
        moment = change.moment
        weekday, month = frozenset([moment.isoweekday() % 7]), frozenset([moment.month])
        hour, minute = frozenset([moment.hour]), frozenset([moment.minute])
        yield Calendar(weekday, _EVERY, month, _ALL["days"], hour, minute)


def _names(cron: CronExpression, wall: datetime) -> bool:
    fields = (cron.minute, wall.minute), (cron.hour, wall.hour), (cron.month, wall.month)
    return all(number in field.values for field, number in fields)


def _fewer(found: Iterable[Calendar]) -> list[Calendar]:
    """Return fewer calendars that stand for the same moments, in order."""
    left = set(found)
    for name in ("hours", "minutes", "days", "months", "weekdays"):
        left = _merged(left, name)
    ordered = sorted(left, key=Calendar.sort_key)
    return [each for each in ordered if not any(other.covers(each) for other in ordered if other != each)]


def _merged(found: Iterable[Calendar], name: str) -> set[Calendar]:
    """Join those that differ in one part only."""
    groups: dict[tuple[object, ...], list[Calendar]] = defaultdict(list)
    others = [field.name for field in fields(Calendar) if field.name != name]
    for each in found:
        groups[tuple(getattr(each, other) for other in others)].append(each)
    return {
        replace(group[0], **{name: frozenset().union(*(getattr(each, name) for each in group))})  # type: ignore[arg-type]  # the years are not merged
        for group in groups.values()
    }
