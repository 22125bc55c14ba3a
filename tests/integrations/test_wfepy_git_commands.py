"""``wfepy git``: its verbs, as a process of its own, with what they print and exit with."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from git_folders import git

if TYPE_CHECKING:
    from collections.abc import Callable

    from git_folders import Clone, Remote

    MakeClone = Callable[..., Clone]


def wfepy(machine: Clone, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wfepy_hooks", *words],
        cwd=machine.path, env=machine.environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip  # the last line is about the process


def ok(machine: Clone, *words: str) -> str:
    done = wfepy(machine, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def data(machine: Clone, *words: str) -> Any:
    return json.loads(ok(machine, *words, "--json"))


def test_the_first_tick_makes_the_branch_and_the_next_one_goes_on(clone: MakeClone, remote: Remote) -> None:
    one, two = clone("one"), clone("two")
    one.start("x")
    out = ok(one, "git", "tick")
    tip = remote.tip()[:12]
    assert out.splitlines()[-2:] == [
        "1 instance: 1 waiting",
        f"wfepy-state is at {tip}: flow/x: a done, b waiting",
    ]
    two.pull()
    two.signal("x", data=1)
    two.push()
    out = ok(two, "git", "tick", "flow")
    assert two.context("x")["seen"] == [1]
    tip = remote.tip()
    out = ok(one, "git", "tick", "--due")
    assert out.splitlines() == [
        f"wfepy-state is at {tip[:12]}: flow/x taken over",
        "nothing is due: 1 live instance; wfepy status says what can wake them",
    ]
    assert remote.tip() == tip
    assert git(remote.path, "for-each-ref", "refs/wfepy") == ""


def test_a_task_that_fails_is_pushed_too_and_the_exit_code_says_so(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, _ = pair
    text = (one.path / "flow.py").read_text()
    (one.path / "flow.py").write_text(
        text.replace("    for signal", '    raise wfepy.GiveUp("no")\n    for signal')
    )
    one.signal("x", data=1)
    done = wfepy(one, "git", "tick")
    assert done.returncode == 1
    assert remote.subjects()[0] == "flow/x: b waiting -> failed, failed"


def test_a_tick_whose_push_is_refused_says_so_and_the_next_one_delivers(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, _ = pair
    one.signal("x", data=1)
    remote.hook("update", 'case $1 in refs/heads/*) echo "not now" >&2; exit 1;; esac\n')
    done = wfepy(one, "git", "tick")
    assert done.returncode == 3
    assert "the remote refuses the push to wfepy-state: hook declined (not now)" in done.stderr
    status = data(one, "git", "status")
    assert status["unpushed"] == ["flow/x"]
    assert status["outbox"]["kind"] == "hook declined"
    assert "flow/x\nnot pushed since 20" in ok(one, "git", "outbox")
    remote.no_hooks()
    ok(one, "git", "tick")
    assert one.repository().standing().unpushed == []
    assert "nothing is left to push" in ok(one, "git", "outbox")


def test_an_interrupted_tick_pushes_what_it_has_done(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, _ = pair
    one.start("y")
    text = (one.path / "flow.py").read_text()
    (one.path / "flow.py").write_text(
        text.replace(
            "    for signal",
            "    import os, signal as s\n    os.kill(os.getpid(), s.SIGTERM)\n    for signal",
        )
    )
    done = wfepy(one, "git", "tick")
    assert done.returncode == 130, done.stderr
    assert remote.subjects()[0] == "flow/y: a done"
    assert git(remote.path, "for-each-ref", "refs/wfepy") == ""


def test_a_tick_with_a_conflict_runs_nothing(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, two = pair
    for machine in pair:
        machine.signal("x", data=machine.path.name)
        machine.tick()
    one.push()
    two.signal("x", data="more")
    done = wfepy(two, "git", "tick")
    assert done.returncode == 3
    assert "flow/x went on here and on another machine, in different ways" in done.stderr
    assert two.context("x")["seen"] == ["two"]
    assert data(two, "git", "outbox")["outbox"]["instances"] == ["flow/x"]
    out = ok(two, "git", "outbox", "--take", "theirs", "flow/x")
    assert "flow/x: what is on the branch goes on; what was here is in " in out
    ok(two, "git", "tick")
    assert two.context("x")["seen"][0] == "one"


def test_a_tick_that_comes_before_the_last_one_is_over_leaves_it_alone(pair: tuple[Clone, Clone]) -> None:
    one, _ = pair
    with one.repository().lease(["flow"], 60):
        done = wfepy(one, "git", "tick", "--due")
    assert (done.returncode, done.stdout) == (0, "")
    assert (
        "another process in this folder is at work and holds the leases, and goes on with it" in done.stderr
    )


def test_the_log_of_a_scheduler_holds_all_that_is_said(pair: tuple[Clone, Clone]) -> None:
    one, _ = pair
    one.signal("x", data=1)
    done = wfepy(one, "git", "tick", "--due", "--log", "tick.log")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    text = (one.path / "tick.log").read_text()
    assert "flow/x b waiting" in text
    assert "wfepy-state is at " in text
    assert wfepy(one, "git", "tick", "--mail-errors").returncode == 2
    assert wfepy(one, "git", "tick", "--json", "--log", "x").returncode == 2


def test_pull_and_push_say_what_they_did(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, two = pair
    one.start("y")
    pushed = data(one, "git", "push", "--note", "because of the weather")
    assert (pushed["changed"], pushed["is_changed"], pushed["attempts"]) == (["flow/y"], True, 1)
    assert "because of the weather" in git(remote.path, "log", "-1", "--format=%b", "wfepy-state")
    assert data(two, "git", "pull") == {"commit": remote.tip(), "changed": ["flow/y"], "busy": []}
    tip = remote.tip()[:12]
    assert ok(two, "git", "pull") == f"wfepy-state is at {tip}, and nothing is new\n"
    assert ok(two, "git", "push") == f"nothing to push; wfepy-state is at {tip}\n"


def test_status_says_where_everything_is_and_who_works(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, two = pair
    two.start("y")
    pulled = remote.tip()
    one.signal("x", id="s")
    one.push()
    with one.repository().lease(["flow"], 60):
        found = data(two, "git", "status")
        out = ok(two, "git", "status")
    assert found["leases"] == [{**found["leases"][0], "workflow": "flow", "holder": "one", "is_free": False}]
    del found["leases"]
    assert found == {
        "remote": str(remote.path),
        "branch": "wfepy-state",
        "path": ".wfepy/state",
        "pulled": pulled,
        "tip": remote.tip(),
        "unpushed": ["flow/y"],
        "outbox": None,
        "error": None,
    }
    assert "unpushed  flow/y\nlease     flow: one until 20" in out
    assert f"pulled    {pulled[:12]}; the branch is at {remote.tip()[:12]}: wfepy git pull" in out


def test_status_shows_what_is_known_here_if_the_remote_is_not_there(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, _ = pair
    one.start("y")
    remote.path.rename(remote.path.with_name("gone"))
    done = wfepy(one, "git", "status")
    assert done.returncode == 3
    assert "unpushed  flow/y" in done.stdout
    assert "does not appear to be a git repository" in done.stderr


def test_log_shows_the_ticks_with_their_machines(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, two = pair
    two.start("y")
    two.start("z")
    two.push()
    (first, second) = data(one, "git", "log")["ticks"]
    assert (first["subject"], first["machine"], first["is_ours"]) == (
        "2 instances: flow/y, flow/z",
        "two",
        True,
    )
    assert first["body"] == ["flow/y: begins", "flow/z: begins"]
    assert (second["commit"], second["body"]) == (git(remote.path, "rev-parse", "wfepy-state~").strip(), [])
    lines = ok(one, "git", "log", "-n", "1").splitlines()
    assert lines[0].split() == ["DATE", "COMMIT", "MACHINE", "WHAT"]
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('branches = "x"', 'did you mean "branch"?'),
        ('branch = "refs/heads/x"', "branch must be the name of a branch"),
        ('branch = "a..b"', "branch must be the name of a branch"),
        ('remote = "--upload-pack=x"', "remote must be the name of a remote, a URL or a path"),
        ('path = "../up"', "path must be a path in the branch"),
        ('path = ".git/hooks"', "path must be a path in the branch"),
        ('lease = "soon"', "lease must be a duration"),
        ('email = "a>b"', "email must be an address"),
        ("margin = 3", "margin must be a duration"),
    ],
)
def test_settings_that_are_wrong_are_told(clone: MakeClone, settings: str, said: str) -> None:
    done = wfepy(clone("one", settings), "git", "pull")
    assert done.returncode == 4
    assert said in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["outbox", "--take", "ours"], 2, "--take and the instances go together"),
        (["outbox", "--take", "ours", "x"], 2, "write it as WORKFLOW/INSTANCE"),
        (["outbox", "--take", "ours", "flow/x"], 3, "there is no conflict about this instance"),
        (["tick", "flwo"], 4, 'there is no workflow "flwo"'),
        (["log", "-n", "0"], 2, "-n"),
        (["pull", "x"], 2, "x"),
        ([], 2, "VERB"),
    ],
)
def test_what_makes_no_sense_is_told(clone: MakeClone, words: list[str], code: int, said: str) -> None:
    done = wfepy(clone("one"), "git", *words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr


def test_a_plain_tick_does_not_import_the_code_of_git(pair: tuple[Clone, Clone]) -> None:
    one, _ = pair
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "wfepy_hooks", "tick"],
        cwd=one.path, env=one.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip  # the last line is about the process
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "import time:" in line}
    assert "wfepy_git" in modules
    assert not {"wfepy_git.command", "wfepy_git.repository", "wfepy_git.settings"} & modules
    assert "subprocess" not in modules


def test_a_tick_of_git_imports_nothing_heavy(pair: tuple[Clone, Clone]) -> None:
    one, _ = pair
    ok(one, "git", "tick")  # which fills the caches
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "wfepy_hooks", "git", "tick"],
        cwd=one.path, env=one.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip  # the last line is about the process
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "import time:" in line}
    heavy = {"argparse", "asyncio", "dataclasses", "rich", "logging", "tempfile", "importlib.metadata"}
    assert modules & heavy == set()
