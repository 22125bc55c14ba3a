"""Where to ping: ``[plugins.wfepy_healthchecks]`` of the config file, and the environment."""

from __future__ import annotations

from urllib.parse import urlsplit

from wfepy_hooks import ConfigError, parse_duration, plugin_settings

from . import VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks import Config

__all__ = ["PLUGIN", "Settings", "read_settings", "shown"]

PLUGIN = "wfepy_healthchecks"
#: Seconds after which a ping is given up: a tick is not to wait longer for a server that only watches it.
LIMIT = 5.0


class Settings:  # no dataclass: importing that takes 10 ms, and every tick reads them
    """What was asked for.

    :ivar url: the check's own URL, to which ``/start`` and the exit code are added; empty: nothing is pinged
    :ivar variable: the environment variable that it comes from; empty: from the config file
    :ivar commands: the commands that are watched
    :ivar limit: seconds after which a ping is given up
    """

    __slots__ = ("commands", "limit", "url", "variable")

    def __init__(
        self,
        url: str,
        *,
        variable: str = "",
        commands: tuple[str, ...] = ("tick",),
        limit: float = LIMIT,
    ) -> None:
        self.url = url
        self.variable = variable
        self.commands = commands
        self.limit = limit

    def header(self) -> str:
        """Return where the pings go, for ``wfepy plugins``; the URL itself is a secret."""
        if not self.url:
            return f"healthchecks: no pings, the environment variable {self.variable} is not set"
        source = f", by {self.variable}" if self.variable else ""
        return f"healthchecks: pings {shown(self.url)} around {', '.join(self.commands)}{source}"


def shown(url: str) -> str:
    """Return a URL without what must not get into logs: whoever knows it can ping."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "") + "/..."


def is_url(value: object) -> bool:
    """Return whether ``value`` is the URL of a check."""
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a bracket that is not closed
        return False


def _is_variable(value: object) -> bool:
    return isinstance(value, str) and value.isidentifier() and value.isascii()


def _is_list_of_commands(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) and each for each in value)


def _is_limit(value: object) -> bool:
    try:
        return isinstance(value, str) and 0 < parse_duration(value).total_seconds() <= LIMIT
    except ValueError:
        return False


KEYS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "url": ("the URL of a check, https://...", is_url),
    "variable": ("the name of an environment variable", _is_variable),
    "commands": ('a list of commands, such as ["tick", "run"]', _is_list_of_commands),
    "limit": ('a duration of at most "5s"', _is_limit),
}


def read_settings(config: Config) -> Settings:
    """Return the settings. A variable that is set comes before the ``url`` of the file.

    :raises ConfigError: with everything that is wrong
    """
    table = plugin_settings(config, PLUGIN, KEYS)
    variable = table.get("variable", VARIABLE)
    from_environment = config.environ.get(variable, "").strip()
    if from_environment and not is_url(from_environment):
        raise ConfigError(
            "it is not the URL of a check, https://...",  # what it is instead may be a secret
            where=f"the environment variable {variable}",
            hint="set it to the URL that the check's page shows, or unset it",
        )
    url = from_environment or table.get("url", "")
    return Settings(
        url=url,
        variable=variable if from_environment or not url else "",
        commands=tuple(table.get("commands", ("tick",))),
        limit=parse_duration(table["limit"]).total_seconds() if "limit" in table else LIMIT,
    )
