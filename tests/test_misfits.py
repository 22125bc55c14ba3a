"""Signals that miss the terms of the wait they are meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import wfepy_hooks as wfepy

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
