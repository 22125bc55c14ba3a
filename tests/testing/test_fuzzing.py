"""``fuzz_conditions``: every branch is driven, and what can go wrong is found."""

from __future__ import annotations

import enum
import subprocess
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

import wfepy_hooks as wfepy
from building import END, JOIN, START, Build

if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.testing import FuzzReport
    from wfepy_pytest import MakeRunner

LIMIT = 100


def to(dest: str, condition: Any = None, on: str = "done") -> Any:
    return wfepy.followed_by(dest, condition, on=on)


@pytest.fixture
def fuzz(workflow_runner: MakeRunner) -> Callable[..., FuzzReport]:
    def report(build: Build, **values: Any) -> FuzzReport:
        return workflow_runner(build.workflow()).fuzz_conditions(check=False, **values)

    return report


def two_ends(left: Any, right: Any) -> Build:
    build = Build().add("ask", START, to("left", left), to("right", right))
    return build.add("left", END).add("right", END)


def test_a_workflow_without_holes_passes(fuzz: Callable[..., FuzzReport]) -> None:
    report = fuzz(two_ends(lambda c: c["v"] == "yes", lambda c: c["v"] != "yes"))
    report.check()
    assert str(report) == "flow: 2 instances were tried"


def test_no_task_is_called(workflow_runner: MakeRunner) -> None:
    build = two_ends(lambda c: c.get("v"), lambda c: not c.get("v"))
    build.add("ask", START, to("left", lambda c: c["v"]), to("right", lambda c: not c["v"]), does=1 / 1)
    runner = workflow_runner(build.workflow())
    runner.fuzz_conditions()
    runner.assert_path()


def test_conditions_that_leave_something_out_are_a_dead_end(fuzz: Callable[..., FuzzReport]) -> None:
    report = fuzz(two_ends(lambda c: c["v"] == "yes", lambda c: c["v"] == "no"))
    (end,) = report.dead_ends
    assert end.path == ["ask"]
    assert end.values == {"v": "something else"}
    with pytest.raises(AssertionError) as failed:
        report.check()
    assert "dead end: ask, then nothing (with v = 'something else')" in str(failed.value)
    assert "test_fuzzing.py:" in str(failed.value)


def test_what_values_can_be_is_taken_from_the_test(fuzz: Callable[..., FuzzReport]) -> None:
    fuzz(two_ends(lambda c: c["v"] == "yes", lambda c: c["v"] == "no"), v=["yes", "no"]).check()


def test_a_strategy_will_do_too(fuzz: Callable[..., FuzzReport]) -> None:
    from hypothesis import strategies as st

    report = fuzz(two_ends(lambda c: c["n"] % 7 == 3, lambda c: c["n"] % 7 != 3), n=st.integers(0, 20))
    report.check()


def test_a_task_that_no_value_leads_to_is_found(fuzz: Callable[..., FuzzReport]) -> None:
    report = fuzz(two_ends(lambda c: c["n"] > 3 and c["n"] < 3, lambda c: True))
    assert report.unreachable == ["left"]
    assert len(report.untaken) == 1
    assert report.untaken[0].startswith("ask -> left")


def test_numbers_are_tried_on_both_sides_and_exactly(fuzz: Callable[..., FuzzReport]) -> None:
    build = Build().add(
        "a",
        START,
        to("b", lambda c: c["n"] < 41),
        to("c", lambda c: c["n"] == 41),
        to("d", lambda c: c["n"] > 41),
    )
    report = fuzz(build.add("b", END).add("c", END).add("d", END))
    report.check()


class Verdict(enum.Enum):
    YES = "y"
    NO = "n"


def is_yes(context: Any) -> bool:
    return bool(context["verdict"] is Verdict.YES)


def test_what_helper_functions_globals_and_enums_mention_is_tried(fuzz: Callable[..., FuzzReport]) -> None:
    fuzz(two_ends(is_yes, lambda c: not is_yes(c))).check()
    report = fuzz(two_ends(lambda c: c["n"] == LIMIT, lambda c: c["n"] != LIMIT))
    report.check()


def test_two_transitions_of_a_task_see_the_same_values(fuzz: Callable[..., FuzzReport]) -> None:
    build = Build().add("a", START, to("b", lambda c: c["x"]), to("c", lambda c: not c["x"]))
    fuzz(build.add("b", END).add("c", END)).check()


