from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from wfepy_hooks.clock import UTC
from wfepy_hooks.render.gantt.axis import span_text, ticks, took_text

START = datetime(2026, 8, 30, 22, 58, 57, 123456, tzinfo=UTC)


def labels(span: timedelta, start: datetime = START, columns: int = 48) -> list[str]:
    return [tick.label for tick in ticks(start, start + span, lambda length: columns // (length + 2))]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"milliseconds": 5}, ["22:58:57.124", "22:58:57.126", "22:58:57.128"]),
        ({"milliseconds": 300}, ["22:58:57.200", "22:58:57.300", "22:58:57.400"]),
        ({"seconds": 7}, ["22:58:58", "22:59:00", "22:59:02", "22:59:04"]),
        ({"minutes": 9}, ["23:00", "23:02", "23:04", "23:06"]),
        ({"hours": 3}, ["23:00", "23:30", "Aug 31", "00:30", "01:00", "01:30"]),
        ({"days": 2}, ["Aug 31", "12:00", "Sep 01", "12:00"]),
        ({"days": 30}, ["Aug 31", "Sep 07", "Sep 14", "Sep 21", "Sep 28"]),
        ({"days": 92}, ["Sep 2026", "Oct 2026", "Nov 2026"]),
        ({"days": 400}, ["Jan 2027", "Jul 2027"]),
        ({"days": 36500}, ["Jan 2030", "Jan 2040"]),
    ],
)
def test_ticks_are_round_moments(span: dict[str, float], expected: list[str]) -> None:
    assert labels(timedelta(**span))[: len(expected)] == expected


def test_there_are_never_more_than_there_is_room_for() -> None:
    span = timedelta(milliseconds=1)
    while span < timedelta(days=7000):
        found = labels(span)
        assert len(found) <= 48 // (min(map(len, found), default=8) + 2) + 1, span
        span *= 1.7


def test_ticks_are_in_utc_and_in_order() -> None:
    found = ticks(START, START + timedelta(days=3), lambda length: 9)
    assert [tick.at for tick in found] == sorted(tick.at for tick in found)
    assert all(tick.at.tzinfo is UTC and tick.at >= START for tick in found)


def test_no_tick_is_before_the_start() -> None:
    just_after = datetime(2026, 8, 30, 23, tzinfo=UTC) + timedelta(microseconds=1)
    found = ticks(just_after, just_after + timedelta(milliseconds=5), lambda length: 9)
    assert found[0].at == datetime(2026, 8, 30, 23, 0, 0, 1000, tzinfo=UTC)


def test_a_span_names_the_date_once_and_milliseconds_where_they_matter() -> None:
    assert span_text(START, START + timedelta(minutes=1)) == "2026-08-30 22:58:57 to 22:59:57 UTC"
    assert span_text(START, START + timedelta(seconds=1)) == "2026-08-30 22:58:57.123 to 22:58:58.123 UTC"
    assert span_text(START, START + timedelta(days=31)).endswith(" to 2026-09-30 22:58:57 UTC")
    assert span_text(START, START + timedelta(days=365)).endswith(" to 2027-08-30 22:58:57 UTC")
    assert span_text(START, START + timedelta(days=1)) == "2026-08-30 22:58:57 to 2026-08-31 22:58:57 UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "<1ms"), (0.0004, "<1ms"), (0.0124, "12ms"), (1.5, "1.5s"), (90, "1min 30s"), (1e6, "11d 13h")],
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert took_text(timedelta(seconds=seconds)) == text
