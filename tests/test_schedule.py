"""When schedules are due where clocks are changed: one case for each promise, in dates that can be looked up.

Random ones are in `test_schedule_random.py`.
"""

from __future__ import annotations

import sys
import zoneinfo
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

import wfepy_hooks
from cron_oracle import DAY, PLACES, UTC, Window, changes, read
from schedule_checks import EFFORT, check_seeds
from wfepy_hooks.errors import ScheduleError
from wfepy_hooks.schedule import FIRST_PASS, GAP, SECOND_PASS, Occurrence, Schedule, find_zone

PRAGUE = ZoneInfo("Europe/Prague")
#: In Prague the clock goes from 2:00 to 3:00 on 29 March 2026, at 1:00 UTC, and from 3:00 to 2:00 on 25 October.
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(occurrences: list[Occurrence], zone: ZoneInfo) -> list[str]:
    """Return ``wall -> what the clock shows when it is due, with its offset`` and the rule."""
    return [
        f"{each.wall:%H:%M} {each.due.astimezone(zone):%H:%M%z} {each.rule}".rstrip() for each in occurrences
    ]


def on(day: date, expression: str, zone: str = "Europe/Prague") -> list[str]:
    """Return what is due on a day in a zone."""
    key = ZoneInfo(zone)
    start = datetime(day.year, day.month, day.day, tzinfo=key).astimezone(UTC) - timedelta(seconds=1)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=key).astimezone(UTC) - timedelta(
        seconds=1
    )
    return shown(list(Schedule(expression, zone).between(start, end)), key)


# A fixed time is due once a day


def test_a_fixed_time_in_a_gap_is_due_at_the_first_moment_after_it() -> None:
    assert on(SPRING, "30 2 * * *") == ["02:30 03:00+0200 gap"]


def test_several_fixed_times_in_one_gap_are_due_once() -> None:
    assert on(SPRING, "0,20,40 2 * * *") == ["02:00 03:00+0200 gap"]
    assert on(SPRING, "0-59 2 * * *") == ["02:00 03:00+0200 gap"]


def test_a_fixed_time_at_the_end_of_a_gap_is_the_same_moment_as_one_in_it() -> None:
    assert on(SPRING, "0 2,3 * * *") == ["02:00 03:00+0200 gap"]
    assert on(SPRING, "0 3 * * *") == ["03:00 03:00+0200"]
    assert on(SPRING, "59 1 * * *") == ["01:59 01:59+0100"]


def test_a_fixed_time_that_comes_twice_is_due_the_first_time() -> None:
    assert on(AUTUMN, "30 2 * * *") == ["02:30 02:30+0200 first pass"]
    assert on(AUTUMN, "0 2,3 * * *") == ["02:00 02:00+0200 first pass", "03:00 03:00+0100"]


def test_on_other_days_it_is_due_when_the_clock_shows_it() -> None:
    assert on(date(2026, 7, 1), "30 2 * * *") == ["02:30 02:30+0200"]
    assert on(date(2026, 1, 1), "30 2 * * *") == ["02:30 02:30+0100"]


# What has a star in the minute or hour follows the wall


def test_each_hour_is_each_hour_of_the_wall() -> None:
    assert on(SPRING, "0 * * * *")[:4] == [
        "00:00 00:00+0100",
        "01:00 01:00+0100",
        "03:00 03:00+0200",
        "04:00 04:00+0200",
    ]
    assert on(AUTUMN, "0 * * * *")[1:5] == [
        "01:00 01:00+0200",
        "02:00 02:00+0200 first pass",
        "02:00 02:00+0100 second pass",
        "03:00 03:00+0100",
    ]
    assert (len(on(SPRING, "0 * * * *")), len(on(AUTUMN, "0 * * * *"))) == (23, 25)


def test_a_star_in_the_minute_is_enough() -> None:
    assert on(SPRING, "*/30 2 * * *") == []
    assert on(AUTUMN, "*/30 2 * * *") == [
        "02:00 02:00+0200 first pass",
        "02:30 02:30+0200 first pass",
        "02:00 02:00+0100 second pass",
        "02:30 02:30+0100 second pass",
    ]


def test_a_list_of_all_hours_is_no_star() -> None:
    assert len(on(AUTUMN, "0 0-23 * * *")) == 24
    assert on(SPRING, "0 0-23 * * *")[2] == "02:00 03:00+0200 gap"


def test_every_minute_of_the_wall_is_due_in_the_order_of_time() -> None:
    found = on(AUTUMN, "* * * * *")
    assert len(found) == 25 * 60
    assert found[179:181] == ["02:59 02:59+0200 first pass", "02:00 02:00+0100 second pass"]


