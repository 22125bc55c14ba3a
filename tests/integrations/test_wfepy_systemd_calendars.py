"""``OnCalendar=`` stands for the moments of the schedules, in the eyes of systemd itself."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime, timedelta, timezone
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphs  # noqa: F401  # for the profile of hypothesis
from wfepy_hooks import Schedule, ScheduleEntry, offsets_ahead
from wfepy_systemd.calendars import calendars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Require

UTC = timezone.utc
SINCE = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
#: Zones with one offset only, whole hours and others, so that each day shift occurs.
FIXED = (
    "UTC",
    "Etc/GMT+12",
    "Etc/GMT-14",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Marquesas",
)
CHANGING = (
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Prague",
    "Pacific/Chatham",
)
suppressed = settings(
    max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def on_calendar(expression: str, zone: str = "UTC", since: datetime = SINCE) -> list[str]:
    return calendars([ScheduleEntry("flow", "tick", expression, timezone=zone)], since)


def elapses(specifications: list[str], since: datetime, count: int) -> list[list[datetime]]:
    """Return the next moments of each ``OnCalendar=``, as systemd reckons them."""
    base = since.strftime("%Y-%m-%d %H:%M:%S UTC")
    command = ["systemd-analyze", "calendar", f"--iterations={count}", f"--base-time={base}", *specifications]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "TZ": "UTC", "LC_ALL": "C"}
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: list[list[datetime]] = []
    for line in done.stdout.splitlines():
        name, _, value = line.strip().partition(": ")
        if name in ("Normalized form", "Original form"):
            found += [[]] if name == "Normalized form" else []
        elif (name == "Next elapse" and value != "never") or name.startswith("Iter. #"):
            moment = datetime.strptime(value.strip(), "%a %Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
            found[-1].append(moment)
    assert len(found) == len(specifications)
    return found


@st.composite
def fields(draw: st.DrawFn, low: int, high: int, star: int) -> str:
    """A field of a cron expression; ``star`` of ten are ``*``."""
    if draw(st.integers(0, 9)) < star:
        return draw(st.sampled_from(["*", "*", "*/2", "*/5"]))
    kind = draw(st.sampled_from(["list", "list", "range", "step"]))
    if kind == "list":
        numbers = draw(st.lists(st.integers(low, high), min_size=1, max_size=4))
        return ",".join(map(str, numbers))
    first = draw(st.integers(low, high - 3))
    last = draw(st.integers(first + 2, high))
    return f"{first}-{last}" + ("/2" if kind == "step" else "")


expressions = st.tuples(
    fields(0, 59, 2), fields(0, 23, 3), fields(1, 31, 5), fields(1, 12, 6), fields(0, 6, 5)
).map(" ".join)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


def read(expression: str, zone: str) -> Schedule | None:
    try:
        return Schedule(expression, zone)
    except ValueError:  # 31 February
        return None


@pytest.mark.outside
@suppressed
@given(expressions, st.sampled_from(FIXED), moments)
def test_in_a_zone_with_one_offset_systemd_elapses_exactly_when_it_is_due(
    require: Require, expression: str, zone: str, since: datetime
) -> None:
    require("systemd-analyze")
    schedule = read(expression, zone)
    if schedule is None:
        return
    due = [each.due for each in islice(schedule.between(since, datetime(2099, 1, 1, tzinfo=UTC)), 12)]
    theirs = {moment for each in elapses(on_calendar(expression, zone, since), since, 12) for moment in each}
    assert sorted(theirs)[: len(due)] == due


@pytest.mark.outside
@suppressed
@given(expressions, st.sampled_from(CHANGING), moments)
def test_in_any_zone_systemd_elapses_whenever_it_is_due(
    require: Require, expression: str, zone: str, since: datetime
) -> None:
    require("systemd-analyze")
    schedule = read(expression, zone)
    if schedule is None:
        return
    lines = elapses(on_calendar(expression, zone, since), since, 60)
    # Behind the last of a line that was cut off, its moments are not known.
    known = min((line[-1] for line in lines if len(line) == 60), default=datetime(2040, 1, 1, tzinfo=UTC))
    due = {each.due for each in islice(schedule.between(since, known), 60)}
    assert due - {moment for line in lines for moment in line} == set()


@pytest.mark.outside
@suppressed
@given(
    st.sampled_from(CHANGING),
    st.lists(st.integers(0, 59), min_size=1, max_size=3),
    st.sampled_from(["0", "1", "2", "3", "1-3", "*", "*/2"]),
    st.sampled_from(["* * *", "1-31 * *", "* * sun", "* * 0,6", "*/2 * 0", "8-14 3 *"]),
)
def test_nothing_is_lost_where_clocks_are_changed(
    require: Require, zone: str, minutes: list[int], hour: str, days: str
) -> None:
    require("systemd-analyze")
    expression = f"{','.join(map(str, minutes))} {hour} {days}"
    specifications = on_calendar(expression, zone)
    schedule = Schedule(expression, zone)
    for change in offsets_ahead(schedule.zone, SINCE).changes:
        since = change.moment - timedelta(hours=5)
        until = change.moment + timedelta(hours=5)
        theirs = {moment for line in elapses(specifications, since, 60) for moment in line}
        assert {each.due for each in schedule.between(since, until)} - theirs == set(), change


def test_fields_are_lists_and_everything_is_said_in_utc() -> None:
    assert on_calendar("*/20 9-11 * * *") == ["*-*-* 09,10,11:00,20,40:00 UTC"]
    assert on_calendar("* * * * *") == ["*-*-* *:*:00 UTC"]
    assert on_calendar("0 9 1,15 1,7 *") == ["*-01,07-01,15 09:00:00 UTC"]


def test_either_of_two_days_is_two_lines() -> None:
    assert on_calendar("0 9 1 * mon,fri") == ["*-*-01 09:00:00 UTC", "Mon,Fri *-*-* 09:00:00 UTC"]
    assert on_calendar("0 9 */2 * mon") == [
        "Mon *-*-01,03,05,07,09,11,13,15,17,19,21,23,25,27,29,31 09:00:00 UTC"
    ]


def test_the_day_goes_with_the_time() -> None:
    assert on_calendar("0 1 * * mon", "Asia/Kolkata") == ["Sun *-*-* 19:30:00 UTC"]
    assert on_calendar("0 1 1 3 *", "Asia/Kolkata") == [
        "*-02-29 19:30:00 UTC",
        "2001/4,2002/4,2003/4-02-28 19:30:00 UTC",
    ]
    assert on_calendar("0 20 31 * *", "Etc/GMT+12") == ["*-01,02,04,06,08,09,11-01 08:00:00 UTC"]


def test_almost_a_whole_month_is_none() -> None:
    days = ",".join(f"{day:02}" for day in range(1, 29))
    assert on_calendar("0 1 2-29 4,5 *", "Asia/Kolkata") == [f"*-04,05-{days} 19:30:00 UTC"]


def test_a_zone_with_two_offsets_has_the_times_of_both() -> None:
    assert on_calendar("0 9 * * mon", "Europe/Prague") == ["Mon *-*-* 07,08:00:00 UTC"]
    assert on_calendar("10 * * * *", "Australia/Lord_Howe") == ["*-*-* *:10,40:00 UTC"]


def test_a_time_in_a_gap_has_the_end_of_the_gap() -> None:
    assert on_calendar("30 2 * * *", "Europe/Prague") == ["Sun *-03-* 01:00:00 UTC", "*-*-* 00,01:30:00 UTC"]
    assert on_calendar("30 2 * 4 *", "Europe/Prague") == ["*-04-* 00,01:30:00 UTC"]


def test_what_others_cover_is_left_out() -> None:
    entries = [
        ScheduleEntry("a", "tick", "*/10 * * * *"),
        ScheduleEntry("b", "start", "20 9 * * mon", timezone="Europe/Prague"),
        ScheduleEntry("c", "tick", "*/10 * * * *", timezone="Europe/Prague"),
    ]
    assert calendars(entries, SINCE) == ["*-*-* *:00,10,20,30,40,50:00 UTC"]


def test_a_leap_day_is_one() -> None:
    assert on_calendar("0 12 29 2 *") == ["*-02-29 12:00:00 UTC"]
    assert on_calendar("0 1 29 2 *", "Asia/Kolkata") == ["2000/4-02-28 19:30:00 UTC"]
