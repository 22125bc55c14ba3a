from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from wfepy_hooks.clock import UTC, format_time
from wfepy_hooks.render.gantt import Chart, Row, chart
from wfepy_hooks.render.gantt.chart import MARKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chart_history import History


def drawn(history: History, **options: object) -> Chart:
    return chart(history.records, "w/i: running", history.now, **{"created": history.created, **options})  # type: ignore[arg-type]


def snapshot(**states: str) -> dict[str, dict[str, str]]:
    return {name: {"status": state} for name, state in states.items()}


def row(found: Chart, name: str) -> Row:
    return next(each for each in found.rows if each.name == name)


def told(found: Chart, name: str) -> list[tuple[str, float, float, bool]]:
    """Return the kind of each bar, when it starts and ends in seconds since the chart does, and whether it goes on."""
    start = found.start
    return [
        (bar.kind, (bar.start - start).total_seconds(), (bar.end - start).total_seconds(), bar.is_open)
        for bar in row(found, name).bars
    ]


def marks(found: Chart, name: str) -> list[tuple[str, float]]:
    return [(mark.kind, (mark.at - found.start).total_seconds()) for mark in row(found, name).marks]


def test_an_attempt_is_a_bar_that_ends_when_it_was_recorded(history: History) -> None:
    history.after(seconds=10).task("a", took=4)
    found = drawn(history)
    assert told(found, "a") == [("run", 6, 10, False)]
    assert marks(found, "a") == [("done", 10)]
    assert told(found, "instance") == [("live", 0, 10, True)]


def test_a_wait_lasts_until_the_next_attempt_begins(history: History) -> None:
    history.task("a", "waiting", took=0, reason="later").after(seconds=60).task("a", took=5)
    found = drawn(history)
    assert told(found, "a") == [("run", 0, 0, False), ("waiting", 0, 55, False), ("run", 55, 60, False)]
    assert row(found, "a").bars[1].text == "later"


def test_what_still_waits_goes_on_until_now(history: History) -> None:
    history.task(
        "a", "waiting", took=0, wait={"signals": ["go"], "by": ["ann"], "until": history.at(hours=9)}
    )
    history.after(hours=1)
    found = drawn(history)
    assert told(found, "a")[-1] == ("waiting", 0, 3600, True)
    assert row(found, "a").bars[-1].text == "signal go by ann, until 2026-08-03 18:00:00Z"
    assert marks(found, "a") == [("moment", 9 * 3600)]
    assert found.end == history.now, "a moment that is far away would leave no room for what happened"
    assert MARKS["moment"] not in found.kinds(), "the legend explains what can be seen"


def test_of_two_deadlines_the_earlier_one_is_told(history: History) -> None:
    history.task(
        "a",
        "waiting",
        took=0,
        deadline=history.at(hours=2),
        wait={"deadline": history.at(hours=1), "child": "w/1", "signals": ["x"]},
    )
    assert row(drawn(history), "a").bars[-1].text == "end of w/1, times out at 2026-08-03 10:00:00Z"


def test_a_deadline_that_is_near_is_on_the_axis(history: History) -> None:
    history.task("a", "waiting", took=0, deadline=history.at(minutes=90))
    history.after(hours=1)
    found = drawn(history)
    assert marks(found, "a") == [("due", 5400)]
    assert found.end == history.now + timedelta(minutes=30)
    history.after(minutes=30).task("a", "timed_out", took=0, error="TimedOut: late")
    found = drawn(history)
    assert told(found, "a") == [("run", 0, 0, False), ("waiting", 0, 5400, False)]
    assert marks(found, "a") == [("timed_out", 5400)]


def test_failed_attempts_and_the_time_between_them_are_told_apart(history: History) -> None:
    error = "OSError: no space"
    history.after(seconds=3).task("a", "retrying", took=3, error=error, retry_at=history.at(seconds=10))
    history.after(seconds=12).task("a", "failed", attempt=2, took=2, error=error)
    found = drawn(history)
    assert told(found, "a") == [
        ("failed", 0, 3, False),
        ("retrying", 3, 13, False),
        ("failed", 13, 15, False),
    ]
    assert marks(found, "a") == [("failed", 15)]
    assert [bar.text for bar in row(found, "a").bars] == [
        f"attempt 1: {error}",
        f"{error} (again at 2026-08-03 09:00:13Z)",
        f"attempt 2: {error}",
    ]


def test_each_pass_of_a_loop_has_a_row(history: History) -> None:
    for generation in range(3):
        history.after(seconds=1).task("a", generation=generation)
        history.after(seconds=1).task("b", generation=generation)
    names = [each.name for each in drawn(history).rows]
    assert names == ["instance", "a", "b", "a (pass 2)", "b (pass 2)", "a (pass 3)", "b (pass 3)"]


