"""Machines that share one branch: what one does, the others have after a pull; what both do is put together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from wfepy_git.errors import Conflict, Missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from git_folders import Clone, Remote

    MakeClone = Callable[..., Clone]


def test_another_machine_has_the_very_files(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, two = pair
    assert two.files() == one.files()
    assert list(one.files()) == ["flow/x.json", "flow/x.jsonl"]
    assert remote.files() == [f".wfepy/state/{name}" for name in one.files()]


def test_a_pull_before_the_first_push_finds_no_branch(clone: MakeClone) -> None:
    assert clone("one").repository().pull().commit is None


def test_an_instance_goes_to_and_fro_until_it_has_ended(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, two = pair
    one.signal("x", data=1)
    one.push()
    two.pull()
    two.tick()
    two.push()
    one.pull()
    assert one.context("x")["seen"] == [1]
    one.signal("x", "stop")
    one.tick()
    one.push()
    two.pull()
    assert two.files() == one.files()
    assert list(two.files()) == ["flow/done/x.json", "flow/done/x.jsonl"]
    assert remote.subjects() == [
        "flow/x: b waiting -> done, finished",
        "flow/x: b waiting",
        next(each for each in remote.subjects() if "signal" in each),
        "flow/x: a done, b waiting",
    ]


def test_nothing_new_makes_no_commit_and_touches_no_file(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, two = pair
    tip, before = remote.tip(), {path: path.stat() for path in two.path.rglob("*")}
    one.tick()
    assert not one.push()
    assert two.pull() == []
    assert not two.push()
    assert remote.tip() == tip
    changed = [path.name for path, status in before.items() if path.stat().st_mtime_ns != status.st_mtime_ns]
    assert [name for name in changed if name not in ("lock", "repository", "tip", "wfepy", "shallow")] == []


def test_different_instances_and_signals_of_two_machines_are_put_together(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, two = pair
    for machine in pair:
        machine.start(machine.path.name)
        machine.tick()
        machine.signal("x", id=f"from-{machine.path.name}", data=machine.path.name)
    one.push()
    assert two.repository().push().attempts == 2
    one.pull()
    assert one.files() == two.files()
    names = {name.rpartition("/")[2] for name in one.files()}
    assert {"one.json", "two.json", "from-one.json", "from-two.json"} <= names


def test_a_signal_that_was_consumed_elsewhere_stays_consumed(pair: tuple[Clone, Clone]) -> None:
    one, two = pair
    one.signal("x", id="s", data=1)
    one.push()
    two.pull()
    two.tick()
    two.push()
    one.pull()
    assert [name for name in one.files() if "inbox" in name] == []
    one.tick()
    assert one.context("x")["seen"] == [1]


def test_of_two_signals_of_one_id_the_first_one_counts(pair: tuple[Clone, Clone]) -> None:
    one, two = pair
    one.signal("x", id="s", data="first")
    two.signal("x", id="s", data="second")
    one.push()
    two.push()
    two.tick()
    assert two.context("x")["seen"] == ["first"]


def test_the_longer_of_two_histories_wins_where_one_is_the_beginning_of_the_other(
    pair: tuple[Clone, Clone], tmp_path: Path
) -> None:
    one, two = pair
    one.signal("x", data=1)
    one.tick()
    one.push()
    two.pull()
    old = two.files()
    two.signal("x", data=2)
    two.tick()
    two.push()
    (one.home / "synced").unlink()  # what was the same is not known any more
    one.pull()
    assert one.files() == two.files() != old


def test_an_older_backup_that_was_restored_here_is_brought_up_to_date(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, _ = pair
    old = one.files()
    one.signal("x", data=1)
    one.tick()
    one.push()
    new, tip = one.files(), remote.tip()
    for name, data in old.items():
        (one.state / name).write_bytes(data)
    assert not one.push()
    assert one.files() == new
    assert remote.tip() == tip


def both_go_on(pair: tuple[Clone, Clone]) -> tuple[Clone, Clone]:
    for machine in pair:
        machine.signal("x", data=machine.path.name)
        machine.tick()
    pair[0].push()
    return pair


def test_one_instance_that_went_on_in_two_ways_is_a_conflict_that_stops_nothing_else(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, two = both_go_on(pair)
    two.start("y")
    kept = two.files()
    with pytest.raises(Conflict, match="flow/x went on here and on another machine") as caught:
        two.push()
    assert caught.value.instances == ["flow/x"]
    assert two.files() == kept
    assert two.repository().has_outbox
    assert remote.show(".wfepy/state/flow/x.jsonl") == (one.state / "flow/x.jsonl").read_text()
    assert ".wfepy/state/flow/y.json" in remote.files()
    with pytest.raises(Conflict):
        two.pull()
    assert two.repository().standing().unpushed == ["flow/x"]


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_person_decides_which_side_of_a_conflict_goes_on(pair: tuple[Clone, Clone], side: str) -> None:
    one, two = both_go_on(pair)
    with pytest.raises(Conflict):
        two.push()
    mine = two.files()
    kept = two.repository().settle_conflict("flow/x", side)
    two.push()
    assert not two.repository().has_outbox
    one.pull()
    assert one.files() == two.files()
    assert two.context("x")["seen"] == ["two" if side == "ours" else "one"]
    if side == "theirs":
        saved = {path.name: path.read_bytes() for path in two.home.glob("given-up/**/*.json*")}
        assert kept
        assert saved["x.jsonl"] == mine["flow/x.jsonl"]


def test_a_start_by_the_schedule_on_two_machines_is_one_instance(clone: MakeClone) -> None:
    one, two = clone("one"), clone("two")
    for machine in (one, two):
        machine.start("20261125T210000Z")
        file = machine.state / "flow/20261125T210000Z.json"
        scheduled = {**json.loads(file.read_text()), "scheduled": {"due": "2026-11-25T21:00:00.000000Z"}}
        file.write_text(json.dumps(scheduled))
        machine.push()
    one.pull()
    assert one.files() == two.files()


def test_the_notes_of_schedules_are_put_together_the_later_ones_win(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, two = pair
    early, late = "2026-11-25T21:00:00.000000Z", "2026-11-25T22:00:00.000000Z"
    for machine, notes in ((one, {"a": early, "b": late}), (two, {"a": late, "b": early, "c": early})):
        file = machine.state / "flow/schedule/starts.json"
        file.parent.mkdir()
        file.write_text(json.dumps({key: {"until": until} for key, until in notes.items()}))
        machine.push()
    found = json.loads(remote.show(".wfepy/state/flow/schedule/starts.json"))
    assert {key: entry["until"] for key, entry in found.items()} == {"a": late, "b": late, "c": early}
    one.pull()
    assert one.files() == two.files()


def test_what_is_deleted_here_comes_back_and_what_is_deleted_there_goes_here(
    pair: tuple[Clone, Clone], remote: Remote, tmp_path: Path
) -> None:
    one, two = pair
    files = one.files()
    for name in files:
        (one.state / name).unlink()
    one.pull()
    assert one.files() == files
    assert not one.push()
    remote.commit({f".wfepy/state/{name}": None for name in files}, tmp_path)
    two.pull()
    assert two.files() == {}


def test_a_state_folder_that_is_gone_is_taken_over_anew_and_consumes_no_signal(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    import shutil

    one, _ = pair
    one.signal("x", id="s")
    one.push()
    files = one.files()
    shutil.rmtree(one.state)
    one.push()
    assert one.files() == files
    assert ".wfepy/state/flow/inbox/x/s.json" in remote.files()


def test_what_is_no_state_stays_on_the_branch_and_never_goes_there(
    pair: tuple[Clone, Clone], remote: Remote, tmp_path: Path
) -> None:
    _, two = pair
    remote.commit({"README.md": b"ours\n", ".wfepy/state/notes.txt": b"theirs\n"}, tmp_path)
    (two.state / "mine.txt").write_text("mine")
    (two.state / ".wake").mkdir(exist_ok=True)
    (two.state / ".wake/x.log").write_text("")
    (two.state / "flow/.x.json.tmp-1").write_text("")
    two.signal("x")
    two.push()
    names = set(remote.files())
    assert {"README.md", ".wfepy/state/notes.txt"} <= names
    assert not [name for name in names if "mine" in name or ".wake" in name or "tmp" in name]
    assert not (two.state / "notes.txt").exists()


def test_a_branch_that_is_gone_is_told_and_made_anew_only_when_asked(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    from git_folders import git

    one, two = pair
    git(remote.path, "update-ref", "-d", "refs/heads/wfepy-state")
    with pytest.raises(Missing, match="the branch wfepy-state is gone"):
        one.pull()
    one.signal("x")
    with pytest.raises(Missing, match="wfepy git push --recreate"):
        one.push()
    one.repository().push(recreate=True)
    two.pull()
    assert two.files() == one.files()


def rewind(remote: Remote) -> None:
    from git_folders import git

    git(remote.path, "update-ref", "refs/heads/wfepy-state", "wfepy-state~1")


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_branch_that_was_rewound_is_noticed_and_nothing_is_lost(
    pair: tuple[Clone, Clone], remote: Remote, side: str
) -> None:
    one, _ = pair
    old = one.files()
    one.signal("x", data=1)
    one.tick()
    one.push()
    new = one.files()
    rewind(remote)
    with pytest.raises(Conflict, match="rewound by somebody"):
        one.pull()
    with pytest.raises(Conflict, match="rewound by somebody"):
        one.push()
    assert one.files() == new
    one.repository().settle_conflict("flow/x", side)
    one.push()
    assert one.files() == (new if side == "ours" else old)
    assert remote.show(".wfepy/state/flow/x.jsonl") == (one.state / "flow/x.jsonl").read_text()


def test_a_revert_by_a_commit_is_taken_over(
    pair: tuple[Clone, Clone], remote: Remote, tmp_path: Path
) -> None:
    one, _ = pair
    old = one.files()
    one.signal("x", data=1)
    one.tick()
    one.push()
    remote.commit({f".wfepy/state/{name}": data for name, data in old.items()}, tmp_path)
    one.pull()
    assert one.files() == old


def test_an_instance_that_a_tick_holds_is_left_for_the_next_time(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    import fcntl

    one, two = pair
    one.signal("x", data=1)
    one.tick()
    tip = remote.tip()
    with (one.state / "flow/x.jsonl").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        pushed = one.repository().push()
        assert pushed.busy == ["flow/x"]
        assert remote.files() == [f".wfepy/state/flow/{name}" for name in ("x.json", "x.jsonl")]
    assert remote.tip() == tip
    one.push()
    with (two.state / "flow/x.jsonl").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert two.repository().pull().busy == ["flow/x"]
    two.pull()
    assert two.files() == one.files()


def test_the_past_is_not_looked_through_again_unless_something_has_come_to_it(
    pair: tuple[Clone, Clone], remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    one, _ = pair
    one.signal("x", "stop")
    one.tick()
    one.push()
    one.push()  # the time of the folder was too new to be trusted
    scanned: list[str] = []
    scandir = os.scandir

    def watched(path: str) -> object:
        scanned.append(str(path).removeprefix(f"{one.state}/"))
        return scandir(path)

    (done,) = one.state.glob("*/done")
    os.utime(done, ns=(1, 1))
    one.push()
    monkeypatch.setattr(os, "scandir", watched)
    one.push()
    assert "flow" in scanned
    assert "flow/done" not in scanned
    one.start("y")
    one.signal("y", "stop")
    one.tick()
    one.push()
    assert "flow/done" in scanned
    assert ".wfepy/state/flow/done/y.json" in remote.files()


def test_what_ended_while_the_remote_refused_is_pushed_later(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    from wfepy_git.errors import HookDeclined

    one, _ = pair
    one.signal("x", "stop")
    one.tick()
    remote.hook("update", "exit 1\n")
    for _attempt in range(2):
        with pytest.raises(HookDeclined):
            one.push()
    remote.no_hooks()
    assert one.push()
    assert remote.files() == [".wfepy/state/flow/done/x.json", ".wfepy/state/flow/done/x.jsonl"]
