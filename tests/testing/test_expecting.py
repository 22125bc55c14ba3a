"""What a test can expect of a workflow, and what it is told where that is not so."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

import wfepy_hooks as wfepy
from building import END, JOIN, START, Build, flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from building import Begin
    from wfepy_hooks.testing import WorkflowRunner
    from wfepy_pytest import MakeRunner


def waits(**terms: Any) -> wfepy.Workflow:
    return Build().add("ask", START, "end", does=lambda c: wfepy.wait(**terms)).add("end", END).workflow()


def refusal(expect: Callable[..., None], *arguments: Any, **terms: Any) -> list[str]:
    with pytest.raises(AssertionError) as caught:
        expect(*arguments, **terms)
    return str(caught.value).splitlines()


@pytest.fixture
def checked(workflow_runner: MakeRunner) -> WorkflowRunner:
    """A workflow with a task for three items: one is done, one waits, one is tried again."""

    @wfepy.task(each=lambda c: ["linux", "mac", "win"], retry=wfepy.Retry(3, delay="1min", jitter=0))
    @wfepy.start_point()
    @wfepy.end_point()
    def check(context: Any, item: str) -> Any:
        if item == "win":
            raise OSError("no network")
        return wfepy.wait(until="2h", signal="go", reason="busy") if item == "mac" else "fine"

    runner = workflow_runner(flow(check))
    runner.tick()
    return runner


def test_what_is_expected_of_a_task_with_items_is_about_one_of_them(checked: WorkflowRunner) -> None:
    checked.assert_waiting("check")
    checked.assert_waiting("check", until="1min")
    checked.assert_waiting("check", until="2h", on="go", reason="us")
    assert refusal(checked.assert_waiting, "check", until="3h")[0] == (
        "expected that check waits until 2026-01-05 12:00:00Z, 3h from now"
    )
    assert refusal(checked.assert_waiting, "check", on="stop")
    assert refusal(checked.assert_waiting, "check", reason="idle")


def test_why_tells_what_becomes_of_items_that_are_not_done(checked: WorkflowRunner) -> None:
    assert checked.why("check").splitlines()[:3] == [
        "check: has 3 items: 1 done, 1 waiting, 1 tried again",
        "  item 1 (mac) waits since 2026-01-05T09:00:00Z: busy (for a signal go; until 2026-01-05T11:00:00Z)",
        "  item 2 (win) failed once, is tried again not before 2026-01-05T09:01:00Z; last error: OSError: no network",
    ]
    checked.advance("2min")
    assert (
        checked.why("check")
        .splitlines()[2]
        .startswith("  item 2 (win) failed 2 times, is tried again not before")
    )
    checked.advance("10min")
    assert checked.why("check").splitlines()[2] == "  item 2 (win) failed: OSError: no network"


def test_a_task_whose_items_are_over_may_be_tried_again_itself(begin: Begin) -> None:
    @wfepy.task(each=lambda context: [1], retry=wfepy.Retry(3, delay="1h", jitter=0))
    @wfepy.start_point()
    @wfepy.followed_by("end", lambda context: context["x"])
    def check(context: Any, item: int) -> bool:
        return True

    runner = begin(check, wfepy.task(name="end")(wfepy.end_point()(lambda context: True)))
    runner.tick()
    runner.assert_waiting("check", until="1h")
    assert runner.why("check").startswith(
        "check: has 1 item: 1 done; failed once, is tried again not before 2026-01-05T10:00:00Z; last error: KeyError"
    )
    assert "check  [start]  retrying: attempt 1 failed: KeyError: 'x' (again at" in runner.describe()


@pytest.mark.parametrize("count", [5, 6])
def test_why_tells_of_so_many_items_and_of_no_failure_that_is_over(begin: Begin, count: int) -> None:
    listed: list[range] = []

    def items(context: Any) -> range:
        listed.append(range(count))
        if len(listed) == 1:
            raise LookupError("no list")
        return listed[0]

    @wfepy.task(each=items)
    @wfepy.start_point()
    @wfepy.end_point()
    def check(context: Any, item: int) -> Any:
        raise wfepy.GiveUp("no") if item or len(listed) == 3 else OSError("no network")

    runner = begin(check)
    with pytest.raises(LookupError):
        runner.tick()
    with pytest.raises(OSError, match="no network"):
        runner.tick()
    first, *others = runner.why("check").splitlines()
    assert first == f"check: has {count} items: 1 tried again, {count - 1} failed"
    assert len([line for line in others if line.startswith("  item ")]) == 5
    assert ("  and 1 more items" in others) is (count == 6)
    listed.append(range(0))
    with pytest.raises(wfepy.GiveUp, match="items failed"):
        runner.tick()
    assert "  item " not in runner.why("check")


def test_why_shows_a_long_item_on_one_line_and_none_that_is_no_plain_value(begin: Begin) -> None:
    @wfepy.task(each=lambda context: ["a\nb" * 30, {"x": 1}])
    @wfepy.start_point()
    @wfepy.end_point()
    def check(context: Any, item: Any) -> bool:
        return False

    runner = begin(check)
    runner.tick()
    _, first, second, *_ = runner.why("check").splitlines()
    assert first.startswith("  item 0 (a ba ba b")
    assert "...) waits since" in first
    assert len(first) < 150
    assert second.startswith("  item 1 waits since")


def test_items_of_which_none_waits_are_tried_again(workflow_runner: MakeRunner) -> None:
    @wfepy.task(each=lambda c: [1], retry=wfepy.Retry(3, delay="1min", jitter=0))
    @wfepy.start_point()
    @wfepy.end_point()
    def check(context: Any, item: int) -> bool:
        raise OSError("no network")

    runner = workflow_runner(flow(check))
    runner.tick()
    runner.assert_waiting("check", until="1min")
    assert refusal(runner.assert_waiting, "check")


def test_a_duration_counts_from_now_and_a_moment_is_one(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(until="2d", deadline="3d"))
    runner.tick()
    runner.clock.advance("1d")
    runner.assert_waiting("ask", until="1d", deadline="2d")
    runner.assert_waiting(
        "ask", until="2026-01-07T09:00Z", deadline=datetime(2026, 1, 8, 9, tzinfo=timezone.utc)
    )
    first = refusal(runner.assert_waiting, "ask", until=timedelta(days=2))[0]
    assert first == "expected that ask waits until 2026-01-08 09:00:00Z, 2 days, 0:00:00 from now"
    first = refusal(runner.assert_waiting, "ask", deadline="2026-01-07T09:00Z")[0]
    assert first == "expected that ask times out at 2026-01-07 09:00:00Z"


def test_what_was_expected_is_the_first_line_and_the_status_comes_behind(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits())
    runner.tick()
    assert refusal(runner.assert_done, "end")[:3] == [
        "expected that end is done",
        "flow/default is running",
        "path so far: nothing is done",
    ]
    assert refusal(runner.assert_finished)[0] == "expected status: finished"


def test_a_path_that_is_another_one_is_told_where_they_part(workflow_runner: MakeRunner) -> None:
    build = Build().add("a", START, "b", "c").add("b", "d").add("c", "d").add("d", JOIN, END)
    runner = workflow_runner(build.workflow())
    assert refusal(runner.assert_path, "a")[1] == "expected path: a"
    runner.tick()
    assert refusal(runner.assert_path, "a", "c", "b", "d")[:2] == [
        "expected path: a -> c -> b -> d",
        "they part after a: c was expected, b is done",
    ]
    for path in ([..., "c", "b"], ["a", ..., "c", "b"]):
        assert not any("part" in line for line in refusal(runner.assert_path, *path))
    assert refusal(runner.assert_path)[0] == "expected path: nothing is done"


def test_how_often_somebody_was_reminded_can_be_expected(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(signal="go", remind_every="1d", deadline="10d"))
    runner.tick()
    runner.assert_reminded("ask", times=0)
    assert refusal(runner.assert_reminded, "ask")[:2] == [
        "expected that ask was reminded",
        "reminders so far: none",
    ]
    runner.advance("2d")
    runner.assert_reminded("ask")
    runner.assert_reminded("ask", times=2)
    assert refusal(runner.assert_reminded, "ask", times=1)[:2] == [
        "expected that ask was reminded once",
        "reminders so far: 2026-01-06T09:00:00Z, 2026-01-07T09:00:00Z",
    ]
    with pytest.raises(LookupError, match='did you mean "ask"'):
        runner.assert_reminded("aks")


def test_the_history_is_there_to_look_at(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(signal="go"))
    runner.tick()
    runner.signal("go", {"n": 1}, by="ann")
    runner.tick()
    sent = [(each["name"], each["by"], each["data"]) for each in runner.history if each["event"] == "signal"]
    assert sent == [("go", "ann", {"n": 1})]
