"""The text of a state document: stable, so that a ``git diff`` of two ticks shows what happened and no more.

Keys are sorted, a value stays on one line when the line fits in :data:`WIDTH` columns, and a task always has
a line of its own. Time is linear in the size of the document.
"""

from __future__ import annotations

import json

from .errors import StateFormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["SCHEMA", "WIDTH", "conflict_line", "dump_text", "parse_text"]

#: The schema version of the state documents that this version of wfepy-hooks writes; it reads those, and older ones.
SCHEMA = 2

WIDTH = 88

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, check_circular=False).encode
_encode_ascii = json.JSONEncoder(allow_nan=False, sort_keys=True, check_circular=False).encode


def dump_text(document: dict[str, Any]) -> str:
    """Return the text of ``document``, with a final newline. It can always be encoded to UTF-8.

    :raises TypeError: if a value or key is not one that JSON has
    :raises ValueError: if a number is not finite
    """
    text = _dump_document(document, _encode)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # a lone surrogate
            text = _dump_document(document, _encode_ascii)
    return text


def _dump_document(document: dict[str, Any], encode: Callable[[Any], str]) -> str:
    if not document:
        return "{}\n"
    lines: list[str] = []
    for key in sorted(document):
        value = document[key]
        head = f"  {encode(key)}: "
        if key == "tasks" and type(value) is dict and value:
            tasks = [f"    {encode(name)}: {encode(value[name])}" for name in sorted(value)]
            lines.append(f"{head}{{\n" + ",\n".join(tasks) + "\n  }")
        else:
            parts: list[str] = [head]
            _dump_value(value, 2, len(head), encode, parts)
            lines.append("".join(parts))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _dump_value(value: Any, indent: int, column: int, encode: Callable[[Any], str], parts: list[str]) -> None:
    """Add the text of ``value`` to ``parts``; it begins at ``column``, and its last line at ``indent``."""
    kind = type(value)
    if (kind is not dict and kind is not list) or not value:
        parts.append(encode(value))
        return
    room = WIDTH - column - 1  # for the comma
    if _room_left(value, room) >= 0:
        line = encode(value)
        if len(line) <= room:
            parts.append(line)
            return
    inner = indent + 2
    margin = "\n" + " " * inner
    if kind is dict:
        parts.append("{")
        for key in sorted(value):
            head = f"{encode(key)}: "
            parts.append(margin + head)
            _dump_value(value[key], inner, inner + len(head), encode, parts)
            parts.append(",")
    else:
        parts.append("[")
        for item in value:
            parts.append(margin)
            _dump_value(item, inner, inner, encode, parts)
            parts.append(",")
    parts[-1] = "\n" + " " * indent + ("}" if kind is dict else "]")


def _room_left(value: Any, room: int) -> int:
    """Return what the shortest possible line of ``value`` leaves of ``room``, negative as soon as it cannot
    fit.

    It looks at no more than ``room`` values, so asking it on every level keeps the whole dump linear, where
    encoding each value on every level would be quadratic in the depth.
    """
    kind = type(value)
    if kind is str:
        return room - len(value) - 2
    if kind is dict:
        for key, item in value.items():
            # Quotes, colon, comma and two spaces. The last item has no comma and space, but there are braces.
            room = _room_left(item, room - len(key) - 6)
            if room < 0:
                return room
    elif kind is list:
        for item in value:
            room = _room_left(item, room - 2)
            if room < 0:
                return room
    else:
        room -= 1
    return room


def parse_text(data: bytes, where: str) -> dict[str, Any]:
    """Return the document whose text is ``data``.

    :param where: the file, for the error
    :raises StateFormatError: if it is not the text of one JSON object; says the line
    """
    try:
        document = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise _explain(data, where, error) from None
    if type(document) is not dict:
        raise StateFormatError(
            f"not a state document: it holds {_NAMES.get(type(document), 'a number')}, not an object",
            where=where,
            hint=RESTORE,
        )
    return document


RESTORE = "restore it from a backup or from version control, or give the instance up: move its .json and .jsonl away"
_NAMES = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}


def _explain(data: bytes, where: str, error: Exception) -> StateFormatError:
    """Return the most helpful error for ``data``, which ``json`` refused with ``error``."""
    if not data.strip():
        return StateFormatError("the file is empty", where=where, hint=RESTORE)
    marker = conflict_line(data)
    if marker:
        return StateFormatError(
            "unresolved git conflict",
            where=f"{where}:{marker}",
            hint="keep one side of it whole, not a mixture",
        )
    if isinstance(error, json.JSONDecodeError):
        if not error.doc[error.pos :].strip() or error.msg.startswith("Unterminated string"):
            return StateFormatError("the file is cut short", where=f"{where}:{error.lineno}", hint=RESTORE)
        what = f"not JSON: {error.msg[0].lower()}{error.msg[1:]}, column {error.colno}"
        return StateFormatError(what, where=f"{where}:{error.lineno}", hint=RESTORE)
    if isinstance(error, UnicodeDecodeError):
        line = data.count(b"\n", 0, error.start) + 1
        return StateFormatError("not UTF-8 text", where=f"{where}:{line}", hint=RESTORE)
    if isinstance(error, RecursionError):
        return StateFormatError("values are nested too deeply", where=where, hint=RESTORE)
    return StateFormatError(f"not a state document: {error}", where=where, hint=RESTORE)


def conflict_line(data: bytes) -> int:
    """Return the number of the first line that is a conflict marker of git, 0 if there is none."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.startswith((b"<<<<<<< ", b">>>>>>> ", b"||||||| ")) or line.rstrip() == b"=======":
            return number
    return 0
