"""What it would come to if a person stepped in, found out on a copy of the marking: to be shown before it is done."""

from __future__ import annotations

from . import marking as m
from .why import decision_reason

__all__ = ["Effects", "effects_of", "when_ended"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from .instance import Instance
    from .task import Transition

_ENDS = ("completed", "failed", "timed_out")


class Effects:
    """What a verb would change.

    :ivar again: the tasks that were decided or tried, and are not any more: what they were, and when they ended
    :ivar runs: the tasks that the next tick runs because of it
    :ivar skipped: :ivar cancelled: what is skipped and cancelled with it
    :ivar stays_cancelled: what was cancelled before, and stays so
    :ivar transitions: what becomes of the transitions of a task that is declared done
    :ivar children: the instances that are cancelled because the tasks that wait for them do not any more
    :ivar status: what becomes of the instance; empty: that is up to conditions
    """

    __slots__ = (
        *("again", "cancelled", "children", "runs"),
        *("skipped", "status", "stays_cancelled", "transitions"),
    )

    def __init__(self, status: str) -> None:
        self.again: list[dict[str, str]] = []
        self.runs: list[str] = []
        self.skipped: list[str] = []
        self.cancelled: list[str] = []
        self.stays_cancelled: list[str] = []
        self.transitions: list[str] = []
        self.children: list[str] = []
        self.status = status

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Effects) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]  # it is a list of lists

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        return {name: getattr(self, name) for name in self.__slots__}


def effects_of(
    instance: Instance, verb: str, task: str = "", ended: Mapping[str, str] | None = None
) -> Effects:
    """Return what a verb of :data:`.VERBS` would change; the instance stays as it is.

    :param task: the task that it is about, if it is about one
    :param ended: when each task came to its last end, see :func:`when_ended`
    """
    found = Effects(instance.status)
    if verb in ("pause", "resume"):
        return found
    if verb == "done":
        return _done(instance, task, found)
    marking = _copy(instance.marking)
    names = marking.graph.names
    number = marking.graph.index.get(task, -1)
    settled = marking.cancel() if verb == "cancel" else getattr(marking, verb)(number)
    touched = [number] if number >= 0 else []
    if verb == "rewind":
        touched = marking.following(number)
        found.again = [_once(instance, each, ended or {}) for each in touched if _was_tried(instance, each)]
        found.stays_cancelled = [
            names[each] for each, status in enumerate(instance.marking.status)
            if status == m.CANCELLED and marking.status[each] == m.CANCELLED and each not in touched
        ]  # fmt: skip
    _fill(found, marking, settled)
    if verb != "retry":
        found.children = _children(instance, [names[each] for each in (*touched, *settled.cancelled)])
    return found


def _copy(marking: m.Marking) -> m.Marking:
    copy = m.Marking(marking.graph)
    copy.status, copy.generation, copy.edges = marking.status[:], marking.generation[:], marking.edges[:]
    copy.queue = dict(marking.queue)
    copy.recount()
    return copy


def _was_tried(instance: Instance, task: int) -> bool:
    """Return whether anything is known of a task that a rewind would forget."""
    status, name = instance.marking.status[task], instance.marking.graph.names[task]
    if status == m.READY:
        return name in instance.waits or name in instance.failures or name in instance.items
    return status != m.PENDING


def _once(instance: Instance, task: int, ended: Mapping[str, str]) -> dict[str, str]:
    name = instance.marking.graph.names[task]
    status = m.STATUS_WORDS[instance.marking.status[task]]
    if instance.marking.status[task] == m.READY:
        status = "waiting" if name in instance.waits else "tried" if name in instance.items else "failing"
    at = ended.get(name, "") if status in ("done", "failed", "timed_out") else ""
    return {"task": name, "status": status, "ended": at}


def _done(instance: Instance, name: str, found: Effects) -> Effects:
    """Tell what is known without a call of the conditions, which are the user's code."""
    number = instance.marking.graph.index[name]
    decisions = []
    for transition in instance.workflow.tasks[name].followed_by:
        decision, reason = m.E_PENDING, f"as its condition says{_at(transition)}"
        if transition.on not in ("done", "any"):
            decision = m.E_OUTCOME
        elif transition.cond is None:
            decision = m.E_TAKEN
        if decision != m.E_PENDING:
            reason = decision_reason(transition, decision)
        decisions.append(decision)
        found.transitions.append(f"{transition.dest}: {reason}")
    found.children = _children(instance, [name])
    found.status = ""
    if m.E_PENDING not in decisions:
        marking = _copy(instance.marking)
        _fill(found, marking, marking.settle(number, m.DONE, decisions))
    return found


def _at(transition: Transition) -> str:
    return f", at {transition.location}" if transition.location else ""


def _fill(found: Effects, marking: m.Marking, settled: m.Settled) -> None:
    names = marking.graph.names
    found.runs = [names[each] for each in settled.ready if each in marking.queue]
    found.skipped = [names[each] for each in settled.skipped]
    found.cancelled = [names[each] for each in settled.cancelled]
    found.status = marking.state


def _children(instance: Instance, names: Collection[str]) -> list[str]:
    """Return the instances that these tasks, or items of them, wait for."""
    found: dict[str, None] = {}
    for name in names:
        waits = [instance.waits[name]] if name in instance.waits else []
        if name in instance.items:
            waits += instance.items[name].waits.values()
        found.update(dict.fromkeys(wait.child for wait in waits if wait.child))
    return list(found)


def when_ended(records: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return when each task came to its last end, by the records of a history."""
    found: dict[str, str] = {}
    for record in records:
        is_end = record["event"] == "task" and record.get("status") in _ENDS
        if is_end or (record["event"] == "operator" and record.get("verb") in ("done", "skip")):
            found[record["task"]] = record["at"]
    return found
