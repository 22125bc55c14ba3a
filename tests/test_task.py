"""Tasks, transitions and their decorators."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import pytest

import wfepy_hooks as wfepy


def done(context: Any) -> bool:
    return True


def test_a_task_calls_its_function() -> None:
    @wfepy.task()
    def double(number: int) -> int:
        """Twice as much."""
        return 2 * number

    assert double(21) == 42
    assert (double.name, double.__doc__, double.__name__) == ("double", "Twice as much.", "double")


def test_a_name_replaces_that_of_the_function() -> None:
    assert wfepy.task(name="brew")(done).name == "brew"
    assert wfepy.task("brew", {"hot"})(done).labels == {"hot"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_decorators_may_stand_in_any_order(order: tuple[int, ...]) -> None:
    decorators = [
        wfepy.task(),
        wfepy.start_point(),
        wfepy.followed_by("b"),
        wfepy.end_point(),
    ]
    made = functools.reduce(lambda function, place: decorators[place](function), order, done)

    assert isinstance(made, wfepy.Task)
    assert made.is_start_point
    assert made.is_end_point
    assert [transition.dest for transition in made.followed_by] == ["b"]


@pytest.mark.parametrize("place", range(4))
def test_transitions_are_in_the_order_of_the_decorators(place: int) -> None:
    decorators: list[Any] = [wfepy.followed_by(name) for name in "abc"]
    decorators.insert(place, wfepy.task())
    made: Any = functools.reduce(lambda function, decorate: decorate(function), reversed(decorators), done)

    assert [(each.dest, each.ordinal, each.source) for each in made.followed_by] == [
        ("a", 0, "done"),
        ("b", 1, "done"),
        ("c", 2, "done"),
    ]


def test_two_transitions_to_one_task_stay_two() -> None:
    @wfepy.task()
    @wfepy.followed_by("b")
    @wfepy.followed_by("b")
    def a(context: Any) -> bool:
        return True

    assert len(a.followed_by) == 2
    assert a.followed_by == {wfepy.Transition("b")}, "WfEpy had a set"


def test_one_decorator_may_serve_two_tasks() -> None:
    shared = wfepy.followed_by("end")
    first = wfepy.task(name="first")(shared(done))
    second = wfepy.task(name="second")(shared(done))

    assert [first.followed_by[0].source, second.followed_by[0].source] == ["first", "second"]


def test_a_transition_leads_to_a_task_or_its_name() -> None:
    end = wfepy.task(name="finish")(done)

    assert wfepy.Transition(end).dest == "finish"
    with pytest.raises(TypeError, match="a task or the name of one, not by int 3"):
        wfepy.followed_by(3)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(TypeError, match="must be callable, not True"):
        wfepy.followed_by("a", True)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(ValueError, match="must be one of done, failed, timeout, any"):
        wfepy.followed_by("a", on="error")


def test_labels_are_asked_for_with_a_reducer() -> None:
    made = wfepy.task(labels=["user", "slow"])(done)

    assert made.has_labels({"user", "fast"})
    assert not made.has_labels({"user", "fast"}, all)
    assert made.has_labels("user"), "one label is not a set of letters"
    assert not made.has_labels({"u"})


@pytest.mark.parametrize("rule", [0, -1, True, "most", 1.5])
def test_an_unknown_join_rule_is_refused(rule: Any) -> None:
    with pytest.raises(ValueError, match="join_point"):
        wfepy.join_point(rule)


@pytest.mark.parametrize(("rule", "kept"), [(None, "sync"), ("any", "any"), ("all", "all"), (2, 2)])
def test_a_join_keeps_its_rule(rule: Any, kept: Any) -> None:
    made = wfepy.task()(wfepy.join_point(rule)(done))

    assert made.is_join_point
    assert made.join == kept


def test_task_without_parentheses_is_refused() -> None:
    with pytest.raises(TypeError, match=r"write @task\(\) with parentheses"):
        wfepy.task(done)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[31m"])
def test_a_name_is_printable(name: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        wfepy.task(name=name)(done)


def test_the_location_is_that_of_the_function_behind_wrappers() -> None:
    @functools.wraps(done)
    def wrapper(context: Any) -> bool:
        return done(context)

    line = done.__code__.co_firstlineno
    for function in (done, wrapper, functools.partial(done)):
        assert wfepy.Task(function, "a").location == f"{__file__}:{line}"
