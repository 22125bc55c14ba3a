"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..clock import UTC
from ..timing import parse_duration, to_moment

__all__ = ["FIRST_MOMENT", "FakeClock"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..timing import Duration, Moment

#: When a test begins that does not say it: a Monday morning.
FIRST_MOMENT = datetime(2026, 1, 5, 9, tzinfo=UTC)


class FakeClock:
    """Returns the moment at which it was set: ``clock()``.

    :ivar now: the moment, in UTC
    """

    def __init__(self, now: Moment = FIRST_MOMENT) -> None:
        """
        :param now: an aware datetime, or text such as ``"2026-01-05T09:00Z"``
        :raises ValueError: if it is none
        """
        self.now = to_moment(now, FIRST_MOMENT, "now")

    def __call__(self) -> datetime:
        return self.now

    def __repr__(self) -> str:
        return f"<FakeClock {self.now:%Y-%m-%d %H:%M:%S}Z>"

    def advance(self, duration: Duration) -> None:
        """Let time pass, such as ``"3d"`` or a timedelta."""
        self.now += parse_duration(duration, "how far to advance")

    def seconds(self) -> float:
        """Return it as a number, by which an attempt took as long as the test says: usually no time."""
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass at once, as the short delays of retries ask for."""
        self.now += timedelta(seconds=seconds)
