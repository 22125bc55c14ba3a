"""Explain why a task runs, waits, or was skipped, from the decisions that were made.

    wfepy why coffee table-4 make_foam

INSTANCE may be left out where there is only one, or one is called "default". With --json: {"workflow", "instance",
"task", "explanation": [LINE]}.
"""

from __future__ import annotations

import contextlib

from ..errors import StateError, UsageError
from ..operate import signature
from ..operations import PAST
from ..project import Project
from .loglines import shown_path
from .naming import pick_instance, pick_workflow, require_workflow
from .output import clean, result, result_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from ..config import Config
    from ..instance import Instance


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.usage = "wfepy why [-h] [--json] WORKFLOW [INSTANCE] TASK"
    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument(
        "words", nargs="+", metavar="[INSTANCE] TASK", help="id of the instance, name of the task"
    )
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    if len(args.words) > 2:
        raise UsageError(
            "it takes a workflow, an instance and a task", where="wfepy why", hint="see wfepy why --help"
        )
    name = pick_workflow(config, args.workflow)
    require_workflow(config, name)
    project = Project(config)
    *words, task = args.words
    if task not in project.workflow(name).tasks:
        raise _no_task(project, name, task, alone=not words)
    instance = project.read(name, pick_instance(project, name, words[0] if words else None))
    lines = [
        *instance.why(task).split("\n"),
        *_by_hand(project, instance, task),
        *_not_counted(project, instance, task),
    ]
    lines = [clean(shown_path(line)) for line in lines]
    if args.json:
        result_json({"workflow": name, "instance": instance.id, "task": task, "explanation": lines})
    else:
        result("\n".join(lines))
    return 0


def _no_task(project: Project, name: str, word: str, *, alone: bool) -> UsageError:
    """Return the error that a word is not a task; where it stands alone, it may be an instance."""
    if alone and (word in project.store.list(name) or word in project.store.list(name, ended=True)):
        hint = f"name a task too: wfepy why {name} {word} TASK"
        return UsageError(f"{word} is an instance", where="wfepy why", hint=hint)
    from ..suggest import did_you_mean

    hint = did_you_mean(word, project.workflow(name).tasks)
    return UsageError(f'there is no task "{word}"', where=f"workflow {name}", hint=hint)


def _by_hand(project: Project, instance: Instance, task: str) -> list[str]:
    """Return who has stepped in at a task or before it, so that it counts now, or at the whole instance; and why."""
    lines = []
    with contextlib.suppress(StateError):  # damage to old records hides nothing else
        for record in project.store.history(instance.workflow.name, instance.id):
            if record["event"] != "operator" or record["verb"] not in PAST:
                continue
            done = f"{PAST[record['verb']]} at {record['at'][:19]}Z {signature(record)}"
            if record.get("task", task) == task:
                if "task" not in record or _is_of_now(record, instance):
                    lines.append(f"  {done}")
            elif record["verb"] == "rewind" and _begins_anew(record, instance, task):
                lines.append(f"  {record['task']}, which comes before it, was {done}")
    return lines


def _not_counted(project: Project, instance: Instance, task: str) -> list[str]:
    """Return which signals the task has dropped in its present generation, and why."""
    lines: list[str] = []
    with contextlib.suppress(StateError):  # as above
        names: dict[str, str] = {}
        for record in project.store.history(instance.workflow.name, instance.id):
            if record["event"] == "signal":
                names[record["id"]] = f"{record['id']}{f' by {by}' if (by := record.get('by')) else ''}"
            elif record.get("task") == task and record.get("generation", 0) == instance.generation(task):
                dropped = record.get("dropped", {}).items()
                lines += [f"  the signal {names.get(id, id)} did not count: {why}" for id, why in dropped]
    return lines


def _is_of_now(record: dict[str, Any], instance: Instance) -> bool:
    """Return whether a record is about the present generation of its task."""
    # The rewind of a task begins its next generation.
    begun: int = record.get("generation", 0) + (record["verb"] == "rewind")
    return begun == instance.generation(record["task"])


def _begins_anew(record: dict[str, Any], instance: Instance, task: str) -> bool:
    """Return whether a task is undecided again, or was, because of the rewind of another one."""
    graph = instance.marking.graph
    rewound = graph.index.get(record["task"])  # none: the code has changed since
    if rewound is None or not _is_of_now(record, instance):
        return False
    return graph.index[task] in instance.marking.following(rewound)
