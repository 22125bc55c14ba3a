"""Sending a signal: what a waiting task would not take is refused where it is sent."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from wfepy_hooks.errors import InstanceNotFound, UsageError
from wfepy_hooks.overview import Overview
from wfepy_hooks.sending import Sent, read_data, send_signal
from wfepy_hooks.stores.memory import MemoryStore

NOW = datetime(2026, 11, 23, 6, 13, 34, tzinfo=timezone.utc)
SINCE = "2026-11-23T06:00:00.000000Z"


def document(tasks: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "workflow": "flow",
        "instance": "x",
        "status": "running",
        "created": SINCE,
        "history": {"bytes": 0, "records": 0},
        "tasks": tasks or {},
        **more,
    }


def waiting(**terms: Any) -> dict[str, Any]:
    return {"status": "waiting", "since": SINCE, "wait": terms}


def store_of(tasks: dict[str, Any] | None = None, **more: Any) -> MemoryStore:
    store = MemoryStore()
    store.create("flow", "x", document(tasks, **more)).release()
    return store


APPROVAL = {"ask": waiting(signals=["approve"], choices=["yes", "no"], by=["ann", "bob"])}


def send(store: MemoryStore, name: str = "approve", data: Any = None, **options: Any) -> Sent:
    return send_signal(store, "flow", "x", name, data, now=NOW, **options)


def test_a_signal_that_is_waited_for_is_put_into_the_inbox() -> None:
    store = store_of(APPROVAL)
    sent = send(store, data="yes", by="ann")
    assert (sent.accepted, sent.waiting, sent.warning) == (True, ["ask"], "")
    assert sent.id.startswith("20261123T061334000000Z-")
    expected = {
        "id": sent.id,
        "name": "approve",
        "data": "yes",
        "by": "ann",
        "sent": "2026-11-23T06:13:34.000000Z",
    }
    assert store.inbox("flow", "x") == [expected]


@pytest.mark.parametrize(
    ("data", "by", "message"),
    [
        ("maybe", "ann", '"approve" is refused: it must be "yes" or "no", not "maybe"'),
        (None, "ann", "not null"),
        ("yes", "eve", "it must be sent by ann or bob, not by eve"),
        ("yes", "", "not by nobody"),
    ],
)
def test_what_no_waiting_task_would_take_is_refused(data: Any, by: str, message: str) -> None:
    store = store_of(APPROVAL)
    with pytest.raises(UsageError, match=message):
        send(store, data=data, by=by)
    assert store.inbox("flow", "x") == []


def test_a_signal_that_one_of_two_tasks_would_take_is_sent() -> None:
    other = {"other": waiting(signals=["approve", "stop"])}
    sent = send(store_of({**APPROVAL, **other}), data="maybe")
    assert sent.waiting == ["other"]


def test_the_choice_may_come_with_more() -> None:
    data = {"choice": "no", "comment": "too hot"}
    assert send(store_of(APPROVAL), data=data, by="bob").accepted


def test_an_item_that_waits_is_asked_too() -> None:
    items = {"list": [1, 2], "status": "wd", "waits": {"0": {**waiting(signals=["go"], choices=[1])}}}
    store = store_of({"ask": {"status": "ready", "items": items}})
    assert send(store, "go", 1).waiting == ["ask"]
    with pytest.raises(UsageError, match="it must be 1, not true"):
        send(store, "go", True)


def test_a_signal_that_nobody_waits_for_is_kept_with_a_warning() -> None:
    assert (
        'what is waited for is approve; did you mean "approve"?' in send(store_of(APPROVAL), "aprove").warning
    )
    sent = send(store_of())
    assert (sent.accepted, sent.waiting) == (True, [])
    assert sent.warning.endswith("it is kept until one does, and none waits for any signal")


def test_a_signal_that_comes_twice_changes_nothing() -> None:
    store = store_of(APPROVAL)
    assert send(store, data="yes", by="ann", id="one").accepted
    assert not send(store, data="no", by="bob", id="one").accepted
    assert [each["data"] for each in store.inbox("flow", "x")] == ["yes"]


def test_a_signal_that_was_delivered_is_not_sent_again() -> None:
    store = store_of(APPROVAL)
    session = store.open("flow", "x")
    session.append([{"seq": 1, "at": SINCE, "event": "signal", "id": "one", "name": "approve"}])
    session.release()
    assert not send(store, data="yes", by="ann", id="one").accepted
    assert store.inbox("flow", "x") == []


def test_a_wait_that_only_the_history_knows_counts() -> None:
    store = store_of()
    session = store.open("flow", "x")
    record = {"seq": 1, "at": SINCE, "event": "task", "task": "ask", "generation": 0, "attempt": 1}
    session.append([{**record, "status": "waiting", "wait": {"signals": ["approve"], "choices": ["yes"]}}])
    session.release()
    with pytest.raises(UsageError, match='it must be "yes"'):
        send(store, data="no")


def test_an_instance_that_has_ended_takes_no_signal() -> None:
    with pytest.raises(InstanceNotFound, match="it has ended: dead end"):
        send(store_of(status="dead_end"))
    with pytest.raises(InstanceNotFound, match="there is no such instance"):
        send(MemoryStore())


def test_a_signal_must_be_one() -> None:
    for name in ("", "a\nb"):
        with pytest.raises(UsageError, match="cannot be the name of a signal"):
            send(store_of(), name)
    with pytest.raises(UsageError, match=r'names that begin with "wfepy\." are for'):
        send(store_of(), "wfepy.cancel")
    with pytest.raises(UsageError, match="is no JSON"):
        send(store_of(), data={1, 2})
    with pytest.raises(UsageError, match="is no JSON"):
        send(store_of(), data=float("nan"))
    with pytest.raises(UsageError, match="letters, digits"):
        send(store_of(), id="a/b")


def test_a_child_is_no_signal_to_be_sent() -> None:
    child = waiting(signals=["wfepy.ended.other/y"], child="other/y")
    assert "none waits for any signal" in send(store_of({"sub": child})).warning


def test_the_data_of_a_command_line_is_json_or_a_choice() -> None:
    overview = Overview(document({"ask": waiting(signals=["go"], choices=["yes", "1", 2, True])}), [])
    for text, data in (
        ("yes", "yes"),
        ('"yes"', "yes"),
        ("1", "1"),
        ("2", 2),
        ("true", True),
        ('{"a": 1}', {"a": 1}),
    ):
        found = read_data(text, overview, "go")
        assert (found, type(found)) == (data, type(data))
    with pytest.raises(UsageError, match=r'--data maybe: it is neither "yes" or "1" or 2 or true nor JSON'):
        read_data("maybe", overview, "go")
    with pytest.raises(UsageError, match="put text in quotes: --data '\"maybe\"'"):
        read_data("maybe", overview, "other")
    with pytest.raises(UsageError, match="NaN is no number"):
        read_data("NaN", overview, "other")
