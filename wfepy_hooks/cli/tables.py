"""A table for a person at a terminal, and plain aligned columns for everything else."""

from __future__ import annotations

import sys

from .output import clean, is_terminal, result, wants_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

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


#: Characters of a cell that is longer than names and moments are; and what a column of such can be read in.
_LONGEST_NAME, _NARROWEST_PROSE = 24, 18


def cut(text: str, longest: int | None) -> str:
    """Return the first ``longest`` characters of ``text``, and how many there are; ``None``: all of it."""
    if longest is None or len(text) <= longest:
        return text
    return f"{text[:longest]}... ({len(text)} characters; --full shows them)"


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]], flags: Flags) -> None:
    """Print a table to standard output: drawn for a person at a terminal, else plain aligned columns.

    :param flags: ``args.flags``, what the options of all commands said, such as ``--color``
    """
    rows = [[clean(cell) for cell in row] for row in rows]
    if is_terminal(sys.stdout) or wants_color(flags, sys.stdout):
        result(_drawn(headings, rows, wants_color(flags, sys.stdout)))
        return
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        result("  ".join(cells).rstrip())


def _drawn(headings: Sequence[str], rows: Sequence[Sequence[str]], color: bool) -> str:
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
        table.add_column(heading, overflow="fold", width=width)
    for row in rows:
        table.add_row(*(Text(cell, style=COLORS.get(cell, "")) for cell in row))
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n"))


def _widths(headings: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int] | list[None]:
    """Return how wide each column is; nothing is known of that where the room is not enough for the longest words.

    An id or a moment that is broken cannot be copied, so no word is broken as long as that can be. What room there is
    beyond that goes to the columns that are almost whole first; prose shares the rest.
    """
    from rich.cells import cell_len  # a Chinese character takes two

    columns = list(zip(headings, *rows, strict=True))
    whole = [max(map(cell_len, column)) for column in columns]
    words = [
        max((cell_len(word) for cell in column for word in cell.split()), default=1) for column in columns
    ]
    for narrowest in (_NARROWEST_PROSE, 0):
        widths = [
            max(word, narrowest if most > _LONGEST_NAME else 0)
            for word, most in zip(words, whole, strict=True)
        ]
        spare = room - 2 * (len(columns) - 1) - sum(widths)
        if spare >= 0:
            break
    else:
        return [None] * len(columns)
    places = sorted(range(len(columns)), key=lambda place: whole[place] - widths[place])
    for left, place in zip(range(len(places), 0, -1), places, strict=True):
        is_prose = whole[place] > _LONGEST_NAME
        more = min(whole[place] - widths[place], spare // left if is_prose else spare)
        widths[place] += more
        spare -= more
    return widths
