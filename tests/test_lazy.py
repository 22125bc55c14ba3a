"""Names that are imported when they are first asked for look to everybody like names that are there."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from typing import Any

import pytest

import wfepy_hooks
from wfepy_hooks.lazy import lazy_names

LAZY = [
    "wfepy_hooks",
    "wfepy_hooks.commandline",
    "wfepy_hooks.executors",
    "wfepy_hooks.stores",
    "wfepy_hooks.testing",
]


def shown_to_type_checkers(source: str) -> dict[str, tuple[str, ...]]:
    """Return the imports below ``if TYPE_CHECKING`` by module."""
    blocks = [
        each
        for each in ast.parse(source).body
        if isinstance(each, ast.If) and ast.unparse(each.test) == "TYPE_CHECKING"
    ]
    imports = [each for block in blocks for each in block.body if isinstance(each, ast.ImportFrom)]
    return {str(each.module): tuple(alias.name for alias in each.names) for each in imports}


@pytest.mark.parametrize("name", LAZY)
def test_a_type_checker_sees_the_names_from_where_they_come_at_run_time(name: str) -> None:
    module: Any = import_module(name)
    assert shown_to_type_checkers(inspect.getsource(module)) == module._LAZY


@pytest.mark.parametrize("name", LAZY)
def test_every_name_is_listed_before_it_is_imported_and_is_there_for_a_star(name: str) -> None:
    module = import_module(name)
    assert set(module.__all__) <= set(dir(module))
    names: dict[str, object] = {}
    exec(f"from {name} import *", names)
    assert set(module.__all__) <= set(names)


def test_a_name_is_looked_for_once() -> None:
    namespace: dict[str, Any] = {"__name__": "wfepy_hooks.made", "__package__": "wfepy_hooks"}
    find, _ = lazy_names(namespace, {"timing": ("parse_duration",)})
    assert find("parse_duration") is wfepy_hooks.parse_duration
    assert namespace["parse_duration"] is wfepy_hooks.parse_duration


def test_another_name_is_an_error_also_to_a_type_checker() -> None:
    with pytest.raises(AttributeError, match=r"^module 'wfepy_hooks' has no attribute 'tsk'$"):
        _ = wfepy_hooks.tsk  # type: ignore[attr-defined]
