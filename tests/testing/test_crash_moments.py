"""``crash_at_every_step``: which moments there are, and what is compared."""

from __future__ import annotations

import os
import re
import tempfile
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import wfepy_hooks as wfepy
from building import END, START, Build
from wfepy_hooks.testing import crashing

if TYPE_CHECKING:
    from wfepy_hooks.testing import WorkflowRunner
    from wfepy_pytest import MakeRunner

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that begin as copies")


def killed_at(runner: WorkflowRunner) -> object:
    """Return at which moment a run was killed."""
    moments: Any = getattr(runner._tick_apart, "__self__", None)
    return moments.killed_at


def moments_of(runner: WorkflowRunner, scenario: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return all moments at which a scenario is killed, in words."""
    monkeypatch.setattr(crashing, "_MOST", 1000)
    with pytest.raises(AssertionError) as failed:
        runner.crash_at_every_step(scenario, effects=killed_at)
    found = re.findall(r"^\d+\. killed (.*)$", str(failed.value), re.M)
    assert f"at {len(found)} of {len(found)} moments" in str(failed.value)
    return found


def test_each_change_of_what_is_saved_is_a_moment(
    workflow_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Build().add("pay", START, "ship", does=True)
    build.add("ship", END, does=lambda context: wfepy.wait(signal="shipped", done=True))

    def buy(runner: WorkflowRunner) -> None:
        runner.tick()
        runner.signal("shipped")
        runner.tick()

    assert moments_of(workflow_runner(build.workflow()), buy, monkeypatch) == [
        "after pay had run, before that was recorded",
        "as soon as the end of pay was recorded",
        "after ship had said that it waits, before that was recorded",
        "as soon as it was recorded that ship waits",
        "as soon as the snapshot was written",
        "before a signal was recorded",
        "as soon as a signal was recorded",
        "as soon as the signals that were taken in had left the inbox",
        "after ship had run, before that was recorded",
        "as soon as the end of ship was recorded",
        "before the end of the instance was recorded",
        "as soon as the end of the instance was recorded",
        "as soon as the snapshot was written",
        "as soon as the ended instance was moved to the past",
    ]


def test_the_beginnings_of_instances_are_moments(
    workflow_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "crash_report.py").write_text(
        "import wfepy_hooks as wfepy\n\n\n@wfepy.task()\n@wfepy.start_point()\n@wfepy.end_point()\n"
        "def report(context):\n    return False\n"
    )
    file = tmp_path / "wfepy.toml"
    file.write_text('[workflows.flow]\nmodule = "crash_report.py"\nstart = "0 8 * * *"\n')
    runner = workflow_runner("flow", config_file=str(file), now="2026-01-05T08:05Z")
    found = moments_of(runner, lambda runner: runner.tick(), monkeypatch)
    assert found[:2] == [
        "as soon as an instance had begun",
        "as soon as it was noted that a schedule had begun an instance",
    ]


def test_what_is_compared_is_files_doubles_contexts_and_what_became_of_tasks(
    workflow_runner: MakeRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_text("x")
    runner = workflow_runner(Build().add("b", START, "a").add("a", END).workflow())
    runner.replace("a", [OSError("no"), True])
    runner.start("second")
    with pytest.raises(OSError, match="no"):
        runner.tick()
    found = crashing._all_effects(runner)
    assert found == {
        "file below/file": b"x",
        "calls of a": ["default, pass 1", "second, pass 1"],
        "default: status": "running",
        "default: context": "Context({'ran': ['b']})",
        "default: tasks done": ["b"],
        "second: status": "finished",
        "second: context": "Context({'ran': ['b']})",
        "second: tasks done": ["a", "b"],
    }


def parent_and_child(workflow_runner: MakeRunner, tmp_path: Path) -> WorkflowRunner:
    (tmp_path / "parent_flow.py").write_text(
        "import wfepy_hooks as wfepy\n\n\n@wfepy.task()\n@wfepy.start_point()\n@wfepy.end_point()\n"
        "def ask(context):\n    return wfepy.start_child('child')\n\n\n"
        "@wfepy.task()\n@wfepy.start_point()\n@wfepy.end_point()\ndef answer(context):\n    return True\n"
    )
    (tmp_path / "child_flow.py").write_text(
        "import wfepy_hooks as wfepy\n\n\n@wfepy.task()\n@wfepy.start_point()\n@wfepy.end_point()\n"
        "def answer(context):\n    context['said'] = 'yes'\n    return True\n"
    )
    file = tmp_path / "wfepy.toml"
    file.write_text(
        '[workflows.parent]\nmodule = "parent_flow.py"\n\n[workflows.child]\nmodule = "child_flow.py"\n'
    )
    return workflow_runner("parent", config_file=str(file))


def test_children_of_other_workflows_are_compared_too(
    workflow_runner: MakeRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # all files here are looked at
    runner = parent_and_child(workflow_runner, tmp_path)
    answer = runner.other("default.ask", "child").replace("answer", True)
    runner.advance("1h")
    runner.assert_finished()
    assert len(answer.calls) == 1
    found = crashing._all_effects(runner)
    assert found["default: status"] == found["child/default.ask: status"] == "finished"
    assert found["child/default.ask: tasks done"] == ["answer"]
    assert found["child/default.ask: context"] == "Context({})"
    assert found["calls of child/answer"] == ["default.ask, pass 1"]


def test_a_call_is_heard_by_the_double_of_its_own_workflow(
    workflow_runner: MakeRunner, tmp_path: Path
) -> None:
    def calls(runner: WorkflowRunner) -> object:
        doubles = [runner.doubles["answer"], runner.other("default.ask", "child").doubles["answer"]]
        return [[(call.workflow, call.instance) for call in double.calls] for double in doubles]

    runner = parent_and_child(workflow_runner, tmp_path)
    runner.replace("answer", True)
    runner.other("default.ask", "child").replace("answer", True)

    def an_hour(runner: WorkflowRunner) -> None:
        runner.advance("1h")
        runner.assert_finished()

    life = crashing._Lives(runner._world, an_hour, calls, inside_tasks=True).live()
    assert life.effects == [[("parent", "default")], [("child", "default.ask")]]


def test_nothing_is_left_and_what_tasks_print_is_seen_once(
    workflow_runner: MakeRunner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    module = types.ModuleType("one")

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def only(context: Any) -> bool:
        Path("file").touch()
        os.write(1, b"written ")
        print("printed", flush=True)
        return True

    module.only = only  # type: ignore[attr-defined]
    workflow_runner(module).crash_at_every_step(lambda runner: runner.tick())
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().out == "written printed\n"


def test_single_runs_and_late_ticks_are_killed_too(workflow_runner: MakeRunner) -> None:
    def charge(context: Any) -> bool:
        with open("ledger", "a") as file:
            file.write("x")
        return True

    runner = workflow_runner(Build().add("charge", START, END, does=charge).workflow())

    def scenario(runner: WorkflowRunner) -> None:
        assert runner.run(after="1d").completed == ["charge"] or runner.summary.completed == []
        assert runner.clock.now.day == 6

    with pytest.raises(AssertionError, match=r"killed after charge had run(.|\n)*'xx'"):
        runner.crash_at_every_step(scenario)
