"""The hooks themselves: every one has a contract, and every one can be implemented as it says."""

from __future__ import annotations

import ast
import inspect
import re
from types import ModuleType

import pluggy
import pytest

import wfepy_hooks
from wfepy_hooks import hookimpl
from wfepy_hooks.hookspecs import AROUND, DECISION, HOOKS, MODULES, OBSERVATION, SETUP
from wfepy_hooks.plugins import PluginHost

DESIGN = {
    SETUP: "add_hookspecs plugin_registered add_options add_commands configure unconfigure register report_header "
    "workflow_loaded graph_attributes argument_names collect_schedules",
    DECISION: "load_workflows decide_retry upgrade_state provide_argument",
    AROUND: "run_task load_state save_state",
    OBSERVATION: "tick_started tick_finished task_started transition_evaluated task_finished instance_finished "
    "state_saved internal_error task_reminder command_started command_finished",
}


def test_the_hooks_are_of_the_kinds_that_the_design_says() -> None:
    kinds = {f"wfepy_{name}": kind for kind, names in DESIGN.items() for name in names.split()}
    assert {name: hook.kind for name, hook in HOOKS.items()} == kinds


def test_the_table_of_hooks_lists_every_specification() -> None:
    functions = [name for module in MODULES for name in vars(module) if name.startswith("wfepy_")]
    assert functions == list(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_the_docstring_of_a_hook_has_all_fixed_parts(name: str) -> None:
    doc = inspect.getdoc(HOOKS[name].function) or ""
    parts = re.findall(r"^(When|Kind|Arguments|Result): *(.*)$", doc, re.MULTILINE)
    assert [part for part, _ in parts] == ["When", "Kind", "Arguments", "Result"]
    assert doc.split("\n")[0].endswith(".")
    assert all(text for part, text in parts if part != "Arguments")
    assert dict(parts)["Kind"].startswith(HOOKS[name].kind)
    assert re.findall(r"^    (\w+): ", doc, re.MULTILINE) == list(HOOKS[name].arguments)


def test_every_class_that_a_hook_gets_is_at_the_public_door() -> None:
    tree = ast.parse("".join(map(inspect.getsource, MODULES)))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    names = {each.name for node in imports if node.module != "hookkinds" for each in node.names}
    # These two stand for plain values of JSON.
    assert names - {"Document", "Record"} <= set(wfepy_hooks.__all__)
    assert all(inspect.isclass(getattr(wfepy_hooks, name)) for name in names - {"Document", "Record"})


@pytest.mark.parametrize("name", HOOKS)
def test_every_argument_of_a_hook_has_a_type(name: str) -> None:
    types = HOOKS[name].function.__annotations__
    assert set(types) == {*HOOKS[name].arguments, "return"}
    if HOOKS[name].kind == OBSERVATION:
        assert types["return"] == "None"


@pytest.mark.parametrize("name", HOOKS)
def test_an_implementation_may_ask_for_all_arguments_of_its_hook(name: str) -> None:
    plugin = ModuleType("everything")
    source = f"def {name}({', '.join(HOOKS[name].arguments)}): pass"
    exec(source, vars(plugin))
    hookimpl(getattr(plugin, name))
    host = PluginHost()
    assert host.register(plugin, "everything") == "everything"
    assert name in next(each for each in host.plugins if each.name == "everything").hooks


def test_pluggy_reads_the_specifications_as_the_table_says() -> None:
    manager = pluggy.PluginManager("wfepy")
    for module in MODULES:
        manager.add_hookspecs(module)
    for name, hook in HOOKS.items():
        spec = getattr(manager.hook, name).spec
        assert spec.argnames == hook.arguments
        assert spec.opts["historic"] == hook.historic
        assert spec.opts["firstresult"] == (hook.kind in (DECISION, AROUND))


def test_the_host_has_an_attribute_for_each_observation() -> None:
    host = PluginHost()
    observations = [name.removeprefix("wfepy_") for name, hook in HOOKS.items() if hook.kind == OBSERVATION]
    assert all(getattr(host, name) == () for name in observations)
    declared = {name for base in PluginHost.__mro__ for name in vars(base).get("__annotations__", {})}
    assert declared == set(observations)
