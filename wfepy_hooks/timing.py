"""Durations and moments as users write them: ``"3d"``, a timedelta, an aware datetime."""

from __future__ import annotations

from datetime import datetime, timedelta

from .clock import UTC

__all__ = ["duration_text", "parse_duration", "to_moment"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Duration: TypeAlias = str | timedelta
    Moment: TypeAlias = str | timedelta | datetime

#: Seconds of each unit. A day is 24 hours and a week 168: all times are kept in UTC, which has no other days.
UNITS = {"w": 604800, "d": 86400, "h": 3600, "min": 60, "m": 60, "s": 1, "ms": 0.001}
_FORMS = 'such as "90s", "15min", "2h30m", "3d" or "1w"'
_LONGEST = timedelta(days=36525)


def parse_duration(value: Duration, what: str = "duration") -> timedelta:
    """Return a duration as a timedelta.

    :param value: a timedelta, or text such as ``"90s"``, ``"15min"``, ``"2h30m"``, ``"3d"``, ``"1w"``
    :param what: what an error calls it
    :raises TypeError: if it is neither
    :raises ValueError: if the text is no duration, or it is negative or longer than a hundred years
    """
    if isinstance(value, timedelta):
        found = value
    elif isinstance(value, str):
        found = timedelta(seconds=_seconds(value, what))
    else:
        raise TypeError(f"{what} must be a timedelta or text {_FORMS}, not {value!r}")
    if not timedelta(0) <= found <= _LONGEST:
        raise ValueError(f"{what} must be between nothing and a hundred years, not {value!r}")
    return found


def _seconds(text: str, what: str) -> float:
    """Return the sum of the parts of ``text``, each a number with a unit, in any order but each unit once."""
    total, number, unit, seen = 0.0, "", "", set()
    for c in [*text.replace(" ", ""), "0"]:
        if unit and (c.isdigit() or c == "."):
            if unit not in UNITS or UNITS[unit] in seen:
                break
            try:
                total += float(number) * UNITS[unit]
            except ValueError:
                break
            seen.add(UNITS[unit])
            number, unit = c, ""
        elif c.isascii() and (c.isdigit() or c == "."):
            number += c
        elif number and c.isascii():
            unit += c.lower()
        else:
            break
    else:
        if seen and number == "0":
            return total
    raise ValueError(f"{what} must be {_FORMS}, not {text!r}")


def to_moment(value: Moment, now: datetime, what: str = "moment") -> datetime:
    """Return a moment in UTC.

    :param value: an aware datetime, a duration from ``now`` on, or either as text
    :param now: when durations start
    :param what: what an error calls it
    :raises TypeError: :raises ValueError: if it is none of these, or a datetime without a time zone
    """
    given = value
    if isinstance(value, str) and "-" in value:
        try:
            # Python 3.10's fromisoformat does not know "Z".
            value = datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith(("Z", "z")) else value)
        except ValueError:
            raise ValueError(
                f'{what} must be a duration {_FORMS}, or a date and time such as "2026-12-24T18:00+01:00", '
                f"not {value!r}"
            ) from None
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            form = (
                'it like "2026-12-24T18:00+01:00"'
                if isinstance(given, str)
                else "datetime(..., tzinfo=ZoneInfo(...))"
            )
            raise ValueError(f"{what} {given!r} has no time zone; write {form} or a duration")
        return value.astimezone(UTC)
    return now + parse_duration(value, what)


def duration_text(duration: timedelta | float) -> str:
    """Return a duration as a person would say it, in its two largest units: ``2d 3h``, ``15min``, ``0.5s``.

    :param duration: a timedelta, or seconds
    """
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 10:
        return f"{sign}{seconds:.3g}s"
    whole = int(seconds)
    parts = []
    for unit in ("d", "h", "min", "s"):
        size = int(UNITS[unit])
        if whole >= size:
            parts.append((unit, whole // size))
            whole %= size
        elif parts:
            parts.append((unit, 0))
    return sign + " ".join(f"{count}{unit}" for unit, count in parts[:2] if count)
