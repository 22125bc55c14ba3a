"""Many at once: async tasks, tasks in processes, and the items of one task, each through the store of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import Contestant, Result, Row

if TYPE_CHECKING:
    from benchmarks.harness import Bench

__all__ = ["run"]

CPU_TASKS = 16


def run(bench: Bench) -> Result:
    tasks, items = bench.size(1000), bench.size(10_000)

    def ours(what: str, size: int) -> Contestant:
        return Contestant(what, bench.script(OURS, "ours_beside.py", what, size))

    of = bench.interleave(
        [
            ours("async", tasks),
            ours("inline", CPU_TASKS),
            ours("processes", CPU_TASKS),
            ours("bare", CPU_TASKS),
            ours("each", items),
            ours("batch", items),
            Contestant("floor", bench.script(OURS, "floor.py", items)),
        ]
    ).of
    flushes = f"{items:,} append+fsync"
    rows = [
        Row(f"{tasks:,} async tasks that sleep 0.1 s each", of("async"), 0.5, "half a second", goal=1.0),
        Row(f"{CPU_TASKS} CPU-bound tasks, processes:2", of("processes"), of("inline"), "inline", goal=0.6),
        Row("the same", of("processes"), of("bare"), "two bare Pythons, half of it each"),
        Row(f"{items:,} items, each durable", of("each"), of("floor"), flushes, goal=1.5),
        Row(f"{items:,} items, in batches", of("batch"), of("floor"), flushes, goal=1.0),
    ]
    return Result(rows)
