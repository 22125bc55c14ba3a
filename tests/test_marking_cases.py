"""The rules of the graph, one small case each; every step is checked against the model and restored from scratch.

A line ``a start: b c? d/failed`` is a task with its marks and its transitions: ``?`` is a condition, ``/failed`` the
outcome that a transition is about.
"""

from __future__ import annotations

import pytest

from adapter import Flow

# 1. all transitions of a task are decided in one step


def test_all_transitions_are_decided_when_the_task_ends() -> None:
    flow = Flow("a start: b c? d?\n b end\n c end\n d end")
    assert flow.end("a", True, False) == ["b", "c"]
    assert flow.edges("a") == ["taken", "true", "false"]
    assert flow.status("d") == "skipped"


def test_transition_is_about_an_outcome() -> None:
    text = "a start: ok bad/failed late/timeout all/any\n ok end\n bad end\n late end\n all end"
    flow = Flow(text)
    assert flow.end("a") == ["ok", "all"]
    assert flow.edges("a") == ["taken", "outcome", "outcome", "taken"]
    assert Flow(text).end("a", outcome="failed") == ["bad", "all"]
    assert Flow(text).end("a", outcome="timeout") == ["late", "all"]


def test_two_transitions_to_one_task_are_two_transitions() -> None:
    flow = Flow("a start: b? b?\n b end")
    assert flow.end("a", False, True) == ["b"]
    assert flow.edges("a") == ["false", "true"]
    assert Flow("a start: b? b?\n b end").end("a", False, False) == []


def test_transition_for_done_and_one_for_failed_to_one_task() -> None:
    for outcome in ("done", "failed"):
        assert Flow("a start: b b/failed\n b end").end("a", outcome=outcome) == ["b"]


# 2. a skip goes on


def test_skipped_task_skips_what_follows() -> None:
    flow = Flow("a start: b? x\n b: c\n c: d\n d end\n x end")
    assert flow.end("a", False) == ["x"]
    assert [flow.status(name) for name in "bcd"] == ["skipped"] * 3
    assert flow.edges("b") == flow.edges("c") == ["skipped"]


def test_skipped_task_decides_transitions_of_every_outcome() -> None:
    flow = Flow("a start: b? x\n b: c/failed d/any\n c end\n d end\n x end")
    flow.end("a", False)
    assert flow.edges("b") == ["skipped", "skipped"]
    assert flow.status("c") == flow.status("d") == "skipped"


# 3. joins

THREE = "x start: j?\n y start: j?\n z start: j?\n j end join={}"


@pytest.mark.parametrize(
    ("rule", "answers", "status"),
    [
        ("sync", [True, True], "pending"),
        ("sync", [False, True, False], "ready"),
        ("sync", [False, False, False], "skipped"),
        ("all", [True, True], "pending"),
        ("all", [True, True, True], "ready"),
        ("all", [False], "skipped"),
        ("all", [True, True, False], "skipped"),
        ("any", [False, False], "pending"),
        ("any", [True], "ready"),
        ("any", [False, False, False], "skipped"),
        ("1", [False, True], "ready"),
        ("2", [True], "pending"),
        ("2", [True, True], "ready"),
        ("2", [True, False], "pending"),
        ("2", [False, False], "skipped"),
        ("3", [True, True, True], "ready"),
        ("3", [True, False], "skipped"),
    ],
)
def test_join_rule(rule: str, answers: list[bool], status: str) -> None:
    flow = Flow(THREE.format(rule))
    for name, answer in zip("xyz", answers, strict=False):
        flow.end(name, answer)
    assert flow.status("j") == status


def test_join_counts_transitions_and_not_tasks() -> None:
    flow = Flow("x start: j j\n y start: j\n j end join=2")
    assert flow.end("x") == ["y", "j"]


def test_decided_join_records_later_branches_and_does_not_run_again() -> None:
    flow = Flow(THREE.format("any"))
    flow.end("x", True)
    flow.end("j")
    assert flow.end("y", True) == ["z"]
    assert flow.edges("y") == ["true"]
    assert flow.end("z", False) == []
    assert (flow.status("j"), flow.state) == ("done", "finished")


