"""Sending what waits in the outbox, within the time that a tick has for it, and no faster than the targets allow."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from queue import Empty, SimpleQueue

from .outbox import failure, ids, parse_moment, shown_moment
from .sending import NotSent, send
from .wording import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from typing import Any, TypeAlias

    from wfepy_hooks import Config

    from .message import Message
    from .outbox import Outbox, Pending
    from .settings import Settings, Target

    #: The target, and what was sent to it and the error if it was not; without that, nothing more is tried.
    Outcome: TypeAlias = tuple[str, "Batch | None", str]

__all__ = ["Batch", "batches", "deliver", "say_error", "send_within"]

#: Seconds beyond ``limit`` after which a tick that has taken messages is believed to be dead.
_GRACE = 60
#: The next so many ticks try at once; from then on the time between two attempts grows.
_EAGER = 3
_LONGEST_PAUSE = timedelta(hours=1)
#: So many messages that are given up are told one by one.
_MOST_TITLES = 30
#: What a plugin raises may be long.
_LONGEST_ERROR = 400
#: A line of the log has a title and an error in it.
_LONGEST_NEWS = 2000


class Batch:
    """What goes out in one delivery.

    :ivar message: what is sent
    :ivar waiting: what of the outbox that settles: one message, or those of a summary
    :ivar reached: the addresses of the target that it has reached; of a summary, whose next one is another, in this try
    """

    __slots__ = ("message", "reached", "waiting")

    def __init__(self, message: Message, waiting: Sequence[Pending]) -> None:
        self.message = message
        self.waiting = waiting
        self.reached = set(waiting[0].reached) if len(waiting) == 1 else set()


def say_error(text: str) -> None:
    """Log that somebody was not told."""
    from wfepy_hooks.commandline import logger  # lazily: as a rule there is nothing to say

    text = printable(" ".join(text.split()), _LONGEST_NEWS)
    logger("wfepy_notify").error("wfepy_notify: %s", text)


def deliver(config: Config, settings: Settings, outbox: Outbox, others: Collection[str] = ()) -> None:
    """Send what waits, for ``limit`` seconds at the most; what then is not sent stays in the outbox.

    :param others: workflows whose messages somebody else sends
    :raises OSError: if the outbox cannot be read or written
    """
    outbox.read()
    if not outbox.pending:
        return
    deadline = time.monotonic() + settings.limit
    targets = {target.name: target for target in settings.targets}
    with outbox.locked():
        _give_up(config.clock(), settings, targets, outbox)
        waiting = [each for each in outbox.pending.values() if each.message.workflow not in others]
        plans = {name: _plan(config, targets[name], outbox, waiting, settings.limit) for name in targets}
        plans = {name: plan for name, plan in plans.items() if plan}
        taken = [each for plan in plans.values() for batch in plan for each in batch.waiting]
        if not taken:
            return
        until = config.clock() + timedelta(seconds=settings.limit + _GRACE)
        outbox.append({"taken": ids(taken), "until": shown_moment(until)})
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    for name, plan in plans.items():
        # Daemons: one that hangs must not keep the process from its end. The plan here shrinks, theirs does not.
        arguments = (config, targets[name], tuple(plan), deadline, outcomes)
        threading.Thread(target=_send_all, args=arguments, name=f"notify-{name}", daemon=True).start()
    _note_outcomes(settings, outbox, plans, deadline, outcomes)


def _give_up(now: datetime, settings: Settings, targets: dict[str, Target], outbox: Outbox) -> None:
    """Drop what is too old, or for somebody who is not told any more, and say so."""
    oldest = shown_moment(now - timedelta(seconds=settings.give_up))
    over = []
    for each in outbox.pending.values():
        message = each.message
        why = "" if message.at >= oldest else f"it is too old ({each.error or 'it was never tried'})"
        if message.target not in targets:
            why = "there is no such target any more"
        if why:
            over.append(each)
        if why and len(over) <= _MOST_TITLES:
            say_error(f'gave up telling {message.target} of "{message.title}" of {message.at}: {why}')
    if len(over) > _MOST_TITLES:
        say_error(f"gave up {len(over) - _MOST_TITLES} more messages like these")
    if over:
        outbox.append({"dropped": ids(over), "at": outbox.now()})


def _plan(
    config: Config, target: Target, outbox: Outbox, waiting: Sequence[Pending], limit: float
) -> list[Batch]:
    """Return what is to be sent to a target now."""
    now, most = config.clock(), len(waiting)
    waiting = [each for each in waiting if each.message.target == target.name and _is_due(each, now, limit)]
    # What has failed comes last: a message that a server refuses must not stop those behind it.
    waiting.sort(key=lambda each: (each.tries, each.message.at))
    if target.period:
        since = shown_moment(now - timedelta(seconds=target.period))
        most = max(target.rate - outbox.deliveries(target.name, since, outbox.now()), 0)
    return batches(target, waiting, min(most, 1) if target.digest else most, config.project, outbox.now())


def _is_due(each: Pending, now: datetime, limit: float) -> bool:
    # What is said of a time to come is of before the clock was put back, and holds no longer.
    if shown_moment(now) < each.taken <= shown_moment(now + timedelta(seconds=limit + _GRACE)):
        return False  # another tick is sending it
    if each.tries < _EAGER or each.tried > shown_moment(now):
        return True
    pause = min(timedelta(minutes=2 ** min(each.tries - _EAGER, 10)), _LONGEST_PAUSE)
    return now >= parse_moment(each.tried) + pause


def batches(target: Target, waiting: Sequence[Pending], most: int, project: str, at: str) -> list[Batch]:
    """Return at most so many deliveries; if that is too few, the last one is a summary of all that is left."""
    if len(waiting) <= most:
        return [Batch(each.message, [each]) for each in waiting]
    if not most:
        return []
    single, rest = waiting[: most - 1], waiting[most - 1 :]
    from .digest import digest  # lazily: mostly there is little to tell

    summary = digest(target, project, [each.message for each in rest], at)
    return [*(Batch(each.message, [each]) for each in single), Batch(summary, rest)]


def _send_all(
    config: Config,
    target: Target,
    plan: Sequence[Batch],
    deadline: float,
    outcomes: SimpleQueue[Outcome],
) -> None:
    """Send to one target until something fails: a server that is down is not asked for each message."""
    for batch in plan:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            send(config, target, batch.message, left, batch.reached)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is not sent
            text = error.what if isinstance(error, NotSent) else f"{type(error).__name__}: {error}"
            outcomes.put((target.name, batch, printable(" ".join(text.split()), _LONGEST_ERROR)))
            break
        outcomes.put((target.name, batch, ""))
    outcomes.put((target.name, None, ""))


def send_within(config: Config, target: Target, message: Message, seconds: float) -> str:
    """Send one message past the outbox, and return why that failed within so many seconds; empty: it is sent."""
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    arguments = (config, target, (Batch(message, ()),), time.monotonic() + seconds, outcomes)
    threading.Thread(target=_send_all, args=arguments, name=f"notify-{target.name}", daemon=True).start()
    try:
        outcome: Outcome | None = outcomes.get(timeout=seconds)
    except Empty:
        outcome = None
    return f"no answer within {seconds:g} s" if outcome is None else outcome[2]


def _note_outcomes(
    settings: Settings,
    outbox: Outbox,
    plans: dict[str, list[Batch]],
    deadline: float,
    outcomes: SimpleQueue[Outcome],
) -> None:
    """Write what becomes of the deliveries as soon as that is known."""
    while plans:
        known = _wait_for(outcomes, deadline)
        if not known:
            break
        records = []
        for name, batch, error in known:
            if batch is None:
                records += _released(plans.pop(name))
            else:
                plans[name].remove(batch)
                records.append(_record(outbox, batch, error))
        _write(outbox, records)
    for plan in plans.values():
        if plan:  # its first one is in the hands of a thread
            error = f"no answer within {settings.limit:g} s"
            _write(outbox, [_record(outbox, plan[0], error), *_released(plan[1:])])


def _wait_for(outcomes: SimpleQueue[Outcome], deadline: float) -> list[Outcome]:
    """Return what is known of deliveries, as soon as that is anything; empty: the time is over.

    All of it at once: to write it takes longer than fast servers do to answer.
    """
    found = []
    try:
        found.append(outcomes.get(timeout=max(deadline - time.monotonic(), 0.01)))
        while True:
            found.append(outcomes.get_nowait())
    except Empty:
        return found


def _record(outbox: Outbox, batch: Batch, error: str) -> dict[str, Any]:
    """Return what the outbox is to hold of a delivery, and log it if that is news."""
    message = batch.message
    if not error:
        return {"sent": ids(batch.waiting), "to": message.target, "at": outbox.now()}
    if any(not each.tries for each in batch.waiting):  # a server that is down is news once
        more = "the next ticks try again, see wfepy notify outbox"
        say_error(f'could not tell {message.target} of "{message.title}": {error}; {more}')
    reached = sorted(batch.reached.copy()) if len(batch.waiting) == 1 else []
    return failure(ids(batch.waiting), outbox.now(), error, reached)


def _released(plan: list[Batch]) -> list[dict[str, Any]]:
    return [{"released": [id for batch in plan for id in ids(batch.waiting)]}] if plan else []


def _write(outbox: Outbox, records: list[dict[str, Any]]) -> None:
    if records:
        with outbox.locked():
            outbox.append(*records)
