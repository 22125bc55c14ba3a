"""Send a signal to an instance; the next tick delivers it to the task that waits for it.

    wfepy signal coffee table-4 approve --data '{"choice": "reject", "comment": "too hot"}'

Data is JSON; a bare word needs no quotes if it is one of the choices of the wait. What no waiting task would take is
refused. What no task waits for yet is kept until one does. A signal of an --id that was sent before changes nothing.

    wfepy signal coffee table-4 --discard 20261123T061334000000Z-1f2e3d4c

drops one that nobody has taken; wfepy status names those, and wfepy show their ids.

With --json: {"workflow", "instance", "id", "name", "accepted", "waiting": [TASK], "warning"}; with --discard:
{"workflow", "instance", "id", "name", "discarded"}.
"""

from __future__ import annotations

import os

from ..errors import UsageError
from ..operations import Operations
from ..people import who
from ..project import Project
from ..sending import early_answer, read_data, read_overview, send_signal
from .naming import pick_instance, pick_workflow, require_workflow
from .output import TasksPrintToStderr, clean, result, result_json, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config
    from ..sending import Sent


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_by, add_json, add_reason, add_wait

    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument("instance", metavar="INSTANCE", help="id of the instance")
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of the signal")
    parser.add_argument("--data", metavar="JSON", help="what it says")
    parser.add_argument(
        "--id", default="", help="one that comes twice is delivered once (default: a new one)"
    )
    parser.add_argument("--discard", metavar="ID", help="drop the signal of this id, which nobody has taken")
    add_by(parser)
    add_reason(parser)
    add_wait(parser)
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    workflow = pick_workflow(config, args.workflow)
    project = Project(config)
    instance = pick_instance(project, workflow, args.instance)
    if args.discard is not None:
        return _discard(args, project, workflow, instance)
    if args.name is None:
        raise UsageError("no NAME is given", where="wfepy signal", hint="see wfepy signal --help")
    with TasksPrintToStderr():  # modules that are imported
        sent = _send(args, project, workflow, instance)
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


def _send(args: Namespace, project: Project, workflow: str, instance: str) -> Sent:
    data = None
    if args.data is not None:
        overview = read_overview(project.store, workflow, instance)
        is_waited_for = any(args.name in wait.signals for wait in overview.waits())
        early = None if is_waited_for else early_answer(project, workflow, instance, args.name)
        data = read_data(args.data, overview, args.name, early)
    return send_signal(project, workflow, instance, args.name, data, by=who(os.environ, args.by), id=args.id)


def _discard(args: Namespace, project: Project, workflow: str, instance: str) -> int:
    if args.name is not None or args.data is not None or args.id:
        raise UsageError(
            "--discard drops a signal, and sends none", where="wfepy signal", hint="leave out the rest"
        )
    require_workflow(project.config, workflow)
    reason = " ".join(args.reason.split())
    with TasksPrintToStderr():  # as above
        signal = Operations(project).discard(
            workflow, instance, args.discard, by=who(os.environ, args.by), reason=reason, wait=args.wait
        )
    if args.json:
        found = {"workflow": workflow, "instance": instance, "id": signal.id, "name": signal.name}
        result_json({**found, "discarded": True})
    else:
        result(clean(f"{workflow}/{instance}: the signal {signal.name} of the id {signal.id} is discarded"))
    return 0
