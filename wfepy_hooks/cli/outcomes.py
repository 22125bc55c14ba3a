"""What a tick came to for one instance, as a line of text and as data."""

from __future__ import annotations

from ..answer import error_text
from ..errors import WfepyError
from ..outcome import InstanceStatus
from .output import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..project import Project, Report
    from ..runner import TickSummary

__all__ = ["is_news", "report_data", "report_line"]


def is_news(report: Report) -> bool:
    """Return whether the tick did more than to ask again the tasks that wait."""
    summary = report.summary
    if summary is None or report.error is not None:
        return True
    quiet = not (summary.completed or summary.skipped or summary.failures or summary.retrying)
    return not quiet or summary.status != InstanceStatus.RUNNING


def report_line(report: Report, project: Project, *, brief: bool = False) -> str:
    """Return a line such as ``coffee/default waits for drink_coffee: the cup is not empty yet``.

    :param brief: leave out reasons and errors, which have been shown
    """
    name = f"{report.workflow}/{report.instance}"
    if report.error is not None or report.summary is None:
        return f"{name} could not be advanced"
    if report.summary.status == InstanceStatus.DEAD_END:
        why = "" if brief else f": {_dead_end(report, project)}"
        return clean(f"{name} is a dead end, it can never finish{why}")
    return clean(f"{name} {_outcome(report, report.summary, project, brief)}")


def _outcome(report: Report, summary: TickSummary, project: Project, brief: bool) -> str:
    if summary.status == InstanceStatus.FINISHED:
        return "finished"
    failed = {task: _what(error) for task, error in summary.failures.items()}
    if summary.status != InstanceStatus.RUNNING:
        return "; ".join(_listed("failed in", failed, brief)) or summary.status
    tried_again = _tried_again(report, summary, project) if failed else set()
    parts = _listed("failed in", {t: why for t, why in failed.items() if t not in tried_again}, brief)
    if tried_again:
        parts += _listed("failed in", {t: why for t, why in failed.items() if t in tried_again}, brief)
        parts[-1] += ", tried again at the next tick" if brief else "; it is tried again at the next tick"
    retrying = {task: error_text(error) for task, error in summary.retrying.items()}
    retrying.update((task, f"at {at[:16].replace('T', ' ')}Z") for task, at in summary.sleeping.items())
    parts += _listed("waits to retry", retrying, brief)
    parts += _listed("waits for", summary.waiting, brief)
    return "; ".join(parts) or "goes on at the next tick"


def _what(error: BaseException) -> str:
    """Return an error as text, but for what to do about it: that is told once, on standard error."""
    text = error_text(error)
    if isinstance(error, WfepyError) and error.hint:
        return text.removesuffix(f"; {error.hint}")
    return text


def _tried_again(report: Report, summary: TickSummary, project: Project) -> set[str]:
    """Return which of the tasks that failed the next tick tries again; a plugin may have decided otherwise."""
    try:
        counted = project.read(report.workflow, report.instance).failures
    except WfepyError:
        counted = {}
    return summary.unrecorded.union(task for task in summary.failures if task in counted)


def _listed(words: str, tasks: Mapping[str, str], brief: bool) -> list[str]:
    if brief and tasks:
        return [f"{words} {', '.join(tasks)}"]
    return [f"{words} {task}: {why}" if why else f"{words} {task}" for task, why in tasks.items()]


def _dead_end(report: Report, project: Project) -> str:
    try:
        return project.read(report.workflow, report.instance).why_ended()
    except WfepyError:
        return "wfepy history shows how it came to that"


def report_data(report: Report) -> dict[str, Any]:
    """Return the same as data, see ``docs/reference/cli.md``."""
    summary = report.summary
    return {
        "workflow": report.workflow,
        "instance": report.instance,
        "status": summary.status if summary is not None else None,
        "completed": list(summary.completed) if summary is not None else [],
        "skipped": list(summary.skipped) if summary is not None else [],
        "waiting": dict(summary.waiting) if summary is not None else {},
        "retrying": {task: error_text(error) for task, error in summary.retrying.items()}
        if summary is not None
        else {},
        "timed_out": list(summary.timed_out) if summary is not None else [],
        "failed": {task: error_text(error) for task, error in summary.failures.items()}
        if summary is not None
        else {},
        "error": None if report.error is None else str(report.error),
        "exit_code": report.exit_code,
    }
