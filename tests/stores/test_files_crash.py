"""The store of files under SIGKILL, at every fault point that it has."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import inbox_scenario
import store_scenario
import wfepy_hooks
from wfepy_hooks import faults
from wfepy_hooks.errors import InstanceNotFound
from wfepy_hooks.stores import FileStore

SCRIPT = Path(store_scenario.__file__)
PACKAGE = Path(wfepy_hooks.__file__).parent


def run(root: Path, *kill: str) -> tuple[list[str], bool]:
    """Run the scenario; return what was acknowledged and whether the process was killed."""
    process = subprocess.run(
        [sys.executable, str(SCRIPT), str(root), *kill], capture_output=True, text=True, check=False
    )
    assert process.returncode in (0, -signal.SIGKILL), process.stderr
    return process.stdout.split(), process.returncode != 0


def check_acknowledged(root: Path, acknowledged: list[str]) -> None:
    """Everything that was acknowledged is there, nothing is torn, and nothing is there that nobody wrote."""
    store = FileStore(root)
    if not acknowledged:
        try:
            store.read("coffee", "monday")
        except InstanceNotFound:
            return
    document, newer, ended = store.read("coffee", "monday")
    covered = document["history"]["records"]
    assert document["context"] == store_scenario.document(covered)["context"]
    assert newer == [store_scenario.record(seq) for seq in range(covered + 1, covered + len(newer) + 1)]
    last = covered + len(newer)
    assert list(store.history("coffee", "monday")) == [
        store_scenario.record(seq) for seq in range(1, last + 1)
    ]
    if acknowledged[-1:] == ["ended"]:
        assert ended
    elif acknowledged:
        assert int(acknowledged[-1]) <= last <= int(acknowledged[-1]) + 2


def check_end(root: Path, expected: dict[str, bytes]) -> None:
    assert {path.name: path.read_bytes() for path in (root / "coffee" / "done").iterdir()} == expected
    assert os.listdir(root / "coffee") == ["done"], "nothing else is left behind"


@pytest.fixture
def end(tmp_path: Path) -> dict[str, bytes]:
    """The files of a run that nothing disturbed."""
    acknowledged, killed = run(tmp_path / "undisturbed")
    assert (acknowledged, killed) == (["0", "2", "4", "6", "ended"], False)
    done = tmp_path / "undisturbed" / "coffee" / "done"
    return {path.name: path.read_bytes() for path in done.iterdir()}


@pytest.mark.parametrize("point", faults.STORE_POINTS)
def test_a_kill_loses_nothing_and_tears_nothing(tmp_path: Path, end: dict[str, bytes], point: str) -> None:
    occurrence = 0
    while True:
        occurrence += 1
        root = tmp_path / str(occurrence)
        acknowledged, killed = run(root, point, str(occurrence))
        check_acknowledged(root, acknowledged)
        if not killed:
            break
        store_scenario.run(FileStore(root))
        check_end(root, end)
    assert occurrence > 1, "the fault point was never reached"


@pytest.mark.parametrize("point", faults.RECOVERY_POINTS + faults.STORE_POINTS)
def test_a_kill_while_it_recovers_from_a_kill_loses_nothing(
    tmp_path: Path, end: dict[str, bytes], point: str
) -> None:
    root = tmp_path / "state"
    assert run(root, "journal.write.torn", "2") == (["0", "2"], True)
    acknowledged, killed = run(root, point, "1")
    assert killed is not point.startswith("create.")
    check_acknowledged(root, acknowledged or ["2"])
    store_scenario.run(FileStore(root))
    check_end(root, end)


# Signals, and instances that are brought back


def run_other(root: Path, scenario: str, *kill: str) -> tuple[list[str], bool]:
    """Run a scenario of ``inbox_scenario``; return what was acknowledged and whether the process was killed."""
    command = [sys.executable, inbox_scenario.__file__, str(root), scenario, *kill]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode in (0, -signal.SIGKILL), process.stderr
    return process.stdout.splitlines(), process.returncode != 0


def check_signals(root: Path, acknowledged: list[str]) -> None:
    """Every signal that was acknowledged is in the inbox or in the history, and in that once; none is torn."""
    store = FileStore(root)
    if not acknowledged:
        return
    taken = inbox_scenario.taken(store)
    lying = [each["id"] for each in store.inbox("coffee", "monday")]
    assert len(set(taken)) == len(taken)
    assert {line.split()[1] for line in acknowledged if line.startswith("took")} <= set(taken)
    assert {line.split()[1] for line in acknowledged} <= {*taken, *lying}
    assert not list((root / "coffee").rglob("*.refused*"))


def check_life(root: Path, acknowledged: list[str]) -> None:
    """The instance is live or has ended, not both, and its history has what was acknowledged."""
    store = FileStore(root)
    if not acknowledged:
        return
    inbox_scenario.complete(store)
    live, past = store.list("coffee"), store.list("coffee", ended=True)
    assert sorted(live + past) == ["monday"]
    assert store.read("coffee", "monday")[2] is bool(past)
    steps = [line for line in acknowledged if line in ("end", "back")]
    assert inbox_scenario.taken(store)[: len(steps)] == steps
    if acknowledged[-1] in ("live", "ended") and len(inbox_scenario.taken(store)) == len(steps):
        assert bool(live) is (acknowledged[-1] == "live")


CHECKS = {"inbox": check_signals, "reopen": check_life}
CASES = [
    *(("inbox", point) for point in (*faults.INBOX_POINTS, "journal.fsync.after", "snapshot.rename.after")),
    *(("reopen", point) for point in faults.REOPEN_POINTS),
    *(
        ("reopen", point)
        for point in faults.STORE_POINTS
        if point.startswith(("snapshot", "folder", "finish"))
    ),
]


@pytest.mark.parametrize(("scenario", "point"), CASES)
def test_a_kill_loses_no_signal_and_no_instance(tmp_path: Path, scenario: str, point: str) -> None:
    assert not run_other(tmp_path / "undisturbed", scenario)[1]
    occurrence = 0
    while True:
        occurrence += 1
        root = tmp_path / str(occurrence)
        acknowledged, killed = run_other(root, scenario, point, str(occurrence))
        CHECKS[scenario](root, acknowledged)
        if not killed:
            break
        inbox_scenario.RUNS[scenario](FileStore(root))
        assert files(root) == files(tmp_path / "undisturbed")
    assert occurrence > 1, "the fault point was never reached"


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_fault_points_of_the_store_are_those_in_its_code() -> None:
    code = "".join(path.read_text() for path in (PACKAGE / "stores").glob("*.py"))
    used = set(re.findall(r'faults\.hit\("([a-z.]+)"\)', code))
    for name in re.findall(r'write_all\(fd, data, "([a-z.]+)"\)', code):
        used |= {f"{name}.before", f"{name}.torn", f"{name}.after"}
    parts = (faults.STORE_POINTS, faults.INBOX_POINTS, faults.REOPEN_POINTS, faults.RECOVERY_POINTS)
    assert used == {point for part in parts for point in part}
    assert len(set(faults.FAULT_POINTS)) == len(faults.FAULT_POINTS)


def test_nothing_is_hit_outside_of_tests() -> None:
    assert faults.hit is None
