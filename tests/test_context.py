from __future__ import annotations

import copy
import pickle

import pytest

from wfepy_hooks.context import Context


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
