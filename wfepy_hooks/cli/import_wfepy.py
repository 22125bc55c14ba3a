"""Take over an instance that WfEpy 0.1.1 ran: read the file that its Runner.dump wrote.

    wfepy import-wfepy state-file --workflow coffee --id table-4

Such a file is a pickle. It is read as data: only WfEpy's own states, plain values and objects of the workflow's own
modules come in, nothing in it is run, and the file stays as it is. It says which tasks were in WfEpy's queue and what
the context was; what it does not say is listed.

With --json: {"workflow", "instance", "file", "tokens": [[TASK, STATE]], "tasks": {TASK: STATUS}, "notes", "written"}.
"""

from __future__ import annotations

import os

from ..clock import format_time
from ..errors import ConfigError, StateError, UsageError
from ..project import Project
from ..state import to_document
from .naming import DEFAULT, pick_workflow
from .output import TasksPrintToStderr, clean, result, result_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from ..config import Config
    from ..wfepyimport import Imported


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.add_argument("file", metavar="FILE", help="what WfEpy's Runner.dump wrote")
    parser.add_argument(
        "--workflow", metavar="NAME", help="a workflow, or the path of a .py file (default: the only one)"
    )
    parser.add_argument("--id", metavar="NAME", help="name of the instance (default: that of the file)")
    parser.add_argument("-n", "--dry-run", action="store_true", help="write nothing")
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    if args.json:
        with TasksPrintToStderr():  # conditions, and modules that are imported
            data = _import(args, config)
        result_json(data)
        return 0
    data = _import(args, config)
    where = f"{data['workflow']}/{data['instance']}"
    result(clean(f"{where}: {len(data['tokens'])} tokens in {data['file']}"))
    for task, status in data["tasks"].items():
        result(clean(f"  {task}: {status}"))
    if data["notes"]:
        result("not known, or different from now on:")
    for note in data["notes"]:
        result(clean(f"  {note}"))
    result("nothing was written" if args.dry_run else f"go on with: {_tick(args, data)}")
    return 0


def _tick(args: Namespace, data: dict[str, Any]) -> str:
    if args.workflow and args.workflow.endswith(".py"):
        return clean(f"wfepy run {args.workflow} --id {data['instance']}")
    return "wfepy tick"


def _import(args: Namespace, config: Config) -> dict[str, Any]:
    """Read the file, begin the instance, and return what is to be said of it."""
    from ..wfepyimport import read_state

    name = pick_workflow(config, args.workflow) if args.workflow else _only_workflow(config)
    instance = _id(args)
    data = _read(args.file)
    project = Project(config)
    workflow = project.workflow(name)
    created = format_time(config.clock())
    found = read_state(data, workflow, project.codec(name), id=instance, created=created, where=args.file)
    document = to_document(found.instance, project.codec(name).encode(found.instance.context))
    if not args.dry_run:
        _begin(project, name, instance, document, found, args.file, created)
    return {
        "workflow": name,
        "instance": instance,
        "file": args.file,
        "tokens": [[task, word.name] for task, word in found.tokens],
        "tasks": {task: entry["status"] for task, entry in document["tasks"].items()},
        "notes": found.notes,
        "written": not args.dry_run,
    }


def _only_workflow(config: Config) -> str:
    if len(config.workflows) == 1:
        return next(iter(config.workflows))
    if not config.workflows:
        raise ConfigError(
            "there is no workflow", where=config.file or config.root, hint="name its file: --workflow FILE.py"
        )
    known = ", ".join(config.workflows)
    raise UsageError(
        "there are several workflows", where="wfepy import-wfepy", hint=f"--workflow is one of {known}"
    )


def _id(args: Namespace) -> str:
    """Return the id of the instance, which is named after the file if that makes a name."""
    from ..stores.names import is_name

    if args.id is not None:
        return str(args.id)
    stem = os.path.splitext(os.path.basename(args.file))[0]
    return stem if is_name(stem) else DEFAULT


def _read(path: str) -> bytes:
    from ..pickles.parse import MAX_BYTES

    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)  # one more, so that what is too large is noticed
    except OSError as error:
        raise StateError(f"it cannot be read: {error.strerror}", where=path) from error


def _begin(
    project: Project, name: str, instance: str, document: dict[str, Any], found: Imported, file: str, at: str
) -> None:
    """Make the instance; its history begins with where it comes from."""
    session = project.store.create(name, instance, document)
    try:
        record: dict[str, Any] = {"seq": 1, "at": at, "event": "imported", "file": os.path.basename(file)}
        session.append([{**record, "notes": found.notes} if found.notes else record])
        document["history"]["records"] = 1
        session.snapshot(document)
    finally:
        session.release()
