"""Leases: of several machines one ticks a workflow; a lease expires, is renewed, and is taken over safely."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from git_folders import git
from killing import fork
from wfepy_git.errors import Conflict, LeaseHeld, LeaseLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from git_folders import Clone, Remote

    MakeClone = Callable[..., Clone]


def leases(remote: Remote) -> list[str]:
    return git(remote.path, "for-each-ref", "--format=%(refname)", "refs/wfepy").split()


def test_while_one_machine_holds_a_lease_the_other_is_told_who_and_until_when(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, two = pair
    with one.repository().lease(["flow"], 60) as lease:
        with pytest.raises(LeaseHeld, match="one works on flow until 20") as caught:
            two.repository().lease(["flow", "other"], 60)
        assert (caught.value.holder, caught.value.workflow) == ("one", "flow")
        assert caught.value.expires == lease.expires
        assert leases(remote)[0] == "refs/wfepy/lease/flow"
        assert len(leases(remote)) == 2
        with two.repository().lease(["other"], 60):
            assert [info.holder for info in two.repository().leases()] == ["one", "two"]
    assert leases(remote) == []
    two.repository().lease(["flow"], 60).close()


def test_of_many_workflows_those_that_are_free_can_be_had(pair: tuple[Clone, Clone]) -> None:
    one, two = pair
    with one.repository().lease(["flow"], 60):
        lease, held = two.repository().lease_what_is_free(["flow", "other"], 60)
        assert lease.workflows == ["other"]
        assert held["flow"].holder == "one"
        lease.close()


def test_a_workflow_may_have_a_name_that_no_reference_may(pair: tuple[Clone, Clone]) -> None:
    one, two = pair
    names = ["a..b", "x.lock", "dot."]
    with one.repository().lease(names, 60):
        assert sorted(info.workflow for info in two.repository().leases()) == sorted(names)


def test_an_expired_lease_is_taken_over_after_a_margin_for_clocks_that_differ(
    pair: tuple[Clone, Clone],
) -> None:
    one, two = pair
    one.repository().lease(["flow"], 60).machine.close()  # it dies
    two.seconds = 61  # by the clock of two it is over, which may be fast
    with pytest.raises(LeaseHeld):
        two.repository().lease(["flow"], 60)
    two.seconds = 60 + 31
    with two.repository().lease(["flow"], 60):
        assert [info.holder for info in one.repository().leases()] == ["two"]


def test_who_was_taken_over_does_not_push_over_the_results_of_the_other(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, two = pair
    old = one.repository()
    old.lease(["flow"], 60)
    one.start("y")
    one.signal("x", data="old")
    one.tick()
    two.seconds = 100
    new = two.repository()
    with new.lease(["flow"], 60):
        new.pull()
        two.signal("x", data="new")
        two.tick()
        tip = remote.tip()
        with pytest.raises(
            LeaseLost, match="the lease of flow had expired, and another machine has taken it over"
        ):
            old.push()
        assert remote.tip() == tip
        assert old.has_outbox
        new.push(release=True)
    assert leases(remote) == []
    with pytest.raises(Conflict, match="flow/x"):
        one.push()
    assert ".wfepy/state/flow/y.json" in remote.files()  # which the other has left alone
    assert two.context("x")["seen"] == ["new"]
    one.repository().settle_conflict("flow/x", "theirs")
    one.tick()
    assert one.context("x")["seen"] == ["new"]


def test_a_lease_that_is_renewed_or_pushed_with_holds_for_longer(pair: tuple[Clone, Clone]) -> None:
    one, two = pair
    repository = one.repository()
    with repository.lease(["flow"], 60) as lease:
        first = lease.expires
        lease.renew()
        second = lease.expires
        one.start("y")
        repository.push()
        assert first < second < lease.expires
        assert [info.expires for info in two.repository().leases()] == [lease.expires]
        lease.renew()


def test_a_lease_that_was_taken_over_cannot_be_renewed(pair: tuple[Clone, Clone]) -> None:
    one, two = pair
    lease = one.repository().lease(["flow"], 60)
    two.seconds = 100
    with two.repository().lease(["flow"], 60):
        with pytest.raises(LeaseLost):
            lease.renew()
        lease.close()
        assert [info.holder for info in one.repository().leases()] == ["two"]


def test_a_long_tick_renews_its_lease_in_the_background(pair: tuple[Clone, Clone]) -> None:
    one, two = pair
    repository = one.repository()
    with repository.lease(["flow"], 1.5) as lease:
        first = lease.expires
        with lease.renewed():
            until = time.monotonic() + 20
            while lease.expires == first and time.monotonic() < until:
                time.sleep(0.02)
        assert lease.expires > first
        one.start("y")
        repository.push(release=True)
        assert lease.workflows == []
    assert two.pull() == ["flow/y"]


def test_a_lease_that_a_crash_left_is_taken_at_once_by_the_same_folder_but_not_by_a_copy(
    pair: tuple[Clone, Clone], tmp_path: Path
) -> None:
    import shutil

    one, _ = pair
    child = fork()
    if not child:
        one.repository().lease(["flow"], 600)
        os._exit(9)
    os.waitpid(child, 0)
    from git_folders import Clone as Copy

    copy = Copy.__new__(Copy)
    copy.__dict__.update({**one.__dict__, "path": tmp_path / "copy"})
    shutil.copytree(one.path, copy.path)
    with pytest.raises(LeaseHeld):
        copy.repository().lease(["flow"], 60)
    one.repository().lease(["flow"], 60).close()


def test_two_processes_of_one_folder_do_not_both_hold_leases(pair: tuple[Clone, Clone]) -> None:
    one, _ = pair
    with (
        one.repository().lease(["flow"], 60),
        pytest.raises(LeaseHeld, match="another process in this folder is at work"),
    ):
        one.repository().lease(["other"], 60)


def test_a_remote_that_lets_no_branch_go_back_and_no_reference_be_deleted(
    pair: tuple[Clone, Clone], remote: Remote
) -> None:
    one, two = pair
    git(remote.path, "config", "receive.denyNonFastForwards", "true")
    git(remote.path, "config", "receive.denyDeletes", "true")
    remote.hook("update", "case $3 in 0000000*) exit 1;; esac\n")  # the two count for branches alone
    repository = one.repository()
    with repository.lease(["flow"], 60):
        one.start("y")
        pushed = repository.push(release=True)
        assert pushed.commit == remote.tip()
    with two.repository().lease(["flow"], 60) as lease:  # it is there, and free
        lease.renew()
    one.seconds = 200
    with one.repository().lease(["flow"], 60):
        pass
    assert "refs/wfepy/lease/flow" in leases(remote)


def test_a_lease_whose_answer_was_lost_is_ours(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, _ = pair
    remote.hook("post-receive", "kill -9 $PPID\n")
    lease = one.repository().lease(["flow"], 60)
    assert lease.workflows == ["flow"]
    remote.no_hooks()
    lease.close()
    assert leases(remote) == []


def test_leases_leave_no_object_behind(pair: tuple[Clone, Clone], remote: Remote) -> None:
    one, _ = pair
    counts = []
    for _number in range(3):
        with one.repository().lease(["flow"], 60) as lease:
            lease.renew()
        counts.append(git(remote.path, "count-objects"))
    assert counts[1:] == counts[:1] * 2


def tick(machine: Clone, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "wfepy_hooks", "git", "tick", *words],
        cwd=machine.path,
        env=machine.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_two_ticks_on_one_instance_one_works_and_the_other_says_who_holds_it(
    pair: tuple[Clone, Clone], remote: Remote, tmp_path: Path
) -> None:
    one, two = pair
    for machine in pair:
        flow = machine.path / "flow.py"
        wait = f'    import os, time\n    open("{tmp_path}/begun", "w").close()\n' + (
            f'    while not os.path.exists("{tmp_path}/go"):\n        time.sleep(0.01)\n'
        )
        flow.write_text(
            flow.read_text().replace("def b(context, signals):\n", f"def b(context, signals):\n{wait}")
        )
    one.signal("x", data=1)
    first = tick(one)
    until = time.monotonic() + 30
    while not (tmp_path / "begun").exists() and time.monotonic() < until:
        time.sleep(0.01)
    second = tick(two)
    out, said = second.communicate(timeout=30)
    assert (second.returncode, out) == (0, "")
    assert "wfepy: one works on flow until 20" in said
    (tmp_path / "go").touch()
    out, said = first.communicate(timeout=30)
    assert first.returncode == 0, said
    assert "wfepy-state is at" in out
    assert leases(remote) == []
    two.pull()
    assert two.context("x")["seen"] == [1]
