"""YAML of plain data: the same bytes each time, and no text that is read back as something else."""

from __future__ import annotations

import re

from wfepy_hooks import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Data: TypeAlias = str | int | bool | list["Data"] | dict[str, "Data"]

__all__ = ["to_yaml"]

#: Text that no version of YAML takes for anything else than text, unless it is one of the words below.
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"])


def to_yaml(data: Data) -> str:
    """Return a document of YAML, with the keys of each mapping in their order.

    :raises ConfigError: if a text has half of a surrogate pair in it, which is no text
    """
    return "\n".join(_lines(data)) + "\n"


def _lines(data: Data) -> Iterator[str]:
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _entry(f"{_text(key)}:", value)
    elif isinstance(data, list) and data:
        for item in data:
            first, *rest = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(data)


def _entry(key: str, value: Data) -> Iterator[str]:
    if isinstance(value, (dict, list)) and value:
        yield key
        yield from (f"  {line}" for line in _lines(value))
    else:
        yield f"{key} {_scalar(value)}"


def _scalar(data: Data) -> str:
    if isinstance(data, str):
        return _text(data)
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, int):
        return str(data)
    return "[]" if isinstance(data, list) else "{}"


def _text(text: str) -> str:
    if _BARE.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(c: str) -> str:
    code = ord(c)
    if c in '"\\':
        return f"\\{c}"
    if 0xD800 <= code < 0xE000:
        shown = c.encode("unicode_escape").decode()
        raise ConfigError(
            "there are bytes that are no UTF-8 in a name or path", where=shown, hint="rename it"
        )
    if c.isprintable():
        return c
    # Unlike in JSON, a character beyond the first 65536 is one escape.
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
