"""Finding, reading and checking the configuration, and the life of it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks import ConfigError, PluginError, configfile, hookimpl
from wfepy_hooks.config import Config, find_config
from wfepy_hooks.stores import FileStore, MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

COFFEE = '[workflows.coffee]\nmodule = "coffee"\n'


def write(folder: Path, text: str | bytes, name: str = "wfepy.toml") -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder of each test."""
    folder = tmp_path / "user cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "wfepy-hooks"


def load(file: Path) -> Config:
    return Config.load(file, autoload=False)


def error_of(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.exit_code == 4
    text = str(caught.value)
    assert text.startswith(str(file))
    return text.removeprefix(str(file)).removeprefix(": ")


# What it says


def test_everything_that_may_be_written(tmp_path: Path) -> None:
    text = """
[wfepy]
project = "cafe-1.0"
state = "var/state"
plugins = ["no:slack"]
required_plugins = []
autoload = false
strict = true
strict_plugins = true
store = "memory"
executor = "threads"

[workflows.coffee]
module = "flows/coffee.py"
schedule = "H/10 * * * *"
start = "0 9 * * mon"
timezone = "Europe/Prague"
missed = "all"
grace = "1h30min"
context = "company.contexts:make"

[workflows."v1.2_b-c"]
module = "company.flows"

[plugins.slack]
channel = "#builds"
[plugins.slack.more]
deep = [1, 2]
"""
    file = write(tmp_path, text)
    config = load(file)
    assert config.file == str(file)
    assert config.root == str(tmp_path)
    assert config.project == "cafe-1.0"
    assert config.state == str(tmp_path / "var" / "state")
    assert (config.store, config.executor) == ("memory", "threads")
    assert (config.autoload, config.strict, config.strict_plugins) == (False, True, True)
    assert config.plugins.strict
    assert config.plugins.blocked == ["slack"]
    assert config.required_plugins == []
    assert config.plugin_settings == {"slack": {"channel": "#builds", "more": {"deep": [1, 2]}}}
    assert list(config.workflows) == ["coffee", "v1.2_b-c"]
    coffee = config.workflows["coffee"]
    assert {name: getattr(coffee, name) for name in coffee.__slots__} == {
        "name": "coffee",
        "module": "flows/coffee.py",
        "schedule": "H/10 * * * *",
        "start": "0 9 * * mon",
        "timezone": "Europe/Prague",
        "missed": "all",
        "grace": "1h30min",
        "context": "company.contexts:make",
    }


@pytest.mark.parametrize("text", ["", "[wfepy]\n", "# nothing\n[workflows]\n[plugins]\n"])
def test_what_holds_when_nothing_is_said(tmp_path: Path, text: str) -> None:
    config = load(write(tmp_path, text))
    assert config.state == str(tmp_path / ".wfepy" / "state")
    assert (config.store, config.executor) == ("files", "inline")
    assert (config.strict, config.strict_plugins) == (False, False)
    assert config.workflows == {}
    assert config.plugin_settings == {}
    coffee = load(write(tmp_path, COFFEE)).workflows["coffee"]
    assert (coffee.schedule, coffee.start, coffee.timezone, coffee.missed, coffee.context) == (
        "",
        "",
        "",
        "once",
        "",
    )


def test_an_absolute_state_folder_stays_as_it_is(tmp_path: Path) -> None:
    assert load(write(tmp_path, '[wfepy]\nstate = "/var/wfepy"')).state == "/var/wfepy"
    assert load(write(tmp_path, '[wfepy]\nstate = "../x/./state/"')).state == str(tmp_path.parent / "x/state")


def test_the_same_in_a_pyproject_file(tmp_path: Path) -> None:
    text = """
[project]
name = "company"
[tool.other]
unknown = 1
[tool.wfepy]
state = "state"
plugins = ["no:slack"]
[tool.wfepy.workflows.coffee]
module = "coffee"
[tool.wfepy.plugin.slack]
channel = "#builds"
"""
    config = load(write(tmp_path, text, "pyproject.toml"))
    assert config.state == str(tmp_path / "state")
    assert list(config.workflows) == ["coffee"]
    assert config.plugin_settings == {"slack": {"channel": "#builds"}}
    assert config.plugins.blocked == ["slack"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + COFFEE.encode(),
        COFFEE.replace("\n", "\r\n").encode(),
        COFFEE.rstrip("\n").encode(),
    ],
    ids=["byte order mark", "CRLF", "no newline at the end"],
)
def test_files_of_all_editors_are_read(tmp_path: Path, data: bytes) -> None:
    assert list(load(write(tmp_path, data)).workflows) == ["coffee"]


