"""Remotes that refuse, hang, answer late or die: each is told apart, and what is not pushed is kept and delivered."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from git_folders import Clone, git
from wfepy_git.errors import Denied, GitError, HookDeclined, Missing, Network, Protected, Stale
from wfepy_git.program import Done
from wfepy_git.verdicts import push_error, remote_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from git_folders import Remote

    MakeClone = Callable[..., Clone]

GITHUB = """
    echo "error: GH006: Protected branch update failed for refs/heads/wfepy-state." >&2
    echo "error: At least 1 approving review is required." >&2
    exit 1
"""


def wrapper(tmp_path: Path, script: str) -> str:
    """Return the path of a program that is run in place of ``git-receive-pack``."""
    file = tmp_path / "receive-pack"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("hook", "script", "error", "said"),
    [
        ("pre-receive", "echo not on a friday >&2; exit 1", HookDeclined, "not on a friday"),
        ("update", "echo 'no, $1' >&2; exit 1", HookDeclined, "hook declined"),
        ("pre-receive", GITHUB, Protected, "GH006"),
    ],
)
def test_a_refusal_fails_at_once_is_told_and_leaves_an_outbox_that_the_next_push_delivers(
    clone: MakeClone, remote: Remote, hook: str, script: str, error: type[GitError], said: str
) -> None:
    one = clone("one")
    one.start("x")
    remote.hook(hook, script + "\n")
    with pytest.raises(error, match=said) as caught:
        one.push()
    assert caught.value.where == str(remote.path)
    assert caught.value.hint
    outbox = one.repository().outbox
    assert outbox
    assert outbox["kind"] == error.kind
    assert one.repository().standing().unpushed == ["flow/x"]
    remote.no_hooks()
    delivered = one.repository().deliver_outbox()
    assert delivered
    assert delivered.changed == ["flow/x"]
    assert not one.repository().has_outbox
    assert one.repository().deliver_outbox() is None


def test_a_remote_that_does_not_let_us_in(clone: MakeClone, remote: Remote, tmp_path: Path) -> None:
    one = clone("one")
    one.start("x")
    text = "ERROR: Permission to acme/flows.git denied to bot."
    git(one.path, "config", "remote.origin.receivepack", wrapper(tmp_path, f"echo '{text}' >&2; exit 1"))
    with pytest.raises(Denied, match="Permission to acme/flows"):
        one.push()


def test_a_remote_that_is_not_there(tmp_path: Path) -> None:
    lost = Clone(tmp_path / "lost", str(tmp_path / "nowhere.git"))
    with pytest.raises(Missing, match="does not appear to be a git repository"):
        lost.pull()
    lost.configure('remote = "upstream"')
    with pytest.raises(Missing, match='there is no remote "upstream" in the checkout'):
        lost.pull()


def test_a_remote_that_does_not_answer(tmp_path: Path) -> None:
    one = Clone(tmp_path / "one", "git://127.0.0.1:1/flows.git")
    with pytest.raises(Network, match="Connection refused"):
        one.pull()


def test_a_remote_that_hangs_is_given_up_and_what_it_has_started_ends(
    clone: MakeClone, remote: Remote, tmp_path: Path
) -> None:
    one = clone("one")
    one.push()
    one.start("x")
    one.configure(timeout="1s")
    mark = tmp_path / "pid"
    hang = wrapper(tmp_path, f"echo $$ >>{mark}; exec sleep 60")
    git(one.path, "config", "remote.origin.uploadpack", hang)
    with pytest.raises(Network, match="no answer within 1 s"):
        one.pull()
    (pid,) = mark.read_text().split()
    until = time.monotonic() + 10
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < until:
        time.sleep(0.01)
    assert not os.path.exists(f"/proc/{pid}")


def test_an_answer_that_comes_too_late_is_no_failure(clone: MakeClone, remote: Remote) -> None:
    one = clone("one")
    one.start("x")
    one.push()
    one.signal("x", id="s")
    one.configure(timeout="1s")
    remote.hook("post-receive", "sleep 3\n")
    pushed = one.repository().push()
    assert pushed.commit == remote.tip()
    assert pushed.is_changed
    assert pushed.attempts == 1


def test_a_remote_that_dies_after_accepting_is_no_failure_and_nothing_is_doubled(
    clone: MakeClone, remote: Remote
) -> None:
    one, two = clone("one"), clone("two")
    one.start("x")
    one.push()
    two.pull()
    remote.hook("post-receive", "kill -9 $PPID\n")
    one.signal("x", id="s", data=1)
    pushed = one.repository().push()
    assert (pushed.commit, pushed.is_changed, pushed.attempts) == (remote.tip(), True, 1)
    assert not one.push()
    remote.no_hooks()
    two.pull()
    two.tick()
    two.push()
    one.pull()
    assert one.context("x")["seen"] == [1]
    assert len(remote.subjects()) == 3


def test_a_signal_that_arrived_and_was_consumed_before_the_answer_is_not_sent_again(
    clone: MakeClone, remote: Remote, tmp_path: Path
) -> None:
    one, two = clone("one"), clone("two")
    one.start("x")
    one.push()
    two.pull()
    # The answer is lost, and so is everything that comes after it.
    remote.hook("post-receive", f"kill -9 $PPID; touch {tmp_path}/lost\n")
    broken = wrapper(tmp_path, f'test -e {tmp_path}/lost && exit 1; exec git-upload-pack "$@"')
    git(one.path, "config", "remote.origin.uploadpack", broken)
    one.signal("x", id="s", data=1)
    with pytest.raises(Network):
        one.push()
    assert one.repository().has_outbox
    remote.no_hooks()
    two.pull()
    two.tick()
    two.push()
    git(one.path, "config", "--unset", "remote.origin.uploadpack")
    assert not one.push()
    assert not one.repository().has_outbox
    assert [name for name in remote.files() if "inbox" in name] == []
    assert one.files() == two.files()


def test_others_who_are_always_faster_are_told_in_the_end_and_the_result_is_kept(
    clone: MakeClone, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfepy_git.pushing._ATTEMPTS", 3)
    one = clone("one")
    one.start("x")
    one.push()
    one.start("y")
    remote.hook(
        "pre-receive",
        # Somebody pushes right before each of our pushes is looked at. The hook's own objects are in quarantine.
        """
        unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
        export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
        new=$(git commit-tree refs/heads/wfepy-state^{tree} -p refs/heads/wfepy-state -m faster)
        git update-ref refs/heads/wfepy-state $new
        """,
    )
    with pytest.raises(Stale, match="somebody has pushed to wfepy-state before us"):
        one.push()
    outbox = one.repository().outbox
    assert outbox
    assert outbox["kind"] == "stale"
    remote.no_hooks()
    assert one.push()
    assert ".wfepy/state/flow/y.json" in remote.files()


REFUSED = "!\t1234:refs/heads/wfepy-state\t[remote rejected] ({})\nDone\n"


@pytest.mark.parametrize(
    ("why", "said", "error"),
    [
        ("protected branch hook declined", "", Protected),
        ("push declined due to repository rule violations", "remote: error: GH013: Repository rule", Protected),
        ("pre-receive hook declined", "remote: GitLab: You are not allowed to push to protected branches", Protected),
        ("hook declined", "", HookDeclined),
        ("failed to update ref", "", Stale),
        ("cannot lock ref 'refs/heads/wfepy-state': is at 1 but expected 2", "", Stale),
        ("incorrect old value provided", "", Stale),
        ("permission denied", "", Denied),
    ],
)  # fmt: skip
def test_a_refused_push_is_told_apart(why: str, said: str, error: type[GitError]) -> None:
    done = Done(1, REFUSED.format(why).encode(), said)
    found = push_error(done, "refs/heads/wfepy-state", "https://example.org/flows.git")
    assert type(found) is error
    assert found.where == "https://example.org/flows.git"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("fatal: Authentication failed for 'https://github.com/acme/flows.git/'", Denied),
        ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", Denied),
        (
            "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
            Denied,
        ),
        ("fatal: unable to access 'https://github.com/a/b/': The requested URL returned error: 403", Denied),
        ("fatal: detected dubious ownership in repository at '/srv/flows.git'", Denied),
        ("remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found", Missing),
        ("ERROR: Repository not found.\nfatal: Could not read from remote repository.", Missing),
        ("fatal: '/srv/x.git' does not appear to be a git repository", Missing),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", Network),
        (
            "ssh: connect to host x port 22: No route to host\nfatal: Could not read from remote repository.",
            Network,
        ),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 502", Network),
        ("fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF", Network),
        ("fatal: the remote end hung up unexpectedly", Network),
        ("fatal: something new", GitError),
    ],
)
def test_a_remote_that_cannot_be_reached_is_told_apart(said: str, error: type[GitError]) -> None:
    found = remote_error(Done(128, b"", said), "https://example.org/flows.git")
    assert type(found) is error
    assert found.hint
    assert found.exit_code == 3


def test_passwords_in_urls_are_not_told() -> None:
    said = "fatal: unable to access 'https://bot:secret@github.com/a/b/': Could not resolve host: github.com"
    assert "secret" not in str(remote_error(Done(128, b"", said), "x"))


def test_of_several_pushes_whose_answers_were_lost_the_last_one_counts(
    clone: MakeClone, remote: Remote
) -> None:
    one, two = clone("one"), clone("two")
    one.start("x")
    one.push()
    two.pull()
    remote.hook("post-receive", "kill -9 $PPID\n")
    for number in range(4):
        one.signal("x", id=f"s{number}", data=number)
        one.push()
    remote.no_hooks()
    two.pull()
    two.tick()
    two.push()
    one.pull()
    assert one.files() == two.files()
    assert not (one.home / "pushing").exists()
