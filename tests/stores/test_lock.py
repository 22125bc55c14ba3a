"""Two processes and one instance."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from racing import race
from wfepy_hooks.errors import InstanceExists, LockedError
from wfepy_hooks.stores import FileStore, lock
from wfepy_hooks.stores.conformance import NOW, document_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = """
import sys
from wfepy_hooks.stores.files import FileStore
session = FileStore(sys.argv[1]).open("coffee", "monday")
print("held", flush=True)
sys.stdin.read()
"""

FORK = """
import os, signal, sys, time
from wfepy_hooks.stores.files import FileStore
store = FileStore(sys.argv[1])
session = store.open("coffee", "monday")
child = os.fork()
if not child:
    time.sleep(60)
    os._exit(0)
try:
    session.release()
    store.open("coffee", "monday").release()
finally:
    os.kill(child, signal.SIGKILL)
"""

RACE = """
import sys
from wfepy_hooks.errors import StateError
from wfepy_hooks.stores.files import FileStore
store = FileStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(30):
    document = {"workflow": "coffee", "instance": f"cup-{number}", "history": {"bytes": 0, "records": 0}}
    try:
        session = store.create("coffee", f"cup-{number}", document)
    except StateError:
        continue
    print(number, flush=True)
    session.release()
"""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "state")
    store.create("coffee", "monday", document_of("coffee", "monday")).release()
    store.create("coffee", "tuesday", document_of("coffee", "tuesday")).release()
    return store


@pytest.fixture
def holder(store: FileStore) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the instance monday until its standard input is closed."""
    command = [sys.executable, "-c", HOLD, store.root]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_other_process_is_told_and_named(store: FileStore, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(LockedError) as caught:
        store.open("coffee", "monday")
    assert str(caught.value).startswith("coffee/monday: another tick holds this instance; try again when")
    if os.path.exists("/proc/locks"):
        assert f"process {holder.pid} has ended" in caught.value.hint


def test_the_other_instances_are_claimed(store: FileStore, holder: subprocess.Popen[str]) -> None:
    busy: list[str] = []
    claimed = []
    for session in store.claim(["coffee"], NOW, busy=lambda *name: busy.append("/".join(name))):
        claimed.append(session.instance)
        session.release()
    assert (claimed, busy) == (["tuesday"], ["coffee/monday"])


def test_an_instance_that_is_held_can_be_read(store: FileStore, holder: subprocess.Popen[str]) -> None:
    assert store.read("coffee", "monday")[0]["instance"] == "monday"
    assert list(store.history("coffee", "monday")) == []
    with pytest.raises(InstanceExists):
        store.create("coffee", "monday", document_of("coffee", "monday"))


def test_a_process_that_is_killed_holds_nothing(store: FileStore, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    store.open("coffee", "monday").release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_that_a_task_leaves_running_holds_nothing(store: FileStore) -> None:
    subprocess.run([sys.executable, "-c", FORK, store.root], check=True)


def test_of_two_processes_that_create_an_instance_one_succeeds(tmp_path: Path) -> None:
    script = [RACE, str(tmp_path / "state")]
    created = sorted(map(int, race(script, script)))
    assert created == list(range(30))
    assert len(FileStore(tmp_path / "state").list("coffee")) == 30


def test_a_lock_that_nobody_has_has_no_holder(tmp_path: Path) -> None:
    assert lock.holder(str(tmp_path)) == ""
    assert lock.holder(str(tmp_path / "missing")) == ""


def test_a_journal_that_was_replaced_before_the_lock_is_not_used(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = os.path.join(store.root, "coffee", "monday.jsonl")
    try_lock = lock.try_lock
    replaced: list[int] = []

    def replace_first(fd: int) -> bool:
        if not replaced:
            replaced.append(os.path.getsize(path))
            os.unlink(path)
            with open(path, "w") as file:
                file.write('{"seq": 1}\n')
        return try_lock(fd)

    monkeypatch.setattr(lock, "try_lock", replace_first)
    session = store.open("coffee", "monday")
    assert session.load()[1] == [{"seq": 1}]
    session.release()
