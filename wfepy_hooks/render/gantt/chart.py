"""What a chart of an instance's life shows, apart from how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..look import DASH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Kind(NamedTuple):
    """How a kind of bar or mark looks.

    :ivar sign: :ivar plain: a cell of it in text, and in text that is ASCII only
    :ivar words: what it means
    :ivar fill: :ivar border: :ivar font: colours, ``#rrggbb``
    :ivar ansi: its colour at a terminal
    """

    sign: str
    plain: str
    words: str
    fill: str
    border: str
    font: str
    ansi: str = ""


BARS = {
    "live": Kind("─", "-", "live", "#d0d7de", "#d0d7de", "#32383f", "2"),
    "paused": Kind("╌", "=", "paused", "#ffffff", "#57606a", "#424a53", "2"),
    "waiting": Kind("░", ".", "waits", "#fff3b8", "#9a6700", "#4d2d00", "33"),
    "retrying": Kind("▒", "~", "is tried again later", "#ffe2cc", "#bc4c00", "#5c2200", "31"),
    "run": Kind("█", "#", "runs", "#1a7f37", "#1a7f37", "#ffffff", "32"),
    "failed": Kind("▚", "X", "runs and fails", "#a40e26", "#a40e26", "#ffffff", "31"),
}
MARKS = {
    "due": Kind("◇", "|", "deadline", "#ffffff", "#953800", "#953800", "33"),
    "moment": Kind("▹", "]", "called again", "#ffffff", "#0969da", "#0969da", "34"),
    "reminder": Kind("•", "o", "reminder", "#ffffff", "#9a6700", "#9a6700", "33"),
    "signal": Kind("▼", "v", "signal", "#ffffff", "#0969da", "#0969da", "34"),
    "operator": Kind("◆", "*", "a person stepped in", "#ffffff", "#8250df", "#6639ba", "35"),
    "skipped": Kind(DASH, "_", "skipped", "#eaeef2", "#8c959f", "#424a53", "2"),
    "cancelled": Kind("⊘", "c", "cancelled", "#d0d7de", "#8c959f", "#32383f", "2"),
    "done": Kind("✓", "+", "done", "#dafbe1", "#1a7f37", "#0f3d1c", "32"),
    "timed_out": Kind("!", "!", "timed out", "#953800", "#5c2200", "#ffffff", "31;1"),
    "failed": Kind("✗", "x", "failed", "#a40e26", "#67060c", "#ffffff", "31;1"),
}
OPEN = Kind("▶", ">", "goes on", "#ffffff", "#57606a", "#424a53")


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that took time.

    :ivar kind: a key of :data:`BARS`
    :ivar start: :ivar end: when, in UTC; the end of one that goes on is when the chart was made
    :ivar text: all there is to say about it; may be empty
    :ivar is_open: it goes on
    :ivar is_part: it is about one item of a task with ``each=``
    """

    kind: str
    start: datetime
    end: datetime
    text: str = ""
    is_open: bool = False
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment.

    :ivar kind: a key of :data:`MARKS`
    :ivar at: when, in UTC; a deadline may lie in the future
    :ivar text: all there is to say about it
    """

    kind: str
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The instance itself, or one pass of one task.

    :ivar name: what to call it, such as ``review (pass 2)``
    :ivar bars: :ivar marks: what happened, oldest first
    """

    name: str
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def took(self) -> timedelta | None:
        """From the start of its first bar to the end of its last; ``None``: it has none."""
        return max(bar.end for bar in self.bars) - self.bars[0].start if self.bars else None

    @property
    def goes_on(self) -> Bar | None:
        """The bar that goes on, if there is one."""
        return next((bar for bar in self.bars if bar.is_open), None)


@dataclass(frozen=True, slots=True)
class Chart:
    """The life of one instance, or a part of it.

    :ivar title: workflow, instance and status
    :ivar start: :ivar end: what the time axis shows, in UTC; the end is later than the start
    :ivar rows: first the instance itself, then the tasks as they began
    """

    title: str
    start: datetime
    end: datetime
    rows: tuple[Row, ...] = ()

    def place(self, moment: datetime) -> float:
        """Return where ``moment`` is on the time axis: 0 at the start, 1 at the end, beyond for others."""
        return (moment - self.start) / (self.end - self.start)

    def shown_marks(self, row: Row) -> list[Mark]:
        """Return the marks of ``row`` that lie on the time axis."""
        return [mark for mark in row.marks if self.start <= mark.at <= self.end]

    def kinds(self) -> list[Kind]:
        """Return the kinds of bars and marks that occur: what a legend explains."""
        bars = {bar.kind for row in self.rows for bar in row.bars}
        marks = {mark.kind for row in self.rows for mark in self.shown_marks(row)}
        found = [kind for name, kind in BARS.items() if name in bars]
        found += [kind for name, kind in MARKS.items() if name in marks]
        return found + [OPEN] * any(row.goes_on for row in self.rows)
