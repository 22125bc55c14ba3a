"""The one place that reads the clock. A clock is any callable that returns an aware UTC datetime."""

from __future__ import annotations

from datetime import datetime, timezone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Clock: TypeAlias = Callable[[], datetime]

UTC = timezone.utc


def system_clock() -> datetime:
    """Return the time of the machine, in UTC."""
    return datetime.now(UTC)


def format_time(moment: datetime) -> str:
    """Return ``moment`` as ISO 8601 in UTC with a ``Z``, to the microsecond: ``2026-11-23T06:13:34.000000Z``."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    # Five times as fast as strftime, and each history record has one.
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def parse_time(text: str) -> datetime:
    """Return the moment that :func:`format_time` wrote.

    :raises ValueError: if ``text`` is not such a moment
    """
    # Python 3.10's fromisoformat does not know "Z".
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text).astimezone(UTC)
