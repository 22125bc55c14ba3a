"""Work grows with what changes, counted in executed lines of the engine and not in seconds; no graph is too deep."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

import wfepy_hooks
from adapter import find_problems
from wfepy_hooks import Workflow
from wfepy_hooks import marking as m
from wfepy_hooks.graph import Graph
from wfepy_hooks.marking import Marking
from wfepy_hooks.task import Task, Transition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType
    from typing import Any

LINEAR = 2.3
"""How many times as many lines twice the size may cost; 2.0 and something for what is logarithmic."""

PACKAGE = os.path.dirname(wfepy_hooks.__file__)

Size = int


def lines(work: Callable[[], object]) -> int:
    """How many lines of the package run in `work`."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def workflow(edges: Iterable[tuple[str, str]], **marks: Any) -> dict[str, Task]:
    """Tasks in the order of their names in `edges`; the first is the start, tasks without transitions are ends."""
    tasks: dict[str, Task] = {}
    sources: dict[str, set[str]] = {}
    for source, dest in edges:
        for name in (source, dest):
            tasks.setdefault(name, Task(yes, name))
        tasks[source].followed_by.add(Transition(dest))
        sources.setdefault(dest, set()).add(source)
        tasks[dest].preceded_by.add(source)
    next(iter(tasks.values())).is_start_point = True
    for name, task in tasks.items():
        task.is_end_point = not task.followed_by
        if len(sources.get(name, ())) > 1:
            task.is_join_point, task.join = True, marks.get("join", "sync")
            task.cancel_rest = marks.get("cancel_rest", False)
    return tasks


def yes(context: object) -> bool:
    return True


def chain(size: Size) -> dict[str, Task]:
    return workflow((f"t{n}", f"t{n + 1}") for n in range(size - 1))


def fan(size: Size, join: str = "sync", cancel_rest: bool = False) -> dict[str, Task]:
    pairs = [pair for n in range(size) for pair in (("s", f"t{n}"), (f"t{n}", "j"))]
    return workflow(pairs, join=join, cancel_rest=cancel_rest)


def races(size: Size) -> dict[str, Task]:
    """Races side by side, each with a losing loop."""
    edges = []
    for n in range(size):
        edges += [("s", f"a{n}"), ("s", f"h{n}"), (f"h{n}", f"u{n}"), (f"u{n}", f"h{n}")]
        edges += [(f"a{n}", f"j{n}"), (f"u{n}", f"j{n}")]
    return workflow(edges, join="any", cancel_rest=True)


def loops(size: Size) -> dict[str, Task]:
    """Loops one after the other."""
    edges = []
    for n in range(size):
        edges += [(f"h{n}", f"u{n}"), (f"u{n}", f"h{n}"), (f"u{n}", f"h{n + 1}")]
    return workflow(edges)


def nested(size: Size) -> dict[str, Task]:
    """Loops in loops, each head directly in front of the next."""
    down = [(f"h{n}", f"h{n + 1}") for n in range(size)]
    middle = [(f"h{size}", f"u{size}")]
    up = [pair for n in range(size, 0, -1) for pair in ((f"u{n}", f"h{n}"), (f"u{n}", f"u{n - 1}"))]
    return workflow([*down, *middle, *up])


def run(graph: Graph, passes: int = 1) -> Marking:
    """Run every task; loop edges are taken in the first `passes` - 1 generations."""
    marking = Marking(graph)
    todo = list(marking.queue)
    for task in todo:  # it grows while it is walked
        if marking.status[task] != m.READY:
            continue
        again = marking.generation[task] < passes - 1
        decisions = [
            m.E_TRUE if again or not graph.is_loop_edge[edge] else m.E_FALSE for edge in graph.edges_of(task)
        ]
        todo += marking.settle(task, m.DONE, decisions).ready
    return marking


SHAPES = [chain, fan, races, loops, nested]


@pytest.mark.parametrize("build", SHAPES)
def test_checking_a_graph_is_linear(build: Callable[[Size], dict[str, Task]]) -> None:
    small, large = build(150), build(300)
    assert find_problems(large) == []
    assert lines(lambda: find_problems(large)) < LINEAR * lines(lambda: find_problems(small))


@pytest.mark.parametrize("build", SHAPES)
def test_running_a_graph_is_linear(build: Callable[[Size], dict[str, Task]]) -> None:
    small, large = Graph(build(150)), Graph(build(300))
    assert run(large).state == "finished"
    assert lines(lambda: run(large)) < LINEAR * lines(lambda: run(small))


@pytest.mark.parametrize("rule", ["sync", "all", "any"])
@pytest.mark.parametrize("cancel_rest", [False, True])
def test_running_a_wide_join_is_linear(rule: str, cancel_rest: bool) -> None:
    small, large = (Graph(fan(size, rule, cancel_rest)) for size in (150, 300))
    assert lines(lambda: run(large)) < LINEAR * lines(lambda: run(small))


def test_repeating_a_loop_costs_its_region_and_no_more() -> None:
    tasks = workflow([*((f"t{n}", f"t{n + 1}") for n in range(2000)), ("t5", "t3")])
    graph = Graph(tasks)
    few, many = lines(lambda: run(graph, passes=10)), lines(lambda: run(graph, passes=20))
    assert many - few < 2000


def test_ending_a_task_costs_what_changes_and_not_the_graph() -> None:
    costs = []
    for size in (100, 10_000):
        graph = Graph(fan(size))
        marking = Marking(graph)
        marking.settle(graph.index["s"], m.DONE, [m.E_TAKEN] * size)
        costs.append(lines(lambda: marking.settle(graph.index["t50"], m.DONE, [m.E_TAKEN])))  # noqa: B023
    assert costs[0] == costs[1] < 60


def test_restoring_is_linear() -> None:
    small, large = run(Graph(loops(150)), passes=2), run(Graph(loops(300)), passes=2)
    assert lines(large.recount) < LINEAR * lines(small.recount)


@pytest.mark.parametrize("build", [chain, fan])
def test_tick_is_linear(build: Callable[[Size], dict[str, Task]]) -> None:
    def tick(size: Size) -> Callable[[], None]:
        made = Workflow("big")
        made.tasks.update(build(size))
        return made.create_runner().run

    tick(10)()  # lazy imports
    small, large = tick(150), tick(300)
    assert lines(large) < LINEAR * lines(small)


# Size


@pytest.mark.slow
@pytest.mark.parametrize("build", [chain, fan])
def test_100_000_tasks(build: Callable[[Size], dict[str, Task]]) -> None:
    tasks = build(100_000)
    assert find_problems(tasks) == []
    marking = run(Graph(tasks))
    marking.recount()
    assert marking.state == "finished"


def test_skip_runs_down_a_long_chain() -> None:
    graph = Graph(chain(50_000))
    marking = Marking(graph)
    settled = marking.settle(0, m.DONE, [m.E_FALSE])
    assert len(settled.skipped) == 49_999
    assert marking.state == "dead_end"


def test_deeply_nested_loops() -> None:
    graph = Graph(nested(2_000))
    assert len(graph.loops) == 2_000
    assert run(graph).state == "finished"
