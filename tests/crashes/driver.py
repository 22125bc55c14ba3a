"""Runs the workflow of ``flow.py`` to its end in one process, and dies where it is told to.

``python driver.py FOLDER [POINT NUMBER]``: at the given reach of that fault point the process kills itself. Without
one it prints how often each point was reached.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections import Counter

from wfepy_hooks import InstanceExists, faults
from wfepy_hooks.config import Config
from wfepy_hooks.project import Project


def main(folder: str, point: str = "", number: str = "0") -> None:
    reached: Counter[str] = Counter()

    def hit(name: str) -> None:
        reached[name] += 1
        if name == point and reached[name] == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    faults.hit = hit
    with Config.load(cwd=folder) as config:
        project = Project(config)
        config.plugins.require_healthy()
        if "default" not in project.store.list("flow", ended=True):
            with contextlib.suppress(InstanceExists):
                project.start("flow", "default")
        for _ in range(10):
            for report in project.tick():
                if report.error is not None:
                    raise report.error
    sys.stdout.write(json.dumps(reached))


if __name__ == "__main__":
    main(*sys.argv[1:])
