"""Lines that are too long for a terminal, folded where their parts begin."""

from __future__ import annotations

import sys
import textwrap

from .output import is_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["folded", "terminal_width"]

#: Between two parts of a line.
_GAP = "  "
#: A text in fewer columns than this is harder to read than one that the terminal breaks.
_NARROWEST = 24


def terminal_width() -> int | None:
    """Return how many characters a line on standard output may have; ``None`` where nobody looks at it."""
    if not is_terminal(sys.stdout):
        return None
    import shutil

    return shutil.get_terminal_size().columns or 80


def folded(start: str, parts: Sequence[str], width: int | None) -> str:
    """Return ``start`` and ``parts`` as one line, or, if that is wider than ``width``, as several.

    A part goes on the next line, below the first one, where it does not fit on the line of the part before it; only
    one that fits on no line is broken at its spaces.

    :param width: ``None``: however wide it is
    """
    line = _GAP.join([start, *parts])
    indent = len(start) + len(_GAP)
    if width is None or len(line) <= width or width - indent < _NARROWEST:
        return line
    return f"\n{' ' * indent}".join(_lines(start + _GAP, parts, width - indent))


def _lines(start: str, parts: Sequence[str], room: int) -> Iterator[str]:
    line = ""
    for part in parts:
        if line and len(line) + len(_GAP) + len(part) <= room:
            line += _GAP + part
            continue
        if line:
            yield start + line
            start = ""
        *whole, line = _broken(part, room)
        for each in whole:
            yield start + each
            start = ""
    yield start + line


def _broken(part: str, room: int) -> list[str]:
    """Return a part on as many lines as it needs; an id or a path stays whole if that is possible."""
    return textwrap.wrap(part, room, subsequent_indent="  ", break_on_hyphens=False) or [""]
