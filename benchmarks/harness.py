"""Taking samples: what a contestant runs, how the samples of several alternate, and what is made of them."""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.environments import Environments

__all__ = [
    "PEERS",
    "PEER_TOOLS",
    "Bench",
    "Contestant",
    "Failed",
    "Result",
    "Row",
    "Samples",
    "exponent",
    "judge",
    "median",
]

PEER_TOOLS = ("wfepy", "burr", "doit", "SpiffWorkflow")
PEERS = Path(__file__).resolve().parent / "peers"

# What one sample says: "seconds", and what else the work counts.
Sample = dict[str, float]


class Failed(RuntimeError):
    """A contestant could not do the work; the text says why, in one line."""


@dataclass(frozen=True)
class Contestant:
    """One way to do a work.

    :ivar name: unique among the contestants of a work
    :ivar command: what one sample runs, in a folder of its own
    :ivar fill: gets the folder of a sample and puts there what the command needs; not timed
    :ivar whole: the wall time of the whole process counts, and its processor's time; otherwise the sample prints
        a JSON object
    :ivar check: gets the folder after the sample and raises :class:`Failed` where the work was not done
    :ivar most: takes at most so many samples; for the slow ones
    """

    name: str
    command: Sequence[str]
    fill: Callable[[Path], None] | None = None
    whole: bool = False
    check: Callable[[Path], None] | None = None
    most: int = 1000


@dataclass
class Samples:
    """The samples of the contestants of one work, and why some have none."""

    taken: dict[str, list[Sample]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, what: str = "seconds") -> float | None:
        """Return the median of ``what``, or nothing where the contestant failed."""
        found = [sample[what] for sample in self.taken.get(name, ())]
        return median(found) if found else None

    def line(self, *names: str) -> dict[str, float | str]:
        """Return the medians of ``names``, with a dash for one that has none."""
        return {name: self.of(name) or "-" for name in names}


@dataclass(frozen=True)
class Row:
    """One line of the table.

    :ivar ours: the median of our samples; seconds unless ``unit`` says otherwise
    :ivar other: what it is compared with
    :ivar against: the name of that
    :ivar goal: the largest ratio that meets it; without ``against`` the largest ``ours``; ``None``: no goal
    """

    work: str
    ours: float | None
    other: float | None = None
    against: str = ""
    goal: float | None = None
    unit: str = "s"
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.other if self.ours is not None and self.other else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; ``None`` where there is none, or where something could not be measured."""
        value = self.ratio if self.against else self.ours
        return None if self.goal is None or value is None else value <= self.goal


@dataclass
class Result:
    """What one work found: its lines of the table, and its line of the peers (medians, in seconds)."""

    rows: list[Row]
    peers: dict[str, float | str] = field(default_factory=dict)


class Bench:
    """Where and how often samples are taken.

    :ivar folder: a folder on the disk that is measured
    :ivar runs: how many samples of each contestant
    :ivar scale: the works are this much of their full size; 1.0 but in a smoke test
    :ivar peers: measure the other tools too
    """

    def __init__(
        self, environments: Environments, folder: Path, *, runs: int, scale: float = 1.0, peers: bool = True
    ) -> None:
        self.environments = environments
        self.folder = folder
        self.runs = runs
        self.scale = scale
        self.peers = peers
        # The samples find their cache, plugins and configuration here and not at the user's home.
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("WFEPY_", "PYTHON"))}
        own = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
        self.environ: Mapping[str, str] = {**kept, **own}

    def size(self, full: int) -> int:
        """Return the size of a work: ``full``, or less in a smoke test."""
        return max(3, round(full * self.scale))

    def python(self, tool: str) -> str:
        return self.environments.python(tool)

    def script(self, tool: str, name: str, *arguments: object) -> list[str]:
        """Return the command that runs a script of ``peers/`` with the interpreter of ``tool``."""
        return [self.python(tool), str(PEERS / name), *map(str, arguments)]

    def interleave(self, contestants: Sequence[Contestant], warm: bool = False) -> Samples:
        """Take one sample of each contestant, then the next of each: a drift of the machine hits all alike.

        ``warm`` throws one first sample of each away: it compiles the modules and fills the caches.
        """
        samples = Samples()
        for number in range(-1 if warm else 0, self.runs):
            for contestant in contestants:
                if contestant.name in samples.failures or number >= contestant.most:
                    continue
                try:
                    sample = self._sample(contestant)
                except Failed as error:
                    samples.failures[contestant.name] = str(error)
                    samples.taken.pop(contestant.name, None)
                    print(f"{contestant.name} failed: {error}", file=sys.stderr)
                    continue
                if number >= 0:
                    samples.taken.setdefault(contestant.name, []).append(sample)
        return samples

    def call(self, command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a command in ``folder`` to its end. Raises :class:`Failed` where it does not end well."""
        done = subprocess.run(
            command, cwd=folder, env=dict(self.environ), capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise Failed("".join(last) or f"exit code {done.returncode}")
        return done

    def _sample(self, contestant: Contestant) -> Sample:
        folder = self.folder / "sample"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if contestant.fill is not None:
            contestant.fill(folder)
        start, start_cpu = perf_counter(), _children_cpu()
        output = self.call(contestant.command, folder).stdout
        seconds, cpu = perf_counter() - start, _children_cpu() - start_cpu
        if contestant.check is not None:
            contestant.check(folder)
        if contestant.whole:
            return {"seconds": seconds, "cpu": cpu}
        found: Sample = json.loads(output)
        return found


def _children_cpu() -> float:
    """Return the processor's time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # os.times() counts in steps of 10 ms
    return used.ru_utime + used.ru_stime


def median(values: Sequence[float]) -> float:
    """Return the middle of ``values``: one sample that was disturbed does not move it."""
    return statistics.median(values)


def exponent(points: Mapping[int, float]) -> float:
    """Return ``e`` of the best ``time = c * size ** e``, by least squares of the logarithms."""
    across = [math.log(size) for size in points]
    up = [math.log(seconds) for seconds in points.values()]
    return statistics.linear_regression(across, up).slope


def judge(row: Row) -> str:
    """Say in one or two words whether a line meets its goal."""
    if row.ours is None:
        return "not measured"
    return {True: "met", False: "MISSED", None: ""}[row.met]
