"""One tick of a project whose workflows have schedules, none of which is due: it must not read them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import PEERS, Contestant, Result, Row

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Bench

__all__ = ["run"]

WORKFLOW = '[workflows.w{number}]\nmodule = "ours_sleeping"\n'
# Due next year, each at a minute of its own.
SCHEDULES = (
    'schedule = "{minute} 4 1 {month} *"\nstart = "{minute} 3 1 {month} *"\ntimezone = "Europe/Prague"\n'
)


def run(bench: Bench) -> Result:
    size = bench.size(100)
    tick = [bench.python(OURS), "-m", "wfepy_hooks", "tick", "--due"]
    with_schedules = _project(bench, size, SCHEDULES)
    without = _project(bench, size, "")
    contestants = [
        Contestant("with", [*tick, "--config", str(with_schedules / "wfepy.toml")], whole=True),
        Contestant("without", [*tick, "--config", str(without / "wfepy.toml")], whole=True),
    ]
    samples = bench.interleave(contestants, warm=True)
    row = Row(
        f"tick with {size} scheduled workflows, nothing due",
        samples.of("with"),
        samples.of("without"),
        "with as many that have no schedule",
        goal=1.15,
    )
    return Result([row], {})


def _project(bench: Bench, size: int, schedules: str) -> Path:
    home = bench.folder / f"scheduled-{size}-{bool(schedules)}"
    if not home.exists():
        home.mkdir(parents=True)
        shutil.copy2(PEERS / "ours_sleeping.py", home)
        month = _month_that_is_far_away()
        tables = (WORKFLOW + schedules for _ in range(size))
        texts = (
            table.format(number=number, minute=number % 60, month=month)
            for number, table in enumerate(tables)
        )
        (home / "wfepy.toml").write_text("\n".join(texts))
        for _ in range(2):  # the first one notes the schedules
            bench.call([bench.python(OURS), "-m", "wfepy_hooks", "tick", "--due"], home)
    return home


def _month_that_is_far_away() -> int:
    from datetime import datetime, timezone

    return (datetime.now(timezone.utc).month + 5) % 12 + 1
