"""``--set key=value``."""

from __future__ import annotations

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable

__all__ = ["add_set", "read_values"]


def add_set(parser: ArgumentParser) -> None:
    """Add the option ``--set``."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="put a value into the first context; JSON if it reads as such, else text (may be repeated)",
    )


def read_values(pairs: Iterable[str]) -> dict[str, object]:
    """Return the values by key: ``cappuccino=true`` is a bool, ``size=3`` a number, ``name=Bob`` text.

    :raises UsageError: if a pair is none, or a key comes twice
    """
    values: dict[str, object] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise UsageError(
                "it must be of the form KEY=VALUE", where=f"--set {pair}", hint="as in --set size=3"
            )
        if key in values:
            raise UsageError(f'the key "{key}" is set twice', where=f"--set {pair}")
        values[key] = _read_value(text)
    return values


def _read_value(text: str) -> object:
    import json

    def refuse(constant: str) -> object:
        raise ValueError(constant)

    try:
        # NaN and Infinity are no JSON, and more likely meant as text.
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return text
