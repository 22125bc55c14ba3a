"""A chain of no-op tasks in one process, each made durable before the next one starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import Contestant, Result, Row

if TYPE_CHECKING:
    from benchmarks.harness import Bench

__all__ = ["run"]


def run(bench: Bench) -> Result:
    size = bench.size(1000)
    contestants = [
        Contestant("ours", bench.script(OURS, "ours_works.py", "durable", size)),
        Contestant("floor", bench.script(OURS, "floor.py", size)),
    ]
    if bench.peers:
        contestants.append(
            Contestant("burr", bench.script("burr", "burr_works.py", "durable", "chain", size))
        )
    samples = bench.interleave(contestants)
    ours, floor, burr = (samples.of(name) for name in ("ours", "floor", "burr"))
    rows = [
        Row(f"chain of {size:,} tasks, each durable", ours, floor, f"{size:,} append+fsync", goal=1.3),
        Row("the same", ours, burr, "burr on SQLite"),
    ]
    return Result(rows if bench.peers else rows[:1], samples.line("ours", "burr", "floor"))
