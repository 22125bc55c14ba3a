"""From ``executor = "processes:4"`` in the config to an executor."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import wfepy_hooks.executors
from wfepy_hooks.config import Config
from wfepy_hooks.errors import ConfigError, PluginError
from wfepy_hooks.executors import (
    InlineExecutor,
    ProcessExecutor,
    ThreadExecutor,
    adapted,
    executor_parts,
    make_executor,
)


def config_with(folder: Path, executor: str) -> Config:
    (folder / "wfepy.toml").write_text(f'[wfepy]\nexecutor = "{executor}"\n')
    return Config.load(folder / "wfepy.toml", autoload=False)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("inline", ("inline", "")),
        ("processes:4", ("processes", "4")),
        (" processes : 4 ", ("processes", "4")),
        ("dask:tcp://10.0.0.1:8786", ("dask", "tcp://10.0.0.1:8786")),
    ],
)
def test_the_name_stands_before_the_first_colon(text: str, parts: tuple[str, str]) -> None:
    assert executor_parts(text) == parts


@pytest.mark.parametrize("text", ["", ":4", "threads:", " : "])
def test_what_lacks_a_part_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r'^executor: ".*" is no executor; write it as "processes:4"$'):
        executor_parts(text)


@pytest.mark.parametrize(
    ("text", "kind", "slots"),
    [("inline", InlineExecutor, 1), ("threads:7", ThreadExecutor, 7), ("processes:3", ProcessExecutor, 3)],
)
def test_the_config_picks_an_executor(tmp_path: Path, text: str, kind: type, slots: int) -> None:
    executor = make_executor(config_with(tmp_path, text))
    assert type(executor) is kind
    assert executor.slots == slots
    executor.close()


@pytest.mark.parametrize("text", ["threads", "processes"])
def test_without_a_number_there_is_one_slot_for_each_processor(tmp_path: Path, text: str) -> None:
    executor = make_executor(config_with(tmp_path, text))
    assert executor.slots == len(os.sched_getaffinity(0))
    executor.close()


@pytest.mark.parametrize("number", ["0", "-1", "x", "2.5", "1001", "²", "1_0", "+1"])
@pytest.mark.parametrize("name", ["threads", "processes"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, name: str, number: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_executor(config_with(tmp_path, f"{name}:{number}"))
    text = f'executor: "{name}:{number}" must have a number from 1 to 1000 behind the colon; such as "{name}:'
    assert str(caught.value).startswith(text)


def test_inline_takes_no_number(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r'"inline:3": inline runs .* no number; write "threads:3" or "inline"'
    ):
        make_executor(config_with(tmp_path, "inline:3"))


def test_an_unknown_executor_is_an_error_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r'there is no executor "thread"; did you mean "threads"\?'):
        make_executor(config_with(tmp_path, "thread:2"))


def test_a_plugin_can_offer_an_executor_with_submit_alone(tmp_path: Path) -> None:
    (tmp_path / "wfepy_plugins.py").write_text(
        """
from concurrent.futures import Future
from wfepy_hooks import hookimpl

class Echo:
    def __init__(self, argument):
        self.argument = argument
    def submit(self, function, *args):
        future = Future()
        future.set_result((self.argument, function(*args)))
        return future

@hookimpl
def wfepy_register(registry):
    registry.add("executor", "echo", lambda config, argument: Echo(argument))
"""
    )
    executor = make_executor(config_with(tmp_path, "echo:mountain:2"))
    assert (executor.slots, executor.is_remote) == (32, True)
    assert executor.submit(abs, -1).result() == ("mountain:2", 1)
    executor.close()


# What is not an executor yet


class Cluster:
    """A stranger that says a few things."""

    _max_workers = 5

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def submit(self, function: Any, *args: Any) -> Any:
        self.calls.append(functools.partial(function, *args))
        return self

    def cancel(self) -> bool:
        self.calls.append("cancel")
        return True


def test_what_is_an_executor_is_left_as_it_is() -> None:
    for executor in (InlineExecutor(), ThreadExecutor(1)):
        assert adapted(executor) is executor


def test_what_has_no_submit_is_refused() -> None:
    with pytest.raises(TypeError, match=r"an executor needs a method submit\(function, \*args\)"):
        adapted(object())


def test_a_stranger_gets_what_it_lacks() -> None:
    cluster = Cluster()
    executor = adapted(cluster)
    assert (executor.slots, executor.is_remote) == (5, True)
    future = executor.submit(abs, -2)
    executor.give_up(future)
    executor.close()
    call, *others = cluster.calls
    assert (call(), others) == (2, ["cancel"])
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(abs)


def test_a_stranger_is_ended_by_what_it_has() -> None:
    ended: list[str] = []

    class Closes(Cluster):
        def close(self) -> None:
            ended.append("close")

        def give_up(self, future: object) -> None:
            ended.append("give up")

    class ShutsDown(Cluster):
        def shutdown(self, wait: bool, cancel_futures: bool) -> None:
            ended.append(f"shutdown wait={wait} cancel_futures={cancel_futures}")

    class ShutsDownSimply(Cluster):
        def shutdown(self, wait: bool) -> None:
            ended.append(f"shutdown wait={wait}")

    for stranger in (Closes(), ShutsDown(), ShutsDownSimply()):
        executor = adapted(stranger)
        executor.give_up(executor.submit(abs))
        executor.close()
        executor.close()
    assert ended == ["give up", "close", "shutdown wait=False cancel_futures=True", "shutdown wait=False"]


# The package


def test_everything_that_is_promised_is_there() -> None:
    for name in wfepy_hooks.executors.__all__:
        assert getattr(wfepy_hooks.executors, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        wfepy_hooks.executors.Nothing  # type: ignore[attr-defined]  # noqa: B018


def test_naming_the_package_imports_nothing_heavy() -> None:
    code = """
import sys
import wfepy_hooks.executors, wfepy_hooks.executors.merging, wfepy_hooks.executors.choosing
heavy = {"asyncio", "multiprocessing", "concurrent", "logging", "threading", "typing", "json", "pickle"}
before = heavy & set(sys.modules)
print(sorted(before))
"""
    found = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    if "No module named" in found.stderr:  # it is not found without the site module
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"asyncio", "multiprocessing", "concurrent"}.isdisjoint(eval(found.stdout))


def test_calls_alone_import_no_event_loop() -> None:
    code = """
import sys
from wfepy_hooks.executors import Pump, ThreadExecutor
pump = Pump(lambda: ThreadExecutor(2))
pump.start_call(1, int)
assert pump.wait()[0].value == 0
pump.close()
print({"asyncio", "multiprocessing"} & set(sys.modules) or "none")
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "none\n"
