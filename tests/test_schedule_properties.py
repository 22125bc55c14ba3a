"""Random expressions, held against the model of `cron_oracle.py` where clocks are changed, and over the years.

A failing test prints the seed, or the decorator of hypothesis, that repeats it. ``WFEPY_HYPOTHESIS=thorough`` tries
many more.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from itertools import islice, product, takewhile
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

import graphs  # noqa: F401 - it loads the profile of hypothesis
from cron_expressions import random_expression
from cron_oracle import HOUR, MINUTE, UTC, Reading, Window, days, due_in_years, read, windows
from wfepy_hooks.cron import CronExpression, parse_cron
from wfepy_hooks.errors import ScheduleError
from wfepy_hooks.schedule import Occurrence, Schedule

#: How many random expressions there are in a loop.
EFFORT = {"few": 100, "quick": 200, "ci": 300, "thorough": 10_000}[os.environ.get("WFEPY_HYPOTHESIS", "ci")]


def readings(occurrences: list[Occurrence]) -> list[Reading]:
    return [Reading(each.due, each.wall, each.rule) for each in occurrences]


def random_case(random: Random) -> tuple[Window, str, list[datetime]]:
    """Return a window, an expression that is often due at its change of clocks, and moments to start from."""
    window, change = random.choice(windows())
    before = (change - MINUTE).astimezone(ZoneInfo(window.zone)).replace(tzinfo=None)
    # On the wall, so that some of them are in a gap.
    near = [before + MINUTE * minutes for minutes in (-60, -31, -1, 0, 1, 2, 16, 31, 60, 61, 90)]
    starts = [change + timedelta(seconds=random.choice((-1, 0, 0, 0, 1, 59))), change]
    starts += [change + timedelta(seconds=random.randint(-9000, 9000)), _random_moment(random, window)]
    starts += [change + MINUTE * random.randint(-130, 130)]
    return window, random_expression(random, near), starts


def _random_moment(random: Random, window: Window) -> datetime:
    return window.start + (window.end - window.start) * random.random()


def check(random: Random) -> None:
    """Compare each way to ask for what is due, from moments in UTC and from what is on a wall."""
    window, expression, starts = random_case(random)
    expected = window.due(expression)
    schedule = Schedule(expression, window.zone)
    note = f"{schedule} around {window}"
    # What is due each minute is read in half a window only: there is much of it.
    end = window.end if len(expected) < 300 else starts[-1] + HOUR
    begin = window.start if len(expected) < 300 else end - 6 * HOUR
    inside = [each for each in expected if begin < each.due <= end]
    assert readings(list(schedule.between(begin, end))) == inside, note
    for start in starts:
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


def test_what_is_due_where_clocks_are_changed_is_what_the_wall_shows() -> None:
    for seed in range(EFFORT):
        try:
            check(Random(seed))
        except Exception:
            print(f"this repeats it: check(Random({seed}))")
            raise


@given(st.randoms(use_true_random=False))
def test_hypothesis_finds_nothing_that_the_wall_does_not_show(random: Random) -> None:
    check(random)


def test_a_moment_may_be_told_in_the_words_of_the_zone_also_in_a_gap() -> None:
    """A time in a gap is a moment, too: two of them, by ``fold``."""
    for window, change in windows():
        zone = ZoneInfo(window.zone)
        first = (change - HOUR).astimezone(zone).replace(tzinfo=None)
        for expression in ("*/7 * * * *", "2-59/9 0-23 * * *"):
            schedule, expected = Schedule(expression, window.zone), window.due(expression)
            for wall, fold in product((first + MINUTE * 26 * step for step in range(7)), (0, 1)):
                told = wall.replace(tzinfo=zone, fold=fold)
                start = told.astimezone(UTC)
                note = f"{schedule} at {told} fold {fold}"
                later = [each for each in expected if each.due > start][:3]
                assert readings(list(islice(schedule.after(told), 3))) == later, note
                floor = (start - 3 * HOUR).astimezone(zone)
                recent = [each for each in expected if floor < each.due <= start]
                assert readings(schedule.latest(told, most=9, after=floor)) == recent[-9:], note
                assert readings(list(schedule.between(floor, told))) == recent, note


def sparse_expression(random: Random) -> str:
    days = random.choice(("29", "30", "31", "29-31", "1", "*", "*/30", "*/28", "*/13", "13"))
    months = random.choice(("2", "2", "4,6", "12", "*", "*/6", "2-12/5"))
    weekdays = random.choice(("*", "*", "0", "sun", "*/5", "*/6", "fri", "mon-sun"))
    if (days, months) in (("30", "2"), ("31", "2"), ("31", "4,6")):
        months = "1"
    return f"{random.randint(0, 59)} {random.randint(0, 23)} {days} {months} {weekdays}"


def test_what_comes_once_in_a_long_time_is_what_the_calendar_says() -> None:
    for seed in range(EFFORT // 5):
        random = Random(seed)
        expression = sparse_expression(random)
        expected = due_in_years(expression, 1970, 2110)
        schedule = Schedule(expression)
        for _ in range(3):
            start = datetime(random.randint(2011, 2069), random.randint(1, 12), 28, 5, 7, tzinfo=UTC)
            later = [each for each in expected if each > start]
            earlier = [each for each in expected if each <= start]
            note = f"{expression} from {start}, seed {seed}"
            found = takewhile(lambda each: each.due.year <= 2110, islice(schedule.after(start), 5))
            assert [each.due for each in found] == later[:5], note
            assert [each.due for each in schedule.latest(start, most=2)] == earlier[-2:], note


def accepted(random: Random) -> tuple[str, CronExpression]:
    """Return a random expression that is accepted; a step may go too far, a date may never come."""
    while True:
        expression = random_expression(random)
        try:
            return expression, parse_cron(expression)
        except ScheduleError as error:
            if not re.search(r"(has|have) no day|a step of \d+ leaves only", str(error)):
                raise


@given(st.randoms(use_true_random=False))
def test_what_is_written_for_a_crontab_means_the_same_and_stays_as_it_is(random: Random) -> None:
    expression, cron = accepted(random)
    again = parse_cron(cron.text)
    assert (again.text, again.fields) == (cron.text, cron.fields)
    meant, written = read(expression), read(cron.text)
    assert tuple(set(field.values) for field in cron.fields) == written.sets
    assert (written.sets[:2], written.stars[:2], written.sets[3]) == (
        meant.sets[:2],
        meant.stars[:2],
        meant.sets[3],
    )
    for day in days(2028, 2028):
        assert written.has_day(day) == meant.has_day(day)
    assert cron.is_either_day == (not written.stars[2] and not written.stars[4])
