"""The works in one process, done by WfEpy: `wfepy_works.py memory SHAPE SIZE` prints a JSON object."""

from __future__ import annotations

import json
import sys
from time import perf_counter, process_time

import shapes  # type: ignore[import-not-found]  # a script: it stands beside it
import wfepy  # type: ignore[import-not-found]  # installed in its own environment only


def memory(shape: str, size: int) -> dict[str, float]:
    """Time `Runner.run()` alone, with the graph built and checked beforehand."""
    workflow = wfepy.Workflow()
    workflow.load_tasks(shapes.SHAPES[shape](wfepy, size))
    workflow.check_graph()
    runner = workflow.create_runner({})
    start, start_cpu = perf_counter(), process_time()
    runner.run()
    found = {"seconds": perf_counter() - start, "cpu": process_time() - start_cpu}
    assert runner.finished
    return found


if __name__ == "__main__":
    print(json.dumps(memory(sys.argv[2], int(sys.argv[3]))))
