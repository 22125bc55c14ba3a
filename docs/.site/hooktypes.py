"""What the page about the types that hooks get is generated from: their docstrings."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from functools import cache

import wfepy_hooks
from prose import table
from wfepy_hooks.hookspecs import MODULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Where the values are described that have no class of their own.
ELSEWHERE = {"Document": "../state-format.md#the-snapshot", "Record": "../state-format.md#the-history"}
_IVAR = re.compile(r"((?::ivar \w+: )+)(.*(?:\n[ ]+.*)*)")
_ROLE = re.compile(r":\w+:`[.~]?(?:[\w.]*\.)?(\w+)`")


@cache
def names() -> dict[str, type]:
    """Return the types of the engine that the specifications of hooks use, by name."""
    found: dict[str, object] = {}
    for node in ast.walk(ast.parse("".join(map(inspect.getsource, MODULES)))):
        if isinstance(node, ast.ImportFrom) and node.level and node.module != "hookkinds":
            module = importlib.import_module(f"wfepy_hooks.{node.module}")
            found.update({each.name: getattr(module, each.name, None) for each in node.names})
    # What is an alias of a plain type is there for type checkers only.
    return {name: kind for name, kind in sorted(found.items()) if isinstance(kind, type)}


def link(name: str) -> str:
    """Return where a type is described; empty if it is not one of ours."""
    return ELSEWHERE.get(name, f"types.md#{name.lower()}" if name in names() else "")


def types() -> str:
    """Return a section for each of the types."""
    return "\n".join(["", *(line for name, kind in names().items() for line in _section(name, kind)), ""])


def _section(name: str, kind: type) -> Iterator[str]:
    doc = inspect.getdoc(kind) or ""
    yield from (f"## {name}", "")
    if name in wfepy_hooks.__all__:
        yield from (f"`wfepy_hooks.{name}`", "")
    yield from (_prose(doc.partition("\n\n")[0]), "")
    rows = [*_attributes(doc), *_members(kind)]
    if rows:
        yield from (table(("name", "meaning"), rows), "")


def _attributes(doc: str) -> Iterator[tuple[str, str]]:
    for marks, text in _IVAR.findall(doc):
        yield ", ".join(f"`{name}`" for name in re.findall(r":ivar (\w+):", marks)), _prose(text)


def _members(kind: type) -> Iterator[tuple[str, str]]:
    """Yield a row for each public property and method, with the first paragraph of its docstring."""
    for name, member in vars(kind).items():
        doc = _prose((inspect.getdoc(member) or "").partition("\n\n")[0])
        if name.startswith("_") or not doc:
            continue
        if isinstance(member, property):
            yield f"`{name}`", doc
        elif inspect.isfunction(member):
            yield f"`{name}({', '.join(_parameters(member))})`", doc


def _parameters(method: Callable[..., object]) -> Iterator[str]:
    """Yield the parameters as they are written in a call."""
    _, *parameters = inspect.signature(method).parameters.values()
    for each in parameters:
        is_named = each.kind is each.KEYWORD_ONLY or each.default is not each.empty
        yield f"{each.name}=..." if is_named else each.name


def _prose(text: str) -> str:
    return _ROLE.sub(r"`\1`", " ".join(text.split())).replace("``", "`")
