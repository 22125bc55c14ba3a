"""Tasks that run at the same time: async, in threads, in processes."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import parallel_flow
import wfepy_hooks as wfepy
from building import flow
from wfepy_hooks.beside import ContextReplaced
from wfepy_hooks.executors import ContextConflict, WorkerDied
from wfepy_hooks.retrying import Retry

if TYPE_CHECKING:
    from building import Begin
    from wfepy_pytest import MakeRunner

EXECUTORS = ("threads", "processes")


def only(*names: str) -> wfepy.Workflow:
    """Return a workflow of these tasks of the module."""
    workflow = wfepy.Workflow()
    workflow.load_tasks(parallel_flow)
    workflow.tasks = {name: task for name, task in workflow.tasks.items() if name in names}
    return workflow


def branches() -> wfepy.Workflow:
    return only(
        *{task.name for task in vars(parallel_flow).values() if isinstance(task, wfepy.Task)}
        - {"squares", "writing"}
    )


@pytest.mark.parametrize("kind", EXECUTORS)
def test_branches_run_side_by_side_and_their_changes_come_together(
    workflow_runner: MakeRunner, kind: str
) -> None:
    runner = workflow_runner(branches(), {"meet": kind == "threads"}, executor=kind)
    assert runner.tick().status == "finished"
    context = runner.context
    pids = {name: context[name] for name in ("left", "right", "here")}
    assert pids["here"] == os.getpid()
    assert (pids["left"] == pids["here"]) is (kind == "threads")


def test_two_branches_that_write_one_key_differently_are_named(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(branches(), {"clash": True, "sleep": 0.05}, executor="threads")
    with pytest.raises(ContextConflict):
        runner.tick()
    ((name, error),) = runner.summary.failures.items()
    other = {"left": "right", "right": "left"}[name]
    assert f'task "{name}"' in str(error)
    assert f'"{other}"' in str(error)
    assert 'context["both"]' in str(error)
    assert runner.context["both"] == other


def test_a_process_that_dies_is_a_failed_attempt_of_its_own_task(
    workflow_runner: MakeRunner, tmp_path: Path
) -> None:
    context = {"dies": "left", "marker": str(tmp_path / "died")}
    runner = workflow_runner(branches(), context, executor="processes")
    with pytest.raises(WorkerDied):
        runner.tick()
    assert list(runner.summary.failures) == ["left"]
    assert sorted(runner.summary.completed) == ["begin", "here", "right"]
    assert runner.tick().status == "finished"


def sleeper(name: Any, seconds: Any, **options: Any) -> Any:
    async def function(context: Any) -> Any:
        await asyncio.sleep(seconds)
        context.setdefault("ended", []).append(name)
        return True

    function.__name__ = name
    return wfepy.task(**options)(wfepy.start_point()(wfepy.end_point()(function)))


def test_async_tasks_run_at_the_same_time(begin: Begin) -> None:
    here = set()

    def guest(name: str) -> Any:
        async def function(context: Any) -> Any:
            here.add(name)
            while len(here) < 100:  # each waits until all of them run
                await asyncio.sleep(0.01)
            return True

        function.__name__ = name
        return wfepy.task(time_limit="30s")(wfepy.start_point()(wfepy.end_point()(function)))

    runner = begin(*(guest(f"s{n}") for n in range(100)))
    assert runner.tick().status == "finished"


def test_what_follows_a_fast_task_does_not_wait_for_a_slow_one(begin: Begin) -> None:
    log = []

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    async def slow(context: Any) -> Any:
        await asyncio.sleep(0.3)
        log.append("slow")
        return True

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.followed_by("next")
    async def fast(context: Any) -> Any:
        return True

    @wfepy.task(name="next")
    @wfepy.end_point()
    def following(context: Any) -> Any:
        log.append("next")
        return True

    assert begin(slow, fast, following).tick().status == "finished"
    assert log == ["next", "slow"]


def test_an_async_task_keeps_the_context_when_a_thread_ends_meanwhile(workflow_runner: MakeRunner) -> None:
    began = threading.Event()

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    async def slow(context: Any) -> Any:
        log = context["log"] = ["before"]
        began.set()
        for _ in range(100):
            if "quick" not in context:
                await asyncio.sleep(0.01)
        log.append("after")
        return True

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    def quick(context: Any) -> Any:
        context["quick"] = began.wait(5)
        return True

    runner = workflow_runner(flow(slow, quick), executor="threads")
    assert runner.tick().status == "finished"
    assert runner.context == {"log": ["before", "after"], "quick": True}


def test_an_async_task_waits_and_fails_like_any_other(begin: Begin) -> None:
    @wfepy.start_point()
    @wfepy.task(retry=Retry(2, delay="1min"))
    @wfepy.end_point()
    async def a(context: Any, attempt: Any) -> Any:
        if attempt == 1:
            raise ValueError("no")
        return wfepy.wait(reason="tea")

    runner = begin(a)
    assert list(runner.tick().retrying) == ["a"]
    assert runner.tick(after="2min").waiting == {"a": "tea"}


def test_an_attempt_that_takes_longer_than_its_limit_has_failed(begin: Begin) -> None:
    for limited in (sleeper("a", 30, time_limit="50ms"), blocking("a", time_limit="50ms")):
        began = time.perf_counter()
        with pytest.raises(TimeoutError, match=r"time limit of 0\.05 s"):
            begin(limited).tick()
        assert time.perf_counter() - began < 10
    RELEASE.set()


RELEASE = threading.Event()


def blocking(name: Any, **options: Any) -> Any:
    def function(context: Any) -> Any:
        RELEASE.wait(30)
        return True

    function.__name__ = name
    return wfepy.task(**options)(wfepy.start_point()(wfepy.end_point()(function)))


def test_items_of_an_async_task_run_at_the_same_time_up_to_a_number(begin: Begin) -> None:
    running, most = 0, 0

    @wfepy.start_point()
    @wfepy.task(each=lambda context: list(range(20)), max_parallel=4)
    @wfepy.end_point()
    async def a(context: Any, item: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return item * item

    runner = begin(a)
    assert runner.tick().status == "finished"
    assert most == 4
    assert runner.context["a"] == [n * n for n in range(20)]


def test_items_run_in_processes(workflow_runner: MakeRunner) -> None:
    runner = workflow_runner(only("squares"), {"n": 7}, executor="processes")
    assert runner.tick().status == "finished"
    assert runner.context["squares"] == [n * n for n in range(7)]


def test_with_a_plugin_around_tasks_they_run_one_after_the_other_and_it_sees_each(begin: Begin) -> None:
    class Around:
        def __init__(self) -> None:
            self.log: list[str] = []

        @wfepy.hookimpl(wrapper=True)
        def wfepy_run_task(self, task: Any) -> Any:
            self.log.append(f"before {task.name}")
            result = yield
            self.log.append(f"after {task.name}")
            return result

    plugin = Around()
    assert begin(sleeper("a", 0.01), sleeper("b", 0.01), plugins=[plugin]).tick().status == "finished"
    assert plugin.log == ["before a", "after a", "before b", "after b"]


def test_what_a_join_cancels_is_ended_at_once(begin: Begin) -> None:
    log = []

    def racer(name: str, seconds: float) -> Any:
        async def function(context: Any) -> Any:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                log.append(f"{name} cancelled")
                raise
            return True

        function.__name__ = name
        return wfepy.task()(wfepy.start_point()(wfepy.followed_by("first")(function)))

    @wfepy.join_point("any", cancel_rest=True)
    @wfepy.end_point()
    @wfepy.task()
    def first(context: Any) -> Any:
        return True

    runner = begin(racer("hare", 0.01), racer("tortoise", 30), first)
    began = time.perf_counter()
    assert runner.tick().status == "finished"
    assert time.perf_counter() - began < 10
    assert log == ["tortoise cancelled"]


def test_a_branch_that_was_cancelled_changes_nothing_also_if_it_has_ended(
    workflow_runner: MakeRunner,
) -> None:
    began, ended = threading.Barrier(3), threading.Event()

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    async def busy(context: Any) -> Any:
        began.wait(5)
        time.sleep(0.1)  # so that both have ended when the tick looks
        return True

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.followed_by("first")
    def hare(context: Any) -> Any:
        began.wait(5)
        ended.set()
        return True

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.followed_by("first")
    def tortoise(context: Any) -> Any:
        began.wait(5)
        ended.wait(5)
        time.sleep(0.02)
        context["late"] = True
        return True

    @wfepy.join_point("any", cancel_rest=True)
    @wfepy.end_point()
    @wfepy.task()
    def first(context: Any) -> Any:
        return True

    runner = workflow_runner(flow(busy, hare, tortoise, first), executor="threads")
    assert runner.tick().status == "finished"
    runner.assert_path("hare", "busy", "first")
    assert runner.context == {}


def test_an_async_item_cannot_change_the_context(begin: Begin) -> None:
    @wfepy.task(each=lambda context: [1])
    @wfepy.start_point()
    @wfepy.end_point()
    async def writes(context: Any, item: int) -> bool:
        context["item"] = item
        return True

    runner = begin(writes)
    with pytest.raises(TypeError, match="cannot change the context"):
        runner.tick()
    assert runner.context == {}


@pytest.mark.parametrize("kind", EXECUTORS)
def test_an_item_cannot_change_the_context_wherever_it_runs(workflow_runner: MakeRunner, kind: str) -> None:
    runner = workflow_runner(only("writing"), executor=kind)
    with pytest.raises(TypeError, match="cannot change the context"):
        runner.tick()
    assert runner.context == {}


@pytest.mark.parametrize(
    ("before", "after"), [(1, True), (0, False), (1, 1.0), ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
)
def test_a_branch_may_change_a_value_to_an_equal_one(
    workflow_runner: MakeRunner, before: object, after: object
) -> None:
    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    def thread(context: Any) -> Any:
        context["value"] = after
        return True

    runner = workflow_runner(flow(thread), {"value": before}, executor="threads")
    runner.tick()
    assert repr(runner.context["value"]) == repr(after)


def test_a_branch_that_raises_fails_with_its_own_error_also_if_another_changed_the_same(
    workflow_runner: MakeRunner, caplog: pytest.LogCaptureFixture
) -> None:
    both = threading.Barrier(2)

    def branch(name: str) -> Any:
        @wfepy.start_point()
        @wfepy.task(name=name)
        @wfepy.end_point()
        def raises(context: Any) -> Any:
            both.wait(5)
            context["by"] = name
            raise ValueError(name)

        return raises

    runner = workflow_runner(flow(branch("left"), branch("right")), executor="threads")
    with pytest.raises(ValueError, match=r"^(left|right)$"):
        runner.tick()
    failures = runner.summary.failures
    assert {name: str(error) for name, error in failures.items()} == {"left": "left", "right": "right"}
    (said,) = caplog.messages
    assert 'it changed context["by"], and so did the task' in said


def test_an_async_task_does_not_lose_a_change_in_silence_where_the_context_cannot_be_changed_in_place(
    workflow_runner: MakeRunner,
) -> None:
    began = threading.Event()

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    async def slow(context: Any) -> Any:
        began.set()
        await asyncio.sleep(0.1)
        context[0] = "slow"
        return True

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.end_point()
    def quick(context: Any) -> Any:
        began.wait(5)
        context.append("quick")
        return True

    runner = workflow_runner(flow(slow, quick), [""], executor="threads")
    with pytest.raises(
        ContextReplaced, match="replaced while it ran, because of its class list: what a task"
    ):
        runner.tick()
    assert runner.context == ["", "quick"]
    assert runner.tick().status == "finished"
    assert runner.context == ["slow", "quick"]
