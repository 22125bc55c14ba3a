"""List the live instances: what each waits for, what can wake it and when, and what failed how often.

    wfepy status coffee --all

Within a workflow, first come those that need a person: unreadable, stuck; then what the next tick looks at, then the
others by when they wake, then what only a signal wakes, then the paused. An instance that nothing can wake is stuck.

Nothing is locked or loaded for that, so it works while a tick runs and when a workflow is broken. The exit code is 3 if
a file cannot be read, else 1 if an instance is stuck.

With --json: {"instances": [{"workflow", "instance", "status", "created", "ended", "waiting": {TASK: {"since",
"reason"}}, "failing": {TASK: {"since", "failures", "error", "status", "retry_at", "attempt"}}, "ready": [TASK],
"wake": "tick", a moment or null, "waits": [{"task", "since", "reason", "until", "signals", "choices", "by",
"deadline", "child", ...}], "items": {TASK: {...}}, "signals": [{"name", "id", "refused": {TASK: REASON}, ...}],
"inbox", "paused", "stuck", "error"}], "live", "ended"}.
"""

from __future__ import annotations

import contextlib
import sys

from ..clock import parse_time
from ..errors import ConfigError, InstanceNotFound, StateError
from ..overview import Overview
from ..project import Project
from .loglines import shown_path
from .naming import known_workflows, pick_workflow
from .output import is_terminal, result, result_json
from .tables import show_table
from .wakes import attempt_of, earliest, items_text, paused_text, retry_text, wait_data, wait_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

    from ..config import Config
    from ..overview import Waiting

    Entry = dict[str, Any]

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (0, "s"))
_FAILING = ("timed out", "failed", "failing", "retrying")
_ORDER = (
    *("unreadable", "stuck", "waiting", *_FAILING, "ready", "paused"),
    *("finished", "dead end", "cancelled"),
)
_MOST_REFUSED = 3
#: Sorts behind every moment.
_NEVER = "~"


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
        entry
        for name in names
        for ended in ((False, True) if args.all else (False,))
        for entry in sorted(
            (_Reader(project, name, each).entry for each in project.store.list(name, ended=ended)), key=_rank
        )
    ]
    if args.json:
        ended = sum(_has_ended(entry) for entry in entries)
        result_json({"instances": entries, "live": len(entries) - ended, "ended": ended})
    else:
        _show(entries, args, config)
        if not entries and not args.all and any(project.store.list(name, ended=True) for name in names):
            result("wfepy status --all lists those that have ended")
    if any(entry["error"] for entry in entries):
        return 3
    return 1 if any(entry["stuck"] for entry in entries) else 0


