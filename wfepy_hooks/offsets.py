"""The offsets from UTC that a time zone has in the time to come, and the moments at which its clocks are changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .clock import UTC

__all__ = ["HORIZON", "ClockChange", "ZoneOffsets", "offsets_ahead"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import tzinfo

#: How far ahead is looked. Each rule of a zone recurs within a year; the second is for who installs once and forgets.
HORIZON = timedelta(days=2 * 366)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A moment at which the clocks of a zone are changed.

    :ivar moment: the first one with the new offset, in UTC
    :ivar before: :ivar after: the offsets from UTC, in minutes
    """

    moment: datetime
    before: int
    after: int

    @property
    def gap(self) -> tuple[datetime, ...]:
        """The minutes that the clock on the wall skips, without a time zone; empty if it shows some of them twice."""
        first = self.moment.replace(tzinfo=None) + timedelta(minutes=self.before)
        return tuple(first + timedelta(minutes=number) for number in range(self.after - self.before))


@dataclass(frozen=True, slots=True)
class ZoneOffsets:
    """What :func:`offsets_ahead` found.

    :ivar offsets: each offset from UTC that the zone has, in minutes, ascending
    :ivar changes: when one follows another
    """

    offsets: tuple[int, ...]
    changes: tuple[ClockChange, ...]


def offsets_ahead(zone: tzinfo, since: datetime) -> ZoneOffsets:
    """Return the offsets that a zone has from ``since`` on, for :data:`HORIZON`.

    :param since: an aware datetime; only its day counts
    """
    # From its midnight on, so that what is generated twice in a day is the same.
    day = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = day + HORIZON
    offsets, changes = {_offset(zone, day)}, []
    while day < end:
        following = day + _DAY
        before, after = _offset(zone, day), _offset(zone, following)
        if before != after:
            changes.append(ClockChange(_moment(zone, day, following), before, after))
        offsets.add(after)
        day = following
    return ZoneOffsets(tuple(sorted(offsets)), tuple(changes))


def _offset(zone: tzinfo, moment: datetime) -> int:
    return (moment.astimezone(zone).utcoffset() or timedelta()) // timedelta(minutes=1)


def _moment(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the first minute with the offset of ``after``."""
    old = _offset(zone, before)
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // 2
        middle = middle.replace(second=0, microsecond=0)
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after
