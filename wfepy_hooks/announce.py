"""Telling the observers what an attempt changed."""

from __future__ import annotations

from . import marking as m
from .outcome import TaskResult, TaskStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .instance import Instance
    from .plugins import PluginHost
    from .task import Task


def announce(
    host: PluginHost,
    instance: Instance,
    task: Task,
    decisions: list[int],
    result: TaskResult,
    settled: m.Settled,
) -> None:
    """Tell of the task's transitions, of its end, and of the tasks that were skipped or cancelled with it."""
    instance.event_id = result.event_id
    if host.transition_evaluated and decisions:
        _tell_transitions(host, instance, task, decisions)
    if host.task_finished:
        host.notify("wfepy_task_finished", instance=instance, task=task, result=result)
    if settled.skipped or settled.cancelled:
        announce_dropped(host, instance, settled, result.event_id)
    instance.event_id = ""


def announce_dropped(host: PluginHost, instance: Instance, settled: m.Settled, event_id: str) -> None:
    """Tell of the tasks that were skipped or cancelled by an event."""
    from .why import skip_reason  # lazily, as below

    graph = instance.marking.graph
    for status, dropped in ((m.E_SKIPPED, settled.skipped), (m.E_CANCELLED, settled.cancelled)):
        for number in dropped:
            other = instance.workflow.tasks[graph.names[number]]
            instance.event_id = f"{event_id}-{other.name}" if event_id else ""
            if host.transition_evaluated:
                _tell_transitions(host, instance, other, [status] * len(other.followed_by))
            if host.task_finished:
                reason = "it was cancelled" if status == m.E_CANCELLED else skip_reason(graph, number)
                skipped = TaskResult(
                    TaskStatus.SKIPPED,
                    generation=settled.generation[number],
                    reason=reason,
                    event_id=instance.event_id,
                )
                host.notify("wfepy_task_finished", instance=instance, task=other, result=skipped)


def _tell_transitions(host: PluginHost, instance: Instance, task: Task, decisions: list[int]) -> None:
    from .why import decision_reason  # lazily: a repeated poll decides nothing

    for transition, decision in zip(task.followed_by, decisions, strict=True):
        host.notify(
            "wfepy_transition_evaluated",
            instance=instance,
            transition=transition,
            taken=decision in (m.E_TAKEN, m.E_TRUE),
            reason=decision_reason(transition, decision),
        )


def tell_recorded(host: PluginHost, instance: Instance, seq: int, hook: str, **arguments: Any) -> None:
    """Call an observation hook about a record of the history.

    :param seq: its number; 0 where nothing is saved
    """
    instance.event_id = _event_id(instance, seq) if seq else ""
    host.notify(hook, instance=instance, **arguments)
    instance.event_id = ""


def _event_id(instance: Instance, seq: int) -> str:
    return f"{instance.uid}-{seq}"


def announce_replayed(
    host: PluginHost, instance: Instance, replayed: list[tuple[dict[str, Any], m.Settled]]
) -> None:
    """Tell the observers again of what an earlier tick recorded and, for all we know, died before it told them."""
    for record, settled in replayed:
        if record["event"] == "task":
            task = instance.workflow.tasks[record["task"]]
            words = [text.rpartition(": ")[2] for text in record.get("next", ())]
            result = TaskResult(
                record["status"],
                attempt=record["attempt"],
                generation=record["generation"],
                changed=not record.get("again"),
                reason=record.get("reason") or record.get("error", ""),
                took=record.get("took", 0.0),
                event_id=_event_id(instance, record["seq"]),
            )
            announce(host, instance, task, [m.EDGE_WORDS.index(word) for word in words], result, settled)
        elif record["event"] == "operator":
            from .operate import tell

            tell(host, instance, record, settled)
        elif record["event"] == "reminder" and host.task_reminder:
            wait = instance.waits.get(record["task"])
            if wait is not None:  # else it has been settled since, and there is nothing to remind of
                task = instance.workflow.tasks[record["task"]]
                tell_recorded(host, instance, record["seq"], "wfepy_task_reminder", task=task, wait=wait)
        elif record["event"] == "ended" and host.instance_finished:
            tell_recorded(host, instance, record["seq"], "wfepy_instance_finished", status=record["status"])
