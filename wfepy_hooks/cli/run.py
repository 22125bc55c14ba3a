"""Begin an instance of a workflow, or go on with it, as far as it can go now.

TARGET is a configured workflow or the path of a .py file, which needs no configuration at all: its instances are then
kept in .wfepy/state below the working directory. Run it again, without --set, to go on with an instance that waits.

    wfepy run coffee_workflow.py --set cappuccino=true

With --json: {"workflow", "instance", "status", "completed", "skipped", "waiting", "retrying",
"timed_out", "failed", "error", "exit_code"}.
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
    from typing import Any

    from ..config import Config
    from ..project import Project, Report
    from ..stores import Session


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json, add_wait

    parser.add_argument("target", metavar="TARGET", help="a workflow, or the path of a .py file")
    parser.add_argument("--id", default=DEFAULT, help="the instance (default: %(default)s)")
    add_set(parser)
    add_wait(parser, default=None)
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    if args.json:
        with TasksPrintToStderr():  # from before the workflow is imported, for its module may print, too
            data = _go_on(args, config)
        result_json(data)
    else:
        data = _go_on(args, config)
    code: int = data["exit_code"]
    return code


def _go_on(args: Namespace, config: Config) -> dict[str, Any]:
    """Advance the instance, say what came of it, and return the same as data."""
    values = read_values(args.set)
    configured = set(config.workflows)
    name = pick_workflow(config, args.target)
    another = f"--id NAME or wfepy start {name}" if name in configured else "--id NAME"
    project = open_project(config, args.flags, args.json)
    project.workflow(name)  # before anything else: an error in it is what the user wants to know first
    try:
        held = _hold(project, name, args, values, another)
    except LockedError as error:
        if args.wait is not None:
            raise
        say_busy(name, args.id)
        return _no_tick(name, args.id, None, str(error))
    if isinstance(held, str):
        return _already_ended(name, args, held, another)
    try:
        report = project.advance(held)
        for other in project.follow():  # children that it began, and it again when they have ended
            if (other.workflow, other.instance) == (name, args.id):
                report = other
            else:
                tell(other, project, args.flags, quiet=args.json)
    finally:
        project.close()
    tell(report, project, args.flags, quiet=args.json)
    if not args.json:
        _tell_next(report, args)
    return report_data(report)


def _hold(
    project: Project, name: str, args: Namespace, values: dict[str, object], another: str
) -> Session | str:
    """Return the hold on the instance, which is made if there is none; its status if it has ended.

    :param another: the words that begin another instance
    :raises UsageError: if there are values for an instance whose context was filled at its start
    """
    found = _find(project, name, args)
    if found is None:
        try:
            return project.create(name, args.id, values)
        except InstanceExists:
            found = _find(project, name, args)
            if found is None:  # only its history is there; else somebody was faster
                raise
    if values:
        hint = f"begin another one with {another}"
        if not isinstance(found, str):
            found.release()
            hint = f"leave out --set to go on with it, or {hint}"
        what = "has ended" if isinstance(found, str) else "exists"
        raise UsageError(
            f"the instance {what}, and its context was filled at its start",
            where=f"{name}/{args.id}",
            hint=hint,
        )
    return found


def _find(project: Project, name: str, args: Namespace) -> Session | str | None:
    """Return the hold on the instance, its status if it has ended, or ``None`` if there is none."""
    try:
        return _open(project, name, args.id, args.wait)
    except InstanceNotFound:
        pass
    try:
        document, _, ended = project.store.read(name, args.id)
    except InstanceNotFound:
        return None
    status: str = document["status"]
    return status if ended else None


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


def _already_ended(name: str, args: Namespace, status: str, another: str) -> dict[str, Any]:
    if not args.json:
        words = status.replace("_", " ")
        result(clean(f"{name}/{args.id} has ended already: {words}; begin another instance with {another}"))
    return _no_tick(name, args.id, status, None)


def _no_tick(name: str, instance: str, status: str | None, error: str | None) -> dict[str, Any]:
    """Return the data of an instance that was not advanced."""
    dead = status not in (None, InstanceStatus.FINISHED, InstanceStatus.CANCELLED)
    return {
        "workflow": name,
        "instance": instance,
        "status": status,
        "completed": [],
        "skipped": [],
        "waiting": {},
        "retrying": {},
        "timed_out": [],
        "failed": {},
        "error": error,
        "exit_code": 1 if dead else 0,
    }


def _tell_next(report: Report, args: Namespace) -> None:
    if (
        report.error is None
        and report.summary is not None
        and report.summary.status == InstanceStatus.RUNNING
    ):
        result(clean(f"go on with: {_next_command(args)}"))


def _next_command(args: Namespace) -> str:
    """Return what to type to go on with the instance; not what was typed, for --set is for a new one."""
    from shlex import join

    flags = args.flags
    words = ["wfepy", "run", args.target]
    if args.id != DEFAULT:
        words += ["--id", args.id]
    for option in ("config", "state"):
        value = getattr(flags, option)
        if value is not None:
            words += [f"--{option}", value]
    for plugin in flags.plugins:
        words += ["-p", plugin]
    if flags.autoload is False:
        words.append("--no-plugin-autoload")
    return join(words)
