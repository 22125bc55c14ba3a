"""Approvals that ask more than once, and what the history says of answers."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import wfepy_hooks as wfepy
from wfepy_hooks.misfits import dropped_notes
from wfepy_hooks.overview import Overview
from wfepy_hooks.sending import send_signal
from wfepy_hooks.signals import Signal

if TYPE_CHECKING:
    from building import Begin
    from wfepy_hooks.testing import WorkflowRunner


@wfepy.approval(by=("bob", "cy"), deadline="2d")
@wfepy.start_point()
@wfepy.followed_by("publish", lambda context: context["review"] == "approve")
@wfepy.followed_by("fix", lambda context: context["review"] == "reject")
@wfepy.followed_by("boss", on="timeout")
def review(context: Any) -> None:
    context["asked"] = context.get("asked", 0) + 1


@wfepy.approval(by="boss")
@wfepy.followed_by("publish", lambda context: context["boss"] == "approve")
@wfepy.followed_by("fix", lambda context: context["boss"] == "reject")
def boss(context: Any) -> None: ...


@wfepy.task()
@wfepy.join_point()
@wfepy.followed_by("review")
def fix(context: Any) -> bool:
    return True


@wfepy.task()
@wfepy.join_point()
@wfepy.end_point()
def publish(context: Any) -> bool:
    return True


LOOP = (review, boss, fix, publish)


def history(runner: WorkflowRunner) -> list[dict[str, Any]]:
    return list(runner._world.store.history("flow", runner.id))


def of_task(runner: WorkflowRunner, name: str) -> list[dict[str, Any]]:
    return [each for each in history(runner) if each.get("task") == name]


def test_an_answer_before_the_first_asking_counts(begin: Begin) -> None:
    runner = begin(*LOOP)
    runner.signal("review", "approve", by="bob")
    assert runner.tick().status == "finished"


@pytest.mark.parametrize("moment", ["while nobody asks", "in the tick that asks"])
def test_a_late_answer_does_not_answer_the_next_pass(
    begin: Begin, caplog: pytest.LogCaptureFixture, moment: str
) -> None:
    runner = begin(*LOOP)
    runner.tick()
    runner.tick(after="3d")
    runner.signal("review", "approve", by="bob", id="late", check=False)
    if moment == "while nobody asks":
        runner.tick()
    runner.signal("boss", "reject", by="boss")
    assert "review" in runner.tick().waiting
    assert runner.instance.signals == []
    assert of_task(runner, "review")[-1]["dropped"] == {
        "late": "it was sent before review asked anew, in pass 2"
    }
    assert 'the signal "review" of the id late by bob does not count for review' in caplog.text
    assert "wfepy signal flow default review" in caplog.text
    runner.tick()
    assert caplog.text.count("does not count") == 1
    runner.signal("review", "approve", by="bob")
    assert runner.tick().status == "finished"


def test_what_was_sent_before_a_pass_asked_and_arrives_after_that_does_not_count(begin: Begin) -> None:
    runner = begin(*LOOP)
    runner.tick()
    before = "2026-01-01T00:00:00.000000Z"
    runner.signal("review", "reject", by="bob")
    runner.tick(after="1h")
    send(runner, "slow", before)
    assert "review" in runner.tick().waiting
    assert "slow" in of_task(runner, "review")[-1]["dropped"]
    send(runner, "no-time", "")
    assert runner.tick().status == "finished"


def send(runner: WorkflowRunner, id: str, sent: str) -> None:
    signal = Signal(id, "review", "approve", by="bob", sent=sent)
    runner._world.store.send("flow", runner.id, signal.to_json())


def test_a_rewound_approval_wants_new_answers(begin: Begin) -> None:
    runner = begin(*LOOP)
    runner.tick()
    runner.tick(after="3d")
    runner.signal("review", "approve", by="bob", id="late", check=False)
    runner.operations.rewind("flow", "default", "review", by="ann")
    assert "review" in runner.tick().waiting
    assert runner.instance.signals == []


@pytest.mark.parametrize("is_received", [False, True])
def test_an_approval_that_is_retried_after_its_deadline_wants_new_answers(
    begin: Begin, is_received: bool
) -> None:
    @wfepy.approval(deadline="2d")
    @wfepy.start_point()
    @wfepy.end_point()
    def only(context: Any) -> None: ...

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def other(context: Any) -> bool:
        return False

    runner = begin(only, other)
    runner.tick()
    with pytest.raises(TimeoutError):
        runner.tick(after="3d")
    runner.signal("only", "approve", id="late", check=False)
    if is_received:
        runner.run()
    runner.operations.retry("flow", "default", "only", by="ann")
    assert "only" in runner.tick().waiting
    assert runner.instance.signals == []
    [record] = [each for each in history(runner) if each["event"] == "operator"]
    assert record["dropped"] == {"late": "it was sent before only was retried, and asked anew"}
    runner.signal("only", "approve")
    assert "only" in runner.tick().completed


def test_votes_stay_when_a_waiting_approval_is_asked_with_other_terms(begin: Begin) -> None:
    @wfepy.approval(quorum=2)
    @wfepy.start_point()
    @wfepy.end_point()
    def only(context: Any) -> None: ...

    runner = begin(only)
    runner.tick()
    runner.signal("only", "approve", by="ann")
    runner.tick()
    runner.operations.retry("flow", "default", "only", by="ann")
    runner.signal("only", "approve", by="bob")
    assert runner.tick().status == "finished"


def test_a_signal_of_a_plain_wait_is_kept_for_the_next_pass(begin: Begin) -> None:
    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("more")
    def event(context: Any, signals: Any) -> Any:
        return signals.take("event") is not None or wfepy.wait(signal="event")

    @wfepy.task()
    @wfepy.followed_by("event", lambda context: context["passes"] < 2)
    @wfepy.followed_by("end", lambda context: context["passes"] == 2)
    def more(context: Any) -> bool:
        context["passes"] = context.get("passes", 0) + 1
        return True

    @wfepy.task()
    @wfepy.end_point()
    def end(context: Any) -> bool:
        return True

    runner = begin(event, more, end)
    runner.tick()
    runner.signal("event")
    runner.signal("event")
    assert runner.tick().status == "finished"


def test_the_history_says_which_answers_counted(begin: Begin) -> None:
    runner = begin(*LOOP)
    runner.signal("review", "approve", by="eve", id="eve", check=False)
    runner.signal("review", "perhaps", by="cy", id="word", check=False)
    runner.signal("review", "reject", by="bob", id="vote-1")
    runner.signal("review", "approve", by="bob", id="vote-2")
    assert runner.tick().status == "finished"
    [record] = of_task(runner, "review")
    assert record["consumed"] == ["vote-2"]
    assert record["dropped"] == {
        "eve": "it must be sent by bob or cy, not by eve",
        "word": 'it must be "approve" or "reject", not "perhaps"',
        "vote-1": "bob has answered again later",
    }
    assert runner.instance.signals == []


def test_what_does_not_count_is_gone_also_when_the_history_is_replayed(begin: Begin) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    runner = begin(*LOOP)
    runner.tick()
    runner.tick(after="3d")
    runner.signal("review", "approve", by="bob", check=False)
    runner.signal("boss", "reject", by="boss")
    project = runner._world.project
    session = project.store.open("flow", runner.id)
    session.snapshot = crash  # type: ignore[method-assign]
    assert project.advance(session).error is not None
    document, records, _ = project.store.read("flow", runner.id)
    assert any("dropped" in each for each in records)
    assert Overview(document, records).signals == []
    assert runner.instance.signals == []
    assert "review" in runner.tick().waiting


def test_a_timeout_takes_no_signal_that_another_task_has_taken(begin: Begin) -> None:
    @wfepy.task(deadline="1d")
    @wfepy.start_point()
    @wfepy.followed_by("end")
    @wfepy.followed_by("end", on="timeout")
    def late(context: Any) -> bool:
        return False

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("end")
    def first(context: Any, signals: Any) -> Any:
        return signals.take("go") is not None or wfepy.wait(signal="go")

    @wfepy.task()
    @wfepy.join_point()
    @wfepy.end_point()
    def end(context: Any) -> bool:
        return True

    runner = begin(first, late, end)
    runner.tick()
    runner.signal("go")
    runner.tick(after="2d")
    assert "consumed" in of_task(runner, "first")[-1]
    assert "consumed" not in of_task(runner, "late")[-1]


def test_a_note_of_what_is_dropped_names_its_sender_if_there_is_one(begin: Begin) -> None:
    runner = begin(*LOOP)
    [note] = dropped_notes(runner.instance, "review", [Signal("one", "review")], {"one": "too early"})
    assert note.startswith(
        'flow/default: the signal "review" of the id one does not count for review: too early;'
    )


def test_a_sender_whose_clock_is_behind_answers_what_is_asked_now(begin: Begin) -> None:
    runner = begin(*LOOP)
    runner.tick()
    runner.signal("review", "reject", by="bob")
    runner.tick(after="1h")
    project = runner._world.project
    early = runner.clock.now - timedelta(minutes=5)
    send_signal(project, "flow", runner.id, "review", "approve", by="bob", now=early)
    assert runner.tick().status == "finished"


def test_a_discard_tells_of_another_signal_that_does_not_fit(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    runner = begin(*LOOP)
    runner.tick()
    runner.signal("typo", id="typo")
    runner.signal("review", "approve", by="eve", check=False)
    assert runner.operations.discard("flow", runner.id, "typo", by="ann").name == "typo"
    assert "review does not take it, it must be sent by bob or cy, not by eve" in caplog.text
    assert [each.name for each in runner.instance.signals] == ["review"]


def test_an_async_function_of_an_approval_asks_once(begin: Begin) -> None:
    @wfepy.approval(by="ann", into="decision")
    @wfepy.start_point()
    @wfepy.end_point()
    async def sign(context: Any, now: Any) -> None:
        await asyncio.sleep(0)
        context["asked"] = context.get("asked", 0) + 1

    runner = begin(sign)
    runner.tick()
    runner.assert_waiting("sign", on="sign")
    runner.signal("sign", "approve", by="ann")
    runner.tick()
    runner.assert_finished()
    assert runner.context == {"asked": 1, "decision": "approve"}


def test_who_is_named_twice_has_one_vote(begin: Begin) -> None:
    @wfepy.approval(by=("ann", "ann", "bob"), quorum=2)
    @wfepy.start_point()
    @wfepy.end_point()
    def sign(context: Any) -> None: ...

    runner = begin(sign)
    runner.tick()
    assert runner.instance.waits["sign"].reason == "approve or reject by ann or bob, 0 of 2 votes"
    runner.signal("sign", "approve", by="ann")
    runner.signal("sign", "reject", by="bob")
    with pytest.raises(wfepy.GiveUp, match=re.escape("2 votes any more (ann: approve, bob: reject)")):
        runner.tick()


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        ({"choices": "yes"}, "choices of an approval must be different texts, not 'yes'"),
        ({"choices": ()}, "choices of an approval must be different texts, not ()"),
        ({"choices": ("a", "a")}, "choices of an approval must be different texts, not ('a', 'a')"),
        ({"choices": ("a", 1)}, "choices of an approval must be different texts, not ('a', 1)"),
        ({"by": ("ann", "")}, "by of an approval must be one name or several, not ''"),
        ({"by": ("ann", 5)}, "by of an approval must be one name or several, not 5"),
        ({"quorum": 0}, "quorum of an approval must be a number from 1 on, not 0"),
        ({"quorum": True}, "quorum of an approval must be a number from 1 on, not True"),
        (
            {"by": ("ann", "ann"), "quorum": 2},
            "quorum of an approval must be a number from 1 to 1, as many as may decide, not 2",
        ),
    ],
)
def test_terms_that_make_no_sense_are_refused_where_they_are_written(
    terms: dict[str, Any], problem: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(problem)):
        wfepy.approval(**terms)


def test_an_early_answer_that_does_not_fit_does_not_count(begin: Begin) -> None:
    runner = begin(*LOOP)
    runner.signal("review", "approve", by="eve", check=False)
    runner.signal("review", "perhaps", by="bob", check=False)
    runner.tick()
    runner.assert_waiting("review", on="review")


def test_an_approval_has_its_own_name_and_the_options_of_a_task() -> None:
    made = wfepy.approval("sign", by="ann", remind_every="1d", renamed_from="old", labels=["legal"])(
        lambda context: None
    )
    func: Any = made.func
    assert (made.name, func.task_name, func.wfepy_by, made.labels) == ("sign", "sign", ("ann",), {"legal"})
    assert made.options.remind_every == timedelta(days=1)
    assert "old" in made.options.renamed_from


def test_the_retry_of_a_task_that_is_no_approval_keeps_signals_of_its_name(begin: Begin) -> None:
    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def pay(context: Any, signals: Any) -> bool:
        if "tried" not in context:
            context["tried"] = True
            raise wfepy.GiveUp("no money")
        return signals.take("pay") is not None

    runner = begin(pay)
    runner.signal("pay")
    with pytest.raises(wfepy.GiveUp):
        runner.tick()
    runner.operations.retry("flow", runner.id, "pay")
    assert runner.tick().status == "finished"


def test_an_answer_before_the_next_pass_asks_is_refused_where_it_is_sent(begin: Begin) -> None:
    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("sign")
    def draft(context: Any, signals: Any) -> Any:
        return signals.take("drafted") is not None or wfepy.wait(signal="drafted")

    @wfepy.approval()
    @wfepy.followed_by("draft", lambda context: context["sign"] == "reject")
    @wfepy.followed_by("post", lambda context: context["sign"] == "approve")
    def sign(context: Any) -> None: ...

    @wfepy.task()
    @wfepy.end_point()
    def post(context: Any) -> bool:
        return True

    runner = begin(draft, sign, post)
    runner.signal("drafted")
    runner.tick()
    runner.signal("sign", "reject")
    runner.tick()
    with pytest.raises(wfepy.UsageError, match="what is sent before it asks in pass 2 does not count"):
        runner.signal("sign", "approve")
