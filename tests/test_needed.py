"""At which minutes of the hour something can be due, against the exact moments."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfepy_hooks import ScheduleEntry, ScheduleError, needed_minutes
from wfepy_hooks.offsets import ClockChange, offsets_ahead

UTC = timezone.utc
SINCE = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
ZONES = (
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Prague",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)


def entry(expression: str, timezone: str = "UTC") -> ScheduleEntry:
    return ScheduleEntry("flow", "tick", expression, timezone=timezone, where="[workflows.flow] schedule")


def needed(expression: str, timezone: str = "UTC", offsets: tuple[int, ...] = (0,)) -> tuple[int, ...]:
    return needed_minutes([entry(expression, timezone)], offsets, since=SINCE)


def test_in_utc_they_are_the_minutes_of_the_expressions() -> None:
    entries = [entry("*/20 9 * * mon"), entry("5,20 * 1 * *"), entry("59 23 31 12 *")]
    assert needed_minutes(entries, [0], since=SINCE) == (0, 5, 20, 40, 59)


def test_without_schedules_there_are_none() -> None:
    assert needed_minutes([], [0]) == ()


def test_offsets_of_whole_hours_change_nothing() -> None:
    assert needed("7 9 * * *", "Europe/Prague", (-300, -240)) == (7,)


def test_half_an_hour_of_the_schedules_zone_shifts_them() -> None:
    assert needed("10 9 * * *", "Asia/Kolkata") == (40,)
    assert needed("10 9 * * *", "Asia/Kathmandu") == (25,)


def test_half_an_hour_of_the_clock_shifts_them() -> None:
    assert needed("10 9 * * *", "UTC", (330,)) == (40,)
    assert needed("10 9 * * *", "Asia/Kolkata", (330,)) == (10,)


def test_a_zone_that_is_changed_by_half_an_hour_needs_both() -> None:
    assert needed("10 9 * * *", "Australia/Lord_Howe") == (10, 40)


def test_a_fixed_time_in_a_gap_needs_the_end_of_the_gap() -> None:
    assert needed("30 2 * * *", "Europe/Prague") == (0, 30)
    assert needed("30 4 * * *", "Europe/Prague") == (30,)
    assert needed("15 2 * * *", "Australia/Lord_Howe") == (15, 30, 45)


def test_what_follows_the_wall_is_not_due_in_a_gap() -> None:
    assert needed("30 * * * *", "Europe/Prague") == (30,)


def test_a_wrong_schedule_is_told_with_its_place() -> None:
    with pytest.raises(ScheduleError, match=r"^\[workflows.flow\] schedule: minute "):
        needed("60 * * * *")


def test_the_offsets_of_a_zone_and_its_gaps_are_found() -> None:
    ahead = offsets_ahead(ZoneInfo("Europe/Prague"), SINCE)
    assert ahead.offsets == (60, 120)
    assert ahead.changes[0] == ClockChange(datetime(2027, 3, 28, 1, 0, tzinfo=UTC), 60, 120)
    assert [(len(change.gap)) for change in ahead.changes] == [60, 0, 60, 0]
    assert ahead.changes[0].gap[0] == datetime(2027, 3, 28, 2, 0)


def test_the_offsets_do_not_depend_on_the_time_of_day() -> None:
    zone = ZoneInfo("Africa/Casablanca")
    assert offsets_ahead(zone, SINCE) == offsets_ahead(zone, SINCE + timedelta(hours=16))


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 59), min_size=1, max_size=3),
    st.sampled_from(["*", "0", "1", "2", "3", "2,14", "23"]),
    st.sampled_from(["* *", "1 *", "28-31 3,10", "* 3"]),
    st.sampled_from(ZONES),
    st.sampled_from(["UTC", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_every_moment_at_which_it_is_due_is_among_them(
    minutes: list[int], hour: str, days: str, zone: str, machine: str
) -> None:
    one = entry(f"{','.join(map(str, minutes))} {hour} {days} *", zone)
    clock = ZoneInfo(machine)
    found = needed_minutes([one], offsets_ahead(clock, SINCE).offsets, since=SINCE)
    due = islice(one.schedule().between(SINCE, SINCE + timedelta(days=2 * 365)), 1000)
    assert {each.due.astimezone(clock).minute for each in due} <= set(found)
    assert len(found) <= (len(set(minutes)) + 1) * 4
