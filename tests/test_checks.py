"""What check_graph finds, all at once, each with the file and line of its task."""

from __future__ import annotations

import re
import types
from typing import Any

import pytest

import wfepy_hooks as wfepy


def module_of(source: str, name: str = "flow") -> types.ModuleType:
    """A module whose lines can be told: it begins at line 1 of ``flow.py``."""
    module = types.ModuleType(name)
    module.__file__ = f"{name}.py"
    exec(compile("import wfepy_hooks as w\n" + source, f"{name}.py", "exec"), module.__dict__)
    return module


def workflow_of(source: str) -> wfepy.Workflow:
    workflow = wfepy.Workflow()
    workflow.collect_tasks(module_of(source))
    return workflow


def task(name: str, *marks: str, follows: str = "", parameters: str = "c") -> str:
    """The source of a task; ``follows`` names the tasks that follow it."""
    lines = [f"@w.{mark}" for mark in marks] + [f"@w.followed_by({dest!r})" for dest in follows.split()]
    return "@w.task()\n" + "".join(f"{line}\n" for line in lines) + f"def {name}({parameters}): return True\n"


START, END, JOIN = "start_point()", "end_point()", "join_point()"

CASES = [
    ("", "the workflow has no task"),
    (task("a", END), "no task is marked with @start_point()"),
    (task("a", START), "no task is marked with @end_point()"),
    (
        task("a", START, follows="bew") + task("brew", END),
        'flow.py:4: task "a": it is followed by "bew", which is no task; did you mean "brew"?',
    ),
    (
        task("a", START, follows="b c") + task("b", follows="d") + task("c", follows="d") + task("d", END),
        'flow.py:13: task "d": b, c lead to it, so it needs a mark: @join_point()',
    ),
    (
        task("a", START, follows="b") + task("b", JOIN, END),
        'flow.py:6: task "b": it is marked with @join_point() but no branches meet there',
    ),
    (task("a", START, END) + task("b", END), 'flow.py:6: task "b": no transition leads to it'),
    (
        task("a", START, END) + task("b", follows="c") + task("c", follows="b") + task("d", END),
        'flow.py:9: task "c": no start point leads to it',
    ),
    (task("a", START, END, follows="b") + task("b"), 'flow.py:7: task "b": nothing follows it'),
    (
        task("a", START, END, follows="b") + task("b", follows="b"),
        'flow.py:7: task "b": no end point can be reached from it',
    ),
    (
        task("a", START, follows="b c") + task("b", follows="c") + task("c", END, follows="b"),
        "the cycle b -> c -> b can be entered in more than one place",
    ),
    (
        task("a", START, END, parameters="c, spoon"),
        'flow.py:2: task "a": unknown parameter "spoon"; behind the context there are attempt, idempotency_key, '
        "instance, now",
    ),
    (task("a", START, END, parameters=""), 'task "a": its function takes no parameter'),
    (
        task("a", START, follows="b c")
        + task("b", follows="d")
        + task("c", follows="d")
        + task("d", "join_point(3)", END),
        "@join_point(3), but only 2 transitions lead to it",
    ),
    (
        task("a", START, follows="b") + task("b", "join_point(2)", END, follows="b"),
        "@join_point(2), but only 1 transitions lead to it",
    ),
    (task("a", START, END, parameters="c=None, *, later"), 'unknown parameter "later"'),
    (task("a", START, END, parameters="*everything, later"), 'unknown parameter "later"'),
    (
        "@w.start_point()\ndef lost(c): return True\n" + task("a", START, END),
        "it has workflow decorators but no @task()",
    ),
    (
        "@w.task()\n@w.start_point()\n@w.end_point()\nasync def a(c): yield True\n",
        "its function is an async generator",
    ),
    (
        "@w.task(renamed_from='b')\n@w.start_point()\n@w.end_point()\ndef a(c): return True\n"
        + task("b", START, END),
        "there is",
    ),
    (
        "@w.task(remind_every='2d', deadline='1d')\n@w.start_point()\n@w.end_point()\ndef a(c): return True\n",
        "remind_every is not shorter",
    ),
    ("@w.task()\n@w.start_point()\n@w.end_point()\ndef a(c): yield True\n", "its function is a generator"),
    (
        task("a", START, END) + "b = w.task(name='a')(lambda c: True)\n",
        'flow.py:6: task "a": there is another task of this name at flow.py:2',
    ),
]


