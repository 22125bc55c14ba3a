"""A chart as Mermaid, which GitHub and GitLab draw inside of Markdown."""

from __future__ import annotations

from datetime import timedelta

from ..text import columns, printable
from .axis import STEPS, span_text
from .chart import BARS, MARKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .chart import Chart, Row

LABEL_LENGTH = 60
TICKS = 9
#: Of the whole axis, what is drawn as a bar.
SHORTEST = 1 / 300
_UNITS = (
    *(
        (7 * 86400, "week"),
        (86400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
        (0.001, "millisecond"),
    ),
)

# What ends a label or starts something else in a chart, as entities. Each was tried with Mermaid 11 in a browser.
_ENTITIES = {character: f"#{ord(character)};" for character in '#:;&<>%\\"`'}
# Not "active": what stands beside such a bar is dark in a dark theme, too.
_TAGS = {
    "live": "done",
    "paused": "done",
    "waiting": "done",
    "retrying": "done, crit",
    "run": "",
    "failed": "crit",
}
_MARK_TAGS = {"failed": "crit, ", "timed_out": "crit, ", "due": "crit, "}


def gantt_mermaid(chart: Chart) -> str:
    """Return ``chart`` as the source of a Gantt chart, with a final newline."""
    return "\n".join(_lines(chart)) + "\n"


def escape(text: str) -> str:
    """Return ``text`` as it can stand for the name of a bar or a section."""
    text = " ".join(printable(text.replace("\n", " ")).split())
    if len(text) > LABEL_LENGTH:
        text = f"{text[: LABEL_LENGTH - 2]} …"
    return "".join(_ENTITIES.get(c, c) for c in text)


def _lines(chart: Chart) -> Iterator[str]:
    # What names the rows has room for ten letters, and would be written over by the bars.
    names = max((columns(row.name) for row in chart.rows), default=0)
    yield f'%%{{init: {{"gantt": {{"leftPadding": {40 + 7 * min(names, LABEL_LENGTH)}}}}}}}%%'
    yield "gantt"
    yield f"  title {escape(chart.title)}, {escape(span_text(chart.start, chart.end))}"
    # Moments without a zone: Mermaid would show others in the zone of each reader.
    yield "  dateFormat YYYY-MM-DDTHH:mm:ss.SSS"
    yield from _axis(chart.end - chart.start)
    yield "  todayMarker off"
    for row in chart.rows:
        yield f"  section {escape(row.name)}"
        yield from _row(chart, row)


def _axis(span: timedelta) -> Iterator[str]:
    seconds = span.total_seconds()
    step = next((step for step in STEPS if seconds / step <= TICKS), 0)
    month = 30 * 86400
    if not step:
        yield "  axisFormat %b %Y"
        yield f"  tickInterval {max(round(seconds / month / TICKS), 1)}month"
        return
    yield f"  axisFormat {'%H:%M:%S.%L' if step < 1 else '%H:%M:%S' if step < 60 else _day_format(span, step)}"
    size, unit = next((size, unit) for size, unit in _UNITS if step >= size)
    yield f"  tickInterval {round(step / size)}{unit}"
    yield "  weekday monday"


def _day_format(span: timedelta, step: float) -> str:
    return "%b %d" if step >= 86400 else "%H:%M" if span < timedelta(days=1) else "%b %d %H:%M"


def _row(chart: Chart, row: Row) -> Iterator[str]:
    for bar in row.bars:
        if bar.is_part and bar.kind == "run":  # a hundred items would take a hundred lines
            continue
        words = BARS[bar.kind].words + (", goes on" if bar.is_open else "")
        label = f"{words}, {bar.text}" if bar.text else words
        tag = f"{_TAGS[bar.kind]}, " if _TAGS[bar.kind] else ""
        if chart.place(bar.end) - chart.place(bar.start) < SHORTEST and not bar.is_open:
            yield f"    {escape(label)} :{tag}milestone, {_moment(bar.start)}, 0ms"  # a bar would not be seen
        else:
            yield f"    {escape(label)} :{tag}{_moment(bar.start)}, {_moment(bar.end)}"
    for mark in chart.shown_marks(row):
        if mark.kind != "done":  # which the bar before it tells
            label = f"{MARKS[mark.kind].words}, {mark.text}" if mark.text else MARKS[mark.kind].words
            yield f"    {escape(label)} :{_MARK_TAGS.get(mark.kind, '')}milestone, {_moment(mark.at)}, 0ms"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}"
