"""``crash_at_every_step``: what makes a difference when a tick is killed is found, and nothing else."""

from __future__ import annotations

import os
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import wfepy_hooks as wfepy
from building import END, START, Build

if TYPE_CHECKING:
    from wfepy_hooks.testing import WorkflowRunner
    from wfepy_pytest import MakeRunner

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that begin as copies")


def write(text: str, mode: str) -> None:
    with open("ledger.txt", mode) as file:
        file.write(f"{text}\n")


def shop(charge: Any) -> wfepy.Workflow:
    build = Build().add("charge", START, "ship", does=charge)
    return build.add("ship", END, does=lambda context: wfepy.wait(signal="shipped", done=True)).workflow()


def buy(runner: WorkflowRunner) -> None:
    runner.tick()
    runner.assert_waiting("ship", on="shipped")
    runner.signal("shipped")
    runner.tick()
    runner.assert_path("charge", "ship")
    runner.assert_finished()


def test_a_task_that_can_run_twice_passes_at_every_moment(workflow_runner: MakeRunner) -> None:
    before = sorted(os.listdir())

    def charge(context: Any) -> bool:
        write("12", "w")
        return True

    moments = workflow_runner(shop(charge)).crash_at_every_step(buy)
    assert moments >= 8
    assert sorted(os.listdir()) == before


def test_an_effect_that_a_crash_repeats_is_found_with_its_moment(workflow_runner: MakeRunner) -> None:
    def charge(context: Any) -> bool:
        write("12", "a")
        return True

    with pytest.raises(AssertionError) as failed:
        workflow_runner(shop(charge)).crash_at_every_step(pay)
    text = str(failed.value)
    assert "a crash makes a difference at 2 of" in text
    assert "when 1 of 3 bytes of ledger.txt had been written" in text
    assert "killed after charge had run, before that was recorded" in text
    assert "file ledger.txt" in text
    assert r"without a crash: b'12\n'" in text
    assert r"with the crash:  b'12\n12\n'" in text


def test_what_a_task_leaves_half_done_is_found(workflow_runner: MakeRunner) -> None:
    """A task that refuses to run where it has been before can never go on after a crash."""

    def charge(context: Any) -> bool:
        write("12", "x")
        return True

    with pytest.raises(AssertionError) as failed:
        workflow_runner(shop(charge)).crash_at_every_step(pay)
    assert "FileExistsError" in str(failed.value)
    assert "✓ charge" not in str(failed.value)


def test_a_value_that_is_kept_in_a_variable_is_lost_with_the_process(workflow_runner: MakeRunner) -> None:
    kept: list[str] = []

    def first(context: Any) -> bool:
        kept.append("x")
        return True

    build = Build().add("first", START, "second", does=first)
    build.add("second", END, does=lambda context: bool(kept) or wfepy.wait(until="1h"))

    def one_tick(runner: WorkflowRunner) -> None:
        runner.tick()
        runner.assert_finished()

    with pytest.raises(AssertionError, match=r"killed .*as soon as the end of first was recorded"):
        workflow_runner(build.workflow()).crash_at_every_step(one_tick)


def pay(runner: WorkflowRunner) -> None:
    runner.tick()
    runner.assert_waiting("ship", on="shipped")


def test_the_effects_can_be_given(workflow_runner: MakeRunner) -> None:
    def keys(runner: WorkflowRunner) -> object:
        return {
            call.idempotency_key.partition("/")[2].split("/")[-2:][0]
            for call in runner.doubles["charge"].calls
        }

    def calls(runner: WorkflowRunner) -> object:
        return len(runner.doubles["charge"].calls)

    runner = workflow_runner(shop(True))
    runner.replace("charge", True)
    runner.crash_at_every_step(pay, effects=keys)
    with pytest.raises(AssertionError, match=r"without a crash: 1\n.*with the crash:  2"):
        runner.crash_at_every_step(pay, effects=calls)


def test_a_scenario_that_is_not_the_same_each_time_is_no_matter_of_crashes(
    workflow_runner: MakeRunner, tmp_path: Path
) -> None:
    """A file outside of the working directory lasts from run to run."""

    def charge(context: Any) -> bool:
        with (tmp_path / "ledger").open("a") as file:
            file.write("12 ")
        return True

    runner = workflow_runner(shop(charge))
    with pytest.raises(AssertionError) as failed:
        runner.crash_at_every_step(pay, effects=lambda runner: (tmp_path / "ledger").read_text())
    text = str(failed.value)
    assert text.startswith("the scenario is not the same each time, also when nothing is killed")
    assert "the first time:  '12 '\n   the second time: '12 12 '\n" in text
    assert "lasts from run to run" in text


def test_a_scenario_that_fails_the_second_time_is_no_matter_of_crashes(
    workflow_runner: MakeRunner, tmp_path: Path
) -> None:
    def charge(context: Any) -> bool:
        (tmp_path / "once").mkdir()
        return True

    with pytest.raises(AssertionError, match=r"is not the same each time(.|\n)*FileExistsError"):
        workflow_runner(shop(charge)).crash_at_every_step(pay)


