"""Reading ``wfepy.toml`` or ``[tool.wfepy]``: where it is, what may be in it, and everything that is wrong with it."""

from __future__ import annotations

import os

from .errors import ConfigError
from .stores.names import is_name
from .usercache import CacheFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any, TypeAlias

    Table: TypeAlias = dict[str, Any]
    #: What a value must be, in words, and the test of it, which may raise a ValueError that says more.
    Rule: TypeAlias = tuple[str, Callable[[object], bool]]

__all__ = [
    "CONFIG_FILE",
    "FLAG",
    "PYPROJECT",
    "TEXT",
    "Settings",
    "WorkflowConfig",
    "find_config",
    "read_config",
    "wrong_values",
]

CONFIG_FILE = "wfepy.toml"
PYPROJECT = "pyproject.toml"
#: Projects whose parsed config file is kept in the cache.
KEPT = 50


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_name_list(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_module(value: object) -> bool:
    return isinstance(value, str) and (value.endswith(".py") or _is_dotted(value))


def _is_duration(value: object) -> bool:
    from .timing import parse_duration  # lazily: few config files have one

    try:
        parse_duration(value)  # type: ignore[arg-type]  # which it says
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _is_factory(value: object) -> bool:
    return isinstance(value, str) and value.count(":") == 1 and all(map(_is_dotted, value.split(":")))


TEXT: Rule = ("text", _is_text)
FLAG: Rule = ("true or false", lambda value: isinstance(value, bool))
PROJECT: Rule = (
    "up to 50 letters, digits, dots, dashes and underscores, a letter or digit first",
    lambda value: isinstance(value, str) and len(value) <= 50 and is_name(value),
)
NAMES: Rule = ("a list of names", _is_name_list)
BARE_NAMES: Rule = (
    "a list of names, without versions",
    lambda value: _is_name_list(value) and not any(set(name) & set("<>=!~ ") for name in value),  # type: ignore[attr-defined]
)

ENGINE_KEYS: dict[str, Rule] = {
    "project": PROJECT,
    "state": TEXT,
    "plugins": NAMES,
    "required_plugins": BARE_NAMES,
    "autoload": FLAG,
    "strict": FLAG,
    "strict_plugins": FLAG,
    "store": TEXT,
    "executor": TEXT,
    "source_link": TEXT,
}
WORKFLOW_KEYS: dict[str, Rule] = {
    "module": ('the name of a module or the path of a ".py" file', _is_module),
    "schedule": TEXT,
    "start": TEXT,
    "timezone": TEXT,
    "missed": ('"skip", "once" or "all"', lambda value: value in ("skip", "once", "all")),
    "grace": ('a duration such as "10min" or "6h"', _is_duration),
    "context": ('text of the form "module:factory"', _is_factory),
}


class WorkflowConfig:
    """One workflow of the configuration, the table ``[workflows.NAME]``.

    :ivar name: its name
    :ivar module: dotted name, or path of a ``.py`` file relative to the config file
    :ivar schedule: when ticks happen, as cron has it; empty: by hand
    :ivar start: when a new instance begins; empty: by hand
    :ivar timezone: of both; empty: UTC
    :ivar missed: which of the missed starts are made up for: ``skip``, ``once`` or ``all``
    :ivar grace: a start that comes no later than this is not missed; empty: 10 minutes
    :ivar context: ``module:factory`` of the first context; empty: a dict
    """

    __slots__ = ("context", "grace", "missed", "module", "name", "schedule", "start", "timezone")

    def __init__(
        self,
        name: str,
        module: str,
        *,
        schedule: str = "",
        start: str = "",
        timezone: str = "",
        missed: str = "once",
        grace: str = "",
        context: str = "",
    ) -> None:
        self.name = name
        self.module = module
        self.schedule = schedule
        self.start = start
        self.timezone = timezone
        self.missed = missed
        self.grace = grace
        self.context = context

    def __repr__(self) -> str:
        return f"WorkflowConfig({self.name!r}, {self.module!r})"


class Settings:
    """What a config file says.

    :ivar engine: the table ``[wfepy]``
    :ivar workflows: the tables ``[workflows.NAME]`` by name
    :ivar plugins: the tables ``[plugins.NAME]`` by name
    """

    __slots__ = ("engine", "plugins", "workflows")

    def __init__(
        self, engine: Table, workflows: dict[str, WorkflowConfig], plugins: dict[str, Table]
    ) -> None:
        self.engine = engine
        self.workflows = workflows
        self.plugins = plugins


def find_config(cwd: str = ".", environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the absolute path of the config file in ``cwd`` or the nearest folder above that has one.

    In one folder ``wfepy.toml`` comes before ``pyproject.toml``, which counts only if it has a table ``[tool.wfepy]``.

    :param environ: says where the user's cache folder is
    """
    folder = os.path.abspath(cwd)
    while True:
        file = os.path.join(folder, CONFIG_FILE)
        if os.path.isfile(file):
            return file
        file = os.path.join(folder, PYPROJECT)
        if os.path.isfile(file) and _mentions_us(file, environ):
            return file
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return None


def _mentions_us(file: str, environ: Mapping[str, str]) -> bool:
    try:
        text = _read(file)
    except ConfigError:
        return False
    # One that is ours and broken is found, and reading it says what is wrong; one of somebody else is passed over.
    try:
        return "wfepy" in text and _tool_table(_parse(text, file, environ)) is not None
    except ConfigError:
        return "[tool.wfepy" in text


def read_config(file: str, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read a config file.

    :param environ: says where the user's cache folder is
    :raises ConfigError: with everything that is wrong with it, each with its table and key
    """
    data = _parse(_read(file), file, environ)
    problems: list[str] = []
    if os.path.basename(file) == PYPROJECT:
        table = _tool_table(data)
        if table is None:
            raise ConfigError("there is no table [tool.wfepy] in it", where=file)
        # The list of plugins has the key "plugins" here already.
        engine = {key: value for key, value in table.items() if key not in ("workflows", "plugin")}
        sections = [("tool.wfepy", engine)]
        sections += [(f"tool.wfepy.{key}", table.get(key, {})) for key in ("workflows", "plugin")]
    else:
        problems += _unknown_keys("", data, ("wfepy", "workflows", "plugins"))
        sections = [(key, data.get(key, {})) for key in ("wfepy", "workflows", "plugins")]
    settings = _check(sections, problems)
    if problems:
        count = f"{len(problems)} problems:\n  " if problems[1:] else ""
        raise ConfigError(count + "\n  ".join(problems), where=file)
    return settings


def _read(file: str) -> str:
    try:
        with open(file, "rb") as stream:
            data = stream.read()
        return data.decode("utf-8-sig")  # Editors on Windows write a byte order mark.
    except FileNotFoundError as error:
        raise ConfigError("there is no such file", where=file) from error
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}", where=file) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError("it is not UTF-8 text", where=f"{file}:{line}", hint="save it as UTF-8") from error


def _parse(text: str, file: str, environ: Mapping[str, str]) -> Table:
    # The import of tomllib takes 10 ms, a fifth of a whole tick, so what a text means is kept with the text.
    cache = CacheFile("config", file, [text], environ)
    known = cache.load()
    if isinstance(known, dict):
        return known
    data = _parse_toml(text, file)
    cache.save(data, keep=KEPT)
    return data


def _parse_toml(text: str, file: str) -> Table:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).rpartition(" (at ")
        line = place.removeprefix("line ").partition(",")[0]
        number = line if line.isdigit() else str(len(text.splitlines()))
        raise ConfigError(f"it is not TOML: {message}", where=f"{file}:{number}") from error
    except RecursionError as error:
        raise ConfigError("it is not TOML: it is nested too deeply", where=file) from error