# Zones with habits of their own


@pytest.mark.parametrize(
    ("zone", "day", "expression", "expected"),
    [
        ("Asia/Beirut", date(2024, 3, 31), "0 0 * * *", ["00:00 01:00+0300 gap"]),
        ("America/Havana", date(2024, 3, 10), "30 0 * * *", ["00:30 01:00-0400 gap"]),
        ("America/Havana", date(2024, 11, 3), "0 0 * * *", ["00:00 00:00-0400 first pass"]),
        ("Australia/Lord_Howe", date(2026, 10, 4), "15 2 * * *", ["02:15 02:30+1100 gap"]),
        (
            "Australia/Lord_Howe",
            date(2026, 4, 5),
            "*/20 1 * * *",
            [
                "01:00 01:00+1100",
                "01:20 01:20+1100",
                "01:40 01:40+1100 first pass",
                "01:40 01:40+1030 second pass",
            ],
        ),
        ("Europe/Dublin", date(2026, 3, 29), "30 1 * * *", ["01:30 02:00+0100 gap"]),
        ("Europe/Dublin", date(2026, 10, 25), "30 1 * * *", ["01:30 01:30+0100 first pass"]),
        ("Africa/Casablanca", date(2025, 2, 23), "30 2 * * *", ["02:30 02:30+0100 first pass"]),
        ("Africa/Casablanca", date(2025, 4, 6), "30 2 * * *", ["02:30 03:00+0100 gap"]),
        ("Asia/Kolkata", SPRING, "30 2 * * *", ["02:30 02:30+0530"]),
        ("UTC", SPRING, "30 2 * * *", ["02:30 02:30+0000"]),
    ],
)
def test_a_zone_with_its_own_habits(zone: str, day: date, expression: str, expected: list[str]) -> None:
    assert on(day, expression, zone) == expected


def test_what_was_due_on_a_day_that_there_was_not_is_due_as_the_next_day_begins() -> None:
    """In Samoa, 29 December 2011 was followed by the 31st."""
    schedule = Schedule("0 9 * * *", "Pacific/Apia")
    found = list(islice(schedule.after(utc("2011-12-29 19:00")), 3))
    assert shown(found, ZoneInfo("Pacific/Apia")) == [
        "09:00 00:00+1400 gap",
        "09:00 09:00+1400",
        "09:00 09:00+1400",
    ]
    assert [each.wall.day for each in found] == [30, 31, 1]
    hourly = Schedule("0 */6 * * *", "Pacific/Apia").after(utc("2011-12-30 09:00"))
    assert [each.wall.strftime("%d %H") for each in islice(hourly, 2)] == ["31 00", "31 06"]


def test_second_passes_come_in_their_year_also_if_all_times_are_in_repeated_hours() -> None:
    """In Baghdad, the clock went back from 4:00 to 3:00 on each 1 October."""
    found = list(islice(Schedule("*/30 3 1 10 *", "Asia/Baghdad").after(utc("2004-01-01")), 8))
    assert [each.due.year for each in found] == [2004] * 4 + [2005] * 4
    assert [each.rule for each in found] == [FIRST_PASS, FIRST_PASS, SECOND_PASS, SECOND_PASS] * 2


# From where


def test_after_does_not_give_the_moment_itself_and_between_gives_its_end() -> None:
    schedule = Schedule("0 12 * * *")
    noon = utc("2026-05-01 12:00")
    before = noon - timedelta(microseconds=1)
    assert schedule.next(noon) == Occurrence(utc("2026-05-02 12:00"), datetime(2026, 5, 2, 12))
    assert schedule.next(before) == Occurrence(noon, datetime(2026, 5, 1, 12))
    assert [each.due for each in schedule.between(before, noon)] == [noon]
    assert list(schedule.between(noon, noon)) == []
    assert list(schedule.between(noon, before)) == []
    assert [each.due for each in schedule.latest(noon)] == [noon]
    assert [each.due for each in schedule.latest(before)] == [noon - timedelta(days=1)]
    assert schedule.latest(noon, after=noon) == []
    assert [each.due for each in schedule.latest(noon, after=before)] == [noon]


def test_the_moment_after_a_gap_is_not_due_again() -> None:
    schedule = Schedule("30 2 * * *", "Europe/Prague")
    end = utc("2026-03-29 01:00")
    assert [each.due for each in islice(schedule.after(end - timedelta(seconds=1)), 2)] == [
        end,
        utc("2026-03-30 00:30"),
    ]
    following = schedule.next(end)
    assert following is not None
    assert following.due == utc("2026-03-30 00:30")


