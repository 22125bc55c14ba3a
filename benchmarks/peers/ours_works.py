"""The works in one process, by wfepy-hooks: `ours_works.py WORK ...` prints a JSON object.

memory SHAPE SIZE     time `Runner.run()` alone, with the graph built and checked beforehand
observed SHAPE SIZE   the same with a plugin that implements four hooks
logged FORMAT SIZE    time a run of a chain with wfepy_logging; count the lines that it writes to a file
large SHAPE SIZE      time checking the graph, running, saving and loading; count the bytes of the state
durable SIZE          time a tick of one instance of a chain, through the store
start NUMBER          make so many instances of the project in the current folder
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import shapes  # type: ignore[import-not-found]  # a script: it stands beside it

import wfepy_hooks
from wfepy_hooks.config import Config
from wfepy_hooks.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = dict[str, float]


class Observer:
    """A plugin that looks at what every plugin for logging looks at."""

    @wfepy_hooks.hookimpl
    def wfepy_tick_started(self, instance: wfepy_hooks.Instance) -> None:
        pass

    @wfepy_hooks.hookimpl
    def wfepy_task_started(self, task: wfepy_hooks.Task, attempt: int) -> None:
        pass

    @wfepy_hooks.hookimpl
    def wfepy_transition_evaluated(self, transition: wfepy_hooks.Transition, taken: bool) -> None:
        pass

    @wfepy_hooks.hookimpl
    def wfepy_task_finished(self, task: wfepy_hooks.Task, result: wfepy_hooks.TaskResult) -> None:
        pass


def memory(shape: str, size: str, *plugins: object) -> Numbers:
    workflow = _workflow(shape, int(size))
    workflow.check_graph()
    runner = workflow.create_runner({}, plugins=plugins)
    start, start_cpu = perf_counter(), process_time()
    runner.run()
    found = {"seconds": perf_counter() - start, "cpu": process_time() - start_cpu}
    assert runner.finished
    return found


def observed(shape: str, size: str) -> Numbers:
    return memory(shape, size, Observer())


def logged(format: str, size: str) -> Numbers:
    from wfepy_logging.events import EventLog
    from wfepy_logging.settings import read_settings

    config = Config(".")
    config.plugin_settings = {"wfepy_logging": {"to": "events.log", "format": format, "level": "debug"}}
    events = EventLog(read_settings(config), config)
    events.open()  # imports logging, and that is no part of what an event costs
    found = memory("chain", size, events)
    events.wfepy_unconfigure()
    with open("events.log", encoding="utf-8") as log:
        return {**found, "events": sum(1 for _ in log)}


def large(shape: str, size: str) -> Numbers:
    workflow = _workflow(shape, int(size))
    found = {"check": _time(workflow.check_graph)}
    # With what the first runner does: it compiles the graph.
    found["run"] = _time(lambda: workflow.create_runner({}).run())
    runner = workflow.create_runner({})
    runner.run()
    found["save"] = _time(lambda: runner.dump("state.json"))
    other = workflow.create_runner({})
    found["load"] = _time(lambda: other.load("state.json"))
    assert other.finished
    return {**found, "bytes": os.path.getsize("state.json")}


def durable(size: str) -> Numbers:
    Path("wfepy.toml").write_text('[wfepy]\nstate = "state"\n\n[workflows.chain]\nmodule = "chain"\n')
    sys.modules["chain"] = shapes.chain(wfepy_hooks, int(size))
    project = Project(Config.load())
    project.start("chain", "one")
    start = perf_counter()
    (report,) = project.tick()
    seconds = perf_counter() - start
    assert report.summary is not None
    assert len(report.summary.completed) == int(size)
    return {"seconds": seconds}


def start(number: str) -> Numbers:
    project = Project(Config.load())
    for instance in range(int(number)):
        project.start("three", str(instance))
    return {}


def _workflow(shape: str, size: int) -> wfepy_hooks.Workflow:
    workflow = wfepy_hooks.Workflow()
    workflow.load_tasks(shapes.SHAPES[shape](wfepy_hooks, size))
    return workflow


def _time(work: Callable[[], object]) -> float:
    """Return the processor's time, which what else the machine does changes little."""
    gc.collect()  # what is timed pays for its own garbage only
    start = process_time()
    work()
    return process_time() - start


WORKS: dict[str, Callable[..., Numbers]] = {
    "memory": memory,
    "observed": observed,
    "logged": logged,
    "large": large,
    "durable": durable,
    "start": start,
}

if __name__ == "__main__":
    print(json.dumps(WORKS[sys.argv[1]](*sys.argv[2:])))
