"""Why a task is where it is, told from stored decisions alone."""

from __future__ import annotations

from . import marking as m
from .outcome import InstanceStatus
from .waking import deadline_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .graph import Graph
    from .instance import Instance
    from .items import ItemsState
    from .task import Transition
    from .waitstate import WaitState

_OUTCOMES = {m.DONE: "done", m.FAILED: "failed", m.TIMED_OUT: "timed out"}
_UNHANDLED = "; no transition is about that"
_MOST_ROOTS = 3
_MOST_ITEMS = 5
_MOST_OF_ITEM = 60


def explain(instance: Instance, name: str) -> str:
    """Return one or more lines that say what ``name`` waits for, or what decided it.

    :raises LookupError: if there is no such task
    """
    graph = instance.marking.graph
    if name not in graph.index:
        raise LookupError(f'there is no task "{name}" in workflow {instance.workflow.name}')
    task = graph.index[name]
    status = instance.marking.status[task]
    generation = instance.marking.generation[task]
    suffix = f" (pass {generation + 1} of its loop)" if graph.loop_of[task] >= 0 else ""
    lines = [f"{name}{suffix}: {_headline(instance, name, task, status)}"]
    if status == m.READY and name in instance.items:
        lines += [f"  {line}" for line in _items(instance.items[name])]
    if status == m.PENDING:
        lines += [f"  {line}" for line in _inputs(instance, task)]
        if instance.status == InstanceStatus.RUNNING:
            roots = _roots(instance, task, (m.READY, m.FAILED, m.TIMED_OUT))
            lines += [f"  because {_headline_of(instance, root)}" for root in roots[:_MOST_ROOTS]]
    elif status == m.SKIPPED:
        lines += [f"  {line}" for line in _inputs(instance, task, only_decided=True)]
    else:
        taken = [edge for edge in graph.forward_in[task] if instance.marking.is_taken(edge)]
        lines += [f"  {_edge(instance, edge)}" for edge in (*taken, *graph.edges_of(task))]
    return "\n".join(lines)


def _roots(instance: Instance, task: int, statuses: tuple[int, ...]) -> list[int]:
    """Return the tasks that are in one of ``statuses`` and that ``task`` waits for, maybe through others."""
    graph, marking = instance.marking.graph, instance.marking
    found, seen, left = [], {task}, [task]
    while left:
        for edge in graph.forward_in[left.pop()]:
            source = graph.source[edge]
            if marking.edges[edge] != m.E_PENDING or source in seen:
                continue
            seen.add(source)
            if marking.status[source] in statuses:
                found.append(source)
            elif marking.status[source] == m.PENDING:
                left.append(source)
    return found


def _headline_of(instance: Instance, task: int) -> str:
    name = instance.marking.graph.names[task]
    return f"{name} {_headline(instance, name, task, instance.marking.status[task]).removesuffix(_UNHANDLED)}"


def _headline(instance: Instance, name: str, task: int, status: int) -> str:
    if status == m.READY:
        return _ready(instance, name)
    if status == m.PENDING:
        return _rule(instance, task) if instance.status == InstanceStatus.RUNNING else _never(instance)
    if status == m.SKIPPED:
        return "skipped, " + _skip_reason(instance, task)
    if status == m.CANCELLED:
        return "cancelled before it was decided: a join or an end point ended the rest, or the instance was cancelled"
    unhandled = status != m.DONE and not any(
        instance.marking.edges[edge] != m.E_PENDING for edge in instance.marking.graph.edges_of(task)
    )
    error = f": {instance.errors[name]}" if name in instance.errors else ""
    return _OUTCOMES[status] + error + (_UNHANDLED if unhandled else "")


def _ready(instance: Instance, name: str) -> str:
    paused = "" if instance.paused is None else f"; the instance is paused {_paused(instance.paused)}"
    if name in instance.items:
        items = instance.items[name]
        # That of the task itself: of a condition behind it, when all its items are over.
        failing = f"; {_failing(instance, name)}" if name in instance.failures and not items.open else ""
        return f"has {items_text(items)}{failing}{paused}"
    if name in instance.waits:
        return f"{_waits(instance.waits[name], deadline_of(instance, name))}{paused}"
    if name in instance.failures:
        return f"{_failing(instance, name)}{paused}"
    return f"runs at the next tick{paused}"