def test_start_point_does_not_wait_for_what_leads_to_it() -> None:
    flow = Flow("a start: b\n b start: c\n c end")
    assert flow.ready == ["a", "b"]
    flow.end("b")
    assert flow.end("a") == ["c"]


RACE = "s start: poll fast\n fast: j\n poll: sleep? j?\n sleep: poll\n j join=any cancel_rest: e\n e end"


def test_cancel_rest_cancels_a_losing_loop() -> None:
    flow = Flow(RACE)
    flow.end("s")
    assert flow.end("poll", True, False) == ["fast", "sleep"]
    assert flow.end("sleep") == ["fast", "poll"]
    assert flow.end("fast") == ["j"]
    assert [flow.status(name) for name in ("poll", "sleep")] == ["cancelled"] * 2
    assert flow.edges("poll") == ["cancelled", "cancelled"]
    assert flow.end("j e") == []
    assert flow.state == "finished"


def test_cancel_rest_leaves_what_leads_elsewhere() -> None:
    flow = Flow(
        """
        s start: fast slow audited
        fast: j
        slow: slower
        slower: j
        audited: j log
        log end
        j join=any cancel_rest end
        """
    )
    flow.end("s")
    assert flow.end("fast") == ["audited", "j"]
    assert flow.status("slow") == flow.status("slower") == "cancelled"


def test_cancel_rest_does_not_touch_what_comes_after_the_join_in_a_loop() -> None:
    flow = Flow("s start: h\n h: a b\n a: j\n b: j\n j join=any cancel_rest: u\n u: h? e\n e end")
    flow.end("s h")
    assert flow.end("a") == ["j"]
    assert (flow.status("b"), flow.status("u")) == ("cancelled", "pending")
    flow.end("j")
    assert flow.end("u", True) == ["h"]
    assert flow.status("b") == "pending"
    assert flow.end("h") == ["a", "b"]


def test_loop_that_is_cancelled_half_way_does_not_repeat() -> None:
    flow = Flow("s start: h rival\n h: x y\n x: h j\n y: h? j\n rival: j\n j join=any cancel_rest end")
    flow.end("s h x")
    assert flow.end("rival") == ["j"]
    assert (flow.status("h"), flow.status("x"), flow.status("y")) == ("done", "done", "cancelled")
    assert flow.generation("h") == 0
    flow.end("j")
    assert flow.state == "finished"


def test_failure_in_a_losing_branch_holds_nothing_up() -> None:
    flow = Flow("s start: a b\n a: j\n b: j\n j join=any cancel_rest end")
    flow.end("s")
    flow.end("b", outcome="failed")
    assert flow.end("a") == ["j"]
    assert (flow.status("b"), flow.edges("b")) == ("failed", ["cancelled"])
    flow.end("j")
    assert flow.state == "finished"


def test_what_is_skipped_and_what_is_cancelled_does_not_depend_on_the_order_of_transitions() -> None:
    for transitions in ("x? j y", "j x? y", "y j x?"):
        flow = Flow(f"a start: {transitions}\n x: j\n y: j\n j join=any cancel_rest end")
        assert flow.end("a", False) == ["j"]
        assert (flow.status("x"), flow.status("y")) == ("skipped", "cancelled")


# 4. what is a loop


def test_loop_edge_is_not_a_branch_of_the_join_at_the_head() -> None:
    flow = Flow("a start: h\n b start: h\n h join=all: u\n u: h? e\n e end")
    flow.end("a")
    assert flow.end("b") == ["h"]


def test_loop_edge_carries_no_skip() -> None:
    flow = Flow("a start: h? e\n h: u\n u: h? e\n e join end")
    assert flow.end("a", False) == ["e"]
    assert flow.edges("u") == ["skipped", "skipped"]
    assert flow.generation("h") == 0


def test_task_may_loop_to_itself() -> None:
    flow = Flow("a start: a? e\n e end")
    assert flow.end("a", True) == ["a"]
    assert flow.end("a", True) == ["a"]
    assert flow.end("a", False) == ["e"]
    assert flow.generation("a") == 2


def test_loop_may_repeat_because_a_task_failed() -> None:
    flow = Flow("a start: t\n t: a/failed e\n e end")
    flow.end("a")
    assert flow.end("t", outcome="failed") == ["a"]
    flow.end("a")
    assert flow.end("t") == ["e"]


