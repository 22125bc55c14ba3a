"""The project's own plugin, found because it lies beside wfepy.toml: one JSON object in events.jsonl for each event."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone

import wfepy_hooks as wfepy

LOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "events.jsonl")


def log(instance: wfepy.Instance, event: str, **fields: object) -> None:
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    record = {
        "at": now,
        "workflow": instance.workflow.name,
        "instance": instance.id,
        "event": event,
        **fields,
    }
    with open(LOG, "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


@wfepy.hookimpl
def wfepy_tick_started(instance: wfepy.Instance) -> None:
    log(instance, "tick started")


@wfepy.hookimpl
def wfepy_task_started(instance: wfepy.Instance, task: wfepy.Task, attempt: int) -> None:
    log(instance, "task started", task=task.name, attempt=attempt)


@wfepy.hookimpl
def wfepy_transition_evaluated(instance: wfepy.Instance, transition: wfepy.Transition, taken: bool) -> None:
    log(instance, "transition", source=transition.source, dest=transition.dest, taken=taken)


@wfepy.hookimpl
def wfepy_task_finished(instance: wfepy.Instance, task: wfepy.Task, result: wfepy.TaskResult) -> None:
    if result.changed:  # a repeated poll is no news
        log(
            instance,
            "task finished",
            task=task.name,
            status=result.status,
            generation=result.generation,
            reason=result.reason,
            id=result.event_id,  # the same if the event is delivered twice
        )


@wfepy.hookimpl
def wfepy_instance_finished(instance: wfepy.Instance, status: str) -> None:
    log(instance, "instance finished", status=status)


@wfepy.hookimpl
def wfepy_tick_finished(instance: wfepy.Instance) -> None:
    log(instance, "tick finished")
