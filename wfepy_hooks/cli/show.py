"""Show everything of one instance: its context, and each task with its state.

    wfepy show coffee table-4

INSTANCE may be left out where there is only one, or one is called "default". With --json: {"workflow", "instance",
"status", "created", "uid", "context", "tasks": [{"name", "status", "generation", "since", "reason", "failures",
"error", "next"}]}.
"""

from __future__ import annotations

from .. import marking as m
from ..project import Project
from ..replaying import decisions_text
from ..why import outcome_reason
from .naming import pick_instance, pick_workflow, require_workflow
from .output import clean, result, result_json
from .tables import LONGEST, cut, show_table

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
        f"{name}/{clean(instance.id)}: {clean(data['status'].replace('_', ' '))}, created {data['created']}"
    )
    result("")
    _show_context(data["context"], None if args.full else LONGEST)
    result("")
    rows = [
        (task["name"], task["status"].replace("_", " "), _remark(task, _next(instance, task["name"])))
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
    }


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


def _remark(task: dict[str, Any], following: list[str]) -> str:
    parts = [f"pass {task['generation'] + 1}"] if task["generation"] else []
    if task["since"]:
        parts.append(f"since {task['since'][:16].replace('T', ' ')}Z")
    if task["failures"]:
        parts.append(f"failed {task['failures']} times" if task["failures"] > 1 else "failed once")
    parts += [text for text in (task["reason"], task["error"]) if text]
    parts += [f"-> {text}" for text in following]
    return ", ".join(parts)
