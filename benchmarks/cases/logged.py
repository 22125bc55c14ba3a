"""A chain of no-op tasks in memory with wfepy_logging, which writes each of its events to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import Contestant, Result, Row

if TYPE_CHECKING:
    from benchmarks.harness import Bench

__all__ = ["run"]

FORMATS = ("text", "json")


def run(bench: Bench) -> Result:
    size = bench.size(1000)
    plain = Contestant("plain", bench.script(OURS, "ours_works.py", "memory", "chain", size))
    logged = [Contestant(name, bench.script(OURS, "ours_works.py", "logged", name, size)) for name in FORMATS]
    samples = bench.interleave([plain, *logged])
    without = samples.of("plain", "cpu")
    rows = []
    for name in FORMATS:
        found, events = samples.of(name, "cpu"), samples.of(name, "events")
        # With what calling a plugin costs; the processor's time, for the disk is not ours.
        each = (found - without) / events if found is not None and without is not None and events else None
        micro = None if each is None else each * 1e6
        rows.append(Row(f"an event logged as {name}, to a file", micro, goal=15, unit="us"))
    return Result(rows)
