"""One tick over many instances that all wait: a whole process that has nothing to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import Contestant, Result, Row
from benchmarks.projects import copy_of, ours_project, peer_project, peer_tick

if TYPE_CHECKING:
    from benchmarks.harness import Bench

__all__ = ["changed_files", "look", "run"]

# doit has no instances.
TOOLS = ("wfepy", "burr", "SpiffWorkflow")

# Name, size and time of change of a file, and what is in it.
Look = dict[str, tuple[int, int, bytes]]


def run(bench: Bench) -> Result:
    size = bench.size(1000)
    watch = _Watch(ours_project(bench, size))
    tick = [bench.python(OURS), "-m", "wfepy_hooks", "tick"]
    contestants = [Contestant("ours", tick, watch.fill, whole=True, check=watch.check)]
    for tool in TOOLS if bench.peers else ():
        command, fill = peer_tick(bench, tool), copy_of(peer_project(bench, tool, size))
        contestants.append(Contestant(tool, command, fill, whole=True))
        if tool == "wfepy":
            contestants.append(Contestant("kept", [*command, "--keep"], fill, whole=True))
    samples = bench.interleave(contestants, warm=True)
    ours, theirs, kept = samples.of("ours"), samples.of("wfepy"), samples.of("kept")
    rows = [
        Row(f"tick over {size:,} waiting instances", ours, theirs, "wfepy: load, run, dump", goal=0.7),
        Row("the same, processor's time", samples.of("ours", "cpu"), samples.of("wfepy", "cpu"), "wfepy"),
        Row("the same", ours, kept, "wfepy: load and run only"),
        Row("files that this tick changes", watch.most_changes, goal=0, unit=""),
    ]
    return Result(rows, samples.line("ours", *TOOLS))


def look(folder: Path) -> Look:
    """Return what every file below ``folder`` is now."""
    found: Look = {}
    for home, _, names in os.walk(folder):
        for name in names:
            path = Path(home, name)
            status = path.stat()
            found[str(path)] = (status.st_size, status.st_mtime_ns, path.read_bytes())
    return found


def changed_files(before: Look, after: Look) -> list[str]:
    """Return the files that are new, gone or not the same byte by byte, or that were written at all."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


class _Watch:
    """Fills the folder of a sample, looks at it, and counts afterwards which files the sample changed."""

    def __init__(self, project: Path) -> None:
        self.most_changes: int | None = None
        self._fill = copy_of(project)
        self._before: Look = {}

    def fill(self, folder: Path) -> None:
        self._fill(folder)
        self._before = look(folder)

    def check(self, folder: Path) -> None:
        changed = changed_files(self._before, look(folder))
        self.most_changes = max(self.most_changes or 0, len(changed))
