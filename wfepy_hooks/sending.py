"""Sending a signal to an instance. What no waiting task would take is refused here, where its sender hears of it.

Only files are read for that, and nothing is held: a tick may run meanwhile. The code is looked at only where no task
waits for the signal: an approval of its name tells what an answer may be, and whether one counts before it asks.
"""

from __future__ import annotations

from . import marking as m
from .clock import format_time, system_clock
from .errors import InstanceNotFound, StateFormatError, UsageError
from .overview import Overview
from .signals import Signal, refusal

__all__ = ["EarlyAnswer", "Sent", "early_answer", "is_made_id", "read_data", "read_overview", "send_signal"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Any

    from .instance import Instance
    from .overview import Waiting
    from .project import Project
    from .stores import Store
    from .task import Task

_MOST = 5


class Sent:
    """What came of a signal.

    :ivar id: its id
    :ivar accepted: ``False``: one of this id was sent before, and this one changed nothing
    :ivar waiting: the tasks that wait for it; none: it is kept until one does
    :ivar warning: what the sender should know; may be empty
    """

    __slots__ = ("accepted", "id", "waiting", "warning")

    def __init__(self, id: str, accepted: bool, waiting: list[str], warning: str = "") -> None:
        self.id = id
        self.accepted = accepted
        self.waiting = waiting
        self.warning = warning

    def __repr__(self) -> str:
        return f"Sent({self.id!r}, accepted={self.accepted}, waiting={self.waiting})"


def send_signal(
    project: Project | Store,
    workflow: str,
    instance: str,
    name: str,
    data: Any = None,
    *,
    by: str = "",
    id: str = "",
    now: datetime | None = None,
) -> Sent:
    """Send a signal, which the next tick delivers.

    :param project: the project, or its store
    :param name: by which tasks wait for it
    :param data: a JSON value
    :param by: who sends it
    :param id: one that comes twice is delivered once; by default the time and a random part
    :param now: when it is sent; by default now
    :raises UsageError: if no task that waits for it would take it, or it cannot be written
    :raises InstanceNotFound: if there is no such instance, or it has ended
    :raises StateError: if the instance cannot be read, or the signal not be saved
    """
    store: Store = getattr(project, "store", project)  # type: ignore[arg-type]  # it is the one or the other
    where = f"{workflow}/{instance}"
    _check_name(name, where)
    overview = read_overview(store, workflow, instance)
    moment = format_time(now or _clock(project)())
    signal = Signal(id or _new_id(moment), name, data, by=by, sent=moment)
    if id and _was_sent(store, workflow, instance, id):
        return Sent(id, False, [])
    waits = [wait for wait in overview.waits() if name in wait.signals]
    early = None if waits else early_answer(project, workflow, instance, name)
    takers = _takers(signal, waits, early, where)
    if signal.sent:  # a clock that is behind: who sends it now answers what is asked now
        signal.sent = max(signal.sent, *(wait.since for wait in waits), "")
    try:
        accepted = store.send(workflow, instance, signal.to_json())
    except (TypeError, ValueError) as error:
        raise UsageError(f'the data of "{name}" is no JSON: {error}', where=where) from error
    if not accepted:
        return Sent(signal.id, False, [])
    return Sent(signal.id, True, takers, "" if takers else _kept(name, overview, early))


def _takers(signal: Signal, waits: Sequence[Waiting], early: EarlyAnswer | None, where: str) -> list[str]:
    """Return the tasks that will take a signal.

    :raises UsageError: if it is refused by all that wait for it, or by the approval that will ask for it
    """
    if early is not None and (why := early.refusal(signal)):
        raise UsageError(f'"{signal.name}" is refused: {why}', where=where, hint=early.hint(where))
    refused = [_refused(signal, wait) for wait in waits]
    if waits and all(refused):
        raise UsageError(f'"{signal.name}" is refused: {"; ".join(dict.fromkeys(refused))}', where=where)
    return list(dict.fromkeys(wait.task for wait, no in zip(waits, refused, strict=True) if not no))


def read_overview(store: Store, workflow: str, instance: str) -> Overview:
    """Return what a live instance is by its files.

    :raises InstanceNotFound: if there is none, or it has ended
    :raises StateFormatError: if it cannot be understood
    """
    document, records, ended = store.read(workflow, instance)
    where = f"{workflow}/{instance}"
    try:
        overview = Overview(document, records)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = f"it is no valid state document ({type(error).__name__}: {error})"
        raise StateFormatError(what, where=where) from error
    if ended or not overview.is_running:
        word = overview.status.replace("_", " ")
        raise InstanceNotFound(f"it has ended: {word}, so it takes no signals", where=where)
    return overview


def read_data(text: str, overview: Overview, name: str, early: EarlyAnswer | None = None) -> Any:
    """Return the data that a command line gives: JSON, or a bare word that is one of the choices for ``name``.

    :param early: the approval that is not waiting now, if it is for one
    :raises UsageError: if it is neither
    """
    import json

    choices = [c for wait in overview.waits() if name in wait.signals for c in wait.terms.get("choices", ())]
    if early is not None:
        choices += early.choices
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if text in choices:
            return text
        if choices:
            words = " or ".join(json.dumps(each) for each in choices)
            raise UsageError(f"it is neither {words} nor JSON", where=f"--data {text}") from None
        hint = f"put text in quotes: --data '{json.dumps(text)}'"
        raise UsageError(f"it is no JSON: {error}", where=f"--data {text}", hint=hint) from None
    # By type too: 1 == True.
    is_choice = any(type(each) is type(data) and each == data for each in choices)
    return text if text in choices and not is_choice else data


class EarlyAnswer:
    """An approval that is sent an answer while it is not waiting, by the code of its workflow.

    :ivar choices: :ivar by: what it may be answered, and by whom
    :ivar moot: why no answer can count now; empty: one counts when it asks
    """

    def __init__(self, task: Task, choices: Sequence[str], by: Sequence[str], moot: str) -> None:
        self.choices = choices
        self.by = by
        self.moot = moot
        self._task = task.name

    def refusal(self, signal: Signal) -> str:
        """Return why an answer cannot count; empty: it will."""
        return refusal(signal, choices=self.choices, by=self.by) or self.moot

    def hint(self, where: str) -> str:
        """Return what its sender can do."""
        workflow, _, instance = where.partition("/")
        state = f"{self._task} is not waiting now"
        return f"wfepy why {workflow} {instance} {self._task} says more" if self.moot else state


def early_answer(project: Project | Store, workflow: str, instance: str, name: str) -> EarlyAnswer | None:
    """Return the approval of this name, by the code of the workflow; ``None`` if it has none, or is broken."""
    read = getattr(project, "read", None)
    if read is None or not hasattr(project, "workflow"):
        return None  # a store alone
    try:
        task = project.workflow(workflow).tasks.get(name)
        if task is None or getattr(task.func, "task_name", "") != name:
            return None
        standing = read(workflow, instance)
    except Exception:  # noqa: BLE001  # a signal can be sent whatever is wrong with the code
        return None
    func: Any = task.func
    return EarlyAnswer(task, func.wfepy_choices, func.wfepy_by, _moot(standing, name))


def _moot(instance: Instance, name: str) -> str:
    """Return why an answer that is sent now will not count, though nothing is wrong with it."""
    marking = instance.marking
    status = marking.status[marking.graph.index[name]]
    if status not in (m.PENDING, m.READY):
        word = m.STATUS_WORDS[status].replace("_", " ")
        return (
            f"{name} is not waiting now, it is {word}; an answer counts only if it is sent after it asks anew"
        )
    if instance.generation(name):
        number = instance.generation(name) + 1
        return f"{name} is not waiting now; what is sent before it asks in pass {number} does not count"
    return ""


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _check_name(name: str, where: str) -> None:
    if not name or not name.isprintable():
        raise UsageError(f"{name!r} cannot be the name of a signal", where=where)
    if name.startswith("wfepy."):
        raise UsageError(
            f'"{name}" cannot be sent: names that begin with "wfepy." are for what instances tell each other',
            where=where,
        )


def _clock(project: Any) -> Any:
    config = getattr(project, "config", None)
    return system_clock if config is None else config.clock


def _new_id(moment: str) -> str:
    from os import urandom

    digits = "".join(c for c in moment if c.isdigit())
    return f"{digits[:8]}T{digits[8:]}Z-{urandom(4).hex()}"


def is_made_id(id: str) -> bool:
    """Return whether an id is one of those that are made for signals that come without."""
    import re

    return re.fullmatch(r"\d{8}T\d{12}Z-[0-9a-f]{8}", id) is not None


def _was_sent(store: Store, workflow: str, instance: str, id: str) -> bool:
    """Return whether a signal of this id was delivered; that it lies in the inbox is seen by whoever puts it there."""
    return any(
        record.get("event") == "signal" and record.get("id") == id
        for record in store.history(workflow, instance)
    )


def _refused(signal: Signal, wait: Waiting) -> str:
    terms = wait.terms
    return refusal(
        signal, choices=terms.get("choices", ()), by=terms.get("by", ()), schema=terms.get("schema")
    )


def _kept(name: str, overview: Overview, early: EarlyAnswer | None) -> str:
    """Return what becomes of a signal that nobody waits for."""
    if early is not None:
        return f"{name} is not waiting now; the answer is kept, and counts when it asks"
    names = list(dict.fromkeys(each for wait in overview.waits() for each in wait.signals))
    kept = f'no task waits for "{name}" now; it is kept until one does'
    if not names:
        return f"{kept}, and none waits for any signal"
    from .suggest import closest

    near = closest(name, names)
    suggestion = f'; did you mean "{near}"?' if near else ""
    return f"{kept}; what is waited for is {_some(names)}{suggestion}"


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - _MOST} more" if shown[_MOST:] else ""
    return ", ".join(shown[:_MOST]) + more
