"""The fixture ``workflow_runner``: what happens when, and what is expected."""

from __future__ import annotations

import threading
import time
import types
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from freezegun import freeze_time

import wfepy_hooks as wfepy
from building import END, START, Build, flow, two_branches
from wfepy_hooks.testing import FakeClock, WorkflowRunner

if TYPE_CHECKING:
    from wfepy_pytest import MakeRunner

MONDAY = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)


def waits(**terms: Any) -> Build:
    return Build().add("ask", START, "end", does=lambda context: wfepy.wait(**terms)).add("end", END)


def test_a_tick_runs_what_can_run_and_leaves_the_test_where_it_was(
    workflow_runner: MakeRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = workflow_runner(two_branches(right=False).workflow())
    summary = runner.tick()
    assert summary.completed == ["start", "left"]
    runner.assert_path("start", "left")
    runner.assert_waiting("right")
    assert runner.waiting == {"right": ""}
    assert runner.status == "running"
    assert list(tmp_path.iterdir()) == []


def test_the_clock_stands_still_until_it_is_moved(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(until="2h").workflow())
    runner.tick()
    runner.assert_waiting("ask", until="2h")
    assert runner.clock() == MONDAY
    assert runner.instance.created == "2026-01-05T09:00:00.000000Z"


def test_a_tick_that_goes_round_for_ever_is_stopped_and_said(workflow_runner: MakeRunner) -> None:
    def counts(context: Any) -> bool:
        context["passes"] = context.get("passes", 0) + 1
        return True

    build = Build().add("begin", START, "again", does=True)
    build.add("again", "again", wfepy.followed_by("end", lambda context: False), does=counts).add("end", END)
    runner = workflow_runner(build.workflow(), passes=20)
    with pytest.raises(AssertionError, match=r"does not end: again was called 21 times in it; .*passes=1000"):
        runner.tick()
    assert runner.context["passes"] == 21  # what was done is saved, and shown
    with pytest.raises(AssertionError, match="called 21 times"):
        runner.advance("1d")


def test_attempts_without_a_limit_within_one_tick_are_stopped(workflow_runner: MakeRunner) -> None:
    @wfepy.task(retry=wfepy.Retry(None, delay="1s", factor=1, jitter=0))
    @wfepy.start_point()
    @wfepy.end_point()
    def load(context: Any) -> bool:
        raise OSError("no network")

    runner = workflow_runner(flow(load), passes=20)
    with pytest.raises(AssertionError, match="does not end: load was called 21 times in it"):
        runner.tick()


def test_another_instance_is_that_one_and_no_other(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(two_branches(right=False).workflow())
    runner.tick()
    other = runner.other("second")
    with pytest.raises(wfepy.InstanceNotFound, match="flow/second"):
        other.assert_waiting("right")
    assert "no instance has begun" in other.describe()
    other.start()
    with pytest.raises(AssertionError, match="nothing is done"):
        other.assert_waiting("right")
    with pytest.raises(wfepy.ConfigError, match='no workflow "flwo"; did you mean "flow"'):
        runner.other("second", "flwo")


def test_time_begins_when_the_test_says(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(until="2h").workflow(), now="2027-03-28T01:30:00+01:00")
    assert runner.clock() == datetime(2027, 3, 28, 0, 30, tzinfo=timezone.utc)


def test_advancing_ticks_at_each_moment_at_which_there_is_something_to_do(
    workflow_runner: MakeRunner,
) -> None:
    runner = workflow_runner(waits(until="1d").workflow())
    ticks = runner.advance("60h")
    assert [moment - MONDAY for moment in ticks] == [timedelta(hours=hours) for hours in (0, 24, 48, 60)]


def test_advancing_can_tick_as_often_as_cron_does(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(Build().add("poll", START, END, does=False).workflow())
    runner.tick()
    assert len(runner.advance("1h", every="10min")) == 6
    assert len(runner.context["ran"]) == 7


def test_advancing_by_no_steps_is_refused(workflow_runner: MakeRunner) -> None:
    with pytest.raises(ValueError, match="every must be longer than nothing"):
        workflow_runner(waits().workflow()).advance("1h", every="0s")


def test_advancing_to_a_moment(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(until="1d").workflow())
    runner.advance(MONDAY + timedelta(hours=5))
    assert runner.clock() == MONDAY + timedelta(hours=5)


def test_a_task_that_waits_for_no_time_does_not_keep_the_test_for_ever(
    workflow_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfepy_hooks.testing.runner._MOST_TICKS", 20)
    runner = workflow_runner(waits(until="1ms").workflow())
    with pytest.raises(AssertionError, match=r"20 ticks .* again and again after a short time; tick\(after="):
        runner.advance("1d")


def test_a_tick_can_come_late_and_nothing_has_ticked_before(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(until="1h").workflow())
    runner.tick()
    assert runner.tick(after="30d").waiting == {"ask": ""}
    assert runner.clock() == MONDAY + timedelta(days=30)
    assert runner.context["ran"] == ["ask", "ask"]


def test_a_run_looks_at_what_has_nothing_to_do_yet_as_the_command_does(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(until="1h", reason="dough").workflow())
    runner.start("second")
    runner.run()
    assert runner.tick(after="1min").waiting == {}, "it is not due"
    assert runner.run(after="1min").waiting == {"ask": "dough"}
    assert runner.clock() == MONDAY + timedelta(minutes=2)
    assert runner.other("second").context["ran"] == ["ask"], "only the tick was for that, too"
    runner.operations.cancel("flow", "default")
    with pytest.raises(wfepy.InstanceNotFound, match="has ended"):
        runner.run()


def test_what_a_tick_came_to_is_known_when_it_has_raised(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(two_branches().workflow())
    runner.replace("left", ConnectionError("no network"))
    with pytest.raises(ConnectionError):
        runner.tick()
    assert runner.summary.completed == ["start", "right"]
    assert list(runner.summary.failures) == ["left"]


def test_a_runner_knows_what_wakes_the_instance(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(until="1h").workflow())
    assert runner.wake == MONDAY
    runner.tick()
    assert runner.wake == MONDAY + timedelta(hours=1)
    runner.replace("ask", wfepy.wait(signal="go", done=True))
    runner.tick(after="1h")
    woken = [runner.wake]
    runner.signal("go")
    runner.tick()
    runner.assert_finished()
    assert [*woken, runner.wake] == [None, None]


def test_the_clock_can_be_moved_by_itself(workflow_runner: MakeRunner) -> None:
    clock = FakeClock()
    clock.advance("1d 2h")
    clock.advance(timedelta(minutes=1))
    assert clock() == MONDAY + timedelta(days=1, hours=2, minutes=1)
    with pytest.raises(ValueError, match="how far to advance"):
        clock.advance("-1d")


def test_what_fakes_the_clock_of_the_machine_works_beside_it(workflow_runner: MakeRunner) -> None:
    seen: list[float] = []
    runner = workflow_runner(
        Build().add("ask", START, END, does=lambda _: seen.append(time.time())).workflow()
    )
    with freeze_time("2030-01-01"):
        runner.tick()
        runner.tick(after="1d")
    assert seen == [datetime(2030, 1, 1, tzinfo=timezone.utc).timestamp()] * 2
    assert runner.clock() == MONDAY + timedelta(days=1)
    assert runner.instance.created == "2026-01-05T09:00:00.000000Z"


def test_tasks_can_run_in_threads_as_the_config_may_have_it(workflow_runner: MakeRunner) -> None:
    """What two branches do to one key of the context is an error there, and only there."""
    meeting = threading.Barrier(2, timeout=20)
    workflow = two_branches(*[lambda context: meeting.wait() >= 0] * 2).workflow()
    with pytest.raises(wfepy.WfepyError, match=r'it changed context\["ran"\], and so did the task'):
        workflow_runner(workflow, executor="threads").tick()
    runner = workflow_runner(two_branches().workflow())
    runner.tick()
    runner.assert_finished()


def test_a_deadline_is_exact_to_the_second(workflow_runner: MakeRunner) -> None:
    module = Build().add("end", END).module

    @wfepy.task(deadline="3d")
    @wfepy.start_point()
    @wfepy.followed_by("end", on="timeout")
    def ask(context: Any) -> bool:
        return False

    module.__dict__["ask"] = ask
    runner = workflow_runner(module)
    runner.tick()
    runner.clock.now += timedelta(days=3, microseconds=-1)
    runner.tick()
    runner.assert_waiting("ask", deadline=MONDAY + timedelta(days=3))
    runner.assert_waiting("ask", deadline=timedelta(microseconds=1))
    runner.advance("1s")
    runner.assert_path("end")


def test_what_a_task_raises_comes_out_of_the_tick_after_the_others_have_advanced(
    workflow_runner: MakeRunner,
) -> None:
    def broken(context: Any) -> bool:
        raise ConnectionError("no network")

    runner = workflow_runner(two_branches(left=broken).workflow())
    with pytest.raises(ConnectionError, match="no network"):
        runner.tick()
    runner.assert_path("start", "right")
    with pytest.raises(ConnectionError):
        runner.tick()


def test_short_delays_of_retries_take_no_time(workflow_runner: MakeRunner) -> None:
    module = types.ModuleType("flow")

    @wfepy.task(retry=wfepy.Retry(3, delay="1s", factor=1, jitter=0))
    @wfepy.start_point()
    @wfepy.end_point()
    def upload(context: Any) -> bool:
        return True

    module.upload = upload  # type: ignore[attr-defined]
    runner = workflow_runner(module)
    double = runner.replace("upload", [OSError("1"), OSError("2"), True])
    runner.tick()
    assert len(double.calls) == 3
    assert [call.attempt for call in double.calls] == [1, 2, 3]
    assert runner.clock() == MONDAY + timedelta(seconds=2)
    runner.assert_finished()


def test_a_signal_is_checked_as_the_command_does_and_delivered_by_the_next_tick(
    workflow_runner: MakeRunner,
) -> None:
    runner = workflow_runner(waits(signal="approve", by="ann", done=True).workflow())
    runner.tick()
    runner.assert_waiting("ask", on="approve")
    with pytest.raises(wfepy.UsageError, match="must be sent by ann"):
        runner.signal("approve", by="eve")
    assert runner.signal("approve", by="ann").waiting == ["ask"]
    runner.assert_path()
    runner.tick()
    runner.assert_path("ask", "end")
    runner.assert_finished()


def test_a_signal_can_come_as_a_file_that_nobody_has_checked(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(signal="approve", by="ann", done=True).workflow())
    runner.tick()
    sent = runner.signal("approve", by="eve", id="mail-1", check=False)
    assert (sent.id, sent.accepted) == ("mail-1", True)
    assert not runner.signal("approve", by="eve", id="mail-1", check=False).accepted
    runner.tick()
    assert [each.sent for each in runner.instance.signals] == ["2026-01-05T09:00:00.000000Z"]
    runner.assert_waiting("ask")


def test_signals_keep_their_order(workflow_runner: MakeRunner) -> None:
    got: list[int] = []

    def take(context: Any, signals: Any) -> Any:
        got.extend(each.data for each in signals.take_all("n"))
        return len(got) >= 20 or wfepy.wait(signal="n")

    runner = workflow_runner(waits().workflow())
    runner.replace("ask", take)
    for number in range(20):
        runner.signal("n", number)
    runner.tick()
    assert got == list(range(20))


def test_the_context_can_be_given(workflow_runner: MakeRunner) -> None:
    assert workflow_runner(waits().workflow(), {"milk": True}).context == {"milk": True}
    given = wfepy.Context(milk=False)
    assert workflow_runner(waits().workflow(), given).context == given


def test_a_double_stands_for_the_function_and_nothing_else(workflow_runner: MakeRunner) -> None:
    workflow = two_branches().workflow()
    runner = workflow_runner(workflow)
    double = runner.replace("left", lambda context, now: context.update(at=now) or True)
    assert repr(double) == "<Double of left, called never>"
    runner.tick()
    runner.assert_finished()
    (call,) = double.calls
    assert call.context == {"ran": ["start"]}
    assert call.arguments == {"now": MONDAY}
    assert call.idempotency_key.endswith("/left/0")
    assert runner.context["at"] == MONDAY
    assert workflow_runner(workflow).doubles == {}
    workflow_runner(workflow).tick()
    assert len(double.calls) == 1, "the workflow itself is as it was"


@pytest.mark.parametrize(
    ("does", "status"),
    [(True, "finished"), (False, "running"), (wfepy.wait(signal="x"), "running"), ([False, True], "running")],
)
def test_a_double_answers_what_it_is_told(workflow_runner: MakeRunner, does: Any, status: str) -> None:
    runner = workflow_runner(two_branches().workflow())
    runner.replace("left", does)
    runner.tick()
    assert runner.status == status


@pytest.mark.parametrize("does", [ValueError("full"), ValueError, [ValueError("full")]])
def test_a_double_raises_what_it_is_told(workflow_runner: MakeRunner, does: Any) -> None:
    runner = workflow_runner(two_branches().workflow())
    runner.replace("left", does)
    with pytest.raises(ValueError, match=r"full|"):
        runner.tick()


def test_a_double_is_told_where_its_task_is(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(two_branches().workflow())
    before = runner.instance.workflow.tasks["left"].location
    runner.replace("left", lambda context: True)
    assert runner.instance.workflow.tasks["left"].location == before


def test_the_next_attempt_at_a_task_is_expected_by_its_moment(workflow_runner: MakeRunner) -> None:
    @wfepy.task(retry=wfepy.Retry(3, delay="1h", jitter=0))
    @wfepy.start_point()
    @wfepy.end_point()
    def upload(context: Any) -> bool:
        raise OSError("no network")

    runner = workflow_runner(flow(upload))
    runner.tick()
    runner.assert_waiting("upload", until="1h")
    with pytest.raises(AssertionError, match="expected that upload waits until 2026-01-05 11:00:00Z"):
        runner.assert_waiting("upload", until="2h")
    with pytest.raises(AssertionError, match="expected that upload waits"):
        runner.assert_waiting("upload")


def test_a_failed_test_shows_signals_that_nobody_took_and_no_endless_context(
    workflow_runner: MakeRunner,
) -> None:
    runner = workflow_runner(waits().workflow(), {"book": "x" * 5000})
    runner.signal("hello", 7)
    runner.tick()
    shown = runner.describe()
    assert "signal not taken: Signal('hello', 7, by='', id='signal-0001')" in shown
    assert '; when it was sent, no task waits for "hello" now' in shown
    assert f"context: Context\n  book = '{'x' * 100}" in shown
    assert "xxx...\n" in shown
    assert len(shown) < 1500


def test_a_double_of_no_task_is_an_error(workflow_runner: MakeRunner) -> None:
    with pytest.raises(LookupError, match=r'there is no task "lefd".*did you mean "left"'):
        workflow_runner(two_branches().workflow()).replace("lefd", True)


class Opaque:
    """A class of no module of the workflow."""


def test_what_cannot_be_saved_fails_the_tick(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(two_branches().workflow())
    runner.replace("left", lambda context: context.update(file=Opaque()) or True)
    with pytest.raises(wfepy.CodecError, match="file"):
        runner.tick()


def test_each_task_gets_the_context_as_it_would_come_back_from_a_file(workflow_runner: MakeRunner) -> None:
    seen: list[Any] = []

    def start(context: Any) -> bool:
        context["a"] = [1]
        seen.append(context["a"])
        return True

    def end(context: Any) -> bool:
        seen.append(context["a"])
        return True

    workflow = Build().add("start", START, "end", does=start).add("end", END, does=end).workflow()
    workflow_runner(workflow).tick()
    workflow_runner(workflow, round_trip=False).tick()
    first, second, third, fourth = seen
    assert first == second
    assert first is not second
    assert third is fourth


def test_what_does_not_come_back_as_it_was_is_told_with_the_task(workflow_runner: MakeRunner) -> None:
    workflow = two_branches().workflow()
    workflow.register_class(Shy)
    runner = workflow_runner(workflow)
    runner.replace("left", lambda context: context.update(shy=Shy()) or True)
    with pytest.raises(AssertionError, match=r"after left, context\['shy'\] was .* comes back as"):
        runner.tick()


class Shy:
    """Its second attribute is no item of its ``__dict__``, so it is not saved."""

    def __init__(self) -> None:
        self.number = 1
        self.is_new = id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = None  # type: ignore[assignment]


def test_a_file_is_found_beside_the_test_and_from_the_root_of_the_tests(users: pytest.Pytester) -> None:
    users.mkdir("flows").joinpath("second.py").write_text((users.path / "article.py").read_text())
    (users.path / "flows" / "article.py").write_text("")
    users.mkdir("tests").joinpath("test_it.py").write_text(
        """
import os, pathlib, pytest
HERE = pathlib.Path(__file__).parent
@pytest.mark.parametrize("path", ["../article.py", "article.py", HERE.parent / "article.py", "flows/second.py"])
def test_it(workflow_runner, path):
    workflow_runner(path).tick()
    workflow_runner("article", now="2026-01-01T00:00Z").restart(HERE.parent / "article.py")
"""
    )
    users.makeini("[pytest]")
    users.runpytest_inprocess("tests", "--import-mode=importlib").assert_outcomes(passed=4)


def test_a_restart_can_bring_other_code(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits(signal="go", done=True).workflow())
    runner.tick()
    newer = Build().add("ask", START, "end", "tell", does=False).add("tell", END).add("end", END)
    runner.restart(newer.module)
    runner.signal("go")
    runner.tick()
    runner.assert_done("ask", "end", "tell")
    runner.assert_finished()


def test_observers_that_the_test_gives_are_told(workflow_runner: MakeRunner) -> None:
    class Recorder:
        def __init__(self) -> None:
            self.seen: list[str] = []

        @wfepy.hookimpl
        def wfepy_task_finished(self, task: wfepy.Task) -> None:
            self.seen.append(task.name)

    recorder = Recorder()
    workflow_runner(two_branches().workflow(), plugins=[recorder]).tick()
    assert recorder.seen == ["start", "left", "right", "end"]


def test_a_person_can_step_in(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(two_branches(left=False).workflow())
    runner.tick()
    runner.operations.skip("flow", "default", "left", by="ann")
    runner.tick()
    runner.assert_skipped("left")
    runner.assert_finished()


def test_a_path_may_have_gaps(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(two_branches().workflow())
    runner.tick()
    runner.assert_path("start", ..., "end")
    runner.assert_path(...)
    runner.assert_path(..., "left", "right", "end")
    for wrong in [("start",), ("start", "end"), (..., "left"), ("start", ..., "start"), ()]:
        with pytest.raises(AssertionError, match="path so far: start -> left -> right -> end"):
            runner.assert_path(*wrong)


@pytest.mark.parametrize(
    ("expectation", "message"),
    [
        (lambda runner: runner.assert_waiting("end"), "expected that end waits"),
        (lambda runner: runner.assert_waiting("ask", on="no"), 'expected that ask waits for a signal "no"'),
        (lambda runner: runner.assert_waiting("ask", until="9d"), "waits until 2026-01-14 09:00:00Z"),
        (lambda runner: runner.assert_waiting("ask", reason="late"), "waits with 'late' in its reason"),
        (lambda runner: runner.assert_waiting("ask", deadline="2d"), "times out at 2026-01-07 09:00:00Z"),
        (lambda runner: runner.assert_done("ask"), "expected that ask is done"),
        (lambda runner: runner.assert_skipped("ask"), "expected that ask was skipped"),
        (lambda runner: runner.assert_path("ask"), "expected path: ask"),
        (lambda runner: runner.assert_finished(), "expected status: finished"),
        (lambda runner: runner.assert_ended("failed"), "expected status: failed"),
    ],
)
def test_a_message_says_what_was_expected_and_why_it_is_otherwise(
    workflow_runner: MakeRunner, expectation: Any, message: str
) -> None:
    runner = workflow_runner(waits(signal="yes", until="1d", reason="the cup is full").workflow())
    runner.tick()
    with pytest.raises(AssertionError) as failed:
        expectation(runner)
    text = str(failed.value)
    assert message in text
    assert "flow/default is running" in text
    if "that end" not in message:
        assert "the cup is full (for a signal yes; until 2026-01-06T09:00:00Z)" in text


def test_a_name_that_is_no_task_is_told(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waits().workflow())
    for expectation in (runner.assert_done, runner.assert_skipped, runner.assert_waiting, runner.assert_path):
        with pytest.raises(LookupError, match="no task"):
            expectation("asc")


def test_the_fixture_knows_what_only_a_runner_has(workflow_runner: MakeRunner) -> None:
    with pytest.raises(
        AttributeError, match=r"runner = workflow_runner\(WORKFLOW\) makes what has it: runner.signal$"
    ):
        workflow_runner.signal("go")
    with pytest.raises(AttributeError, match=r"no attribute 'signals'$"):
        workflow_runner.signals("go")


def test_a_runner_can_be_made_without_pytest() -> None:
    runner = WorkflowRunner.make(two_branches().workflow(), now="2026-05-01T00:00Z")
    runner.tick()
    runner.assert_finished()
    runner.close()


def test_a_clock_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        FakeClock("2026-05-01T00:00")