@pytest.mark.parametrize(
    ("source", "message"), CASES, ids=[re.sub(r"\W+", "-", message)[:50] for _, message in CASES]
)
def test_a_problem_is_found_with_its_place(source: str, message: str) -> None:
    with pytest.raises(wfepy.WorkflowError) as caught:
        workflow_of(source).check_graph()

    assert message in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    source = task("a", follows="x y", parameters="c, d") + task("b", END, follows="z")
    with pytest.raises(wfepy.WorkflowError) as caught:
        workflow_of(source).check_graph()

    assert len(caught.value.problems) == 5
    assert str(caught.value).startswith("workflow flow: 5 problems in the graph:\n")
    assert caught.value.exit_code == 4


def test_what_is_right_is_not_told() -> None:
    source = (
        task("a", START, follows="b b c")
        + task("b", follows="d")
        + task("c", follows="d c")
        + task("d", JOIN, END, follows="a", parameters="c, d=1, *rest, **more")
    )
    workflow_of(source).check_graph()


@pytest.mark.parametrize("mark", ["", JOIN])
def test_a_loop_head_needs_no_join_mark_and_may_have_one(mark: str) -> None:
    marks = [mark] if mark else []
    workflow_of(task("a", START, follows="b") + task("b", *marks, END, follows="b")).check_graph()


def test_a_task_of_two_modules_is_one_task_and_two_of_one_name_are_an_error() -> None:
    first = module_of(task("a", START, follows="b"), "first")
    second = module_of("from_first = None\n" + task("b", END), "second")
    second.from_first = first.a  # type: ignore[attr-defined]  # imported by another name
    other = module_of(task("b", END), "other")
    workflow = wfepy.Workflow()
    workflow.load_tasks(first)
    workflow.load_tasks(second)

    assert list(workflow.tasks) == ["a", "b"]
    workflow.check_graph()
    with pytest.raises(wfepy.WorkflowError, match=r"other.py:2: task .b.: there is another .* second.py:3"):
        workflow.load_tasks(other)


def test_a_workflow_that_was_never_checked_runs_unless_it_has_no_meaning() -> None:
    lenient = workflow_of(task("a", START, follows="b") + task("b", JOIN, END) + task("c", END))
    runner = lenient.create_runner()
    runner.run()
    assert runner.finished
    with pytest.raises(wfepy.WorkflowError, match="which is no task"):
        workflow_of(task("a", START, follows="x")).create_runner()


def test_load_tasks_takes_a_name_and_says_when_there_is_no_such_module() -> None:
    workflow = wfepy.Workflow()
    with pytest.raises(wfepy.WorkflowError, match='there is no module "no_such_flow"'):
        workflow.load_tasks("no_such_flow")
    workflow.load_tasks(__name__)
    assert not workflow.tasks


def test_callables_of_every_kind_are_checked() -> None:
    class Brew:
        def __call__(self, context: Any, beans: Any) -> bool:
            return True

        def method(self, context: Any) -> bool:
            return True

    made = [wfepy.Task(Brew(), "object"), wfepy.Task(Brew().method, "method"), wfepy.Task(bool, "builtin")]
    for each in made:
        each.is_start_point = each.is_end_point = True
    workflow = wfepy.Workflow("flow")
    workflow.tasks = {each.name: each for each in made}

    assert [problem.task for problem in workflow.problems()] == ["object"]
