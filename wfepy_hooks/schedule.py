"""When a cron expression is due, in a time zone with all its oddities.

The expression is matched against the time that a clock on the wall shows, and each such time is one moment, except
where the clock is changed:

* A schedule with ``*`` in the minute or the hour follows the wall clock: what it shows twice is due twice, and what it
  does not show is not due.
* Any other schedule is due once for each time it names: the first time, where the clock shows it twice, and the first
  moment after the gap, where the clock skips it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from .clock import UTC
from .cron import parse_cron
from .errors import ScheduleError

__all__ = ["FIRST_PASS", "GAP", "SECOND_PASS", "Occurrence", "Schedule", "find_zone"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

#: Rules that :attr:`Occurrence.rule` may have.
GAP, FIRST_PASS, SECOND_PASS = "gap", "first pass", "second pass"

_MINUTE = timedelta(minutes=1)
#: How far back :meth:`Schedule.latest` looks: 29 February on a Sunday comes every 28 years, and skips one in 2100.
_LONGEST = timedelta(days=366 * 41)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One moment at which a schedule is due.

    :ivar due: the moment, in UTC
    :ivar wall: the time that the expression names, as the clock on the wall shows it, or would show it in a gap
    :ivar rule: empty, or which rule for the change of clocks applied: :data:`GAP`, :data:`FIRST_PASS` or
        :data:`SECOND_PASS`
    """

    due: datetime
    wall: datetime
    rule: str = ""