def _failing(kept: Instance | ItemsState, key: Any) -> str:
    """Return when a task or an item that failed is tried again."""
    times = "once" if kept.failures[key] == 1 else f"{kept.failures[key]} times"
    at = kept.retry_at.get(key)
    when = f"not before {_second(at)}" if at else "at the next tick"
    return f"failed {times}, is tried again {when}; last error: {kept.errors.get(key, 'unknown')}"


def _items(items: ItemsState) -> Iterator[str]:
    """Tell of the first few items that are not done what becomes of them."""
    from .items import FAILED, RETRYING, WAITING

    told = [number for number, word in enumerate(items.status) if word in (FAILED, RETRYING, WAITING)]
    for number in told[:_MOST_ITEMS]:
        named = f"item {number}{_item(items.items[number])}"
        if items.status[number] == WAITING:
            yield f"{named} {_waits(items.waits[number], '')}"
        elif items.status[number] == RETRYING:
            yield f"{named} {_failing(items, number)}"
        else:
            yield f"{named} failed: {items.errors.get(number, 'unknown')}"
    if told[_MOST_ITEMS:]:
        yield f"and {len(told) - _MOST_ITEMS} more items"


def _item(encoded: Any) -> str:
    """Return an item in brackets, on one line and not longer than a name; nothing for what is no plain value."""
    if not isinstance(encoded, (str, int, float)):
        return ""
    text = " ".join(str(encoded).split())
    return f" ({text})" if len(text) <= _MOST_OF_ITEM else f" ({text[:_MOST_OF_ITEM]}...)"


def _paused(paused: dict[str, str]) -> str:
    by = f"by {paused.get('by') or 'somebody'} since {_second(paused.get('at', ''))}"
    return f"{by}: {paused['reason']}" if paused.get("reason") else by


def _second(text: str) -> str:
    return f"{text[:19]}Z" if text else "a time unknown"


def _waits(wait: WaitState, deadline: str) -> str:
    since = f" since {_second(wait.since)}" if wait.since else ""
    terms = wait_terms(wait, beside_reason=True)
    if deadline:
        terms.append(f"times out at {_second(deadline)}")
    if wait.reason:
        return f"waits{since}: {wait.reason}" + (f" ({'; '.join(terms)})" if terms else "")
    return f"waits{since}, {'; '.join(terms)}" if terms else f"waits{since}, and is called again at each tick"


def wait_terms(wait: WaitState, *, beside_reason: bool = False) -> list[str]:
    """Return what wakes a task, in words.

    :param beside_reason: the reason is shown, too: leave out the people and the choices that it names
    """
    terms = []
    reason = wait.reason if beside_reason else ""
    if wait.child:
        terms.append(f"for the end of {wait.child}")
    elif wait.signals:
        by = f" by {' or '.join(wait.by)}" if not _says(reason, wait.by) else ""
        choices = f", one of {', '.join(map(str, wait.choices))}" if not _says(reason, wait.choices) else ""
        terms.append(f"for a signal {' or '.join(wait.signals)}{by}{choices}")
    if wait.until:
        terms.append(f"until {_second(wait.until)}")
    return terms


def _says(reason: str, words: Iterable[object]) -> bool:
    """Return whether the reason of a wait names all of ``words`` already, as that of an approval does."""
    import re

    return all(re.search(rf"(?<!\w){re.escape(str(word))}(?!\w)", reason) for word in words)


def items_text(items: ItemsState) -> str:
    """Return how far the items of a task are."""
    from .items import DONE, FAILED, NEW, RETRYING, WAITING
    from .wording import plural

    words = (
        (DONE, "done"),
        (WAITING, "waiting"),
        (RETRYING, "tried again"),
        (FAILED, "failed"),
        (NEW, "to do"),
    )
    counts = [f"{items.status.count(word)} {text}" for word, text in words if word in items.status]
    return f"{plural(len(items.status), 'item')}: {', '.join(counts) or 'none'}"


def _rule(instance: Instance, task: int) -> str:
    taken, _, pending = instance.marking.counts(task)
    need = instance.marking.graph.need[task]
    if need:
        more, so_far = need - taken, f", {taken} taken so far" if taken else ""
        wanted = f"{more}{' more' if taken else ''} transition{'s' if more > 1 else ''} to it"
        return f"waits until {wanted} {'are' if more > 1 else 'is'} taken ({pending} undecided{so_far})"
    return f"waits for {pending} undecided transition{'s' if pending != 1 else ''}"


