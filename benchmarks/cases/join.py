"""`size` instant branches and a chain of `size` tasks into one join: how the time grows with the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import Contestant, Result, Row, exponent

if TYPE_CHECKING:
    from benchmarks.harness import Bench, Samples

__all__ = ["run"]

SIZES = (300, 550, 1000, 1700, 3000)
# WfEpy needs 6 s for 1,000 and a minute for 3,000; what it is at 1,000 is enough to see its exponent.
THEIR_SIZES = SIZES[:3]


def run(bench: Bench) -> Result:
    sizes = [bench.size(size) for size in SIZES]
    theirs = [bench.size(size) for size in THEIR_SIZES] if bench.peers else []
    contestants = [_contestant(bench, OURS, "ours_works.py", size) for size in sizes]
    contestants += [_contestant(bench, "wfepy", "wfepy_works.py", size, most=3) for size in theirs]
    if bench.peers:
        contestants.append(_contestant(bench, "doit", "doit_works.py", sizes[2]))
    return _result(bench.interleave(contestants), sizes, theirs)


def _contestant(bench: Bench, tool: str, script: str, size: int, most: int = 1000) -> Contestant:
    return Contestant(f"{tool} {size}", bench.script(tool, script, "memory", "join", size), most=most)


def _result(samples: Samples, sizes: list[int], theirs: list[int]) -> Result:
    middle = sizes[2]
    ours, wfepy = samples.of(f"ours {middle}"), samples.of(f"wfepy {middle}")
    growth = _growth(samples, "ours", sizes)
    rows = [
        Row(f"join of {sizes[0]:,} to {sizes[-1]:,} branches: growth", growth, goal=1.1, unit="exponent"),
        Row(f"join of {middle:,} branches and a chain of {middle:,}", ours, wfepy, "wfepy"),
    ]
    if theirs:
        note = f"wfepy: growth from {theirs[0]:,} to {theirs[-1]:,}"
        rows.append(Row(note, _growth(samples, "wfepy", theirs), unit="exponent"))
    names = ("ours", "wfepy", "doit")
    return Result(rows, {name: samples.of(f"{name} {middle}") or "-" for name in names})


def _growth(samples: Samples, name: str, sizes: list[int]) -> float | None:
    # Of the processor's time, which what else the machine does changes little.
    medians = {size: samples.of(f"{name} {size}", "cpu") for size in sizes}
    found = {size: seconds for size, seconds in medians.items() if seconds is not None}
    return exponent(found) if len(found) == len(sizes) else None
