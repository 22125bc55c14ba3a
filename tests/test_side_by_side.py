"""Tasks that run at the same time: async, in threads, in processes."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import types
from typing import Any

import pytest

import parallel_flow
import wfepy_hooks as wfepy
from wfepy_hooks.engine import Engine
from wfepy_hooks.executors import ContextConflict, ProcessExecutor, ThreadExecutor, WorkerDied
from wfepy_hooks.instance import Instance
from wfepy_hooks.plugins import PluginHost
from wfepy_hooks.retrying import Retry
from wfepy_hooks.runner import Runner


def tick(workflow: Any, instance: Any, make_executor: Any = None, plugins: Any = ()) -> Any:
    host = PluginHost()
    for number, plugin in enumerate(plugins):
        host.register(plugin, f"plugin{number}", "test")
    engine = Engine(host)
    engine.executor = make_executor
    return Runner.resume(instance, engine).tick()


def workflow_of(*tasks: Any) -> Any:
    module = types.ModuleType("flow")
    vars(module).update({task.name: task for task in tasks})
    workflow = wfepy.Workflow()
    workflow.load_tasks(module)
    workflow.check_graph()
    return workflow


def branches() -> Any:
    workflow = wfepy.Workflow()
    workflow.load_tasks(parallel_flow)
    del workflow.tasks["squares"], workflow.tasks["writing"]
    return workflow


EXECUTORS = {"threads": lambda: ThreadExecutor(2), "processes": lambda: ProcessExecutor(2)}


@pytest.mark.parametrize("kind", EXECUTORS)
def test_branches_run_side_by_side_and_their_changes_come_together(kind: Any) -> None:
    instance = Instance(branches(), {"sleep": 0.2})
    began = time.perf_counter()
    assert tick(instance.workflow, instance, EXECUTORS[kind]).status == "finished"
    if kind == "threads":  # processes take their time to start
        assert time.perf_counter() - began < 0.39
    pids = {name: instance.context[name] for name in ("left", "right", "here")}
    assert pids["here"] == os.getpid()
    assert (pids["left"] == pids["here"]) is (kind == "threads")


def test_two_branches_that_write_one_key_differently_are_named() -> None:
    instance = Instance(branches(), {"clash": True, "sleep": 0.05})
    summary = tick(instance.workflow, instance, EXECUTORS["threads"])
    ((name, error),) = summary.failures.items()
    other = {"left": "right", "right": "left"}[name]
    assert isinstance(error, ContextConflict)
    assert f'task "{name}"' in str(error)
    assert f'"{other}"' in str(error)
    assert 'context["both"]' in str(error)
    assert instance.context["both"] == other


def test_a_process_that_dies_is_a_failed_attempt_of_its_own_task(tmp_path: Any) -> None:
    instance = Instance(branches(), {"dies": "left", "marker": str(tmp_path / "died")})
    summary = tick(instance.workflow, instance, EXECUTORS["processes"])
    assert list(summary.failures) == ["left"]
    assert isinstance(summary.failures["left"], WorkerDied)
    assert sorted(summary.completed) == ["begin", "here", "right"]
    assert tick(instance.workflow, instance, EXECUTORS["processes"]).status == "finished"


def sleeper(name: Any, seconds: Any, **options: Any) -> Any:
    async def function(context: Any) -> Any:
        await asyncio.sleep(seconds)
        context.setdefault("ended", []).append(name)
        return True

    function.__name__ = name
    return wfepy.task(**options)(wfepy.start_point()(wfepy.end_point()(function)))


def test_async_tasks_run_at_the_same_time() -> None:
    workflow = workflow_of(*(sleeper(f"s{n}", 0.1) for n in range(100)))
    instance = Instance(workflow)
    began = time.perf_counter()
    assert tick(workflow, instance).status == "finished"
    assert time.perf_counter() - began < 2.0  # one after the other it takes ten seconds
    assert len(instance.context["ended"]) == 100


def test_what_follows_a_fast_task_does_not_wait_for_a_slow_one() -> None:
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

    workflow = workflow_of(slow, fast, following)
    assert tick(workflow, Instance(workflow)).status == "finished"
    assert log == ["next", "slow"]


def test_an_async_task_waits_and_fails_like_any_other() -> None:
    @wfepy.start_point()
    @wfepy.task(retry=Retry(2, delay="1min"))
    @wfepy.end_point()
    async def a(context: Any, attempt: Any) -> Any:
        if attempt == 1:
            raise ValueError("no")
        return wfepy.wait(reason="tea")

    workflow = workflow_of(a)
    instance = Instance(workflow)
    assert list(tick(workflow, instance).retrying) == ["a"]
    instance.retry_at.clear()
    assert tick(workflow, instance).waiting == {"a": "tea"}


def test_an_attempt_that_takes_longer_than_its_limit_has_failed() -> None:
    instances = []
    for limited in (sleeper("a", 30, time_limit="50ms"), blocking("a", time_limit="50ms")):
        workflow = workflow_of(limited)
        instances.append(Instance(workflow))
        began = time.perf_counter()
        (error,) = tick(workflow, instances[-1]).failures.values()
        assert isinstance(error, TimeoutError)
        assert "time limit of 0.05 s" in str(error)
        assert time.perf_counter() - began < 10
    RELEASE.set()


RELEASE = threading.Event()


def blocking(name: Any, **options: Any) -> Any:
    def function(context: Any) -> Any:
        RELEASE.wait(30)
        return True

    function.__name__ = name
    return wfepy.task(**options)(wfepy.start_point()(wfepy.end_point()(function)))


def test_items_of_an_async_task_run_at_the_same_time_up_to_a_number() -> None:
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

    workflow = workflow_of(a)
    instance = Instance(workflow)
    assert tick(workflow, instance).status == "finished"
    assert most == 4
    assert instance.context["a"] == [n * n for n in range(20)]


def test_items_run_in_processes() -> None:
    workflow = wfepy.Workflow()
    workflow.load_tasks(parallel_flow)
    workflow.tasks = {"squares": workflow.tasks["squares"]}
    instance = Instance(workflow, {"n": 7})
    assert tick(workflow, instance, EXECUTORS["processes"]).status == "finished"
    assert instance.context["squares"] == [n * n for n in range(7)]


def test_with_a_plugin_around_tasks_they_run_one_after_the_other_and_it_sees_each() -> None:
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
    workflow = workflow_of(sleeper("a", 0.01), sleeper("b", 0.01))
    assert tick(workflow, Instance(workflow), plugins=[plugin]).status == "finished"
    assert plugin.log == ["before a", "after a", "before b", "after b"]


def test_what_a_join_cancels_is_ended_at_once() -> None:
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

    workflow = workflow_of(racer("hare", 0.01), racer("tortoise", 30), first)
    began = time.perf_counter()
    assert tick(workflow, Instance(workflow)).status == "finished"
    assert time.perf_counter() - began < 10
    assert log == ["tortoise cancelled"]


@pytest.mark.parametrize("kind", EXECUTORS)
def test_an_item_cannot_change_the_context_wherever_it_runs(kind: str) -> None:
    workflow = wfepy.Workflow()
    workflow.load_tasks(parallel_flow)
    workflow.tasks = {"writing": workflow.tasks["writing"]}
    instance = Instance(workflow)
    (error,) = tick(workflow, instance, EXECUTORS[kind]).failures.values()
    assert "cannot change the context" in str(error)
    assert instance.context == {}
