"""Send a signal to an instance; the next tick delivers it to the task that waits for it.

    wfepy signal coffee table-4 approve --data '{"choice": "reject", "comment": "too hot"}'

Data is JSON; a bare word needs no quotes if it is one of the choices of the wait. What no waiting task would take is
refused. What no task waits for yet is kept until one does. A signal of an --id that was sent before changes nothing.

With --json: {"workflow", "instance", "id", "name", "accepted", "waiting": [TASK], "warning"}.
"""

from __future__ import annotations

import os

from ..people import who
from ..project import Project
from ..sending import read_data, read_overview, send_signal
from .naming import pick_instance, pick_workflow
from .output import clean, result, result_json, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_by, add_json

    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument("instance", metavar="INSTANCE", help="id of the instance")
    parser.add_argument("name", metavar="NAME", help="name of the signal")
    parser.add_argument("--data", metavar="JSON", help="what it says")
    parser.add_argument(
        "--id", default="", help="one that comes twice is delivered once (default: a new one)"
    )
    add_by(parser)
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    workflow = pick_workflow(config, args.workflow)
    project = Project(config)
    instance = pick_instance(project, workflow, args.instance)
    data = None
    if args.data is not None:
        data = read_data(args.data, read_overview(project.store, workflow, instance), args.name)
    sent = send_signal(project, workflow, instance, args.name, data, by=who(os.environ, args.by), id=args.id)
    if sent.warning:
        say(f"wfepy: warning: {clean(sent.warning)}")
    if args.json:
        found = {"id": sent.id, "name": args.name, "accepted": sent.accepted, "waiting": sent.waiting}
        result_json({"workflow": workflow, "instance": instance, **found, "warning": sent.warning})
        return 0
    where = f"{workflow}/{instance}"
    if not sent.accepted:
        result(clean(f"{where}: a signal of the id {sent.id} was sent already; nothing was changed"))
    elif sent.waiting:
        result(
            clean(f"{where}: {args.name} is sent to {', '.join(sent.waiting)}, at the next tick: wfepy tick")
        )
    else:
        result(clean(f"{where}: {args.name} is sent, and kept"))
    return 0