# What is wrong with it


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[wfpy]", "there is no table wfpy; did you mean \"wfepy\"?"),
        ('[wfepy]\nstat = "x"', '[wfepy] there is no key stat; did you mean "state"?'),
        ("[wfepy]\nxyz = 1", "[wfepy] there is no key xyz; known are project, state, plugins, required_plugins, "
         "autoload, strict, strict_plugins, store, executor, source_link"),
        ("wfepy = 1", "[wfepy] must be a table, not 1"),
        ("workflows = []", "[workflows] must be a table, not an empty list"),
        ('plugins = ["slack"]', "[plugins] must be a table, not this list"),
        (
            '[wfepy]\nproject = "a b"',
            "[wfepy] project must be up to 50 letters, digits, dots, dashes and underscores, "
            'a letter or digit first, not "a b"',
        ),
        (
            '[workflows.coffee]\nmodule = "coffee"\ngrace = "soon"',
            '[workflows.coffee] grace must be a duration such as "10min" or "6h", not "soon"',
        ),
        ("[wfepy]\nstate = 3", "[wfepy] state must be text, not 3"),
        ('[wfepy]\nstate = ""', '[wfepy] state must be text, not ""'),
        ('[wfepy]\nstrict = "yes"', '[wfepy] strict must be true or false, not "yes"'),
        ("[wfepy]\nautoload = 1", "[wfepy] autoload must be true or false, not 1"),
        ('[wfepy]\nplugins = "slack"', '[wfepy] plugins must be a list of names, not "slack"'),
        ("[wfepy]\nplugins = [1]", "[wfepy] plugins must be a list of names, not this list"),
        ('[wfepy.plugins.slack]\nchannel = "x"', "[wfepy] plugins must be a list of names, not a table; "
         "the settings of a plugin go into [plugins.NAME]"),
        ('[wfepy]\nrequired_plugins = ["slack>=1.2"]',
         "[wfepy] required_plugins must be a list of names, without versions, not this list"),
        ("[workflows.coffee]", "[workflows.coffee] the key module is missing; it says where the tasks are"),
        ('[workflows]\ncoffee = "coffee.py"', '[workflows.coffee] must be a table, not "coffee.py"'),
        (COFFEE + 'modul = "x"', '[workflows.coffee] there is no key modul; did you mean "module"?'),
        ("[workflows.coffee]\nmodule = true", '[workflows.coffee] module must be the name of a module or the path '
         'of a ".py" file, not true'),
        ('[workflows.coffee]\nmodule = "flows/coffee"', '[workflows.coffee] module must be the name of a module or '
         'the path of a ".py" file, not "flows/coffee"'),
        (COFFEE + "schedule = 10", "[workflows.coffee] schedule must be text, not 10"),
        (COFFEE + "start = 2026-11-23", "[workflows.coffee] start must be text, not 2026-11-23"),
        (COFFEE + "timezone = []", "[workflows.coffee] timezone must be text, not an empty list"),
        (COFFEE + 'missed = "never"', '[workflows.coffee] missed must be "skip", "once" or "all", not "never"'),
        (COFFEE + "missed = []", '[workflows.coffee] missed must be "skip", "once" or "all", not an empty list'),
        (COFFEE + 'context = "make"', '[workflows.coffee] context must be text of the form "module:factory", '
         'not "make"'),
        ('[workflows.done]\nmodule = "x"', '[workflows.done] a workflow cannot be named "done"; the ended instances '
         "are kept in folders of that name"),
        ('[workflows."my flow"]\nmodule = "x"', "[workflows.my flow] the name of a workflow is up to 100 letters, "
         "digits, dots, dashes and underscores, a letter or digit first"),
        ('[workflows.".."]\nmodule = "x"', "[workflows...] the name of a workflow is up to 100 letters, digits, dots, "
         "dashes and underscores, a letter or digit first"),
        ("[plugins]\nslack = 1", "[plugins] slack must be a table, not 1"),
    ],
)  # fmt: skip
def test_one_problem_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    assert error_of(write(tmp_path, text)) == message


