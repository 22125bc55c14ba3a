"""How each kind of hook is called, with pluggy and without."""

from __future__ import annotations

import logging
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfepy_hooks import (
    ConfigError,
    GiveUp,
    LockedError,
    PluginError,
    Wait,
    WorkflowError,
    faults,
    hookimpl,
    hookspec,
    wait,
)
from wfepy_hooks.plugins import PluginHost

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTANCE: Any = SimpleNamespace(
    id="today", workflow=SimpleNamespace(name="coffee"), run_task=lambda task, attempt: True
)


@pytest.fixture(params=["without pluggy", "with pluggy"])
def host(request: pytest.FixtureRequest) -> PluginHost:
    host = PluginHost()
    if request.param == "with pluggy":
        assert host.hook is not None
    return host


def plugin(source: str, name: str = "plugin", **names: Any) -> ModuleType:
    """Return a module whose functions are all hook implementations."""
    module = ModuleType(name)
    vars(module).update(hookimpl=hookimpl, **names)
    exec(source, vars(module))
    return module


def recorder(name: str, seen: list[str], mark: str = "@hookimpl") -> ModuleType:
    source = f"""
{mark}
def wfepy_task_started(task):
    seen.append({name!r})
"""
    return plugin(source, name, seen=seen)


# Observations


def test_observations_are_called_last_registered_first(host: PluginHost) -> None:
    seen: list[str] = []
    for name, mark in [
        ("first", "@hookimpl(tryfirst=True)"),
        ("last", "@hookimpl(trylast=True)"),
        ("one", "@hookimpl"),
        ("two", "@hookimpl"),
    ]:
        host.register(recorder(name, seen, mark), name)
    host.notify("wfepy_task_started", INSTANCE, task="task", attempt=1)
    assert seen == ["first", "two", "one", "last"]


def test_an_observation_is_an_attribute_that_is_kept_current(host: PluginHost) -> None:
    assert not host.task_started
    host.register(recorder("one", []), "one")
    assert [each.plugin for each in host.task_started] == ["one"]
    assert not host.task_finished
    host.unregister("one")
    assert host.task_started == ()


