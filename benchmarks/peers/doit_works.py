"""The works in one process, done by doit: `doit_works.py memory SHAPE SIZE` prints a JSON object.

doit has no run without its database of results: it is written once, when all tasks are done.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from time import perf_counter

from doit.cmd_base import ModuleTaskLoader  # type: ignore[import-not-found]  # in its own environment
from doit.doit_cmd import DoitMain  # type: ignore[import-not-found]  # in its own environment

Tasks = Iterator[dict[str, object]]


def nothing() -> bool:
    return True


def chain(size: int, prefix: str = "t") -> Tasks:
    for number in range(size):
        before = [f"{prefix}{number - 1}"] if number else []
        yield {"basename": f"{prefix}{number}", "actions": [nothing], "task_dep": before}


def join(size: int) -> Tasks:
    """`size` branches of one task and one branch of `size` tasks, all into one join."""
    for number in range(size):
        yield {"basename": f"t{number}", "actions": [nothing]}
    yield from chain(size, "c")
    before = [*(f"t{number}" for number in range(size)), f"c{size - 1}"]
    yield {"basename": "joined", "actions": [nothing], "task_dep": before}


def memory(shape: str, size: int) -> dict[str, float]:
    tasks = {"chain": chain, "join": join}[shape]
    loader = ModuleTaskLoader(
        {"task_all": lambda: tasks(size), "DOIT_CONFIG": {"verbosity": 0, "reporter": "zero"}}
    )
    start = perf_counter()
    code = DoitMain(loader).run(["run"])
    seconds = perf_counter() - start
    assert code == 0
    return {"seconds": seconds}


if __name__ == "__main__":
    print(json.dumps(memory(sys.argv[2], int(sys.argv[3]))))
