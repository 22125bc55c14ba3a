from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from wfepy_hooks.graph import Graph
from wfepy_hooks.render.order import reading_order
from wfepy_hooks.task import Task, Transition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.workflow import Workflow


def graph_of(edges: list[tuple[int, int]], count: int, starts: tuple[int, ...] = (0,)) -> Graph:
    tasks = {str(number): Task(print, str(number)) for number in range(count)}
    for number in starts:
        tasks[str(number)].is_start_point = True
    for source, target in edges:
        tasks[str(source)].followed_by.add(Transition(str(target)))
    return Graph(tasks)


def test_branches_come_in_the_order_of_the_decorators() -> None:
    graph = graph_of([(0, 3), (0, 1), (0, 2), (3, 4), (1, 4), (2, 4)], 5)
    assert reading_order(graph) == [0, 3, 1, 2, 4]


def test_a_branch_is_followed_to_its_join_before_the_next() -> None:
    graph = graph_of([(0, 1), (0, 2), (1, 3), (3, 4), (2, 4)], 5)
    assert reading_order(graph) == [0, 1, 3, 2, 4]


def test_what_leaves_a_loop_comes_after_all_of_it() -> None:
    # 1 -> 2 -> 3 -> 1 is a loop; 2 first leads out of it, to 4
    graph = graph_of([(0, 1), (1, 2), (2, 4), (2, 3), (3, 1)], 5)
    assert reading_order(graph) == [0, 1, 2, 3, 4]


def test_start_points_come_in_the_order_of_the_module() -> None:
    assert reading_order(graph_of([(0, 2), (1, 2)], 3, starts=(0, 1))) == [0, 1, 2]


def test_what_no_start_point_leads_to_comes_last() -> None:
    graph = graph_of([(1, 2), (3, 0)], 4, starts=(1,))
    assert reading_order(graph) == [1, 2, 3, 0]


def test_an_irreducible_cycle_still_has_an_order() -> None:
    graph = graph_of([(0, 1), (0, 2), (1, 2), (2, 1)], 3)
    assert sorted(reading_order(graph)) == [0, 1, 2]


def test_a_long_chain_needs_no_recursion() -> None:
    count = 20_000
    edges = [(number, number + 1) for number in range(count - 1)]
    assert reading_order(graph_of(edges, count)) == list(range(count))


graphs = st.integers(1, 9).flatmap(
    lambda count: st.tuples(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=18),
        st.just(count),
        st.sets(st.integers(0, count - 1), max_size=3),
    )
)


@given(graphs)
def test_every_task_occurs_once_and_each_loop_stands_together(
    drawn: tuple[list[tuple[int, int]], int, set[int]],
) -> None:
    edges, count, starts = drawn
    graph = graph_of(edges, count, tuple(starts))
    order = reading_order(graph)
    assert sorted(order) == list(range(count))
    for loop in graph.loops:
        places = [place for place, each in enumerate(order) if graph.contains(loop.number, each)]
        assert places == list(range(places[0], places[-1] + 1))
        assert order[places[0]] == loop.head


@given(graphs)
def test_every_task_comes_after_what_leads_to_it(drawn: tuple[list[tuple[int, int]], int, set[int]]) -> None:
    edges, count, starts = drawn
    graph = graph_of(edges, count, tuple(starts))
    forward = [
        (graph.source[edge], graph.target[edge])
        for edge in range(len(graph.target))
        if not graph.is_loop_edge[edge]
    ]
    assume(is_acyclic(forward, count))
    place = {each: number for number, each in enumerate(reading_order(graph))}
    reached = graph.flow.reached
    assert all(place[source] < place[target] for source, target in forward if reached[source])


def is_acyclic(edges: list[tuple[int, int]], count: int) -> bool:
    left = set(range(count))
    while left:
        free = {
            each for each in left if not any(target == each and source in left for source, target in edges)
        }
        if not free:
            return False
        left -= free
    return True


def test_the_order_does_not_depend_on_how_the_workflow_lists_its_tasks(
    article: Workflow, make_workflow: Callable[..., Workflow]
) -> None:
    names = [article.graph.names[each] for each in reading_order(article.graph)]
    backwards = make_workflow("backwards", *reversed(article.tasks.values()))
    assert [backwards.graph.names[each] for each in reading_order(backwards.graph)] == names
