"""WfEpy's view of an instance: a list of ``(task name, TaskState)`` tokens.

The tokens are the tasks that may run and the joins that have seen a part of their branches. They tell less than a
marking (not, for example, which pass of a loop it is); so the list that :func:`tokens` returns also carries the
marking, which survives ``copy`` and ``pickle``, and :func:`marking_from` falls back to what plain tokens tell.
"""

from __future__ import annotations

from . import marking as m
from .errors import WorkflowError
from .outcome import TaskState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .graph import Graph
    from .instance import Instance

    Token = tuple[str, TaskState]
    Saved = tuple[list[str], list[int], list[int], list[int], list[int]]


class TokenList(list["Token"]):
    """The tokens of an instance, and the marking that they stand for."""

    saved: Saved | None = None
    tokens: list[Token] | None = None


def tokens(instance: Instance) -> TokenList:
    """Return the tokens of ``instance``."""
    marking, graph = instance.marking, instance.marking.graph
    found = TokenList((graph.names[task], _state(instance, graph.names[task])) for task in marking.queue)
    for task, status in enumerate(marking.status):
        if status == m.PENDING:
            taken, skipped, _ = marking.counts(task)
            if taken or skipped:
                found += [(graph.names[task], TaskState.BLOCKED)] * taken
                found += [(graph.names[task], TaskState.CANCELED)] * skipped
    found.saved = (
        list(graph.names),
        list(marking.status),
        list(marking.generation),
        list(marking.edges),
        list(marking.queue),
    )
    found.tokens = list(found)
    return found


def _state(instance: Instance, name: str) -> TaskState:
    if name in instance.waits:
        return TaskState.WAITING
    return TaskState.READY if name in instance.failures else TaskState.NEW


def marking_from(graph: Graph, state: Iterable[Token]) -> tuple[m.Marking, list[int]]:
    """Return the marking that ``state`` stands for, and the tasks that are complete but not expanded yet.

    :raises WorkflowError: if it names an unknown task
    """
    saved = state.saved if isinstance(state, TokenList) and state.tokens == list(state) else None
    marking = m.Marking(graph)
    if saved is not None and saved[0] == graph.names:
        _, marking.status, marking.generation, marking.edges, _ = (list(part) for part in saved)  # type: ignore[assignment]
        marking.queue = dict.fromkeys(saved[4])
        marking.recount()
        return marking, []
    given = [(_number(graph, name), TaskState(word)) for name, word in state]
    return _guess(graph, marking, given)


def _number(graph: Graph, name: str) -> int:
    if name not in graph.index:
        raise WorkflowError(f'the state names a task "{name}" that the workflow does not have')
    return graph.index[name]


_RUNS = (TaskState.NEW, TaskState.READY, TaskState.WAITING, TaskState.COMPLETE)


def _guess(
    graph: Graph, marking: m.Marking, given: list[tuple[int, TaskState]]
) -> tuple[m.Marking, list[int]]:
    """Take everything for decided that no token leads to."""
    joins = {
        task
        for task, word in given
        if word in (TaskState.BLOCKED, TaskState.CANCELED) and graph.forward_in[task]
    }
    running = dict.fromkeys(task for task, word in given if word in _RUNS and task not in joins)
    marking.queue = running
    ahead = _ahead(graph, [*running, *joins])
    for task in range(len(graph.names)):
        if task in running:
            marking.status[task] = m.READY
        elif task in ahead or task in joins:
            marking.status[task] = m.PENDING
        else:
            marking.status[task] = m.DONE
            for edge in graph.edges_of(task):
                target = graph.target[edge]
                # What counts as done counts as led to; but nothing says that a loop starts over.
                led = target not in ahead and target not in joins and not graph.is_loop_edge[edge]
                marking.edges[edge] = m.E_TAKEN if target in running or led else m.E_SKIPPED
    for join in joins:
        _fill_join(graph, marking, join, [word for task, word in given if task == join])
    marking.recount()
    marking.resume()
    return marking, [task for task, word in given if word is TaskState.COMPLETE and task in running]


def _fill_join(graph: Graph, marking: m.Marking, join: int, words: list[TaskState]) -> None:
    """Give the decided edges into ``join`` the values of its tokens; which edge had which is not known."""
    decided = [edge for edge in graph.forward_in[join] if marking.status[graph.source[edge]] == m.DONE]
    for edge, word in zip(decided, words, strict=False):  # there may be fewer tokens
        marking.edges[edge] = m.E_SKIPPED if word is TaskState.CANCELED else m.E_TAKEN


def _ahead(graph: Graph, tasks: list[int]) -> set[int]:
    """Return the tasks to which forward edges lead from ``tasks``, and the rest of the loops around these."""
    found: set[int] = set()
    todo = list(tasks)
    while todo:
        for edge in graph.edges_of(todo.pop()):
            target = graph.target[edge]
            if not graph.is_loop_edge[edge] and target not in found:
                found.add(target)
                todo.append(target)
    return found
