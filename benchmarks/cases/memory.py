"""A chain of no-op tasks in memory: `Runner.run()` of one process, with the graph ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import Contestant, Result, Row

if TYPE_CHECKING:
    from benchmarks.harness import Bench

__all__ = ["run"]

SCRIPTS = {
    "wfepy": "wfepy_works.py",
    "burr": "burr_works.py",
    "doit": "doit_works.py",
    "SpiffWorkflow": "spiff_works.py",
}


def run(bench: Bench) -> Result:
    size = bench.size(1000)
    contestants = [
        Contestant("ours", bench.script(OURS, "ours_works.py", "memory", "chain", size)),
        Contestant("plugin", bench.script(OURS, "ours_works.py", "observed", "chain", size)),
    ]
    if bench.peers:
        for tool, script in SCRIPTS.items():
            contestants.append(Contestant(tool, bench.script(tool, script, "memory", "chain", size)))
    samples = bench.interleave(contestants)
    ours, theirs = samples.of("ours"), samples.of("wfepy")
    rows = [
        Row(f"chain of {size:,} tasks in memory", ours, theirs, "wfepy", goal=0.8),
        Row("the same with a plugin in 4 hooks", samples.of("plugin"), theirs, "wfepy"),
    ]
    return Result(rows, samples.line("ours", *SCRIPTS))