class _Reader:
    """Finds out what is known of an instance, from its files alone.

    :ivar entry: what that is
    """

    def __init__(self, project: Project, workflow: str, instance: str) -> None:
        self._project = project
        self._store = project.store
        self.entry: Entry = {
            "workflow": workflow,
            "instance": instance,
            "status": None,
            "created": None,
            "ended": None,
            "waiting": {},
            "failing": {},
            "ready": [],
            "wake": None,
            "waits": [],
            "items": {},
            "signals": [],
            "inbox": 0,
            "paused": None,
            "stuck": None,
            "error": None,
        }
        try:
            self._read(workflow, instance)
        except StateError as error:
            self.entry["error"] = str(error)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            self.entry["error"] = (
                f"{workflow}/{instance}: it is no valid state document ({type(error).__name__}: {error})"
            )
        if self.entry["error"]:
            self.entry["stuck"] = "it cannot be read"

    def _read(self, workflow: str, instance: str) -> None:
        entry = self.entry
        document, records, _ = self._store.read(workflow, instance)
        overview = Overview(document, records)
        entry["status"], entry["created"] = overview.status, overview.created
        for name, task in overview.tasks.items():
            self._add_task(name, task)
        if overview.is_running:
            self._add_wakes(overview)
        if not overview.is_running or entry["failing"]:
            with contextlib.suppress(StateError):  # damage to old records hides nothing else
                self._add_times(self._store.history(workflow, instance))

    def _add_task(self, name: str, task: dict[str, Any]) -> None:
        entry, status = self.entry, task["status"]
        if status == "waiting":
            entry["waiting"][name] = {"since": task.get("since", ""), "reason": task.get("reason", "")}
        elif status in ("failed", "timed_out"):
            # A failure that a transition took care of is none of the instance.
            if entry["status"] in ("running", "failed") and not _is_handled(task):
                entry["failing"][name] = _failure(task, status.replace("_", " "))
        elif "failures" in task:
            if entry["status"] in ("running", "failed"):
                entry["failing"][name] = _failure(task, "retrying" if "retry_at" in task else "failing")
        elif status == "ready" and "items" not in task:
            entry["ready"].append(name)
        if "items" in task and status not in ("failed", "timed_out"):
            entry["items"][name] = {**task["items"], "deadline": task.get("deadline", "")}

    def _add_wakes(self, overview: Overview) -> None:
        entry = self.entry
        entry["wake"] = "tick" if overview.wake == "" else overview.wake
        entry["waits"] = list(wait_data(overview))
        entry["signals"] = [_kept(each, overview) for each in overview.signals]
        entry["paused"] = overview.paused
        inbox = self._store.inbox(entry["workflow"], entry["instance"])
        entry["inbox"] = len(inbox)
        if inbox and overview.paused is None:
            entry["wake"] = "tick"
        names = {each["name"] for each in (*inbox, *overview.signals)}
        entry["stuck"] = self._stuck(overview, names)

    def _stuck(self, overview: Overview, signals: set[str]) -> str | None:
        """Return why nothing can wake the instance."""
        config = self._project.config
        if config.file is not None and self.entry["workflow"] not in config.workflows:
            return "its workflow is not configured any more, so no tick looks at it"
        for wait in overview.waits():
            if wait.child and not signals.intersection(wait.terms.get("signals", ())):
                reason = self._lost_child(wait)
                if reason:
                    return reason
        waits = any(wait.signals or wait.child for wait in overview.waits())
        if self.entry["wake"] is None and not waits and overview.paused is None:
            return "no task of it waits for anything that could come"
        return None

    def _lost_child(self, wait: Waiting) -> str:
        workflow, _, instance = wait.child.partition("/")
        try:
            document, _, ended = self._store.read(workflow, instance)
        except InstanceNotFound:
            return f"{wait.task} waits for {wait.child}, which there is not"
        except StateError:
            return ""  # it is listed itself
        if not ended:
            return ""
        word = str(document.get("status", "ended")).replace("_", " ")
        return f"{wait.task} waits for {wait.child}, which has ended ({word}) without telling it"

    def _add_times(self, records: Iterator[dict[str, Any]]) -> None:
        """Add since when each failing task fails and which attempt is next, and when the instance has ended."""
        failing, at = self.entry["failing"], None
        for record in records:
            at = record.get("at", "")
            failure = failing.get(record.get("task"))
            if failure is None or record.get("event") != "task":
                continue
            if record.get("status") not in ("retrying", "failed", "timed_out"):
                failure["since"] = ""
            elif not failure["since"]:
                failure["since"] = at
            failure["attempt"] = attempt_of(record)
        if _has_ended(self.entry):
            self.entry["ended"] = at


def _kept(signal: Entry, overview: Overview) -> Entry:
    """Return a signal that no task has taken; under ``refused`` which tasks wait for it and why they do not."""
    from ..misfits import refused_by  # lazily, as the next: most instances have no signals
    from ..signals import Signal

    refused = refused_by(Signal.from_json(signal), ((wait.task, wait.terms) for wait in overview.waits()))
    return {**signal, "refused": refused} if refused else signal


def _is_handled(task: dict[str, Any]) -> bool:
    return any(not text.endswith(": pending") for text in task.get("next", ()))


def _failure(task: dict[str, Any], status: str) -> Entry:
    return {
        "since": "",
        "failures": task.get("failures", 1),
        "error": task.get("error", ""),
        "status": status,
        "retry_at": task.get("retry_at"),
        "attempt": "",
    }


