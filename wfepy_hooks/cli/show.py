"""Show everything of one instance: its context, and each task with its state.

    wfepy show coffee table-4

INSTANCE may be left out where there is only one, or one is called "default". With --json: {"workflow", "instance",
"status", "created", "uid", "context", "paused", "parent", "scheduled", "signals", "tasks": [{"name", "status",
"generation", "since", "reason", "failures", "error", "next", "wait", "deadline", "retry_at", "items"}]}. "signals" are
those that no task has taken yet; "scheduled" says for which moment a schedule has begun it.
"""

from __future__ import annotations

from .. import marking as m
from ..project import Project
from ..replaying import decisions_text
from ..waking import deadline_of
from ..why import items_text, outcome_reason, wait_terms
from .naming import pick_instance, pick_workflow, require_workflow
from .output import clean, result, result_json
from .tables import LONGEST, cut, show_table
from .wakes import paused_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from ..config import Config
    from ..instance import Instance


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument("instance", nargs="?", metavar="INSTANCE", help="id of the instance")
    parser.add_argument("--full", action="store_true", help="long values, too")
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    name = pick_workflow(config, args.workflow)
    require_workflow(config, name)
    project = Project(config)
    project.workflow(name)
    instance = project.read(name, pick_instance(project, name, args.instance))
    data = _data(instance, project.codec(name).encode(instance.context))
    if args.json:
        result_json(data)
        return 0
    result(
        f"{name}/{clean(instance.id)}: {clean(data['status'].replace('_', ' '))}, created {_minute(data['created'])}"
    )
    for line in _remarks(data):
        result(clean(line))
    result("")
    _show_context(data["context"], None if args.full else LONGEST)
    result("")
    rows = [
        (task["name"], _word(task), _remark(task, _next(instance, task["name"]), instance))
        for task in data["tasks"]
    ]
    show_table(("TASK", "STATUS", ""), rows, args.flags)
    return 0


def _data(instance: Instance, context: Any) -> dict[str, Any]:
    return {
        "workflow": instance.workflow.name,
        "instance": instance.id,
        "status": instance.status,
        "created": instance.created,
        "uid": instance.uid,
        "context": context,
        "paused": instance.paused,
        "parent": instance.parent,
        "scheduled": instance.scheduled,
        "signals": [{**each.to_json(), "received": each.received} for each in instance.signals],
        "tasks": [_task(instance, number, name) for number, name in enumerate(instance.marking.graph.names)],
    }


def _task(instance: Instance, number: int, name: str) -> dict[str, Any]:
    wait = instance.waits.get(name)
    return {
        "name": name,
        "status": m.STATUS_WORDS[instance.marking.status[number]] if wait is None else "waiting",
        "generation": instance.marking.generation[number],
        "since": None if wait is None else wait.since,
        "reason": None if wait is None else wait.reason,
        "failures": instance.failures.get(name, 0),
        "error": instance.errors.get(name),
        "next": decisions_text(instance.marking, number),
        "wait": {} if wait is None else wait.terms(),
        "deadline": deadline_of(instance, name) or None,
        "retry_at": instance.retry_at.get(name),
        "items": instance.items[name].to_json() if name in instance.items else None,
    }


def _remarks(data: dict[str, Any]) -> list[str]:
    """Return what is to be known of the whole instance."""
    lines = []
    if data["parent"] is not None:
        lines.append("its end is awaited by task {task} of {workflow}/{instance}".format(**data["parent"]))
    if data["scheduled"] is not None:
        missed = data["scheduled"]["missed"]
        after = f", after {missed} missed" if missed else ""
        lines.append(f"begun by the schedule for {data['scheduled']['due'][:16].replace('T', ' ')}Z{after}")
    if data["paused"] is not None:
        at = data["paused"].get("at", "")[:16].replace("T", " ")
        lines.append(f"paused since {at}Z {paused_text(data['paused'])}")
    for each in data["signals"]:
        by = f" by {each['by']}" if each.get("by") else ""
        lines.append(f"signal {each['name']}{by}, not taken yet, id {each['id']}")
    return lines


def _word(task: dict[str, Any]) -> str:
    """Return the status of a task as a person would say it."""
    if task["status"] == "ready" and task["failures"]:
        return "retrying" if task["retry_at"] else "failing"
    return str(task["status"]).replace("_", " ")


def _show_context(context: Any, longest: int | None) -> None:
    import json

    if not isinstance(context, dict):
        result(f"context: {json.dumps(context)}")
        return
    result("context:" if context else "context: empty")
    for key, value in context.items():
        result(f"  {clean(key)} = {clean(cut(json.dumps(value, ensure_ascii=False), longest))}")


def _next(instance: Instance, name: str) -> list[str]:
    """Return what was decided about the transitions of a task, in words."""
    graph, transitions = instance.marking.graph, instance.workflow.tasks[name].followed_by
    number = graph.index[name]
    words = decisions_text(instance.marking, number)
    if not words:
        return words
    for place, edge in enumerate(graph.edges_of(number)):
        if instance.marking.edges[edge] == m.E_OUTCOME:
            words[place] = f"{transitions[place].dest}: {outcome_reason(transitions[place])}"
    return words


def _remark(task: dict[str, Any], following: list[str], instance: Instance) -> str:
    parts = [f"pass {task['generation'] + 1}"] if task["generation"] else []
    if task["since"]:
        parts.append(f"since {_minute(task['since'])}")
    if task["failures"]:
        parts.append(f"failed {task['failures']} times" if task["failures"] > 1 else "failed once")
    if task["retry_at"]:
        parts.append(f"tried again at {_minute(task['retry_at'])}")
    if task["items"] is not None:
        parts.append(items_text(instance.items[task["name"]]))
    if task["wait"]:
        parts += wait_terms(instance.waits[task["name"]], beside_reason=True)
    if task["deadline"]:
        parts.append(f"times out at {_minute(task['deadline'])}")
    parts += [text for text in (task["reason"], task["error"]) if text]
    parts += [f"-> {text}" for text in following]
    return ", ".join(parts)


def _minute(text: str) -> str:
    return f"{text[:16].replace('T', ' ')}Z"