def _never(instance: Instance) -> str:
    """Return why a task that was still pending when its instance ended does not run."""
    marking = instance.marking
    failed = [
        marking.graph.names[task]
        for task, status in enumerate(marking.status)
        if status in (m.FAILED, m.TIMED_OUT) and _is_unhandled(marking, task)
    ]
    if instance.status == InstanceStatus.FAILED and failed:
        return f"never runs, because {', '.join(failed[:_MOST_ROOTS])} failed"
    return f"never runs, because the instance has ended: {instance.status.replace('_', ' ')}"


def _is_unhandled(marking: m.Marking, task: int) -> bool:
    return all(marking.edges[edge] in (m.E_PENDING, m.E_OUTCOME) for edge in marking.graph.edges_of(task))


def _skip_reason(instance: Instance, task: int) -> str:
    taken, _, pending = instance.marking.counts(task)
    need = instance.marking.graph.need[task]
    if taken + pending >= max(need, 1) or not instance.marking.graph.forward_in[task]:
        return "because somebody said so: wfepy history tells who"
    return skip_reason(instance.marking.graph, task)


def skip_reason(graph: Graph, task: int) -> str:
    """Return why a task is skipped, by its join rule."""
    need = graph.need[task]
    if need > 1:
        return f"because {need} transitions to it had to be taken and too few were"
    return "because no transition to it was taken"


def _inputs(instance: Instance, task: int, only_decided: bool = False) -> Iterator[str]:
    for edge in instance.marking.graph.forward_in[task]:
        if not only_decided or instance.marking.edges[edge] != m.E_PENDING:
            yield _edge(instance, edge)


def _edge(instance: Instance, edge: int) -> str:
    """Return a line about one edge, such as ``start -> make_foam: skipped, the condition at f.py:7 was false``."""
    graph = instance.marking.graph
    names = f"{graph.names[graph.source[edge]]} -> {graph.names[graph.target[edge]]}"
    source = graph.source[edge]
    transition = instance.workflow.tasks[graph.names[source]].followed_by[edge - graph.first_edge[source]]
    decision = instance.marking.edges[edge]
    pending = (
        f", {graph.names[source]} is {_status_word(instance, source)}" if decision == m.E_PENDING else ""
    )
    return f"{names}: {decision_reason(transition, decision)}{pending}{_held(instance, edge)}"


def _held(instance: Instance, edge: int) -> str:
    graph = instance.marking.graph
    loop = graph.held_by[edge]
    if loop < 0 or instance.marking.is_closed(loop) or instance.marking.edges[edge] == m.E_PENDING:
        return ""
    return f" (held until the loop at {graph.names[graph.loops[loop].head]} closes)"


def decision_reason(transition: Transition, decision: int) -> str:
    """Return what was decided about a transition and why."""
    name = getattr(transition.cond, "__name__", "<")
    at = "" if name.startswith("<") else f" {name}"  # a lambda has no name of its own
    at += f" at {transition.location}" if transition.location else ""
    return {
        m.E_PENDING: "undecided",
        m.E_TAKEN: "taken",
        m.E_TRUE: f"taken, the condition{at} was true",
        m.E_FALSE: f"skipped, the condition{at} was false",
        m.E_SKIPPED: f"skipped, {transition.source} was skipped",
        m.E_OUTCOME: f"skipped, {outcome_reason(transition)}",
        m.E_CANCELLED: "skipped, it was cancelled",
    }[decision]


def outcome_reason(transition: Transition) -> str:
    """Return why a transition was not taken that is about another outcome than the one that came."""
    source = transition.source
    return {
        "done": f"only if {source} is done, and it is not",
        "failed": f"only if {source} fails, and it did not",
        "timeout": f"only if {source} times out, and it did not",
    }.get(transition.on, f"only if {source} ends")


def _status_word(instance: Instance, task: int) -> str:
    name = instance.marking.graph.names[task]
    if name in instance.waits:
        return "waiting"
    return m.STATUS_WORDS[instance.marking.status[task]]


def explain_end(instance: Instance) -> str:
    """Return in one line why an instance has ended as nobody wants it; empty: it has not."""
    marking = instance.marking
    if instance.status == InstanceStatus.DEAD_END:
        edges = enumerate(marking.edges)
        false = (_edge(instance, edge) for edge, decision in edges if decision == m.E_FALSE)
        return "; ".join(false) or "every way to an end point was skipped"
    if instance.status != InstanceStatus.FAILED:
        return ""
    failed = (name for task, name in enumerate(marking.graph.names) if marking.is_unhandled(task))
    return "; ".join(f"{name}: {instance.errors.get(name) or 'timed out'}" for name in failed)
