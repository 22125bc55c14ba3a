"""Random expressions, held against the model of `cron_oracle.py` where clocks are changed, and over the years.

A failing test prints the seed that repeats it. ``WFEPY_HYPOTHESIS=thorough`` tries many more. Hypothesis itself is in
`test_schedule_properties.py`: it takes longer to begin than most of the faults in `mutants.py` take to be found.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice, product, takewhile
from random import Random
from zoneinfo import ZoneInfo

from cron_expressions import random_expression
from cron_oracle import DAY, HOUR, MINUTE, UTC, due_in_years, places, window_at
from schedule_checks import EFFORT, check_seeds, readings
from wfepy_hooks.errors import ScheduleError
from wfepy_hooks.schedule import Schedule


def test_what_is_due_comes_in_the_order_of_time_over_the_years() -> None:
    """In some zones the clock is changed on the same date each year, so that all of it may be in repeated hours."""
    for name, change in places():
        wall = (change - MINUTE).astimezone(ZoneInfo(name))
        schedule, window = (
            Schedule(f"*/20 {wall.hour} {wall.day} {wall.month} *", name),
            window_at(name, change),
        )
        found = readings(list(islice(schedule.after(change - 700 * DAY), 20)))
        assert found == sorted(set(found)), schedule
        inside = [each for each in found if window.start < each.due <= window.end]
        assert inside == window.due(schedule.cron.source), schedule


def sparse_expression(random: Random) -> str:
    """Return an expression that is due once a day at most, and often only once in years."""
    if random.random() < 0.4:
        days = " ".join(random_expression(random).split()[2:])
    else:
        days = random.choice(("29", "30", "31", "29-31", "1", "*", "*/30", "*/28", "*/13", "13"))
        days += " " + random.choice(("2", "2", "4,6", "12", "*", "*/6", "2-12/5"))
        days += " " + random.choice(("*", "*", "0", "sun", "*/5", "*/6", "fri", "mon-sun"))
    return f"{random.randint(0, 59)} {random.randint(0, 23)} {days}"


def test_what_comes_once_in_a_long_time_is_what_the_calendar_says() -> None:
    for seed in range(EFFORT // 5):
        random = Random(seed)
        expression = sparse_expression(random)
        try:
            schedule = Schedule(expression)
        except ScheduleError:  # it never comes
            continue
        expected = due_in_years(expression, 1970, 2110)
        for _ in range(3):
            start = datetime(random.randint(2011, 2069), random.randint(1, 12), 28, 5, 7, tzinfo=UTC)
            later = [each for each in expected if each > start]
            earlier = [each for each in expected if each <= start]
            note = f"{expression} from {start}, seed {seed}"
            found = takewhile(lambda each: each.due.year <= 2110, islice(schedule.after(start), 5))
            assert [each.due for each in found] == later[:5], note
            assert [each.due for each in schedule.latest(start, most=2)] == earlier[-2:], note


def test_a_moment_may_be_told_in_the_words_of_the_zone_also_in_a_gap() -> None:
    """A time in a gap is a moment, too: two of them, by ``fold``."""
    for name, change in places():
        window, zone = window_at(name, change), ZoneInfo(name)
        first = (change - HOUR).astimezone(zone).replace(tzinfo=None)
        for expression in ("*/7 * * * *", "2-59/9 0-23 * * *"):
            schedule, expected = Schedule(expression, window.zone), window.due(expression)
            for wall, fold in product((first + MINUTE * 45 * step for step in range(4)), (0, 1)):
                told = wall.replace(tzinfo=zone, fold=fold)
                start = told.astimezone(UTC)
                note = f"{schedule} at {told} fold {fold}"
                later = [each for each in expected if each.due > start][:3]
                assert readings(list(islice(schedule.after(told), 3))) == later, note
                floor = (start - 3 * HOUR).astimezone(zone)
                recent = [each for each in expected if floor < each.due <= start]
                assert readings(schedule.latest(told, most=2, after=floor)) == recent[-2:], note
                assert readings(list(schedule.between(floor, told))) == recent, note


def test_what_is_due_where_clocks_are_changed_is_what_the_wall_shows() -> None:
    check_seeds(range(EFFORT))
