from __future__ import annotations

import pytest

from wfepy_hooks.render import Group, diagram
from wfepy_hooks.render.legend import borders
from wfepy_hooks.task import Task, followed_by, join_point, start_point, task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.instance import Instance
    from wfepy_hooks.workflow import Workflow

    MakeWorkflow = Callable[..., Workflow]


def make_task(name: str, *followers: str, labels: str = "", start: bool = False) -> Task:
    def function(context: object) -> bool:
        return True

    made: Task = task(name, labels=labels.split())(function)
    for follower in reversed(followers):  # as decorators are applied
        made = followed_by(follower)(made)
    if start:
        made = start_point()(made)
    joined: Task = join_point()(made)
    return joined


def boxes(groups: tuple[Group, ...]) -> dict[str, object]:
    """Return the boxes by title: the tasks in each, or a dict where there are boxes in it."""
    return {
        group.title: {"": list(group.names), **boxes(group.groups)} if group.groups else list(group.names)
        for group in groups
    }


@pytest.fixture
def chain(make_workflow: MakeWorkflow) -> Workflow:
    """Five tasks in a row."""
    return make_workflow(
        "chain",
        make_task("a", "b", labels="all early ends", start=True),
        make_task("b", "c", labels="all early"),
        make_task("c", "d", labels="all late mid one"),
        make_task("d", "e", labels="all late mid"),
        make_task("e", labels="all late ends"),
    )


def test_by_itself_a_label_has_a_box_if_that_tells_something(chain: Workflow) -> None:
    # Not "all", which is on each; not "one", which is on one; not "ends", on the first and the last.
    found = diagram(chain).groups
    assert boxes(found) == {"early": ["a", "b"], "late": {"": ["e"], "mid": ["c", "d"]}}


def test_a_label_that_is_wanted_has_a_box_whatever_it_is(chain: Workflow) -> None:
    assert boxes(diagram(chain, boxes=["all", "one"]).groups) == {
        "all": {"": ["a", "b", "d", "e"], "one": ["c"]}
    }


def test_of_two_boxes_that_would_cross_the_first_is_drawn(chain: Workflow) -> None:
    assert boxes(diagram(chain, boxes=["ends", "early"]).groups) == {"ends": ["a", "e"]}
    assert boxes(diagram(chain, boxes=["early", "ends"]).groups) == {"early": ["a", "b"]}


def test_boxes_lie_in_each_other_in_whatever_order_they_are_wanted(chain: Workflow) -> None:
    nested = {"late": {"": ["e"], "mid": {"": ["d"], "one": ["c"]}}}
    for wanted in (["late", "mid", "one"], ["one", "mid", "late"], ["mid", "late", "one"]):
        assert boxes(diagram(chain, boxes=wanted).groups) == nested


def test_of_two_labels_that_would_cross_the_one_with_more_tasks_has_a_box(
    make_workflow: MakeWorkflow,
) -> None:
    workflow = make_workflow(
        "w",
        make_task("a", "b", start=True),
        make_task("b", "c", labels="small"),
        make_task("c", "d", labels="small wide"),
        make_task("d", "e", labels="wide"),
        make_task("e", labels="wide"),
    )
    assert boxes(diagram(workflow).groups) == {"wide": ["c", "d", "e"]}


def test_two_labels_on_the_same_tasks_share_a_box(make_workflow: MakeWorkflow) -> None:
    workflow = make_workflow(
        "w",
        make_task("a", "b", labels="x y", start=True),
        make_task("b", "c", labels="y x"),
        make_task("c"),
    )
    drawn = diagram(workflow)
    assert boxes(drawn.groups) == {"x, y": ["a", "b"]}
    assert drawn.nodes[0].boxed == ("x", "y")


def test_a_label_on_a_box_does_not_stand_on_its_tasks_again(chain: Workflow) -> None:
    nodes = {node.name: node for node in diagram(chain).nodes}
    assert nodes["c"].lines == ["c", "{all,one}", "join: sync"]
    assert nodes["c"].labels == ("all", "late", "mid", "one")
    without = {node.name: node for node in diagram(chain, boxes=[]).nodes}
    assert without["c"].lines == ["c", "{all,late,mid,one}", "join: sync"]


def test_loops_have_boxes_with_their_pass(article: Workflow, second_pass: Instance) -> None:
    inside = ["draft", "review", "escalate", "illustrate", "collect"]
    assert boxes(diagram(article).groups) == {"↺ loop": inside}  # that of review alone has none
    second_pass.marking.generation[second_pass.marking.graph.index["draft"]] = 4
    assert boxes(diagram(article, instance=second_pass).groups) == {"↺ pass 5": inside}
    assert diagram(article, boxes=[]).groups == ()


def test_a_label_inside_of_a_loop_is_a_box_in_a_box(make_workflow: MakeWorkflow) -> None:
    workflow = make_workflow(
        "w",
        make_task("a", "b", start=True),
        make_task("b", "c", labels="x"),
        make_task("c", "d", labels="x"),
        make_task("d", "b", "e"),
        make_task("e"),
    )
    drawn = diagram(workflow)
    assert boxes(drawn.groups) == {"↺ loop": {"": ["d"], "x": ["b", "c"]}}
    assert set(borders(drawn)) == {"bold", "label", "region"}, "the legend explains both"


def test_parallel_tasks_that_no_arrow_joins_share_a_box(make_workflow: MakeWorkflow) -> None:
    workflow = make_workflow(
        "w",
        make_task("a", "b", "c", start=True),
        make_task("b", "d", labels="x"),
        make_task("c", "d", labels="x"),
        make_task("d"),
    )
    assert boxes(diagram(workflow).groups) == {"x": ["b", "c"]}


def test_a_label_across_a_loop_has_a_box_only_if_it_is_wanted(make_workflow: MakeWorkflow) -> None:
    workflow = make_workflow(
        "w",
        make_task("a", "b", start=True),
        make_task("b", "c"),
        make_task("c", "b", "d", labels="x"),
        make_task("d", "e", labels="x"),
        make_task("e"),
    )
    assert boxes(diagram(workflow).groups) == {"↺ loop": ["b", "c"]}
    assert boxes(diagram(workflow, boxes=["x"]).groups) == {"x": ["c", "d"]}
