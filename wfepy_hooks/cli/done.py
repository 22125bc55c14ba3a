"""Declare a task done that is about to run, waits or failed: somebody has done its work by hand.

    wfepy done coffee table-4 make_coffee -m "brought one from the bar"

It is not called; the conditions of its transitions say what follows. That is listed, and you are asked first. INSTANCE
may be left out where there is only one, or one is called "default".

With --json: {"verb", "workflow", "instance", "tasks", "by", "reason", "status", "paused", "effects"}.
"""

from __future__ import annotations

from . import operating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config


def add_arguments(parser: ArgumentParser) -> None:
    operating.add_task_arguments(parser)


def run(args: Namespace, config: Config) -> int:
    return operating.run("done", args, config)
