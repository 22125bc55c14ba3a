"""Doing to an instance what a history record says, live and when it is loaded.

The runner settles a task by the functions here right after its record is durable, so that replaying the record after a
crash cannot come to anything else.
"""

from __future__ import annotations

from . import marking as m
from .errors import StateFormatError
from .outcome import InstanceStatus
from .patch import replay
from .waitstate import WaitState

__all__ = [
    "changed_transitions",
    "decisions_text",
    "forget_settled",
    "gone_signals",
    "note_failure",
    "note_wait",
    "read_decisions",
    "read_end",
    "replay_records",
    "replay_task",
    "settle",
    "take_signals",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from .graph import Graph
    from .instance import Instance

    Record = dict[str, Any]

_EDGE = {word: number for number, word in enumerate(m.EDGE_WORDS)}
_ENDS = (InstanceStatus.FINISHED, InstanceStatus.DEAD_END, InstanceStatus.FAILED, InstanceStatus.CANCELLED)
_OUTCOMES = {"completed": m.DONE, "failed": m.FAILED, "timed_out": m.TIMED_OUT}


def decisions_text(marking: m.Marking, task: int) -> list[str]:
    """Return the decided transitions of ``task`` as ``destination: decision``; nothing while they are pending."""
    graph, edges = marking.graph, marking.edges
    first, end = graph.first_edge[task], graph.first_edge[task + 1]
    if first == end or edges[first] == m.E_PENDING:
        return []
    names, target = graph.names, graph.target
    return [f"{names[target[edge]]}: {m.EDGE_WORDS[edges[edge]]}" for edge in range(first, end)]


def read_decisions(graph: Graph, task: int, texts: list[str]) -> list[int]:
    """Return the decisions that :func:`decisions_text` wrote.

    :raises StateFormatError: if the transitions of the task are others now
    """
    edges = graph.edges_of(task)
    if len(texts) != len(edges):
        raise changed_transitions(graph.names[task])
    decisions = []
    for edge, text in zip(edges, texts, strict=True):
        dest, _, word = text.rpartition(": ")
        if dest != graph.names[graph.target[edge]] or word == "pending":
            raise changed_transitions(graph.names[task])
        decisions.append(_EDGE[word])
    return decisions


def changed_transitions(name: str) -> StateFormatError:
    """Return the error that a task was decided when it had other transitions."""
    return StateFormatError(
        f'task "{name}" was decided when it had other transitions',
        hint="wfepy migrate shows what can be done, or give it its old transitions back",
    )


def read_end(document: dict[str, Any]) -> str:
    """Return the status of an instance that has ended.

    :raises StateFormatError: if it is none
    """
    status = document["status"]
    if status not in _ENDS:
        raise StateFormatError(f'"status" must be running or one of {", ".join(_ENDS)}, not {status!r}')
    return str(status)


def replay_records(
    instance: Instance, encoded: Any, records: list[Record]
) -> tuple[Any, list[tuple[Record, m.Settled]]]:
    """Do to ``instance`` and its encoded context what ``records`` say.

    :return: the context after that, and what each record settled
    """
    encoded = replay(encoded, records)
    return encoded, [(record, replay_record(instance, record)) for record in records]


def replay_record(instance: Instance, record: Record) -> m.Settled:
    """Do to ``instance`` what one record says."""
    instance.seq = record["seq"]
    event = record["event"]
    if event == "task":
        return replay_task(instance, record)
    if event == "ended":
        instance.ended = read_end(record)
    elif event == "signal":
        from .signals import Signal  # lazily, as all below: most instances have none of these

        instance.signals.append(Signal.from_json(record, record["seq"]))
    elif event == "reminder":
        wait = instance.waits.get(record["task"])
        if wait is not None:
            wait.remind_at = record["remind_at"]
    elif event in ("items", "item"):
        from .items import replay_item

        replay_item(instance, record)
    elif event == "operator":
        from .operate import apply

        return apply(instance, record)
    return m.Settled()


def replay_task(instance: Instance, record: Record) -> m.Settled:
    """Do to ``instance`` what the attempt in ``record`` did."""
    name, status, graph = record["task"], record["status"], instance.marking.graph
    if name not in graph.index:
        raise StateFormatError(f'history record {record["seq"]} is about task "{name}", which there is not')
    task = graph.index[name]
    if instance.marking.status[task] != m.READY or instance.marking.generation[task] != record["generation"]:
        raise StateFormatError(f'history record {record["seq"]} ends task "{name}", which was not running')
    take_signals(instance, gone_signals(record))
    if status in ("waiting", "retrying") and "deadline" in record:
        instance.deadlines[name] = record["deadline"]
    if status == "waiting":
        known = instance.waits.get(name)
        since = known.since if known else record["at"]
        note_wait(instance, name, WaitState.from_json(since, record))
        return m.Settled()
    if status == "retrying":
        note_failure(instance, name, record["attempt"], record.get("error", ""), record.get("retry_at", ""))
        return m.Settled()
    decisions = read_decisions(graph, task, record["next"]) if record.get("next") else []
    if status == "completed" and not decisions and graph.edges_of(task):
        raise changed_transitions(name)
    return settle(instance, task, name, _OUTCOMES[status], decisions, record.get("error", ""))


def note_wait(instance: Instance, name: str, wait: WaitState) -> None:
    """Keep that a task waits, and that it does not fail any more."""
    instance.retry_at.pop(name, None)
    instance.waits[name] = wait


def note_failure(instance: Instance, name: str, attempt: int, error: str, retry_at: str = "") -> None:
    """Keep that an attempt failed and the task is to be tried again.

    :param retry_at: not before this moment; empty: at the next tick
    """
    instance.waits.pop(name, None)
    instance.failures[name] = attempt
    instance.errors[name] = error
    instance.retry_at.pop(name, None)
    if retry_at:
        instance.retry_at[name] = retry_at


def gone_signals(record: Record) -> list[str]:
    """Return the ids of the signals that are gone with what a record says: they were taken, or did not count."""
    return [*record.get("consumed", ()), *record.get("dropped", ())]


def take_signals(instance: Instance, ids: Collection[str]) -> None:
    """Drop the signals that a task has taken."""
    if ids:
        instance.signals = [each for each in instance.signals if each.id not in ids]


def settle(
    instance: Instance, task: int, name: str, outcome: int, decisions: list[int], error: str = ""
) -> m.Settled:
    """End a task and forget what was kept of its attempts, and of those of the tasks that this takes along."""
    remembers = instance.remembers_attempts
    if remembers:
        items = instance.items.get(name)
        instance.forget_attempts(name)
        if items is not None and outcome != m.DONE:
            instance.items[name] = items  # a person may have those retried that failed
    settled = instance.marking.settle(task, outcome, decisions)
    if error:
        instance.errors[name] = error
    if remembers:
        forget_settled(instance, settled)
    return settled


def forget_settled(instance: Instance, settled: m.Settled) -> None:
    """Forget what was kept of attempts at tasks that were cancelled, or start over."""
    names = instance.marking.graph.names
    for dropped in settled.cancelled:
        instance.forget_attempts(names[dropped])
    for loop in settled.repeated:
        for inner in instance.marking.graph.region(loop):
            for again in inner.tasks:
                instance.forget_attempts(names[again])
