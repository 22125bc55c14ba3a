"""What the project wants of systemd: ``[plugins.wfepy_systemd]`` of the config file, and the options before it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wfepy_hooks import parse_duration, plugin_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from wfepy_hooks import Config

__all__ = ["PLUGIN", "SYSTEM", "USER", "Settings", "read_settings"]

PLUGIN = "wfepy_systemd"
#: Whose systemd it is: that of the user who logs in, or the machine's.
USER, SYSTEM = "user", "system"
#: Names that systemd takes for ``User=``, and numbers.
_USER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?|[0-9]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for.

    :ivar scope: :data:`USER` or :data:`SYSTEM`
    :ivar per_workflow: a timer and a service for each workflow
    :ivar timeout: after how many seconds a tick is ended; 0: never
    :ivar harden: whether the ticks are kept from what hardly any task does
    :ivar user: who runs the ticks of :data:`SYSTEM`; empty: the machine's user, see :class:`wfepy_hooks.Machine`
    """

    scope: str = USER
    per_workflow: bool = False
    timeout: int = 0
    harden: bool = True
    user: str = ""


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_duration(value: object) -> bool:
    return isinstance(value, str) and _seconds(value) > 0


def _seconds(text: str) -> int:
    try:
        return int(parse_duration(text).total_seconds())
    except ValueError:
        return 0


def is_user_name(value: object) -> bool:
    """Return whether systemd takes ``value`` for a user."""
    return isinstance(value, str) and bool(_USER_NAME.fullmatch(value))


KEYS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "scope": ('"user" or "system"', lambda value: value in (USER, SYSTEM)),
    "per_workflow": ("true or false", _is_flag),
    "timeout": ('a duration of at least a second, such as "2h"', _is_duration),
    "harden": ("true or false", _is_flag),
    "user": ("the name of a user", is_user_name),
}


def read_settings(config: Config, options: Namespace | None = None) -> Settings:
    """Return the settings of the config file, with what the options of the command say instead.

    :param options: ``scope`` and ``per_workflow`` of it count
    :raises ConfigError: with everything that is wrong in the file
    """
    table = plugin_settings(config, PLUGIN, KEYS)
    return Settings(
        scope=getattr(options, "scope", None) or table.get("scope", USER),
        per_workflow=bool(getattr(options, "per_workflow", False)) or table.get("per_workflow", False),
        timeout=_seconds(table["timeout"]) if "timeout" in table else 0,
        harden=table.get("harden", True),
        user=table.get("user", ""),
    )
