"""The reference is complete, and right: each command, setting, error, variable and name has its place there.

What is generated is compared with the code by ``cog --check``; these tests read the pages as somebody does who knows
nothing of that.
"""

from __future__ import annotations

import ast
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import configpage
import wfepy_crontab
import wfepy_hooks
from commandpage import BUNDLED, parsers
from wfepy_hooks import collect_schedules, errors
from wfepy_hooks.cli import core
from wfepy_hooks.config import Config
from wfepy_hooks.configfile import ENGINE_KEYS, WORKFLOW_KEYS
from wfepy_hooks.interrupts import INTERRUPTED

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "reference"
#: Not by the folders of the sources: the wheel is tested without them.
CODE = [
    *Path(wfepy_hooks.__file__).parent.glob("**/*.py"),
    *Path(wfepy_crontab.__file__).parent.parent.glob("wfepy_[!h]*/**/*.py"),
    *Path(wfepy_crontab.__file__).parent.parent.glob("wfepy_healthchecks/**/*.py"),
]
PLUGINS = list(configpage.PLUGINS)
#: What has to be in a table for its settings to be read at all.
NEEDED = {
    "wfepy_kubernetes": 'image = "coffee:1"',
    "wfepy_notify": 'targets.team.url = "json://localhost"',
}


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """Return what stands below a heading of a page, up to the next one."""
    (found,) = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page(name), re.MULTILINE | re.DOTALL)
    return str(found)


def first_words(text: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))


# Commands


def all_commands() -> list[str]:
    config = Config.without_file(ROOT / "docs", autoload=False, plugins=list(BUNDLED))
    config.plugins.register(core, "wfepy:commands")
    return [spec.name for spec in config.commands()]


def test_every_plugin_that_adds_commands_is_on_the_page() -> None:
    adding = {
        file.parent.name for file in CODE if "def wfepy_add_commands" in file.read_text(encoding="utf-8")
    }
    assert adding - {"cli", "wfepy_hooks"} == set(BUNDLED)


@pytest.mark.parametrize("command", all_commands())
def test_every_command_has_a_section_with_what_it_takes(command: str) -> None:
    for text, parser in parsers().items():
        if text.split()[1] == command:
            found = section("cli", text)
            options = {option for action in parser._actions for option in action.option_strings} - {
                "-h",
                "--help",
            }
            assert {option for option in options if not re.search(rf"[`, ]{option}[`, ]", found)} == set()
            assert f"```text\n{text}" in found


def test_no_section_is_about_a_command_that_there_is_not() -> None:
    assert set(re.findall(r"^###+ (wfepy .*)$", page("cli"), re.MULTILINE)) == set(parsers())


def test_every_environment_variable_that_the_code_reads_is_on_the_page() -> None:
    """By the look of it: a text in capitals, given to something that is called an environment or by name."""
    read = set()
    for file in CODE:
        text = file.read_text(encoding="utf-8")
        read |= set(re.findall(r'environ(?:\.get|\.pop)?[(\[]"([A-Z_]+)"', text))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                read |= set(re.findall(r"^WFEPY_[A-Z_]*[A-Z]$", node.value))
    assert {"WFEPY_PLUGINS", "NO_COLOR", "WFEPY_GITHUB_TOKEN", "WFEPY_HEALTHCHECKS_URL"} <= read
    assert {name for name in read if f"`{name}`" not in section("cli", "Environment variables")} == set()


# Settings


def test_the_page_has_every_key_of_the_config_file() -> None:
    assert first_words(section("config", "[wfepy]")) == set(ENGINE_KEYS)
    assert first_words(section("config", "[workflows.NAME]")) == set(WORKFLOW_KEYS)


def test_the_page_has_every_bundled_plugin_with_settings() -> None:
    assert {file.parent.name for file in CODE if file.name == "settings.py"} == set(PLUGINS)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_page_has_every_key_of_a_plugin(plugin: str) -> None:
    table, _, inner = section("config", f"[plugins.{plugin}]").partition(".NAME]`:")
    assert first_words(table) == set(configpage.rules(plugin))
    rules = configpage.TABLES[plugin][1] if plugin in configpage.TABLES else ""
    assert first_words(inner) == (set(configpage.rules(plugin, rules)) if rules else set())


def load(folder: Path, text: str) -> Config:
    (folder / "wfepy.toml").write_text(text, encoding="utf-8")
    return Config.load(folder / "wfepy.toml", autoload=False, environ={})


def parts(thing: Any) -> dict[str, Any]:
    """Return the attributes of a value, for a comparison."""
    names = getattr(type(thing), "__slots__", None) or vars(thing)
    found = {name: getattr(thing, name) for name in names}
    return {
        name: [parts(each) for each in value] if name == "targets" else value for name, value in found.items()
    }


