"""Begin the instances that are due to start, advance all live ones as far as they can go, and end.

Let cron do this: wfepy crontab install writes the line. An error of one instance stops none of the others; an instance
that another tick holds is left to it.

    */10 * * * *  cd /srv/coffee && wfepy tick --due

With --json: {"begun": [{"workflow", "instance", "due", "missed"}], "instances": [...], "busy": [{"workflow",
"instance"}], "errors": [{"workflow", "error"}]}, the instances as wfepy run --json prints one; the errors are those of
schedules.
"""

from __future__ import annotations

import sys

from ..clock import format_time
from ..errors import ConfigError, WfepyError
from ..outcome import InstanceStatus
from .naming import pick_workflow
from .outcomes import is_news, report_data
from .output import TasksPrintToStderr, are_one_file, clean, moment, result, result_json, say, tell_error
from .ticking import is_person, open_project, say_busy, tell
from .tickoptions import add_tick_arguments, plain_tick_arguments, tick_log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import SimpleNamespace

    from ..config import Config
    from ..project import Project, Report
    from ..starting import Begun
    from .flags import Flags
    from .ticklog import TickLog


def add_arguments(parser: ArgumentParser) -> None:
    add_tick_arguments(parser)


def plain_arguments(words: list[str]) -> SimpleNamespace | None:
    """Return what the parser would for a command line as schedulers have it, and ``None`` for any other."""
    return plain_tick_arguments(words)


def log_of(args: Namespace) -> TickLog | None:
    """Return the log that the tick and all who observe it write to, if there is one."""
    return tick_log(args)


def run(args: Namespace, config: Config) -> int:
    if not config.workflows and not args.workflows:
        raise ConfigError(
            "there is no workflow to tick",
            where=config.file or config.root,
            hint="configure one in wfepy.toml; wfepy new makes a project, wfepy run FILE.py needs none",
        )
    names = [pick_workflow(config, word) for word in args.workflows]
    project = open_project(config, args.flags, args.json)
    for name in names:
        if name not in config.workflows:
            project.workflow(name)  # which says that there is none, and what it may be called
    tick = _Tick(project, args)
    if args.json:
        with TasksPrintToStderr():
            tick.run(names or None)
        busy = [{"workflow": w, "instance": i} for w, i in tick.busy]
        result_json({"begun": tick.begun, "instances": tick.data, "busy": busy, "errors": tick.errors})
    else:
        tick.run(names or None)
        if args.flags.verbosity >= 0 and not tick.was_refused:
            result(tick.summary())
    return tick.exit_code


class _Tick:
    """One tick, and what came of it.

    :ivar was_refused: whether an error came before any instance
    """

    def __init__(self, project: Project, args: Namespace) -> None:
        self._project = project
        self._args = args
        self._flags: Flags = args.flags
        #: What has become of each instance: a parent is advanced again when its child has ended.
        self._words: dict[tuple[str, str], str] = {}
        #: Whether results and log are lines of one file, which then has said most of a result.
        self._is_one_log = not is_person(self._flags) and are_one_file(sys.stdout, sys.stderr)
        self.data: list[dict[str, object]] = []
        self.busy: list[tuple[str, str]] = []
        self.begun: list[dict[str, object]] = []
        self.errors: list[dict[str, str]] = []
        self.was_refused = False
        self._chosen: list[str] = []
        self.exit_code = 0

    def run(self, names: list[str] | None) -> None:
        self._chosen = names or list(self._project.config.workflows)
        try:
            reports = self._project.tick(names, self._busy, due_only=self._args.due, begun=self._begun)
            for report in reports:
                self._take(report)
        except WfepyError as error:  # a folder could not be listed; all others were served before
            tell_error(error, self._flags)
            self.exit_code = max(self.exit_code, error.exit_code)
            self.was_refused = not self._words and not self.busy

    def _take(self, report: Report) -> None:
        self.exit_code = max(self.exit_code, report.exit_code)
        if not report.instance:  # a schedule is wrong
            self.errors.append({"workflow": report.workflow, "error": str(report.error)})
            tell(report, self._project, self._flags)
            return
        self._words[report.workflow, report.instance] = _word(report)
        quiet = self._args.json or self._flags.verbosity < 0 or not is_news(report)
        tell(report, self._project, self._flags, quiet=quiet or (self._is_one_log and _is_in_log(report)))
        if self._args.json:
            self.data.append(report_data(report))

    def _busy(self, workflow: str, instance: str) -> None:
        self.busy.append((workflow, instance))
        if self._flags.verbosity >= 0:
            say_busy(workflow, instance)

    def _begun(self, begun: Begun) -> None:
        due = format_time(begun.due)
        self.begun.append(
            {"workflow": begun.workflow, "instance": begun.instance, "due": due, "missed": begun.missed}
        )
        if self._flags.verbosity >= 0:
            missed = f", after {begun.missed} missed" if begun.missed else ""
            text = clean(f"{begun.workflow}/{begun.instance} begins by its schedule{missed}")
            say(text if is_person(self._flags) else f"{moment(self._project.config.clock)} {text}")

    def summary(self) -> str:
        """Return the last line, such as ``3 instances: 1 finished, 2 waiting``."""
        words = list(self._words.values())
        total = len(words)
        if not total and not self.busy:
            return self._dated(self._nothing())
        parts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
        if self.busy:
            parts.append(f"{len(self.busy)} held by another tick")
        total += len(self.busy)
        return self._dated(f"{total} instance{'s' if total != 1 else ''}: {', '.join(parts)}")

    def _nothing(self) -> str:
        """Return why nothing was done: there is no live instance, or none is due."""
        asleep = sum(len(self._project.store.list(name)) for name in self._chosen)
        if not asleep:
            return "nothing to do: there is no live instance"
        count = f"{asleep} live instance{'s' if asleep != 1 else ''}"
        return f"nothing is due: {count}; wfepy status says what can wake them"

    def _dated(self, text: str) -> str:
        if not self._is_one_log:
            return text
        return f"{moment(self._project.config.clock)} {text}"


def _is_in_log(report: Report) -> bool:
    """Return whether the lines of the log say all that the line of result would."""
    return report.summary is not None and report.summary.status != InstanceStatus.DEAD_END


def _word(report: Report) -> str:
    if report.error is not None or report.summary is None:
        return "not advanced"
    if report.summary.status != "running":
        return report.summary.status.replace("_", " ")
    if report.summary.failures:
        return "failing"
    return "retrying" if report.summary.retrying or report.summary.sleeping else "waiting"
