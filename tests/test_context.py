from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from wfepy_hooks.context import Context, refill


def test_a_context_is_a_dict() -> None:
    context = Context(milk=True)
    context["sugar"] = 2
    assert context == {"milk": True, "sugar": 2}
    assert isinstance(context, dict)


def test_its_data_is_itself_as_in_wfepy() -> None:
    context = Context(milk=True)
    assert context.data is context
    assert context.data.get("milk")
    assert not context.data.get("cappuccino")


def test_setting_an_attribute_fails_instead_of_being_forgotten() -> None:
    with pytest.raises(AttributeError):
        Context().milk = True  # type: ignore[attr-defined]


def test_a_copy_is_a_context() -> None:
    context = Context(a=[1])
    assert (
        type(copy.copy(context))
        is type(copy.deepcopy(context))
        is type(pickle.loads(pickle.dumps(context)))
        is Context
    )
    assert copy.deepcopy(context)["a"] is not context["a"]


def test_it_says_what_it_is() -> None:
    assert repr(Context(a=1)) == "Context({'a': 1})"


class Order:
    def __init__(self, **values: object) -> None:
        vars(self).update(values)


class Slots:
    __slots__ = ("cups",)

    def __init__(self, cups: int) -> None:
        self.cups = cups


def test_a_context_is_brought_up_to_date_in_place() -> None:
    context, kept = Context(a=1, b=[2], c=3), [2]
    context["b"] = kept
    assert refill(context, Context(a=4, b=[2], d=5), ["a", "c", "d"]) is context
    assert context == {"a": 4, "b": [2], "d": 5}
    assert context["b"] is kept
    other: Any = {1: 2}
    assert refill(context, Context(other), [None]) is context
    assert context == other


def test_an_object_is_brought_up_to_date_by_its_attributes() -> None:
    order = Order(cups=1, gone=True)
    assert refill(order, Order(cups=2), ["cups", "gone"]) is order
    assert vars(order) == {"cups": 2}


class Tray(dict[str, int]):
    pass


def test_what_cannot_be_changed_in_place_is_replaced() -> None:
    for context, fresh in ((Slots(1), Slots(2)), (Order(cups=1), Context(cups=2))):
        assert refill(context, fresh, ["cups"]) is fresh
    with_attributes = Tray(cups=1)
    with_attributes.sugar = 2  # type: ignore[attr-defined]
    for tray, other in ((Tray(cups=1), with_attributes), (with_attributes, Tray(cups=1))):
        assert refill(tray, other, [None]) is other
    assert refill([1], listed := [2], [None]) is listed


def test_a_dict_of_another_class_is_brought_up_to_date_too() -> None:
    tray = Tray(cups=1, spoons=1)
    assert refill(tray, Tray(cups=2), [None]) is tray
    assert tray == {"cups": 2}
