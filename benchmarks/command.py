"""What `benchmarks/run.py` does: which works are measured, with what, and where the numbers go.

Each peer is installed from PyPI into an environment of its own. Every sample runs in a fresh process, the
samples of the contestants of a work alternate, and the table holds medians. The exit code is 1 where a goal
is missed, and 2 where a work cannot be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cases import (
    beside,
    cold,
    crontab,
    durable,
    git,
    join,
    large,
    logged,
    memory,
    scheduled,
    sleeping,
    waiting,
)
from benchmarks.environments import Environments, default_folder
from benchmarks.harness import Bench
from benchmarks.table import goals_table, peers_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.harness import Result

__all__ = ["main"]

DESCRIPTION = "Measure wfepy-hooks against its goals, its peers and the floor of the machine."

# Each work by its name, in the order of the goals, with the words for its line among the peers.
WORKS: Mapping[str, tuple[str, Callable[[Bench], Result]]] = {
    "cold": ("cold tick of 3 tasks, saved (floor: bare Python)", cold.run),
    "durable": ("chain of 1,000, each task durable (floor: fsync)", durable.run),
    "memory": ("chain of 1,000 in memory", memory.run),
    "logged": ("", logged.run),
    "join": ("1,000 branches and a chain of 1,000 into a join", join.run),
    "waiting": ("tick over 1,000 waiting instances", waiting.run),
    "scheduled": ("tick with 100 scheduled workflows, nothing due", scheduled.run),
    "sleeping": ("tick over 10,000 sleeping instances, one due", sleeping.run),
    "git": ("", git.run),
    "crontab": ("", crontab.run),
    "beside": ("", beside.run),
    "large": ("", large.run),
}


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    environments = Environments(options.envs, offline=options.offline, ours=options.ours)
    results: dict[str, Result] = {}
    broken = False
    with tempfile.TemporaryDirectory(dir=options.work, prefix="wfepy-bench-") as folder:
        bench = Bench(
            environments,
            Path(folder),
            runs=3 if options.quick else options.runs,
            scale=options.scale,
            peers=not options.no_peers,
        )
        for name in options.only or WORKS:
            print(f"measuring {name}", file=sys.stderr)
            try:
                results[name] = WORKS[name][1](bench)
            except RuntimeError as error:
                print(f"{name} cannot be measured: {error}", file=sys.stderr)
                broken = True
    _report(results, options.json)
    missed = any(row.met is False for result in results.values() for row in result.rows)
    return 2 if broken else int(missed)


def _report(results: Mapping[str, Result], json_file: Path | None) -> None:
    rows = [row for result in results.values() for row in result.rows]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"Python {platform.python_version()}, {machine}\n")
    print(goals_table(rows))
    if any(len(result.peers) > 1 for result in results.values()):
        print()
        print(peers_table({WORKS[name][0]: result for name, result in results.items()}))
    if json_file is not None:
        data = {
            "rows": [{**vars(row), "ratio": row.ratio, "met": row.met} for row in rows],
            "peers": {name: result.peers for name, result in results.items()},
        }
        json_file.write_text(json.dumps(data, indent=1) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=DESCRIPTION)
    add = parser.add_argument
    add("--only", metavar="WORK", action="append", choices=WORKS, help=" | ".join(WORKS))
    add("--runs", type=int, default=5, help="samples of each contestant (default: 5)")
    add("--quick", action="store_true", help="3 samples: a first look, not for the record")
    add("--json", type=Path, metavar="FILE", help="write the numbers there too")
    add("--offline", action="store_true", help="use the environments as they are and install nothing")
    add("--envs", type=Path, metavar="DIR", default=default_folder(), help="where the environments are")
    add("--work", type=Path, metavar="DIR", help="a folder on the disk to measure (default: a temporary one)")
    add("--ours", metavar="PYTHON", help="interpreter that has wfepy-hooks (default: install this checkout)")
    add("--no-peers", action="store_true", help="measure ours and the floor only")
    add("--scale", type=float, default=1.0, help="make the works smaller, to try the script (default: 1.0)")
    return parser
