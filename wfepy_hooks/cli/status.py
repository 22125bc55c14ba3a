"""List the live instances: what each waits for, since when and why, and what failed how often.

    wfepy status coffee --all

Nothing is locked or loaded for that, so it works while a tick runs and when a workflow is broken. An instance whose
file cannot be read is listed with its error, and the exit code is 3.

With --json: {"instances": [{"workflow", "instance", "status", "created", "ended", "waiting": {TASK: {"since",
"reason"}}, "failing": {TASK: {"since", "failures", "error"}}, "ready": [TASK], "error"}], "live", "ended"}.
"""

from __future__ import annotations

import contextlib
import sys

from ..clock import parse_time
from ..errors import ConfigError, StateError
from ..project import Project
from .loglines import shown_path
from .naming import known_workflows, pick_workflow
from .output import is_terminal, result, result_json
from .tables import show_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

    from ..config import Config

    Entry = dict[str, Any]

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (0, "s"))
_ORDER = ("waiting", "failing", "ready", "finished", "dead end", "failed", "cancelled", "unreadable")


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.add_argument("workflow", nargs="?", metavar="WORKFLOW", help="only this one")
    parser.add_argument("--all", action="store_true", help="the ended instances, too")
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    names = known_workflows(config)
    if args.workflow is not None:
        name = pick_workflow(config, args.workflow)
        if name not in config.workflows and name not in names:
            from ..suggest import did_you_mean

            raise ConfigError(f'there is no workflow "{name}"', hint=did_you_mean(name, names))
        names = [name]
    project = Project(config)
    entries = [
        _entry(project, name, instance, ended)
        for name in names
        for ended in ((False, True) if args.all else (False,))
        for instance in project.store.list(name, ended=ended)
    ]
    if args.json:
        ended = sum(_has_ended(entry) for entry in entries)
        result_json({"instances": entries, "live": len(entries) - ended, "ended": ended})
    else:
        _show(entries, args, config)
    return 3 if any(entry["error"] for entry in entries) else 0


def _entry(project: Project, workflow: str, instance: str, ended: bool) -> Entry:
    """Return what is known of an instance, from its file alone."""
    entry: Entry = {
        "workflow": workflow,
        "instance": instance,
        "status": None,
        "created": None,
        "ended": None,
        "waiting": {},
        "failing": {},
        "ready": [],
        "error": None,
    }
    try:
        document, records, _ = project.store.read(workflow, instance)
        tasks = dict(document["tasks"])
        entry["status"], entry["created"] = document["status"], document["created"]
        for record in records:  # a tick runs, or was killed: its file lags behind
            _follow(entry, tasks, record)
        for name, task in tasks.items():
            _add_task(entry, name, task)
        if _has_ended(entry) or entry["failing"]:
            with contextlib.suppress(StateError):  # damage to old records hides nothing else
                _add_times(entry, project.store.history(workflow, instance))
    except StateError as error:
        entry["error"] = str(error)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        entry["error"] = (
            f"{workflow}/{instance}: it is no valid state document ({type(error).__name__}: {error})"
        )
    return entry


def _follow(entry: Entry, tasks: dict[str, Any], record: dict[str, Any]) -> None:
    """Do to the tasks what a record says of its own task; what that makes ready only the workflow could tell."""
    status = record.get("status")
    if record["event"] == "ended":
        entry["status"] = status
    elif record["event"] == "task":
        name = record["task"]
        if status == "waiting":
            tasks[name] = {"since": record["at"], **tasks.get(name, {}), "status": status}
            tasks[name]["reason"] = record.get("reason", "")
        elif status == "retrying":
            tasks[name] = {"status": "ready", "failures": record["attempt"], "error": record.get("error", "")}
        else:
            tasks[name] = {"status": "done" if status == "completed" else status}


def _add_task(entry: Entry, name: str, task: dict[str, Any]) -> None:
    status = task["status"]
    if status == "waiting":
        entry["waiting"][name] = {"since": task.get("since", ""), "reason": task.get("reason", "")}
    elif "failures" in task or status in ("failed", "timed_out"):
        # A failure that a transition took care of is none of an instance that has finished.
        if entry["status"] in ("running", "failed"):
            failure = {"since": "", "failures": task.get("failures", 1), "error": task.get("error", "")}
            entry["failing"][name] = failure
    elif status == "ready":
        entry["ready"].append(name)


def _add_times(entry: Entry, records: Iterator[dict[str, Any]]) -> None:
    """Add since when each failing task fails, and when the instance has ended."""
    failing, at = entry["failing"], None
    for record in records:
        at = record.get("at", "")
        failure = failing.get(record.get("task"))
        if failure is None:
            continue
        if record.get("status") not in ("retrying", "failed", "timed_out"):
            failure["since"] = ""
        elif not failure["since"]:
            failure["since"] = at
    if _has_ended(entry):
        entry["ended"] = at


def _has_ended(entry: Entry) -> bool:
    return entry["status"] not in (None, "running")


def _word(entry: Entry) -> str:
    """Return the status of an instance as a person would say it."""
    if entry["error"]:
        return "unreadable"
    if _has_ended(entry):
        return str(entry["status"]).replace("_", " ")
    return "failing" if entry["failing"] else "waiting" if entry["waiting"] else "ready"


def _show(entries: list[Entry], args: Namespace, config: Config) -> None:
    if entries:
        now = config.clock()
        rows = [row for entry in entries for row in _rows(entry, now)]
        show_table(("WORKFLOW", "INSTANCE", "STATUS", "TASK", "SINCE", "WHY"), rows, args.flags)
    counts = {word: sum(_word(entry) == word for entry in entries) for word in _ORDER}
    parts = [f"{count} {word}" for word, count in counts.items() if count]
    what = "instance" if args.all else "live instance"
    count = f"{len(entries) or 'no'} {what}{'s' if len(entries) != 1 else ''}"
    where = f" in {shown_path(config.state)}" if config.store == "files" else ""
    result(f"{count}: {', '.join(parts)}" if parts else count + where)


def _rows(entry: Entry, now: datetime) -> Iterator[tuple[str, ...]]:
    name = entry["workflow"], entry["instance"]
    if entry["error"]:
        yield (*name, "unreadable", "", "", entry["error"])
        return
    found = False
    for task, failure in entry["failing"].items():
        times = f"{failure['failures']} times: " if failure["failures"] > 1 else ""
        yield (
            *name,
            "failed" if _has_ended(entry) else "failing",
            task,
            _since(failure["since"], now),
            times + failure["error"],
        )
        found = True
    if not _has_ended(entry):
        for task, wait in entry["waiting"].items():
            yield (*name, "waiting", task, _since(wait["since"], now), wait["reason"])
            found = True
        for task in entry["ready"]:
            yield (*name, "ready", task, "", "runs at the next tick")
            found = True
    if not found:
        yield (*name, _word(entry), "", _since(entry["ended"] or "", now), "")


def _since(text: str, now: datetime) -> str:
    """Return a moment such as ``2026-11-23 06:13Z``; at a terminal, how long ago that was."""
    try:
        moment = parse_time(text)
    except ValueError:
        return text
    seconds = (now - moment).total_seconds()
    if not is_terminal(sys.stdout) or seconds < 0:
        return moment.strftime("%Y-%m-%d %H:%MZ")
    size, unit = next(each for each in _UNITS if seconds >= each[0])
    return f"{int(seconds // (size or 1))} {unit}"
