"""A plugin with every hook that a tick fires; it notes what it is told, at once."""

from __future__ import annotations

import json
import os
from typing import Any

import wfepy_hooks as wfepy
from wfepy_hooks import hookimpl

FOLDER = os.path.dirname(os.path.abspath(__file__))


def note(*event: object) -> None:
    file = os.open(os.path.join(FOLDER, "events.txt"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, (json.dumps(event) + "\n").encode())
    os.close(file)


@hookimpl
def wfepy_task_finished(task: wfepy.Task, result: wfepy.TaskResult) -> None:
    if result.changed:
        note(task.name, result.generation, result.status, result.attempt, result.event_id)


@hookimpl
def wfepy_transition_evaluated(transition: wfepy.Transition, taken: bool) -> None:
    note("transition", transition.source, transition.dest, taken)


@hookimpl
def wfepy_instance_finished(status: str) -> None:
    note("instance", status)


@hookimpl
def wfepy_tick_started(instance: wfepy.Instance) -> None:
    pass


@hookimpl
def wfepy_tick_finished(instance: wfepy.Instance) -> None:
    pass


@hookimpl
def wfepy_task_started(instance: wfepy.Instance) -> None:
    pass


@hookimpl
def wfepy_state_saved(instance: wfepy.Instance) -> None:
    pass


@hookimpl(wrapper=True)
def wfepy_run_task() -> Any:
    return (yield)


@hookimpl(wrapper=True)
def wfepy_load_state() -> Any:
    return (yield)


@hookimpl(wrapper=True)
def wfepy_save_state() -> Any:
    return (yield)
