"""Try who is told what, and look after what could not be sent yet.

    wfepy notify test               # a message to each target, now
    wfepy notify test team
    wfepy notify outbox             # what waits, how often it was tried, and why
    wfepy notify outbox --discard ID

Who is told about what is in [plugins.wfepy_notify] of the config file.
"""

from __future__ import annotations

from importlib import import_module

from wfepy_hooks import ConfigError
from wfepy_hooks.commandline import add_verbs

from .settings import PLUGIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks.config import Config

__all__ = ["add_arguments", "run"]

VERBS = {
    "test": "send a test message now",
    "outbox": "list what is still to be sent, or discard it",
}


def add_arguments(parser: ArgumentParser) -> None:
    add_verbs(parser, f"{__package__}.verbs", VERBS)


def run(args: Namespace, config: Config) -> int:
    if not config.plugin_settings.get(PLUGIN):
        raise ConfigError(
            "nobody is told anything: there is no [plugins.wfepy_notify]",
            where=config.file or config.root,
            hint='add [plugins.wfepy_notify.targets.team] with url = "..."',
        )
    code: int = import_module(f"{__package__}.verbs.{args.verb}").run(args, config)
    return code