def test_items_share_the_row_of_their_task(history: History) -> None:
    history.put("items", task="a", generation=0, items=[1, 2])
    history.after(seconds=2).put(
        "item", task="a", generation=0, item=0, attempt=1, status="completed", took=2
    )
    history.after(seconds=1).put("item", task="a", generation=0, item=1, attempt=1, status="waiting", took=1)
    history.after(seconds=7).put(
        "item", task="a", generation=0, item=1, attempt=1, status="completed", took=1
    )
    history.task("a", took=4)
    found = drawn(history)
    assert [(each[0], each[1], each[2]) for each in told(found, "a") if each[0] == "waiting"] == [
        ("waiting", 3, 9)
    ]
    assert [bar.is_part for bar in row(found, "a").bars] == [True, True, True, False, True]
    assert marks(found, "a") == [("done", 10)]
    assert row(found, "a").bars[0].text == "attempt 1 of item 0"


def test_a_pause_a_signal_and_a_person_are_on_the_row_they_are_about(history: History) -> None:
    history.task("a", "waiting", took=0)
    history.after(seconds=1).put("signal", name="go", by="ann", id="1")
    history.after(seconds=1).put("operator", verb="pause", by="ann", reason="lunch")
    history.after(seconds=5).put("operator", verb="resume", by="ann")
    history.after(seconds=1).put("reminder", task="a", remind_at=history.at(days=1))
    history.after(seconds=1).put("operator", verb="skip", task="a", generation=0, by="bob")
    found = drawn(history)
    assert told(found, "instance") == [("live", 0, 9, True), ("paused", 2, 7, False)]
    assert marks(found, "instance") == [("signal", 1), ("operator", 2), ("operator", 7)]
    assert row(found, "instance").marks[1].text == "paused by ann: lunch"
    assert told(found, "a")[-1] == ("waiting", 0, 9, False)
    assert marks(found, "a") == [("reminder", 8), ("operator", 9)]


def test_the_end_ends_everything(history: History) -> None:
    history.after(seconds=1).task("a", "waiting", took=0)
    history.after(seconds=1).put("ended", status="cancelled").after(days=9)
    found = drawn(history, tasks=snapshot(a="cancelled"))
    assert [each.goes_on for each in found.rows] == [None, None]
    assert marks(found, "a") == [], "the row of the instance tells it"
    assert (found.end - found.start).total_seconds() == 2
    assert marks(found, "instance") == [("cancelled", 2)]


@pytest.mark.parametrize(
    ("status", "kind"),
    [("finished", "done"), ("failed", "failed"), ("dead_end", "failed"), ("cancelled", "cancelled")],
)
def test_how_it_ended_is_marked(history: History, status: str, kind: str) -> None:
    history.after(seconds=1).put("ended", status=status)
    assert marks(drawn(history), "instance") == [(kind, 1)]


def test_an_instance_that_came_back_lives_twice(history: History) -> None:
    history.after(seconds=1).task("a", took=0).put("ended", status="finished")
    history.after(seconds=8).put("operator", verb="rewind", task="a", generation=1, by="ann")
    history.after(seconds=1).task("a", generation=1, took=0)
    found = drawn(history)
    assert told(found, "instance") == [("live", 0, 1, False), ("live", 9, 10, True)]
    assert [each.name for each in found.rows] == ["instance", "a", "a (pass 2)"]


def test_tasks_that_were_passed_over_have_a_row_with_a_mark(history: History) -> None:
    history.after(seconds=1).task("a", next=["b: false", "c: taken", "d: outcome"]).after(seconds=1).task("c")
    assert marks(drawn(history), "b") == [("skipped", 1)]
    found = drawn(history, tasks=snapshot(a="done", b="skipped", c="done", e="skipped"))
    assert [each.name for each in found.rows] == ["instance", "a", "b", "c", "e"], "d is not decided yet"


def test_a_task_that_ran_is_not_passed_over(history: History) -> None:
    history.task("a", next=["b: false"]).task("c", next=["b: taken"]).task("b")
    assert [mark.kind for mark in row(drawn(history), "b").marks] == ["done"]


def test_a_wait_that_the_snapshot_does_not_know_was_cancelled(history: History) -> None:
    history.task("a", "waiting", took=0).after(seconds=5).task("b").after(seconds=5)
    found = drawn(history, tasks=snapshot(a="cancelled", b="done"))
    assert told(found, "a")[-1] == ("waiting", 0, 5, False)
    assert marks(found, "a") == [("cancelled", 5)]