def test_a_name_of_a_workflow_has_at_most_100_characters(tmp_path: Path) -> None:
    load(write(tmp_path, f'[workflows.{"x" * 100}]\nmodule = "x"'))
    assert "up to 100" in error_of(write(tmp_path, f'[workflows.{"x" * 101}]\nmodule = "x"'))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = '[wfepy]\nstat = 1\nstrict = 2\n[workflows.done]\nmissed = "x"\n[plugin.slack]\n'
    assert error_of(write(tmp_path, text)).split("\n") == [
        "6 problems:",
        '  there is no table plugin; did you mean "plugins"?',
        '  [wfepy] there is no key stat; did you mean "state"?',
        "  [wfepy] strict must be true or false, not 2",
        '  [workflows.done] a workflow cannot be named "done"; the ended instances are kept in folders of that name',
        "  [workflows.done] the key module is missing; it says where the tasks are",
        '  [workflows.done] missed must be "skip", "once" or "all", not "x"',
    ]


def test_problems_in_a_pyproject_file_name_its_tables(tmp_path: Path) -> None:
    text = "[tool.wfepy]\nstat = 1\n[tool.wfepy.workflows.coffee]\n[tool.wfepy.plugins.slack]\n"
    assert error_of(write(tmp_path, text, "pyproject.toml")).split("\n")[1:] == [
        '  [tool.wfepy] there is no key stat; did you mean "state"?',
        "  [tool.wfepy] plugins must be a list of names, not a table; "
        "the settings of a plugin go into [tool.wfepy.plugin.NAME]",
        "  [tool.wfepy.workflows.coffee] the key module is missing; it says where the tasks are",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[wfepy]\nstate = x\n", ":2: it is not TOML: Invalid value"),
        (b"[wfepy]\n\nstate = '''\n", ":3: it is not TOML: Expected \"'''\""),
        (b"[wfepy]\n[wfepy]\n", ":2: it is not TOML: Cannot declare ('wfepy',) twice"),
        (b"<<<<<<< HEAD\n[wfepy]\n", ":1: it is not TOML: Invalid statement"),
        (b"[wfepy]\nstate = '\xff'\n", ":2: it is not UTF-8 text; save it as UTF-8"),
        ("[wfepy]\n".encode("utf-16"), ":1: it is not UTF-8 text; save it as UTF-8"),
        (b"a = " + b"[" * 100_000, "it is not TOML: it is nested too deeply"),
    ],
)
def test_a_file_that_is_not_toml_is_an_error_with_its_line(tmp_path: Path, data: bytes, message: str) -> None:
    assert error_of(write(tmp_path, data)) == message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert error_of(tmp_path / "other.toml") == "there is no such file"


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    assert error_of(tmp_path) == "it cannot be read: Is a directory"


def test_a_pyproject_file_that_is_not_about_us(tmp_path: Path) -> None:
    file = write(tmp_path, "[project]", "pyproject.toml")
    assert error_of(file) == "there is no table [tool.wfepy] in it"


# Where it is


def test_it_is_found_from_a_folder_below(tmp_path: Path) -> None:
    file = write(tmp_path, COFFEE)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_config(str(below)) == str(file)
    assert Config.load(cwd=below, autoload=False).root == str(tmp_path)


def test_of_two_files_in_one_folder_wfepy_toml_counts(tmp_path: Path) -> None:
    write(tmp_path, "[tool.wfepy]", "pyproject.toml")
    file = write(tmp_path, "")
    assert find_config(str(tmp_path)) == str(file)


def test_the_nearest_one_counts(tmp_path: Path) -> None:
    write(tmp_path, "")
    near = write(tmp_path / "near", "[tool.wfepy]", "pyproject.toml")
    assert find_config(str(tmp_path / "near")) == str(near)


@pytest.mark.parametrize(
    "data", [b"[project]", b"[tool.wfepy-other]", b"tool = 1", b"tool.wfepy = 1", b"\xff wfepy", b"wfepy = ("]
)
def test_a_pyproject_file_of_somebody_else_is_passed_over(tmp_path: Path, data: bytes) -> None:
    file = write(tmp_path, "")
    write(tmp_path / "below", data, "pyproject.toml")
    assert find_config(str(tmp_path / "below")) == str(file)


