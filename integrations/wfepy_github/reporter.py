"""What GitHub Actions show of a tick: groups and annotations in the log, a summary of the step, outputs."""

from __future__ import annotations

import os

import wfepy_hooks
from wfepy_hooks import InstanceStatus, StashKey, describe_error, hookimpl

from .actionslog import append, set_outputs, tell
from .page import Row, page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks import Config, Instance, Task, TaskResult, TickSummary

__all__ = ["Fence", "Reporter", "outputs"]

#: Instances whose graph is drawn.
MOST_GRAPHS = 20
_PACKAGE = os.path.join(os.path.dirname(os.path.abspath(wfepy_hooks.__file__)), "")
_RESULTS: StashKey[dict[str, tuple[Task, TaskResult]]] = StashKey()


class Fence:
    """A plugin that is called before others write the traceback of a task, whose lines may look like commands.

    :ivar word: what the reporter ends it with; nobody can guess it
    """

    def __init__(self) -> None:
        self.word = f"wfepy-{os.urandom(16).hex()}"

    @hookimpl(tryfirst=True)
    def wfepy_task_finished(self, result: TaskResult) -> None:
        if result.error is not None:
            tell("stop-commands", self.word)


class Reporter:
    """The plugin. It only observes; what it has seen is written when the command ends.

    :ivar rows: what came of each instance, by ``workflow/instance``
    """

    def __init__(self, config: Config, fence: Fence) -> None:
        self._config = config
        self._fence = fence
        self._top = os.path.join(config.environ.get("GITHUB_WORKSPACE") or config.root, "")
        self._graphs = 0
        self.rows: dict[str, Row] = {}

    @hookimpl
    def wfepy_tick_started(self, instance: Instance) -> None:
        tell("group", _name(instance))
        instance.stash[_RESULTS] = {}

    @hookimpl(trylast=True)
    def wfepy_task_finished(self, instance: Instance, task: Task, result: TaskResult) -> None:
        if result.error is not None:
            tell(self._fence.word)
        instance.stash.setdefault(_RESULTS, {})[task.name] = (task, result)

    @hookimpl
    def wfepy_tick_finished(self, instance: Instance, summary: TickSummary) -> None:
        results = instance.stash.get(_RESULTS, {})
        for name, error in summary.failures.items():
            self._annotate("error", instance, name, describe_error(error), error)
        for name, error in summary.retrying.items():
            self._annotate("warning", instance, name, f"it is tried again: {describe_error(error)}", error)
        for name, reason in summary.waiting.items():
            if name in results and results[name][1].changed:
                self._annotate("notice", instance, name, f"waits: {reason}" if reason else "waits")
        if instance.status == InstanceStatus.DEAD_END:
            tell("error", "it can never finish: it is a dead end", title=_name(instance))
        tell("endgroup")
        self.rows[_name(instance)] = self._row(instance, summary)

    @hookimpl
    def wfepy_unconfigure(self) -> None:
        if self.rows:
            self.write()

    def write(self) -> None:
        """Write the summary and the outputs, and begin anew."""
        rows = list(self.rows.values())
        environ = self._config.environ
        if rows:
            append(environ.get("GITHUB_STEP_SUMMARY", ""), page(rows))
        set_outputs(environ, outputs(rows))
        self.rows.clear()

    def _annotate(
        self, kind: str, instance: Instance, name: str, message: str, error: BaseException | None = None
    ) -> None:
        task = instance.workflow.tasks.get(name)
        place = _place(error, self._top) or (task.location if task is not None else "")
        file, _, number = place.rpartition(":")
        file = os.path.relpath(file, self._top) if file.startswith(self._top) else file
        line = int(number) if number.isdigit() else 0
        tell(kind, message, file=file if line else "", line=line, title=f"{_name(instance)} {name}")

    def _row(self, instance: Instance, summary: TickSummary) -> Row:
        row = Row(instance.workflow.name, instance.id, _status(instance, summary))
        row.failed.update({name: describe_error(error) for name, error in summary.failures.items()})
        row.failed.update(
            {name: f"is tried again: {describe_error(e)}" for name, e in summary.retrying.items()}
        )
        row.failed.update({name: f"is tried again at {at}" for name, at in summary.sleeping.items()})
        row.waiting.update(summary.waiting)
        if instance.status == InstanceStatus.DEAD_END:
            row.failed.setdefault("", "it can never finish: it is a dead end")
        row.graph = self._graph(instance)
        return row

    def _graph(self, instance: Instance) -> str:
        if self._graphs == MOST_GRAPHS:
            return ""
        self._graphs += 1
        from wfepy_hooks import render  # lazily: not for the 21st

        environ = self._config.environ
        # Complete addresses, of which only the job knows; without them a link would lead nowhere.
        knows = environ.get("GITHUB_REPOSITORY") and environ.get("GITHUB_SHA")
        link = render.source_links("github" if knows else "none", environ=environ)
        drawn = render.diagram(instance.workflow, instance=instance, root=self._config.root, link=link)
        text = render.to_mermaid(drawn)
        return "" if render.beyond_mermaid(text, drawn) else text


def outputs(rows: list[Row]) -> dict[str, str]:
    """Return the outputs of the step: for each kind of end a JSON list of ``workflow/instance``."""
    import json

    kinds = {
        "finished": [row.name for row in rows if row.status == InstanceStatus.FINISHED],
        "waiting": [row.name for row in rows if row.waiting],
        "failed": [row.name for row in rows if row.is_bad],
    }
    return {kind: json.dumps(names) for kind, names in kinds.items()}


def _status(instance: Instance, summary: TickSummary) -> str:
    if instance.status != InstanceStatus.RUNNING:
        return instance.status
    if summary.failures:
        return "failing"
    return "retrying" if summary.retrying or summary.sleeping else "waiting"


def _name(instance: Instance) -> str:
    return f"{instance.workflow.name}/{instance.id}"


def _place(error: BaseException | None, top: str) -> str:
    """Return ``file:line`` of the innermost frame that is in the repository; empty if there is none."""
    found = ""
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(top) and not file.startswith(_PACKAGE) and "site-packages" not in file:
            found = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
