"""Putting blocks into a crontab and taking them out: whatever else is in it stays, byte for byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfepy_crontab.blocks import Block, find_blocks, put, take
from wfepy_hooks import WfepyError

IDS = ("coffee-1a2b3c4d", "coffee", "coffee-1a2b3c4d-2", "tea-00000000")
LINE = b"3-58/5 * * * * cd /srv/coffee && exec true\n"


def block(id: str = IDS[0], body: bytes = LINE, made: str = "wfepy crontab install") -> Block:
    return Block.of(id, body, made)


FOREIGN = [
    b"",
    b"\n",
    b"# a comment\n*/5 * * * * backup\n",
    b"MAILTO=ann\r\n0 0 * * *\tbackup\r\n",
    "# caf\xe9\n0 0 * * * x\n".encode("latin-1"),
    b"0 0 * * * no newline at the end",
    b"a lone\rcarriage return\n\n\n",
    b"\x0b\x0c\x1c\x1d\x1e\x85\n0 0 * * * what splitlines() takes for ends of lines\n",
]


@pytest.mark.parametrize("table", [None, *FOREIGN])
def test_taking_a_block_out_restores_what_was_there(table: bytes | None) -> None:
    with_block = put(table, block())
    assert (table or b"") in with_block
    assert take(with_block, IDS[0]) == table


def test_a_block_is_two_comments_with_the_lines_between_them() -> None:
    assert put(b"a\n", block()) == (
        b"a\n# wfepy begin coffee-1a2b3c4d sum=e2cedf2d02e5 made by: wfepy crontab install\n"
        + LINE
        + b"# wfepy end coffee-1a2b3c4d\n"
    )


def test_a_new_line_end_is_remembered_and_taken_back() -> None:
    with_block = put(b"a", block())
    assert with_block.startswith(b"a\n# wfepy begin coffee-1a2b3c4d sum=")
    assert b" was=newline made by: " in with_block
    assert take(with_block, IDS[0]) == b"a"


def test_putting_the_same_block_again_changes_nothing() -> None:
    for table in (None, *FOREIGN):
        once = put(table, block())
        assert put(once, block()) == once


def test_a_block_is_replaced_where_it_stands() -> None:
    table = put(b"a", block()) + b"b\n"
    changed = put(table, block(body=b"* * * * * new\n"))
    assert changed == table.replace(LINE, b"* * * * * new\n").replace(
        b"sum=e2cedf2d02e5", b"sum=7cd8638170be"
    )
    assert take(changed, IDS[0]) == b"a\nb\n"


def test_what_somebody_has_added_below_stays_with_its_line_end_above() -> None:
    assert take(put(b"a", block()) + b"b\n", IDS[0]) == b"a\nb\n"


def test_an_id_that_another_one_begins_with_is_another_id() -> None:
    table: bytes | None = None
    for id in IDS:
        table = put(table, block(id))
    assert table is not None
    assert [each.id for each in find_blocks(table)] == list(IDS)
    without = take(table, "coffee")
    assert without is not None
    assert [each.id for each in find_blocks(without)] == [id for id in IDS if id != "coffee"]
    assert take(without, "coffee-1a2b3c4") == without


def test_a_block_that_is_not_there_is_not_taken_out() -> None:
    assert take(b"a", IDS[0]) == b"a"


def test_an_edit_of_the_lines_is_seen() -> None:
    table = put(b"", block())
    (found,) = find_blocks(table)
    assert not found.is_edited
    (found,) = find_blocks(table.replace(b"3-58/5", b"*/5"))
    assert found.is_edited


BEGIN = block().render().split(b"\n")[0]
END = b"# wfepy end coffee-1a2b3c4d"


@pytest.mark.parametrize(
    ("lines", "number", "what"),
    [
        ([b"a", BEGIN, LINE], 2, "has no end"),
        ([BEGIN, BEGIN, END], 2, "begins inside of the one that begins in line 1"),
        ([BEGIN, END, b"", BEGIN, END], 4, "is the second one of coffee-1a2b3c4d"),
        ([b"a", b"b", END], 3, "ends, and none has begun"),
        ([BEGIN, b"# wfepy end coffee"], 2, "ends as coffee, and the one of line 1 is of coffee-1a2b3c4d"),
        ([BEGIN + b"\r", END], 1, "has a first line that was changed"),
        ([BEGIN, END + b"\r"], 2, "has a last line that was changed"),
        ([b" " + BEGIN, END], 1, "has a first line that was changed"),
        ([BEGIN.replace(b" sum=", b" SUM="), END], 1, "has a first line that was changed"),
        (
            [BEGIN.replace(b" made", b" was=newline,none,moon made"), END],
            1,
            "has a first line that was changed",
        ),
        ([BEGIN.replace(b" made", b" was=none,newline made"), END], 1, "has a first line that was changed"),
        ([b"#wfepy begin", END], 1, "has a first line that was changed"),
        ([BEGIN, b"## WFEPY END coffee-1a2b3c4d"], 2, "has a last line that was changed"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(lines: list[bytes], number: int, what: str) -> None:
    table = b"\n".join([*lines, b""])
    changes: list[Callable[[], object]] = [
        lambda: put(table, block()),
        lambda: put(table, block("tea")),
        lambda: take(table, IDS[0]),
    ]
    for change in changes:
        with pytest.raises(WfepyError) as caught:
            change()
        assert caught.value.where == f"crontab, line {number}"
        assert what in caught.value.what
        assert "crontab -e" in caught.value.hint


def test_a_comment_about_us_is_none_of_ours() -> None:
    table = b"# wfepy is nice\n# wfepy ends here\n# the wfepy begin mark\n"
    assert find_blocks(table) == []
    assert take(put(table, block()), IDS[0]) == table


def foreign_bytes() -> st.SearchStrategy[bytes]:
    words = st.sampled_from([b"\n", b"\r\n", b"#", b" ", b"wfepy", b"0 0 * * * x", b"\xff", b"\x00", b"A=b"])
    made = st.lists(words | st.binary(max_size=5)).map(b"".join)
    return made.filter(lambda table: b"begin" not in table and b"end" not in table.lower())


@given(
    table=st.none() | foreign_bytes(),
    steps=st.lists(
        st.tuples(st.booleans(), st.sampled_from(IDS), st.sampled_from([LINE, b"x\n", b"\xff\r\n"]))
    ),
    order=st.permutations(IDS),
)
def test_any_crontab_is_restored_once_all_blocks_are_out(
    table: bytes | None, steps: list[tuple[bool, str, bytes]], order: list[str]
) -> None:
    now = table
    there: dict[str, bytes] = {}
    for installs, id, body in steps:
        if installs:
            now = put(now, block(id, body))
            there[id] = body
        elif now is not None:
            now = take(now, id)
            there.pop(id, None)
        assert {each.id: each.body for each in find_blocks(now or b"")} == there
    for id in order:
        now = None if now is None else take(now, id)
    assert now == table


@given(before=foreign_bytes(), behind=foreign_bytes(), body=st.sampled_from([LINE, b"\xff\r\n"]))
def test_the_lines_around_a_block_are_never_touched(before: bytes, behind: bytes, body: bytes) -> None:
    table = put(before, block()) + behind
    changed = put(table, block(body=body))
    assert changed.startswith(before)
    assert changed.endswith(behind)
    middle = changed[len(before) : len(changed) - len(behind)]
    assert middle.removeprefix(b"\n") == find_blocks(changed)[0].render()
    without = take(table, IDS[0])
    assert without in (before + behind, before + b"\n" + behind)
