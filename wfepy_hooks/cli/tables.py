"""A table for a person at a terminal, and plain aligned columns for everything else."""

from __future__ import annotations

import sys

from .output import clean, is_terminal, result, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .flags import Flags

__all__ = ["COLORS", "LONGEST", "cut", "show_table"]

#: Colours by the word in a cell.
COLORS = {
    "waiting": "yellow",
    "failing": "red",
    "failed": "red",
    "dead end": "red",
    "unreadable": "red",
    "retrying": "red",
    "finished": "green",
    "done": "green",
    "completed": "green",
    "skipped": "bright_black",
    "cancelled": "bright_black",
}


#: Characters of a value that are shown where nobody asks for more.
LONGEST = 200


#: Characters that are enough for the last column of a table: it has what can be broken, such as reasons.
_LAST = 20


def cut(text: str, longest: int | None) -> str:
    """Return the first ``longest`` characters of ``text``, and how many there are; ``None``: all of it."""
    if longest is None or len(text) <= longest:
        return text
    return f"{text[:longest]}... ({len(text)} characters; --full shows them)"


def show_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    flags: Flags,
    colors: Mapping[str, str] = COLORS,
) -> None:
    """Print a table to standard output.

    :param colors: the colour of a cell that holds just this word
    """
    rows = [[clean(cell) for cell in row] for row in rows]
    if is_terminal(sys.stdout) or wants_color(flags, sys.stdout):
        result(_drawn(headings, rows, colors, wants_color(flags, sys.stdout)))
        return
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        result("  ".join(cells).rstrip())


def _drawn(
    headings: Sequence[str], rows: Sequence[Sequence[str]], colors: Mapping[str, str], color: bool
) -> str:
    from rich.console import Console  # Imported lazily: it takes 100 ms, and only a person needs it.
    from rich.table import Table
    from rich.text import Text

    console = Console(
        markup=False,
        highlight=False,
        emoji=False,
        force_terminal=color,
        color_system="auto" if color else None,
    )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    if rows and not any(row[-1] for row in rows):  # it would take the room that the others need
        headings, rows = headings[:-1], [row[:-1] for row in rows]
    for heading, width in zip(headings, _widths(headings, rows, console.width), strict=True):
        table.add_column(heading, overflow="fold", width=width, ratio=None if width else 1)
    for row in rows:
        table.add_row(*(Text(cell, style=colors.get(cell, "")) for cell in row))
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n"))


def _widths(headings: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int | None]:
    """Return how wide each column is; ``None``: as there is room for it.

    An id or a moment that is broken cannot be copied. So the columns before the last one are as wide as they need to
    be, or else break their cells at spaces alone; only if there is no room for that either are words broken.
    """
    *columns, last = (list(column) for column in zip(headings, *rows, strict=True))
    left = room - 2 * len(columns) - min(max(map(len, last)), _LAST)
    wishes = (
        [[(cell,) for cell in column] for column in columns],
        [list(map(str.split, column)) for column in columns],
    )
    for wish in wishes:
        widths = [max((len(part) for cell in column for part in cell), default=1) for column in wish]
        if sum(widths) <= left:
            return [*widths, None]
    return [None] * len(headings)
