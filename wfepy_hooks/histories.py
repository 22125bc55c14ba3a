"""Whether a history is whole: records count on from 1, and the snapshot says up to which one there must be."""

from __future__ import annotations

__all__ = ["gap_text", "gaps"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def gaps(records: Iterable[dict[str, Any]], covered: int) -> list[tuple[int, int]]:
    """Return which records are missing, as the first and the last number of each gap.

    :param records: the history
    :param covered: up to which record the snapshot holds; read before the history, which may grow meanwhile
    """
    found = []
    expected = 1
    for record in records:
        if record["seq"] > expected:
            found.append((expected, record["seq"] - 1))
        expected = max(expected, record["seq"] + 1)
    if expected <= covered:
        found.append((expected, covered))
    return found


def gap_text(first: int, last: int) -> str:
    """Return a gap in words, such as ``records 2 to 4``."""
    return f"record {first}" if first == last else f"records {first} to {last}"
