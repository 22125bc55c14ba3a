"""A chain and a fan of up to 100,000 tasks: check, run, save and load, and how the processor's time grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import Contestant, Result, Row, exponent
from benchmarks.table import quantity

if TYPE_CHECKING:
    from benchmarks.harness import Bench, Samples

__all__ = ["run"]

SIZES = (25_000, 50_000, 100_000)
STEPS = ("check", "run", "save", "load")
# Linear, with room for the caches of the processor and the passes of the garbage collector, which both favour
# the smaller sizes.
LINEAR = 1.2


def run(bench: Bench) -> Result:
    sizes = [bench.size(size) for size in SIZES]
    contestants = [
        Contestant(f"{shape} {size}", bench.script(OURS, "ours_works.py", "large", shape, size))
        for shape in ("chain", "fan")
        for size in sizes
    ]
    samples = bench.interleave(contestants)
    return Result([row for shape in ("chain", "fan") for row in _rows(samples, shape, sizes)])


def _rows(samples: Samples, shape: str, sizes: list[int]) -> list[Row]:
    largest = sizes[-1]
    rows = [_growth(samples, shape, sizes, step) for step in STEPS]
    size_of_state = samples.of(f"{shape} {largest}", "bytes")
    a_task = size_of_state / largest if size_of_state is not None else None
    return [*rows, Row(f"{shape} of {largest:,}: state, a task", a_task, goal=100, unit="bytes")]


def _growth(samples: Samples, shape: str, sizes: list[int], step: str) -> Row:
    times = {size: samples.of(f"{shape} {size}", step) for size in sizes}
    found = {size: seconds for size, seconds in times.items() if seconds}
    growth = exponent(found) if len(found) == len(sizes) else None
    work = f"{shape} of {sizes[0]:,} to {sizes[-1]:,}: {step}, growth"
    largest = f"({quantity(times[sizes[-1]])} for {sizes[-1]:,})"
    return Row(work, growth, goal=LINEAR, unit="exponent", note=largest)
