"""Workflows that are drawn."""

from __future__ import annotations

import os
import types
from typing import Any

import pytest

from wfepy_hooks.instance import Instance, WaitState
from wfepy_hooks.marking import DONE, E_FALSE, E_TAKEN, E_TRUE
from wfepy_hooks.task import end_point, followed_by, join_point, start_point, task
from wfepy_hooks.workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.task import Task

    MakeWorkflow = Callable[..., Workflow]

HERE = os.path.dirname(os.path.abspath(__file__))


def make_workflow(name: str, *tasks: Task) -> Workflow:
    module = types.ModuleType(name)
    vars(module).update({f"task_{number}": each for number, each in enumerate(tasks)})
    workflow = Workflow()
    workflow.load_tasks(module)
    return workflow


@pytest.fixture(name="make_workflow")
def _make_workflow() -> MakeWorkflow:
    return make_workflow


@pytest.fixture
def here() -> str:
    """The folder that locations in golden files are relative to."""
    return HERE


@pytest.fixture
def coffee() -> Workflow:
    """WfEpy's example: a condition, two branches that meet, and a task that waits."""

    @task()
    @start_point()
    @followed_by("make_coffee")
    def start(context: Any) -> bool:
        return True

    @task()
    @followed_by("make_foam", lambda context: context.data.get("cappuccino"))
    @followed_by("add_milk")
    def make_coffee(context: Any) -> bool:
        return True

    @task()
    @followed_by("drink_coffee")
    def make_foam(context: Any) -> bool:
        return True

    @task(labels=["kitchen", "dairy"])
    @followed_by("drink_coffee")
    def add_milk(context: Any) -> bool:
        return True

    @task()
    @join_point()
    @followed_by("end")
    def drink_coffee(context: Any) -> bool:
        return False

    @task()
    @end_point()
    def end(context: Any) -> bool:
        return True

    return make_workflow("coffee", start, make_coffee, make_foam, add_milk, drink_coffee, end)


@pytest.fixture
def waiting_coffee(coffee: Workflow) -> Instance:
    """An instance without foam whose drinker waits."""
    instance = Instance(coffee, id="monday", uid="0123456789ab")
    index = coffee.graph.index
    instance.marking.settle(index["start"], DONE, [E_TAKEN])
    instance.marking.settle(index["make_coffee"], DONE, [E_FALSE, E_TAKEN])
    instance.marking.settle(index["add_milk"], DONE, [E_TAKEN])
    instance.waits["drink_coffee"] = WaitState("2026-01-05T08:00:00Z", "the cup is still too hot")
    return instance


def is_approved(context: Any) -> bool:
    return bool(context["approved"])


@pytest.fixture
def article() -> Workflow:
    """A loop in a loop, three outcomes, join rules, and an end that stops the rest."""

    @task()
    @start_point()
    @followed_by("draft")
    def start(context: Any) -> bool:
        return True

    @task()
    @followed_by("review")
    @followed_by("illustrate")
    def draft(context: Any) -> bool:
        return True

    @task()
    @followed_by("collect")
    @followed_by("review", lambda context: context["reviewers"] < 3 and not context.get("urgent"))
    @followed_by("escalate", on="timeout")
    def review(context: Any) -> bool:
        return True

    @task()
    @followed_by("collect")
    def escalate(context: Any) -> bool:
        return True

    @task()
    @followed_by("collect")
    def illustrate(context: Any) -> bool:
        return True

    @task()
    @join_point(2, cancel_rest=True)
    @followed_by("publish", is_approved)
    @followed_by("draft", lambda context: not is_approved(context))
    def collect(context: Any) -> bool:
        return True

    @task()
    @followed_by("done")
    @followed_by("clean_up", on="failed")
    @followed_by("clean_up", lambda context: context["${{ x }}"] == 'a < b & "c"\n\\', on="any")
    def publish(context: Any) -> bool:
        return True

    @task()
    @end_point(terminate=True)
    def clean_up(context: Any) -> bool:
        return True

    @task()
    @end_point()
    def done(context: Any) -> bool:
        return True

    tasks = (start, draft, review, escalate, illustrate, collect, publish, clean_up, done)
    return make_workflow("article", *tasks)


@pytest.fixture
def second_pass(article: Workflow) -> Instance:
    """An instance whose review has repeated once, with an attempt that failed."""
    instance = Instance(article, id="a-1", uid="0123456789ab")
    index = article.graph.index
    instance.marking.settle(index["start"], DONE, [E_TAKEN])
    instance.marking.settle(index["draft"], DONE, [E_TAKEN, E_TAKEN])
    instance.marking.settle(index["review"], DONE, [E_TAKEN, E_TRUE, E_FALSE])
    instance.marking.settle(index["escalate"], DONE, [E_TAKEN])
    instance.failures["illustrate"] = 1
    instance.errors["illustrate"] = "OSError: no pencil"
    return instance


@pytest.fixture
def press() -> Workflow:
    """Labels on boxes in boxes, beside a loop and across it, and every kind of wait."""

    @task(labels=["editors"])
    @start_point()
    @followed_by("write")
    def plan(context: Any) -> bool:
        return True

    @task(labels=["editors", "text"])
    @followed_by("review")
    @followed_by("illustrate", lambda context: context.get("pictures", True))
    def write(context: Any) -> bool:
        return True

    @task(labels=["editors", "text"])
    @followed_by("edit")
    @followed_by("write", lambda context: context["drafts"] < 3)
    def review(context: Any) -> bool:
        return True

    @task(labels=["art"])
    @followed_by("edit")
    def illustrate(context: Any) -> bool:
        return True

    @task(labels=["editors", 'a "weird" <label> & #1; \N{ROCKET}'])
    @join_point("all")
    @followed_by("print_it")
    @followed_by("sell", on="failed")
    def edit(context: Any) -> bool:
        return True

    @task(labels=["press"])
    @followed_by("sell")
    def print_it(context: Any) -> bool:
        return True

    @task(labels=["press"])
    @join_point("any")
    @end_point()
    def sell(context: Any) -> bool:
        return True

    return make_workflow("press", plan, write, review, illustrate, edit, print_it, sell)


@pytest.fixture
def waiting_press(press: Workflow) -> Instance:
    """An instance in whose second pass one task waits for somebody, and another one is tried again."""
    instance = Instance(press, id="42", uid="0123456789ab")
    index = press.graph.index
    instance.marking.settle(index["plan"], DONE, [E_TAKEN])
    instance.marking.settle(index["write"], DONE, [E_TAKEN, E_TRUE])
    instance.marking.settle(index["review"], DONE, [E_TAKEN, E_TRUE])
    instance.marking.settle(index["write"], DONE, [E_TAKEN, E_TRUE])
    wait = WaitState(
        "2026-01-05T08:00:00Z",
        "an editor reads the whole text of 40 pages and says whether it is good enough",
    )
    wait.signals, wait.by = ("approve",), ("ann", "bob")
    wait.until = "2026-01-08T09:30:00.000000Z"
    instance.waits["review"] = wait
    instance.deadlines["review"] = "2026-01-09T08:00:00.000000Z"
    return instance
