"""Kill a tick at every fault point, tick again, and compare with a life without crashes."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from wfepy_hooks.faults import HOOK_POINTS, RECOVERY_POINTS, STORE_POINTS, TASK_POINTS

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes by signal")


class Life:
    """One instance from its start to its end, through any number of crashes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("flow.py", "wfepy_plugins.py"):
            shutil.copy(HERE / name, folder)
        (folder / "wfepy.toml").write_text('[workflows.flow]\nmodule = "flow.py"\n')

    def run(self, *crash: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(HERE / "driver.py"), str(self.folder), *map(str, crash)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def finish(self) -> dict[str, int]:
        done = self.run()
        assert done.returncode == 0, done.stderr
        reached: dict[str, int] = json.loads(done.stdout)
        return reached

    def crash(self, point: str, number: int) -> None:
        died = self.run(point, number)
        assert died.returncode == -signal.SIGKILL, f"{point} was not reached {number} times: {died.stderr}"

    def effects(self) -> list[str]:
        return self._lines("effects.txt")

    def events(self) -> list[list[Any]]:
        return [json.loads(line) for line in self._lines("events.txt")]

    def _lines(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []

    def state(self) -> dict[str, Any]:
        """What is decided at the end, without what differs from life to life."""
        document = json.loads((self.folder / ".wfepy/state/flow/done/default.json").read_text())
        document["tasks"]["upload"].pop("at", None)
        return {key: document[key] for key in ("context", "queue", "status", "tasks", "workflow")}

    def check_files(self) -> None:
        """No file is torn: each snapshot is JSON, each line of a history but the last too."""
        for file in (self.folder / ".wfepy").rglob("*.json"):
            json.loads(file.read_text())
        for file in (self.folder / ".wfepy").rglob("*.jsonl"):
            for line in file.read_text().split("\n")[:-1]:
                json.loads(line)


@functools.cache
def undisturbed() -> tuple[Life, dict[str, int]]:
    """A life without a crash, and how often it reaches each point. Made once for each process of the tests."""
    life = Life(Path(tempfile.mkdtemp(prefix="wfepy-crashes-")))
    return life, life.finish()


def known(events: list[list[Any]]) -> set[str]:
    """The committed events without the ids, which differ from life to life."""
    return {json.dumps(event[:4] if len(event) == 5 else event) for event in events}


def check_same_end(life: Life) -> None:
    reference, _ = undisturbed()
    assert life.state() == reference.state(), "the decisions or the context differ"
    assert set(life.effects()) == set(reference.effects()), "an effect is missing, or there is one too many"
    assert known(life.events()) == known(reference.events()), "an event was not delivered"
    life.check_files()
    names = [file.name for file in (life.folder / ".wfepy").rglob("*") if file.is_file()]
    assert sorted(names) == ["default.json", "default.jsonl"]
    ids: dict[str, str] = {}
    for *event, event_id in (event for event in life.events() if len(event) == 5):
        assert ids.setdefault(json.dumps(event), event_id) == event_id, "one event came with two ids"


def completed(events: list[list[Any]]) -> set[str]:
    return {f"{event[0]} {event[1]}" for event in events if event[2:3] == ["completed"]}


def occurrences(count: int) -> list[int]:
    """The first, the last, and one between them."""
    return sorted({1, (count + 1) // 2, count})


@pytest.mark.parametrize("point", TASK_POINTS + HOOK_POINTS + STORE_POINTS)
def test_a_crash_at_any_point_loses_nothing_and_repeats_nothing_that_is_complete(
    point: str, tmp_path: Path
) -> None:
    _, reached = undisturbed()
    assert reached.get(point), f"the workflow does not reach {point}"
    for number in occurrences(reached[point]):
        folder = tmp_path / str(number)
        folder.mkdir()
        life = Life(folder)
        life.crash(point, number)
        life.check_files()
        told = completed(life.events())
        before = len(life.effects())
        life.finish()

        assert not told & set(life.effects()[before:]), f"a completed task ran again after {point} {number}"
        check_same_end(life)


@pytest.mark.parametrize("point", RECOVERY_POINTS)
def test_a_crash_while_a_torn_history_is_mended(point: str, tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.crash("journal.write.torn", 3)
    life.crash(point, 1)
    life.finish()

    check_same_end(life)


def test_many_crashes_in_one_life(tmp_path: Path) -> None:
    life = Life(tmp_path)
    for point in ("journal.fsync.after", "task.after", "journal.write.torn", "journal.mend.after"):
        life.crash(point, 1)
    life.crash("finish.snapshot.after", 1)
    life.finish()

    check_same_end(life)


def test_an_effect_happens_once_in_a_life_without_crashes() -> None:
    life, _ = undisturbed()
    assert sorted(life.effects()) == sorted(set(life.effects()))
    assert os.path.exists(life.folder / ".wfepy/state/flow/done/default.jsonl")
