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

    from wfepy_hooks import Schedule, ScheduleEntry

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
    """Return each different cron text with its time zone once, in the order in which they are asked for.

    :raises ScheduleError: if a schedule is wrong; with its place
    """
    found: dict[tuple[str, str], tuple[tuple[str, ...], bool]] = {}
    for entry in entries:
        schedule = entry.schedule()
        minutes = schedule.cron.minute.values
        apart = minutes_apart(minutes, around_the_clock=len(schedule.cron.hour.values) == 24)
        text = _text(schedule, entry, apart)
        names, is_widened = found.get((text, schedule.zone.key), ((), False))
        names = tuple(dict.fromkeys([*names, f"{entry.workflow} ({entry.kind})"]))
        found[text, schedule.zone.key] = names, is_widened or apart != minutes
    return [Cron(text, zone, names, wide) for (text, zone), (names, wide) in found.items()]


def _text(schedule: Schedule, entry: ScheduleEntry, apart: tuple[int, ...]) -> str:
    minutes = apart
    first = entry.expression.split()[0]
    if minutes[0] == 0 and first[0] != "@" and "h" in first.lower():
        # Whoever writes H does not care for the minute, and at minute 0 GitHub is busiest.
        minutes = tuple(each + 1 for each in minutes) if minutes[-1] < 59 else (1, *minutes[1:])
    fields = [each.text for each in schedule.cron.fields]
    return " ".join(
        [_minute_text(minutes) if minutes != schedule.cron.minute.values else fields[0], *fields[1:]]
    )


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
