"""The works in one process, by SpiffWorkflow: `spiff_works.py memory SHAPE SIZE` prints a JSON object."""

from __future__ import annotations

import json
import sys
import threading
from time import perf_counter
from typing import Any

from spiff_tasks import Nothing  # type: ignore[import-not-found]  # a script: it stands beside it
from SpiffWorkflow.specs import Join, WorkflowSpec  # type: ignore[import-not-found]  # in its own environment
from SpiffWorkflow.workflow import Workflow  # type: ignore[import-not-found]  # in its own environment


def chain(size: int) -> WorkflowSpec:
    spec = WorkflowSpec(name="chain", addstart=True)
    _chain(spec, spec.start, "t", size)
    return spec


def join(size: int) -> WorkflowSpec:
    """`size` branches of one task and one branch of `size` tasks, all into one join."""
    spec = WorkflowSpec(name="join", addstart=True)
    joined = Join(spec, "joined")
    for number in range(size):
        branch = Nothing(spec, f"t{number}")
        spec.start.connect(branch)
        branch.connect(joined)
    _chain(spec, spec.start, "c", size).connect(joined)
    return spec


def _chain(spec: WorkflowSpec, last: Any, prefix: str, size: int) -> Any:
    for number in range(size):
        following = Nothing(spec, f"{prefix}{number}")
        last.connect(following)
        last = following
    return last


def memory(spec: WorkflowSpec) -> dict[str, float]:
    workflow = Workflow(spec)
    start = perf_counter()
    workflow.run_all()
    seconds = perf_counter() - start
    assert workflow.is_completed()
    return {"seconds": seconds}


def main() -> None:
    shape = {"chain": chain, "join": join}[sys.argv[2]]
    print(json.dumps(memory(shape(int(sys.argv[3])))))


if __name__ == "__main__":
    # SpiffWorkflow recurses once a task: with Python's own limit a chain of 1,000 tasks is a RecursionError.
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 * 1024 * 1024)
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