def _tool_table(data: Table) -> Table | None:
    tool = data.get("tool")
    table = tool.get("wfepy") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _check(sections: list[tuple[str, Any]], problems: list[str]) -> Settings:
    """Return what the tables say, and add what is wrong with them to ``problems``."""
    for name, table in sections:
        if not isinstance(table, dict):
            problems.append(f"[{name}] must be a table, not {_shown(table)}")
    if problems:
        # Nothing below these could be told.
        sections = [(name, table if isinstance(table, dict) else {}) for name, table in sections]
    (engine_name, engine), (workflows_name, workflows), (plugins_name, plugins) = sections
    problems += wrong_values(engine_name, engine, ENGINE_KEYS)
    if isinstance(engine.get("plugins"), dict):
        problems[-1] += f"; the settings of a plugin go into [{plugins_name}.NAME]"
    for name, table in workflows.items():
        problems += _workflow_problems(f"{workflows_name}.{name}", name, table)
    for name, table in plugins.items():
        if not isinstance(table, dict):
            problems.append(f"[{plugins_name}] {name} must be a table, not {_shown(table)}")
    if problems:
        return Settings({}, {}, {})
    return Settings(engine, {name: WorkflowConfig(name, **workflows[name]) for name in workflows}, plugins)


def _workflow_problems(where: str, name: str, table: object) -> Iterator[str]:
    if not is_name(name):
        allowed = "up to 100 letters, digits, dots, dashes and underscores, a letter or digit first"
        yield f"[{where}] the name of a workflow is {allowed}"
    if name == "done":
        yield f'[{where}] a workflow cannot be named "done"; the ended instances are kept in folders of that name'
    if not isinstance(table, dict):
        yield f"[{where}] must be a table, not {_shown(table)}"
        return
    if "module" not in table:
        yield f"[{where}] the key module is missing; it says where the tasks are"
    yield from wrong_values(where, table, WORKFLOW_KEYS)


def wrong_values(where: str, table: Table, rules: dict[str, Rule]) -> Iterator[str]:
    yield from _unknown_keys(where, table, rules)
    for key, (wanted, test) in rules.items():
        try:
            if key in table and not test(table[key]):
                yield f"[{where}] {key} must be {wanted}, not {_shown(table[key])}"
        except ValueError as error:
            yield f"[{where}] {key}: {error}"


def _unknown_keys(where: str, table: Table, known: Iterable[str]) -> Iterator[str]:
    for key in table:
        if key not in known:
            from .suggest import did_you_mean

            kind = f"[{where}] there is no key" if where else "there is no table"
            yield f"{kind} {key}; {did_you_mean(key, known)}"


def _shown(value: object) -> str:
    """Return a value of the file as it is written there; of a list or table only what it is."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "this list" if value else "an empty list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
