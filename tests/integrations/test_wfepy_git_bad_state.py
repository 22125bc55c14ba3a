"""Files that are no state: in conflict, with other line ends, of a newer version, cut off or deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wfepy_git.errors import BadState

if TYPE_CHECKING:
    from pathlib import Path

    from git_folders import Clone, Remote


def damage(data: bytes, how: str) -> bytes | None:
    if how == "conflict":
        return b"<<<<<<< HEAD\n" + data + b"=======\n" + data + b">>>>>>> theirs\n"
    if how == "crlf":
        return data.replace(b"\n", b"\r\n")
    if how == "newer":
        return data.replace(b'"schema": 2', b'"schema": 99')
    if how == "cut":
        return data[: len(data) // 2]
    if how == "empty":
        return b""
    return None


SAID = {
    "conflict": "conflict marker",
    "crlf": "CRLF",
    "newer": "schema 99",
    "cut": "cut short|no record",
    "empty": "empty",
    "deleted": "snapshot is missing",
}


@pytest.mark.parametrize("how", SAID)
def test_a_branch_that_holds_no_state_is_told_and_what_is_here_is_kept(
    pair: tuple[Clone, Clone], remote: Remote, tmp_path: Path, how: str
) -> None:
    one, two = pair
    one.start("y")
    one.push()
    remote.commit(
        {".wfepy/state/flow/x.json": damage((one.state / "flow/x.json").read_bytes(), how)}, tmp_path
    )
    kept, tip = two.files(), remote.tip()
    with pytest.raises(BadState, match=SAID[how]) as caught:
        two.pull()
    assert "flow/x.json" in str(caught.value)
    assert {name: data for name, data in two.files().items() if "x" in name} == kept
    assert "flow/y.json" in two.files()
    two.signal("x")
    with pytest.raises(BadState, match=SAID[how]):
        two.push()
    assert remote.tip() == tip


def test_a_snapshot_that_was_deleted_here_comes_back(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, _ = pair
    files, tip = one.files(), remote.tip()
    (one.state / "flow/x.json").unlink()
    assert not one.push()
    assert one.files() == files
    (one.state / "flow/x.json").unlink()
    one.pull()
    assert one.files() == files
    assert remote.tip() == tip


@pytest.mark.parametrize("how", [how for how in SAID if how != "deleted"])
def test_a_folder_that_holds_no_state_is_told_and_nothing_of_it_is_pushed(
    pair: tuple[Clone, Clone], remote: Remote, how: str
) -> None:
    one, _ = pair
    one.start("y")
    file, tip = one.state / "flow/x.json", remote.tip()
    data = damage(file.read_bytes(), how)
    file.unlink()
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(BadState, match=SAID[how]) as caught:
        one.push()
    assert caught.value.exit_code == 3
    assert "x.json" in caught.value.files[0][0]
    assert remote.tip() == tip


def test_a_history_in_conflict_is_told(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, _ = pair
    file = one.state / "flow/x.jsonl"
    file.write_bytes(damage(file.read_bytes(), "conflict") or b"")
    with pytest.raises(BadState, match=r"x\.jsonl: line 1 is a conflict marker"):
        one.push()


def test_a_torn_last_line_of_a_history_is_not_pushed(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, two = pair
    whole = (one.state / "flow/x.jsonl").read_text()
    with (one.state / "flow/x.jsonl").open("a") as stream:
        stream.write('{"seq": 3, "at": "20')
    assert not one.push()
    one.signal("x", data=1)
    one.tick()
    one.push()
    assert remote.show(".wfepy/state/flow/x.jsonl").startswith(whole)
    two.pull()
    assert two.context("x")["seen"] == [1]
