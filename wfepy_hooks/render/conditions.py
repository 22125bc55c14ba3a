"""The words of a condition: a lambda's own source, or the name of a function."""

from __future__ import annotations

import ast
import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any, TypeAlias

    # The lines of a source file, and its lambdas by the line that they start on.
    _File: TypeAlias = tuple[list[str], dict[int, list[ast.Lambda]]]

UNKNOWN = "condition"


class ConditionTexts:
    """Finds the words of conditions; each source file is parsed once."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._texts: dict[CodeType, str] = {}

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
        code: CodeType = function.__code__
        if code not in self._texts:
            try:
                self._texts[code] = self._find(function, code)
            except Exception:  # noqa: BLE001 - a changed, missing or strange source file must not spoil a picture
                self._texts[code] = ""
        return self._texts[code]

    def _find(self, function: Callable[..., Any], code: CodeType) -> str:
        lines, lambdas = self._file(function, code.co_filename)
        found = _choose(lambdas.get(code.co_firstlineno, []), code)
        if found is None:
            return ""
        body = found.body
        if body.lineno != body.end_lineno:
            return ast.unparse(body)
        # Columns of the syntax tree count bytes.
        return lines[body.lineno - 1].encode()[body.col_offset : body.end_col_offset].decode()

    def _file(self, function: Callable[..., Any], filename: str) -> _File:
        if filename not in self._files:
            # findsource gives the whole file. getsource gives lines that are no complete syntax when the
            # lambda stands on a line of its own inside a decorator.
            source = "".join(inspect.findsource(function)[0])
            lambdas: dict[int, list[ast.Lambda]] = {}
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Lambda):
                    lambdas.setdefault(node.lineno, []).append(node)
            self._files[filename] = source.split("\n"), lambdas
        return self._files[filename]


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
    return (code.co_code, tuple(map(_constant, code.co_consts)), *_names(code))


def _constant(value: object) -> object:
    if inspect.iscode(value):
        return _signature(value)
    if isinstance(value, str):  # Python 3.10 has names such as outer.<locals>.<lambda> among the constants
        return value.rpartition("<locals>.")[2]
    return type(value), value
