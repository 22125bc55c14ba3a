"""The settings of a plugin, ``[plugins.NAME]`` of the config file, checked as the engine checks its own."""

from __future__ import annotations

import os

from .configfile import FLAG, PYPROJECT, TEXT, wrong_values
from .errors import ConfigError

__all__ = ["FLAG", "TEXT", "plugin_settings", "settings_table", "some_of"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any

    from .config import Config
    from .configfile import Rule


def plugin_settings(
    config: Config,
    name: str,
    rules: Mapping[str, Rule],
    tables: Mapping[str, Mapping[str, Rule]] | None = None,
    required: Collection[str] = (),
) -> dict[str, Any]:
    """Return the settings of a plugin.

    :param name: the plugin's name
    :param rules: for each key what its value must be, in words, and a function that tells whether a value is that; it
        may raise a :exc:`ValueError` that says what is wrong
    :param tables: for each key that holds tables of the user's naming, ``[plugins.NAME.KEY.THEIRS]``, the rules of
        each of them
    :param required: the keys that must be there
    :raises ConfigError: with everything that is wrong: a key that is not known or is missing, a value that is not
        allowed
    """
    table = config.plugin_settings.get(name, {})
    where = settings_table(config, name)
    known = {**rules, **dict.fromkeys(tables or (), ("a table of tables", _are_tables))}
    problems = list(wrong_values(where, table, known))
    if known.keys() >= table.keys():  # or it is there, and misspelt
        missing = (key for key in required if key not in table)
        problems += [f"[{where}] the key {key} is missing; it is {known[key][0]}" for key in missing]
    for key, inner in (tables or {}).items():
        if _are_tables(found := table.get(key, {})):
            for theirs in found:
                problems += wrong_values(f"{where}.{key}.{theirs}", found[theirs], dict(inner))
    if problems:
        count = f"{len(problems)} problems:\n  " if problems[1:] else ""
        raise ConfigError(count + "\n  ".join(problems), where=config.file or config.root)
    return table


def _are_tables(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())


def some_of(known: Collection[str], what: str) -> Rule:
    """Return the rule of a value that is a list of names out of ``known``.

    :param what: what one of them is called, such as ``event``
    """

    def test(value: object) -> bool:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return False
        for problem in _unknown(value, known, what):
            raise ValueError(problem)
        return bool(value)

    return f"a list out of {', '.join(known)}", test


def _unknown(names: list[str], known: Collection[str], what: str) -> Iterator[str]:
    for name in names:
        if name not in known:
            from .suggest import did_you_mean  # lazily: only for an error

            yield f'there is no {what} "{name}"; {did_you_mean(name, known)}'


def settings_table(config: Config, name: str) -> str:
    """Return the name of the table with the settings of a plugin, for messages."""
    in_pyproject = os.path.basename(config.file or "") == PYPROJECT
    return f"tool.wfepy.plugin.{name}" if in_pyproject else f"plugins.{name}"
