"""Each example is run by its users' means: the command line, in a process of its own, in a copy of its folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
LEFT_BEHIND = shutil.ignore_patterns(
    "state", ".wfepy", "events.*", "out", "approved-*", "cup-is-empty", "__pycache__"
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    ExampleFactory = Callable[[str], "Example"]


class Example:
    """A copy of one example.

    :ivar folder: where it is
    :ivar shown: what the last command printed
    """

    def __init__(self, name: str, folder: Path) -> None:
        shutil.copytree(EXAMPLES / name, folder, ignore=LEFT_BEHIND)
        self.name = name
        self.folder = folder
        self.shown = ""

    def wfepy(self, *arguments: str) -> int:
        """Run ``wfepy`` in the folder and return its exit code."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WFEPY_")}
        run = subprocess.run(
            [sys.executable, "-m", "wfepy_hooks", *arguments],
            cwd=self.folder,
            env={**environment, "HOME": str(self.folder.parent)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
        )
        self.shown = run.stdout
        return run.returncode

    def state(self, instance: str = "default") -> dict[str, Any]:
        """Return the snapshot of an instance, live or ended."""
        folder = self.folder / "state" / self.name
        file = folder / f"{instance}.json"
        if not file.exists():
            file = folder / "done" / f"{instance}.json"
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return document

    def statuses(self, instance: str = "default") -> dict[str, str]:
        """Return the status of each task that something happened to."""
        return {name: entry["status"] for name, entry in self.state(instance)["tasks"].items()}

    def completed(self, instance: str = "default") -> list[str]:
        """Return the tasks that completed, in the order of the history."""
        (file,) = (self.folder / "state" / self.name).rglob(f"{instance}.jsonl")
        records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        return [record["task"] for record in records if record.get("status") == "completed"]


@pytest.fixture
def example(tmp_path: Path) -> ExampleFactory:
    """A function that returns a copy of the example of a name."""
    return lambda name: Example(name, tmp_path / name)
