"""Skip a task that is about to run, waits or failed, as if no transition to it had been taken.

    wfepy skip coffee table-4 make_foam -m "the foamer is broken"

What only follows from it is skipped, too; that is listed, and you are asked first. INSTANCE may be left out where there
is only one, or one is called "default".

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
    return operating.run("skip", args, config)