def test_a_value_that_no_task_sets_stays_the_same(fuzz: Callable[..., FuzzReport]) -> None:
    """Both choices are by one language, so the join of all is never half taken."""
    build = Build().add("a", START, "b", "c")
    build.add("b", to("e", lambda c: c["czech"]), to("f", lambda c: not c["czech"]))
    build.add("c", to("e", lambda c: c["czech"]), to("f", lambda c: not c["czech"]))
    build.add("e", wfepy.join_point("all"), END).add("f", wfepy.join_point("all"), END)
    assert fuzz(build).dead_ends == []


def sets_x(context: Any) -> bool:
    context["x"] = 1
    return True


def test_a_loop_is_left_when_its_task_sets_another_value(fuzz: Callable[..., FuzzReport]) -> None:
    build = Build().add("a", START, "b", does=sets_x)
    module = (
        build.add("b", to("a", lambda c: c["x"] < 3), to("end", lambda c: c["x"] >= 3)).add("end", END).module
    )
    task = wfepy.task()(wfepy.start_point()(wfepy.followed_by("b")(sets_x)))
    task.name = "a"
    task.followed_by.source = "a"
    module.__dict__["a"] = task
    report = fuzz(build)
    assert report.unreachable == []
    assert report.untaken == []
    assert report.dead_ends == []


def test_outcomes_that_transitions_are_about_are_tried(fuzz: Callable[..., FuzzReport]) -> None:
    build = Build().add("a", START, "end", to("sorry", on="failed"), to("late", on="timeout"))
    fuzz(build.add("sorry", END).add("late", END).add("end", END)).check()


def test_the_choices_of_an_approval_are_all_there_is(workflow_runner: MakeRunner) -> None:
    module = types.ModuleType("flow")

    @wfepy.approval(choices=("now", "later", "never"))
    @wfepy.start_point()
    @wfepy.followed_by("publish", lambda context: context["review"] in ("now", "later"))
    @wfepy.followed_by("drop", lambda context: context["review"] == "never")
    def review(context: Any) -> None:
        pass

    module.review = review  # type: ignore[attr-defined]
    for name in ("publish", "drop"):
        setattr(module, name, Build().add(name, END).module.__dict__[name])
    workflow_runner(module).fuzz_conditions()


def test_values_that_make_a_condition_raise_are_given_up(fuzz: Callable[..., FuzzReport]) -> None:
    report = fuzz(
        two_ends(lambda c: c["v"] == "go" and c["n"] < 3, lambda c: not (c["v"] == "go" and c["n"] < 3))
    )
    report.check()
    assert report.unclear == {}


def test_a_condition_that_nothing_fits_is_decided_either_way_and_told(
    fuzz: Callable[..., FuzzReport],
) -> None:
    report = fuzz(two_ends(lambda c: c["file"].exists(), lambda c: not c["file"].exists()))
    assert report.unreachable == []
    assert len(report.unclear) == 2
    assert "AttributeError" in str(report)


def test_it_says_what_to_install_where_hypothesis_is_missing() -> None:
    code = (
        "import sys\n"
        "sys.modules['hypothesis'] = None\n"
        "import types, wfepy_hooks as wfepy\n"
        "from wfepy_hooks.testing import WorkflowRunner\n"
        "module = types.ModuleType('flow')\n"
        "@wfepy.task()\n@wfepy.start_point()\n@wfepy.end_point()\n"
        "def only(context): return True\n"
        "module.only = only\n"
        "runner = WorkflowRunner.make(module)\n"
        "runner.tick()\n"
        "runner.assert_finished()\n"
        "try: runner.fuzz_conditions()\n"
        "except wfepy.UsageError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        run.stdout == "fuzz_conditions() needs hypothesis, which is not installed; pip install hypothesis\n"
    )


def test_a_join_of_two_needs_two(fuzz: Callable[..., FuzzReport]) -> None:
    build = Build().add("a", START, to("b", lambda c: c["x"]), to("c"))
    build.add("b", "end").add("c", to("end", lambda c: c["y"])).add("end", JOIN, END)
    report = fuzz(build)
    assert [end.values for end in report.dead_ends] == [{"x": False, "y": False}]
