"""``--trace-hooks`` shows each call and each implementation, however it is made."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from wfepy_hooks import hookimpl
from wfepy_hooks.plugins import PluginHost
from wfepy_hooks.tracing import abbreviate

INSTANCE: Any = SimpleNamespace(run_task=lambda task, attempt: True)


class Named:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


def traced_host(*, pluggy: bool) -> tuple[PluginHost, list[str]]:
    host, lines = PluginHost(), []
    host.register_builtins()
    if pluggy:
        assert host.hook is not None
    host.trace = lambda line: lines.append(re.sub(r"\d+\.\d ms", "0.0 ms", line))
    return host, lines


class Observer:
    @hookimpl
    def wfepy_task_started(self, task: Any) -> str:
        return "ignored"


class Broken:
    @hookimpl
    def wfepy_task_started(self) -> None:
        raise ValueError("a long text\n" * 10)


class Around:
    @hookimpl(wrapper=True)
    def wfepy_run_task(self, task: Any) -> Any:
        return (yield)


class Decider:
    @hookimpl
    def wfepy_upgrade_state(self, document: Any) -> Any:
        return document


@pytest.mark.parametrize("pluggy", [False, True])
def test_observations(pluggy: bool) -> None:
    host, lines = traced_host(pluggy=pluggy)
    host.register(Observer(), "one")
    host.register(Broken(), "two")
    lines.clear()
    host.notify("wfepy_task_started", None, task=Named("brew"), attempt=1)
    assert lines == [
        "wfepy_task_started(task=<brew>, attempt=1, instance=None)",
        "  two: raised ValueError: a long text a long text a long text a long te..., 0.0 ms",
        "  one: -> 'ignored', 0.0 ms",
    ]


@pytest.mark.parametrize("pluggy", [False, True])
def test_decisions(pluggy: bool) -> None:
    host, lines = traced_host(pluggy=pluggy)
    host.register(Decider(), "one")
    lines.clear()
    host.decide("wfepy_upgrade_state", document={"schema": 0}, from_version=0)
    with pytest.raises(AttributeError):
        host.around("wfepy_run_task", bool, instance=object(), task=1, attempt=1)
    assert lines == [
        "wfepy_upgrade_state(document={'schema': 0}, from_version=0)",
        "  one: -> {'schema': 0}, 0.0 ms",
        "  -> {'schema': 0}, 0.0 ms",
        lines[3],
        "  engine: raised AttributeError: 'object' object has no attribute 'run_task', 0.0 ms",
        "  raised AttributeError: 'object' object has no attribute 'run_task', 0.0 ms",
    ]


def test_wrappers_and_what_they_enclose() -> None:
    host, lines = traced_host(pluggy=False)
    host.register(Around(), "timing")
    lines.clear()
    host.around("wfepy_run_task", bool, instance=INSTANCE, task=Named("brew"), attempt=2)
    assert lines[0].startswith("wfepy_run_task(instance=")
    assert lines[1:] == [
        "  engine: -> True, 0.0 ms",
        "  timing (wrapper): -> True, 0.0 ms",
        "  -> True, 0.0 ms",
    ]


def test_an_error_that_passes_a_wrapper() -> None:
    host, lines = traced_host(pluggy=False)
    host.register(Around(), "timing")
    lines.clear()

    def run(task: object, attempt: int) -> bool:
        raise ValueError("no milk")

    with pytest.raises(ValueError, match="no milk"):
        host.around("wfepy_run_task", bool, instance=SimpleNamespace(run_task=run), task=1, attempt=1)
    assert lines[1:] == [
        "  engine: raised ValueError: no milk, 0.0 ms",
        "  timing (wrapper): raised ValueError: no milk, 0.0 ms",
        "  raised ValueError: no milk, 0.0 ms",
    ]


@pytest.mark.parametrize("pluggy", [False, True])
def test_a_call_inside_a_call_is_indented(pluggy: bool) -> None:
    host, lines = traced_host(pluggy=pluggy)

    class Outer:
        @hookimpl
        def wfepy_upgrade_state(self) -> Any:
            host.notify("wfepy_task_started", None, task=1, attempt=1)

    host.register(Outer(), "outer")
    host.register(Observer(), "inner")
    lines.clear()
    host.decide("wfepy_upgrade_state", document={}, from_version=0)
    assert lines == [
        "wfepy_upgrade_state(document={}, from_version=0)",
        "    wfepy_task_started(task=1, attempt=1, instance=None)",
        "      inner: -> 'ignored', 0.0 ms",
        "  outer: -> None, 0.0 ms",
        "  -> None, 0.0 ms",
    ]


def test_setup_hooks_and_repeated_ones() -> None:
    host, lines = traced_host(pluggy=False)

    class Plugin:
        @hookimpl
        def wfepy_configure(self, config: Any) -> None: ...

    host.setup("wfepy_configure", config="config")
    host.register(Plugin(), "late")
    assert lines == [
        "wfepy_configure(config='config')",
        "wfepy_configure(config='config')",
        "  late: -> None, 0.0 ms",
        lines[3],
    ]
    assert lines[3].startswith("wfepy_plugin_registered(")


def test_tracing_can_be_turned_off_again() -> None:
    host, lines = traced_host(pluggy=True)
    host.register(Observer(), "one")
    assert host.trace is not None
    host.trace = None
    lines.clear()
    host.notify("wfepy_task_started", None, task=1, attempt=1)
    host.around("wfepy_run_task", bool, instance=INSTANCE, task=1, attempt=1)
    assert lines == []


def test_a_value_without_a_working_repr_is_shown_by_its_type() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert abbreviate(Broken()) == "<Broken>"
    assert abbreviate("x" * 100) == "'" + "x" * 56 + "..."
