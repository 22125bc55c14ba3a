"""Signals that miss the terms of the wait they are meant for."""

from __future__ import annotations

from typing import Any

import wfepy_hooks as wfepy
from test_waits import Bench


def ends(task: Any) -> Any:
    return wfepy.start_point()(wfepy.task()(wfepy.end_point()(task)))


def test_a_task_is_not_offered_what_misses_the_terms_of_its_wait() -> None:
    def a(context: Any, signals: Any) -> Any:
        context["seen"] = [each.data for each in signals.peek()]
        taken = signals.take("go")
        return wfepy.wait(signal="go", by="ann") if taken is None else True

    bench = Bench(ends(a))
    bench.tick()
    bench.signal("go", 1, by="eve")
    bench.signal("other", 2)
    bench.signal("go", 3, by="ann")
    assert bench.tick().status == "finished"
    assert bench.instance.context["seen"] == [2, 3]
    assert [each.data for each in bench.instance.signals] == [1, 2]


def test_an_item_is_not_offered_what_misses_the_terms_of_its_wait() -> None:
    @wfepy.start_point()
    @wfepy.task(each=lambda context: ["ann", "bob"])
    @wfepy.end_point()
    def a(context: Any, item: Any, signals: Any) -> Any:
        taken = signals.take("go")
        return wfepy.wait(signal="go", by=item) if taken is None else taken.by

    bench = Bench(a)
    bench.tick()
    bench.signal("go", by="bob")
    bench.signal("go", by="ann")
    assert bench.tick().status == "finished"
    assert bench.instance.context["a"] == ["ann", "bob"]


def test_a_decided_approval_leaves_no_misfit_vote_behind() -> None:
    def review(context: Any) -> None: ...

    bench = Bench(wfepy.start_point()(wfepy.approval(by="ann")(wfepy.end_point()(review))))
    bench.tick()
    bench.signal("review", "approve", by="eve")
    bench.signal("review", "reject", by="ann")
    assert bench.tick().status == "finished"
    assert bench.instance.context["review"] == "reject"
    assert bench.instance.signals == []
