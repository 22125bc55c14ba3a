"""What the project wants of GitHub Actions: ``[plugins.wfepy_github]`` of the config file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wfepy_hooks import ConfigError, parse_duration, plugin_settings, settings_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from typing import Any

    from wfepy_hooks import Config

__all__ = ["PLUGIN", "Settings", "read_settings"]

PLUGIN = "wfepy_github"
#: The GitHub environment that holds the secrets where none is named.
ENVIRONMENT = "wfepy"
_PYTHON = re.compile(r"3\.1\d(\.\d+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
#: Names that GitHub sets itself, or refuses.
_THEIRS = ("GITHUB_", "RUNNER_", "ACTIONS_", "WFEPY_GITHUB_")
_MOST_MINUTES = 350  # a job of GitHub's own runners is ended after 360


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for.

    :ivar name: of the workflow and of its file
    :ivar python: the version of Python
    :ivar runner: the labels of the runner
    :ivar timeout: after how many minutes a tick is ended; its state is committed then
    :ivar install: the lines that install the project; none: found out, see :mod:`.installing`
    :ivar environment: the GitHub environment of the tick; empty: none
    :ivar secrets: names of the secrets that the tasks see as environment variables
    :ivar variables: further environment variables
    :ivar heartbeat_days: after how many days without a commit there is one for its own sake; 0: never
    :ivar last_tick: how old the last commit of the state may be
    :ivar overdue: how late a tick may be
    """

    name: str = "wfepy"
    python: str = "3.13"
    runner: tuple[str, ...] = ("ubuntu-24.04",)
    timeout: int = 30
    install: tuple[str, ...] = ()
    environment: str = ""
    secrets: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    heartbeat_days: int = 30
    last_tick: str = ""
    overdue: str = "1d"

    @property
    def path(self) -> str:
        """The path of the workflow file, from the top of the repository."""
        return f".github/workflows/{self.name}.yml"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_runner(value: object) -> bool:
    labels = [value] if isinstance(value, str) else value
    return isinstance(labels, list) and bool(labels) and all(map(_is_label, labels))


def _is_label(value: object) -> bool:
    # The engine needs a POSIX system.
    return isinstance(value, str) and bool(_LABEL.fullmatch(value)) and "windows" not in value.lower()


def is_variable(value: object) -> bool:
    """Return whether ``value`` can be the name of an environment variable, and is not one of GitHub's own."""
    return isinstance(value, str) and bool(_NAME.fullmatch(value)) and not value.upper().startswith(_THEIRS)


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and all(is_variable(key) and isinstance(value[key], str) for key in value)


def _duration(value: object) -> timedelta | None:
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_duration(value: object) -> bool:
    return _duration(value) is not None


def _minutes(value: object) -> int:
    found = _duration(value)
    return 0 if found is None else int(found.total_seconds() // 60)


def _is_days(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 50


NAME = "letters, digits and underscores, not GITHUB_, RUNNER_ or ACTIONS_ first"
KEYS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "name": (
        "up to 50 letters, digits, dashes and underscores",
        lambda value: isinstance(value, str) and bool(_FILE.fullmatch(value)),
    ),
    "python": (
        'a version such as "3.13"',
        lambda value: isinstance(value, str) and bool(_PYTHON.fullmatch(value)),
    ),
    "runner": ("the label of a runner, or a list of labels; Windows cannot run it", _is_runner),
    "timeout": (
        f'a duration from "1min" to "{_MOST_MINUTES}min"',
        lambda value: 1 <= _minutes(value) <= _MOST_MINUTES,
    ),
    "install": ("a command, or a list of them", lambda value: _is_text(value) or _is_list(value)),
    "environment": ("the name of a GitHub environment", _is_text),
    "secrets": (
        f"a list of names of secrets: {NAME}",
        lambda value: isinstance(value, list) and all(map(is_variable, value)),
    ),
    "variables": (f"a table of texts; its keys are {NAME}", _is_table),
    "heartbeat_days": ("a number of days up to 50, or 0 for never", _is_days),
    "last_tick": ('a duration such as "31d"', _is_duration),
    "overdue": ('a duration such as "1d"', _is_duration),
}


def read_settings(config: Config) -> Settings:
    """Return the settings of the config file.

    :raises ConfigError: with everything that is wrong in it
    """
    table = plugin_settings(config, PLUGIN, KEYS)
    secrets, variables = table.get("secrets", []), table.get("variables", {})
    _require_different([*secrets, *variables], config)
    return Settings(
        name=table.get("name", "wfepy"),
        python=table.get("python", "3.13"),
        runner=_texts(table.get("runner", "ubuntu-24.04")),
        timeout=_minutes(table["timeout"]) if "timeout" in table else 30,
        install=tuple(line for text in _texts(table.get("install", [])) for line in text.splitlines()),
        environment=table.get("environment", ENVIRONMENT if secrets else ""),
        secrets=tuple(secrets),
        variables=dict(variables),
        heartbeat_days=table.get("heartbeat_days", 30),
        last_tick=table.get("last_tick", ""),
        overdue=table.get("overdue", "1d"),
    )


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _require_different(names: list[str], config: Config) -> None:
    seen: set[str] = set()
    for name in names:
        if name.upper() in seen:  # for GitHub, the names of secrets do not differ by case
            where = f"{config.file or config.root}: [{settings_table(config, PLUGIN)}]"
            raise ConfigError(f"{name} is in secrets and variables twice", where=where)
        seen.add(name.upper())
