"""Who is told about what: ``[plugins.wfepy_notify]`` of the config file."""

from __future__ import annotations

import sys

from wfepy_hooks import ConfigError, parse_duration, plugin_settings, settings_table, some_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any

    from wfepy_hooks import Config

__all__ = [
    "DEFAULT_EVENTS",
    "EVENTS",
    "NAMES",
    "PLUGIN",
    "Settings",
    "Target",
    "read_settings",
    "require_apprise",
]

PLUGIN = "wfepy_notify"
#: What somebody can be told about.
EVENTS = ("failed", "failing", "recovered", "timed_out", "waiting", "reminder", "finished", "dead_end")
#: What a target is told that does not say: where somebody has to do something, or need not any more.
DEFAULT_EVENTS = ("failed", "failing", "recovered", "timed_out", "reminder", "dead_end")
TITLE = "{project}: {workflow}/{instance} {what}"
BODY = "{details}\n\nNext:\n{next}"
#: What a template may use.
NAMES = (
    *("project", "workflow", "instance", "task", "event", "event_id", "what", "reason", "since", "at"),
    *("attempt", "deadline", "command", "next", "details", "folder", "host"),
)


class Target:
    """Somebody who is told.

    :ivar name: what the config file calls them
    :ivar url: where Apprise sends it, with ``${VARIABLES}`` as they are written; empty: a plugin sends it
    :ivar events: what they are told about
    :ivar workflows: :ivar tasks: patterns of names; empty: all
    :ivar labels: labels of tasks, one of which is enough; empty: all tasks
    :ivar title: :ivar body: templates by event; the one of ``""`` is for all others
    :ivar digest: what a tick has for them comes in one message
    :ivar rate: so many messages ...
    :ivar period: ... in so many seconds; 0: no limit
    """

    __slots__ = (
        *("body", "digest", "events", "labels", "name", "period"),
        *("rate", "tasks", "title", "url", "workflows"),
    )

    def __init__(self, name: str, table: dict[str, Any], common: dict[str, Any]) -> None:
        self.name = name
        self.url: str = table.get("url", "")
        self.events: Collection[str] = table.get("events", DEFAULT_EVENTS)
        self.workflows: list[str] = table.get("workflows", [])
        self.tasks: list[str] = table.get("tasks", [])
        self.labels = frozenset(table.get("labels", ()))
        self.title = {"": TITLE, **_by_event(common.get("title")), **_by_event(table.get("title"))}
        self.body = {"": BODY, **_by_event(common.get("body")), **_by_event(table.get("body"))}
        self.digest: bool = table.get("digest", common.get("digest", False))
        self.rate, self.period = _rate(table.get("rate", common.get("rate", "20/1h")))

    def wants(self, event: str, workflow: str) -> bool:
        """Return whether they are told about such an event."""
        return event in self.events and (not self.workflows or _matches(workflow, self.workflows))

    def wants_task(self, name: str, labels: Collection[str]) -> bool:
        """Return whether they are told about such a task."""
        if self.labels and self.labels.isdisjoint(labels):
            return False
        return not self.tasks or _matches(name, self.tasks)

    def header(self, environ: Mapping[str, str]) -> str:
        """Return who is told about what, for ``wfepy plugins``; the URL may be a secret."""
        from .sending import VARIABLE  # lazily: no tick needs this

        missing = [name for name in VARIABLE.findall(self.url) if not environ.get(name)]
        way, has_way, _ = self.url.partition("://")
        by = f", by {way}" if has_way else "" if self.url else ", by a plugin"
        if missing:
            by = f", but there is no {' and no '.join(missing)} in the environment"
        of = f" of {', '.join(self.workflows)}" if self.workflows else ""
        return f"notify: {self.name} is told {', '.join(self.events)}{of}{by}"

    def template(self, part: str, event: str) -> str:
        """Return the template of ``title`` or ``body``."""
        templates: dict[str, str] = getattr(self, part)
        return templates.get(event, templates[""])


class Settings:
    """What ``[plugins.wfepy_notify]`` says.

    :ivar targets: who is told
    :ivar limit: so many seconds a tick waits for servers at the most
    :ivar give_up: a message that is so many seconds old and could not be sent is given up
    """

    __slots__ = ("give_up", "limit", "targets")

    def __init__(self, table: dict[str, Any]) -> None:
        self.targets = [Target(name, found, table) for name, found in table.get("targets", {}).items()]
        self.limit = parse_duration(table.get("limit", "10s")).total_seconds()
        self.give_up = parse_duration(table.get("give_up", "3d")).total_seconds()


