"""Kill the tick with SIGKILL at every fault point that it reaches while eight branches run in processes."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from wfepy_hooks.faults import FAULT_POINTS

HERE = Path(__file__).parent
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes by signal"),
]
#: What a tick does after the first instance is there, and nobody implements a hook; test_crashes.py has the others.
POINTS = [
    point
    for point in FAULT_POINTS
    if point.split(".")[0] in ("attempt", "create", "snapshot", "folder", "journal", "finish")
    and not point.startswith("journal.mend")
]
BRANCHES = {f"b{number}" for number in range(8)}


class Life:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(HERE / "branches_flow.py", folder / "flow.py")
        config = '[wfepy]\nexecutor = "processes:2"\n\n[workflows.flow]\nmodule = "flow.py"\n'
        (folder / "wfepy.toml").write_text(config)

    def run(self, *crash: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(HERE / "driver.py"), str(self.folder), *map(str, crash)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def effects(self) -> Counter[str]:
        return Counter((self.folder / "effects.txt").read_text().split())

    def completed(self) -> Counter[str]:
        path = self.folder / ".wfepy/state/flow/done/default.jsonl"
        records = [json.loads(line) for line in path.read_text().splitlines()]
        return Counter(record["task"] for record in records if record.get("status") == "completed")


@functools.cache
def reached() -> dict[str, int]:
    """How often an undisturbed life reaches each point. Made once for each process of the tests."""
    done = Life(Path(tempfile.mkdtemp(prefix="wfepy-branches-"))).run()
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_while_branches_run_in_processes_loses_and_doubles_nothing_that_is_recorded(
    point: str, tmp_path: Path
) -> None:
    life = Life(tmp_path)
    died = life.run(point, (reached()[point] + 1) // 2)
    assert died.returncode == -signal.SIGKILL, died.stderr
    done = life.run()
    assert done.returncode == 0, done.stderr
    assert life.completed() == Counter({"start", "end", *BRANCHES})
    effects = life.effects()
    assert set(effects) == {"start", "end", *BRANCHES}
    assert max(effects.values()) <= 2, "a branch in flight runs once more, and no more than that"
    document = json.loads((tmp_path / ".wfepy/state/flow/done/default.json").read_text())
    assert document["context"] == {f"b{number}": number for number in range(8)}


def test_no_worker_outlives_a_tick_that_was_killed(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.run("attempt.committed.before", 5)
    end = time.monotonic() + 5
    while workers_in(tmp_path):
        assert time.monotonic() < end, workers_in(tmp_path)
        time.sleep(0.05)


def workers_in(folder: Path) -> list[str]:
    """The processes whose working directory or command line is of ``folder``."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_text().replace("\0", " ")
            environment = os.readlink(process / "cwd")
        except OSError:
            continue
        if str(folder) in command or environment == str(folder):
            found.append(f"{process.name}: {command}")
    return found
