"""Where a time axis has ticks and what stands at them, from milliseconds to years, in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from ...clock import UTC
from ...timing import duration_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DAY = 86400
#: Seconds between ticks. Of a day and below they divide a day, so that midnight is always one.
STEPS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200),
    *(_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY),
)
#: Months between ticks, for more.
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in any locale
# A Monday, so that weeks begin with one.
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)


class Tick(NamedTuple):
    """A moment and what stands there."""

    at: datetime
    label: str


def ticks(start: datetime, end: datetime, room: Callable[[int], int]) -> list[Tick]:
    """Return round moments between ``start`` and ``end``, as many as there is room for.

    :param room: how many labels of so many characters there is room for
    """
    span = (end - start).total_seconds()
    for step in STEPS:
        if span / step <= room(_width(step)):
            return list(_every(step, start, end))
    for months in MONTHS:
        if span / (30 * _DAY * months) <= room(8):
            break
    else:
        months = MONTHS[-1]
    return list(_every_months(months, start, end))


def _width(step: float) -> int:
    return 12 if step < 1 else 8 if step < 60 else 6


def _every(step: float, start: datetime, end: datetime) -> Iterator[Tick]:
    # In whole milliseconds, since sums of fractions miss midnight.
    each = round(step * 1000)
    number = (start - _EPOCH) // timedelta(milliseconds=1) // each
    while (at := _EPOCH + timedelta(milliseconds=number * each)) <= end:
        if at >= start:
            yield Tick(at, _label(at, step))
        number += 1


def _label(at: datetime, step: float) -> str:
    if step >= _DAY:
        return f"{_NAMES[at.month - 1]} {at.day:02}"
    if step >= 60:
        return f"{at:%H:%M}" if at.hour or at.minute else f"{_NAMES[at.month - 1]} {at.day:02}"
    return f"{at:%H:%M:%S}" + (f".{at.microsecond // 1000:03}" if step < 1 else "")


def _every_months(step: int, start: datetime, end: datetime) -> Iterator[Tick]:
    number = (start.year * 12 + start.month - 1) // step * step
    while (at := datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)) <= end:
        if at >= start:
            yield Tick(at, f"{_NAMES[at.month - 1]} {at.year}")
        number += step


def span_text(start: datetime, end: datetime) -> str:
    """Return from when to when an axis goes: the date once where it is the same."""
    precise = (end - start).total_seconds() < 10

    def clock(at: datetime) -> str:
        return f"{at:%H:%M:%S}" + (f".{at.microsecond // 1000:03}" if precise else "")

    last = clock(end) if start.date() == end.date() else f"{end:%Y-%m-%d} {clock(end)}"
    return f"{start:%Y-%m-%d} {clock(start)} to {last} UTC"


def took_text(took: timedelta) -> str:
    """Return how long something took; nobody reads microseconds."""
    seconds = took.total_seconds()
    if seconds >= 1:
        return duration_text(took)
    return f"{seconds * 1000:.0f}ms" if seconds >= 0.001 else "<1ms"
