"""Let the ticks run an instance again that is paused.

    wfepy resume coffee table-4

What came due meanwhile happens at the next tick. INSTANCE may be left out where there is only one, or one is called
"default".

With --json: {"verb", "workflow", "instance", "tasks", "by", "reason", "status", "paused", "effects"}.
"""

from __future__ import annotations

from . import operating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config


def add_arguments(parser: ArgumentParser) -> None:
    operating.add_instance_arguments(parser)


def run(args: Namespace, config: Config) -> int:
    return operating.run("resume", args, config)
