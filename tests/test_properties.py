"""Random workflows on the compiled graph and the marking, held against the model of `oracle.py` after every step.

The same through the public API, with files in between, is in `test_properties_runner.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from adapter import Snapshot, expected, find_problems, graph_of, restored, settle, snapshot, tasks_of
from graphs import PASSES, Case, any_plans, cases, plans, races
from oracle import CANCELLED, DONE, FAILED, PENDING, TIMED_OUT, Oracle, Plan
from wfepy_hooks import marking as m
from wfepy_hooks.marking import Marking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wfepy_hooks.marking import Settled


def run(case: Case) -> tuple[Marking, list[tuple[str, int]]]:
    """The engine's marking at the end, and the (task, generation) that ran, in order."""
    marking, oracle = Marking(graph_of(case.plan)), Oracle(case.plan)
    ran = []
    for name, outcome, conditions in case.steps(oracle):
        ran.append((name, marking.generation[marking.graph.index[name]]))
        settle(marking, case.plan.tasks[name], outcome, conditions)
    return marking, ran


def lockstep(case: Case, marking: Marking, oracle: Oracle) -> Iterator[tuple[str, Settled]]:
    """Run engine and model to the end; yields after each step what has ended and what that settled."""
    for name, outcome, conditions in case.steps(oracle):
        yield name, settle(marking, case.plan.tasks[name], outcome, conditions)


# The graph


@given(st.one_of(plans(max_tasks=10), races()))
def test_loops_are_those_of_the_model(plan: Plan) -> None:
    graph = graph_of(plan)
    edges = {
        (name, edge - graph.first_edge[task]): edge
        for name, task in graph.index.items()
        for edge in graph.edges_of(task)
    }
    assert {edge for edge, number in edges.items() if graph.is_loop_edge[number]} == plan.loop_edges
    found = {
        graph.names[loop.head]: {
            graph.names[task] for inner in graph.region(loop.number) for task in inner.tasks
        }
        for loop in graph.loops
    }
    assert found == plan.loops
    for name, task in graph.index.items():
        around = {graph.names[loop.head] for loop in graph.loops if graph.contains(loop.number, task)}
        assert around == {head for head, body in plan.loops.items() if name in body}


@given(st.one_of(plans(max_tasks=10), races()))
def test_what_a_join_cancels_is_what_can_only_lead_to_it(plan: Plan) -> None:
    graph = graph_of(plan)
    assert {graph.names[task] for task in graph.cancels} == {
        t.name for t in plan.tasks.values() if t.cancel_rest
    }
    for task in graph.cancels:
        assert {graph.names[each] for each in graph.cancels[task]} == plan.only_leads_to(graph.names[task])


WORDS = {
    "unreachable": ("no start point leads to it", "no transition leads to it"),
    "no end": ("no end point can be reached", "nothing follows it"),
    "mark missing": ("so it needs a mark",),
    "mark needless": ("remove the mark",),
}


@given(plans())
def test_workflow_without_faults_has_no_problems(plan: Plan) -> None:
    assert find_problems(tasks_of(plan)) == []


@given(any_plans())
def test_checks_find_the_faults_that_the_model_finds(plan: Plan) -> None:
    problems = find_problems(tasks_of(plan))
    if not any(task.end for task in plan.tasks.values()):
        assert "no task is marked with @end_point()" in [problem.message for problem in problems]
    faults = plan.problems()
    for kind, words in WORDS.items():
        found = {problem.task for problem in problems if any(word in problem.message for word in words)}
        assert (kind, found) == (kind, {task for fault, task in faults if fault == kind})
    named = [set(p.message.split()) for p in problems if "can be entered in more than one place" in p.message]
    tangled = {task for fault, task in faults if fault == "irreducible"}
    assert bool(named) == bool(tangled)
    assert all(words & set(plan.tasks) - {"a"} <= tangled for words in named)  # "a" is a word of the message


# The marking


HALF_A_LOOP_IS_CANCELLED = Case.of(
    "s start: h rival\n h: x y\n x: h j\n y: h? j\n rival: j\n j join=any cancel_rest end", order=[0, 0, 0, 1]
)


@given(cases())
@example(HALF_A_LOOP_IS_CANCELLED)
def test_marking_is_that_of_the_model_after_every_step(case: Case) -> None:
    marking, oracle = Marking(graph_of(case.plan)), Oracle(case.plan)
    assert snapshot(marking) == expected(oracle)
    for _ in lockstep(case, marking, oracle):
        assert snapshot(marking) == expected(oracle)
        assert {marking.graph.names[task] for task in marking.queue} == set(oracle.ready)


