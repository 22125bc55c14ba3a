"""The words of a condition: a lambda's own source, or the name of a function."""

from __future__ import annotations

import ast
import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

UNKNOWN = "condition"


class ConditionTexts:
    """Finds the words of conditions; each source file is parsed once."""

    def __init__(self) -> None:
        self._lambdas: dict[str, tuple[str, dict[int, list[ast.Lambda]]]] = {}

    def __call__(self, condition: Callable[[Any], object] | None) -> str:
        """Return ``condition`` in words on one line, ``""`` for none; never raises."""
        if condition is None:
            return ""
        function = _unwrapped(condition)
        name = getattr(function, "__name__", None)
        if name == "<lambda>":
            return self._lambda_text(function) or UNKNOWN
        if isinstance(name, str) and name:
            return name
        return type(function).__name__ or UNKNOWN

    def _lambda_text(self, function: Callable[..., Any]) -> str:
        try:
            source, by_line = self._parsed(function)
            candidates = by_line.get(function.__code__.co_firstlineno, [])
            found = _choose(candidates, function.__code__)
        except Exception:  # noqa: BLE001 - a changed, missing or strange source file must not spoil a picture
            return ""
        if found is None:
            return ""
        text = ast.get_source_segment(source, found.body) or ""
        return text if text and "\n" not in text else ast.unparse(found.body)

    def _parsed(self, function: Callable[..., Any]) -> tuple[str, dict[int, list[ast.Lambda]]]:
        """Return the source that ``function`` is in, and its lambdas by line."""
        filename = function.__code__.co_filename
        if filename not in self._lambdas:
            # findsource gives the whole file. getsource gives lines that are no complete syntax when the
            # lambda stands on a line of its own inside a decorator.
            source = "".join(inspect.findsource(function)[0])
            by_line: dict[int, list[ast.Lambda]] = {}
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Lambda):
                    by_line.setdefault(node.lineno, []).append(node)
            self._lambdas[filename] = source, by_line
        return self._lambdas[filename]


def _unwrapped(condition: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function inside wrappers and ``functools.partial``."""
    for _ in range(100):  # __wrapped__ may be cyclic
        inner = getattr(condition, "__wrapped__", None) or getattr(condition, "func", None)
        if not callable(inner):
            break
        condition = inner
    return condition


def _choose(candidates: list[ast.Lambda], code: CodeType) -> ast.Lambda | None:
    """Return the one that ``code`` was compiled from: lambdas of one line are told apart by what they do."""
    if len(candidates) == 1:
        # The file may have changed since it was imported; then its names are hardly the same.
        found = _compiled(candidates[0], code)
        return candidates[0] if _names(found) == _names(code) else None
    wanted = _signature(code)
    for candidate in candidates:
        if _signature(_compiled(candidate, code)) == wanted:
            return candidate
    return None


def _compiled(node: ast.Lambda, code: CodeType) -> CodeType:
    """Compile one lambda on its own, with the variables around it that ``code`` uses."""
    around = f"def around({', '.join(code.co_freevars)}): return {ast.unparse(node)}"
    inner: CodeType = compile(around, code.co_filename, "exec")
    for name in ("around", "<lambda>"):
        inner = next(each for each in inner.co_consts if getattr(each, "co_name", None) == name)
    return inner


def _names(code: CodeType) -> tuple[object, ...]:
    return (code.co_names, code.co_varnames, code.co_freevars)


def _signature(code: CodeType) -> tuple[object, ...]:
    """Return what tells one lambda from another, without line numbers."""
    constants = tuple(
        _signature(each) if hasattr(each, "co_code") else (type(each), each) for each in code.co_consts
    )
    return (code.co_code, constants, *_names(code))
