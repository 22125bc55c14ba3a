"""Begin an instance of a workflow, or go on with it, as far as it can go now.

TARGET is a configured workflow or the path of a .py file, which needs no configuration at all: its instances are then
kept in .wfepy/state below the working directory. Run the same command again to go on with an instance that waits.

    wfepy run coffee_workflow.py --set cappuccino=true

With --json: {"workflow", "instance", "status", "completed", "skipped", "waiting", "failed", "error", "exit_code"}.
"""

from __future__ import annotations

from ..errors import InstanceExists, InstanceNotFound, LockedError, UsageError
from ..outcome import InstanceStatus
from .naming import DEFAULT, pick_workflow
from .outcomes import report_data
from .output import TasksPrintToStderr, clean, result, result_json
from .ticking import open_project, say_busy, tell
from .values import add_set, read_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config
    from ..project import Project, Report
    from ..stores import Session


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.add_argument("target", metavar="TARGET", help="a workflow, or the path of a .py file")
    parser.add_argument("--id", default=DEFAULT, help="the instance (default: %(default)s)")
    add_set(parser)
    parser.add_argument(
        "--wait",
        type=_seconds,
        metavar="SECONDS",
        help="wait so long for another tick that holds the instance",
    )
    add_json(parser)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def run(args: Namespace, config: Config) -> int:
    values = read_values(args.set)
    name = pick_workflow(config, args.target)
    project = open_project(config, args.flags, args.json)
    project.workflow(name)  # before anything else: an error in it is what the user wants to know first
    try:
        session = _hold(project, name, args, values)
    except LockedError as error:
        if args.wait is not None:
            raise
        say_busy(name, args.id)
        if args.json:
            result_json(_no_tick(name, args.id, None, str(error)))
        return 0
    if session is None:
        return _already_ended(project, name, args)
    if args.json:
        with TasksPrintToStderr():
            report = project.advance(session)
        result_json(report_data(report))
    else:
        report = project.advance(session)
    tell(report, project, args.flags, quiet=args.json)
    if not args.json:
        _tell_next(report)
    return report.exit_code


def _hold(project: Project, name: str, args: Namespace, values: dict[str, object]) -> Session | None:
    """Return the hold on the instance, which is made if there is none; ``None`` if it has ended."""
    if args.id in project.store.list(name, ended=True):
        return None
    try:
        session = _open(project, name, args.id, args.wait)
    except InstanceNotFound:
        try:
            return project.create(name, args.id, values)
        except InstanceExists:  # somebody was faster, or only its history is there
            if args.id in project.store.list(name):
                return _open(project, name, args.id, args.wait)
            raise
    if values:
        session.release()
        raise UsageError(
            "the instance exists, and its context was filled at its start",
            where=f"{name}/{args.id}",
            hint="leave out --set to go on with it, or begin another one with --id NAME",
        )
    return session


def _open(project: Project, name: str, instance: str, wait: float | None) -> Session:
    import time

    deadline = time.monotonic() + (wait or 0)
    while True:
        try:
            return project.store.open(name, instance)
        except LockedError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.1)


def _already_ended(project: Project, name: str, args: Namespace) -> int:
    status = project.store.read(name, args.id)[0]["status"]
    if args.json:
        result_json(_no_tick(name, args.id, status, None))
    else:
        words = status.replace("_", " ")
        result(clean(f"{name}/{args.id} has ended already: {words}; begin another instance with --id NAME"))
    return 0 if status in (InstanceStatus.FINISHED, InstanceStatus.CANCELLED) else 1


def _no_tick(name: str, instance: str, status: str | None, error: str | None) -> dict[str, object]:
    """Return the data of an instance that was not advanced."""
    dead = status not in (None, InstanceStatus.FINISHED, InstanceStatus.CANCELLED)
    return {
        "workflow": name,
        "instance": instance,
        "status": status,
        "completed": [],
        "skipped": [],
        "waiting": {},
        "failed": {},
        "error": error,
        "exit_code": 1 if dead else 0,
    }


def _tell_next(report: Report) -> None:
    if (
        report.error is None
        and report.summary is not None
        and report.summary.status == InstanceStatus.RUNNING
    ):
        result("run the same command again to go on")
