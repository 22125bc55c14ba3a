"""``fuzz_conditions``: every branch is driven, and what can go wrong is found."""

from __future__ import annotations

import enum
import json
import subprocess
import sys
import types
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

import wfepy_hooks as wfepy
from building import END, JOIN, START, Build, flow

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
    assert str(report) == 'flow: 2 instances were tried\nno task sets "v"'


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


def test_a_value_changes_only_when_a_task_ends_that_mentions_it(fuzz: Callable[..., FuzzReport]) -> None:
    def ways(does: Any) -> FuzzReport:
        build = Build().add("a", START, to("b", lambda c: c["x"] == 1), to("end", lambda c: c["x"] != 1))
        build.add("b", to("end", lambda c: c["x"] == 1), to("other", lambda c: c["x"] != 1), does=does)
        return fuzz(build.add("end", END, wfepy.join_point("any")).add("other", END))

    assert ways(sets_x).unreachable == []
    assert ways(True).unreachable == ["other"]


def test_what_a_task_collects_is_another_value_when_it_has_ended(workflow_runner: MakeRunner) -> None:
    def each(context: Any) -> bool:
        return True

    found = to("second", lambda c: c["prices"] == 1)
    first = wfepy.task(name="first")(wfepy.start_point()(found(to("end", lambda c: c["prices"] != 1)(each))))
    more = to("third", lambda c: c["prices"] != 1)
    second = wfepy.task(name="second", each=lambda context: (), into="prices")(
        more(to("end", lambda c: c["prices"] == 1)(each))
    )
    ends = vars(Build().add("end", END, wfepy.join_point("any")).add("third", END).module).values()
    module = flow(first, second, *(task for task in ends if isinstance(task, wfepy.Task)))
    assert workflow_runner(module).fuzz_conditions(check=False).unreachable == []


def test_the_value_of_an_approval_is_another_one_each_time(workflow_runner: MakeRunner) -> None:
    def review(context: Any) -> None: ...

    def asked(name: str, *marks: Any) -> wfepy.Task:
        made: Any = wfepy.approval(name=name, into="verdict")(review)
        for mark in marks:
            made = mark(made)
        return cast("wfepy.Task", made)

    rejected = to("second", lambda c: c["verdict"] == "reject")
    first = asked("first", wfepy.start_point(), rejected, to("end", lambda c: c["verdict"] == "approve"))
    second = asked("second", to("third", lambda c: c["verdict"] == "approve"))
    build = Build().add("end", END).add("third", END)
    module = flow(
        first, second, *(each for each in vars(build.module).values() if isinstance(each, wfepy.Task))
    )
    report = workflow_runner(module).fuzz_conditions(check=False)
    assert report.unreachable == []


def test_a_transition_about_a_failure_is_not_taken_when_the_task_is_done(
    fuzz: Callable[..., FuzzReport],
) -> None:
    build = Build().add("a", START, "b", to("c", on="failed"))
    build.add("b", "both").add("c", "both").add("both", wfepy.join_point("all"), END)
    assert fuzz(build).unreachable == ["both"]


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


def test_a_condition_that_nothing_fits_fails_the_test_and_is_blamed_for_nothing_else(
    fuzz: Callable[..., FuzzReport],
) -> None:
    report = fuzz(two_ends(lambda c: json.loads(c["text"])["ok"], lambda c: not json.loads(c["text"])["ok"]))
    assert report.unreachable == []
    assert report.dead_ends == []
    assert len(report.unclear) == 2
    with pytest.raises(AssertionError, match=r"not looked at, since it raised \w+Error: .*: ask -> left"):
        report.check()
    given = fuzz(
        two_ends(lambda c: json.loads(c["text"])["ok"], lambda c: not json.loads(c["text"])["ok"]),
        text=['{"ok": true}', '{"ok": false}'],
    )
    given.check()


NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


class Customer:
    vip = False


class Order:
    """A context that is an object with methods."""

    def __init__(self) -> None:
        self.amount = 0
        self.customer = Customer()

    def is_large(self, limit: int) -> bool:
        return self.amount > limit

    @property
    def is_small(self) -> bool:
        return not self.is_large(50)


