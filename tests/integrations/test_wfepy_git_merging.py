"""What becomes of an entity that was changed here, there, or on both sides: every case, without git."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfepy_git.checking import flaws_of, whole_lines
from wfepy_git.layout import INSTANCE, SCHEDULE, SIGNAL, Entity, entity_of, files_of, title
from wfepy_git.merging import KEEP, MERGED, OLDER, SAME, SPLIT, TAKE, Side, decide, merged_starts
from wfepy_git.subjects import Change, message, nonce_of, subject

X = Entity(INSTANCE, "flow", "x", "")
S = Entity(SIGNAL, "flow", "x", "s.json")
N = Entity(SCHEDULE, "flow", "", "")


def history(records: str) -> bytes:
    """Return a history with a record for each letter."""
    lines = [json.dumps({"seq": seq, "at": letter}) for seq, letter in enumerate(records, 1)]
    return "".join(f"{line}\n" for line in lines).encode()


def files(
    records: str | None, *, ended: bool = False, uid: str = "u", covers: int | None = None
) -> dict[str, bytes]:
    """Return the files of an instance with these records; none for ``None``."""
    if records is None:
        return {}
    place = "flow/done/x" if ended else "flow/x"
    count = len(records) if covers is None else covers
    document = {"schema": 2, "uid": uid, "history": {"records": count}, "workflow": "flow", "instance": "x"}
    return {f"{place}.json": json.dumps(document).encode(), f"{place}.jsonl": history(records)}


def side(contents: dict[str, bytes]) -> Side:
    return Side({path: data.hex() for path, data in contents.items()}, contents.__getitem__)


def outcome(
    base: dict[str, bytes],
    ours: dict[str, bytes],
    theirs: dict[str, bytes],
    entity: Entity = X,
    rewound: bool = False,
) -> str:
    blobs = {path: data.hex() for path, data in base.items()}
    return decide(entity, blobs, side(ours), side(theirs), was_rewound=lambda: rewound)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        (None, "a", None, KEEP),
        (None, None, "a", TAKE),
        ("a", "a", "a", SAME),
        ("a", "ab", "ab", SAME),
        ("a", "ab", "a", KEEP),
        ("a", "a", "ab", TAKE),
        ("a", "ab", "abc", TAKE),
        ("a", "abc", "ab", KEEP),
        ("a", "ab", "ac", SPLIT),
        (None, "ab", "abc", TAKE),
        (None, "ab", "ac", SPLIT),
        ("a", None, "a", TAKE),
        ("a", None, "ab", TAKE),
        ("a", "a", None, TAKE),
        ("a", "ab", None, SPLIT),
        ("", "", "a", TAKE),
        ("", "a", "", KEEP),
    ],
)
def test_an_instance_goes_on_from_the_longer_history(
    base: str | None, ours: str | None, theirs: str | None, expected: str
) -> None:
    assert outcome(files(base), files(ours), files(theirs)) == expected


def test_an_instance_that_ended_is_compared_by_its_history_wherever_it_is() -> None:
    assert outcome(files("a"), files("a"), files("ab", ended=True)) == TAKE
    assert outcome(files("a"), files("ab", ended=True), files("a")) == KEEP
    assert outcome(files("a"), files("ab"), files("abc", ended=True)) == TAKE


def test_a_branch_that_goes_back_is_older_if_it_was_rewound_and_newer_if_it_was_not() -> None:
    assert outcome(files("ab"), files("ab"), files("a"), rewound=True) == OLDER
    assert outcome(files("ab"), files("ab"), files(None), rewound=True) == OLDER
    assert outcome(files("ab"), files("ab"), files("a")) == TAKE
    assert outcome(files("ab"), files("ab"), files("abc"), rewound=True) == TAKE


def test_two_instances_of_one_id_that_nothing_happened_to_are_one_only_if_they_began_as_one() -> None:
    assert outcome({}, files("", uid="1"), files("", uid="2")) == SPLIT
    assert outcome({}, files("", uid="1"), files("a", uid="2")) == SPLIT
    assert outcome({}, files("a", uid="1"), files("", uid="1")) == KEEP


def test_of_two_snapshots_of_one_history_that_counts_which_covers_more() -> None:
    assert outcome(files("a"), files("ab", covers=1), files("ab")) == TAKE
    assert outcome(files("a"), files("ab"), files("ab", covers=1)) == KEEP
    changed = {**files("ab"), "flow/x.json": files("ab", uid="edited")["flow/x.json"]}
    assert outcome(files("a"), files("ab"), changed) == SPLIT


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("", "1", "", KEEP),
        ("", "", "1", TAKE),
        ("1", "", "1", KEEP),
        ("1", "1", "", TAKE),
        ("1", "", "", SAME),
        ("1", "", "2", KEEP),
        ("1", "2", "", TAKE),
        ("", "1", "2", TAKE),
    ],
)
def test_a_signal_is_there_once_and_a_consumed_one_stays_consumed(
    base: str, ours: str, theirs: str, expected: str
) -> None:
    one, two, three = (
        {"flow/inbox/x/s.json": text.encode()} if text else {} for text in (base, ours, theirs)
    )
    assert outcome(one, two, three, entity=S) == expected


def test_of_what_schedules_have_begun_the_later_moment_counts() -> None:
    one, two, three = ({"flow/schedule/starts.json": text} for text in (b"{}", b'{"a": 1}', b'{"a": 2}'))
    assert outcome(one, two, three, entity=N) == MERGED
    ours = json.dumps({"a": {"until": "1"}, "b": {"until": "3"}}).encode()
    theirs = json.dumps({"a": {"until": "2"}, "c": {"until": "1"}}).encode()
    assert json.loads(merged_starts(ours, theirs)) == {
        key: {"until": n} for key, n in zip("abc", "231", strict=True)
    }


@given(st.text("ab", max_size=4), st.text("ab", max_size=4), st.text("ab", max_size=4))
def test_both_sides_decide_the_same_and_never_lose_a_record(base: str, ours: str, theirs: str) -> None:
    """Where both go on from one base, one machine keeps what the other takes, and the longer history is it."""
    mine, other = files(base + ours), files(base + theirs)
    here, there = outcome(files(base), mine, other), outcome(files(base), other, mine)
    assert (here, there) in [(KEEP, TAKE), (TAKE, KEEP), (SAME, SAME), (SPLIT, SPLIT)]
    if here == KEEP:
        assert ours.startswith(theirs)
    assert (here == SPLIT) == (not ours.startswith(theirs) and not theirs.startswith(ours))


def test_only_state_is_state() -> None:
    state = [
        "flow/x.json",
        "flow/x.jsonl",
        "flow/done/x.json",
        "flow/inbox/x/s.json",
        "flow/schedule/starts.json",
    ]
    other = [
        ".wake/flow.log", "flow/.x.json.tmp-1", "x.json", "flow/x.txt", "flow/inbox/s.json", "flow/inbox/x/.s.json",
        "flow/schedule/x.json", "done/x.json", "flow/-x.json", "flow/done/y/x.json", "flow/.json", "flow/ü.json",
        'flow/inbox/x/a"b.json', "flow/inbox/x/a\nb.json",
    ]  # fmt: skip
    assert [path for path in state if entity_of(path) is None] == []
    assert [path for path in other if entity_of(path) is not None] == []
    assert entity_of("flow/inbox/x/s.json.refused") is not None
    for path in state:
        entity = entity_of(path)
        assert entity is not None
        assert path in files_of(entity)
        assert title(entity)


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"", b""),
        (b'{"a": 1}\n', b'{"a": 1}\n'),
        (b'{"a": 1}', b'{"a": 1}\n'),
        (b'{"a": 1}\n{"b"', b'{"a": 1}\n'),
        (b'{"a": 1}\n\0\0\0\n', b'{"a": 1}\n'),
        (b'{"b"', b""),
    ],
)
def test_a_torn_last_line_is_no_part_of_a_history(data: bytes, whole: bytes) -> None:
    assert whole_lines(data) == whole


def test_files_that_are_swapped_or_do_not_belong_together_are_told() -> None:
    swapped = {path: data.replace(b'"x"', b'"y"') for path, data in files("a").items()}
    assert "it is the state of instance 'y'" in flaws_of(X, swapped)[0][1]
    covers = files("a", covers=7)
    assert "it covers 7 records of the history, which has 1" in flaws_of(X, covers)[0][1]
    assert flaws_of(X, {"flow/x.json": b'{"a": 1}'})[0][1] == "it is not a state document: it has no schema"
    assert flaws_of(N, {"flow/schedule/starts.json": b"{"})[0][1]
    assert flaws_of(S, {"flow/inbox/x/s.json": b"no JSON"}) == []


def record(task: str, status: str, event: str = "task", **more: str) -> bytes:
    return json.dumps({"event": event, "task": task, "status": status, **more}).encode() + b"\n"


WAITED, DONE = record("drink", "waiting"), record("drink", "completed")
NINE = b"".join(record(f"t{number}", "completed") for number in range(9))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (b"", b"", "flow/x: begins"),
        (b"", WAITED, "flow/x: drink waiting"),
        (WAITED, DONE, "flow/x: drink waiting -> done"),
        (WAITED, record("drink", "timed_out"), "flow/x: drink waiting -> timed out"),
        (WAITED, WAITED, "flow/x: drink waiting"),
        (WAITED, DONE + record("", "dead_end", "ended"), "flow/x: drink waiting -> done, dead end"),
        (WAITED, NINE, "flow/x: 9 tasks, t6 done, t7 done, t8 done"),
        (WAITED, record("", "", "operator", verb="pause", by="ann"), "flow/x: pause by ann"),
        (WAITED, b"", "flow/x: changed"),
        (WAITED, record("t\x1b[31m\n", "completed"), "flow/x: t?[31m? done"),
    ],
)  # fmt: skip
def test_a_subject_says_which_task_did_what(before: bytes, after: bytes, expected: str) -> None:
    assert subject([Change(X, before + after, len(before))]) == expected


def test_a_message_has_a_line_each_notes_and_what_makes_it_unlike_all_others() -> None:
    changes = [Change(X._replace(instance=f"i{number}")) for number in range(5)]
    text = message([*changes, Change(S), Change(N)], ["because"], "1234", "kitchen")
    assert text.splitlines()[0] == "5 instances: flow/i0, flow/i1, flow/i2, ..."
    assert "flow/i4: begins\nflow/x: signal s sent\nflow: what the schedule has begun\nbecause\n" in text
    assert text.endswith("\n\nWfepy-Tick: 1234\nWfepy-Machine: kitchen\n")
    assert nonce_of(text) == "1234"
    assert nonce_of("by hand\n") == ""
    assert all(len(line) <= 100 for line in text.splitlines())
    assert subject([Change(S, is_gone=True)]) == "flow/x: signal s delivered"
    assert subject([Change(S), Change(S._replace(instance="y"))]) == "2 signals: flow/x, flow/y"
