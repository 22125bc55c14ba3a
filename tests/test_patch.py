"""What changed between two encoded contexts."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import codec_samples as samples
from wfepy_hooks.codec import Codec
from wfepy_hooks.errors import StateFormatError
from wfepy_hooks.patch import apply_patch, fields_of, make_patch, replay

codec = Codec(["codec_samples"])


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({}, {}, {}),
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1, "b": [1]}, {"a": 2, "b": [1]}, {"set": {"a": 2}}),
        ({"a": 1}, {}, {"del": ["a"]}),
        ({"a": 1}, {"b": 1}, {"set": {"b": 1}, "del": ["a"]}),
        ({"a": 1}, {"a": True}, {"set": {"a": True}}),
        ({"a": 1}, {"a": 1.0}, {"set": {"a": 1.0}}),
        ({"a": [0.0]}, {"a": [-0.0]}, {"set": {"a": [-0.0]}}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, {"set": {"a": {"y": 2, "x": 1}}}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"set": {"a": 1}, "del": ["a"]}),
        ({"a": 1}, [1], {"context": [1]}),
        ([1], [1], {}),
        ([1], [True], {"context": [True]}),
        ({"a": 1}, {"$dict": [[1, 2]]}, {"context": {"$dict": [[1, 2]]}}),
    ],
)
def test_a_patch_says_what_changed(old: Any, new: Any, patch: dict[str, Any]) -> None:
    assert json.dumps(make_patch(old, new)) == json.dumps(patch)


def test_an_object_is_patched_by_attribute() -> None:
    old, new = codec.encode(samples.Order("a", [1])), codec.encode(samples.Order("a", [1, 2]))
    assert fields_of(new) == {"name": "a", "lines": [1, 2]}
    patch = make_patch(old, new)
    assert patch == {"set": {"lines": [1, 2]}}
    assert apply_patch(old, patch) == new
    assert codec.decode(old) == samples.Order("a", [1])


def test_other_contexts_are_replaced_whole() -> None:
    for value in (samples.Tree(a=1), samples.Pair(1, 2), 5, None, {1: 2}, samples.Colour.RED):
        assert fields_of(codec.encode(value)) is None
    assert make_patch(codec.encode(samples.Order("a")), codec.encode(samples.Slotted(1))) == {
        "context": {"$object": "codec_samples:Slotted", "state": {"x": 1, "y": None}}
    }


LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.text(max_size=1)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
CONTEXTS = st.one_of(
    st.dictionaries(st.sampled_from("abcdef"), JSON),
    st.builds(
        lambda state: {"$object": "m:C", "state": state}, st.dictionaries(st.sampled_from("abcd"), JSON)
    ),
    JSON,
)


@given(st.lists(CONTEXTS, min_size=1, max_size=5))
def test_patches_lead_from_any_context_to_any_other(contexts: list[Any]) -> None:
    texts = [json.dumps(context) for context in contexts]
    patches = [make_patch(old, new) for old, new in pairwise(contexts)]
    for (old, new), patch in zip(pairwise(texts), patches, strict=True):
        assert bool(patch) == (_sorted_state(old) != _sorted_state(new))
        assert _sorted_state(json.dumps(apply_patch(json.loads(old), patch))) == _sorted_state(new)
    assert _sorted_state(json.dumps(replay(contexts[0], patches))) == _sorted_state(texts[-1])
    assert [json.dumps(context) for context in contexts] == texts  # none was changed


def _sorted_state(text: str) -> str:
    """Return ``text`` with the attributes of an object sorted: their order means nothing."""
    data = json.loads(text)
    if type(data) is dict and "$object" in data:
        data["state"] = dict(sorted(data["state"].items()))
    return json.dumps(data)


@given(st.dictionaries(st.sampled_from("abcdef"), JSON), st.dictionaries(st.sampled_from("abcdef"), JSON))
def test_a_patch_fits_a_context_whose_keys_a_file_has_sorted(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    from_file = json.loads(json.dumps(old, sort_keys=True))
    assert json.dumps(apply_patch(from_file, make_patch(old, new)), sort_keys=True) == json.dumps(
        new, sort_keys=True
    )


def test_records_are_never_changed() -> None:
    records: list[dict[str, Any]] = [{"context": {"a": 1}}, {"set": {"b": 2}}, {"seq": 3}, {"del": ["a"]}]
    assert replay({}, records) == {"b": 2}
    assert records[0] == {"context": {"a": 1}}


@pytest.mark.parametrize(
    ("encoded", "record"),
    [
        ([1], {"set": {"a": 1}}),
        ({"$tuple": []}, {"set": {"a": 1}}),
        ({"$object": "m:C", "state": 1}, {"set": {"a": 1}}),
        ({"a": 1}, {"set": []}),
        ({"a": 1}, {"del": "a"}),
        ({"a": 1}, {"del": ["b"]}),
        ({"a": 1}, {"del": [["a"]]}),
    ],
)
def test_a_record_that_does_not_fit_is_refused(encoded: Any, record: dict[str, Any]) -> None:
    with pytest.raises(StateFormatError):
        apply_patch(encoded, record)
