"""What the project wants of cron: ``[plugins.wfepy_crontab]`` of the config file, and the options that go before it."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass

from wfepy_hooks import plugin_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from wfepy_hooks import Config

__all__ = ["PLUGIN", "Settings", "read_settings"]

PLUGIN = "wfepy_crontab"


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for.

    :ivar log: absolute path of the file that the ticks log to
    :ivar has_own_log: whether somebody has named it
    :ivar per_workflow: a line for each workflow
    :ivar mail_errors: let cron mail what went wrong
    :ivar program: the words that run the ``crontab`` program
    :ivar cron_d: absolute path of the folder of cron's system files
    :ivar mailto: who gets the mail of the lines in ``cron_d``; empty: whoever runs them
    """

    log: str
    has_own_log: bool = False
    per_workflow: bool = False
    mail_errors: bool = False
    program: tuple[str, ...] = ("crontab",)
    cron_d: str = "/etc/cron.d"
    mailto: str = ""

    def words(self) -> str:
        """Return the options of ``wfepy crontab install`` that ask for the same."""
        words = ["--per-workflow"] if self.per_workflow else []
        words += ["--mail-errors"] if self.mail_errors else []
        words += ["--log", shlex.quote(self.log)] if self.has_own_log else []
        return " ".join(words)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _is_command(value: object) -> bool:
    return _is_text(value) or (isinstance(value, list) and bool(value) and all(map(_is_text, value)))


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


RULES: dict[str, tuple[str, Callable[[object], bool]]] = {
    "log": ("the path of a file, relative to the config file", _is_text),
    "per_workflow": ("true or false", _is_flag),
    "mail_errors": ("true or false", _is_flag),
    "program": ('a program, such as "crontab", or a list of it and its first arguments', _is_command),
    "cron_d": ("the path of a folder", _is_text),
    "mailto": ("an address", _is_text),
}


def read_settings(config: Config, options: Namespace | None = None) -> Settings:
    """Return the settings of the config file, with what the options of the command say instead.

    :param options: ``log``, ``per_workflow`` and ``mail_errors`` of it count
    :raises ConfigError: with everything that is wrong in the file
    """
    table = plugin_settings(config, PLUGIN, RULES)
    named = getattr(options, "log", None)
    if named:
        path = os.path.abspath(os.path.expanduser(named))
    else:
        path = _path(table.get("log", ".wfepy/tick.log"), config)
    program = table.get("program", "crontab")
    return Settings(
        path,
        has_own_log=bool(named),
        per_workflow=bool(getattr(options, "per_workflow", False)) or table.get("per_workflow", False),
        mail_errors=bool(getattr(options, "mail_errors", False)) or table.get("mail_errors", False),
        program=tuple(map(os.path.expanduser, [program] if isinstance(program, str) else program)),
        cron_d=_path(table.get("cron_d", "/etc/cron.d"), config),
        mailto=table.get("mailto", ""),
    )


def _path(text: str, config: Config) -> str:
    """Return the absolute path that a setting names."""
    return os.path.normpath(os.path.join(config.root, os.path.expanduser(text)))
