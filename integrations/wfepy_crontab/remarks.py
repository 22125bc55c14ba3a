"""What is worth saying about a cron expression: where it may surprise its writer, and where daemons differ."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from wfepy_hooks import Occurrence, Schedule

__all__ = ["among_daemons", "remarks"]

_SIZES = {"minute": (60, "minutes", "hour"), "hour": (24, "hours", "day")}
_LOOKED_AT = 800


def remarks(schedule: Schedule, now: datetime, seed: str) -> list[str]:
    """Return what to know of an expression.

    :param seed: what its ``H`` was picked by
    """
    return [*_hashed(schedule, seed), *_uneven(schedule), *_days(schedule), *_clocks(schedule, now)]


def _hashed(schedule: Schedule, seed: str) -> Iterator[str]:
    cron = schedule.cron
    if re.search(r"(?:^|[\s,])[Hh](?:$|[\s,/(])", cron.source):
        project, _, workflow = seed.partition("/")
        by = f"the workflow {workflow} of the project {project}"
        if not workflow:
            by = f"the project {project} without a workflow; --workflow NAME shows that of one"
        yield f"H was picked for {by}"


def _uneven(schedule: Schedule) -> Iterator[str]:
    for name, (size, units, whole) in _SIZES.items():
        field = getattr(schedule.cron, name)
        once = name == "minute" and len(schedule.cron.hour.values) == 1
        if field.text.startswith("*/") and not once and size % (step := int(field.text[2:])):
            rest = size - field.values[-1]
            yield (
                f"{field.text} is uneven: cron counts from the beginning of each {whole}, so after {field.values[-1]}"
                f" it is {rest} and not {step} {units} to the next"
            )
    if schedule.cron.day.text.startswith("*/"):
        yield f"{schedule.cron.day.text} is uneven: it counts from the first of each month"
    if schedule.cron.weekday.text.startswith("*/"):
        yield f"{schedule.cron.weekday.text} is uneven: it counts from Sunday"


def _days(schedule: Schedule) -> Iterator[str]:
    cron = schedule.cron
    if cron.is_either_day:
        yield "a day matches if its number or its day of the week does, not only if both do; so it is with cron"
    if max(cron.day.values) > 28 and min(cron.day.values) > 28:
        yield f"months without a day {min(cron.day.values)} are passed over"


def _clocks(schedule: Schedule, now: datetime) -> Iterator[str]:
    """Say what the next changes of clocks do to it."""
    if schedule.follows_the_wall:
        return
    from .upcoming import RULES, local

    coming = islice(schedule.between(now, now + timedelta(days=400)), _LOOKED_AT)
    rules: dict[str, Occurrence] = {}
    for each in coming:
        if each.rule:
            rules.setdefault(each.rule, each)
    for rule, each in rules.items():
        text = RULES[rule].format(wall=f"{each.wall:%H:%M}")
        yield f"on {each.wall:%Y-%m-%d} {text}, {local(each.due, schedule)}"


def among_daemons(schedule: Schedule) -> list[str]:
    """Return what the daemons make of such an expression in a line of one's own, where they differ."""
    return [*_differing(schedule)]


def _differing(schedule: Schedule) -> Iterator[str]:
    cron = schedule.cron
    if cron.source.strip().startswith("@"):
        yield f"{cron.source.strip()}: crond of busybox crashes on it; wfepy writes {cron.text}"
    if re.search(r"[Hh](?:$|[\s,/(])", cron.source):
        yield "H: no daemon knows it; wfepy writes what it picks"
    stepped = [field.text for field in (cron.day, cron.weekday) if field.text.startswith("*/")]
    plain = [field for field in (cron.day, cron.weekday) if not field.star]
    if stepped and plain:
        yield (
            f"{stepped[0]} beside another field of days: Debian's cron and cronie want both to match,"
            " crond of busybox one of them"
        )
    if schedule.zone.key not in ("UTC", "Etc/UTC"):
        yield (
            "CRON_TZ: Debian's cron and crond of busybox ignore it, cronie loses runs in the repeated hour;"
            " wfepy tick --due keeps the time zone itself"
        )
    if not schedule.follows_the_wall and schedule.zone.key not in ("UTC", "Etc/UTC"):
        yield (
            "what the clocks skip or show twice: Debian's cron runs it once, crond of busybox not at all or twice"
        )