# 5. repeating and closing


def test_region_repeats_only_when_all_of_it_is_decided() -> None:
    flow = Flow("h start: x y\n x: h?\n y: h? e\n e end")
    flow.end("h")
    assert flow.end("x", True) == ["y"]
    assert flow.end("y", False) == ["h"]
    assert (flow.generation("h"), flow.generation("y"), flow.generation("e")) == (1, 1, 0)
    assert flow.edges("x") == flow.edges("y")[:1] == ["pending"]


def test_nothing_leaves_a_loop_before_it_closes() -> None:
    flow = Flow("h start: out? u\n u: h? out?\n out join end")
    assert flow.end("h", True) == ["u"]
    assert flow.status("out") == "pending"
    assert flow.end("u", True, True) == ["h"]
    flow.end("h", False)
    assert flow.end("u", False, False) == []
    assert (flow.status("out"), flow.state) == ("skipped", "dead_end")


def test_exits_take_the_value_of_the_last_pass() -> None:
    flow = Flow("h start: u\n u: h? x? y?\n x end\n y end")
    flow.end("h")
    assert flow.end("u", True, True, False) == ["h"]
    flow.end("h")
    assert flow.end("u", False, False, True) == ["y"]
    assert flow.status("x") == "skipped"


NESTED = "s start: o\n o: i\n i: i? o? t?\n t: o? e?\n e end"


def test_inner_loop_closes_before_its_exits_count_for_the_outer_one() -> None:
    flow = Flow(NESTED)
    flow.end("s o")
    assert flow.end("i", True, True, True) == ["i"]
    assert (flow.generation("i"), flow.generation("o")) == (1, 0)
    assert flow.end("i", False, True, False) == ["o"]
    assert [flow.generation(name) for name in ("o", "i", "t", "e")] == [1, 2, 1, 0]


def test_outer_loop_resets_the_inner_one() -> None:
    flow = Flow(NESTED)
    flow.end("s o")
    flow.end("i", True, False, False)
    assert flow.end("i", False, False, True) == ["t"]
    assert flow.end("t", True, True) == ["o"]
    assert flow.status("i") == flow.status("t") == "pending"
    assert flow.end("o") == ["i"]
    flow.end("i", False, False, True)
    assert flow.end("t", False, True) == ["e"]


def test_exit_from_two_loops_is_held_until_both_are_closed() -> None:
    flow = Flow("o start: i\n i: i? t out?\n t: o? out?\n out join end")
    flow.end("o")
    assert flow.end("i", False, True) == ["t"]
    assert flow.status("out") == "pending"
    assert flow.end("t", True, True) == ["o"]
    assert flow.edges("i") == ["pending"] * 3
    flow.end("o")
    flow.end("i", False, False)
    assert flow.end("t", False, False) == []
    assert flow.status("out") == "skipped"


def test_two_loop_edges_to_one_head_make_one_loop() -> None:
    flow = Flow("h start: x y\n x: h? z\n y: h? z\n z join end")
    assert len(flow.marking.graph.loops) == 1
    flow.end("h")
    flow.end("x", False)
    assert flow.end("y", True) == ["h"]
    assert flow.generation("x") == 1


def test_loop_that_is_never_entered_is_skipped_and_closes() -> None:
    flow = Flow("a start: h? b\n h: u\n u: h? e\n b: e\n e join=all end")
    flow.end("a", False)
    assert (flow.status("u"), flow.status("e")) == ("skipped", "skipped")


def test_join_in_a_loop_forgets_the_branches_of_the_last_pass() -> None:
    flow = Flow("h start: x y\n x: j\n y: j\n j join=any: h? e\n e end")
    flow.end("h x")
    flow.end("j", True)
    assert flow.end("y") == ["h"]
    flow.end("h")
    assert flow.status("j") == "pending"
    assert flow.end("y") == ["x", "j"]


# 6. failures


def test_failure_that_nobody_handles_stops_only_what_follows() -> None:
    flow = Flow("a start: b\n b: j\n c start: d\n d: j x\n j join: e\n e end\n x end")
    assert flow.end("a", outcome="failed") == ["c"]
    assert flow.edges("a") == ["pending"]
    assert flow.end("c d") == ["x"]
    flow.end("x")
    assert (flow.status("b"), flow.status("j"), flow.state) == ("pending", "pending", "failed")


