"""That a task waits, as it is kept: moments are absolute, as text of :func:`.format_time`, which compares as text."""

from __future__ import annotations

from .errors import StateFormatError

__all__ = ["WaitState", "wait_from_answer"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from typing import Any

    from .signals import Signal
    from .waiting import Wait


class WaitState:
    """That a task waits.

    :ivar since: when it first answered so, ISO 8601 in UTC; empty where nothing is saved
    :ivar reason: what it waits for; may be empty
    :ivar until: when it is called again; empty: no such moment
    :ivar deadline: when it times out; empty: never, by what it answered
    :ivar signals: names of the signals that wake it
    :ivar choices: :ivar schema: :ivar by: what such a signal must be
    :ivar done: when its moment or signal comes it is done, and not called again
    :ivar remind_every: seconds between reminders; 0: none
    :ivar remind_at: when the next one is due
    :ivar offered: number of the history record of the last signal that it has seen
    :ivar child: ``workflow/instance`` that it waits for; empty: none
    :ivar into: the key of the context that gets the outcome of that child
    """

    __slots__ = (
        "by",
        "child",
        "choices",
        "deadline",
        "done",
        "into",
        "offered",
        "reason",
        "remind_at",
        "remind_every",
        "schema",
        "signals",
        "since",
        "until",
    )

    def __init__(self, since: str, reason: str) -> None:
        self.since = since
        self.reason = reason
        self.until = ""
        self.deadline = ""
        self.signals: tuple[str, ...] = ()
        self.choices: tuple[Any, ...] = ()
        self.by: tuple[str, ...] = ()
        self.schema: dict[str, Any] | None = None
        self.done = False
        self.remind_every = 0.0
        self.remind_at = ""
        self.offered = 0
        self.child = ""
        self.into = ""

    def __repr__(self) -> str:
        return f"WaitState(since={self.since!r}, reason={self.reason!r}, {self.terms()})"

    @property
    def is_poll(self) -> bool:
        """Whether the task is just called again at each tick."""
        return not (self.until or self.signals)

    @property
    def is_plain(self) -> bool:
        """Whether it is a poll with nothing else."""
        return not (self.until or self.signals or self.deadline or self.remind_every)

    def terms(self) -> dict[str, Any]:
        """Return everything but ``since`` and ``reason`` as it is written: without what is empty."""
        if not (self.until or self.signals or self.deadline or self.remind_every or self.offered):
            return {}  # a poll, which most waits are
        found = {
            name: getattr(self, name) for name in sorted(self.__slots__) if name not in ("since", "reason")
        }
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if value
        }

    def to_json(self) -> dict[str, Any]:
        """Return it as it is written: the reason, and under ``wait`` the terms, each if there is any."""
        written: dict[str, Any] = {}
        if self.reason:
            written["reason"] = self.reason
        terms = self.terms()
        if terms:
            written["wait"] = terms
        return written

    @classmethod
    def from_json(cls, since: str, written: dict[str, Any]) -> WaitState:
        """Return what :meth:`to_json` wrote.

        :raises StateFormatError: if it is something else
        """
        return cls.from_terms(since, written.get("reason", ""), written.get("wait", {}))

    @classmethod
    def from_terms(cls, since: str, reason: str, terms: dict[str, Any]) -> WaitState:
        """Return what :meth:`terms` wrote.

        :raises StateFormatError: if it is something else
        """
        made = cls(since, reason)
        if not isinstance(terms, dict):
            raise StateFormatError(f'"wait" must be an object, not {terms!r}')
        for name, value in terms.items():
            kinds = _KINDS.get(name)
            if (
                kinds is None
                or not isinstance(value, kinds)
                or (isinstance(value, bool) and kinds is not bool)
            ):
                raise StateFormatError(f'"wait" has a wrong or unknown entry {name!r}: {value!r}')
            if name in ("signals", "by") and not all(isinstance(each, str) for each in value):
                raise StateFormatError(f'"{name}" of "wait" must be a list of names, not {value!r}')
            setattr(made, name, tuple(value) if isinstance(value, list) else value)
        return made

    def same_as(self, other: WaitState) -> bool:
        """Return whether nothing but ``since`` differs."""
        return self.reason == other.reason and self.terms() == other.terms()

    def takes(self, signal: Signal) -> bool:
        """Return whether ``signal`` is one that this waits for."""
        return signal.name in self.signals and not self.refuses(signal)

    def refuses(self, signal: Signal) -> bool:
        """Return whether ``signal`` has a name that this waits for, and misses the terms."""
        if signal.name not in self.signals or not (self.choices or self.by or self.schema is not None):
            return False
        from .signals import refusal

        return bool(refusal(signal, choices=self.choices, by=self.by, schema=self.schema))

    def news(self, pending: list[Signal]) -> list[Signal]:
        """Return those of ``pending`` that it waits for and has not seen."""
        return [each for each in pending if each.received > self.offered and self.takes(each)]


_KINDS: dict[str, Any] = {
    "until": str,
    "deadline": str,
    "signals": list,
    "choices": list,
    "by": list,
    "schema": dict,
    "done": bool,
    "remind_every": (int, float),
    "remind_at": str,
    "offered": int,
    "child": str,
    "into": str,
}


def wait_from_answer(
    answer: Wait,
    known: WaitState | None,
    now: datetime,
    remind_every: timedelta | None,
) -> WaitState:
    """Return what a task's answer means at ``now``.

    :param known: what it answered before, if it waited already
    :param remind_every: what its decorator says
    """
    from .clock import format_time, parse_time
    from .timing import parse_duration, to_moment

    at = format_time(now)
    made = WaitState(known.since if known is not None else at, answer.reason or "")
    if answer.until is not None:
        made.until = format_time(to_moment(answer.until, now))
    if answer.deadline is not None:
        first = parse_time(made.since) if made.since else now
        made.deadline = format_time(to_moment(answer.deadline, first))
    made.signals, made.choices, made.by = answer.signals, answer.choices, answer.by
    made.schema, made.done = answer.schema, answer.done
    every = remind_every if answer.remind_every is None else parse_duration(answer.remind_every)
    if every is not None:
        made.remind_every = every.total_seconds()
        if known is not None and known.remind_every == made.remind_every:
            made.remind_at = known.remind_at
        else:
            made.remind_at = format_time(now + every)
    return made
