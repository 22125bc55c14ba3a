"""End an instance: whatever is undecided in it is cancelled, and so are the instances that it waits for.

    wfepy cancel coffee table-4 -m "the guest has left"

What is cancelled is listed, and you are asked first. INSTANCE may be left out where there is only one, or one is called
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
    return operating.run("cancel", args, config)