def test_a_broken_pyproject_file_of_ours_is_found(tmp_path: Path) -> None:
    file = write(tmp_path, "[tool.wfepy]\nstate = (", "pyproject.toml")
    assert find_config(str(tmp_path)) == str(file)
    assert "it is not TOML" in error_of(file)


def test_no_file_anywhere_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfepy_hooks.config.find_config", lambda cwd, environ: None)
    with pytest.raises(ConfigError) as caught:
        Config.load(cwd=tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: there is no wfepy.toml, and no pyproject.toml with [tool.wfepy], here or above; "
        "wfepy new makes a project, wfepy run FILE.py needs none"
    )


def test_a_relative_path_starts_at_the_working_directory_that_is_given(tmp_path: Path) -> None:
    file = write(tmp_path / "sub", "", "other.toml")
    config = Config.load("sub/other.toml", cwd=tmp_path, autoload=False)
    assert config.file == str(file)
    assert config.root == str(tmp_path / "sub")


def test_without_a_file_the_root_is_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "this is not read")
    config = Config.without_file(tmp_path, autoload=False)
    assert config.file is None
    assert config.root == str(tmp_path)
    assert config.state == str(tmp_path / ".wfepy" / "state")
    assert config.workflows == {}


def test_two_configurations_share_nothing(tmp_path: Path) -> None:
    one, two = (Config.without_file(tmp_path, autoload=False) for _ in range(2))
    one.workflows["coffee"] = one.plugin_settings["slack"] = None  # type: ignore[assignment]
    one.required_plugins.append("slack")
    assert two.workflows == {}
    assert two.plugin_settings == {}
    assert two.required_plugins == []


