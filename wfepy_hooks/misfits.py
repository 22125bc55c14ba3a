"""Signals that miss the terms of the wait they are meant for: whoever commits a file is not told, as a sender is.

Such a signal is kept and never offered to the task, so that somebody has to hear of it.
"""

from __future__ import annotations

from .signals import refusal

__all__ = ["dropped_notes", "misfit_notes", "refused_by"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .instance import Instance
    from .signals import Signal

    Terms = dict[str, Any]

#: So many are told one by one: an inbox may hold a hundred thousand.
_MOST = 5


def refused_by(signal: Signal, waits: Iterable[tuple[str, Terms]]) -> dict[str, str]:
    """Return the tasks that wait for a signal of this name and do not take this one, and why.

    :param waits: what tasks and their items wait for: their names and terms
    :return: empty if one of them takes it, or if none waits for its name
    """
    refused = {}
    for task, terms in waits:
        if signal.name not in terms.get("signals", ()):
            continue
        why = refusal(
            signal, choices=terms.get("choices", ()), by=terms.get("by", ()), schema=terms.get("schema")
        )
        if not why:
            return {}
        refused[task] = why
    return refused


def _waits(instance: Instance) -> Iterator[tuple[str, Terms]]:
    """Yield what the tasks of an instance and their items wait for."""
    for name, wait in instance.waits.items():
        yield name, wait.terms()
    for name, items in instance.items.items():
        for wait in items.waits.values():
            yield name, wait.terms()


def misfit_notes(
    instance: Instance, signals: Iterable[Signal], waits: Iterable[tuple[str, Terms]] | None = None
) -> list[str]:
    """Return a line for each of ``signals`` that a task waits for and does not take: which, why, and what to do.

    :param waits: what is waited for; by default what all tasks wait for and their items
    """
    waits = list(_waits(instance) if waits is None else waits)
    named = {name for _, terms in waits for name in terms.get("signals", ())}
    notes: list[str] = []
    more = 0
    for signal in signals:
        refused = refused_by(signal, waits) if signal.name in named else {}
        if refused and len(notes) < _MOST:
            notes.append(_note(instance, signal, refused))
        elif refused:
            more += 1
    if more:
        where = f"{instance.workflow.name}/{instance.id}"
        notes.append(
            f"{where}: {more} more signal{'s' if more > 1 else ''} that no task takes; see wfepy status"
        )
    return notes


def dropped_notes(
    instance: Instance, task: str, signals: Iterable[Signal], reasons: dict[str, str]
) -> list[str]:
    """Return a line for each signal that ``task`` has dropped: which, why, and what to do."""
    where = f"{instance.workflow.name}/{instance.id}"
    again = f"wfepy signal {instance.workflow.name} {instance.id}"
    return [
        f'{where}: the signal "{each.name}" of the id {each.id}{f" by {each.by}" if each.by else ""} does not count '
        f"for {task}: {reasons[each.id]}; whoever has seen what is asked now sends it again: {again} {each.name}"
        for each in signals
    ]


def _note(instance: Instance, signal: Signal, refused: dict[str, str]) -> str:
    where = f"{instance.workflow.name}/{instance.id}"
    why = "; ".join(f"{task} does not take it, {reason}" for task, reason in refused.items())
    again = f"wfepy signal {instance.workflow.name} {instance.id} {signal.name}"
    return f'{where}: the signal "{signal.name}" of the id {signal.id}: {why}; send one that fits: {again}'
