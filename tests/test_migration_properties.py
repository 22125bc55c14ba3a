"""Random instances meet random changes of their code: nothing is lost, and nothing gets stuck."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

import wfepy_hooks as wfepy
from adapter import OUTCOMES, decide, find_problems, restored, settle, snapshot, tasks_of
from graphs import Case, cases, plans
from oracle import EdgeSpec, Oracle, Plan, TaskSpec
from wfepy_hooks import Instance, Workflow, migration, replaying, state
from wfepy_hooks import marking as m
from wfepy_hooks.codec import Codec
from wfepy_hooks.taskoptions import make_options

Saved = tuple[dict[str, Any], list[dict[str, Any]]]
WORDS = {"done": "completed", "failed": "failed", "timeout": "timed_out"}


def workflow_of(plan: Plan, **rules: dict[str, list[str]]) -> Workflow:
    """The workflow of a plan; ``rules``: the names that each task says it had, or took the place of."""
    workflow = Workflow("flow")
    workflow.tasks = tasks_of(plan)
    for name, task in workflow.tasks.items():
        had = {rule: names.get(name, []) for rule, names in rules.items()}
        task.options = make_options(renamed_from=had.get("renamed_from", []), removed=had.get("removed", []))
    assert list(migration.rule_problems(workflow.tasks)) == []
    return workflow


class Life:
    """A random instance, told step by step, that is saved at one step and killed at a later one.

    :ivar saved: its document, and the records of the steps after it
    :ivar marking: where it was when it was killed
    :ivar later: the steps that are left to do
    """

    def __init__(self, case: Case, steps: int, unsaved: int) -> None:
        self.workflow = workflow_of(case.plan)
        instance = Instance(self.workflow, {"n": 0}, created="2026-11-23T06:13:34.000000Z")
        told = list(case.steps(Oracle(case.plan)))
        document: dict[str, Any] = {}
        self.records: list[dict[str, Any]] = []
        for number, (name, outcome, conditions) in enumerate(told[: steps + unsaved]):
            if number == min(steps, len(told)):
                document = state.to_document(instance, {"n": 0})
            record = self._record(instance, case, name, outcome, conditions)
            instance.seq += 1
            if number >= steps:
                self.records.append(record)
        if not document:
            document, self.records = state.to_document(instance, {"n": 0}), []
        self.saved: Saved = (document, self.records)
        self.marking = instance.marking
        self.later = told[steps + unsaved :]

    @staticmethod
    def _record(
        instance: Instance, case: Case, name: str, outcome: str, conditions: dict[int, bool]
    ) -> dict[str, Any]:
        spec, graph = case.plan.tasks[name], instance.marking.graph
        task, generation = graph.index[name], instance.generation(name)
        decided = []
        if spec.handles(outcome):
            decided = [decide(edge, outcome, conditions.get(n, True)) for n, edge in enumerate(spec.edges)]
        replaying.settle(instance, task, name, OUTCOMES[outcome], decided)
        edges = zip(spec.edges, decided, strict=False)
        return {
            "seq": instance.seq + 1,
            "at": "2026-11-23T06:13:34.000000Z",
            "event": "task",
            "task": name,
            "generation": generation,
            "attempt": 1,
            "status": WORDS[outcome],
            "set": {"n": instance.seq + 1},
            **({"next": [f"{edge.dest}: {m.EDGE_WORDS[word]}" for edge, word in edges]} if decided else {}),
        }


@st.composite
def lives(draw: st.DrawFn, unsaved: int = 3) -> tuple[Case, Life]:
    case = draw(cases(max_tasks=6))
    return case, Life(case, draw(st.integers(0, 8)), draw(st.integers(0, unsaved)))


def new_name(name: str) -> str:
    return f"{name}: then"  # a colon in a name must not confuse anything


def renamed(plan: Plan) -> Plan:
    return Plan(
        TaskSpec(
            new_name(task.name),
            tuple(EdgeSpec(new_name(edge.dest), edge.on, edge.cond) for edge in task.edges),
            *(task.start, task.end, task.join, task.cancel_rest, task.terminate),
        )
        for task in plan.tasks.values()
    )


@hypothesis.given(lives())
def test_an_instance_whose_tasks_are_all_renamed_comes_to_the_same_end(drawn: tuple[Case, Life]) -> None:
    case, life = drawn
    plan = renamed(case.plan)
    workflow = workflow_of(plan, renamed_from={new_name(name): [name] for name in case.plan.tasks})
    found = state.restore(*life.saved, workflow, Codec())
    marking = found.instance.marking
    names = {new_name(name): name for name in case.plan.tasks}

    assert [names[marking.graph.names[task]] for task in marking.queue] == [
        life.marking.graph.names[task] for task in life.marking.queue
    ]
    for name, outcome, conditions in life.later:
        settle(marking, plan.tasks[new_name(name)], outcome, conditions)
        settle(life.marking, case.plan.tasks[name], outcome, conditions)
    statuses, generations, edges, end = snapshot(marking)
    before = snapshot(life.marking)
    assert {names[name]: status for name, status in statuses.items()} == before[0]
    assert {names[name]: count for name, count in generations.items()} == before[1]
    assert {(names[name], number): word for (name, number), word in edges.items()} == before[2]
    assert end == before[3]


@st.composite
def edits(draw: st.DrawFn) -> tuple[Life, Plan, Workflow]:
    """A life, and code that has nothing but some names in common with its own, and random rules."""
    case, life = draw(lives())
    kept = draw(st.booleans())
    plan = draw(slightly_changed(case.plan)) if kept else draw(plans(6))
    gone = [name for name in case.plan.tasks if name not in plan.tasks]
    rules: dict[str, dict[str, list[str]]] = {"renamed_from": {}, "removed": {}}
    for name in gone:
        rule = draw(st.sampled_from(("renamed_from", "removed", "")))
        if rule:
            rules[rule].setdefault(draw(st.sampled_from(sorted(plan.tasks))), []).append(name)
    return life, plan, workflow_of(plan, **rules)


@st.composite
def slightly_changed(draw: st.DrawFn, plan: Plan) -> Plan:
    """The plan without one of its tasks, what led to it leads to what followed it; or without some transitions."""
    tasks = dict(plan.tasks)
    gone = draw(st.sampled_from([*tasks, ""]))
    lost = draw(st.sets(st.sampled_from(sorted(plan.edges) or [("", 0)]), max_size=2))
    made = []
    for task in tasks.values():
        if task.name == gone:
            continue
        found: list[EdgeSpec] = []  # some may lead to nowhere: "find_problems" sees that
        for number, edge in enumerate(task.edges):
            if (task.name, number) in lost:
                continue
            past = (
                [EdgeSpec(each.dest, edge.on, edge.cond) for each in tasks[gone].edges]
                if edge.dest == gone
                else [edge]
            )
            found += [each for each in past if each.dest != gone]
        start = task.start or (gone != "" and tasks[gone].start)
        made.append(
            TaskSpec(task.name, tuple(found), start, task.end, task.join, task.cancel_rest, task.terminate)
        )
    changed = with_ends_to_loops(Plan(made))
    hypothesis.assume(made and not find_problems(tasks_of(changed)))
    return changed


def with_ends_to_loops(plan: Plan) -> Plan:
    """The plan with a condition on each loop transition that has none."""
    return Plan(
        replace(
            task,
            edges=tuple(
                replace(edge, cond=edge.cond or (task.name, number) in plan.loop_edges)
                for number, edge in enumerate(task.edges)
            ),
        )
        for task in plan.tasks.values()
    )


def run_on(marking: m.Marking, plan: Plan) -> None:
    """Run an instance to its end; no loop repeats any more."""
    graph = marking.graph
    for _ in range(1000):
        if not marking.queue:
            return
        name = graph.names[next(iter(marking.queue))]
        edges = graph.edges_of(graph.index[name])
        settle(
            marking,
            plan.tasks[name],
            "done",
            {n: not graph.is_loop_edge[edge] for n, edge in enumerate(edges)},
        )
    raise AssertionError("it does not end")


@hypothesis.given(edits())
def test_whatever_the_code_has_become_an_instance_can_go_on_or_says_what_is_to_be_decided(
    edit: tuple[Life, Plan, Workflow],
) -> None:
    life, plan, workflow = edit
    document, records = life.saved
    found = migration.adapt(document, records, workflow)
    if found.questions:
        hypothesis.event("a question")
        with pytest.raises(wfepy.StateFormatError, match="wfepy migrate flow default"):
            state.restore(document, records, workflow, Codec())
        drop = [name for name in life.workflow.tasks if name not in workflow.tasks]
        found = migration.adapt(document, records, workflow, drop, list(workflow.tasks))
    assert found.questions == []
    again = migration.adapt(found.document, found.records, workflow)
    assert again.questions == []
    assert [each for each in again.changes if "start point" not in each] == []
    try:
        instance = state.restore(found.document, found.records, workflow, Codec()).instance
    except wfepy.StateFormatError as error:
        # The graph of the old code is gone, so records of a killed tick need not fit into the new one.
        if not records or "history record" not in str(error):
            raise
        hypothesis.event("records that do not fit")
        return
    assert instance.context == {"n": records[-1]["seq"] if records else 0}
    if instance.ended is None:
        go_on(instance, plan)


def go_on(instance: Instance, plan: Plan) -> None:
    marking = instance.marking
    assert snapshot(restored(marking)) == snapshot(marking)
    cancelled = {task for task, status in enumerate(marking.status) if status == m.CANCELLED}
    for loop in marking.graph.loops:
        region = {task for inner in marking.graph.region(loop.number) for task in inner.tasks}
        if marking.is_closed(loop.number) and not region & cancelled and not terminated(marking):
            assert not any(map(marking.is_taken, loop.back_edges))
    run_on(marking, plan)
    assert marking.state != "running"
    if marking.state == "failed":
        assert any(map(marking.is_unhandled, range(len(marking.status))))


def terminated(marking: m.Marking) -> bool:
    return any(marking.status[task] == m.DONE for task in marking.graph.terminating)