@given(cases())
def test_step_tells_all_that_it_changed(case: Case) -> None:
    marking, oracle = Marking(graph_of(case.plan)), Oracle(case.plan)
    index = marking.graph.index
    before: Snapshot = snapshot(marking)
    for name, settled in lockstep(case, marking, oracle):
        after = snapshot(marking)
        changed = {index[task] for task in index if before[0][task] != after[0][task]} - {index[name]}
        changed |= {index[task] for task in index if before[1][task] != after[1][task]}
        regions = [marking.graph.region(loop) for loop in settled.repeated]
        repeated = {task for region in regions for loop in region for task in loop.tasks}
        told = {*settled.ready, *settled.skipped, *settled.cancelled} | repeated
        assert changed <= told
        for words, tasks in (("skipped", settled.skipped), ("cancelled", settled.cancelled)):
            assert all(after[0][marking.graph.names[task]] == words or task in repeated for task in tasks)
        before = after


@given(cases())
def test_marking_restored_after_every_step_is_the_same_and_goes_on_the_same(case: Case) -> None:
    marking, oracle = Marking(graph_of(case.plan)), Oracle(case.plan)
    for name, outcome, conditions in case.steps(oracle):
        copy = restored(marking)
        assert list(copy.queue) == list(marking.queue)
        for each in (marking, copy):
            settle(each, case.plan.tasks[name], outcome, conditions)
        assert snapshot(copy) == snapshot(marking) == expected(oracle)
        assert list(copy.queue) == list(marking.queue)
        assert snapshot(restored(marking)) == snapshot(marking)
        pending = [task for task, status in enumerate(marking.status) if status == m.PENDING]
        assert [copy.counts(task) for task in pending] == [marking.counts(task) for task in pending]


@given(cases())
def test_task_runs_once_in_each_generation(case: Case) -> None:
    _, ran = run(case)
    assert len(ran) == len(set(ran))


@given(cases())
def test_no_token_is_lost(case: Case) -> None:
    """At the end a task is undecided only behind a failure that nobody handles."""
    marking, _ = run(case)
    statuses, _, edges, state = snapshot(marking)
    stuck = {
        name for name, status in statuses.items()
        if (status == FAILED and not case.plan.tasks[name].handles("failed"))
        or (status == TIMED_OUT and not case.plan.tasks[name].handles("timeout"))
    }  # fmt: skip
    stuck -= {edge[0] for edge, word in edges.items() if word == CANCELLED}  # a join went on without it
    left = {name for name, status in statuses.items() if status == PENDING}
    assert left <= case.plan.reach(stuck)
    assert {edge[0] for edge, word in edges.items() if word == PENDING} <= left | stuck
    done = [task for name, task in case.plan.tasks.items() if task.end and statuses[name] == DONE]
    terminated = any(task.terminate for task in done)
    assert state == ("failed" if stuck and not terminated else "finished" if done else "dead_end")


@given(cases(cancelling=False))
def test_set_run_and_decisions_do_not_depend_on_the_order(case: Case) -> None:
    first, ran_first = run(case)
    second, ran_second = run(case.in_another_order())
    assert snapshot(first) == snapshot(second)
    assert set(ran_first) == set(ran_second)


@given(cases(cancelling=False), st.data())
def test_failing_task_changes_nothing_outside_its_descendants(case: Case, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(case.plan.tasks)))
    outcomes = {**case.script.outcomes, name: ("failed",) * PASSES}
    failing = Case(case.plan, replace(case.script, outcomes=outcomes), case.order)
    before, after = snapshot(run(case)[0]), snapshot(run(failing)[0])
    outside = set(case.plan.tasks) - case.plan.reach([name])
    for task in outside:
        assert (before[0][task], before[1][task]) == (after[0][task], after[1][task])
    for edge in case.plan.edges:
        if edge[0] in outside:
            assert before[2][edge] == after[2][edge]


@given(cases())
def test_task_that_is_ready_first_is_first_in_the_queue(case: Case) -> None:
    """What one step makes ready goes behind what was ready before."""
    marking, oracle = Marking(graph_of(case.plan)), Oracle(case.plan)
    queue = list(marking.queue)
    assert [marking.graph.names[task] for task in queue] == case.plan.starts
    for name, settled in lockstep(case, marking, oracle):
        stay = [task for task in queue if task != marking.graph.index[name] and task not in settled.cancelled]
        queue = list(marking.queue)
        assert queue == stay + [task for task in settled.ready if task not in settled.cancelled]
