"""What to log and where to: ``[plugins.wfepy_logging]`` of the config file."""

from __future__ import annotations

import os

from wfepy_hooks import ConfigError, plugin_settings, settings_table, some_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from wfepy_hooks import Config

__all__ = ["DEFAULTS", "HANDLERS", "LEVELS", "PLUGIN", "STDERR", "Settings", "read_settings"]

PLUGIN = "wfepy_logging"
#: Values of ``to`` that are no path.
STDERR, HANDLERS = "stderr", "handlers"
#: The levels by name, with logging's own numbers: importing it takes 7 ms, and often nothing is to be logged.
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50, "off": 0}
#: Every event, and its level unless the settings say otherwise.
DEFAULTS = {
    "command_started": "debug",
    "command_finished": "debug",
    "tick_started": "debug",
    "tick_finished": "debug",
    "task_started": "debug",
    "transition": "debug",
    "task_completed": "info",
    "task_waiting": "info",
    "task_polled": "debug",
    "task_retrying": "warning",
    "task_failed": "error",
    "task_timed_out": "warning",
    "task_skipped": "info",
    "task_unrecorded": "error",
    "task_reminder": "warning",
    "item_retrying": "warning",
    "item_failed": "error",
    "instance_finished": "info",
    "instance_dead_end": "error",
    "instance_failed": "error",
    "instance_cancelled": "warning",
    "state_saved": "debug",
    "internal_error": "error",
}


class Settings:  # no dataclass: importing that takes 10 ms, and every tick reads them
    """What was asked for.

    :ivar to: :data:`STDERR`, :data:`HANDLERS`, or the absolute path of a file
    :ivar json: JSON lines, not readable ones
    :ivar level: events below it are not logged; 0: the handlers' loggers say it
    :ivar levels: the level of each event; 0: it is never logged
    :ivar tasks: from which level on what others log goes there, too; 0: it does not
    :ivar config: what :func:`logging.config.dictConfig` is given; empty: it is not called
    """

    __slots__ = ("config", "json", "level", "levels", "tasks", "to")

    def __init__(
        self,
        to: str = STDERR,
        *,
        json: bool = False,
        level: int = LEVELS["info"],
        levels: dict[str, int] | None = None,
        tasks: int = 0,
        config: dict[str, Any] | None = None,
    ) -> None:
        self.to = to
        self.json = json
        self.level = level
        self.levels = levels or {event: LEVELS[name] for event, name in DEFAULTS.items()}
        self.tasks = tasks
        self.config = config or {}

    def header(self) -> str:
        """Return what goes where, for ``wfepy plugins``."""
        if self.to == HANDLERS:
            return "logging: events to the handlers of Python's logging"
        names = {number: name for name, number in LEVELS.items()}
        others = f", and what tasks log from {names[self.tasks]} on" if self.tasks else ""
        form = "JSON lines" if self.json else "lines"
        to = "standard error" if self.to == STDERR else self.to
        return f"logging: events from {names[self.level]} on{others} as {form} to {to}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_level(value: object) -> bool:
    return isinstance(value, str) and value in LEVELS and value != "off"


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


KEYS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "to": ('"stderr", "handlers" or the path of a file', _is_text),
    "format": ('"text" or "json"', lambda value: value in ("text", "json")),
    "level": (f"one of {', '.join(list(LEVELS)[:-1])}", _is_level),
    "levels": ("a table of events and their levels", _is_table),
    "tasks": (f"one of {', '.join(LEVELS)}", lambda value: isinstance(value, str) and value in LEVELS),
    "config": ("a table for logging.config.dictConfig", _is_table),
}


def read_settings(config: Config) -> Settings:
    """Return the settings.

    :raises ConfigError: with everything that is wrong
    """
    table = plugin_settings(config, PLUGIN, KEYS)
    levels = {**DEFAULTS, **table.get("levels", {})}
    _check_levels(config, levels)
    handlers = table.get("config", {})
    where = config.file or config.root
    to = table.get("to", HANDLERS if handlers else STDERR)
    if handlers and to != HANDLERS:
        raise ConfigError(
            f"[{settings_table(config, PLUGIN)}] to and config exclude each other",
            where=where,
            hint="leave one of them out",
        )
    if to == HANDLERS and "tasks" in table:
        raise ConfigError(
            f"[{settings_table(config, PLUGIN)}] tasks: handlers get what tasks log anyway",
            where=where,
            hint="say which of it by the levels of their loggers",
        )
    return Settings(
        to=to if to in (STDERR, HANDLERS) else os.path.join(config.root, os.path.expanduser(to)),
        json=table.get("format") == "json",
        level=LEVELS[table["level"]] if "level" in table else 0 if to == HANDLERS else LEVELS["info"],
        levels={event: LEVELS[name] for event, name in levels.items()},
        # As Python does by itself: without it, what tasks say would be between the lines, in another form.
        tasks=LEVELS[table.get("tasks", "warning" if to == STDERR else "off")],
        config=handlers,
    )


def _check_levels(config: Config, levels: dict[str, Any]) -> None:
    name = f"[{settings_table(config, PLUGIN)}.levels]"
    is_known = some_of(DEFAULTS, "event")[1]
    problems = []
    for event, level in levels.items():
        try:
            is_known([event])
        except ValueError as error:
            problems.append(f"{name} {error}")
        else:
            if not (isinstance(level, str) and level in LEVELS):
                problems.append(f"{name} {event} must be one of {', '.join(LEVELS)}")
    if problems:
        raise ConfigError("; ".join(problems), where=config.file or config.root)
