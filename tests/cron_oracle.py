"""A slow and obvious model of when a cron expression is due: read the clock on the wall, minute by minute.

It knows nothing of croniter and of the code under test, and reads the five fields itself, as in crontab(5). Of each
zone it knows the windows of some days around the moments at which the clock is changed.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

UTC = timezone.utc
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))

#: Zones, and years in which their clocks were changed in a way of their own.
PLACES = [
    ("Europe/Prague", 2026),
    ("Europe/Prague", 2045),  # beyond 2037, where the tables of old files end
    ("America/New_York", 2026),
    ("Australia/Lord_Howe", 2026),  # by 30 minutes
    ("Africa/Casablanca", 2025),  # back for Ramadan
    ("Asia/Beirut", 2024),  # there is no midnight
    ("Pacific/Apia", 2011),  # there is no 30 December
    ("Pacific/Kwajalein", 1993),  # nor a 21 August
    ("America/Havana", 2024),  # midnight comes twice
    ("Europe/Dublin", 2026),  # its winter time is the one that saves
    ("America/Sao_Paulo", 2017),  # 23:00 comes twice, and then midnight of a date that has begun before
    ("America/St_Johns", 2010),  # at 0:01
    ("Asia/Baghdad", 2005),  # on the same dates each year
    ("Asia/Pyongyang", 2015),
    ("Asia/Pyongyang", 2018),  # a gap that ends at midnight
    ("Asia/Kathmandu", 1985),  # by 15 minutes
    ("Antarctica/Troll", 2026),  # by two hours
    ("Asia/Kolkata", 2028),  # never
    ("UTC", 2028),
]


class Reading(NamedTuple):
    """What is on the wall at a moment, or would be in a gap that ends then."""

    due: datetime
    wall: datetime
    rule: str


@dataclass(frozen=True)
class Fields:
    """The five fields of an expression of numbers and names."""

    sets: tuple[frozenset[int], ...]
    stars: tuple[bool, ...]

    @property
    def follows_the_wall(self) -> bool:
        return self.stars[0] or self.stars[1]

    def has_day(self, day: date) -> bool:
        """Vixie's rule: of two days either is enough, unless a field of days starts with a ``*``."""
        if day.month not in self.sets[3]:
            return False
        by_month, by_week = day.day in self.sets[2], day.isoweekday() % 7 in self.sets[4]
        if self.stars[2] or self.stars[4]:
            return by_month and by_week
        return by_month or by_week


@functools.cache
def read(expression: str) -> Fields:
    words = expression.lower().split()
    sets = [numbers_of(word, *BOUNDS[at]) for at, word in enumerate(words)]
    sets[4] = frozenset(number % 7 for number in sets[4])
    return Fields(tuple(sets), tuple(word.startswith("*") for word in words))


def numbers_of(word: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for item in word.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        begin, end = (low, high) if span == "*" else (number(first), number(last or first))
        if end == 0 < begin:  # until Sunday
            end = 7
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def number(text: str) -> int:
    for names, first in ((MONTHS, 1), (WEEKDAYS, 0)):
        if text in names:
            return names.index(text) + first
    return int(text)


class Window:
    """What the clocks of a zone show from one moment to another, both of whole minutes in UTC."""

    def __init__(self, zone: str, start: datetime, end: datetime) -> None:
        self.zone, self.start, self.end = zone, start, end
        self.readings: dict[date, dict[int, list[Reading]]] = defaultdict(lambda: defaultdict(list))
        for reading in self._read(ZoneInfo(zone)):
            self.readings[reading.wall.date()][reading.wall.hour].append(reading)

    def __repr__(self) -> str:
        return f"<{self.zone} from {self.start} to {self.end}>"

    def _read(self, zone: ZoneInfo) -> list[Reading]:
        found: list[Reading] = []
        shown: dict[datetime, int] = {}
        # What is shown twice, is shown twice within a day and a bit.
        moment, last = self.start - DAY - HOUR, None
        while moment < self.end + DAY + HOUR:
            wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
            assert not wall.second, "an offset with seconds"
            while last is not None and last + MINUTE < wall:
                last += MINUTE
                found.append(Reading(moment, last, "gap"))
            rule = ""
            if wall in shown:
                found[shown[wall]] = found[shown[wall]]._replace(rule="first pass")
                rule = "second pass"
            shown[wall] = len(found)
            found.append(Reading(moment, wall, rule))
            moment, last = moment + MINUTE, wall
        return found

    def due(self, expression: str) -> list[Reading]:
        """Return when ``expression`` is due after the start of this window and not after its end."""
        fields = read(expression)
        ignored = "gap" if fields.follows_the_wall else "second pass"
        found: dict[datetime, Reading] = {}
        for day, hours in self.readings.items():
            if fields.has_day(day):
                for hour in hours.keys() & fields.sets[1]:
                    for reading in hours[hour]:
                        if reading.wall.minute in fields.sets[0] and reading.rule != ignored:
                            other = found.setdefault(reading.due, reading)
                            if reading.wall < other.wall:
                                found[reading.due] = reading
        return sorted(each for each in found.values() if self.start < each.due <= self.end)


@functools.cache
def changes(zone: str, year: int) -> list[datetime]:
    """Return the moments of a year at which the clock is changed; of none, noon of a leap day."""
    key = ZoneInfo(zone)
    found = []
    moment = datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        before, after = moment.astimezone(key).utcoffset(), (moment + HOUR).astimezone(key).utcoffset()
        if before != after:
            minute = moment
            while minute.astimezone(key).utcoffset() == before:
                minute += MINUTE
            found.append(minute)
        moment += HOUR
    return found or [datetime(year, 2, 29, 12, tzinfo=UTC)]


@functools.cache
def places() -> list[tuple[str, datetime]]:
    """Return each zone with each moment of its year at which its clock is changed."""
    return [(zone, change) for zone, year in PLACES for change in changes(zone, year)]


@functools.cache
def window_at(zone: str, change: datetime) -> Window:
    return Window(zone, change - HOUR * 30, change + HOUR * 30)


@functools.cache
def days(first: int, last: int) -> list[date]:
    """Return the days from one year to the end of another."""
    count = (date(last, 12, 31) - date(first, 1, 1)).days + 1
    return [date(first, 1, 1) + DAY * number for number in range(count)]


def due_in_years(expression: str, first: int, last: int) -> list[datetime]:
    """Return when ``expression`` is due in UTC from one year to the end of another."""
    fields = read(expression)
    return [
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        for day in days(first, last)
        if fields.has_day(day)
        for hour in sorted(fields.sets[1])
        for minute in sorted(fields.sets[0])
    ]