# Pairs of conditions of which one is always true, by what they do with the context.
WHOLE: dict[str, tuple[Any, Any]] = {
    "length": (lambda c: len(c["lines"]) > 3, lambda c: len(c["lines"]) <= 3),
    "emptiness": (lambda c: not c["lines"], lambda c: len(c["lines"]) > 0),
    "membership": (lambda c: "urgent" in c["tags"], lambda c: "urgent" not in c["tags"]),
    "choices": (lambda c: c["v"] in ["a", "b"], lambda c: c["v"] not in ["a", "b"]),
    "presence": (lambda c: "v" in c, lambda c: "v" not in c),
    "moment": (lambda c: c["when"] < NOON, lambda c: c["when"] >= NOON),
    "day": (lambda c: c["when"] > date(2026, 5, 1), lambda c: c["when"] <= date(2026, 5, 1)),
    "age": (lambda c: c["age"] > timedelta(days=3), lambda c: c["age"] <= timedelta(days=3)),
    "money": (lambda c: c["price"] > Decimal("9.99"), lambda c: c["price"] <= Decimal("9.99")),
    "items of items": (lambda c: c["a"]["b"]["c"] == "x", lambda c: c["a"]["b"]["c"] != "x"),
    "get of items": (lambda c: c["order"].get("n", 0) > 9, lambda c: c["order"].get("n", 0) <= 9),
    "attributes": (lambda c: c.customer.vip, lambda c: not c.customer.vip),
    "text": (lambda c: c["name"].lower().startswith("x"), lambda c: not c["name"].lower().startswith("x")),
    "count": (lambda c: c["name"].count("a") > 2, lambda c: c["name"].count("a") <= 2),
    "sum": (lambda c: c["a"] + c["b"] > 10, lambda c: c["a"] + c["b"] <= 10),
    "remainder": (lambda c: c["n"] % 7 == 3, lambda c: c["n"] % 7 != 3),
    "any": (lambda c: any(n > 3 for n in c["l"]), lambda c: not any(n > 3 for n in c["l"])),
    "all": (lambda c: all(s == "ok" for s in c["l"]), lambda c: not all(s == "ok" for s in c["l"])),
    "items of elements": (
        lambda c: any(x["ok"] for x in c["l"]),
        lambda c: not any(x["ok"] for x in c["l"]),
    ),
    "first": (lambda c: c["l"][0] == "x", lambda c: c["l"][0] != "x"),
    "bytes": (lambda c: c["v"] == b"a", lambda c: c["v"] != b"a"),
    "none": (lambda c: c.get("v") is None, lambda c: c.get("v") is not None),
    "number in text": (lambda c: int(c["n"]) > 3, lambda c: int(c["n"]) <= 3),
    "method": (lambda c: c["file"].exists(), lambda c: not c["file"].exists()),
}


@pytest.mark.parametrize("does", WHOLE)
def test_conditions_that_leave_nothing_out_pass_whatever_they_do(
    fuzz: Callable[..., FuzzReport], does: str
) -> None:
    fuzz(two_ends(*WHOLE[does])).check()


@pytest.mark.parametrize(
    ("left", "right", "hole"),
    [
        (lambda c: c["when"] < NOON, lambda c: c["when"] > NOON, {"when": NOON}),
        (lambda c: c["o"]["n"] > 9, lambda c: c["o"]["n"] < 9, {"o['n']": 9}),
        (lambda c: len(c["l"]) > 2, lambda c: len(c["l"]) < 2, {"l": ["x", "x"]}),
        (lambda c: c.c.v == "gold", lambda c: c.c.v == "silver", {"c.v": "something else"}),
        (lambda c: c["a"] + c["b"] > 10, lambda c: c["a"] + c["b"] < 10, {"a": 10, "b": 0}),
        (lambda c: c["s"].startswith("x"), lambda c: c["s"].startswith("y"), {"s": "something else"}),
    ],
)
def test_a_hole_between_conditions_is_found_whatever_they_do(
    fuzz: Callable[..., FuzzReport], left: Any, right: Any, hole: dict[str, Any]
) -> None:
    report = fuzz(two_ends(left, right))
    (end,) = report.dead_ends
    assert {*end.values} == {*hole}
    if len(hole) == 1:
        assert end.values == hole
    assert report.unclear == {}


