"""Files of other plugins that travel with the state: only what a plugin names, and as it merges them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import threading
from typing import TYPE_CHECKING

import pytest

import wfepy_git
from git_folders import Clone, Remote
from todo_plugin import PLACE, Todo, note, notes
from wfepy_git.errors import BadState
from wfepy_git.local import _lock
from wfepy_git.sharing import tell_ticked
from wfepy_hooks import PluginError, StateError, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeClone = Callable[..., Clone]


def share(*machines: Clone, plugin: object = None) -> None:
    for machine in machines:
        machine.plugins = [wfepy_git, plugin or Todo()]


def test_a_file_of_a_plugin_goes_with_the_state_and_comes_with_it(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, two = pair
    share(one, two)
    note(one, "a")
    assert one.repository().standing().unpushed == [PLACE]
    assert one.push()
    assert remote.subjects()[0] == f"{PLACE}: changed"
    assert two.pull() == [PLACE]
    assert notes(two) == ["a"]


def test_what_both_have_changed_is_merged_and_then_all_agree(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, two = pair
    share(one, two)
    note(one, "a")
    one.push()
    two.pull()
    note(one, "b")
    note(two, "c")
    one.push()
    two.push()
    assert notes(two) == ["a", "b", "c"]
    one.pull()
    assert one.files() == two.files()
    tip = remote.tip()
    assert [one.push(), two.push()] == [False, False]
    assert remote.tip() == tip


def test_what_is_deleted_or_put_back_on_one_side_comes_again(
    pair: tuple[Clone, Clone], remote: Remote, tmp_path: Path
) -> None:
    one, two = pair
    share(one, two)
    note(one, "a", "b")
    one.push()
    (one.state / PLACE).write_text("a\n")  # of a backup
    one.push()
    assert remote.show(f".wfepy/state/{PLACE}") == "a\nb\n"
    (one.state / PLACE).unlink()
    one.pull()
    assert notes(one) == ["a", "b"]
    remote.commit({f".wfepy/state/{PLACE}": None}, tmp_path)
    one.pull()
    one.push()
    assert remote.show(f".wfepy/state/{PLACE}") == "a\nb\n"


@pytest.mark.parametrize("torn", ['{"tor', "2026"])  # which is JSON, and the beginning of a date
def test_an_empty_file_and_a_torn_line_say_nothing(
    pair: tuple[Clone, Clone], remote: Remote, torn: str
) -> None:
    one, two = pair
    share(one, two)
    note(one)
    tip = remote.tip()
    assert not one.push()
    assert remote.tip() == tip
    note(one, "a")
    with (one.state / PLACE).open("a") as stream:
        stream.write(torn)
    one.push()
    assert remote.show(f".wfepy/state/{PLACE}") == "a\n"


def test_a_file_that_no_plugin_names_stays_where_it_is(
    pair: tuple[Clone, Clone], remote: Remote, tmp_path: Path
) -> None:
    one, two = pair
    share(one)
    note(two, "here")
    assert not two.push()
    (two.state / PLACE).unlink()
    there: dict[str, bytes | None] = {
        f".wfepy/state/{path}": b"{}\n"
        for path in (".todo/other.jsonl", ".evil/list.jsonl", ".todo/a/list.jsonl", ".wake/flow.log")
    }
    remote.commit(there, tmp_path)
    before = one.files()
    one.pull()
    assert one.files() == before
    note(one, "a")
    one.push()
    assert set(there) <= set(remote.files())
    two.pull()
    assert notes(two) == []


def test_a_plugin_that_comes_later_gets_what_is_there_already(pair: tuple[Clone, Clone]) -> None:
    one, two = pair
    share(one)
    note(one, "a")
    one.push()
    two.pull()  # it knows the last commit of the branch now, and not this file
    share(two)
    note(two, "b")
    two.push()
    assert notes(two) == ["a", "b"]


def test_links_are_neither_pushed_nor_followed(
    pair: tuple[Clone, Clone], remote: Remote, tmp_path: Path
) -> None:
    one, two = pair
    share(one, two)
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    note(one)
    (one.state / PLACE).unlink()
    os.symlink(secret, one.state / PLACE)
    with pytest.raises(StateError):
        one.push()
    assert f".wfepy/state/{PLACE}" not in remote.files()
    note(two, "a")
    two.push()
    with pytest.raises(StateError):
        one.pull()
    assert secret.read_text() == "hunter2\n"


@pytest.mark.parametrize("is_new", [True, False])
def test_whoever_writes_while_it_is_replaced_waits_and_has_the_new_file_then(
    pair: tuple[Clone, Clone], monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    one, two = pair
    share(one, two)
    note(one, "a")
    one.push()
    if not is_new:
        note(two, "b")
    held = []

    def hit(point: str) -> None:
        if point in ("git.apply.write", "git.apply.rename", "git.apply.renamed"):
            with (two.state / PLACE).open() as stream, contextlib.suppress(BlockingIOError):
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held.append(point)

    monkeypatch.setattr("wfepy_hooks.faults.hit", hit)
    two.pull()
    assert held == []
    assert notes(two) == (["a"] if is_new else ["a", "b"])


def test_what_was_written_after_it_was_read_is_not_replaced(
    pair: tuple[Clone, Clone], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    note(one, "a")

    def write_and_merge(ours: bytes, theirs: bytes) -> bytes:
        note(two, "late")
        return b"".join([ours, theirs])

    share(one)
    share(two, plugin=Todo(write_and_merge))
    one.push()
    note(two, "b")
    pulled = two.repository().pull()
    assert (pulled.changed, pulled.busy) == ([], [PLACE])
    assert notes(two) == ["b", "late"]
    share(two)
    two.pull()
    assert notes(two) == ["a", "b", "late"]


def test_a_plugin_that_cannot_merge_stops_both_ways_and_says_so(pair: tuple[Clone, Clone]) -> None:
    one, two = pair

    def broken(ours: bytes, theirs: bytes) -> bytes:
        raise ZeroDivisionError("oops")

    share(one, two, plugin=Todo(broken))
    note(one, "a")
    one.push()
    note(two, "b")
    with pytest.raises(BadState, match=re.escape(f"{PLACE}: it cannot be compared: ZeroDivisionError: oops")):
        two.push()
    assert notes(two) == ["b"]


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../x.jsonl", ".git/x.jsonl", ".wake/x.jsonl", "todo/x.jsonl", ".todo/x.json", ".todo/../x.jsonl",
     ".todo/.x.jsonl", "./x.jsonl", "../../x.jsonl", ".todo"],
)  # fmt: skip
def test_a_plugin_can_share_files_of_its_own_folder_alone(clone: MakeClone, path: str) -> None:
    one = clone("one")
    share(one, plugin=Todo(path=path))
    with pytest.raises(PluginError, match=r"write such as \.NAME/FILE\.jsonl"):
        one.repository()


def test_a_plugin_that_fails_before_the_push_does_not_keep_the_results_here(
    clone: MakeClone, caplog: pytest.LogCaptureFixture
) -> None:
    told = []

    class Telling:
        @hookimpl
        def wfepy_git_ticked(self, workflows: list[str], exit_code: int) -> None:
            told.append((workflows, exit_code))

    class Failing:
        @hookimpl
        def wfepy_git_ticked(self) -> None:
            raise ZeroDivisionError("oops")

    one = clone("one")
    one.plugins = [wfepy_git, Telling(), Failing()]  # the last one is called first
    tell_ticked(one.config(), ["flow"], 3)
    assert told == [(["flow"], 3)]
    (message,) = caplog.messages
    assert re.match("plugin .*: wfepy_git_ticked raised ZeroDivisionError: oops", message)


def test_a_plugin_that_cannot_say_what_it_shares_is_named(clone: MakeClone) -> None:
    class Failing:
        @hookimpl
        def wfepy_git_files(self) -> None:
            raise ZeroDivisionError("oops")

    one = clone("one")
    one.plugins = [wfepy_git, Failing()]
    with pytest.raises(PluginError, match="wfepy_git_files raised ZeroDivisionError: oops") as caught:
        one.repository()
    assert caught.value.plugin
    assert str(caught.value.where).startswith("plugin ")


def test_two_plugins_do_not_share_one_file(clone: MakeClone) -> None:
    one = clone("one")
    one.plugins = [wfepy_git, Todo(), type("Other", (Todo,), {})()]
    with pytest.raises(PluginError, match="two plugins share"):
        one.repository()


def test_a_file_whose_plugin_is_gone_is_nobodys_until_it_is_back(pair: tuple[Clone, Clone]) -> None:
    one, two = pair
    share(one, two)
    note(one, "a")
    one.push()
    one.plugins = [wfepy_git]
    assert PLACE not in one.repository()._table().blobs
    note(one, "b")
    assert not one.push()
    note(two, "c")
    two.push()
    share(one)
    one.push()
    assert notes(one) == ["a", "b", "c"]


def test_whoever_holds_the_file_for_a_moment_is_waited_for(pair: tuple[Clone, Clone]) -> None:
    one, _ = pair
    share(one)
    note(one, "a")
    with (one.state / PLACE).open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        timer = threading.Timer(0.1, fcntl.flock, (stream, fcntl.LOCK_UN))
        timer.start()
        assert one.push()
        timer.join()


def test_a_lock_is_that_of_the_file_that_has_the_name_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = tmp_path / "list.jsonl", tmp_path / "other"
    file.touch()
    other.touch()
    lock = fcntl.flock

    def slow_lock(descriptor: int, operation: int) -> None:
        if other.exists():
            other.replace(file)
        lock(descriptor, operation)

    monkeypatch.setattr("wfepy_git.local.fcntl.flock", slow_lock)
    (descriptor,) = _lock(str(file))
    assert os.fstat(descriptor).st_ino == file.stat().st_ino
    os.close(descriptor)