@pytest.mark.parametrize("error", ["ValueError('boom')", "SystemExit(3)", "StopIteration()"])
def test_an_exception_in_an_observation_is_logged_and_stops_nobody(
    host: PluginHost, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    host.register(recorder("before", seen), "before")
    host.register(plugin(f"@hookimpl\ndef wfepy_task_started(): raise {error}"), "bad")
    host.register(recorder("after", seen), "after")
    host.notify("wfepy_task_started", INSTANCE, task="task", attempt=1)
    assert seen == ["after", "before"]
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    message = record.getMessage()
    assert message.startswith(f"plugin bad: wfepy_task_started for coffee/today raised {error.split('(')[0]}")
    assert message.endswith("(<string>:2); the run goes on")
    assert record.exc_info is None


def test_the_traceback_of_an_observation_is_logged_for_debugging(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "wfepy_hooks.plugins")
    host = PluginHost()
    host.register(plugin("@hookimpl\ndef wfepy_internal_error(): 1/0"), "bad")
    host.notify("wfepy_internal_error", None, error=ValueError())
    (record,) = caplog.records
    assert record.getMessage().startswith("plugin bad: wfepy_internal_error raised ZeroDivisionError")
    assert record.exc_info


def test_an_interrupt_in_an_observation_is_the_persons_at_the_keyboard(host: PluginHost) -> None:
    host.register(plugin("@hookimpl\ndef wfepy_task_started(): raise KeyboardInterrupt"), "bad")
    with pytest.raises(KeyboardInterrupt):
        host.notify("wfepy_task_started", INSTANCE, task="task", attempt=1)


def test_under_strict_plugins_an_exception_in_an_observation_is_fatal(host: PluginHost) -> None:
    host.strict = True
    host.register(plugin("@hookimpl\ndef wfepy_task_started(): raise ValueError('boom')"), "bad")
    with pytest.raises(
        PluginError, match=r"plugin bad: wfepy_task_started raised ValueError: boom"
    ) as caught:
        host.notify("wfepy_task_started", INSTANCE, task="task", attempt=1)
    assert caught.value.plugin == "bad"
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_error_whose_text_is_broken_is_logged_by_its_type(caplog: pytest.LogCaptureFixture) -> None:
    source = """
class Broken(Exception):
    def __str__(self): raise RuntimeError

@hookimpl
def wfepy_task_started():
    raise Broken
"""
    host = PluginHost()
    host.register(plugin(source), "bad")
    host.notify("wfepy_task_started", INSTANCE, task="task", attempt=1)
    assert "raised Broken (" in caplog.text


# Setup


def test_setup_returns_the_results_in_the_order_of_the_calls(host: PluginHost) -> None:
    for name, value in [("one", "'1'"), ("none", "None"), ("two", "'2'")]:
        host.register(plugin(f"@hookimpl\ndef wfepy_report_header(): return {value}"), name)
    assert host.setup("wfepy_report_header", (str, list), config=None) == ["2", "1"]


def test_an_error_in_setup_is_fatal_and_names_plugin_and_hook(host: PluginHost) -> None:
    host.register(plugin("@hookimpl\ndef wfepy_report_header(): raise KeyError('token')"), "slack")
    with pytest.raises(PluginError) as caught:
        host.setup("wfepy_report_header", config=None)
    assert (
        str(caught.value)
        == "plugin slack: wfepy_report_header raised KeyError: 'token' (<string>:2); run without it by -p no:slack"
    )
    assert caught.value.plugin == "slack"


def test_an_exit_in_setup_is_an_error(host: PluginHost) -> None:
    host.register(plugin("import sys\n@hookimpl\ndef wfepy_report_header(): sys.exit(0)"), "slack")
    with pytest.raises(PluginError, match="raised SystemExit: 0"):
        host.setup("wfepy_report_header", config=None)


def test_a_plugin_that_refuses_in_our_words_keeps_them(host: PluginHost) -> None:
    source = "@hookimpl\ndef wfepy_workflow_loaded(): raise WorkflowError('no owner', hint='add a label')"
    host.register(plugin(source, WorkflowError=WorkflowError), "owners")
    with pytest.raises(WorkflowError, match=r"^plugin owners: no owner; add a label$"):
        host.setup("wfepy_workflow_loaded", workflow=None, config=None)


def test_a_result_of_the_wrong_type_in_setup_names_the_plugin(host: PluginHost) -> None:
    host.register(plugin("@hookimpl\ndef wfepy_graph_attributes(): return 'red'"), "colours")
    host.register(plugin("@hookimpl\ndef wfepy_graph_attributes(): return {}"), "fine")
    with pytest.raises(PluginError) as caught:
        host.setup("wfepy_graph_attributes", dict, workflow=None, task=None)
    assert str(caught.value) == (
        "wfepy_graph_attributes: the result must be of type dict, not str; "
        "look at the plugins that implement it: colours"
    )


def test_the_host_knows_whose_setup_is_running(host: PluginHost) -> None:
    seen: list[str] = []
    source = "@hookimpl\ndef wfepy_report_header(): seen.append(host.calling)"
    host.register(plugin(source, seen=seen, host=host), "one")
    host.register(plugin(source, seen=seen, host=host), "two")
    host.setup("wfepy_report_header", config=None)
    assert seen == ["two", "one"]
    assert host.calling == ""


def test_a_historic_hook_is_repeated_for_a_late_plugin(host: PluginHost) -> None:
    seen: list[tuple[str, ...]] = []
    source = "@hookimpl\ndef wfepy_configure(config): seen.append((__name__, config))"
    host.register(plugin(source, "early", seen=seen), "early")
    host.setup("wfepy_configure", config="config")
    host.register(plugin(source, "late", seen=seen), "late")
    assert seen == [("early", "config"), ("late", "config")]


def test_a_late_plugin_whose_configure_fails_is_not_registered(host: PluginHost) -> None:
    host.setup("wfepy_configure", config="config")
    source = "@hookimpl\ndef wfepy_configure(): 1/0\n@hookimpl\ndef wfepy_task_started(): pass"
    with pytest.raises(PluginError, match="plugin late: wfepy_configure raised ZeroDivisionError"):
        host.register(plugin(source), "late")
    assert not host.has_plugin("late")
    assert host.task_started == ()


def test_a_plugin_may_register_another_while_it_is_configured(host: PluginHost) -> None:
    seen: list[str] = []
    inner = plugin("@hookimpl\ndef wfepy_configure(config): seen.append('inner')", seen=seen)
    source = "@hookimpl\ndef wfepy_configure(config): seen.append('outer'); host.register(inner, 'inner')"
    host.register(plugin(source, seen=seen, host=host, inner=inner), "outer")
    host.setup("wfepy_configure", config=None)
    assert seen == ["outer", "inner"]


def test_every_plugin_learns_of_every_other(host: PluginHost) -> None:
    seen: list[tuple[str, str, str]] = []
    source = "@hookimpl\ndef wfepy_plugin_registered(name, source): seen.append((__name__, name, source))"
    host.register(plugin("", "first"), "first", "-p")
    host.register(plugin(source, "second", seen=seen), "second", "WFEPY_PLUGINS")
    host.register(plugin("", "third"), "third", "plugins")
    assert [(name, origin) for _, name, origin in seen] == [
        ("engine", "built in"),
        ("first", "-p"),
        ("second", "WFEPY_PLUGINS"),
        ("third", "plugins"),
    ]


def test_teardown_reaches_everybody_and_then_raises_the_first_error(host: PluginHost) -> None:
    seen: list[str] = []
    good = "@hookimpl\ndef wfepy_unconfigure(): seen.append(__name__)"
    host.register(plugin(good, "one", seen=seen), "one")
    host.register(plugin("@hookimpl\ndef wfepy_unconfigure(): 1/0"), "bad")
    host.register(plugin("@hookimpl\ndef wfepy_unconfigure(): [][0]"), "worse")
    host.register(plugin(good, "two", seen=seen), "two")
    with pytest.raises(PluginError, match="plugin worse: wfepy_unconfigure raised IndexError"):
        host.teardown("wfepy_unconfigure", config=None)
    assert seen == ["two", "one"]


# Decisions and what is around


def upgrade(value: str) -> ModuleType:
    return plugin(f"@hookimpl\ndef wfepy_upgrade_state(document): return {value}")


def test_the_first_answer_decides(host: PluginHost) -> None:
    for name, value in [("one", "{1: 1}"), ("two", "{2: 2}"), ("three", "None")]:
        host.register(upgrade(value), name)
    assert host.decide("wfepy_upgrade_state", dict, document={}, from_version=0) == {2: 2}


def test_nobody_may_decide(host: PluginHost) -> None:
    assert host.decide("wfepy_upgrade_state", dict, document={}, from_version=0) is None


@pytest.mark.parametrize(("value", "kind"), [("1", "int"), ("False", "bool"), ("[]", "list")])
def test_an_answer_of_the_wrong_type_names_hook_type_and_plugins(
    host: PluginHost, value: str, kind: str
) -> None:
    host.register(upgrade(value), "bad")
    with pytest.raises(PluginError) as caught:
        host.decide("wfepy_upgrade_state", dict, document={}, from_version=0)
    assert str(caught.value) == (
        f"wfepy_upgrade_state: the result must be of type dict, not {kind}; "
        "look at the plugins that implement it: bad"
    )


def test_an_error_in_a_decision_is_fatal_and_names_the_plugin(host: PluginHost) -> None:
    host.register(upgrade("{}"), "good")
    host.register(upgrade("document['version']"), "bad")
    with pytest.raises(PluginError, match=r"^plugin bad: wfepy_upgrade_state raised KeyError: 'version'"):
        host.decide("wfepy_upgrade_state", dict, document={}, from_version=0)


def test_a_wrapper_acts_around_the_task(host: PluginHost) -> None:
    seen: list[object] = []

    class Timing:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self, task: str) -> Iterator[None]:
            seen.append(f"before {task}")
            result = yield
            seen.append(result)
            return wait(reason="patience")  # type: ignore[return-value]

    host.register(Timing(), "timing")
    answer = host.around("wfepy_run_task", (bool, Wait), instance=INSTANCE, task="brew", attempt=1)
    assert answer == wait(reason="patience")
    assert seen == ["before brew", True]


