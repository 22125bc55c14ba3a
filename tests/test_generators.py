"""Generators: what they are given, what they must return, and the command that their files run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from wfepy_hooks import (
    ConfigError,
    GeneratedFile,
    Machine,
    PluginError,
    ScheduleEntry,
    ScheduleError,
    generate,
    hookimpl,
    tick_command,
)
from wfepy_hooks.cli.flags import Flags
from wfepy_hooks.config import Config, WorkflowConfig


def config_with(
    generator: Callable[[Sequence[ScheduleEntry], Config], Any], *, file: str | None = None
) -> Config:
    class Plugin:
        @hookimpl
        def wfepy_register(self, registry: Any) -> None:
            registry.add("generator", "launchd", generator)

    config = Config("/srv/app", file=file)
    from wfepy_hooks import builtin

    config.plugins.register(builtin, "builtin", "built-in")
    config.plugins.register(Plugin(), "mine", "test")
    config.machine = Machine("/venv/bin/python", "ann", (60,))
    config.workflows["a"] = WorkflowConfig("a", "a", schedule="*/5 * * * *")
    config.workflows["b"] = WorkflowConfig("b", "b", start="0 9 * * mon", timezone="Europe/Prague")
    return config


def test_a_generator_gets_the_schedules_and_the_config() -> None:
    seen: list[tuple[str, ...]] = []

    def generator(schedules: Sequence[ScheduleEntry], config: Config) -> list[GeneratedFile]:
        seen.extend((each.workflow, each.kind, each.expression, each.timezone) for each in schedules)
        return [GeneratedFile("file", config.project)]

    assert generate("launchd", config_with(generator)) == [GeneratedFile("file", "app")]
    assert seen == [("a", "tick", "*/5 * * * *", "UTC"), ("b", "start", "0 9 * * mon", "Europe/Prague")]


def test_only_the_named_workflows_are_given() -> None:
    config = config_with(lambda schedules, config: [GeneratedFile(each.workflow, "") for each in schedules])
    assert generate("launchd", config, ["b"]) == [GeneratedFile("b", "")]


def test_a_wrong_schedule_is_told_before_the_generator_is_asked() -> None:
    config = config_with(lambda schedules, config: pytest.fail("it was asked"))
    config.workflows["a"].schedule = "* * *"
    with pytest.raises(ScheduleError, match=r"^\[workflows.a\] schedule: "):
        generate("launchd", config)


@pytest.mark.parametrize("wrong", [None, "text", [("a", "b")], (GeneratedFile("a", ""),)])
def test_a_generator_that_returns_anything_else_breaks_its_contract(wrong: object) -> None:
    with pytest.raises(PluginError, match="must return a list of GeneratedFile") as caught:
        generate("launchd", config_with(lambda schedules, config: wrong))
    assert caught.value.plugin == "mine"
    assert caught.value.where == "generator launchd of plugin mine"


def test_a_generator_that_raises_is_told_with_its_plugin() -> None:
    with pytest.raises(PluginError, match=r"^generator launchd of plugin mine: ZeroDivisionError.*test_gen"):
        generate("launchd", config_with(lambda schedules, config: 1 // 0))


def test_an_error_of_a_generator_for_its_user_is_kept() -> None:
    def generator(schedules: Sequence[ScheduleEntry], config: Config) -> list[GeneratedFile]:
        raise ConfigError("there is no image")

    with pytest.raises(ConfigError, match=r"^generator launchd of plugin mine: there is no image$"):
        generate("launchd", config_with(generator))


def test_the_command_of_a_tick_names_the_interpreter() -> None:
    config = config_with(lambda schedules, config: [], file="/srv/app/wfepy.toml")
    plain = ["/venv/bin/python", "-m", "wfepy_hooks", "tick"]
    assert tick_command(config) == [*plain, "--due"]
    assert tick_command(config, ["a", "b"]) == [*plain, "a", "b", "--due"]
    assert tick_command(config, python="python")[:2] == ["python", "-m"]


def test_the_command_of_a_tick_names_another_config_file() -> None:
    config = config_with(lambda schedules, config: [], file="/srv/app/prod.toml")
    assert tick_command(config)[3:] == ["--config", "prod.toml", "tick", "--due"]


def test_the_command_of_a_tick_does_not_name_the_file_that_is_found(tmp_path: Path) -> None:
    config = Config(str(tmp_path), file=str(tmp_path / "pyproject.toml"))
    assert tick_command(config)[3:] == ["tick", "--due"]
    (tmp_path / "wfepy.toml").touch()  # it comes first
    assert tick_command(config)[3:] == ["--config", "pyproject.toml", "tick", "--due"]


def test_the_command_of_a_tick_repeats_what_the_command_line_says() -> None:
    config = config_with(lambda schedules, config: [])
    flags = Flags()
    flags.take(["-p", "one", "-pno:two", "--state", "elsewhere", "--no-plugin-autoload", "-v"])
    config.state = "/data/elsewhere"
    config.options = argparse.Namespace(flags=flags)
    options = ["--state", "/data/elsewhere", "-p", "one", "-p", "no:two", "--no-plugin-autoload"]
    assert tick_command(config)[3:] == [*options, "tick", "--due"]
    assert tick_command(config, state="/state")[3:5] == ["--state", "/state"]


def test_the_command_of_a_tick_runs(tmp_path: Path) -> None:
    config = Config(str(tmp_path))
    python = tick_command(config)[0]
    assert os.path.samefile(python, sys.executable)
    # Not what a link of an environment leads to.
    assert os.path.dirname(python) == os.path.dirname(sys.executable)
