"""What a person may do to a marking: retry, skip and rewind, held against the model at random moments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import assume, given
from hypothesis import strategies as st

from adapter import Flow, expected, graph_of, restored, settle, snapshot
from graphs import PASSES, Case, cases
from oracle import DONE, FAILED, PENDING, READY, SKIPPED, TIMED_OUT, Oracle
from wfepy_hooks import marking as m
from wfepy_hooks.marking import Marking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphs import Script
    from oracle import Edge, Plan


class Operated(Oracle):
    """The model, with a person who steps in.

    ``stopped`` are the heads of the loops that would have repeated when an end point ended the instance.
    """

    stopped: frozenset[str] = frozenset()

    def settle(self, name: str, outcome: str, conditions: Mapping[int, bool]) -> None:
        super().settle(name, outcome, conditions)
        if outcome == "done" and self.plan.tasks[name].terminate:
            self._stop_loops()

    def cancel(self) -> None:
        self._cancel(self.plan.tasks)
        self.terminated = True
        self._stop_loops()

    def _stop_loops(self) -> None:
        heads = [head for head in self.plan.loops if self._is_pass_over(head)]
        self.stopped = frozenset(head for head in heads if Oracle._is_repeat_wanted(self, head))

    def retry(self, name: str) -> None:
        assert self.can_be_retried(name)
        self.status[name] = READY

    def skip(self, name: str) -> None:
        assert self.status[name] == READY or self.can_be_retried(name)
        self.status[name] = SKIPPED
        self.edges.update(dict.fromkeys(self.plan.outputs(name), SKIPPED))
        self._run_rules()

    def rewind(self, name: str) -> None:
        following = self.following(name)
        self.stopped = frozenset(head for head in self.stopped if not self.plan.loops[head] & following)
        for each in following:
            self.status[each] = PENDING
            self.generation[each] += 1
            self.edges.update(dict.fromkeys(self.plan.outputs(each), PENDING))
        self.status[name] = READY
        self.terminated = any(t.terminate and self.status[t.name] == DONE for t in self.plan.tasks.values())
        self._run_rules()

    def _is_repeat_wanted(self, head: str) -> bool:
        return head not in self.stopped and super()._is_repeat_wanted(head)

    def _cancel_rest(self, join: str) -> None:
        stopped = {e: self.edges[e] for e in self.plan.loop_edges if self.plan.edges[e].dest in self.stopped}
        super()._cancel_rest(join)
        self.edges.update(stopped)

    def _repeat_one(self) -> bool:
        """As the engine does, cancel the rest when a join starts over that a person has begun before its turn."""
        before = dict(self.generation)
        repeated = super()._repeat_one()
        for head in self.plan.loops:
            if (
                self.plan.tasks[head].cancel_rest
                and self.status[head] == READY
                and self.generation[head] > before[head]
            ):
                self._cancel_rest(head)
        return repeated

    def can_be_retried(self, name: str) -> bool:
        return self.status[name] in (FAILED, TIMED_OUT) and not self.is_settled(name)

    def following(self, name: str) -> set[str]:
        """Everything whose join rule looks at something that is undecided while the task is."""
        found = {name}
        while True:
            more = {task for task in self.plan.tasks if task not in found and self._sees_any(task, found)}
            if not more:
                return found
            found |= more

    def _sees_any(self, task: str, undecided: set[str]) -> bool:
        return not self.plan.tasks[task].start and any(
            edge[0] in undecided or any(undecided & self.plan.loops[h] for h in self.plan.loops_left_by(edge))
            for edge in self.plan.inputs(task)
        )


@dataclass
class Moment:
    """A random instance at a random moment, in the engine and in the model."""

    case: Case
    marking: Marking
    model: Operated

    @property
    def plan(self) -> Plan:
        return self.case.plan

    def number(self, name: str) -> int:
        return self.marking.graph.index[name]

    def check(self) -> None:
        assert snapshot(self.marking) == expected(self.model)
        copy = restored(self.marking)
        assert snapshot(copy) == snapshot(self.marking)
        pending = [task for task, status in enumerate(self.marking.status) if status == m.PENDING]
        assert [copy.counts(task) for task in pending] == [self.marking.counts(task) for task in pending]
        assert {self.marking.graph.names[task] for task in self.marking.queue} == set(self.model.ready)

    def run_on(self) -> None:
        """Run to the end, held against the model after each step."""
        for name, outcome, conditions in self.case.steps(self.model):
            settle(self.marking, self.plan.tasks[name], outcome, conditions)
            self.check()


def for_every_pass(script: Script) -> Script:
    """The script with answers for each generation of each task: a rewound task needs them outside of loops too."""
    return replace(
        script,
        outcomes={name: (each * PASSES)[:PASSES] for name, each in script.outcomes.items()},
        conditions={edge: (each * PASSES)[:PASSES] for edge, each in script.conditions.items()},
    )


@st.composite
def moments(draw: st.DrawFn, cancelling: bool = True) -> Moment:
    case = draw(cases(cancelling=cancelling))
    case = replace(case, script=for_every_pass(case.script))
    moment = Moment(case, Marking(graph_of(case.plan)), Operated(case.plan))
    stop = draw(st.integers(0, 12))
    for step, (name, outcome, conditions) in enumerate(case.steps(moment.model)):
        settle(moment.marking, case.plan.tasks[name], outcome, conditions)
        if step == stop:
            break
    return moment


def edges_of(plan: Plan, names: set[str]) -> set[Edge]:
    return {edge for edge in plan.edges if edge[0] in names}


# Retry


@given(moments(), st.data())
def test_unhandled_failure_that_is_retried_is_as_if_it_had_not_failed(
    moment: Moment, data: st.DataObject
) -> None:
    names = [name for name in moment.plan.tasks if moment.model.can_be_retried(name)]
    assert names == [name for name in moment.plan.tasks if moment.marking.is_unhandled(moment.number(name))]
    assume(names)
    name = data.draw(st.sampled_from(names))
    before = snapshot(moment.marking)
    settled = moment.marking.retry(moment.number(name))
    moment.model.retry(name)
    moment.check()
    after = snapshot(moment.marking)
    assert settled.ready == [moment.number(name)]
    assert (after[1], after[2]) == (before[1], before[2])
    assert {each for each in before[0] if before[0][each] != after[0][each]} == {name}
    moment.run_on()


def test_handled_failure_is_not_unhandled() -> None:
    flow = Flow("a start: b c/failed d\n b end\n c end\n d end")
    flow.end("a", outcome="failed")
    assert not flow.marking.is_unhandled(0)


def test_failed_end_point_may_be_retried() -> None:
    flow = Flow("a start end")
    flow.end("a", outcome="failed")
    assert flow.state == "failed"
    flow.marking.retry(0)
    assert (flow.state, flow.ready) == ("running", ["a"])
    flow.marking.settle(0, m.DONE, [])
    assert flow.state == "finished"


# Skip


@given(moments(), st.data())
def test_task_that_is_skipped_by_hand_skips_as_one_that_was_skipped_by_the_rules(
    moment: Moment, data: st.DataObject
) -> None:
    model = moment.model
    names = [name for name in moment.plan.tasks if model.status[name] == READY or model.can_be_retried(name)]
    assume(names)
    name = data.draw(st.sampled_from(names))
    before = snapshot(moment.marking)
    settled = moment.marking.skip(moment.number(name))
    model.skip(name)
    moment.check()
    assert settled.skipped[0] == moment.number(name)
    assert settled.generation[moment.number(name)] == before[1][name]
    if not settled.repeated:
        assert model.status[name] == SKIPPED
    told = {
        moment.marking.graph.names[task] for task in (*settled.ready, *settled.skipped, *settled.cancelled)
    }
    for loop in settled.repeated:
        regions = moment.marking.graph.region(loop)
        told |= {moment.marking.graph.names[task] for region in regions for task in region.tasks}
    assert {each for each in before[0] if before[0][each] != model.status[each]} <= told
    moment.run_on()


# Done


@given(moments(), st.data())
def test_unhandled_failure_that_is_declared_done_goes_on_as_a_done_task_does(
    moment: Moment, data: st.DataObject
) -> None:
    names = [name for name in moment.plan.tasks if moment.model.can_be_retried(name)]
    assume(names)
    name = data.draw(st.sampled_from(names))
    conditions = moment.case.script.conditions_of(moment.plan, name, moment.model.generation[name])
    settle(moment.marking, moment.plan.tasks[name], "done", conditions)
    moment.model.retry(name)
    moment.model.settle(name, "done", conditions)
    moment.check()
    moment.run_on()


# Rewind


@given(moments(), st.data())
def test_rewound_marking_is_that_of_the_model_and_runs_to_its_end(
    moment: Moment, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(list(moment.plan.tasks)))
        moment.marking.rewind(moment.number(name))
        moment.model.rewind(name)
        moment.check()
    moment.run_on()
    assert moment.marking.state != "running"


@given(moments(), st.data())
def test_rewinding_changes_nothing_that_does_not_follow(moment: Moment, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(moment.plan.tasks)))
    following = {moment.marking.graph.names[task] for task in moment.marking.following(moment.number(name))}
    assert following == moment.model.following(name)
    before = snapshot(moment.marking)
    settled = moment.marking.rewind(moment.number(name))
    after = snapshot(moment.marking)
    elsewhere = set(moment.plan.tasks) - following
    assert {each: after[0][each] for each in elsewhere} == {each: before[0][each] for each in elsewhere}
    assert {each: after[1][each] for each in elsewhere} == {each: before[1][each] for each in elsewhere}
    others = edges_of(moment.plan, elsewhere)
    assert {edge: after[2][edge] for edge in others} == {edge: before[2][edge] for edge in others}
    assert all(after[1][each] > before[1][each] for each in following)
    assert settled.ready[0] == moment.number(name)


@given(moments(), st.data())
def test_rewound_task_runs_unless_a_join_is_content_without_it(moment: Moment, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(moment.plan.tasks)))
    settled = moment.marking.rewind(moment.number(name))
    cancelled = moment.number(name) in settled.cancelled
    assert (moment.number(name) in moment.marking.queue) != cancelled
    if cancelled:
        joins = [
            join for join, before in moment.marking.graph.cancels.items() if moment.number(name) in before
        ]
        assert set(joins) & set(settled.ready)


@given(moments())
def test_instance_rewound_to_its_only_start_is_a_fresh_one(moment: Moment) -> None:
    assume(len(moment.plan.starts) == 1)
    moment.marking.rewind(moment.number(moment.plan.starts[0]))
    fresh = snapshot(Marking(moment.marking.graph))
    after = snapshot(moment.marking)
    assert (after[0], after[2], after[3]) == (fresh[0], fresh[2], fresh[3])
    assert all(after[1].values())


@given(moments(), st.data())
def test_instance_that_a_person_cancelled_goes_on_where_it_is_rewound_to(
    moment: Moment, data: st.DataObject
) -> None:
    assume(moment.marking.state == "running")
    moment.marking.cancel()
    moment.model.cancel()
    assert moment.marking.state == "cancelled"
    assert snapshot(moment.marking)[:3] == expected(moment.model)[:3]
    name = data.draw(st.sampled_from(list(moment.plan.tasks)))
    cancelled = moment.marking.rewind(moment.number(name)).cancelled
    moment.model.rewind(name)
    moment.check()
    assert moment.marking.state == "running" or moment.number(name) in cancelled
    moment.run_on()


def test_what_a_closed_loop_held_back_is_held_back_again() -> None:
    flow = Flow("s start: h\n h: x y\n x: h? z\n y: h? out z\n z join: e\n e end\n out end")
    flow.end("s h")
    flow.end("x", False)
    assert flow.end("y", False) == ["out", "z"]
    flow.end("z e out")
    flow.marking.rewind(flow.marking.graph.index["x"])
    assert [flow.status(name) for name in "shxyze"] == ["done", "done", "ready", "done", "pending", "pending"]
    assert flow.status("out") == "pending"
    assert flow.edges("y") == ["false", "taken", "taken"]


def test_join_that_has_enough_from_elsewhere_runs_at_once() -> None:
    flow = Flow("a start: j\n b start: j\n j join=any: e\n e end")
    flow.end("a b j e")
    flow.marking.rewind(1)
    assert flow.ready == ["b", "j"]


def test_skipped_task_runs_when_it_is_rewound() -> None:
    flow = Flow("a start: b? c\n b: d\n c: d\n d end join")
    flow.end("a", False)
    flow.end("c d")
    flow.marking.rewind(1)
    assert flow.ready == ["b"]
    assert (flow.status("d"), flow.state) == ("pending", "running")


def test_start_point_does_not_depend_on_what_leads_to_it() -> None:
    flow = Flow("a start: b\n b start: c\n c end")
    flow.end("a b c")
    flow.marking.rewind(0)
    assert [flow.status(name) for name in "abc"] == ["ready", "done", "done"]


def test_end_point_that_its_loop_runs_again_has_not_ended_the_instance_any_more() -> None:
    flow = Flow("s start: h\n h: x e\n x: h?\n e end terminate: h?")
    flow.end("s h")
    flow.end("e", True)
    assert (flow.state, flow.status("x")) == ("finished", "cancelled")
    _, head, task, end = range(4)
    flow.marking.rewind(task)
    flow.marking.settle(task, m.DONE, [m.E_FALSE])
    assert (flow.ready, flow.generation("e")) == (["h"], 1)
    flow.marking.settle(head, m.DONE, [m.E_TAKEN, m.E_TAKEN])
    flow.marking.settle(end, m.FAILED, [])
    flow.marking.settle(task, m.DONE, [m.E_FALSE])
    assert flow.state == restored(flow.marking).state == "failed"
