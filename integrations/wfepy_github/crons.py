"""The schedules as GitHub takes them: five fields of numbers, a time zone beside them, five minutes apart at least.

GitHub starts a job late or not at all, so these are hints: each job advances everything. What is due within five
minutes of each other is served by one job after the last of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wfepy_hooks import ScheduleEntry

__all__ = ["SHORTEST", "Cron", "crons"]

#: Minutes: GitHub starts a job no more often.
SHORTEST = 5


@dataclass(frozen=True, slots=True)
class Cron:
    """One entry below ``schedule:``.

    :ivar text: the five fields
    :ivar timezone: an IANA name
    :ivar wanted_by: what it is for, such as ``coffee (start)``
    :ivar is_widened: it is less often than was asked for
    """

    text: str
    timezone: str
    wanted_by: tuple[str, ...]
    is_widened: bool


def crons(entries: Iterable[ScheduleEntry]) -> list[Cron]:
    """Return what is needed for all entries: none twice, and none whose moments are all among those of another.

    :raises ScheduleError: if a schedule is wrong; with its place
    """
    found: list[_Wanted] = []
    for entry in entries:
        wanted = _Wanted(entry)
        for other in found:
            if other.covers(wanted):
                other.take(wanted)
                break
        else:
            for other in [each for each in found if wanted.covers(each)]:
                wanted.take(other)
                found.remove(other)
            found.append(wanted)
    return [each.cron() for each in found]


class _Wanted:
    """What one or several entries want of GitHub."""

    def __init__(self, entry: ScheduleEntry) -> None:
        schedule = entry.schedule()
        self._fields = schedule.cron.fields
        self._is_either_day = schedule.cron.is_either_day
        self._zone = schedule.zone.key
        self._names = [f"{entry.workflow} ({entry.kind})"]
        around_the_clock = len(schedule.cron.hour.values) == 24
        self.minutes = minutes_apart(schedule.cron.minute.values, around_the_clock=around_the_clock)
        self._is_widened = self.minutes != schedule.cron.minute.values
        first = entry.expression.split()[0]
        if self.minutes[0] == 0 and first[0] != "@" and "h" in first.lower() and self.minutes[-1] < 59:
            # Whoever writes H does not care for the minute, and at minute 0 GitHub is busiest.
            self.minutes = tuple(each + 1 for each in self.minutes)

    def covers(self, other: _Wanted) -> bool:
        """Return whether each moment of another one is one of this."""
        if self._zone != other._zone or not set(self.minutes) >= set(other.minutes):
            return False
        if self._is_either_day or other._is_either_day:
            return [each.text for each in self._fields[1:]] == [each.text for each in other._fields[1:]]
        pairs = zip(self._fields[1:], other._fields[1:], strict=True)
        return all(set(ours.values) >= set(theirs.values) for ours, theirs in pairs)

    def take(self, other: _Wanted) -> None:
        """Serve another one, too, whose moments are among those of this."""
        self._names += [name for name in other._names if name not in self._names]
        self._is_widened |= other._is_widened

    def cron(self) -> Cron:
        """Return this for GitHub."""
        minute, *rest = self._fields
        first = minute.text if self.minutes == minute.values else _minute_text(self.minutes)
        text = " ".join([first, *(each.text for each in rest)])
        return Cron(text, self._zone, tuple(self._names), self._is_widened)


def minutes_apart(minutes: Sequence[int], *, around_the_clock: bool = True) -> tuple[int, ...]:
    """Return minutes that are five apart, with one at or soon after each of ``minutes``.

    :param around_the_clock: whether the first minute comes again after the last one, in the next hour
    """
    found: list[int] = []
    for number, minute in enumerate(minutes):
        if found and minute <= found[-1]:
            continue  # the one before it comes later, and serves both
        earliest = found[-1] + SHORTEST if found else 0
        is_first_of_some = number + 1 < len(minutes) and minutes[number + 1] - minute < SHORTEST
        wanted = max(earliest, minute + SHORTEST - 1 if is_first_of_some and minute >= earliest else minute)
        if earliest > 59:
            if around_the_clock and found[0] < SHORTEST:
                break  # the first one of the next hour serves it
            found.pop()
        found.append(min(wanted, 59))
    if around_the_clock and len(found) > 1 and found[0] + 60 - found[-1] < SHORTEST:
        found.pop()  # the first one of the next hour serves it
    return tuple(found)


def _minute_text(minutes: Sequence[int]) -> str:
    steps = {after - before for before, after in pairwise(minutes)}
    if len(minutes) > 3 and len(steps) == 1:
        return f"{minutes[0]}-{minutes[-1]}/{steps.pop()}"
    return ",".join(map(str, minutes))
