"""Hold a schedule against the model of `cron_oracle.py`, in a random case."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from cron_expressions import random_expression
from cron_oracle import HOUR, MINUTE, UTC, Reading, Window, places, window_at
from wfepy_hooks.schedule import Occurrence, Schedule

#: How many random cases there are in a loop; in `test_mutants.py` it is ``quick``.
EFFORT = {"few": 100, "quick": 60, "ci": 300, "thorough": 10_000}[os.environ.get("WFEPY_HYPOTHESIS", "ci")]


def readings(occurrences: list[Occurrence]) -> list[Reading]:
    return [Reading(each.due, each.wall, each.rule) for each in occurrences]


def random_case(random: Random) -> tuple[Window, str, list[datetime]]:
    """Return a window, an expression that is often due at its change of clocks, and moments to start from."""
    zone, change = random.choice(places())
    window = window_at(zone, change)
    before = (change - MINUTE).astimezone(ZoneInfo(window.zone)).replace(tzinfo=None)
    # On the wall, so that some of them are in a gap.
    near = [before + MINUTE * minutes for minutes in (-60, -31, -1, 0, 1, 2, 16, 31, 60, 61, 90)]
    starts = [change + timedelta(seconds=random.choice((-1, 0, 0, 0, 1, 59))), change]
    starts += [change + timedelta(seconds=random.randint(-9000, 9000)), _random_moment(random, window)]
    starts += [change + MINUTE * random.randint(-130, 130)]
    return window, random_expression(random, near), starts


def _random_moment(random: Random, window: Window) -> datetime:
    return window.start + (window.end - window.start) * random.random()


def check(random: Random, questions: int = 5) -> None:
    """Compare each way to ask for what is due, from moments in UTC and from what is on a wall.

    :param questions: from how many moments
    """
    window, expression, starts = random_case(random)
    expected = window.due(expression)
    schedule = Schedule(expression, window.zone)
    note = f"{schedule} around {window}"
    # What is due each minute is read in half a window only: there is much of it.
    end = window.end if len(expected) < 300 else starts[-1] + HOUR
    begin = window.start if len(expected) < 300 else end - 6 * HOUR
    inside = [each for each in expected if begin < each.due <= end]
    assert readings(list(schedule.between(begin, end))) == inside, note
    for start in starts[:questions]:
        left = [each for each in expected if each.due > start]
        shown = start.astimezone(random.choice((UTC, schedule.zone, ZoneInfo("Asia/Kolkata"))))
        assert readings(list(islice(schedule.after(shown), len(left[:7])))) == left[:7], (
            f"{note} after {shown}"
        )
        if left:
            following = schedule.next(shown)
            assert following is not None
            assert following.due == left[0].due, f"{note} next to {shown}"
        most = random.randint(1, 4)
        before = [each for each in expected if each.due <= start]
        latest = schedule.latest(shown, most=most, after=window.start.astimezone(shown.tzinfo))
        assert readings(latest) == before[-most:], f"{note} latest {most} to {shown}"
        if before and start is starts[0]:
            assert readings(schedule.latest(shown)) == before[-1:], f"{note} latest to {shown}"


def check_seeds(seeds: range, questions: int = 5) -> None:
    """Check many cases, and print the seed of one that fails."""
    for seed in seeds:
        try:
            check(Random(seed), questions)
        except Exception:
            print(f"this repeats it: check(Random({seed}), {questions})")
            raise
