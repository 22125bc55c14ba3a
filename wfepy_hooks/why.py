"""Why a task is where it is, told from stored decisions alone."""

from __future__ import annotations

from . import marking as m

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .graph import Graph
    from .instance import Instance
    from .task import Transition

_OUTCOMES = {m.DONE: "done", m.FAILED: "failed", m.TIMED_OUT: "timed out"}


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
    if status == m.PENDING:
        lines += [f"  {line}" for line in _inputs(instance, task)]
    elif status == m.SKIPPED:
        lines += [f"  {line}" for line in _inputs(instance, task, only_decided=True)]
    elif graph.edges_of(task):
        lines += [f"  {_edge(instance, edge)}" for edge in graph.edges_of(task)]
    return "\n".join(lines)


def _headline(instance: Instance, name: str, task: int, status: int) -> str:
    if status == m.READY:
        return _ready(instance, name)
    if status == m.PENDING:
        return _rule(instance, task)
    if status == m.SKIPPED:
        return "skipped, " + skip_reason(instance.marking.graph, task)
    if status == m.CANCELLED:
        return "cancelled before it was decided: a join or an end point ended the rest, or the instance was cancelled"
    unhandled = status != m.DONE and not any(
        instance.marking.edges[edge] != m.E_PENDING for edge in instance.marking.graph.edges_of(task)
    )
    error = f": {instance.errors[name]}" if name in instance.errors else ""
    return _OUTCOMES[status] + error + ("; no transition is about that" if unhandled else "")


def _ready(instance: Instance, name: str) -> str:
    if name in instance.waits:
        wait = instance.waits[name]
        since = f" since {wait.since}" if wait.since else ""
        return f"waits{since}" + (f": {wait.reason}" if wait.reason else ", and is called again at each tick")
    if name in instance.failures:
        times = "once" if instance.failures[name] == 1 else f"{instance.failures[name]} times"
        return f"failed {times}, is tried again at the next tick; last error: {instance.errors.get(name, 'unknown')}"
    return "runs at the next tick"


def _rule(instance: Instance, task: int) -> str:
    taken, _, pending = instance.marking.counts(task)
    need = instance.marking.graph.need[task]
    if need:
        return f"waits for {need - taken} more of {pending} undecided transitions ({taken} taken so far)"
    return f"waits for {pending} undecided transition{'s' if pending != 1 else ''}"


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
    at = f" at {transition.location}" if transition.location else ""
    return {
        m.E_PENDING: "undecided",
        m.E_TAKEN: "taken",
        m.E_TRUE: f"taken, the condition{at} was true",
        m.E_FALSE: f"skipped, the condition{at} was false",
        m.E_SKIPPED: f"skipped, {transition.source} was skipped",
        m.E_OUTCOME: f"skipped, it is about on={transition.on!r} and that did not happen",
        m.E_CANCELLED: "skipped, it was cancelled",
    }[decision]


def _status_word(instance: Instance, task: int) -> str:
    name = instance.marking.graph.names[task]
    if name in instance.waits:
        return "waiting"
    return m.STATUS_WORDS[instance.marking.status[task]]


def false_conditions(instance: Instance) -> list[str]:
    """Return a line for each condition that was false: why an instance came to a dead end."""
    edges = enumerate(instance.marking.edges)
    return [_edge(instance, edge) for edge, decision in edges if decision == m.E_FALSE]
