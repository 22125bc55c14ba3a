"""Two outboxes put together: no message is lost, what is over stays over, and all machines come to the same file."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfepy_notify.merging import merged as merged_by
from wfepy_notify.message import Message
from wfepy_notify.outbox import Outbox, failure

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)


def at(minutes: int = 0, **time: int) -> str:
    return f"{NOW + timedelta(minutes=minutes, **time):%Y-%m-%dT%H:%M:%SZ}"


def queued(event_id: str, title: str = "") -> dict[str, Any]:
    return {"queued": Message("team", "failed", event_id, at(), title=title or event_id, body="b").to_json()}


def sent(*ids: str, minutes: int = 0) -> dict[str, Any]:
    return {"sent": [f"{id}@team" for id in ids], "to": "team", "at": at(minutes)}


def failed(id: str, minutes: int, error: str = "boom", *reached: str) -> dict[str, Any]:
    return failure([f"{id}@team"], at(minutes), error, list(reached))


def taken(id: str, minutes: int) -> dict[str, Any]:
    return {"taken": [f"{id}@team"], "until": at(minutes)}


def lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def merged(ours: bytes, theirs: bytes) -> bytes:
    return merged_by(ours, theirs, lambda: NOW)


def read(data: bytes) -> dict[str, Any]:
    outbox = Outbox("", lambda: NOW)
    outbox.take_lines(data)
    found = {
        id.removesuffix("@team"): (each.tries, each.error, each.tried, each.reached, each.taken)
        for id, each in outbox.pending.items()
    }
    return {"waiting": found, "over": {id.removesuffix("@team") for id in outbox.over}}


def test_what_waits_on_either_side_waits() -> None:
    both = read(merged(lines(queued("a")), lines(queued("b"))))
    assert (set(both["waiting"]), both["over"]) == ({"a", "b"}, set())


@pytest.mark.parametrize("over", [sent("a"), {"dropped": ["a@team"], "at": at()}])
def test_what_one_side_knows_as_over_is_over(over: dict[str, Any]) -> None:
    waits, done = lines(queued("a"), failed("a", 1)), lines(queued("a"), over)
    for one, two in ((waits, done), (done, waits), (waits, lines(over)), (lines(over), waits)):
        assert read(merged(one, two)) == {"waiting": {}, "over": {"a"}}


def test_tries_addresses_and_pauses_are_those_of_both() -> None:
    one = lines(queued("a"), failed("a", 1, "refused", "ann"), failed("a", 5, "refused", "ann"))
    two = lines(queued("a"), failed("a", 9, "no answer", "bob"))
    assert read(merged(one, two))["waiting"]["a"] == (2, "no answer", at(9), ["ann", "bob"], "")


def test_what_a_machine_is_sending_is_left_to_it_until_it_has_said_what_came_of_it() -> None:
    one, two = lines(queued("a"), taken("a", 2)), lines(queued("a"))
    assert read(merged(one, two))["waiting"]["a"][-1] == at(2)
    two = lines(queued("a"), failed("a", 1))
    assert read(merged(one, two))["waiting"]["a"][-1] == ""


def test_one_side_that_says_all_stays_as_it_is() -> None:
    more, less = lines(queued("a"), failed("a", 1), sent("b")), lines(sent("b"), queued("a"))
    assert merged(more, less) == merged(less, more) == more
    other = lines(sent("b"), queued("a"), failed("a", 1))
    assert merged(more, other) == other, "what is on the branch need not be pushed"


def test_what_nobody_understands_and_markers_of_a_merge_are_passed_over() -> None:
    broken = (
        b'<<<<<<< HEAD\n{"queued": 3}\n[]\n\xff\xfe\n{"failed": ["a@team"], "at": "noon", "error": "x"}\n'
    )
    broken += b'{"sent": ["a@team"], "at": "9999"}\n{"sent": [["x"]], "at": "2026-11-23T09:00:00Z"}\n'
    assert read(merged(lines(queued("b"), queued("a")) + broken, lines(queued("a")))) == {
        "waiting": {"a": (0, "", "", [], ""), "b": (0, "", "", [], "")},
        "over": set(),
    }


def test_what_is_over_for_a_month_is_left_out_by_all_alike() -> None:
    old, new = sent("old", minutes=-60 * 24 * 31), sent("new")
    assert b"old" not in merged(lines(old, queued("a")), lines(new))
    assert merged(lines(old, new), lines(new)) == lines(new)
    assert merged(lines(new), lines(old, new)) == lines(old, new), "nothing is pushed only to forget it"
    future = sent("future", minutes=60 * 24 * 365)
    assert b'"new@' in merged(lines(new, queued("a")), lines(future)), "a clock that is wrong forgets nothing"


RECORDS = st.lists(
    st.one_of(
        st.sampled_from("abcd").map(queued),
        st.builds(sent, st.sampled_from("abcd"), minutes=st.integers(0, 3)),
        st.builds(failed, st.sampled_from("abcd"), st.integers(0, 3), st.sampled_from("xy"), st.sampled_from("uv")),
        st.builds(taken, st.sampled_from("abcd"), st.integers(0, 3)),
    ),
    max_size=8,
)  # fmt: skip


@given(RECORDS, RECORDS, RECORDS)
def test_whoever_merges_first_all_come_to_say_the_same(
    one: list[dict[str, Any]], two: list[dict[str, Any]], base: list[dict[str, Any]]
) -> None:
    ours, theirs = lines(*base, *one), lines(*base, *two)
    both = merged(ours, theirs)
    assert read(both) == read(merged(theirs, ours))
    for side in (ours, theirs, both):
        assert merged(side, both) == both, "whoever takes it from the branch has nothing to push"
        assert read(merged(both, side)) == read(both)
    mine, other, result = read(ours), read(theirs), read(both)
    assert result["over"] == mine["over"] | other["over"]
    assert set(result["waiting"]) == (set(mine["waiting"]) | set(other["waiting"])) - result["over"]


def test_a_message_of_the_branch_cannot_steer_a_terminal_or_the_header_of_a_mail() -> None:
    record = queued("a", "x\nBcc: mallory@example.org\x1b[2J")
    record["queued"]["body"] = "b\x1b[2J" * 9000
    outbox = Outbox("", lambda: NOW)
    outbox.take_lines(lines(record))
    (each,) = outbox.pending.values()
    assert each.message.title == "x Bcc: mallory@example.org\\x1b[2J"
    assert "\x1b" not in each.message.body
    assert len(each.message.body.encode()) <= 20_000


def test_a_file_that_took_the_place_of_another_one_is_read_anew_whatever_its_inode(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path), lambda: NOW)
    with outbox.locked():
        outbox.append(queued("a"))
    with open(outbox.path, "r+b") as file:  # the same inode, as one may have two files later
        file.write(lines(queued("b"), queued("c")))
    outbox.read()
    assert list(outbox.pending) == ["b@team", "c@team"]
