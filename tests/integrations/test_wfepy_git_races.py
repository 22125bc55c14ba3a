"""Eight processes in eight clones at once, and processes that are killed at every step between fetch and push."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import traceback
from typing import TYPE_CHECKING

import pytest

import wfepy_git
from git_folders import Clone, Remote, git
from killing import fork, killed_at
from todo_plugin import Todo, note, notes
from wfepy_git.errors import GitError, Stale

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeClone = Callable[..., Clone]

CLONES, SIGNALS = 8, 10


def insist(machine: Clone) -> None:
    """Push as cron does, which comes again."""
    while True:
        try:
            machine.push()
            return
        except Stale:
            continue


def deliver_and_tick(machine: Clone, number: int) -> None:
    """Send ten signals to the common instance, each pushed by itself, and advance an instance of one's own."""
    own = f"own-{number}"
    machine.start(own)
    for signal in range(SIGNALS):
        machine.signal("x", id=f"s-{number}-{signal}", data=f"{number}-{signal}")
        if signal % 3 == 0:
            machine.signal(own, id=f"o-{signal}", data=signal)
            with machine.project() as project:
                project.tick_one("flow", own)
        insist(machine)


@pytest.mark.slow
def test_of_eight_writers_in_eight_clones_nothing_is_lost_and_nothing_is_doubled(
    clone: MakeClone, remote: Remote
) -> None:
    first = clone("first")
    first.start("x")
    first.tick()
    first.push()
    machines = [clone(f"machine-{number}") for number in range(CLONES)]
    for machine in machines:
        machine.pull()
    begin = remote.tip()
    children = []
    for number, machine in enumerate(machines):
        child = fork()
        if not child:
            try:
                deliver_and_tick(machine, number)
            except BaseException:  # noqa: BLE001  # the fork must not go on as a test
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * CLONES
    first.pull()
    first.tick()
    expected = sorted(f"{number}-{signal}" for number in range(CLONES) for signal in range(SIGNALS))
    assert sorted(first.context("x")["seen"]) == expected
    for number in range(CLONES):
        assert first.context(f"own-{number}")["seen"] == [0, 3, 6, 9]
    # One line of commits, each the child of the one before.
    parents = git(remote.path, "log", "--format=%P", f"{begin}..wfepy-state").splitlines()
    assert all(len(each.split()) == 1 for each in parents)
    assert git(remote.path, "rev-list", "--count", "wfepy-state").strip() == str(len(parents) + 1)
    git(remote.path, "fsck", "--strict")


def kill_at_each_step(make: Callable[[int], Callable[[], object]], check: Callable[[int], None]) -> int:
    """Kill what ``make`` returns at its first fault point, another at its second, and so on; return how many."""
    point = 1
    while killed_at(point, make(point), "git."):
        check(point)
        point += 1
    return point - 1


class Stage:
    """A remote and two machines that can be put back to how they were."""

    def __init__(self, tmp_path: Path) -> None:
        self._folder, self._kept = tmp_path / "stage", tmp_path / "kept"
        self._folder.mkdir()
        self.remote = Remote(self._folder / "remote.git")
        self.one = Clone(self._folder / "one", self.remote)
        self.two = Clone(self._folder / "two", self.remote)
        for machine in (self.one, self.two):
            machine.plugins = [wfepy_git, Todo()]

    def keep(self) -> None:
        shutil.copytree(self._folder, self._kept)

    def put_back(self) -> None:
        shutil.rmtree(self._folder)
        shutil.copytree(self._kept, self._folder)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.mark.slow
def test_a_push_that_is_killed_at_any_step_is_completed_by_the_next_one(stage: Stage) -> None:
    one, two = stage.one, stage.two
    one.start("x")
    one.start("ends")
    one.tick()
    one.push()
    two.pull()
    two.start("other")  # so that ours is not the newest, and has to be put together with it
    two.push()
    one.signal("x", data="before")
    one.signal("ends", "stop")
    one.tick()
    one.signal("x", id="s", data="after")
    note(two, "of two")
    two.push()
    note(one, "of one")
    stage.keep()

    def make(point: int) -> Callable[[], object]:
        stage.put_back()
        return one.push

    def check(point: int) -> None:
        one.push()
        assert not one.push()
        assert not one.repository().has_outbox
        two.pull()
        assert two.files() == one.files()
        assert notes(two) == ["of one", "of two"]
        assert list(two.files()) == [
            ".todo/list.jsonl", "flow/done/ends.json", "flow/done/ends.jsonl", "flow/inbox/x/s.json", "flow/other.json",
            "flow/other.jsonl", "flow/x.json", "flow/x.jsonl",
        ]  # fmt: skip
        assert two.context("x")["seen"] == ["before"]
        parents = git(stage.remote.path, "log", "--format=%P", "wfepy-state").splitlines()
        assert [len(each.split()) for each in parents] == [1, 1, 1, 0]

    assert kill_at_each_step(make, check) >= 15