# The cache of what it means


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Gets the name of each file that is parsed."""
    files: list[str] = []
    parse = configfile._parse_toml

    def counted(text: str, file: str) -> dict[str, Any]:
        files.append(file)
        return parse(text, file)

    monkeypatch.setattr(configfile, "_parse_toml", counted)
    return files


def test_a_file_is_parsed_once(tmp_path: Path, parsed: list[str]) -> None:
    file = write(tmp_path, COFFEE + '[plugins.slack]\nlimit = [1, 2.5, true, "ž"]\n')
    settings = [load(file).plugin_settings for _ in range(3)]
    assert settings == [{"slack": {"limit": [1, 2.5, True, "ž"]}}] * 3
    assert parsed == [str(file)]


def test_every_change_of_a_file_counts_at_once(tmp_path: Path, parsed: list[str]) -> None:
    file = write(tmp_path, "[wfepy]\nstate = 'one'")
    assert load(file).state.endswith("one")
    moment = file.stat()
    write(tmp_path, "[wfepy]\nstate = 'two'")
    os.utime(file, ns=(moment.st_atime_ns, moment.st_mtime_ns))
    assert load(file).state.endswith("two")
    assert len(parsed) == 2


def test_mistakes_are_found_in_what_is_remembered_too(tmp_path: Path) -> None:
    file = write(tmp_path, "[wfepy]\nstat = 1")
    assert error_of(file) == error_of(file)


def test_what_json_does_not_have_is_not_remembered(tmp_path: Path, parsed: list[str]) -> None:
    file = write(tmp_path, "[plugins.slack]\nsince = 2026-11-23\n")
    assert (
        load(file).plugin_settings == load(file).plugin_settings == {"slack": {"since": date(2026, 11, 23)}}
    )
    assert len(parsed) == 2


def test_what_is_remembered_is_for_the_users_eyes_only(tmp_path: Path, cache: Path) -> None:
    load(write(tmp_path, '[plugins.slack]\ntoken = "secret"'))
    (file,) = cache.iterdir()
    assert "secret" in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": [], "value": {}}'])
def test_a_damaged_cache_does_not_matter(tmp_path: Path, cache: Path, content: str) -> None:
    file = write(tmp_path, COFFEE)
    load(file)
    (cached,) = cache.iterdir()
    cached.write_text(content, encoding="utf-8")
    assert list(load(file).workflows) == ["coffee"]


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path: Path, cache: Path) -> None:
    cache.parent.write_text("a file where the folder should be", encoding="utf-8")
    assert list(load(write(tmp_path, COFFEE)).workflows) == ["coffee"]


# Its life


class Witness:
    def __init__(self) -> None:
        self.seen: list[object] = []

    @hookimpl
    def wfepy_configure(self, config: Config) -> None:
        self.seen.append(("configure", config.options))

    @hookimpl
    def wfepy_unconfigure(self, config: Config) -> None:
        self.seen.append("unconfigure")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.without_file(tmp_path, autoload=False)


def test_plugins_are_configured_once_and_unconfigured_last(config: Config) -> None:
    witness, options = Witness(), object()
    config.plugins.register(witness)
    config.configure(options)  # type: ignore[arg-type]
    config.configure()
    config.close()
    config.close()
    assert witness.seen == [("configure", options), "unconfigure"]


def test_closing_without_configuring_calls_nothing(config: Config) -> None:
    witness = Witness()
    config.plugins.register(witness)
    config.close()
    assert witness.seen == []


def test_with_configures_and_closes_also_after_an_error(config: Config) -> None:
    witness = Witness()
    config.plugins.register(witness)
    with pytest.raises(ZeroDivisionError), config:
        raise ZeroDivisionError
    assert witness.seen == [("configure", None), "unconfigure"]


def test_a_failing_configure_is_followed_by_unconfigure(config: Config) -> None:
    class Bad:
        @hookimpl(trylast=True)
        def wfepy_configure(self) -> None:
            raise ValueError

    witness = Witness()
    config.plugins.register(witness)
    config.plugins.register(Bad())
    with pytest.raises(PluginError, match="plugin Bad: wfepy_configure raised ValueError"), config:
        pass
    assert witness.seen == [("configure", None), "unconfigure"]


def test_the_store_is_the_one_that_is_picked(config: Config) -> None:
    store = config.make_store()
    assert isinstance(store, FileStore)
    assert store.root == config.state
    config.store = "memory"
    assert isinstance(config.make_store(), MemoryStore)
    config.store = "memmory"
    with pytest.raises(PluginError, match=r'^there is no store "memmory"; did you mean "memory"\?'):
        config.make_store()


def test_two_plugins_with_one_store_are_an_error_that_names_both(config: Config) -> None:
    class Files:
        @hookimpl
        def wfepy_register(self, registry: Any) -> None:
            registry.add("store", "files", print)

    config.plugins.register(Files(), "mine")
    with pytest.raises(PluginError, match="offered by the plugins mine and engine"):
        config.make_store()


def test_commands_are_those_of_the_plugins(config: Config) -> None:
    class Shouter:
        @hookimpl
        def wfepy_add_commands(self, commands: Any) -> None:
            commands.add("shout", help="be heard", module="string")

    config.plugins.register(Shouter(), "shouter")
    spec = config.commands().get("shout")
    assert spec is not None
    assert spec.plugin == "shouter"


def test_tracing_begins_with_the_loading_of_plugins(tmp_path: Path) -> None:
    lines: list[str] = []
    Config.without_file(tmp_path, autoload=False, trace=lines.append)
    assert lines[0].startswith("wfepy_plugin_registered(")


def test_strictness_can_be_changed_later(config: Config) -> None:
    config.strict_plugins = True
    assert config.plugins.strict


def test_with_a_warm_cache_loading_imports_nothing_heavy(tmp_path: Path) -> None:
    code = """
import sys
from wfepy_hooks.config import Config
config = Config.load(cwd=sys.argv[1])
config.configure()
config.make_store()
config.close()
print(*sys.modules)
"""
    write(tmp_path, COFFEE)
    outputs = [
        subprocess.run(
            [sys.executable, "-I", "-c", code, str(tmp_path)],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout.split()
        for _ in range(2)
    ]
    heavy = {
        "pluggy",
        "importlib.metadata",
        "inspect",
        "logging",
        "pathlib",
        "dataclasses",
        "argparse",
        "tomllib",
    }
    heavy |= {
        "asyncio",
        "concurrent.futures",
        "croniter",
        "graphviz",
        "rich",
        "sqlite3",
        "tempfile",
        "difflib",
    }
    assert "importlib.metadata" in outputs[0]
    assert heavy.isdisjoint(outputs[1])


@pytest.mark.parametrize(
    ("folder", "project"),
    [
        ("coffee", "coffee"),
        ("my project", "my-project"),
        (".hidden", "hidden"),
        ("käse", "k-se"),
        ("é", "project"),
    ],
)
def test_a_project_is_named_after_its_folder(tmp_path: Path, folder: str, project: str) -> None:
    (tmp_path / folder).mkdir()
    assert load(write(tmp_path / folder, "[wfepy]")).project == project
