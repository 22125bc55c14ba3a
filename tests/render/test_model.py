from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from wfepy_hooks.marking import FAILED
from wfepy_hooks.render import Diagram, diagram, merge_attributes
from wfepy_hooks.task import Task, end_point, followed_by, start_point, task
from wfepy_hooks.workflow import Workflow

if TYPE_CHECKING:
    from wfepy_hooks.instance import Instance
    from wfepy_hooks.render import Node


def nodes_of(drawn: Diagram) -> dict[str, Node]:
    return {node.name: node for node in drawn.nodes}


def test_tasks_come_in_reading_order(article: Workflow) -> None:
    names = [node.name for node in diagram(article).nodes]
    assert names == [
        "start", "draft", "review", "escalate", "illustrate", "collect", "publish", "done", "clean_up",
    ]  # fmt: skip


def test_marks_labels_and_join_rules_are_there(coffee: Workflow, article: Workflow) -> None:
    nodes = nodes_of(diagram(coffee)) | nodes_of(diagram(article))
    assert nodes["start"].is_start
    assert nodes["done"].is_end
    assert not nodes["done"].terminates
    assert nodes["clean_up"].terminates
    assert nodes["add_milk"].labels == ("dairy", "kitchen")
    assert nodes["drink_coffee"].join_rule == "join: sync"
    assert nodes["drink_coffee"].inputs == ("make_foam", "add_milk")
    assert nodes["collect"].join_rule == "join: 2 of 3, cancels the rest"
    assert nodes["make_foam"].join_rule == ""


def test_loops_are_marked(article: Workflow) -> None:
    nodes = nodes_of(diagram(article))
    assert {name for name, node in nodes.items() if node.is_loop_head} == {"draft", "review"}
    assert {name: node.depth for name, node in nodes.items() if node.depth} == {
        "draft": 1, "review": 2, "escalate": 1, "illustrate": 1, "collect": 1,
    }  # fmt: skip
    loops = [(name, edge.target) for name, node in nodes.items() for edge in node.edges if edge.is_loop]
    assert loops == [("review", "review"), ("collect", "draft")]


def test_transitions_keep_the_order_of_the_decorators_and_say_what_they_are_about(article: Workflow) -> None:
    edges = nodes_of(diagram(article))["publish"].edges
    assert [edge.target for edge in edges] == ["done", "clean_up", "clean_up"]
    assert [edge.text for edge in edges][:2] == ["", "on failed"]
    assert edges[2].text == "on any: " + edges[2].condition


def test_locations_below_the_root_are_relative_to_it(coffee: Workflow, here: str) -> None:
    absolute = nodes_of(diagram(coffee))["start"].location
    assert absolute.startswith(os.path.join(here, "conftest.py:"))
    assert nodes_of(diagram(coffee, root=here))["start"].location == absolute[len(here) + 1 :]
    assert nodes_of(diagram(coffee, root=here + "x"))["start"].location == absolute


def test_the_state_of_an_instance_is_shown(waiting_coffee: Instance) -> None:
    drawn = diagram(waiting_coffee.workflow, instance=waiting_coffee)
    nodes = nodes_of(drawn)
    assert drawn.title == "coffee, instance monday: running"
    assert {name: node.state for name, node in nodes.items()} == {
        "start": "done", "make_coffee": "done", "make_foam": "skipped", "add_milk": "done",
        "drink_coffee": "waiting", "end": "pending",
    }  # fmt: skip
    assert nodes["drink_coffee"].note == "the cup is still too hot"
    assert [edge.decision for edge in nodes["make_coffee"].edges] == ["false", "taken"]


def test_a_failed_attempt_and_the_pass_of_a_loop_are_noted(second_pass: Instance) -> None:
    nodes = nodes_of(diagram(second_pass.workflow, instance=second_pass))
    assert (nodes["illustrate"].state, nodes["illustrate"].note) == (
        "retrying",
        "attempt 1 failed: OSError: no pencil",
    )
    assert nodes["review"].state_text == "ready (pass 2)"
    assert nodes["illustrate"].state_text == "retrying: attempt 1 failed: OSError: no pencil"
    assert nodes["start"].state_text == nodes["publish"].state_text == ""
    second_pass.marking.settle(second_pass.marking.graph.index["illustrate"], FAILED, [])
    nodes = nodes_of(diagram(second_pass.workflow, instance=second_pass))
    assert (nodes["illustrate"].state, nodes["illustrate"].note) == ("failed", "OSError: no pencil")


def test_states_may_be_given_without_an_instance(coffee: Workflow) -> None:
    nodes = nodes_of(diagram(coffee, states={"start": "done"}))
    assert nodes["start"].state == "done"
    assert nodes["end"].state == ""


def test_a_workflow_with_a_wrong_graph_can_be_drawn() -> None:
    @task()
    @start_point()
    @followed_by("lost")
    @followed_by("lost")
    @followed_by("right")
    def left(context: object) -> bool:
        return True

    @task()
    @followed_by("left")
    def right(context: object) -> bool:
        return True

    workflow = Workflow("wrong")
    workflow.tasks = {"left": left, "right": right}
    nodes = nodes_of(diagram(workflow))
    assert nodes["lost"].is_missing
    assert nodes["lost"].location == ""
    assert set(workflow.tasks) == {"left", "right"}


def test_a_workflow_without_tasks_can_be_drawn() -> None:
    assert diagram(Workflow()) == Diagram("workflow", ())
    assert diagram(Workflow(), name="empty").title == "empty"


def test_extra_attributes_reach_their_task(coffee: Workflow) -> None:
    nodes = nodes_of(diagram(coffee, attributes={"end": {"URL": "https://example.org"}}))
    assert nodes["end"].attributes == {"URL": "https://example.org"}
    assert nodes["start"].attributes == {}


def test_the_first_result_of_a_hook_wins() -> None:
    assert merge_attributes([{"a": "1"}, {"a": "2", "b": "2"}, {}]) == {"a": "1", "b": "2"}


def test_a_task_of_an_unusual_function_has_a_place(make_workflow: object) -> None:
    workflow = Workflow("one")
    workflow.tasks = {"only": end_point()(start_point()(Task(len, "only")))}
    assert nodes_of(diagram(workflow))["only"].location == "<unknown>"


@pytest.mark.parametrize("count", [1, 50])
def test_many_transitions_to_one_task_are_one_input(count: int) -> None:
    source, target = Task(len, "source"), Task(len, "target")
    source.is_start_point = True
    for _ in range(count):
        followed_by("target")(source)
    workflow = Workflow("fan")
    workflow.tasks = {"source": source, "target": target}
    assert nodes_of(diagram(workflow))["target"].inputs == ("source",)