@pytest.mark.parametrize("fold", [0, 1])
def test_a_start_in_either_pass_sees_only_what_is_to_come(fold: int) -> None:
    start = datetime(2026, 10, 25, 2, 30, tzinfo=PRAGUE, fold=fold)
    half_hours = shown(list(islice(Schedule("*/30 * * * *", "Europe/Prague").after(start), 3)), PRAGUE)
    assert (
        half_hours
        == [
            ["02:00 02:00+0100 second pass", "02:30 02:30+0100 second pass", "03:00 03:00+0100"],
            ["03:00 03:00+0100", "03:30 03:30+0100", "04:00 04:00+0100"],
        ][fold]
    )
    following = Schedule("45 2 * * *", "Europe/Prague").next(start)
    assert following is not None
    assert following.due == [utc("2026-10-25 00:45"), utc("2026-10-26 01:45")][fold]


def test_a_moment_may_be_in_any_zone_but_must_be_in_one() -> None:
    schedule = Schedule("0 12 * * *")
    found = schedule.next(datetime(2026, 5, 1, 13, 59, tzinfo=timezone(timedelta(hours=2))))
    assert found is not None
    assert found.due == utc("2026-05-01 12:00")
    assert found.due.tzinfo is UTC
    naive = datetime(2026, 5, 1)
    for ask in (schedule.next, schedule.latest, lambda moment: schedule.between(utc("2026-01-01"), moment)):
        with pytest.raises(ValueError, match="has no time zone"):
            ask(naive)


# A long time


def test_a_leap_day_comes_over_the_year_2100() -> None:
    schedule = Schedule("0 0 29 2 *", "Europe/Prague")
    assert [each.wall.year for each in islice(schedule.after(utc("2093-01-01")), 3)] == [2096, 2104, 2108]
    assert [each.wall.year for each in schedule.latest(utc("2104-02-01"))] == [2096]


def test_latest_finds_what_was_due_tens_of_years_ago() -> None:
    # Both must match, since the days of the week start with a *: 29 February on a Sunday or a Saturday.
    schedule = Schedule("0 0 29 2 */6")
    assert [each.wall.year for each in schedule.latest(utc("2116-02-28"), most=2)] == [2076, 2088]
    assert [each.wall.year for each in schedule.latest(utc("2060-01-01"), most=1)] == [2048]


def test_latest_gives_no_more_than_there_are_and_than_are_wanted() -> None:
    schedule = Schedule("0 0 * * *")
    until, after = utc("2026-05-10 12:00"), utc("2026-05-07 00:00")
    assert [each.due.day for each in schedule.latest(until, most=100, after=after)] == [8, 9, 10]
    assert [each.due.day for each in schedule.latest(until, most=2, after=after)] == [9, 10]
    assert schedule.latest(until, after=until + timedelta(days=1)) == []
    assert len(Schedule("* * * * *").latest(until, most=5000)) == 5000


def test_rules_of_a_zone_go_on_beyond_2037() -> None:
    assert on(date(2060, 3, 28), "30 2 * * *") == ["02:30 03:00+0200 gap"]
    assert on(date(2060, 10, 31), "30 2 * * *") == ["02:30 02:30+0200 first pass"]


def test_the_days_are_those_of_the_zone() -> None:
    assert [
        each.due for each in islice(Schedule("0 5 1 * *", "Pacific/Auckland").after(utc("2026-06-15")), 1)
    ] == [utc("2026-06-30 17:00")]


# Vixie's rule for days


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 0 13 * fri", [2, 9, 13, 16, 23, 30]),  # October 2026 begins on a Thursday
        ("0 0 13 * *", [13]),
        ("0 0 * * fri", [2, 9, 16, 23, 30]),
        ("0 0 */2 * fri", [9, 23]),
        ("0 0 1-31/2 * fri", sorted({*range(1, 32, 2), 2, 9, 16, 23, 30})),
        ("0 0 9 * */5", [9]),  # Sundays and Fridays
        ("0 0 10 * */5", []),
        ("0 0 1-31 * fri", list(range(1, 32))),
        ("0 0 10 * sun-sat", list(range(1, 32))),
        ("0 0 31 * sun-sun", [4, 11, 18, 25, 31]),
    ],
)
def test_of_two_days_either_is_enough_unless_one_starts_with_a_star(expression: str, days: list[int]) -> None:
    found = Schedule(expression).between(utc("2026-09-30 12:00"), utc("2026-10-31 12:00"))
    assert [each.due.day for each in found] == days


