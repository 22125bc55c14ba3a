"""Properties of cron expressions and schedules; hypothesis tells what repeats a failure."""

from __future__ import annotations

import re
from random import Random

from hypothesis import given
from hypothesis import strategies as st

import graphs  # noqa: F401 - it loads the profile of hypothesis
from cron_expressions import random_expression
from cron_oracle import days, read
from schedule_checks import check
from wfepy_hooks.cron import CronExpression, parse_cron
from wfepy_hooks.errors import ScheduleError


@given(st.randoms(use_true_random=False))
def test_hypothesis_finds_nothing_that_the_wall_does_not_show(random: Random) -> None:
    check(random)


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
