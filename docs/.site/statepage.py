"""The tables of keys in ``docs/reference/state-format.md``, from the JSON Schema that the package has."""

from __future__ import annotations

import json
from pathlib import Path

import wfepy_hooks
from prose import inline, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["SCHEMA", "keys"]

SCHEMA = Path(wfepy_hooks.__file__).with_name("state.schema.json")


def keys(name: str = "") -> str:
    """Return the table of the keys of a definition of the schema, or of the document itself."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    part = schema["$defs"][name] if name else schema
    rows = [(f"`{key}`", _meaning(rule)) for key, rule in part["properties"].items()]
    return table(("key", "meaning"), rows)


def _meaning(rule: dict[str, Any]) -> str:
    text = inline(rule["description"].rstrip("."))
    text = text if text[1:2].isupper() else text[:1].lower() + text[1:]
    return f"{text}: {', '.join(f'`{word}`' for word in rule['enum'])}" if "enum" in rule else text
