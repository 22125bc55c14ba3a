"""To come."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks.config import Config


def add_arguments(parser: ArgumentParser) -> None:
    pass


def run(args: Namespace, config: Config) -> int:
    return 0
