"""The text of a state document."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfepy_hooks.errors import StateFormatError
from wfepy_hooks.statetext import WIDTH, dump_text, parse_text

_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
_DOCUMENT = st.dictionaries(st.sampled_from(["context", "tasks", "queue", "é"]) | st.text(), _JSON)

EXAMPLE = """\
{
  "context": {
    "note": "a text that cannot be broken stays on its line, however long it may be, and so it is",
    "orders": [
      {"cups": 1, "size": "small"},
      {
        "cups": 2,
        "extras": ["milk", "sugar", "cinnamon", "cocoa", "whipped cream", "caramel"],
        "size": "large"
      }
    ]
  },
  "empty": {},
  "history": {"bytes": 1234, "records": 12},
  "name": "příliš ☕",
  "tasks": {
    "add_milk": {"status": "pending"},
    "make_coffee": {"next": ["make_foam: context.milk was false, so there is nothing to make foam of", "add_milk: taken"]}
  }
}
"""  # noqa: E501 - a task has one line


def test_keys_are_sorted_and_long_values_are_broken_and_a_task_has_one_line() -> None:
    assert dump_text(json.loads(EXAMPLE)) == EXAMPLE


def test_the_order_of_keys_in_memory_does_not_matter() -> None:
    document = json.loads(EXAMPLE)
    reverse = {key: document[key] for key in reversed(list(document))}
    reverse["tasks"] = {key: document["tasks"][key] for key in reversed(list(document["tasks"]))}
    assert dump_text(reverse) == EXAMPLE


@pytest.mark.parametrize("length", range(66, 80))
def test_a_line_is_used_up_to_its_width_and_no_further(length: int) -> None:
    text = dump_text({"context": ["x" * length], "other": 1})
    first = text.splitlines()[1]
    assert max(map(len, text.splitlines())) <= WIDTH
    # On one line it would be: two spaces, the key, colon and space, brackets, quotes and the comma.
    assert (first == '  "context": [') is (length + 18 > WIDTH)


@settings(max_examples=60)
@given(_DOCUMENT)
def test_every_document_survives(document: dict[str, Any]) -> None:
    text = dump_text(document)
    again = parse_text(text.encode(), "x.json")
    assert json.dumps(again, sort_keys=True) == json.dumps(document, sort_keys=True)
    assert text == dump_text(again)
    assert text.endswith("}\n")


@settings(max_examples=60)
@given(_DOCUMENT)
def test_a_line_is_too_long_only_when_it_holds_one_plain_value_or_a_task(document: dict[str, Any]) -> None:
    document.pop("tasks", None)
    for line in dump_text(document).split("\n"):
        if len(line) > WIDTH:
            member = line.strip().rstrip(",")
            assert not member.endswith(("]", "}")) or member.endswith(("[]", "{}"))


def test_a_task_named_like_a_field_stays_in_its_place() -> None:
    task = {"tasks": ["y" * 100] * 2}
    document = {"tasks": {"tasks": task}, "context": {"tasks": {"a": 1}}}
    assert dump_text(document).splitlines()[1:4] == [
        '  "context": {"tasks": {"a": 1}},',
        '  "tasks": {',
        f'    "tasks": {json.dumps(task)}',
    ]


def test_the_empty_document() -> None:
    assert dump_text({}) == "{}\n"
    assert dump_text({"tasks": {}}) == '{\n  "tasks": {}\n}\n'


def test_a_lone_surrogate_is_escaped() -> None:
    text = dump_text({"context": {"a": "\ud800", "b": "é"}, "tasks": {"é": {"status": "done"}}})
    assert text.isascii()
    assert parse_text(text.encode(), "x")["context"] == {"a": "\ud800", "b": "é"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, [float("-inf")]]])
def test_a_number_that_json_lacks_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump_text({"context": value})


@pytest.mark.parametrize("value", [object(), {1: 2}, {(): 1}, ["x" * 90, {1: 2}], b"", {1, 2}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        dump_text({"context": ["x" * 90, value]})


def test_deep_values_take_no_recursion_error() -> None:
    value: Any = 1
    for _ in range(490):
        value = [value]
    assert parse_text(dump_text({"context": value}).encode(), "x")["context"] == value


def test_work_is_linear() -> None:
    def calls(tasks: int) -> int:
        """Calls, of C functions too, that are made to write a document: time would depend on the machine."""
        document = {
            "context": [{"order": number, "cups": ["x" * 90, number]} for number in range(tasks // 10)],
            "tasks": {f"t{number}": {"next": [f"t{number + 1}: taken"]} for number in range(tasks)},
        }
        count = 0

        def profile(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += 1

        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            dump_text(document)
        finally:
            sys.setprofile(before)
        return count

    assert calls(20_000) < 11 * calls(2_000)


GOOD = dump_text({"context": {"milk": True}, "tasks": {"a": {}, "b": {}}, "workflow": "coffee"})


@pytest.mark.parametrize(
    ("data", "where", "what"),
    [
        (b"", "x.json", "the file is empty"),
        (b" \r\n\t\n", "x.json", "the file is empty"),
        (GOOD.encode()[:-3], "x.json:7", "the file is cut short"),
        (b'{\n  "context": {"mi', "x.json:2", "the file is cut short"),
        (b'{"a": 1,', "x.json:1", "the file is cut short"),
        (b"[1]", "x.json", "not a state document: it holds a list, not an object"),
        (b"12", "x.json", "not a state document: it holds a number, not an object"),
        (b"1.5", "x.json", "not a state document: it holds a number, not an object"),
        (b'"a"', "x.json", "not a state document: it holds a string, not an object"),
        (b"true", "x.json", "not a state document: it holds true or false, not an object"),
        (b"null", "x.json", "not a state document: it holds null, not an object"),
        (b'{\n"a": 1\n"b": 2}', "x.json:3", "not JSON: expecting ',' delimiter, column 1"),
        (b"milk: yes\n", "x.json:1", "not JSON: expecting value, column 1"),
        (b'{\n\n"a": "\xff"}', "x.json:3", "not UTF-8 text"),
        (b"\0" * 100, "x.json:1", "not JSON: expecting value, column 1"),
        (b"[" * 100_000, "x.json", "values are nested too deeply"),
        (b'{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> b\n}', "x.json:2", "unresolved git conflict"),
        (b'{\r\n"a": 1,\r\n=======\r\n"a": 2\r\n}', "x.json:3", "unresolved git conflict"),
    ],
)
def test_bad_input_is_told_in_one_line(data: bytes, where: str, what: str) -> None:
    with pytest.raises(StateFormatError) as caught:
        parse_text(data, "x.json")
    assert (caught.value.where, caught.value.what) == (where, what)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_number_of_thousands_of_digits_is_told() -> None:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(4300)
    try:
        with pytest.raises(StateFormatError, match=r"x\.json: not a state document: Exceeds the limit"):
            parse_text(b'{"a": ' + b"9" * 5000 + b"}", "x.json")
    finally:
        sys.set_int_max_str_digits(limit)


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("\n", "\r\n"), GOOD.replace("\n", " "), "\n" + GOOD])
def test_line_ends_and_space_do_not_matter(text: str) -> None:
    assert parse_text(text.encode(), "x") == json.loads(GOOD)


def test_conflict_markers_inside_of_a_text_are_no_conflict() -> None:
    document = {"context": "<<<<<<< HEAD\n=======\n"}
    assert parse_text(dump_text(document).encode(), "x") == document
