"""A chart as SVG, drawn here: it needs no other program."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import NamedTuple
from xml.sax.saxutils import escape

from ..text import columns, cut, printable
from .axis import span_text, ticks, took_text
from .chart import BARS, MARKS, OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .chart import Bar, Chart, Kind, Mark, Row

# In pixels. A character of the font takes 7 of them, a wide one 13; digits and capitals are the widest.
WIDTH, ROW, HEAD, EDGE, TOOK = 960, 26, 76, 16, 84
CHARACTER = 7.0
NAMES_MOST = 30
BAR = 14
FEWEST = 16
FONT = "font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif"


def gantt_svg(chart: Chart) -> str:
    """Return ``chart`` as an SVG document, with a final newline."""
    return "\n".join(_Drawing(chart).lines()) + "\n"


class _Drawing:
    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        names = max((columns(row.name) for row in chart.rows), default=0)
        self.left = EDGE + int(min(names, NAMES_MOST) * CHARACTER) + 12
        self.right = WIDTH - EDGE - TOOK
        self.bottom = HEAD + ROW * len(chart.rows)
        self.legend = list(_legend_rows(chart))
        self.height = self.bottom + 24 + 22 * len(self.legend) + EDGE

    def lines(self) -> Iterator[str]:
        chart = self.chart
        title, span = _text(chart.title), span_text(chart.start, chart.end)
        size = f'width="{WIDTH}" height="{self.height}" viewBox="0 0 {WIDTH} {self.height}"'
        yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc"'
        yield f'     style="{FONT}" font-size="12" fill="#1f2328">'
        yield f'<title id="title">{title}</title>'
        yield f'<desc id="desc">{_text(_description(chart))}</desc>'
        yield _PATTERNS
        # Drawn, since a page may be dark.
        yield f'<rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>'
        yield f'<text x="{EDGE}" y="26" font-size="15" font-weight="600">{title}</text>'
        took = took_text(chart.end - chart.start)
        yield f'<text x="{EDGE}" y="44" fill="#57606a">{span} ({took})</text>'
        yield from self._axis()
        for number, row in enumerate(chart.rows):
            yield from self._row(row, HEAD + ROW * number)
        yield from self._legend()
        yield "</svg>"

    def _x(self, place: float) -> float:
        return self.left + min(max(place, 0.0), 1.0) * (self.right - self.left)

    def _axis(self) -> Iterator[str]:
        width = self.right - self.left
        free = 0.0
        for tick in ticks(
            self.chart.start, self.chart.end, lambda length: int(width / ((length + 3) * CHARACTER))
        ):
            x, half = self._x(self.chart.place(tick.at)), len(tick.label) * CHARACTER / 2
            yield f'<path d="M{x:.1f} {HEAD - 6}V{self.bottom}" stroke="#d8dee4"/>'
            if x - half >= free:
                yield f'<text x="{x:.1f}" y="{HEAD - 12}" text-anchor="middle" fill="#57606a">{tick.label}</text>'
                free = x + half + CHARACTER

    def _row(self, row: Row, top: int) -> Iterator[str]:
        middle = top + ROW / 2
        yield f"<g>{_title(row.name)}" if columns(row.name) > NAMES_MOST else "<g>"
        name = _text(cut(row.name, NAMES_MOST, tail=9))  # where the pass of a loop stands
        yield f'<text x="{EDGE}" y="{middle + 4:g}">{name}</text>'
        yield f'<path d="M{EDGE} {top + ROW}H{WIDTH - EDGE}" stroke="#eaeef2"/>'
        room = self._room(row)
        for bar in sorted(row.bars, key=lambda bar: list(BARS).index(bar.kind)):
            yield self._bar(bar, middle, room)
        marks = self.chart.shown_marks(row)
        for mark in sorted(marks, key=lambda mark: list(MARKS).index(mark.kind)):
            yield self._mark(mark, middle)
        if row.took is not None:
            place = f'x="{WIDTH - EDGE}" y="{middle + 4:g}" text-anchor="end"'
            yield f'<text {place} fill="#57606a">{_text(took_text(row.took))}</text>'
        yield "</g>"

    def _room(self, row: Row) -> _Room:
        marks = sorted(self._x(self.chart.place(mark.at)) for mark in row.marks)
        return _Room(min((self._x(self.chart.place(bar.start)) for bar in row.bars), default=0.0), marks)

    def _bar(self, bar: Bar, middle: float, room: _Room) -> str:
        start, end = self._x(self.chart.place(bar.start)), self._x(self.chart.place(bar.end))
        width = max(end - start, 2.0)
        start = min(start, self.right - width)
        kind = BARS[bar.kind]
        height = 4 if bar.kind == "live" else BAR
        box = f'x="{start:.1f}" y="{middle - height / 2:g}" width="{width:.1f}" height="{height}"'
        parts = [
            f'<rect {box} rx="{min(2.0, width / 2):g}" fill="{_fill(bar.kind)}" stroke="{kind.border}"/>'
        ]
        if bar.is_open:
            parts.append(_arrow(start + width, middle, kind))
        parts += self._words(bar, start, start + width, middle, room)
        words = f"{kind.words}, {_span(bar)}" + (f": {bar.text}" if bar.text else "")
        return f"<g>{_title(words)}{''.join(parts)}</g>"

    def _words(self, bar: Bar, start: float, end: float, middle: float, taken: _Room) -> Iterator[str]:
        """Yield what a wait is for: in its bar, or if it goes on and has no room beside it."""
        # The items of a task may wait at the same time; their words would lie on top of each other.
        if not bar.text or bar.is_part or bar.kind not in ("waiting", "retrying"):
            return
        before = taken.before
        is_clear = bar.kind == "waiting" and taken.mark_after(start) >= end
        after = min(self.right, taken.mark_after(end) - 8)
        x, room, look = start + 12, end - start - 24, f'fill="{BARS[bar.kind].font}"'
        if not is_clear or room < min(len(bar.text), FEWEST) * CHARACTER:
            look = f'fill="{OPEN.font}"'
            x, room = end + 12, after - end - 12
            if room < (before - self.left):
                x, room, look = before - 6, before - self.left - 6, f'{look} text-anchor="end"'
            if not bar.is_open:
                return
        most = int(room / CHARACTER)
        if most >= min(len(bar.text), FEWEST):
            words = _text(cut(bar.text, most))
            yield f'<text x="{x:.1f}" y="{middle + 4:g}" font-size="11" {look}>{words}</text>'

    def _mark(self, mark: Mark, middle: float) -> str:
        kind = MARKS[mark.kind]
        x = self._x(self.chart.place(mark.at))
        words = f"{kind.words}, {mark.at:%Y-%m-%d %H:%M:%S}Z" + (f": {mark.text}" if mark.text else "")
        return f"<g>{_title(words)}{_sign(x, middle, kind)}</g>"

    def _legend(self) -> Iterator[str]:
        for number, row in enumerate(self.legend):
            middle = self.bottom + 30 + 22 * number
            x = float(EDGE)
            for kind in row:
                yield from _explained(kind, x, middle)
                x += _legend_width(kind)


class _Room(NamedTuple):
    """What stands on a row, in pixels.

    :ivar before: where its first bar starts
    :ivar marks: where its marks are, sorted
    """

    before: float
    marks: list[float]

    def mark_after(self, x: float) -> float:
        """Return where the next mark behind ``x`` is; infinity if there is none."""
        number = bisect_right(self.marks, x)
        return self.marks[number] if number < len(self.marks) else math.inf


def _legend_rows(chart: Chart) -> Iterator[list[Kind]]:
    row: list[Kind] = []
    for kind in chart.kinds():
        if row and sum(map(_legend_width, [*row, kind])) > WIDTH - 2 * EDGE:
            yield row
            row = []
        row.append(kind)
    if row:
        yield row


def _legend_width(kind: Kind) -> float:
    return 46 + len(kind.words) * CHARACTER


def _explained(kind: Kind, x: float, middle: float) -> Iterator[str]:
    name = next((name for name, each in BARS.items() if each is kind), "")
    if name:
        height = 4 if name == "live" else 12
        box = f'x="{x:g}" y="{middle - height / 2:g}" width="22" height="{height}" rx="2"'
        yield f'<rect {box} fill="{_fill(name)}" stroke="{kind.border}"/>'
    elif kind is OPEN:
        yield _arrow(x + 10, middle, kind)
    else:
        yield _sign(x + 14, middle, kind)
    yield f'<text x="{x + 28:g}" y="{middle + 4:g}" fill="#57606a">{kind.words}</text>'


def _arrow(x: float, middle: float, kind: Kind) -> str:
    half = BAR / 2
    return f'<path d="M{x:.1f} {middle - half:g}l7 {half:g}l-7 {half:g}z" fill="{kind.border}"/>'


def _sign(x: float, middle: float, kind: Kind) -> str:
    circle = f'<circle cx="{x:.1f}" cy="{middle:g}" r="7.5" fill="{kind.fill}" stroke="{kind.border}"/>'
    look = f'text-anchor="middle" font-size="10" font-weight="600" fill="{kind.font}"'
    return f'{circle}<text x="{x:.1f}" y="{middle + 3.5:g}" {look}>{kind.sign}</text>'


def _fill(kind: str) -> str:
    return "url(#stripes)" if kind == "retrying" else "url(#dots)" if kind == "paused" else BARS[kind].fill


# What differs in its colour differs in its pattern, too.
_PATTERNS = (
    '<defs><pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#ffe2cc"/><rect width="2" height="6" fill="#f0a875"/></pattern>'
    '<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" fill="#ffffff"/><circle cx="3" cy="3" r="1" fill="#57606a"/></pattern></defs>'
)


def _span(bar: Bar) -> str:
    start = f"{bar.start:%Y-%m-%d %H:%M:%S}Z"
    return f"{start} and goes on" if bar.is_open else f"{start}, {took_text(bar.end - bar.start)}"


def _description(chart: Chart) -> str:
    """Return for those who cannot see the chart what became of each row."""
    told = []
    for row in chart.rows:
        going_on, marks = row.goes_on, chart.shown_marks(row)
        if going_on is not None:
            end = f"{BARS[going_on.kind].words}, goes on" + (f": {going_on.text}" if going_on.text else "")
        else:
            end = MARKS[marks[-1].kind].words if marks else ""
        took = took_text(row.took) if row.took is not None else ""
        told.append(f"{row.name}: {', '.join(filter(None, (end, took)))}")
    return ". ".join(told)


def _title(text: str) -> str:
    return f"<title>{_text(text)}</title>"


def _text(text: str) -> str:
    return escape(printable(" ".join(text.split())))