def test_methods_of_the_class_of_the_context_are_called(workflow_runner: MakeRunner) -> None:
    build = two_ends(lambda c: c.is_large(100), lambda c: c.is_small)
    build.module.__dict__.update(Order=Order, Customer=Customer)
    workflow = build.workflow()
    workflow.register_class(Order)
    workflow.register_class(Customer)
    report = workflow_runner(workflow, Order()).fuzz_conditions(check=False)
    assert report.unreachable == []
    assert {end.values["amount"] for end in report.dead_ends} <= {51, 52, 99, 100}
    assert report.dead_ends
    workflow_runner(workflow, Order()).fuzz_conditions(amount=[7, 50, 101])


def test_the_first_context_is_that_of_its_own_file(workflow_runner: MakeRunner, tmp_path: Path) -> None:
    """Two files of one name, whose factories make objects of two classes."""
    runners = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "wfepy.toml").write_text('[workflows.flow]\nmodule = "flow.py"\ncontext = "flow:Made"\n')
        (folder / "flow.py").write_text(
            "import wfepy_hooks as wfepy\n\n\n"
            f"class Made:\n    def kind(self):\n        return '{name}'\n\n\n"
            "@wfepy.task()\n@wfepy.start_point()\n"
            f"@wfepy.followed_by('last', lambda made: made.kind() == '{name}')\n"
            "def first(made):\n    return True\n\n\n"
            "@wfepy.task()\n@wfepy.end_point()\ndef last(made):\n    return True\n"
        )
        runners.append(workflow_runner("flow", config_file=str(folder / "wfepy.toml")))
    for runner in runners:
        runner.fuzz_conditions()


def test_it_finds_the_same_each_time(fuzz: Callable[..., FuzzReport]) -> None:
    def found() -> str:
        return str(fuzz(two_ends(lambda c: c["a"]["n"] > 3, lambda c: "x" in c["l"])))

    assert found() == found()


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


def counted(key: str) -> types.ModuleType:
    """A loop whose task sets ``rounds``, and whose conditions ask for ``key``."""

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("again", lambda context: context[key] < 3)
    @wfepy.followed_by("end", lambda context: context[key] >= 3)
    def work(context: Any) -> bool:
        context["rounds"] = context.get("rounds", 0) + 1
        return True

    @wfepy.task()
    @wfepy.followed_by("work")
    def again(context: Any) -> bool:
        return True

    @wfepy.task()
    @wfepy.end_point()
    def end(context: Any) -> bool:
        return True

    return flow(work, again, end)


def test_an_item_whose_name_is_misspelt_is_told(workflow_runner: MakeRunner) -> None:
    with pytest.raises(AssertionError, match='no task sets "round"; did you mean "rounds"'):
        workflow_runner(counted("round")).fuzz_conditions()


def test_an_item_that_something_sets_is_not_told(workflow_runner: MakeRunner) -> None:
    assert workflow_runner(counted("rounds")).fuzz_conditions().unset == {}
    assert workflow_runner(counted("round"), {"round": 0}).fuzz_conditions().unset == {}
    assert workflow_runner(counted("round")).fuzz_conditions(round=[1, 5]).unset == {}


def test_an_item_that_comes_from_elsewhere_is_told_and_fails_nothing(workflow_runner: MakeRunner) -> None:
    report = workflow_runner(counted("budget")).fuzz_conditions()
    assert report.unset == {"budget": ""}
    assert 'no task sets "budget"' in str(report)


def test_values_of_an_item_that_no_condition_asks_for_fail_the_test(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(two_ends(lambda c: c["size"] < 3, lambda c: c["size"] >= 3).workflow())
    runner.fuzz_conditions(size=[1, 5])
    with pytest.raises(AssertionError, match=r'no condition asks for "sise", .*; did you mean "size"'):
        runner.fuzz_conditions(sise=[1, 5])
