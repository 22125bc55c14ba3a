"""The model that the engine is held against, held against cases worked out by hand."""

from __future__ import annotations

from hypothesis import given

from graphs import Case, cases, plans
from oracle import CANCELLED, DONE, FAILED, PENDING, READY, SKIPPED, Oracle, Plan, plan_of


def settle(oracle: Oracle, name: str, *answers: bool, outcome: str = "done") -> None:
    oracle.settle(name, outcome, oracle.plan.tasks[name].conditions(outcome, answers))


NESTED = plan_of(
    """
    start start: outer
    outer: inner
    inner: inner? outer? tail?
    tail: outer? end
    end end
    """
)


def test_dominators_and_loops_of_a_nested_loop() -> None:
    assert NESTED.loop_edges == {("inner", 0), ("inner", 1), ("tail", 0)}
    assert NESTED.loops == {"inner": {"inner"}, "outer": {"outer", "inner", "tail"}}
    assert NESTED.loops_left_by(("inner", 2)) == ["inner"]
    assert NESTED.loops_left_by(("inner", 1)) == ["inner"]
    assert NESTED.loops_left_by(("tail", 1)) == ["outer"]
    assert NESTED.problems() == set()


def test_inner_loop_repeats_before_its_exits_count() -> None:
    oracle = Oracle(NESTED)
    settle(oracle, "start")
    settle(oracle, "outer")
    settle(oracle, "inner", True, True, True)
    assert (oracle.ready, oracle.generation["inner"], oracle.status["tail"]) == (["inner"], 1, PENDING)
    settle(oracle, "inner", False, True, True)
    assert oracle.ready == ["tail"]
    settle(oracle, "tail", False)
    assert oracle.ready == ["outer"]
    assert oracle.generation == {"start": 0, "outer": 1, "inner": 2, "tail": 1, "end": 0}
    settle(oracle, "outer")
    settle(oracle, "inner", False, False, False)
    assert oracle.status["tail"] == SKIPPED
    assert (oracle.status["end"], oracle.state) == (SKIPPED, "dead_end")


def test_joins() -> None:
    def after(rule: str | int, *branches: bool) -> str:
        oracle = Oracle(plan_of(f"x start: j?\n y start: j?\n z start: j?\n j join={rule} end"))
        for name, branch in zip("xyz", branches, strict=False):
            settle(oracle, name, branch)
        return oracle.status["j"]

    assert [after("sync", True, True), after("sync", True, False, False)] == [PENDING, READY]
    assert [after("sync", False, False), after("sync", False, False, False)] == [PENDING, SKIPPED]
    assert [after("all", True, True), after("all", True, True, True)] == [PENDING, READY]
    assert after("all", True, False) == SKIPPED
    assert [after("any", True), after("any", False, False)] == [READY, PENDING]
    assert after("any", False, False, False) == SKIPPED
    assert [after(2, True), after(2, True, True), after(2, False, False)] == [PENDING, READY, SKIPPED]


def test_unhandled_failure_keeps_its_transitions_open() -> None:
    plan = plan_of("a start: j\n b start: j e/timeout\n j join: e\n e join end")
    oracle = Oracle(plan)
    settle(oracle, "b", outcome="failed")
    settle(oracle, "a")
    assert (oracle.status["b"], oracle.status["j"], oracle.state) == (FAILED, PENDING, "failed")
    oracle = Oracle(plan)
    settle(oracle, "b", outcome="timeout")
    assert (oracle.edges["b", 0], oracle.edges["b", 1]) == ("outcome", "taken")
    settle(oracle, "a")
    settle(oracle, "j")
    settle(oracle, "e")
    assert oracle.state == "finished"


def test_cancel_rest_takes_all_that_can_only_lead_to_the_join() -> None:
    plan = plan_of(
        """
        s start: fast poll other
        fast: j
        poll: sleep? j?
        sleep: poll
        other: j log
        log end
        j join=any cancel_rest: e
        e end
        """
    )
    assert plan.problems() == set()
    assert plan.only_leads_to("j") == {"fast", "poll", "sleep"}
    oracle = Oracle(plan)
    settle(oracle, "s")
    settle(oracle, "poll", True, False)
    settle(oracle, "fast")
    assert {name for name, status in oracle.status.items() if status == CANCELLED} == {"sleep"}
    assert oracle.ready == ["other", "j"]
    assert oracle.status["poll"] == DONE


def test_cancelled_loop_does_not_repeat() -> None:
    plan = plan_of("s start: j? h\n h: x y\n x: h j\n y: h? j\n j join=any end cancel_rest\n w start: j")
    oracle = Oracle(plan)
    settle(oracle, "s", False)
    settle(oracle, "h")
    settle(oracle, "x")
    settle(oracle, "w")
    assert (oracle.status["y"], oracle.ready, oracle.generation["h"]) == (CANCELLED, ["j"], 0)


def test_terminate_cancels_what_is_left() -> None:
    plan = plan_of("a start end terminate: b\n b end\n c start end")
    oracle = Oracle(plan)
    settle(oracle, "a")
    assert (oracle.status["b"], oracle.status["c"], oracle.state) == (CANCELLED, CANCELLED, "finished")


def test_faults_of_a_graph() -> None:
    plan = plan_of("a start: b c\n b: c e\n c: b\n d: e\n e end\n f start")
    kinds = {("irreducible", "b"), ("irreducible", "c"), ("mark missing", "b"), ("mark missing", "c")}
    assert plan.problems() == kinds | {("unreachable", "d"), ("no end", "f")}


@given(plans())
def test_random_workflows_have_no_faults(plan: Plan) -> None:
    assert plan.problems() == set()


@given(plans())
def test_loops_are_nested_or_apart_and_entered_by_their_head(plan: Plan) -> None:
    bodies = list(plan.loops.items())
    for head, body in bodies:
        assert all(plan.dominates(head, task) for task in body)
        from_outside = {spec.dest for edge, spec in plan.edges.items() if edge[0] not in body}
        assert (from_outside & body) | (body & set(plan.starts)) <= {head}
        assert all(body <= other or other <= body or not body & other for _, other in bodies)


@given(cases())
def test_random_instance_ends_with_everything_decided(case: Case) -> None:
    oracle = case.model()
    assert oracle.state != "running"
    if oracle.state in ("finished", "dead_end") and not oracle.terminated:
        assert PENDING not in oracle.status.values()
        assert PENDING not in oracle.edges.values()


@given(cases(cancelling=False))
def test_end_does_not_depend_on_the_order(case: Case) -> None:
    first, second = case.model(), case.in_another_order().model()
    assert (first.status, first.generation, first.edges) == (second.status, second.generation, second.edges)
