"""From the history of an instance to a chart. It needs no code of the workflow, so it works after any change of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ...clock import parse_time
from ...operations import PAST
from .chart import Bar, Chart, Mark, Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    Record = Mapping[str, Any]
    Key = tuple[str, int]

#: How an attempt ends: the kind of its bar, and that of its mark if it ends the task.
_ENDS = {
    "completed": ("run", "done"),
    "waiting": ("run", ""),
    "retrying": ("failed", ""),
    "failed": ("failed", "failed"),
    "timed_out": ("run", "timed_out"),
}
#: Of an instance.
_OUTCOMES = {"finished": "done", "cancelled": "cancelled"}
#: The transitions that are not taken.
_NOT_TAKEN = ("false", "skipped", "outcome", "cancelled")


def chart(
    records: Iterable[Record],
    title: str,
    now: datetime,
    *,
    created: str = "",
    tasks: Mapping[str, Record] | None = None,
) -> Chart:
    """Return what the records of an instance come to, oldest first.

    :param title: what to call it
    :param now: where that which goes on ends
    :param created: when the instance began; empty: the first of these records is not the first of its life
    :param tasks: those of the snapshot: it knows which were skipped or cancelled by what happened elsewhere
    """
    reader = _Reader(now, created, tasks or {})
    for record in records:
        reader.read(record)
    return reader.chart(title)


class _Line:
    """A row that is being filled. What goes on is kept by what it is about, such as the number of an item."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bars: list[Bar] = []
        self.marks: list[Mark] = []
        self.open: dict[object, Bar] = {}
        self.ahead: dict[object, list[Mark]] = {}

    def begin(self, about: object, bar: Bar, ahead: Iterable[Mark] = ()) -> None:
        """Begin something that goes on until the next attempt, or until one of ``ahead``."""
        self.close(bar.start, about)
        self.open[about] = bar
        self.ahead[about] = list(ahead)

    def close(self, at: datetime, about: object) -> None:
        self.ahead.pop(about, None)
        bar = self.open.pop(about, None)
        if bar is not None:
            self.bars.append(replace(bar, end=max(at, bar.start)))

    def close_all(self, at: datetime) -> None:
        for about in list(self.open):
            self.close(at, about)

    def row(self, now: datetime) -> Row:
        going_on = [replace(bar, end=max(now, bar.start), is_open=True) for bar in self.open.values()]
        bars = sorted([*self.bars, *going_on], key=lambda bar: bar.start)
        # Items often have one deadline.
        ahead = dict.fromkeys(mark for marks in self.ahead.values() for mark in marks)
        return Row(self.name, tuple(bars), tuple(sorted([*self.marks, *ahead], key=lambda mark: mark.at)))

    @property
    def start(self) -> datetime:
        """When anything happened first."""
        bars = [bar.start for bar in (*self.bars, *self.open.values())]
        return min([*bars, *(mark.at for mark in self.marks)])


