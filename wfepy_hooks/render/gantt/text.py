"""A chart as text, for terminals and logs."""

from __future__ import annotations

from collections import Counter

from ..text import columns, cut, printable, wrap
from .axis import span_text, ticks, took_text
from .chart import BARS, MARKS, OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .chart import Chart, Kind, Row

#: Columns of the names of tasks, at most: a third of the width.
NARROWEST, TOOK = 20, 8
RESET = "\x1b[0m"


def gantt_text(chart: Chart, *, width: int = 80, ascii: bool = False, color: bool = False) -> str:
    """Return ``chart`` as lines of text, with a final newline.

    :param width: columns that a line should not exceed
    :param ascii: use no other characters; text that has some is shown with backslash escapes
    :param color: colour it for a terminal
    """
    writer = _Writer(chart, max(width, 50), ascii, color)
    return "\n".join(line.rstrip() for line in writer.lines()) + "\n"


class _Writer:
    def __init__(self, chart: Chart, width: int, ascii: bool, color: bool) -> None:
        self.chart = chart
        self.width = width
        self.ascii = ascii
        self.color = color
        longest = max((columns(self._plain(row.name)) for row in chart.rows), default=0)
        self.names = min(longest, max(width // 3, 12))
        self.cells = max(width - self.names - TOOK - 4, NARROWEST)

    def lines(self) -> Iterator[str]:
        chart = self.chart
        yield from wrap(self._plain(chart.title), self.width)
        yield f"{span_text(chart.start, chart.end)} ({took_text(chart.end - chart.start)})"
        yield ""
        if not chart.rows:
            yield "nothing has happened yet"
            return
        yield from self._axis()
        for row in chart.rows:
            yield self._row(row)
        yield ""
        yield from self._legend()
        yield from self._going_on()

    def _plain(self, text: str) -> str:
        """Return text of the workflow as the terminal can show it."""
        text = printable(text)
        return text.encode("ascii", "backslashreplace").decode("ascii") if self.ascii else text

    def _axis(self) -> Iterator[str]:
        labels, line = [" "] * (self.cells + 16), ["-" if self.ascii else "─"] * self.cells
        free = 0
        for tick in ticks(self.chart.start, self.chart.end, lambda length: self.cells // (length + 2)):
            cell = self._cell(self.chart.place(tick.at))
            line[cell] = "+" if self.ascii else "┴"
            if cell >= free and cell + len(tick.label) <= self.cells + TOOK + 2:
                labels[cell : cell + len(tick.label)] = tick.label
                free = cell + len(tick.label) + 1
        margin = " " * (self.names + 2)
        yield margin + "".join(labels)
        yield margin + "".join(line)

    def _cell(self, place: float) -> int:
        return min(max(int(place * self.cells), 0), self.cells - 1)

    def _row(self, row: Row) -> str:
        cells: list[Kind | None] = [None] * self.cells
        # What is short, such as an attempt, is drawn over what is long, such as a wait.
        for bar in sorted(row.bars, key=lambda bar: list(BARS).index(bar.kind)):
            first = self._cell(self.chart.place(bar.start))
            last = max(self._cell(self.chart.place(bar.end)), first)
            # A bar ends where the next one begins, which takes this cell.
            stop = last if last > first else last + 1
            cells[first:stop] = [BARS[bar.kind]] * (stop - first)
            if bar.is_open:
                cells[last] = OPEN
        for mark in sorted(self.chart.shown_marks(row), key=lambda mark: list(MARKS).index(mark.kind)):
            cells[self._cell(self.chart.place(mark.at))] = MARKS[mark.kind]
        took = row.took
        # A pass stands at the end of a name.
        name = cut(self._plain(row.name), self.names, tail=10, dots="..." if self.ascii else "…")
        padding = " " * (self.names - columns(name) + 2)
        text = "" if took is None else took_text(took)
        return f"{name}{padding}{self._painted(cells)}  {text}"

    def _painted(self, cells: list[Kind | None]) -> str:
        parts, last = [], ""
        for cell in cells:
            ansi = cell.ansi if cell is not None and self.color else ""
            if ansi != last:
                parts.append((RESET if last else "") + (f"\x1b[{ansi}m" if ansi else ""))
                last = ansi
            parts.append(" " if cell is None else cell.plain if self.ascii else cell.sign)
        return "".join(parts) + (RESET if last else "")

    def _legend(self) -> Iterator[str]:
        # A blank that does not break keeps a sign with its words.
        words = [f"{self._sign(kind)}\xa0{kind.words}".replace(" ", "\xa0") for kind in self.chart.kinds()]
        for line in wrap("  ".join(words), self.width):
            yield line.replace("\xa0", " ")

    def _sign(self, kind: Kind) -> str:
        return kind.plain if self.ascii else kind.sign

    def _going_on(self) -> Iterator[str]:
        for row in self.chart.rows:
            going_on = Counter((bar.kind, bar.text) for bar in row.bars if bar.is_open and bar.text)
            for (kind, text), count in going_on.items():
                times = f", {count} items" if count > 1 else ""  # which may all wait for the same
                line = self._plain(f"{row.name} {BARS[kind].words}{times}: {text}")
                yield from wrap(line, self.width, following="  ")
