"""What the commands share by which a person steps in: their words, what they ask, and what they say was done."""

from __future__ import annotations

import os
import sys

from ..errors import UsageError
from ..operations import PAST, Operations
from ..outcome import InstanceStatus
from ..people import who
from ..project import Project
from .loglines import shown_path
from .naming import pick_instance, pick_workflow, require_workflow
from .output import TasksPrintToStderr, clean, is_terminal, result, result_json, say, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config
    from ..effects import Effects
    from ..operations import Change

__all__ = ["add_instance_arguments", "add_task_arguments", "run"]

#: The verbs that take something away, so that they ask first.
ASK = ("skip", "done", "rewind", "cancel")
_MOST = 20


def add_task_arguments(parser: ArgumentParser, *, optional: bool = False) -> None:
    """Add what a command takes that is about a task; ``optional``: or about all that failed."""
    words = "[INSTANCE] [TASK]" if optional else "[INSTANCE] TASK"
    parser.usage = (
        f"{parser.prog} [-h] [--by NAME] [-m TEXT] [--wait SECONDS] [--yes] [--json] WORKFLOW {words}"
    )
    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument(
        "words", nargs="*" if optional else "+", metavar=words, help="id of the instance, name of the task"
    )
    _add_options(parser)


def add_instance_arguments(parser: ArgumentParser) -> None:
    """Add what a command takes that is about an instance."""
    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument("instance", nargs="?", metavar="INSTANCE", help="id of the instance")
    _add_options(parser)