def test_a_scenario_that_fails_by_itself_is_told_apart(workflow_runner: MakeRunner) -> None:
    with pytest.raises(
        AssertionError, match=r"the scenario fails before anything is killed(.|\n)*ship waits"
    ):
        workflow_runner(shop(True)).crash_at_every_step(lambda runner: runner.assert_waiting("ship"))


def test_an_exception_of_a_task_reaches_the_scenario(workflow_runner: MakeRunner) -> None:
    def charge(context: Any) -> bool:
        if not os.path.exists("money"):
            raise ConnectionError("no bank")
        return True

    def scenario(runner: WorkflowRunner) -> None:
        with pytest.raises(ConnectionError, match="no bank"):
            runner.tick()
        Path("money").touch()
        pay(runner)

    # A failed attempt more is what a crash costs.
    workflow_runner(shop(charge)).crash_at_every_step(scenario, lambda runner: runner.status)


class Odd(Exception):
    """It cannot be told to another process: it is made of more than its arguments."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def test_an_exception_that_cannot_leave_its_process_is_told_as_text(workflow_runner: MakeRunner) -> None:
    def scenario(runner: WorkflowRunner) -> None:
        with pytest.raises(RuntimeError, match=r"in a process of the test:\n(.|\n)*Odd: out of milk"):
            runner.tick()

    runner = workflow_runner(shop(True))
    runner.replace("charge", Odd(3, "out of milk"))
    runner.crash_at_every_step(scenario, lambda runner: runner.status)


def test_doubles_begin_anew_in_each_run_whatever_the_test_has_done_before(
    workflow_runner: MakeRunner,
) -> None:
    runner = workflow_runner(shop(True))
    double = runner.replace("charge", [True, OSError("called again")])
    runner.tick()

    def scenario(runner: WorkflowRunner) -> None:
        assert runner.doubles["charge"].calls == []
        runner.doubles["charge"]._does = [True]
        pay(runner)

    runner.crash_at_every_step(scenario)
    assert len(double.calls) == 1


def test_the_hooks_of_plugins_are_moments_too(workflow_runner: MakeRunner) -> None:
    class Mailer:
        @wfepy.hookimpl
        def wfepy_task_finished(self, task: wfepy.Task, result: wfepy.TaskResult) -> None:
            if result.status == "completed":
                write(f"mail {task.name}", "a")

    with pytest.raises(AssertionError) as failed:
        workflow_runner(shop(True), plugins=[Mailer()]).crash_at_every_step(pay)
    assert "after the plugins heard of wfepy_task_finished" in str(failed.value)
    assert "mail charge" in str(failed.value)


def test_a_process_that_ends_by_itself_is_no_crash(workflow_runner: MakeRunner) -> None:
    with pytest.raises(AssertionError, match="Died: a process of the test ended by itself, with exit code 3"):
        workflow_runner(shop(lambda context: os._exit(3))).crash_at_every_step(buy)


def test_schedules_begin_each_instance_once(workflow_runner: MakeRunner, tmp_path: Path) -> None:
    (tmp_path / "daily_report.py").write_text(
        "import wfepy_hooks as wfepy\n\n\n@wfepy.task()\n@wfepy.start_point()\n@wfepy.end_point()\n"
        "def report(context):\n    return True\n"
    )
    (tmp_path / "wfepy.toml").write_text(
        '[workflows.flow]\nmodule = "daily_report.py"\nstart = "0 8 * * *"\n'
    )

    def one_day(runner: WorkflowRunner) -> None:
        runner.tick()
        assert runner.instances == ["2026-01-05T0800Z"]
        runner.assert_finished()

    # So early that the first tick is one of those that begin something.
    runner = workflow_runner("flow", config_file=str(tmp_path / "wfepy.toml"), now="2026-01-05T08:05Z")
    assert runner.crash_at_every_step(one_day) >= 6


def test_it_is_skipped_where_there_is_no_fork(
    workflow_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(pytest.skip.Exception, match=r"needs os\.fork"):
        workflow_runner(shop(True)).crash_at_every_step(buy)


def test_modules_work_as_well(workflow_runner: MakeRunner) -> None:
    module = types.ModuleType("one")

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def only(context: Any) -> bool:
        return True

    module.only = only  # type: ignore[attr-defined]
    workflow_runner(module).crash_at_every_step(lambda runner: runner.tick())


def test_the_time_that_a_tick_waits_for_a_retry_passes_for_the_test_too(workflow_runner: MakeRunner) -> None:
    module = types.ModuleType("one")

    @wfepy.task(retry=wfepy.Retry(2, delay="1s", jitter=0))
    @wfepy.start_point()
    @wfepy.end_point()
    def only(context: Any) -> bool:
        return True

    module.only = only  # type: ignore[attr-defined]

    def no_time_passes(runner: WorkflowRunner) -> None:
        before = runner.clock.now
        runner.tick()
        assert (runner.clock.now - before).total_seconds() == 0

    runner = workflow_runner(module)
    runner.replace("only", [OSError("no network"), True])
    with pytest.raises(AssertionError, match=r"before anything is killed(.|\n)*assert 1\.0 == 0"):
        runner.crash_at_every_step(no_time_passes)
