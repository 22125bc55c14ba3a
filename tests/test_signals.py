"""What a task may take of the signals that have come, and what such a signal must be."""

from __future__ import annotations

from typing import Any

import pytest

from wfepy_hooks.signals import Signal, Signals, listed, refusal


def sent(*names: str) -> list[Signal]:
    return [Signal(str(number), name) for number, name in enumerate(names)]


def ids(signals: list[Signal]) -> list[str]:
    return [each.id for each in signals]


def test_the_oldest_is_taken_first_and_once() -> None:
    signals = Signals(sent("go", "stop", "go"))
    assert [getattr(signals.take("go"), "id", None) for _ in range(3)] == ["0", "2", None]
    assert ids(signals.peek()) == ["1"]
    assert ids(signals.take_all()) == ["1"]
    assert ids(signals.taken) == ["0", "2", "1"]


def test_what_misses_the_terms_is_left_and_not_offered() -> None:
    signals = Signals(sent("go", "go", "stop"), unfit=["0"])
    assert ids(signals.peek("go")) == ["1"]
    assert ids(signals.left("go")) == ["0", "1"]


def test_what_is_dropped_is_gone_and_told_of_where_that_is_wanted() -> None:
    one, two, three = pending = sent("go", "go", "go")
    signals = Signals(pending)
    signals.drop(one, "too late")
    signals.drop(two, "too early", tell=True)
    assert ids(signals.left("go")) == ids(signals.peek()) == [three.id]
    assert signals.dropped == {one.id: "too late", two.id: "too early"}
    assert signals.untold == [two]


def test_an_empty_field_is_not_written_and_a_false_value_is() -> None:
    assert Signal("1", "go").to_json() == {"id": "1", "name": "go"}
    assert Signal("1", "go", False, by="ann").to_json() == {
        "id": "1",
        "name": "go",
        "data": False,
        "by": "ann",
    }


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (1, ""),
        ({"choice": 1, "comment": "yes"}, ""),
        (True, "it must be 1 or null, not true"),  # though 1 == True
        (None, ""),
        ("1", 'it must be 1 or null, not "1"'),
    ],
)
def test_a_choice_is_one_by_its_type_too(data: Any, problem: str) -> None:
    assert refusal(Signal("1", "go", data), choices=(1, None)) == problem


def test_who_may_send_is_told() -> None:
    assert (
        refusal(Signal("1", "go"), by=("ann", "bob", "cy"))
        == "it must be sent by ann, bob or cy, not by nobody"
    )
    assert listed(["ann"]) == "ann"