def test_a_wrapper_that_forgets_its_result_is_an_error(host: PluginHost) -> None:
    class Forgetful:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self) -> Iterator[None]:
            yield

    host.register(Forgetful(), "forgetful")
    with pytest.raises(PluginError) as caught:
        host.around("wfepy_run_task", (bool, Wait), instance=INSTANCE, task="brew", attempt=1)
    assert str(caught.value) == (
        "wfepy_run_task: the result must be of type bool or Wait, not NoneType; "
        "look at the plugins that implement it: forgetful; a wrapper hands on what it gets by return (yield)"
    )


def test_what_a_task_raises_passes_the_hooks_around_it_unchanged(host: PluginHost) -> None:
    error = ValueError("no milk")

    def run(task: object, attempt: int) -> bool:
        raise error

    class Patient:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self) -> Any:
            return (yield)

    host.register(Patient(), "patient")
    instance = SimpleNamespace(run_task=run)
    with pytest.raises(ValueError, match="no milk") as caught:
        host.around("wfepy_run_task", (bool, Wait), instance=instance, task="brew", attempt=1)
    assert caught.value is error


def test_what_a_plugin_raises_around_a_task_is_the_plugins_error(host: PluginHost) -> None:
    class Bad:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self) -> Any:
            try:
                return (yield)
            except ValueError as error:
                raise RuntimeError("boom") from error

        @hookimpl
        def wfepy_load_state(self) -> Any:
            raise SystemExit(3)

    def run(task: object, attempt: int) -> bool:
        raise ValueError("no milk")

    host.register(Bad(), "bad")
    instance = SimpleNamespace(run_task=run)
    with pytest.raises(PluginError, match=r"^plugin bad: wfepy_run_task raised RuntimeError: boom"):
        host.around("wfepy_run_task", (bool, Wait), instance=instance, task="brew", attempt=1)
    with pytest.raises(PluginError, match=r"^plugin bad: wfepy_load_state raised SystemExit: 3"):
        host.around("wfepy_load_state", tuple, session=None, workflow=None)


