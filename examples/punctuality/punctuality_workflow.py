"""How late are the schedules of GitHub Actions? Once a week this measures it, and says so.

It does nothing but look at the clock, so it does no harm wherever it runs.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import wfepy_hooks as wfepy
from wfepy_hooks.clock import format_time, parse_time

#: How many days an instance takes; a tick a day is asked for.
DAYS = 2


def too_late(context: wfepy.Context) -> bool:
    return max(context["minutes late"], default=0) > 12 * 60


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("measure")
def begin(context: wfepy.Context, instance: wfepy.Instance, now: datetime) -> bool:
    """Note how late the tick came that has begun this instance."""
    context["minutes late"] = [minutes(now - instance.due)] if instance.due else []
    context["next"] = format_time(now + timedelta(days=1))
    return True


@wfepy.task()
@wfepy.followed_by("measure", lambda context: len(context["minutes late"]) < DAYS)
@wfepy.followed_by("complain", too_late)
@wfepy.followed_by("praise", lambda context: not too_late(context))
def measure(context: wfepy.Context, now: datetime) -> bool | wfepy.Wait:
    """Wait for the next day, and note how late the tick is that notices it."""
    moment = parse_time(context["next"])
    if now < moment:
        return wfepy.wait(until=moment, reason="the next day has not come")
    context["minutes late"] = [*context["minutes late"], minutes(now - moment)]
    context["next"] = format_time(now + timedelta(days=1))
    return True


@wfepy.task()
@wfepy.end_point()
def complain(context: wfepy.Context) -> bool:
    print(f"the ticks came up to {max(context['minutes late'])} minutes late")
    return True


@wfepy.task()
@wfepy.end_point()
def praise(context: wfepy.Context) -> bool:
    print(f"no tick came more than {max(context['minutes late'])} minutes late")
    return True


def minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
