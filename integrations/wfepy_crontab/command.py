"""Let cron run the ticks of this project: show the lines, install them, take them out again.

    wfepy crontab show              # nothing is changed
    wfepy crontab install
    wfepy crontab status
    wfepy crontab uninstall

By default it is one line, which runs wfepy tick --due at each minute of the hour at which a schedule or start of any
workflow can be due; the tick then looks at the schedules itself, in their time zones. Nothing else of a crontab is ever
touched: the lines stand between two comments, and what was there before is backed up.

Settings are in [plugins.wfepy_crontab] of the config file: log, per_workflow, mail_errors, program, cron_d, mailto.
"""

from __future__ import annotations

from importlib import import_module

from wfepy_hooks.commandline import add_json, add_verbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

__all__ = ["add_arguments", "run"]

VERBS = {
    "show": "print the lines, and change nothing",
    "install": "put the lines into the crontab, or bring them up to date",
    "uninstall": "take the lines out: the crontab is as it was, byte for byte",
    "status": "say whether the lines are there and current, what is due next, and what went wrong",
    "check": "explain a cron expression: what it means, and when it is due",
}


def add_arguments(parser: ArgumentParser) -> None:
    for verb, one in add_verbs(parser, __package__, VERBS).items():
        if verb in ("show", "status", "check"):
            add_json(one)


def run(args: Namespace, config: Config) -> int:
    code: int = import_module(f"{__package__}.{args.verb}").run(args, config)
    return code