def read_settings(config: Config) -> Settings:
    """Return what the config file says.

    :raises ConfigError: with everything that is wrong in it
    """
    table = plugin_settings(config, PLUGIN, KEYS, {"targets": TARGET_KEYS})
    settings = Settings(table)
    problems = list(_problems(config, settings, settings_table(config, PLUGIN)))
    if problems:
        count = f"{len(problems)} problems:\n  " if problems[1:] else ""
        raise ConfigError(count + "\n  ".join(problems), where=config.file or config.root)
    return settings


def require_apprise(config: Config) -> None:
    """Raise :exc:`.ConfigError` if Apprise is not installed; it is looked for, not imported, which takes 100 ms."""
    try:
        if any(finder.find_spec("apprise", None) for finder in sys.meta_path):
            return
    except ImportError:  # it is blocked
        pass
    raise ConfigError(
        f"the targets of [{settings_table(config, PLUGIN)}] need Apprise, which is not installed",
        where=config.file or config.root,
        hint="pip install 'wfepy-hooks[notify]', or do without by -p no:wfepy_notify",
    )


def _problems(config: Config, settings: Settings, where: str) -> Iterator[str]:
    if not settings.targets:
        yield f"[{where}] nobody is told anything: add a table [{where}.targets.NAME] with a url"
    for target in settings.targets:
        for pattern in target.workflows:
            if config.workflows and not any(_matches(name, [pattern]) for name in config.workflows):
                known = f"known are {', '.join(config.workflows)}"
                yield f'[{where}.targets.{target.name}] workflows: there is no workflow "{pattern}"; {known}'
        if not target.url and not config.plugins.has("wfepy_notify_send"):
            yield (
                f"[{where}.targets.{target.name}] the key url is missing, and no plugin that is loaded sends messages"
                " (wfepy_notify_send)"
            )


def _matches(name: str, patterns: list[str]) -> bool:
    if name in patterns:
        return True
    from fnmatch import fnmatchcase  # lazily: few patterns are no plain names

    return any(fnmatchcase(name, pattern) for pattern in patterns)


# --- what may be written --------------------------------------------------------------------------------


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_duration(value: object) -> bool:
    return isinstance(value, str) and parse_duration(value).total_seconds() > 0


def _is_rate(value: object) -> bool:
    if not isinstance(value, str):
        return False
    rate, period = _rate(value)
    if period and rate < 1:
        raise ValueError(f'"{value}" would send nothing')
    return True


def _rate(text: str) -> tuple[int, float]:
    """Return how many messages in how many seconds; 0 of the latter: no limit.

    :raises ValueError: if it says neither
    """
    if text == "off":
        return 0, 0.0
    number, slash, period = text.partition("/")
    if not (slash and number.strip().isdecimal()):
        raise ValueError(f'it must be "off" or of the form "20/1h", not "{text}"')
    seconds = parse_duration(period, "the time of a rate").total_seconds()
    if not 0 < seconds <= 604800:
        raise ValueError(f'the time of a rate must be more than nothing and at most a week, not "{period}"')
    return int(number), seconds


def _by_event(value: object) -> dict[str, str]:
    if isinstance(value, dict):
        return dict(value)
    return {"": value} if isinstance(value, str) else {}


def _is_template(value: object) -> bool:
    if isinstance(value, dict):
        for event in value:
            some_of(EVENTS, "event")[1]([event])
    elif not _is_text(value):
        return False
    for text in _by_event(value).values():
        if not _is_text(text):
            return False
        try:
            for sample in ("", "x y"):  # what a name stands for must not be part of a format
                text.format_map(dict.fromkeys(NAMES, sample))
        except KeyError as error:
            known = ", ".join(NAMES)
            raise ValueError(f"there is no {{{error.args[0]}}} in a message; known are {known}") from error
        except (ValueError, IndexError, AttributeError, TypeError, MemoryError, OverflowError) as error:
            raise ValueError(f"it is no template: {error}; a brace is written twice: {{{{") from error
    return True


_TEMPLATE = ("text with names in braces, or a table of such texts by event", _is_template)
_DIGEST = ("true or false", lambda value: isinstance(value, bool))
_RATE = ('text such as "20/1h", or "off"', _is_rate)
KEYS = {
    "limit": ('a duration such as "10s"', _is_duration),
    "give_up": ('a duration such as "3d"', _is_duration),
    "title": _TEMPLATE,
    "body": _TEMPLATE,
    "digest": _DIGEST,
    "rate": _RATE,
}
TARGET_KEYS = {
    "url": ('the URL of a service of Apprise, such as "mailtos://..."', _is_text),
    "events": some_of(EVENTS, "event"),
    "workflows": ("a list of names or patterns", _is_list),
    "tasks": ("a list of names or patterns", _is_list),
    "labels": ("a list of labels", _is_list),
    "title": _TEMPLATE,
    "body": _TEMPLATE,
    "digest": _DIGEST,
    "rate": _RATE,
}