@pytest.mark.parametrize("error", [GiveUp("no"), LockedError("busy"), KeyboardInterrupt()])
def test_a_plugin_may_give_up_or_fail_in_our_words(host: PluginHost, error: BaseException) -> None:
    class Plugin:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self) -> Any:
            yield
            raise error

    host.register(Plugin(), "plugin")
    with pytest.raises(type(error)) as caught:
        host.around("wfepy_run_task", (bool, Wait), instance=INSTANCE, task="brew", attempt=1)
    assert caught.value is error


def test_a_wrapper_that_yields_twice_is_an_error_that_names_the_hook(host: PluginHost) -> None:
    class Twice:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self) -> Any:
            yield
            yield

    host.register(Twice(), "twice")
    with pytest.raises(
        PluginError, match=r"^plugin twice: wfepy_run_task raised RuntimeError: .*second yield"
    ):
        host.around("wfepy_run_task", (bool, Wait), instance=INSTANCE, task="brew", attempt=1)


def test_an_error_behind_a_wrapper_is_blamed_on_who_raised_it(host: PluginHost) -> None:
    class Outer:
        @hookimpl(wrapper=True)
        def wfepy_upgrade_state(self) -> Any:
            return (yield)

    host.register(upgrade("1 / 0"), "inner")
    host.register(Outer(), "outer")
    with pytest.raises(PluginError, match=r"^plugin inner: wfepy_upgrade_state raised ZeroDivisionError"):
        host.decide("wfepy_upgrade_state", dict, document={}, from_version=0)


def test_the_place_of_an_error_is_in_the_plugin_and_not_in_a_library_that_it_uses(
    host: PluginHost, caplog: pytest.LogCaptureFixture
) -> None:
    source = "import json\n@hookimpl\ndef wfepy_{}(): json.loads('no')"
    host.register(plugin(source.format("report_header"), "slack"), "slack")
    with pytest.raises(PluginError, match=r"JSONDecodeError: .* \(<string>:3\); run"):
        host.setup("wfepy_report_header", config=None)
    host.register(plugin(source.format("task_started"), "mail"), "mail")
    host.notify("wfepy_task_started", INSTANCE, task="task", attempt=1)
    assert caplog.records[-1].getMessage().endswith("(<string>:3); the run goes on")


def test_of_two_copies_of_one_function_the_right_plugin_is_blamed(host: PluginHost) -> None:
    for name, n in (("bad", 0), ("good", 1)):
        host.register(plugin("@hookimpl(trylast=True)\ndef wfepy_decide_retry(): 1 / n", name, n=n), name)
    with pytest.raises(PluginError, match=r"^plugin bad: wfepy_decide_retry raised ZeroDivisionError"):
        host.decide("wfepy_decide_retry", instance=INSTANCE, task="brew", error=ValueError(), attempt=1)


