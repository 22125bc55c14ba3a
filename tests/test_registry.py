from __future__ import annotations

import pytest

from wfepy_hooks import PluginError
from wfepy_hooks.registry import KINDS, Registry


def make() -> str:
    return "made"


def test_a_component_is_found_by_kind_and_name() -> None:
    registry = Registry(lambda: "sql")
    for kind in KINDS:
        registry.add(kind, "sqlite", make)
        assert registry.get(kind, "sqlite") is make
        assert registry.owner(kind, "sqlite") == "sql"
    assert registry.owner("store", "other") == ""


def test_the_names_of_a_kind_are_sorted() -> None:
    registry = Registry()
    registry.add("store", "sqlite", make)
    registry.add("store", "files", make)
    registry.add("renderer", "ascii", make)
    assert registry.names("store") == ["files", "sqlite"]


def test_an_unknown_component_is_an_error_with_a_suggestion() -> None:
    registry = Registry()
    registry.add("store", "sqlite", make)
    with pytest.raises(PluginError, match=r'^there is no store "sqlit"; did you mean "sqlite"\?$'):
        registry.get("store", "sqlit")
    registry.add("store", "files", make)
    with pytest.raises(PluginError, match=r'^there is no store "xyz"; known are files, sqlite$'):
        registry.get("store", "xyz")
    with pytest.raises(PluginError, match=r'^there is no executor "xyz"$'):
        registry.get("executor", "xyz")


def test_an_unknown_kind_is_an_error_with_a_suggestion() -> None:
    registry = Registry()
    with pytest.raises(
        PluginError, match=r'^there is no kind of component "stores"; did you mean "store"\?$'
    ):
        registry.add("stores", "sqlite", make)
    with pytest.raises(PluginError, match=r"known are store, executor, generator, renderer$"):
        registry.get("xyz", "sqlite")


def test_a_name_that_is_taken_is_an_error_that_names_both_plugins() -> None:
    owner = "one"
    registry = Registry(lambda: owner)
    registry.add("store", "sqlite", make)
    owner = "two"
    with pytest.raises(PluginError) as caught:
        registry.add("store", "sqlite", make)
    assert str(caught.value) == (
        'the store "sqlite" is offered by the plugins one and two; run without one of them by -p no:two'
    )
    assert caught.value.plugin == "two"
    assert registry.owner("store", "sqlite") == "one"
