from __future__ import annotations

import functools
import importlib.util
import operator
import sys
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks.render.conditions import ConditionTexts
from wfepy_hooks.task import Transition

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def words() -> ConditionTexts:
    return ConditionTexts()


def test_no_condition_has_no_words(words: ConditionTexts) -> None:
    assert words(None) == ""


def test_a_lambda_is_shown_by_its_body(words: ConditionTexts) -> None:
    transition = Transition("a", lambda context: context.data.get("milk"))
    assert words(transition.cond) == 'context.data.get("milk")'


# fmt: off
def test_lambdas_on_one_line_are_told_apart(words: ConditionTexts) -> None:
    found = [lambda c: c["a"], lambda c: c["b"], lambda c: not c["a"], lambda c: lambda d: c, lambda c: c["a"] + 1]
    assert [words(each) for each in found] == ['c["a"]', 'c["b"]', 'not c["a"]', "lambda d: c", 'c["a"] + 1']


def test_lambdas_on_one_line_that_differ_in_the_type_of_a_number_are_told_apart(words: ConditionTexts) -> None:
    one, two = (lambda c: c == 1), (lambda c: c == 1.0)
    assert [words(one), words(two)] == ["c == 1", "c == 1.0"]


def test_lambdas_on_one_line_that_use_variables_around_them_are_told_apart(words: ConditionTexts) -> None:
    limit, floor = 3, 1
    found = [lambda c: c["n"] < limit, lambda c: c["n"] < floor, lambda c: floor < c["n"] < limit]
    assert [words(each) for each in found] == ['c["n"] < limit', 'c["n"] < floor', 'floor < c["n"] < limit']
    assert limit > floor


def test_lambdas_with_defaults_and_comprehensions_are_told_apart(words: ConditionTexts) -> None:
    many: list[Any]
    many = [lambda c, n=1: any(x > n for x in c), lambda c, n=1: all(x > n for x in c), lambda c: {x + 1 for x in c}]
    assert [words(each) for each in many] == ["any(x > n for x in c)", "all(x > n for x in c)", "{x + 1 for x in c}"]


def test_a_lambda_over_several_lines_is_one_line(words: ConditionTexts) -> None:
    transition = Transition(
        "a",
        lambda context: (
            context["one"]  # a comment
            and context["two"]
        ),
    )
    assert words(transition.cond) == "context['one'] and context['two']"
# fmt: on


def test_a_word_lambda_in_a_string_does_not_confuse(words: ConditionTexts) -> None:
    assert words(lambda c: c["lambda x: 1"]) == 'c["lambda x: 1"]'


def test_a_function_is_shown_by_its_name(words: ConditionTexts) -> None:
    def wants_milk(context: Any, more: int = 0) -> bool:
        return True

    @functools.wraps(wants_milk)
    def wrapper(context: Any) -> bool:
        return True

    assert words(wants_milk) == "wants_milk"
    assert words(wrapper) == "wants_milk"
    assert words(functools.partial(wants_milk, more=1)) == "wants_milk"
    assert words(functools.partial(lambda c, n: c[n], n=1)) == "c[n]"
    assert words({}.get) == "get"


def test_an_object_is_shown_by_its_class(words: ConditionTexts) -> None:
    class IsOpen:
        def __call__(self, context: Any) -> bool:
            return True

    assert words(IsOpen()) == "IsOpen"
    assert words(operator.itemgetter("milk")) == "itemgetter"


def test_a_lambda_without_source_is_a_condition(words: ConditionTexts) -> None:
    assert words(eval("lambda c: c['x']")) == "condition"


def load(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1\n",
        "cond = lambda c: c['other']['thing']\n",
        "def broken(:\n",
        "\0",
        "cond = lambda d: d['x']\n",
    ],
)
def test_a_source_file_that_changed_never_gives_wrong_words(
    tmp_path: Path, words: ConditionTexts, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "changed.py"
    file.write_text("cond = lambda c: c.wanted\n")
    module = load(file)
    file.write_text(text)
    assert words(module.cond) == "condition"


def test_names_may_be_any_language(tmp_path: Path, words: ConditionTexts) -> None:
    file = tmp_path / "unicode_source.py"
    file.write_text('cond = [lambda č: č["žluť 日本"], lambda č: č["ž"]]\n', encoding="utf-8")
    assert [words(each) for each in load(file).cond] == ['č["žluť 日本"]', 'č["ž"]']


def test_a_cyclic_wrapper_ends(words: ConditionTexts) -> None:
    def odd(context: Any) -> bool:
        return True

    vars(odd)["__wrapped__"] = odd
    assert words(odd) == "odd"
