"""What a person may do to an instance beside the ticks: retry, skip, done, cancel, pause, resume, rewind.

Each is a history record first and is done by :func:`apply` then, live and when the record is replayed, so that a crash
between the two changes nothing.
"""

from __future__ import annotations

from . import marking as m
from .errors import StateFormatError
from .family import CANCEL
from .outcome import TaskResult, TaskStatus
from .replaying import forget_settled, gone_signals, read_decisions, settle, take_signals

__all__ = ["TASK_VERBS", "VERBS", "apply", "is_allowed", "signature", "tell"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .instance import Instance
    from .items import ItemsState
    from .plugins import PluginHost
    from .waitstate import WaitState

    Record = dict[str, Any]

#: The verbs that are about one task, and those that are about the instance.
TASK_VERBS = ("retry", "skip", "done", "rewind")
VERBS = (*TASK_VERBS, "cancel", "pause", "resume")


def is_allowed(instance: Instance, verb: str, task: int) -> bool:
    """Return whether a verb of :data:`TASK_VERBS` makes sense for a task as it is decided now."""
    marking = instance.marking
    if verb == "rewind":
        return marking.status[task] != m.PENDING
    return marking.status[task] == m.READY or marking.is_unhandled(task)


def apply(instance: Instance, record: Record) -> m.Settled:
    """Do to ``instance`` what an ``operator`` record says, and return what that settled.

    :raises StateFormatError: if it does not fit the instance
    """
    verb = record["verb"]
    take_signals(instance, gone_signals(record))
    if verb in _TASK_VERBS:
        return _apply_to_task(instance, record)
    if verb == "pause":
        instance.paused = {key: record[key] for key in ("at", "by", "reason") if record.get(key)}
    elif verb == "resume":
        instance.paused = None
    elif verb == "cancel":
        instance.paused = None
        # Else it would be cancelled again whenever somebody brings it back.
        instance.signals = [each for each in instance.signals if each.name != CANCEL]
        settled = instance.marking.cancel()
        forget_settled(instance, settled)
        return settled
    # The signals of "discard" are gone by now; what "migrate" decided is in the document, see wfepy_hooks.migration.
    elif verb not in ("discard", "migrate"):
        raise StateFormatError(f"history record {record['seq']} has an unknown verb {verb!r}")
    return m.Settled()


def _apply_to_task(instance: Instance, record: Record) -> m.Settled:
    name, verb, marking = record["task"], record["verb"], instance.marking
    number = marking.graph.index.get(name)
    if number is None:
        raise StateFormatError(f'history record {record["seq"]} is about task "{name}", which there is not')
    fits = marking.generation[number] == record.get("generation", 0)
    if not fits or not is_allowed(instance, verb, number):
        raise StateFormatError(
            f'history record {record["seq"]}, {verb} of task "{name}", does not fit the state of the task'
        )
    instance.ended = None
    return _TASK_VERBS[verb](instance, number, record)


def _retry(instance: Instance, task: int, record: Record) -> m.Settled:
    name = record["task"]
    if instance.marking.status[task] != m.READY:
        items = instance.items.get(name)
        instance.forget_attempts(name)
        if items is not None:  # those that are done stay so
            _retry_items(items)
            instance.items[name] = items
        return instance.marking.retry(task)
    for kept in (instance.failures, instance.errors, instance.retry_at):
        kept.pop(name, None)
    if name in instance.waits:
        _call_at_once(instance.waits[name])
    if name in instance.items:
        _retry_items(instance.items[name])
    settled = m.Settled()
    settled.ready.append(task)
    return settled


def _call_at_once(wait: WaitState) -> None:
    """Make a wait one whose task the next tick calls. Its deadline stays, and which child it has."""
    wait.until, wait.signals, wait.done = "", (), False
    wait.choices, wait.by, wait.schema = (), (), None


def _retry_items(items: ItemsState) -> None:
    """Have the items tried at once that failed, or are to be tried again later; those that wait are called."""
    from .items import FAILED, NEW, RETRYING

    for kept in (items.failures, items.errors, items.retry_at):
        kept.clear()
    items.status = [NEW if word in (FAILED, RETRYING) else word for word in items.status]
    for wait in items.waits.values():
        _call_at_once(wait)


def _skip(instance: Instance, task: int, record: Record) -> m.Settled:
    instance.forget_attempts(record["task"])
    settled = instance.marking.skip(task)
    forget_settled(instance, settled)
    return settled


def _done(instance: Instance, task: int, record: Record) -> m.Settled:
    graph = instance.marking.graph
    decisions = read_decisions(graph, task, record.get("next", []))
    return settle(instance, task, record["task"], m.DONE, decisions)


def _rewind(instance: Instance, task: int, record: Record) -> m.Settled:
    marking = instance.marking
    for each in marking.following(task):
        instance.forget_attempts(marking.graph.names[each])
    settled = marking.rewind(task)
    forget_settled(instance, settled)
    return settled


_TASK_VERBS: dict[str, Callable[[Instance, int, Record], m.Settled]] = {
    "retry": _retry,
    "skip": _skip,
    "done": _done,
    "rewind": _rewind,
}


# Telling


def signature(record: Record) -> str:
    """Return who did what a record says, and why: ``by ann: the printer is on fire``."""
    by = f"by {record['by']}" if record.get("by") else "by somebody"
    return f"{by}: {record['reason']}" if record.get("reason") else by


def tell(host: PluginHost, instance: Instance, record: Record, settled: m.Settled) -> None:
    """Tell the observers of the tasks that came to an end by what a person did."""
    from .announce import announce

    names, first, decisions = instance.marking.graph.names, None, []
    if record["verb"] == "done":
        first, status = names.index(record["task"]), TaskStatus.COMPLETED
        decisions = read_decisions(instance.marking.graph, first, record.get("next", []))
        generation = record.get("generation", 0)
    else:
        status = TaskStatus.SKIPPED
        dropped = [(each, m.E_SKIPPED) for each in settled.skipped]
        dropped += [(each, m.E_CANCELLED) for each in settled.cancelled]
        if not dropped:
            return
        first, decision = dropped[0]
        decisions = [decision] * len(instance.marking.graph.edges_of(first))
        generation = settled.generation[first]
    word = {"skip": "skipped", "cancel": "cancelled", "done": "declared done", "rewind": "rewound"}
    result = TaskResult(
        status,
        generation=generation,
        reason=f"{word.get(record['verb'], record['verb'])} {signature(record)}",
        event_id=f"{instance.uid}-{record['seq']}",
    )
    announce(
        host, instance, instance.workflow.tasks[names[first]], decisions, result, _without(settled, first)
    )


def _without(settled: m.Settled, task: int) -> m.Settled:
    """Return what was skipped and cancelled but for one task."""
    others = m.Settled()
    others.skipped = [each for each in settled.skipped if each != task]
    others.cancelled = [each for each in settled.cancelled if each != task]
    others.generation = settled.generation
    return others
