"""What every bundled plugin keeps to: a tick that loads it pays next to nothing, and it uses what anybody may use."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import wfepy_hooks

ROOT = Path(__file__).parent.parent.parent / "integrations"
PLUGINS = sorted(path.parent for path in ROOT.glob("wfepy_*/__init__.py"))
#: Modules of the engine that are made for plugins, beside ``wfepy_hooks`` itself.
DOORS = {
    "wfepy_hooks.commandline",
    "wfepy_hooks.errors",
    "wfepy_hooks.faults",
    "wfepy_hooks.render",
    "wfepy_hooks.statetext",
}

pytestmark = pytest.mark.skipif(not PLUGINS, reason="the sources are away: the wheel is under test")


def imports(tree: ast.Module, *, everywhere: bool) -> list[tuple[str, list[str]]]:
    """Return the modules that are imported when the code runs, with the names from each."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = list(ast.walk(tree)) if everywhere else list(tree.body)
    return [
        *[(alias.name, []) for node in found if isinstance(node, ast.Import) for alias in node.names],
        *[
            ("." * node.level + (node.module or ""), [alias.name for alias in node.names])
            for node in found
            if isinstance(node, ast.ImportFrom)
        ],
    ]


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_imports_nothing_before_it_is_used(plugin: Path) -> None:
    tree = ast.parse((plugin / "__init__.py").read_text(encoding="utf-8"))
    found = [each for each in imports(tree, everywhere=False) if each[0] != "__future__"]
    assert found == [("wfepy_hooks", ["hookimpl"])]


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_uses_only_what_is_public(plugin: Path) -> None:
    hidden = []
    for file in sorted(plugin.rglob("*.py")):
        for module, names in imports(ast.parse(file.read_text(encoding="utf-8")), everywhere=True):
            if module == "wfepy_hooks":
                public = {*wfepy_hooks.__all__, *(door.partition(".")[2] for door in DOORS)}
                hidden += [f"{file.name}: {name}" for name in names if name not in public]
            elif module.startswith("wfepy_hooks.") and module not in DOORS:
                hidden.append(f"{file.name}: {module}")
    assert hidden == []
