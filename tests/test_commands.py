from __future__ import annotations

import argparse
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks import PluginError
from wfepy_hooks.commands import Commands

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
def add_arguments(parser):
    parser.add_argument("--loud", action="store_true")

def run(args, config):
    return 7 if args.loud else 0
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with the code of a command, that is not imported yet."""
    (tmp_path / "shout_command.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "shout_command", raising=False)
    return "shout_command"


def test_the_code_of_a_command_is_imported_when_it_runs(module: str) -> None:
    commands = Commands(lambda: "shouter")
    commands.add("shout", help="be heard", module=module)
    (spec,) = commands
    assert (spec.name, spec.help, spec.plugin) == ("shout", "be heard", "shouter")
    assert module not in sys.modules
    code = spec.load()
    parser = argparse.ArgumentParser()
    code.add_arguments(parser)
    assert code.run(parser.parse_args(["--loud"]), None) == 7  # type: ignore[arg-type]


def test_the_code_of_a_command_may_come_from_a_function() -> None:
    code: Any = SimpleNamespace(add_arguments=print, run=print)
    commands = Commands()
    commands.add("shout", help="be heard", module=lambda: code)
    found = commands.get("shout")
    assert found is not None
    assert found.load() is code
    assert commands.get("whisper") is None
    assert len(commands) == 1


def test_a_name_that_is_taken_is_an_error_that_names_both_plugins() -> None:
    owner = "one"
    commands = Commands(lambda: owner)
    commands.add("shout", help="", module="a")
    owner = "two"
    with pytest.raises(PluginError) as caught:
        commands.add("shout", help="", module="b")
    assert str(caught.value) == (
        'the command "shout" is added by the plugins one and two; run without one of them by -p no:two'
    )


@pytest.mark.parametrize("name", ["", "-x", "Shout", "be heard", "být", "a_b"])
def test_a_name_that_is_none_is_an_error(name: str) -> None:
    with pytest.raises(PluginError, match=r"plugin one: the command .* is not made of lower-case letters"):
        Commands(lambda: "one").add(name, help="", module="a")


def test_code_that_cannot_be_imported_names_command_and_plugin() -> None:
    commands = Commands(lambda: "shouter")
    commands.add("shout", help="", module="no_such_module_at_all")
    commands.add("exit", help="", module=sys.exit)
    shout, leave = commands
    with pytest.raises(
        PluginError, match=r'^command "shout" of plugin shouter: its code cannot be loaded: Mod'
    ):
        shout.load()
    with pytest.raises(PluginError, match="SystemExit"):
        leave.load()


def test_code_without_its_functions_names_them() -> None:
    commands = Commands(lambda: "shouter")
    commands.add("shout", help="", module="string")
    with pytest.raises(PluginError, match=r"its code has no function add_arguments and no function run$"):
        commands.get("shout").load()  # type: ignore[union-attr]
