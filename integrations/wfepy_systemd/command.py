"""Let systemd run the ticks of this project: show the units, install them, take them out again.

    wfepy systemd show              # nothing is changed
    wfepy systemd install
    wfepy systemd status
    wfepy systemd uninstall

A timer wakes up wfepy tick --due, at least whenever a schedule or start of a workflow is due; the tick looks at the
schedules itself, in their time zones. What was due while the machine was off is made up for.

Settings are in [plugins.wfepy_systemd] of the config file: scope, per_workflow, timeout, harden, user.
"""

from __future__ import annotations

from importlib import import_module

from wfepy_hooks.commandline import add_json, add_verbs

from .settings import SYSTEM, USER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

__all__ = ["add_arguments", "run"]

VERBS = {
    "show": "print the units, and change nothing",
    "install": "write the units, and start the timers",
    "uninstall": "stop the timers, and remove the units",
    "status": "say whether the units are there and current, and when they are due next",
}


def add_arguments(parser: ArgumentParser) -> None:
    for verb, one in add_verbs(parser, __package__, VERBS).items():
        _add_scope(one)
        if verb != "uninstall":
            one.add_argument(
                "--per-workflow", action="store_true", help="a timer and a service for each workflow"
            )
        if verb in ("show", "status"):
            add_json(one)


def _add_scope(parser: ArgumentParser) -> None:
    scope = parser.add_mutually_exclusive_group()
    for name, help in ((USER, "of the user who logs in (default)"), (SYSTEM, "of the machine; as root")):
        scope.add_argument(
            f"--{name}", dest="scope", action="store_const", const=name, help=f"the systemd {help}"
        )


def run(args: Namespace, config: Config) -> int:
    code: int = import_module(f"{__package__}.{args.verb}").run(args, config)
    return code
