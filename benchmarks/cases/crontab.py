"""`wfepy crontab install` into a crontab of many lines of others: whole processes, with a program that only copies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import Contestant, Failed, Result, Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.harness import Bench

__all__ = ["run"]

PROGRAM = """#!/bin/sh
case $1 in
-l) exec cat "${0%/*}/table" ;;
-)  exec cat >"${0%/*}/table" ;;
esac
"""
CONFIG = """[workflows.three]
module = "ours_tasks"
schedule = "*/10 * * * *"

[plugins.wfepy_crontab]
program = {program}
"""
LINE = "{minute} 3 * * * cd /srv/project-{number} && exec ./nightly --quiet >>/var/log/nightly-{number}.log 2>&1\n"


def run(bench: Bench) -> Result:
    size = bench.size(10_000)
    install = [bench.python(OURS), "-m", "wfepy_hooks", "crontab", "install"]
    contestants = [
        Contestant("many", install, _with_lines(size), whole=True, check=_check(size)),
        Contestant("one", install, _with_lines(1), whole=True, check=_check(1)),
    ]
    samples = bench.interleave(contestants, warm=True)
    work = f"install into a crontab of {size:,} lines of others"
    rows = [
        Row(work, samples.of("many"), 1.0, "a second", goal=1.0),
        Row("the same", samples.of("many"), samples.of("one"), "into one of a single line", goal=2.0),
    ]
    return Result(rows)


def _lines(size: int) -> str:
    return "".join(LINE.format(minute=number % 60, number=number) for number in range(size))


def _with_lines(size: int) -> Callable[[Path], None]:
    """Return what fills the folder of a sample with a project, and a crontab of so many lines."""

    def fill(folder: Path) -> None:
        program = folder / "crontab"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        (folder / "table").write_text(_lines(size))
        (folder / "wfepy.toml").write_text(CONFIG.format(program=json.dumps(str(program))))

    return fill


def _check(size: int) -> Callable[[Path], None]:
    """Return what makes sure that the line is there, behind all others."""

    def check(folder: Path) -> None:
        before, _, block = (folder / "table").read_text().partition("# wfepy begin ")
        if before != _lines(size) or " tick --due --log " not in block:
            raise Failed("the crontab is not what it should be")

    return check