ENGINE_DEFAULTS = [(key, default) for key, (default, _) in configpage.ENGINE.items() if default]
WORKFLOW_DEFAULTS = [(key, default) for key, (default, _) in configpage.WORKFLOW.items() if default]
PLUGIN_DEFAULTS = [
    (plugin, key, default)
    for plugin, (_, meanings) in configpage.PLUGINS.items()
    for key, (default, _) in meanings.items()
    if default
]


@pytest.mark.parametrize(("key", "default"), ENGINE_DEFAULTS)
def test_a_default_of_the_engine_is_what_is_so_without_the_key(
    key: str, default: str, tmp_path: Path
) -> None:
    names = (
        "state",
        "strict",
        "strict_plugins",
        "autoload",
        "required_plugins",
        "store",
        "executor",
        "_named",
    )
    without, with_it = load(tmp_path, "[wfepy]"), load(tmp_path, f"[wfepy]\n{key} = {default}")
    assert [getattr(with_it, name) for name in names] == [getattr(without, name) for name in names]


@pytest.mark.parametrize(("key", "default"), WORKFLOW_DEFAULTS)
def test_a_default_of_a_workflow_is_what_is_so_without_the_key(
    key: str, default: str, tmp_path: Path
) -> None:
    table = '[workflows.coffee]\nmodule = "coffee"\nschedule = "H * * * *"\nstart = "H H * * *"\n'
    without, with_it = load(tmp_path, table), load(tmp_path, f"{table}{key} = {default}")
    assert list(map(parts, collect_schedules(with_it))) == list(map(parts, collect_schedules(without)))


@pytest.mark.parametrize(("plugin", "key", "default"), PLUGIN_DEFAULTS)
def test_a_default_of_a_plugin_is_what_is_so_without_the_key(
    plugin: str, key: str, default: str, tmp_path: Path
) -> None:
    table = f"[plugins.{plugin}]\n{NEEDED.get(plugin, '')}\n"
    read = import_module(f"{plugin}.settings").read_settings
    without, with_it = load(tmp_path, table), load(tmp_path, f"{table}{key} = {default}")
    assert with_it.plugin_settings != without.plugin_settings
    assert parts(read(with_it)) == parts(read(without))


# Exit codes and names


def test_the_page_of_exit_codes_has_each_with_a_command_that_ends_so() -> None:
    known = {getattr(errors, name).exit_code for name in errors.__all__} | {0, INTERRUPTED}
    text = page("exit-codes")
    assert {int(code) for code in re.findall(r"^\| \[(\d+)\]", text, re.MULTILINE)} == known
    headings = re.findall(r"^## (\d+): .*\n((?:(?!^## ).*\n)*)", text, re.MULTILINE)
    assert {int(code) for code, _ in headings} == known
    for code, below in headings:
        shown = re.findall(r"^exit code (\d+)$", below, re.MULTILINE)
        assert shown, code
        assert set(shown) == {code}


def test_the_page_of_exit_codes_has_each_error_with_its_own() -> None:
    table = re.findall(
        r"^\| `(\w+)` \| (\d+) \|", section("exit-codes", "Which error has which"), re.MULTILINE
    )
    assert dict(table) == {name: str(getattr(errors, name).exit_code) for name in errors.__all__}


def test_the_page_about_the_state_has_every_key_of_the_schema() -> None:
    text = (Path(wfepy_hooks.__file__).with_name("state.schema.json")).read_text(encoding="utf-8")
    schema = json.loads(text)
    for heading, part in (
        ("The snapshot", schema),
        ("A task", schema["$defs"]["task"]),
        ("What a task waits for", schema["$defs"]["wait"]),
        ("Items", schema["$defs"]["items"]),
    ):
        assert first_words(section("state-format", heading)) >= set(part["properties"]), heading


def test_the_page_about_python_has_every_public_name() -> None:
    headings = re.findall(r"^### (\w+)$", page("python"), re.MULTILINE)
    assert sorted(set(wfepy_hooks.__all__) - set(headings)) == []
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("name", wfepy_hooks.__all__)
def test_every_public_name_is_described(name: str) -> None:
    prose = re.sub(r"```.*?```", "", section("python", name), flags=re.DOTALL)
    assert len(prose.split()) >= 4, f"{name} has no docstring"


def test_nothing_on_the_page_about_python_is_of_the_machine_that_made_it() -> None:
    assert re.findall(r"<\w+ .* at 0x|environ\(|'PATH'|/home/\w+|/root\b", page("python")) == []
