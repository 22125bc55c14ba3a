"""What a failed test shows of an instance, beside its graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import wfepy_hooks as wfepy
from building import END, START, Build, flow
from wfepy_hooks.testing.showing import shown_path

if TYPE_CHECKING:
    from pathlib import Path

    from wfepy_pytest import MakeRunner

PARENT = """
import wfepy_hooks as wfepy
@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def begin(context):
    return wfepy.start_child("child")
"""
CHILD = """
import wfepy_hooks as wfepy
@wfepy.task(retry=wfepy.Retry(2, delay="1h"))
@wfepy.start_point()
@wfepy.end_point()
def build(context):
    raise OSError("no compiler")
@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def sign(context):
    return wfepy.wait(signal="go", reason="no key")
"""
ORDER = """
import dataclasses
import wfepy_hooks as wfepy
@dataclasses.dataclass
class Order:
    name: str = "ann"
    notes: list = dataclasses.field(default_factory=list)
@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def take(order):
    return False
"""


def waiting() -> wfepy.Workflow:
    return Build().add("ask", START, END, does=lambda c: wfepy.wait(signal="go")).workflow()


def test_children_are_told_with_what_they_stand_at(workflow_runner: MakeRunner, tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    (tmp_path / "child.py").write_text(CHILD)
    config = tmp_path / "wfepy.toml"
    config.write_text("[workflows.parent]\nmodule = 'parent.py'\n[workflows.child]\nmodule = 'child.py'\n")
    runner = workflow_runner("parent", config_file=str(config))
    assert "child " not in runner.describe()
    runner.tick()
    assert (
        "child child/default.begin: running; build: OSError: no compiler; sign waits: no key\n"
        in runner.describe()
    )
    (tmp_path / "child_2.py").write_text(CHILD.replace("sign(", "seal("))
    runner.other("default.begin", "child").restart(tmp_path / "child_2.py")
    assert (
        "child child/default.begin: child/default.begin: the workflow has no task 'sign'" in runner.describe()
    )


def test_of_many_children_those_that_have_not_ended_are_told_first(workflow_runner: MakeRunner) -> None:
    def task(number: int) -> wfepy.Task:
        @wfepy.task(name=f"task_{number}")
        @wfepy.start_point()
        @wfepy.end_point()
        def begins(context: Any, instance: Any) -> Any:
            if instance.id == "default":
                return wfepy.start_child("flow", id=f"child-{number}")
            return instance.id != "child-6"

        return begins

    runner = workflow_runner(flow(*(task(number) for number in range(7))))
    runner.tick()
    told = [line for line in runner.describe().splitlines() if "child " in line or "children" in line]
    assert told[0].startswith("child flow/child-6: running; task_0 waits")
    assert told[1:] == [
        *(f"child flow/child-{number}: finished" for number in range(4)),
        "and more children: 2",
    ]


def test_the_children_of_others_are_not_told(workflow_runner: MakeRunner) -> None:
    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def begins(context: Any, instance: Any) -> Any:
        return wfepy.start_child("flow", id="child") if instance.id == "default" else False

    runner = workflow_runner(flow(begins))
    runner.tick()
    assert "child flow/" in runner.describe()
    assert "child flow/" not in runner.other("child").describe()


def test_a_signal_that_no_tick_has_delivered_is_told(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waiting())
    runner.tick()
    runner.signal("go")
    assert "signal sent, which comes with the next tick: go\n" in runner.describe()
    runner.tick()
    assert "signal sent" not in runner.describe()


def test_a_misspelt_signal_is_told_with_what_it_may_have_meant(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(waiting())
    runner.tick()
    runner.signal("goo", by="ann")
    runner.tick()
    assert "signal not taken: Signal('goo', None, by='ann'" in runner.describe()
    assert 'did you mean "go"?' in runner.describe()


def test_a_long_context_has_a_line_for_each_item(workflow_runner: MakeRunner) -> None:
    short = workflow_runner(waiting(), {"name": "ann"}).describe()
    assert "context: Context({'name': 'ann'})\n" in short
    long = workflow_runner(waiting(), {"name": "ann", "notes": ["n" * 50] * 100}).describe()
    assert "context: Context\n  name = 'ann'\n  notes = ['nnn" in long
    assert max(len(line) for line in long.splitlines()) < 220


def test_one_without_names_is_shown_as_it_is(workflow_runner: MakeRunner) -> None:
    numbers = list(range(90))
    assert f"\ncontext: {numbers}\n" in workflow_runner(waiting(), numbers).describe()


def test_a_path_that_loops_have_made_long_is_shown_without_its_middle() -> None:
    assert shown_path(["a", ..., "b"]) == "a -> ... -> b"
    tasks = [f"t{number}" for number in range(100)]
    assert shown_path(tasks[:60]).count("->") == 59
    assert "t29 -> (40 more) -> t70" in shown_path(tasks)


def test_so_has_one_of_a_class_of_its_own(workflow_runner: MakeRunner, tmp_path: Path) -> None:
    (tmp_path / "order_of_a_test.py").write_text(ORDER)
    config = tmp_path / "wfepy.toml"
    config.write_text("[workflows.order]\nmodule = 'order_of_a_test'\ncontext = 'order_of_a_test:Order'\n")
    runner = workflow_runner("order", {"notes": ["n" * 50] * 100}, config_file=str(config))
    assert "context: Order\n  name = 'ann'\n  notes = ['nnn" in runner.describe()
