"""The project's own plugin, found because it lies beside wfepy.toml: one line in events.log for each event."""

from __future__ import annotations

import os
from datetime import datetime, timezone

import wfepy_hooks as wfepy

LOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "events.log")


def log(instance: wfepy.Instance, event: str) -> None:
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    with open(LOG, "a", encoding="utf-8") as file:
        file.write(f"{now} {instance.workflow.name}/{instance.id} {event}\n")


@wfepy.hookimpl
def wfepy_tick_started(instance: wfepy.Instance) -> None:
    log(instance, "tick started")


@wfepy.hookimpl
def wfepy_task_started(instance: wfepy.Instance, task: wfepy.Task, attempt: int) -> None:
    log(instance, f"{task.name} started, attempt {attempt}")


@wfepy.hookimpl
def wfepy_transition_evaluated(instance: wfepy.Instance, transition: wfepy.Transition, taken: bool) -> None:
    log(instance, f"{transition.source} -> {transition.dest} {'taken' if taken else 'skipped'}")


@wfepy.hookimpl
def wfepy_task_finished(instance: wfepy.Instance, task: wfepy.Task, result: wfepy.TaskResult) -> None:
    if result.changed:  # a repeated poll is no news
        log(instance, f"{task.name} {result.status}" + (f": {result.reason}" if result.reason else ""))


@wfepy.hookimpl
def wfepy_instance_finished(instance: wfepy.Instance, status: str) -> None:
    log(instance, f"instance {status}")


@wfepy.hookimpl
def wfepy_tick_finished(instance: wfepy.Instance) -> None:
    log(instance, "tick finished")
