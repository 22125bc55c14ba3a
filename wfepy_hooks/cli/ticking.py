"""What the commands that run tasks share: the view of the tick, signals, and saying what came of each instance."""

from __future__ import annotations

import contextlib
import sys

from ..errors import WfepyError
from ..interrupts import Interrupts
from ..plugins import BUILTIN
from ..project import Project
from .outcomes import report_line
from .output import clean, is_terminal, moment, result, say, tell_error, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..config import Config
    from ..project import Report
    from ..summary import TickSummary
    from .flags import Flags

__all__ = ["is_person", "open_project", "say_busy", "tell"]


def open_project(config: Config, flags: Flags, json: bool) -> Project:
    """Return the project with everything that belongs to running tasks: signals are handled, a view is there."""
    interrupts = Interrupts()
    with contextlib.suppress(ValueError):  # not in the main thread: signals are somebody else's
        interrupts.install()
    config.plugins.register(_view(config, flags, json), "wfepy:view", BUILTIN)
    return Project(config, interrupts)


def _view(config: Config, flags: Flags, json: bool) -> object:
    """Return the plugin that shows what happens: to a person at a terminal, or as lines of a log."""
    if is_person(flags) and not json:
        from .liveview import LiveView  # lazily: rich takes 100 ms

        return LiveView(flags.verbosity, color=wants_color(flags, sys.stderr), traceback=flags.traceback)
    from .loglines import LogLines

    return LogLines(config.clock, flags.verbosity, traceback=flags.traceback)


def is_person(flags: Flags) -> bool:
    """Return whether somebody watches, to whom more can be shown than lines of a log."""
    return flags.color == "always" or (is_terminal(sys.stdout) and is_terminal(sys.stderr))


def say_busy(workflow: str, instance: str) -> None:
    """Say that another tick holds an instance."""
    say(clean(f"wfepy: {workflow}/{instance} is held by another tick, which goes on with it"))


def tell(report: Report, project: Project, flags: Flags, *, quiet: bool = False) -> None:
    """Say what came of an instance: a line of result, and what is wrong on standard error.

    :param quiet: no result, only what is wrong
    """
    where = f"{report.workflow}/{report.instance}" if report.instance else report.workflow
    for note in report.notes:
        say(f"wfepy: warning: {clean(note)}")
    if report.error is not None:
        if report.workflow not in report.error.where:
            report.error.where = f"{where}: {report.error.where}" if report.error.where else where
        tell_error(report.error, flags)
        return
    if report.summary is not None:
        _tell_items(report, report.summary, project, flags)
        for task, error in report.summary.failures.items():
            if task in report.summary.unrecorded and isinstance(error, WfepyError):  # no hook has told of it
                tell_error(error, flags)
    if not quiet:
        result(report_line(report, project, brief=is_person(flags)))


def _tell_items(report: Report, summary: TickSummary, project: Project, flags: Flags) -> None:
    """Say which items of tasks failed, as the view does of tasks."""
    if not summary.item_failures:
        return
    from .loglines import TaskWords, say_traceback, status_word  # lazily: few tasks have items

    words, where = TaskWords(), f"{report.workflow}/{report.instance}"
    start = "" if is_person(flags) else f"{moment(project.config.clock)} {where} "
    tasks = project.workflow(report.workflow).tasks
    for name, number, failed in summary.item_failures:
        word = status_word(failed.status, failed.retry_at)
        say(clean(start + words.say(f"{name} item {number} {word}", tasks[name], failed)))
        say_traceback(failed, always=flags.traceback or flags.verbosity > 0)
    if summary.more_item_failures:
        say(
            clean(f"{start}and {summary.more_item_failures} more attempts at items failed; see wfepy history")
        )