class Schedule:
    """A cron expression in a time zone.

    :ivar cron: the expression, see :class:`.CronExpression`
    :ivar zone: the time zone
    """

    __slots__ = ("cron", "zone")

    def __init__(self, expression: str, timezone: str = "UTC", *, seed: str = "") -> None:
        """Read a schedule.

        :param expression: five fields as in crontab(5), or ``@daily`` and the like; see :mod:`.cron`
        :param timezone: an IANA name such as ``Europe/Prague``
        :param seed: what each ``H`` is picked by
        :raises ScheduleError: if one of them is wrong
        """
        self.cron = parse_cron(expression, seed)
        self.zone = find_zone(timezone)

    def __repr__(self) -> str:
        return f"Schedule({self.cron.source!r}, {self.zone.key!r})"

    @property
    def follows_the_wall(self) -> bool:
        """Whether it has ``*`` in the minute or the hour: then a change of clocks neither moves nor drops anything."""
        return self.cron.minute.star or self.cron.hour.star

    def after(self, moment: datetime) -> Iterator[Occurrence]:
        """Yield what is due after ``moment``, an aware datetime, in order and without end.

        :raises ValueError: if ``moment`` has no time zone
        """
        moment = _in_utc(moment)
        second_passes: deque[Occurrence] = deque()
        for wall in self._walls(moment):
            found = self._first(wall, second_passes)
            if found is None:
                continue
            while second_passes and second_passes[0].due < found.due:
                if (second := second_passes.popleft()).due > moment:
                    yield second
            if found.due > moment:
                # Several times in one gap are due at the same moment, which then counts once.
                moment = found.due
                yield found
        yield from (each for each in second_passes if each.due > moment)

    def _first(self, wall: datetime, second_passes: deque[Occurrence]) -> Occurrence | None:
        """Return when a time on the wall is due first, if it is, and note when it is due again."""
        offsets = [wall.replace(tzinfo=self.zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1)]
        first, second = (wall.replace(tzinfo=UTC) - offset for offset in offsets)
        if first == second:
            return Occurrence(first, wall)
        if first < second:
            if self.follows_the_wall:
                second_passes.append(Occurrence(second, wall, SECOND_PASS))
            return Occurrence(first, wall, FIRST_PASS)
        if self.follows_the_wall:
            return None
        return Occurrence(self._end_of_gap(second, first), wall, GAP)

    def _walls(self, moment: datetime) -> Iterator[datetime]:
        """Yield the times on the wall that match, from a little before ``moment`` on."""
        from croniter import CroniterBadDateError, croniter  # lazily: it takes 70 to 130 ms

        local = moment.astimezone(self.zone)
        start = local.replace(tzinfo=None, fold=0, second=0, microsecond=0) - _MINUTE
        offsets = [local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1)]
        # In the first pass, the second pass of the times before is still to come.
        start -= max(offsets[0] - offsets[1], timedelta())
        # Naive times, and the rule of Vixie's cron for days: on that croniter agrees with Debian's.
        walls = croniter(self.cron.text, start, ret_type=datetime, implement_cron_bug=True)
        while True:
            try:
                yield walls.get_next(datetime)
            except (CroniterBadDateError, OverflowError, ValueError):  # it does not come again
                return

    def _end_of_gap(self, before: datetime, after: datetime) -> datetime:
        """Return the moment between two others at which the clock is changed."""
        old = before.astimezone(self.zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = before + (after - before) // 2
            if middle.astimezone(self.zone).utcoffset() == old:
                before = middle
            else:
                after = middle
        return after.replace(microsecond=0)

    def next(self, moment: datetime) -> Occurrence | None:
        """Return what is due next after ``moment``, or ``None`` if nothing ever is."""
        return next(self.after(moment), None)

    def between(self, after: datetime, until: datetime) -> Iterator[Occurrence]:
        """Yield what is due after one moment and not after another, in order."""
        until = _in_utc(until)
        return takewhile(lambda each: each.due <= until, self.after(after))

    def latest(self, until: datetime, *, most: int = 1, after: datetime | None = None) -> list[Occurrence]:
        """Return the last occurrences that are not after ``until``, in order.

        :param most: how many at the most
        :param after: none of this moment or before it
        """
        until = _in_utc(until)
        floor = until - _LONGEST if after is None else _in_utc(after)
        span = timedelta(hours=1)
        while True:
            start = max(floor, until - span)
            found = deque(self.between(start, until), maxlen=most)
            if len(found) == most or start <= floor:
                return list(found)
            span *= 4


def _in_utc(moment: datetime) -> datetime:
    """Return an aware datetime in UTC: two in one zone are compared and subtracted as the walls show them."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC)


def find_zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    :raises ScheduleError: if there is none of this name, or the machine has no time zones at all
    """
    from zoneinfo import ZoneInfo  # lazily: 3 ms

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:  # of a folder, of "..", of a name that there is not
        if name == "UTC":  # it is the default, which must not hang on what the machine has
            return _utc()
        raise ScheduleError(
            "there is no such time zone", field="timezone", value=name, hint=_zone_hint(name)
        ) from error


def _utc() -> ZoneInfo:
    from io import BytesIO
    from zoneinfo import ZoneInfo

    # The shortest file of a time zone: one kind of local time, with the name at its end.
    header = b"TZif" + bytes(16) + b"".join(count.to_bytes(4, "big") for count in (0, 0, 0, 0, 1, 4))
    return ZoneInfo.from_file(BytesIO(header + bytes(6) + b"UTC\0"), key="UTC")


def _zone_hint(name: str) -> str:
    from zoneinfo import available_timezones

    from .suggest import closest  # lazily: it is slow

    known = sorted(available_timezones() - {"localtime"})  # which is in the folder of some machines
    if not known:
        return "this machine has no time zones: install tzdata (pip install tzdata)"
    if any(sign in name for sign in "+-0123456789"):
        return 'write the name of a place, such as "Europe/Prague": an offset changes with the seasons'
    if inside := [each for each in known if each.startswith(f"{name}/")]:
        return f'write a place in it, such as "{inside[0]}"'
    wanted = name.lower().replace(" ", "_")
    cities = [each for each in known if wanted in (each.lower(), each.lower().rpartition("/")[2])]
    if match := next(iter(cities), closest(name, known)):
        return f'did you mean "{match}"?'
    return 'write the name of a place, such as "Europe/Prague"'
