"""Bringing contexts together, against a simple model of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfepy_hooks.executors.merging import Branches, ContextConflict, MergeConflict, changed_keys, merge
from wfepy_hooks.patch import same

VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [0, 1, 1.0, True, "one", None, [], [1], {"a": 1}, {"a": 1.0}, {"$tuple": []}]
)
FIELDS = st.dictionaries(st.sampled_from(["", "a", "b", "c", "d"]), VALUES, max_size=5)
OBJECTS = st.builds(
    lambda kind, state: {"$object": kind, "state": state}, st.sampled_from(["m:A", "m:B"]), FIELDS
)
OTHERS = st.sampled_from([[1], [2], "text", {"$set": [1]}, {"$object": "m:A", "value": {"a": 1}}])
CONTEXTS = st.one_of(FIELDS, FIELDS, OBJECTS, OTHERS)


GONE = object()


def parts_of(context: Any) -> tuple[str, dict[Any, Any]]:
    """Return the class of a context and its parts; one that is not merged by key is one part, named ``None``."""
    if isinstance(context, dict) and "value" not in context:
        if "$object" in context:
            return context["$object"], context["state"]
        if not any(key.startswith("$") for key in context):
            return "dict", context
    return "whole", {None: context}


def equal(one: Any, other: Any) -> bool:
    return same(one, other) if GONE not in (one, other) else one is other


def model(*contexts: Any) -> tuple[set[Any], dict[Any, Any]]:
    """Return the keys in conflict and the merged parts, of what was, what is now, and what a branch made of it."""
    parts = [parts_of(each) for each in contexts]
    if len({kind for kind, _ in parts}) > 1:
        parts = [("whole", {None: each}) for each in contexts]
    before, now, then = (fields for _, fields in parts)
    merged, conflicts = {}, set()
    for key in {**before, **now, **then}:
        b, m, a = (fields.get(key, GONE) for fields in (before, now, then))
        if not (equal(b, a) or equal(m, a) or equal(b, m)):
            conflicts.add(key)
        merged[key] = m if equal(b, a) else a
    return conflicts, {key: value for key, value in merged.items() if value is not GONE}


def in_order(context: Any) -> Any:
    """Return a context with its keys in one order, which a merge by key does not care for."""
    if isinstance(context, dict):
        return {key: in_order(context[key]) if key == "state" else context[key] for key in sorted(context)}
    return context


@given(CONTEXTS.map(in_order), CONTEXTS.map(in_order), CONTEXTS.map(in_order))
def test_a_merge_does_what_the_model_says(base: Any, main: Any, after: Any) -> None:
    copies = copy.deepcopy((base, main, after))
    conflicts, expected = model(base, main, after)
    if conflicts:
        with pytest.raises(MergeConflict) as caught:
            merge(base, main, after)
        assert caught.value.key in conflicts
    else:
        merged, changed = merge(base, main, after)
        found = {None: merged} if expected.keys() == {None} else parts_of(merged)[1]
        assert found.keys() == expected.keys()
        assert all(same(in_order(found[key]), in_order(value)) for key, value in expected.items())
        assert changed == changed_keys(base, after)
    assert all(same(one, other) for one, other in zip(copies, (base, main, after), strict=True))


@given(FIELDS, FIELDS)
def test_who_is_alone_changes_everything(base: dict[str, Any], after: dict[str, Any]) -> None:
    merged: Any = merge(base, dict(base), after)[0]
    assert same(merged, after if changed_keys(base, after) else base)


@given(CONTEXTS, CONTEXTS)
def test_who_changes_nothing_keeps_nothing_from_anybody(base: Any, main: Any) -> None:
    assert merge(base, main, copy.deepcopy(base)) == (main, [])


@given(CONTEXTS, CONTEXTS)
def test_equal_changes_are_no_conflict(base: Any, after: Any) -> None:
    assert same(merge(base, after, copy.deepcopy(after))[0], after)


@given(FIELDS, FIELDS, FIELDS)
def test_the_order_of_two_branches_does_not_matter(base: Any, one: Any, two: Any) -> None:
    def both(first: Any, second: Any) -> Any:
        try:
            return merge(base, merge(base, base, first)[0], second)[0]
        except MergeConflict:
            return "conflict"

    assert both(one, two) == both(two, one)


def test_ones_of_different_types_are_different() -> None:
    for main, after in ((1, 1.0), (1, True), (1.0, True), (0.0, -0.0)):
        with pytest.raises(MergeConflict):
            merge({"a": None}, {"a": main}, {"a": after})


# Branches


def test_branches_that_write_different_keys_come_together() -> None:
    branches = Branches()
    base = {"start": 1}
    left, right = branches.begin("left", base), branches.begin("right", base)
    assert len(branches) == 2
    assert branches.finish(left, {"start": 1, "left": 2}) == {"start": 1, "left": 2}
    assert branches.finish(right, {"start": 1, "right": 3}) == {"start": 1, "left": 2, "right": 3}
    assert base == {"start": 1}
    assert len(branches) == 0


def test_a_conflict_names_both_tasks_and_the_key() -> None:
    branches = Branches()
    left, right = branches.begin("left", {"total": 0}), branches.begin("right", {"total": 0})
    branches.finish(left, {"total": 1})
    with pytest.raises(ContextConflict) as caught:
        branches.finish(right, {"total": 2, "right": True})
    error = caught.value
    assert (error.task, error.other, error.key) == ("right", "left", "total")
    assert str(error) == (
        'task "right": it changed context["total"], and so did the task "left" at the same time, in another way; '
        "let each branch write a key of its own, and a task behind both bring them together"
    )
    assert branches.main == {"total": 1}
    assert len(branches) == 0


@pytest.mark.parametrize(
    ("before", "first", "second", "text"),
    [
        ({"é": 0}, {"é": 1}, {"é": 2}, 'context["é"]'),
        ({"": 0}, {"": 1}, {"": 2}, 'context[""]'),
        (
            {"$object": "m:A", "state": {"cups": 0}},
            {"$object": "m:A", "state": {"cups": 1}},
            {"$object": "m:A", "state": {}},
            "context.cups",
        ),
        ([0], [1], [2], "the context as a whole"),
        ({"a": 0}, {"a": 1}, [2], "the context as a whole"),
        ({"a": 0}, [1], {"a": 1}, "the context as a whole"),
    ],
)
def test_a_conflict_says_where(before: Any, first: Any, second: Any, text: str) -> None:
    branches = Branches()
    left, right = branches.begin("left", before), branches.begin("right", before)
    branches.finish(left, first)
    with pytest.raises(ContextConflict) as caught:
        branches.finish(right, second)
    assert f"it changed {text}, and so did" in str(caught.value)
    assert caught.value.other == "left"


def test_the_last_one_who_changed_a_key_is_named() -> None:
    branches = Branches()
    tokens = {name: branches.begin(name, {"a": 0, "b": 0}) for name in ("one", "two", "three")}
    branches.finish(tokens["one"], {"a": 1, "b": 0})
    branches.note("here", {"a": 2, "b": 5})
    tokens["four"] = branches.begin("four", {"a": 2, "b": 5})
    assert branches.finish(tokens["four"], {"a": 3, "b": 5}) == {"a": 3, "b": 5}
    with pytest.raises(ContextConflict) as caught:
        branches.finish(tokens["two"], {"a": 4, "b": 0})
    assert (caught.value.other, caught.value.key) == ("four", "a")
    with pytest.raises(ContextConflict) as caught:
        branches.finish(tokens["three"], {"a": 0, "b": 4})
    assert (caught.value.other, caught.value.key) == ("here", "b")


def test_what_changed_before_a_branch_began_is_nothing_to_it() -> None:
    branches = Branches()
    early = branches.begin("early", {"a": 0})
    branches.note("here", {"a": 1})
    late = branches.begin("late", {"a": 1})
    assert branches.finish(late, {"a": 2}) == {"a": 2}
    assert branches.finish(early, {"a": 0, "b": 1}) == {"a": 2, "b": 1}


def test_a_change_that_nobody_has_noted_is_the_engines() -> None:
    branches = Branches()
    token = branches.begin("left", {"a": 0})
    branches.begin("right", {"a": 1})
    with pytest.raises(ContextConflict, match=r'context\["a"\], and so did the engine'):
        branches.finish(token, {"a": 2})


def test_a_change_and_its_undoing_are_no_conflict() -> None:
    branches = Branches()
    token = branches.begin("left", {"a": 0})
    branches.note("here", {"a": 1})
    branches.note("here", {"a": 0})
    assert branches.finish(token, {"a": 2}) == {"a": 2}


def test_what_is_dropped_does_not_count() -> None:
    branches = Branches()
    token = branches.begin("left", {"a": 0})
    branches.drop(token)
    branches.drop(token)
    assert branches.main == {"a": 0}
    with pytest.raises(KeyError):
        branches.finish(token, {})


def test_nothing_is_remembered_when_nothing_is_under_way() -> None:
    branches = Branches()
    context: Any = {}
    for number in range(1000):
        token = branches.begin(f"task{number}", context)
        context = branches.finish(token, {"only": number})
        branches.note("here", context)
    assert context == {"only": 999}
    assert branches._changed_by == {}
    assert branches._under_way == {}


@given(FIELDS, st.lists(st.tuples(st.integers(0, 3), FIELDS), max_size=12))
def test_any_order_of_beginnings_and_ends_does_what_merging_does(base: Any, steps: Any) -> None:
    branches = Branches()
    main = base
    under_way: dict[int, tuple[int, Any]] = {}
    for who, fields in steps:
        if who == 3:
            main = fields
            branches.note("here", fields)
        elif who not in under_way:
            under_way[who] = branches.begin(f"task{who}", main), main
        else:
            token, seen = under_way.pop(who)
            conflicts, expected = model(seen, main, fields)
            if conflicts:
                with pytest.raises(ContextConflict) as caught:
                    branches.finish(token, fields)
                assert caught.value.task == f"task{who}"
                assert caught.value.key in conflicts
                assert caught.value.other in {"here", "task0", "task1", "task2"}
            else:
                main = branches.finish(token, fields)
                found: Any = main
                assert found.keys() == expected.keys()
                assert all(same(found[key], value) for key, value in expected.items())
        assert same(branches.main, main)