def test_handled_failure_is_an_ordinary_branch() -> None:
    flow = Flow("a start: b mend/failed\n b: e\n mend: e\n e join end")
    assert flow.end("a", outcome="failed") == ["mend"]
    assert (flow.status("b"), flow.edges("a")) == ("skipped", ["outcome", "taken"])
    flow.end("mend e")
    assert flow.state == "finished"


def test_failure_is_handled_although_the_condition_is_false() -> None:
    flow = Flow("a start: b mend/failed?\n b end\n mend end")
    assert flow.end("a", False, outcome="failed") == []
    assert (flow.edges("a"), flow.state) == (["outcome", "false"], "dead_end")


def test_timeout_is_neither_done_nor_failed() -> None:
    flow = Flow("a start: b c/failed\n b end\n c end")
    flow.end("a", outcome="timeout")
    assert (flow.status("a"), flow.edges("a"), flow.state) == ("timed_out", ["pending", "pending"], "failed")


def test_failed_task_without_transitions_is_not_handled() -> None:
    flow = Flow("a start end")
    flow.end("a", outcome="failed")
    assert flow.state == "failed"


def test_loop_with_a_failure_in_it_neither_repeats_nor_closes() -> None:
    flow = Flow("h start: x y out\n x: h?\n y: h?\n out end")
    flow.end("h")
    flow.end("x", True)
    assert flow.end("y", outcome="failed") == []
    assert (flow.generation("h"), flow.status("out"), flow.state) == (0, "pending", "failed")


# 7. ends


def test_instance_is_finished_when_all_is_decided_and_an_end_point_is_done() -> None:
    flow = Flow("a start: e b\n e end\n b end")
    flow.end("a e")
    assert flow.state == "running"
    flow.end("b")
    assert flow.state == "finished"


def test_instance_without_a_done_end_point_is_a_dead_end() -> None:
    flow = Flow("a start: e?\n e end")
    flow.end("a", False)
    assert flow.state == "dead_end"


def test_end_point_in_a_loop_counts_by_its_last_pass() -> None:
    flow = Flow("h start: e? u\n e end: u\n u join: h?")
    flow.end("h", True)
    flow.end("e")
    assert flow.end("u", True) == ["h"]
    flow.end("h", False)
    flow.end("u", False)
    assert (flow.status("e"), flow.state) == ("skipped", "dead_end")


def test_terminate_cancels_what_is_left_at_once() -> None:
    flow = Flow("a start: e b\n e end terminate: x\n b: c\n c end\n x end")
    flow.end("a")
    assert flow.end("e") == []
    assert {name: flow.status(name) for name in "bcx"} == dict.fromkeys("bcx", "cancelled")
    assert flow.edges("b") == ["cancelled"]
    assert (flow.edges("e"), flow.state) == (["taken"], "finished")


def test_terminate_in_a_loop_ends_it() -> None:
    flow = Flow("h start: e\n e end terminate: h?")
    flow.end("h")
    assert flow.end("e", True) == []
    assert (flow.generation("h"), flow.state) == (0, "finished")


def test_failed_end_point_does_not_terminate() -> None:
    flow = Flow("a start: e b\n e end terminate\n b end")
    flow.end("a")
    assert flow.end("e", outcome="failed") == ["b"]


def test_cancelled_branch_does_not_make_the_end_cancelled() -> None:
    flow = Flow("a start: x y\n x: j\n y: j\n j join=any cancel_rest: e?\n e end")
    flow.end("a x")
    flow.end("j", False)
    assert flow.state == "dead_end"


# Order


def test_branches_run_in_the_order_of_the_transitions() -> None:
    flow = Flow("a start: c b d\n b end\n c end\n d end")
    assert flow.end("a") == ["c", "b", "d"]


def test_what_becomes_ready_goes_behind_what_is_ready() -> None:
    flow = Flow("a start: x\n b start: y\n x end\n y end")
    assert flow.end("a") == ["b", "x"]
    assert flow.end("b") == ["x", "y"]
