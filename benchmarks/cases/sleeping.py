"""One tick over many instances of which only one is due: a whole process that must not look at the others."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import PEERS, Contestant, Result, Row
from benchmarks.projects import copy_of

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Bench

__all__ = ["run"]

CONFIG = '[wfepy]\nstate = "state"\n\n[workflows.sleeping]\nmodule = "ours_sleeping"\n'


def run(bench: Bench) -> Result:
    size = bench.size(10_000)
    tick = [bench.python(OURS), "-m", "wfepy_hooks", "tick"]
    # In one place, as a project is: a copy has other files, which the first tick reads all.
    many, one = _project(bench, size), _project(bench, 0)
    contestants = [
        Contestant("many", [*tick, "--config", str(many / "wfepy.toml")], whole=True),
        Contestant("one", [*tick, "--config", str(one / "wfepy.toml")], whole=True),
        Contestant("first", tick, copy_of(many), whole=True, most=3),
    ]
    samples = bench.interleave(contestants, warm=True)
    row = Row(
        f"tick over {size:,} sleeping instances, one due",
        samples.of("many"),
        samples.of("one"),
        "a tick of that one alone",
        goal=2.0,
    )
    first = Row("the same in a new checkout, which has no index", samples.of("first"))
    return Result([row, first], {"ours": samples.of("many") or "-"})


def _project(bench: Bench, instances: int) -> Path:
    home = bench.folder / f"sleeping-{instances}"
    if not home.exists():
        home.mkdir(parents=True)
        shutil.copy2(PEERS / "ours_sleeping.py", home)
        (home / "wfepy.toml").write_text(CONFIG)
        bench.call(bench.script(OURS, "ours_sleeping.py", instances), home)
        for _ in range(2):
            bench.call([bench.python(OURS), "-m", "wfepy_hooks", "tick"], home)
    return home