def test_of_two_plugins_of_one_class_the_right_one_is_blamed(
    host: PluginHost, caplog: pytest.LogCaptureFixture
) -> None:
    class Divides:
        def __init__(self, number: int) -> None:
            self.number = number

        @hookimpl
        def wfepy_task_started(self) -> None:
            assert 1 / self.number

    host.register(Divides(0), "bad")
    host.register(Divides(1), "good")
    host.notify("wfepy_task_started", INSTANCE, task="task", attempt=1)
    (record,) = caplog.records
    assert record.getMessage().startswith("plugin bad: wfepy_task_started")


def test_an_error_in_a_hook_that_a_plugin_offers_is_blamed_on_who_raised_it(host: PluginHost) -> None:
    class Spec:
        @hookspec
        def wfepy_gate_opens(self) -> None:
            """Say whether it opens."""

    class Gate:
        @hookimpl
        def wfepy_run_task(self) -> Any:
            return host.hook.wfepy_gate_opens()

    host.calling = "gate"
    host.add_hookspecs(Spec)
    host.register(Gate(), "gate")
    host.register(plugin("@hookimpl\ndef wfepy_gate_opens(): 1 / 0", "guard"), "guard")
    with pytest.raises(PluginError, match=r"^plugin guard: wfepy_gate_opens raised ZeroDivisionError"):
        host.around("wfepy_run_task", (bool, Wait), instance=INSTANCE, task="brew", attempt=1)


def test_the_engine_alone_does_not_count_as_an_implementation(host: PluginHost) -> None:
    host.register(plugin("", "empty"), "empty")
    assert host.implementers("wfepy_run_task") == ["engine"]
    assert not host.has("wfepy_run_task")
    host.register(plugin("@hookimpl\ndef wfepy_run_task(): return True"), "mine")
    assert host.has("wfepy_run_task")
    assert not host.has("wfepy_decide_retry")


MARKS = st.sampled_from([{}, {"tryfirst": True}, {"trylast": True}])


@given(st.lists(MARKS, max_size=8))
def test_the_order_without_pluggy_is_pluggys(marks: list[dict[str, bool]]) -> None:
    host = PluginHost()
    for number, mark in enumerate(marks):
        module = plugin(f"@hookimpl(**mark)\ndef wfepy_report_header(): return {number}", mark=mark)
        host.register(module, f"plugin{number}")
    ours = host.setup("wfepy_report_header", config=None)
    assert ours == host.hook.wfepy_report_header(config=None)


# Faults and cost


def test_each_call_passes_two_fault_points(host: PluginHost, monkeypatch: pytest.MonkeyPatch) -> None:
    points: list[str] = []
    monkeypatch.setattr(faults, "hit", points.append)
    host.register(recorder("one", points), "one")
    host.notify("wfepy_task_started", INSTANCE, task="task", attempt=1)
    assert points == ["hook.wfepy_task_started.before", "one", "hook.wfepy_task_started.after"]
    points.clear()
    host.around("wfepy_run_task", bool, instance=INSTANCE, task="task", attempt=1)
    assert points == ["hook.wfepy_run_task.before", "hook.wfepy_run_task.after"]


def test_plugins_that_need_no_wrapper_do_not_make_us_import_pluggy() -> None:
    code = """
import sys
from wfepy_hooks import hookimpl
from wfepy_hooks.plugins import PluginHost

class Plugin:
    @hookimpl
    def wfepy_task_started(self, task): pass

    @hookimpl
    def wfepy_decide_retry(self, error): pass

host = PluginHost()
host.register(Plugin(), "plugin")
host.notify("wfepy_task_started", None, task=1, attempt=1)
host.decide("wfepy_decide_retry", instance=None, task=None, error=None, attempt=1)
heavy = {"pluggy", "inspect", "logging", "difflib", "dataclasses"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_config_error_of_a_plugin_keeps_its_exit_code(host: PluginHost) -> None:
    source = "@hookimpl\ndef wfepy_configure(): raise ConfigError('[plugins.slack] there is no token')"
    host.register(plugin(source, ConfigError=ConfigError), "slack")
    with pytest.raises(ConfigError, match=r"^plugin slack: \[plugins.slack\] there is no token$"):
        host.setup("wfepy_configure", config=None)
