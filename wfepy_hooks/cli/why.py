"""Explain why a task runs, waits, or was skipped, from the decisions that were made.

    wfepy why coffee table-4 make_foam

INSTANCE may be left out where there is only one, or one is called "default". With --json: {"workflow", "instance",
"task", "explanation": [LINE]}.
"""

from __future__ import annotations

from ..errors import UsageError
from ..project import Project
from .loglines import shown_path
from .naming import pick_instance, pick_workflow, require_workflow
from .output import clean, result, result_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config


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
    task = args.words[-1]
    tasks = project.workflow(name).tasks
    if task not in tasks:
        if len(args.words) == 1 and (
            task in project.store.list(name) or task in project.store.list(name, ended=True)
        ):
            raise UsageError(
                f"{task} is an instance",
                where="wfepy why",
                hint=f"name a task too: wfepy why {name} {task} TASK",
            )
        from ..suggest import did_you_mean

        raise UsageError(
            f'there is no task "{task}"', where=f"workflow {name}", hint=did_you_mean(task, tasks)
        )
    word = args.words[0] if len(args.words) == 2 else None
    instance = project.read(name, pick_instance(project, name, word))
    lines = [clean(shown_path(line)) for line in instance.why(task).split("\n")]
    if args.json:
        result_json({"workflow": name, "instance": instance.id, "task": task, "explanation": lines})
    else:
        result("\n".join(lines))
    return 0