class _Reader:
    def __init__(self, now: datetime, created: str, tasks: Mapping[str, Record]) -> None:
        self.now = now
        self.states = {name: entry.get("status", "") for name, entry in tasks.items()} if created else {}
        self.losers = _losers(tasks)
        self.last: datetime | None = None
        self.instance = _Line("instance")
        self.is_live = False
        self.lines: dict[Key, _Line] = {}
        self.latest: dict[str, _Line] = {}
        self.skipped: dict[str, datetime] = {}
        if created:
            self._live(parse_time(created))

    def read(self, record: Record) -> None:
        at = parse_time(record["at"])
        self.last = at if self.last is None else max(self.last, at)  # clocks go back
        event = str(record.get("event"))
        if event == "ended":
            self._end(record, at)
            return
        self._live(at - timedelta(seconds=float(record.get("took", 0))))
        method = {"signal": self._signal, "reminder": self._reminder, "operator": self._operator}.get(event)
        if method is not None:
            method(record, at)
        elif "task" in record and "status" in record:
            self._attempt(record, at)

    def _live(self, at: datetime) -> None:
        if not self.is_live:
            self.is_live = True
            self.instance.begin("life", Bar("live", at, at))

    def _line(self, record: Record, at: datetime) -> _Line:
        """Return the row that a record is about; an earlier pass is over once there is a later one."""
        task, generation = key = str(record["task"]), int(record.get("generation", 0))
        if key not in self.lines:
            self._close(task, at)
            name = f"{task} (pass {generation + 1})" if generation else task
            self.lines[key] = self.latest[task] = _Line(name)
        return self.lines[key]

    def _close(self, task: str, at: datetime, mark: str = "") -> None:
        """Let what goes on of a task be over, with a mark at its end if there is one to be."""
        line = self.latest.get(task)
        if line is not None and line.open:
            line.close_all(at)
            if mark:
                line.marks.append(Mark(mark, at))

    def _attempt(self, record: Record, at: datetime) -> None:
        status, about = str(record["status"]), record.get("item")
        kind, mark = _ENDS.get(status, ("run", ""))
        took = float(record.get("took", 0))
        begin = at - timedelta(seconds=took)
        for loser in self.losers.get(str(record["task"]), ()):
            self._close(loser, begin, "cancelled")
        line = self._line(record, begin)
        line.close(begin, about)
        is_part = about is not None
        # A wait that times out does so without an attempt.
        if status != "timed_out" or took:
            line.bars.append(Bar(kind, begin, at, _attempt_text(record), is_part=is_part))
        if mark and not (is_part and mark == "done"):
            line.marks.append(Mark(mark, at, str(record.get("error") or "")))
        if status in ("waiting", "retrying"):
            line.begin(about, Bar(status, at, at, _wait_text(record), is_part=is_part), _ahead(record))
        for each in record.get("next", ()):
            name, _, decision = str(each).rpartition(": ")
            if decision in _NOT_TAKEN:
                self.skipped[name] = at

    def _signal(self, record: Record, at: datetime) -> None:
        by = f" by {record['by']}" if record.get("by") else ""
        self.instance.marks.append(Mark("signal", at, f"{record.get('name')}{by}"))

    def _reminder(self, record: Record, at: datetime) -> None:
        line = self.latest.get(str(record.get("task")))
        if line is not None:
            line.marks.append(Mark("reminder", at))

    def _operator(self, record: Record, at: datetime) -> None:
        verb = str(record.get("verb"))
        by = f" by {record['by']}" if record.get("by") else ""
        why = f": {record['reason']}" if record.get("reason") else ""
        text = f"{PAST.get(verb, verb)}{by}{why}"
        line = self._line(record, at) if "task" in record else self.instance
        for task in record.get("again", ()):
            self._close(str(task), at)
        line.marks.append(Mark("operator", at, text))
        if verb == "pause":
            line.begin("paused", Bar("paused", at, at, text))
        elif verb == "resume":
            line.close(at, "paused")
        elif line is not self.instance:
            line.close_all(at)

    def _end(self, record: Record, at: datetime) -> None:
        status = str(record.get("status"))
        for line in (self.instance, *self.lines.values()):
            line.close_all(at)
        self.instance.marks.append(
            Mark(_OUTCOMES.get(status, "failed"), at, "dead end" if status == "dead_end" else "")
        )
        self.is_live = False

    def chart(self, title: str) -> Chart:
        last = self.last or self.now
        self._settle(last)
        lines = sorted(self.lines.values(), key=lambda line: line.start)
        rows = tuple(
            line.row(self.now) for line in (self.instance, *lines) if line.bars or line.open or line.marks
        )
        start = min(
            (line.start for line in (self.instance, *lines) if line.bars or line.open), default=self.now
        )
        end = max(last, start, self.now if any(row.goes_on for row in rows) else start)
        ahead = [mark.at for row in rows for mark in row.marks if end < mark.at <= end + (end - start)]
        # One millisecond at least, so that there is an axis.
        return Chart(title, start, max([end, *ahead, start + timedelta(milliseconds=1)]), rows)

    def _settle(self, last: datetime) -> None:
        """Bring in what the history does not tell: that tasks were skipped or cancelled by what happened elsewhere."""
        for name, at in self.skipped.items():
            if name not in self.latest and (not self.states or self.states.get(name) == "skipped"):
                self._line({"task": name}, at).marks.append(Mark("skipped", at))
        for name, state in self.states.items():
            if state == "cancelled":
                self._close(name, last, "cancelled")
            elif state == "skipped" and name not in self.latest:
                self._line({"task": name}, last).marks.append(Mark("skipped", last))


def _losers(tasks: Mapping[str, Record]) -> dict[str, list[str]]:
    """Return the tasks that each join has cancelled: they lead there, or to others that it has cancelled."""
    cancelled = {name for name, entry in tasks.items() if entry.get("status") == "cancelled"}
    found: dict[str, list[str]] = {}
    for name in cancelled:
        seen, todo = {name}, [name]
        while todo:
            for each in tasks[todo.pop()].get("next", ()):
                target = str(each).rpartition(": ")[0]
                if target not in cancelled:
                    found.setdefault(target, []).append(name)
                elif target not in seen:
                    seen.add(target)
                    todo.append(target)
    return found


def _ahead(record: Record) -> Iterator[Mark]:
    """Yield what may end a wait."""
    terms = record.get("wait", {})
    for moment in sorted({record.get("deadline"), terms.get("deadline")} - {None, ""}):
        yield Mark("due", parse_time(moment))
    for moment in sorted({record.get("retry_at"), terms.get("until")} - {None, ""}):
        yield Mark("moment", parse_time(moment))


def _attempt_text(record: Record) -> str:
    """Return which attempt it was and what it failed of, such as ``attempt 2 of item 3: OSError: no pencil``."""
    item = f" of item {record['item']}" if "item" in record else ""
    error = f": {record['error']}" if record.get("error") else ""
    return f"attempt {record.get('attempt', 1)}{item}{error}"


def _wait_text(record: Record) -> str:
    """Return what a task waits for, or why it is tried again."""
    terms = record.get("wait", {})
    parts = []
    if terms.get("child"):
        parts.append(f"end of {terms['child']}")
    elif terms.get("signals"):
        by = f" by {' or '.join(terms['by'])}" if terms.get("by") else ""
        parts.append(f"signal {' or '.join(terms['signals'])}{by}")
    if terms.get("until"):
        parts.append(f"until {_second(terms['until'])}")
    if record.get("retry_at"):
        parts.append(f"again at {_second(record['retry_at'])}")
    deadline = min(filter(None, (record.get("deadline"), terms.get("deadline"))), default="")
    if deadline:
        parts.append(f"times out at {_second(deadline)}")
    reason = str(record.get("reason" if record["status"] == "waiting" else "error") or "")
    text = ", ".join(parts)
    return f"{reason} ({text})" if reason and text else reason or text


def _second(moment: str) -> str:
    """Return a moment as a person reads it."""
    return f"{moment[:10]} {moment[11:19]}Z" if moment[10:11] == "T" else moment