def _has_ended(entry: Entry) -> bool:
    return entry["status"] not in (None, "running")


def _rank(entry: Entry) -> tuple[int, str, str]:
    """Return by what the instances of one workflow are sorted: see the top of this module."""
    wake = {"tick": "", None: _NEVER}.get(entry["wake"], entry["wake"])
    first = 0 if entry["error"] else 1 if entry["stuck"] else 3 if entry["paused"] is not None else 2
    return first, str(wake), entry["instance"]


def _word(entry: Entry) -> str:
    """Return the status of an instance as a person would say it."""
    if entry["error"]:
        return "unreadable"
    if _has_ended(entry):
        return str(entry["status"]).replace("_", " ")
    if entry["stuck"] or entry["paused"] is not None:
        return "stuck" if entry["stuck"] else "paused"
    words = [failure["status"] for failure in entry["failing"].values()]
    for word in _FAILING:
        if word in words:
            return word
    return "waiting" if entry["waiting"] or entry["items"] else "ready"


def _show(entries: list[Entry], args: Namespace, config: Config) -> None:
    if entries:
        now = config.clock()
        rows = [row for entry in entries for row in _rows(entry, now)]
        show_table(("WORKFLOW", "INSTANCE", "STATUS", "TASK", "SINCE", "WAKES ON"), rows, args.flags)
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
    rows = [*_instance_rows(entry, now), *_task_rows(entry, now)]
    for row in rows or [(_word(entry), "", _since(entry["ended"] or "", now), "")]:
        yield (*name, *row)


def _instance_rows(entry: Entry, now: datetime) -> Iterator[tuple[str, str, str, str]]:
    """Yield status, task, since and what wakes it of what is about a whole instance."""
    if entry["stuck"]:
        yield "stuck", "", "", f"nothing: {entry['stuck']}"
    if entry["paused"] is not None:
        paused = entry["paused"]
        yield "paused", "", _since(paused.get("at", ""), now), f"wfepy resume; {paused_text(paused)}"
    if entry["inbox"]:
        count = f"{entry['inbox']} signal{'s' if entry['inbox'] > 1 else ''} in the inbox"
        yield "signal", "", "", f"tick; {count}, delivered at the next tick"
    if entry["signals"]:
        names = list(dict.fromkeys(each["name"] for each in entry["signals"] if "refused" not in each))
        if names:
            yield "signal", "", "", f"not taken yet: {', '.join(names)}"
        for signal in [each for each in entry["signals"] if "refused" in each][:_MOST_REFUSED]:
            why = "; ".join(f"not by {task}, {reason}" for task, reason in signal["refused"].items())
            yield "signal", "", "", f"not taken: {signal['name']} ({signal['id']}): {why}"


def _task_rows(entry: Entry, now: datetime) -> Iterator[tuple[str, str, str, str]]:
    for task, failure in entry["failing"].items():
        yield failure["status"], task, _since(failure["since"], now), retry_text(failure, now)
    if _has_ended(entry):
        return
    waits = {each["task"]: each for each in entry["waits"] if "item" not in each}
    for task, wait in waits.items():
        text = wait_text(_waiting(wait), wait.get("deadline", ""), now)
        yield (
            "waiting",
            task,
            _since(wait["since"], now),
            f"{text}: {wait['reason']}" if wait["reason"] else text,
        )
    for task, items in entry["items"].items():
        item_waits = [_waiting(each) for each in entry["waits"] if each["task"] == task and "item" in each]
        word = "failing" if "f" in items["status"] or items.get("failures") else "waiting"
        yield word, task, "", items_text(items, item_waits, earliest(items["deadline"]), now)
    for task in entry["ready"]:
        yield "ready", task, "", "tick"


def _waiting(data: Entry) -> Waiting:
    from ..overview import Waiting

    child = {"signals": [f"wfepy.ended.{data['child']}"]} if data.get("child") else {}
    return Waiting(
        data["task"], {"since": data["since"], "reason": data["reason"], "wait": {**data, **child}}
    )


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