def _add_options(parser: ArgumentParser) -> None:
    from .parsing import add_by, add_json, add_reason, add_wait

    add_by(parser)
    add_reason(parser)
    add_wait(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add_json(parser)


def run(verb: str, args: Namespace, config: Config) -> int:
    """Do what a command asks for.

    :return: the exit code; 1 if the person said no
    """
    if args.json:
        with TasksPrintToStderr():  # conditions, and modules that are imported
            change = _run(verb, args, config)
        if change is not None:
            result_json(change.to_json())
    else:
        change = _run(verb, args, config)
        if change is not None:
            result(clean(_said(change, _tick(args, config, change))))
    return 1 if change is None else 0


def _run(verb: str, args: Namespace, config: Config) -> Change | None:
    is_configured = args.workflow in config.workflows
    name = pick_workflow(config, args.workflow)
    args.is_file = not is_configured and args.workflow.endswith(".py") and config.file is None
    require_workflow(config, name)
    project = Project(config)
    project.workflow(name)  # first: it says that there is none, and what it may be called
    instance, task = _pick(verb, args, project, name)
    operations = Operations(project)
    options = {
        "by": who(os.environ, args.by),
        "reason": " ".join(args.reason.split()),
        "wait": args.wait,
    }
    if verb in ASK and not args.yes:
        effects = operations.preview(verb, name, instance, task)
        if not _confirm(verb, f"{name}/{instance}", task, effects):
            say("wfepy: nothing was changed")
            return None
        options["expected"] = effects
    words = (name, instance, task) if task or verb == "retry" else (name, instance)
    change: Change = getattr(operations, verb)(*words, **options)
    return change


def _pick(verb: str, args: Namespace, project: Project, name: str) -> tuple[str, str]:
    """Return the instance and the task that the words mean; no task: all that failed, or the verb takes none."""
    words = getattr(args, "words", None)
    if words is None:
        return pick_instance(project, name, args.instance), ""
    if len(words) > 2:
        raise UsageError(
            "it takes a workflow, an instance and a task",
            where=f"wfepy {verb}",
            hint=f"see wfepy {verb} --help",
        )
    if len(words) == 2:
        return pick_instance(project, name, words[0]), words[1]
    if not words:
        return pick_instance(project, name, None), ""
    return _pick_by_one(verb, project, name, words[0])


def _pick_by_one(verb: str, project: Project, name: str, word: str) -> tuple[str, str]:
    """Return what one word means, which may be an instance, for retry, or a task of the only one."""
    is_instance = word in project.store.list(name) or word in project.store.list(name, ended=True)
    if not is_instance:
        return pick_instance(project, name, None), word
    if word in project.workflow(name).tasks:
        raise UsageError(
            f"{word} is an instance and a task",
            where=f"wfepy {verb}",
            hint=f"name both: wfepy {verb} {name} INSTANCE TASK",
        )
    if verb == "retry":
        return word, ""
    raise UsageError(
        f"{word} is an instance",
        where=f"wfepy {verb}",
        hint=f"name a task too: wfepy {verb} {name} {word} TASK",
    )


# Asking


def _confirm(verb: str, where: str, task: str, effects: Effects) -> bool:
    """Show what a verb would come to, and ask.

    :raises UsageError: if there is nobody to ask
    """
    say(clean(f"{verb} {task} in {where}:" if task else f"{verb} {where}:"))
    lines = _effect_lines(verb, task, effects)
    for line in lines[:_MOST]:
        say(clean(shown_path(f"  {line}")))
    if lines[_MOST:]:
        say(f"  and {len(lines) - _MOST} more")
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise UsageError(
            "it asks before it does that, and there is no terminal",
            where=f"wfepy {verb}",
            hint="--yes does it without asking",
        )
    write(sys.stderr, "go on? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _effect_lines(verb: str, task: str, effects: Effects) -> list[str]:
    lines = []
    for each in effects.again:
        what = "runs again" if each["task"] == task else "is undecided again"
        was = each["status"].replace("_", " ") + (f" {_minute(each['ended'])}" if each["ended"] else "")
        lines.append(f"{each['task']} {what} ({was})")
    if verb == "done":
        lines.append(f"{task} is done")
        lines += [f"-> {text}" for text in effects.transitions]
    lines += [f"{name} is skipped" for name in effects.skipped]
    lines += [f"{name} is cancelled" for name in effects.cancelled]
    lines += [f"{name} runs at the next tick" for name in effects.runs if name != task]
    lines += [f"{name} stays cancelled" for name in effects.stays_cancelled]
    lines += [f"{child} is cancelled: nothing waits for it any more" for child in effects.children]
    if verb == "rewind":
        lines.append("the context stays as it is, and what was sent or paid is not taken back")
    elif effects.status not in ("", InstanceStatus.RUNNING):
        lines.append(f"the instance ends: {effects.status.replace('_', ' ')}")
    return lines


def _minute(text: str) -> str:
    return f"{text[:16].replace('T', ' ')}Z"


# What was done


def _tick(args: Namespace, config: Config, change: Change) -> str:
    """Return the command that goes on with an instance."""
    return f"wfepy run {args.workflow} --id {change.instance}" if args.is_file else "wfepy tick"


def _said(change: Change, tick: str) -> str:
    """Return what was done and what comes next, such as ``coffee/default: serve is rewound; it runs at ...``."""
    where = f"{change.workflow}/{change.instance}"
    what = f"{where} is {PAST[change.verb]}"
    if change.tasks:
        verb = "is" if len(change.tasks) == 1 else "are"
        what = f"{where}: {', '.join(change.tasks)} {verb} {PAST[change.verb]}"
    return f"{what}; {_next(change, tick)}" if _next(change, tick) else what


def _next(change: Change, tick: str) -> str:
    resume = f"wfepy resume {change.workflow} {change.instance} lets it go on"
    if change.verb == "cancel":
        children = change.effects.children
        words = ("so are", "their") if children[1:] else ("so is", "its")
        return f"{words[0]} {', '.join(children)}, at {words[1]} next tick" if children else ""
    if change.status != InstanceStatus.RUNNING:
        return f"the instance has ended: {change.status.replace('_', ' ')}"
    if change.paused:
        return resume if change.verb == "pause" else f"the instance is paused, {resume}"
    if change.verb == "resume":
        return f"the next tick goes on with it: {tick}"
    runs = change.effects.runs
    if not runs:
        return "the instance goes on waiting: wfepy status"
    if runs == change.tasks:
        return f"{'it runs' if len(runs) == 1 else 'they run'} at the next tick: {tick}"
    return f"{', '.join(runs)} {'runs' if len(runs) == 1 else 'run'} at the next tick: {tick}"
