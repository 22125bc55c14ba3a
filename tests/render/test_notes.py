from __future__ import annotations

import pytest

from wfepy_hooks.instance import WaitState
from wfepy_hooks.items import ItemsState
from wfepy_hooks.marking import FAILED, TIMED_OUT
from wfepy_hooks.render import diagram

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks.instance import Instance
    from wfepy_hooks.render import Node

NOON = "2026-01-08T12:00:00.000000Z"


def drink(instance: Instance) -> Node:
    return next(
        node for node in diagram(instance.workflow, instance=instance).nodes if node.name == "drink_coffee"
    )


def wait(instance: Instance, reason: str = "", **terms: object) -> str:
    instance.waits["drink_coffee"] = WaitState.from_terms("2026-01-05T08:00:00Z", reason, terms)
    return drink(instance).state_text


def test_a_wait_says_what_ends_it(waiting_coffee: Instance) -> None:
    assert wait(waiting_coffee) == "waiting"
    assert wait(waiting_coffee, "too hot") == "waiting: too hot"
    assert wait(waiting_coffee, until=NOON) == "waiting: until 2026-01-08 12:00Z"
    text = wait(waiting_coffee, "somebody", signals=["go", "no"], by=["ann"], choices=["a", 1], deadline=NOON)
    assert text == "waiting: somebody (signal go or no by ann, one of a, 1, times out at 2026-01-08 12:00Z)"
    assert wait(waiting_coffee, child="shop/7", signals=["x"]) == "waiting: end of shop/7"


def test_the_earlier_of_two_deadlines_is_told(waiting_coffee: Instance) -> None:
    waiting_coffee.deadlines["drink_coffee"] = "2026-01-07T00:00:00.000000Z"
    assert wait(waiting_coffee, deadline=NOON) == "waiting: times out at 2026-01-07 00:00Z"


def test_a_failed_attempt_says_which_and_when_the_next_is(waiting_coffee: Instance) -> None:
    waiting_coffee.waits.clear()
    waiting_coffee.failures["drink_coffee"] = 2
    waiting_coffee.errors["drink_coffee"] = "OSError: no cup"
    assert drink(waiting_coffee).state_text == "retrying: attempt 2 failed: OSError: no cup"
    waiting_coffee.retry_at["drink_coffee"] = NOON
    assert drink(waiting_coffee).state_text.endswith("OSError: no cup (again at 2026-01-08 12:00Z)")
    waiting_coffee.deadlines["drink_coffee"] = "2026-01-09T00:00:00.000000Z"
    text = "(again at 2026-01-08 12:00Z, times out at 2026-01-09 00:00Z)"
    assert drink(waiting_coffee).state_text.endswith(text)


def test_an_attempt_that_does_not_count_says_what_it_failed_of(waiting_coffee: Instance) -> None:
    waiting_coffee.waits.clear()
    waiting_coffee.errors["drink_coffee"] = "OSError: no cup"
    assert drink(waiting_coffee).state_text == "retrying: OSError: no cup"
    waiting_coffee.errors["drink_coffee"] = ""
    waiting_coffee.failures["drink_coffee"] = 3
    assert drink(waiting_coffee).state_text == "retrying: attempt 3 failed"


@pytest.mark.parametrize(("outcome", "words"), [(FAILED, "failed"), (TIMED_OUT, "timed out")])
def test_the_end_says_of_what(waiting_coffee: Instance, outcome: int, words: str) -> None:
    waiting_coffee.waits.clear()
    waiting_coffee.marking.settle(waiting_coffee.marking.graph.index["drink_coffee"], outcome, [1])
    waiting_coffee.errors["drink_coffee"] = "OSError: no cup"
    assert drink(waiting_coffee).state_text == f"{words}: OSError: no cup"


def test_items_are_counted(waiting_coffee: Instance) -> None:
    waiting_coffee.waits.clear()
    items = ItemsState([1, 2, 3])
    items.status[:] = "dwf"
    waiting_coffee.items["drink_coffee"] = items
    assert drink(waiting_coffee).state_text == "ready: 3 items: 1 done, 1 waiting, 1 failed"


def test_a_paused_instance_says_so(waiting_coffee: Instance) -> None:
    waiting_coffee.paused = {"since": NOON, "by": "ann"}
    drawn = diagram(waiting_coffee.workflow, instance=waiting_coffee)
    assert drawn.title == "coffee, instance monday: paused"
