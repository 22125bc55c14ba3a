"""Begin an instance of a workflow. Nothing of it runs yet: the next tick does that.

    wfepy start coffee --id table-4 --set cappuccino=true

Prints the id, by default the time in UTC. With --json: {"workflow", "instance"}.
"""

from __future__ import annotations

from ..errors import InstanceExists
from ..project import Project
from .naming import pick_workflow
from .output import TasksPrintToStderr, result, result_json
from .values import add_set, read_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument("--id", help="name of the instance (default: the time, as in 20261123T061334Z)")
    add_set(parser)
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    if args.json:
        with TasksPrintToStderr():  # the workflow's module may print when it is imported
            name, instance = _start(args, config)
        result_json({"workflow": name, "instance": instance})
    else:
        result(_start(args, config)[1])
    return 0


def _start(args: Namespace, config: Config) -> tuple[str, str]:
    """Begin the instance, and return the workflow's name and the id."""
    values = read_values(args.set)
    name = pick_workflow(config, args.workflow)
    project = Project(config)
    if args.id is None:
        return name, _start_now(project, name, values)
    return name, project.start(name, args.id, values)


def _start_now(project: Project, name: str, values: dict[str, object]) -> str:
    """Begin an instance that is named after the time; a second one in the same second gets a number."""
    base = project.config.clock().strftime("%Y%m%dT%H%M%SZ")
    for number in range(1, 10_000):
        try:
            return project.start(name, base if number == 1 else f"{base}-{number}", values)
        except InstanceExists:
            continue
    return project.start(name, base, values)
