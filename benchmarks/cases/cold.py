"""A cold tick: a whole process that loads one saved instance, runs its three tasks, saves it, and ends."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import PEER_TOOLS, PEERS, Contestant, Failed, Result, Row
from benchmarks.projects import let_go, ours_project, peer_project, peer_tick

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Bench, Samples

__all__ = ["HEAVY", "run"]

# What a plain tick has no use for, and each of these costs more than the tick.
HEAVY = ("importlib.metadata", "croniter", "graphviz", "rich", "asyncio")


def run(bench: Bench) -> Result:
    ours = [bench.python(OURS), "-m", "wfepy_hooks"]
    waiting = ours_project(bench, 1)
    contestants = [
        Contestant("bare", [bench.python(OURS), "-c", "pass"], whole=True),
        Contestant("ours", [*ours, "tick"], let_go(waiting), whole=True, check=_done),
        Contestant("run", [*ours, "run", "ours_tasks.py"], _script, whole=True, check=_done_run),
    ]
    if bench.peers:
        contestants += [_peer(bench, tool) for tool in PEER_TOOLS]
    samples = bench.interleave(contestants, warm=True)
    return _result(samples, _heavy_imports(bench, waiting))


def _result(samples: Samples, heavy: list[str]) -> Result:
    ours, bare, theirs = samples.of("ours"), samples.of("bare"), samples.of("wfepy")
    rows = [
        Row("cold tick of 3 tasks, saved durably", ours, theirs, "wfepy, not durable", goal=1.0),
        Row("the same, processor's time", samples.of("ours", "cpu"), samples.of("wfepy", "cpu"), "wfepy"),
        Row("the same", ours, bare, "bare Python"),
        Row("`wfepy run FILE`, 3 tasks, new instance", samples.of("run"), bare, "bare Python"),
        Row("heavy modules that a tick imports", len(heavy), goal=0, unit="", note=" ".join(heavy)),
    ]
    return Result(rows, {**samples.line("ours", *PEER_TOOLS), "floor": bare or "-"})


def _peer(bench: Bench, tool: str) -> Contestant:
    return Contestant(tool, peer_tick(bench, tool), let_go(peer_project(bench, tool, 1)), whole=True)


def _script(folder: Path) -> None:
    shutil.copy2(PEERS / "ours_tasks.py", folder)
    (folder / "go").touch()


def _done(folder: Path) -> None:
    if not list((folder / "state").glob("*/done/*.json")):
        raise Failed("the tick did not finish the instance")


def _done_run(folder: Path) -> None:
    if not list((folder / ".wfepy" / "state").glob("*/done/*.json")):
        raise Failed("the run did not finish the instance")


def _heavy_imports(bench: Bench, project: Path) -> list[str]:
    """Return the modules of HEAVY that a tick imports, seen with `-X importtime`."""
    folder = bench.folder / "imports"
    shutil.rmtree(folder, ignore_errors=True)
    let_go(project)(folder)
    done = bench.call([bench.python(OURS), "-X", "importtime", "-m", "wfepy_hooks", "tick"], folder)
    imported = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line]
    return [name for name in HEAVY if name in imported]