# Zones


def test_a_schedule_says_what_it_is() -> None:
    schedule = Schedule("H 9 * * mon", "Europe/Prague", seed="shop/orders")
    assert repr(schedule) == "Schedule('H 9 * * mon', 'Europe/Prague')"
    assert schedule.cron.minute.values == Schedule("H * * * *", seed="shop/orders").cron.minute.values
    assert not schedule.follows_the_wall
    assert Schedule("H * * * *").follows_the_wall
    assert wfepy_hooks.Schedule is Schedule
    assert (GAP, FIRST_PASS, SECOND_PASS) == ("gap", "first pass", "second pass")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Prag", 'did you mean "Europe/Prague"?'),
        ("europe/prague", 'did you mean "Europe/Prague"?'),
        ("Prague", 'did you mean "Europe/Prague"?'),
        ("New York", 'did you mean "America/New_York"?'),
        ("utc", "did you mean"),
        ("Europe", 'write a place in it, such as "Europe/Amsterdam"'),
        ("", 'write the name of a place, such as "Europe/Prague"'),
        ("../etc/passwd", 'write the name of a place, such as "Europe/Prague"'),
        ("/etc/localtime", 'write the name of a place, such as "Europe/Prague"'),
        ("Mars/Olympus Mons\0", 'write the name of a place, such as "Europe/Prague"'),
        # It would be Etc/GMT+2, which is two hours behind.
        ("GMT+2", "an offset changes with the seasons"),
        ("+02:00", "an offset changes with the seasons"),
    ],
)
def test_a_wrong_zone_is_told_with_what_to_write(name: str, hint: str) -> None:
    with pytest.raises(ScheduleError, match="there is no such time zone") as caught:
        find_zone(name)
    assert hint in caught.value.hint
    assert (caught.value.field, caught.value.value) == ("timezone", name)
    assert str(caught.value).isprintable()


@pytest.fixture
def no_zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has no time zones, nor the package tzdata."""
    for name in [*sys.modules, "tzdata"]:
        if name.partition(".")[0] == "tzdata":
            monkeypatch.setitem(sys.modules, name, None)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath(to=before)
    ZoneInfo.clear_cache()


@pytest.mark.usefixtures("no_zones")
def test_utc_is_there_also_on_a_machine_without_time_zones() -> None:
    schedule = Schedule("0 12 * * *")
    found = schedule.next(utc("2026-05-01 12:00"))
    assert found == Occurrence(utc("2026-05-02 12:00"), datetime(2026, 5, 2, 12))
    assert (repr(schedule), str(schedule.zone)) == ("Schedule('0 12 * * *', 'UTC')", "UTC")
    assert utc("2026-05-01 12:00").astimezone(schedule.zone).tzname() == "UTC"
    with pytest.raises(ScheduleError, match=r"this machine has no time zones: install tzdata"):
        find_zone("Europe/Prague")


# The model, and more of the random ones


def test_the_model_knows_when_clocks_are_changed() -> None:
    assert changes("Europe/Prague", 2026) == [utc("2026-03-29 01:00"), utc("2026-10-25 01:00")]
    assert len(changes("Pacific/Apia", 2011)) == 3
    dull = {
        zone for zone, year in PLACES if changes(zone, year)[0] == datetime(year, 2, 28, 12, tzinfo=UTC) + DAY
    }
    assert dull == {"UTC", "Asia/Kolkata"}


def test_the_model_reads_the_wall() -> None:
    window = Window("Europe/Prague", utc("2026-03-29 00:00"), utc("2026-03-29 02:00"))
    assert [(f"{due:%H:%M}", f"{wall:%H:%M}", rule) for due, wall, rule in window.due("30 1,2,3 * * *")] == [
        ("00:30", "01:30", ""),
        ("01:00", "02:30", "gap"),
        ("01:30", "03:30", ""),
    ]
    assert [f"{each.wall:%H:%M}" for each in window.due("*/30 * * * *")] == [
        "01:30",
        "03:00",
        "03:30",
        "04:00",
    ]
    assert read("5-7,9 * 1-31/10 feb sat-sun").sets[2:] == tuple(
        map(frozenset, ({1, 11, 21, 31}, {2}, {0, 6}))
    )


@pytest.mark.slow
def test_many_more_expressions_are_due_when_the_wall_shows_them() -> None:
    check_seeds(range(EFFORT, 5 * EFFORT), questions=1)