@pytest.mark.slow
def test_a_pull_that_is_killed_at_any_step_is_completed_by_the_next_one(stage: Stage) -> None:
    """One instance is new, one has gone on, one has ended, one is gone, and a signal is consumed."""
    one, two = stage.one, stage.two
    for name in ("going", "ended", "gone"):
        one.start(name)
    one.tick()
    one.signal("going", id="s", data=1)
    one.push()
    two.pull()
    one.start("new")
    one.signal("ended", "stop")
    one.tick()
    one.push()
    files: dict[str, bytes | None] = {
        f".wfepy/state/flow/gone.{ending}": None for ending in ("json", "jsonl")
    }
    stage.remote.commit(files, stage.remote.path.parent)
    one.pull()
    assert [name for name in one.files() if "gone" in name] == []
    note(one, "of one")
    one.push()
    stage.keep()

    def make(point: int) -> Callable[[], object]:
        stage.put_back()
        return two.pull

    def check(point: int) -> None:
        with two.project() as project:  # a tick may come before the next pull
            for name in project.store.list("flow"):
                if (
                    name != "new" or (two.state / "flow/new.json").exists()
                ):  # else it says that this is missing
                    project.read("flow", name)
        two.pull()
        assert two.files() == one.files()
        assert not two.push()

    assert kill_at_each_step(make, check) >= 15


@pytest.mark.slow
def test_a_tick_that_is_killed_at_any_step_of_its_pull_lease_or_push_is_completed_by_the_next_one(
    clone: MakeClone, remote: Remote
) -> None:
    one = clone("one")
    one.start("x")
    one.tick()
    one.push()

    def work() -> None:
        repository = one.repository()
        with repository.lease(["flow"], 60):
            repository.pull()
            one.tick()
            repository.push(release=True)

    def make(point: int) -> Callable[[], object]:
        one.signal("x", id=f"s{point}", data=point)
        return work

    def check(point: int) -> None:
        work()
        assert one.context("x")["seen"] == list(range(1, point + 1))
        assert (
            json.loads(remote.show(".wfepy/state/flow/x.json"))["context"]["seen"] == one.context("x")["seen"]
        )

    assert kill_at_each_step(make, check) >= 12


def test_two_processes_of_one_folder_push_one_after_the_other(clone: MakeClone, tmp_path: Path) -> None:
    one = clone("one")
    one.start("x")
    one.push()
    children = []
    for number in range(3):
        one.start(f"i{number}")
        child = fork()
        if not child:
            try:
                one.push()
            except BaseException:  # noqa: BLE001  # the fork must not go on as a test
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 3
    assert not one.push()


FAULTS = {
    "refused": ("update", "exit 1\n"),
    "dies after": ("post-receive", "kill -9 $PPID\n"),
    "dies before": ("pre-receive", "kill -9 $PPID\n"),
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_machines_do_and_the_remote_refuses_each_signal_is_seen_once(
    clone: MakeClone, remote: Remote, seed: int
) -> None:
    chance = random.Random(seed)
    machines = [clone(f"m{number}") for number in range(3)]
    for number in range(2):
        machines[0].start(f"i{number}")
    machines[0].push()
    sent: dict[str, list[str]] = {"i0": [], "i1": []}

    def tick(machine: Clone) -> None:
        repository = machine.repository()
        with repository.lease(["flow"], 60):
            repository.pull()
            machine.tick()
            repository.push(release=True)

    def send(machine: Clone) -> None:
        machine.pull()
        instance = chance.choice(sorted(sent))
        name = f"{machine.path.name}-{len(sent[instance])}"
        sent[instance].append(name)
        machine.signal(instance, id=name, data=name)
        machine.push()

    for _ in range(24):
        fault = chance.choice([None, None, *FAULTS])
        if fault is not None:
            remote.hook(*FAULTS[fault])
        with contextlib.suppress(GitError):
            chance.choice([tick, send, send])(chance.choice(machines))
        remote.no_hooks()
    for machine in [*machines, machines[0]]:
        machine.push()
    tick(machines[0])
    for machine in machines[1:]:
        machine.pull()
        assert machine.files() == machines[0].files()
    for instance, names in sent.items():
        assert sorted(machines[0].context(instance)["seen"]) == sorted(names)
    git(remote.path, "fsck", "--strict")
