"""Where to ping: ``[plugins.wfepy_healthchecks]`` of the config file, and the environment."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from wfepy_hooks import ConfigError, parse_duration, plugin_settings, settings_table

from . import VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from wfepy_hooks import Config

    #: A URL, and the environment variable that it comes from; of the two either may be empty.
    Where: TypeAlias = tuple[str, str]

__all__ = ["PLUGIN", "Settings", "read_settings", "shown"]

PLUGIN = "wfepy_healthchecks"
#: Seconds after which a ping is given up: a tick is not to wait longer for a server that only watches it.
LIMIT = 5.0
#: What stands in the URL of a check of several workflows for the name of each.
PLACEHOLDER = "{workflow}"


class Settings:  # no dataclass: importing that takes 10 ms, and every tick reads them
    """What was asked for.

    :ivar url: the check's own URL, to which ``/start`` and the exit code are added; empty: nothing is pinged
    :ivar variable: the environment variable that it comes from; empty: from the config file
    :ivar commands: the commands that are watched
    :ivar limit: seconds after which a ping is given up
    :ivar workflows: the checks of single workflows, by name or pattern
    """

    __slots__ = ("commands", "limit", "url", "variable", "workflows")

    def __init__(
        self,
        url: str,
        *,
        variable: str = "",
        commands: tuple[str, ...] = ("tick",),
        limit: float = LIMIT,
        workflows: dict[str, Where] | None = None,
    ) -> None:
        self.url = url
        self.variable = variable
        self.commands = commands
        self.limit = limit
        self.workflows = workflows or {}

    @property
    def is_silent(self) -> bool:
        """Whether nothing is pinged."""
        return not self.url and not any(url for url, _ in self.workflows.values())

    def url_of(self, workflow: str) -> str:
        """Return the URL of the check of one workflow; empty: it has none of its own."""
        if not self.workflows:
            return ""
        found = self.workflows.get(workflow)
        if found is None:
            from fnmatch import fnmatchcase  # lazily: mostly there is one check for all

            matching = (pattern for pattern in self.workflows if fnmatchcase(workflow, pattern))
            found = self.workflows.get(next(matching, ""), ("", ""))
        return found[0].replace(PLACEHOLDER, quote(workflow, safe=""))

    def header(self) -> list[str]:
        """Return where the pings go, for ``wfepy plugins``; the URLs themselves are secrets."""
        around = f"around {', '.join(self.commands)}"
        lines = [_said(self.url, self.variable, around)] if self.url or not self.workflows else []
        for name, (url, variable) in self.workflows.items():
            lines.append(_said(url, variable, f"around {name}", f" for {name}"))
        return lines


def _said(url: str, variable: str, around: str, whose: str = "") -> str:
    if not url:
        return f"healthchecks: no pings{whose}, the environment variable {variable} is not set"
    source = f", by {variable}" if variable else ""
    return f"healthchecks: pings {shown(url)} {around}{source}"


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


_URL = ("the URL of a check, https://...", is_url)
_NAME = ("the name of an environment variable", _is_variable)
KEYS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "url": _URL,
    "variable": _NAME,
    "commands": ('a list of commands, such as ["tick", "run"]', _is_list_of_commands),
    "limit": ('a duration of at most "5s"', _is_limit),
}
WORKFLOW_KEYS = {"url": _URL, "variable": _NAME}


def read_settings(config: Config) -> Settings:
    """Return the settings. A variable that is set comes before the ``url`` of the file.

    :raises ConfigError: with everything that is wrong
    """
    table = plugin_settings(config, PLUGIN, KEYS, {"workflows": WORKFLOW_KEYS})
    workflows = {name: _where(config, found) for name, found in table.get("workflows", {}).items()}
    if problems := list(_problems(config, workflows)):
        raise ConfigError("; ".join(problems), where=config.file or config.root)
    url, variable = _where(config, {"variable": VARIABLE, **table})
    if PLACEHOLDER in url:
        what = f"the URL of the check for all has a {PLACEHOLDER}, which only those of workflows may have"
        hint = f"""move it to [{settings_table(config, PLUGIN)}.workflows."*"]"""
        raise ConfigError(what, where=config.file or config.root, hint=hint)
    return Settings(
        url=url,
        variable=variable,
        commands=tuple(table.get("commands", ("tick",))),
        limit=parse_duration(table["limit"]).total_seconds() if "limit" in table else LIMIT,
        workflows=workflows,
    )


def _where(config: Config, table: dict[str, Any]) -> Where:
    """Return what a table says of a URL."""
    variable: str = table.get("variable", "")
    from_environment = config.environ.get(variable, "").strip()
    if from_environment and not is_url(from_environment):
        raise ConfigError(
            "it is not the URL of a check, https://...",  # what it is instead may be a secret
            where=f"the environment variable {variable}",
            hint="set it to the URL that the check's page shows, or unset it",
        )
    url: str = from_environment or table.get("url", "")
    return url, variable if from_environment or not url else ""


def _problems(config: Config, workflows: dict[str, Where]) -> Iterator[str]:
    from fnmatch import filter as matching  # lazily: mostly there is one check for all

    where = f"{settings_table(config, PLUGIN)}.workflows"
    for name, (url, variable) in workflows.items():
        if not (url or variable):
            yield f"[{where}.{name}] the key url or variable is missing"
        if config.workflows and not matching(config.workflows, name):
            yield f'[{where}.{name}] there is no workflow "{name}"; known are {", ".join(config.workflows)}'
        if url and PLACEHOLDER not in url and any(sign in name for sign in "*?["):
            yield f"[{where}.{name}] the URL has no {PLACEHOLDER}, so that several workflows would ping one check"
