"""Signals that miss the terms of the wait they are meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wfepy_hooks as wfepy
from wfepy_hooks.misfits import misfit_notes, refused_by
from wfepy_hooks.signals import Signal

if TYPE_CHECKING:
    from building import Begin


def ends(task: Any) -> Any:
    return wfepy.start_point()(wfepy.task()(wfepy.end_point()(task)))


def test_a_task_is_not_offered_what_misses_the_terms_of_its_wait(begin: Begin) -> None:
    def a(context: Any, signals: Any) -> Any:
        context["seen"] = [each.data for each in signals.peek()]
        taken = signals.take("go")
        return wfepy.wait(signal="go", by="ann") if taken is None else True

    runner = begin(ends(a))
    runner.tick()
    runner.signal("go", 1, by="eve", check=False)
    runner.signal("other", 2)
    runner.signal("go", 3, by="ann")
    assert runner.tick().status == "finished"
    assert runner.context["seen"] == [2, 3]
    assert [each.data for each in runner.instance.signals] == [1, 2]


def test_an_item_is_not_offered_what_misses_the_terms_of_its_wait(begin: Begin) -> None:
    @wfepy.start_point()
    @wfepy.task(each=lambda context: ["ann", "bob"])
    @wfepy.end_point()
    def a(context: Any, item: Any, signals: Any) -> Any:
        taken = signals.take("go")
        return wfepy.wait(signal="go", by=item) if taken is None else taken.by

    runner = begin(a)
    runner.tick()
    runner.signal("go", by="bob")
    runner.signal("go", by="ann")
    assert runner.tick().status == "finished"
    assert runner.context["a"] == ["ann", "bob"]


def test_a_decided_approval_leaves_no_misfit_vote_behind(begin: Begin) -> None:
    def review(context: Any) -> None: ...

    runner = begin(wfepy.start_point()(wfepy.approval(by="ann")(wfepy.end_point()(review))))
    runner.tick()
    runner.signal("review", "approve", by="eve", check=False)
    runner.signal("review", "reject", by="ann")
    assert runner.tick().status == "finished"
    assert runner.context["review"] == "reject"
    assert runner.instance.signals == []


def waiting(by: str) -> tuple[str, dict[str, Any]]:
    return f"for_{by}", {"signals": ["go"], "by": [by]}


def test_what_one_of_several_tasks_takes_is_refused_by_none() -> None:
    signal = Signal("1", "go", by="ann")
    assert refused_by(signal, [waiting("bob"), waiting("ann")]) == {}
    assert refused_by(Signal("1", "stop"), [waiting("bob")]) == {}
    assert list(refused_by(signal, [waiting("bob"), waiting("cy")])) == ["for_bob", "for_cy"]


@pytest.mark.parametrize(("more", "said"), [(0, ""), (1, "1 more signal that"), (2, "2 more signals that")])
def test_many_misfits_are_counted(begin: Begin, more: int, said: str) -> None:
    def a(context: Any) -> bool:
        return True

    runner = begin(ends(a))
    signals = [Signal(str(number), "go", by="eve") for number in range(5 + more)]
    notes = misfit_notes(runner.instance, signals, [waiting("ann")])
    assert ["id 4" in note for note in notes] == [False] * 4 + [True] + [False] * bool(more)
    assert notes[-1].startswith("flow/default: " + said)


def test_what_an_item_does_not_take_is_told(begin: Begin) -> None:
    @wfepy.start_point()
    @wfepy.task(each=lambda context: ["ann"])
    @wfepy.end_point()
    def mail(context: Any, item: Any) -> Any:
        return wfepy.wait(signal="go", by=item)

    runner = begin(mail)
    runner.tick()
    (note,) = misfit_notes(runner.instance, [Signal("1", "go", by="eve")])
    assert "mail does not take it, it must be sent by ann, not by eve" in note