@pytest.mark.parametrize("has_ended", [False, True])
def test_what_a_join_cancels_waits_until_the_join_runs(history: History, has_ended: bool) -> None:
    history.task("slow", "waiting", took=0).after(seconds=5).task("fast", took=0, next=["first: taken"])
    history.task("first", took=0, next=["end: taken"]).after(days=9).task("end", took=0)
    if has_ended:
        history.put("ended", status="finished")
    tasks = {
        "slow": {"status": "cancelled", "next": ["check: cancelled"]},
        "check": {"status": "cancelled", "next": ["first: cancelled"]},
        "fast": {"status": "done", "next": ["first: taken"]},
        "first": {"status": "done", "next": ["end: taken"]},
    }
    for created in (history.created, ""):  # of a part of the history, too
        found = drawn(history, tasks=tasks, created=created)
        assert told(found, "slow")[-1] == ("waiting", 0, 5, False)
        assert marks(found, "slow") == [("cancelled", 5)]


def test_what_was_skipped_before_a_part_of_a_history_has_no_row_in_it(history: History) -> None:
    found = drawn(history.task("b"), tasks=snapshot(a="skipped", b="done"), created="")
    assert [each.name for each in found.rows] == ["instance", "b"]


def test_what_is_rewound_waits_no_longer(history: History) -> None:
    history.task("draft", took=0).task("review", "waiting", took=0).after(seconds=5)
    history.put("operator", verb="rewind", task="draft", generation=0, by="ann", again=["draft", "review"])
    history.after(seconds=9).task("draft", generation=1, took=0)
    assert told(drawn(history), "review")[-1] == ("waiting", 0, 5, False)


def test_an_earlier_pass_waits_no_longer_once_there_is_a_later_one(history: History) -> None:
    history.task("review", "waiting", took=0).after(seconds=5)
    history.task("review", "waiting", took=0, generation=1).after(seconds=5).put("reminder", task="review")
    found = drawn(history)
    assert told(found, "review")[-1] == ("waiting", 0, 5, False)
    assert told(found, "review (pass 2)")[-1] == ("waiting", 5, 10, True)
    assert (marks(found, "review"), marks(found, "review (pass 2)")) == ([], [("reminder", 10)])


def test_a_part_of_a_history_starts_with_its_first_record(history: History) -> None:
    history.after(days=9).task("a", took=2).after(seconds=2).task("b", took=1)
    found = drawn(history, created="")
    assert found.start == history.now - timedelta(seconds=4)
    assert told(found, "instance") == [("live", 0, 4, True)]


def test_without_records_there_is_an_axis(history: History) -> None:
    found = drawn(history)
    assert found.end > found.start
    assert drawn(history, created="").rows == ()


def test_records_that_are_new_to_us_are_passed_over(history: History) -> None:
    history.put("weather", rain=True).after(seconds=1).task("a", "postponed", took=1)
    assert told(drawn(history), "a") == [("run", 0, 1, False)]


def test_a_clock_that_went_back_leaves_no_bar_that_ends_before_it_starts(history: History) -> None:
    history.task("a", "waiting", took=0).after(hours=-1).task("a", took=1)
    for each in drawn(history).rows:
        assert all(bar.end >= bar.start for bar in each.bars)


def test_a_clock_that_went_back_hides_nothing_that_happened(history: History) -> None:
    history.after(hours=3).task("a", took=1).after(hours=-2).task("b", took=1)
    live = drawn(history)
    history.now -= timedelta(hours=1)
    later = drawn(history)
    for found in (live, later, drawn(history.put("ended", status="finished"))):
        assert (found.end - found.start).total_seconds() == 3 * 3600
        assert [len(found.shown_marks(row(found, name))) for name in "ab"] == [1, 1]


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ("operator", {"verb": "skip", "task": "a", "generation": 0}),
        ("ended", {"status": "cancelled"}),
        ("task", {"task": "a", "status": "completed"}),
    ],
)
def test_what_no_longer_waits_has_no_deadline(
    history: History, event: str, fields: dict[str, object]
) -> None:
    history.task("a", "waiting", took=0, deadline=history.at(hours=2), wait={"until": history.at(hours=2)})
    history.after(hours=1).put(event, **fields)
    found = drawn(history)
    assert {mark.kind for mark in row(found, "a").marks} <= {"operator", "done"}
    assert (found.end - found.start).total_seconds() == 3600


def test_each_item_has_a_deadline_of_its_own(history: History) -> None:
    for item, minutes in enumerate((90, 80, 80, 80)):
        history.put(
            "item", task="a", item=item, status="waiting", wait={"deadline": history.at(minutes=minutes)}
        )
    history.after(hours=1).put("item", task="a", item=1, status="completed", took=1)
    assert marks(drawn(history), "a") == [("due", 4800), ("due", 5400)]


def test_what_was_skipped_before_the_first_record_is_drawn(history: History) -> None:
    found = drawn(history.after(hours=1), tasks=snapshot(a="skipped"))
    assert marks(found, "a") == [("skipped", 3600)]


def test_the_start_is_that_of_the_instance(history: History) -> None:
    created = datetime(2026, 8, 1, tzinfo=UTC)
    history.task("a")
    assert drawn(history, created=format_time(created)).start == created
