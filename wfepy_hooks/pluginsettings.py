"""The settings of a plugin, ``[plugins.NAME]`` of the config file, checked as the engine checks its own."""

from __future__ import annotations

import os

from .configfile import FLAG, PYPROJECT, TEXT, wrong_values
from .errors import ConfigError

__all__ = ["FLAG", "TEXT", "plugin_settings", "settings_table"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .config import Config
    from .configfile import Rule


def plugin_settings(config: Config, name: str, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Return the settings of a plugin.

    :param name: the plugin's name
    :param rules: for each key what its value must be, in words, and a function that tells whether a value is that
    :raises ConfigError: with everything that is wrong: a key that is not known, a value that is not allowed
    """
    table = config.plugin_settings.get(name, {})
    problems = list(wrong_values(settings_table(config, name), table, dict(rules)))
    if problems:
        count = f"{len(problems)} problems:\n  " if problems[1:] else ""
        raise ConfigError(count + "\n  ".join(problems), where=config.file or config.root)
    return table


def settings_table(config: Config, name: str) -> str:
    """Return the name of the table with the settings of a plugin, for messages."""
    in_pyproject = os.path.basename(config.file or "") == PYPROJECT
    return f"tool.wfepy.plugin.{name}" if in_pyproject else f"plugins.{name}"
