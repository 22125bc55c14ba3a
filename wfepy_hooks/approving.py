"""Approvals: a task that people decide, by signals of its name."""

from __future__ import annotations

import functools

from .arguments import parameters
from .context import put
from .outcome import GiveUp
from .signals import listed, refusal
from .task import Task, is_async, stack_of
from .task import task as make_task
from .waiting import names, wait

__all__ = ["approval"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .instance import Instance
    from .signals import Signal, Signals
    from .timing import Duration
    from .waiting import Wait


class _Terms:
    """What an approval asks for; see :func:`approval`."""

    def __init__(
        self, by: str | Iterable[str], choices: Iterable[str], quorum: int, into: str, reason: str
    ) -> None:
        """
        :raises TypeError: :raises ValueError: if they make no sense
        """
        self.by = tuple(dict.fromkeys(names(by, "by of an approval")))
        # Of one text each letter would be a choice.
        self.choices = () if isinstance(choices, str) else tuple(choices)
        are_texts = all(isinstance(each, str) for each in self.choices)
        if not self.choices or len(set(self.choices)) < len(self.choices) or not are_texts:
            shown = repr(choices if isinstance(choices, str) else self.choices)
            raise ValueError(f"choices of an approval must be different texts, not {shown}")
        people = len(self.by)
        if type(quorum) is not int or quorum < 1 or (people and quorum > people):
            most = f" to {people}, as many as may decide" if people else " on"
            raise ValueError(f"quorum of an approval must be a number from 1{most}, not {quorum!r}")
        self.quorum = quorum
        self.into = into
        self.reason = reason

    def answer(self, context: Any, signals: Signals, name: str) -> bool | Wait:
        """Return whether it is decided, which is put into the context then, or what is waited for.

        :raises GiveUp: if it cannot be decided any more
        """
        votes = self.votes(signals.peek(name))
        choice = self.decided(votes)
        if choice is not None:
            self.count(signals, name)
            put(context, self.into or name, choice)
            return True
        if self.is_hopeless(votes):
            given = ", ".join(f"{who}: {what}" for who, what in votes.items())
            raise GiveUp(f"no choice can get {self.quorum} votes any more ({given})")
        return wait(signal=name, choices=self.choices, by=self.by, reason=self.describe(votes))

    def votes(self, signals: Iterable[Signal]) -> dict[str, Any]:
        """Return who chose what; of one person the last vote counts, and all who give no name are one person."""
        return {each.by: each.choice for each in signals if not self.refusal(each)}

    def count(self, signals: Signals, name: str) -> None:
        """Take the votes that count, and drop all others: the question is answered."""
        last = {each.by: each for each in signals.peek(name) if not self.refusal(each)}
        for each in signals.left(name):
            if last.get(each.by) is each:
                signals.taken.append(each)
            else:
                signals.drop(
                    each, self.refusal(each) or f"{each.by or 'the sender'} has answered again later"
                )

    def refusal(self, signal: Signal) -> str:
        """Return why an answer cannot count; empty if it can."""
        return refusal(signal, choices=self.choices, by=self.by)

    def decided(self, votes: dict[str, Any]) -> Any:
        """Return the choice that has enough votes, or ``None``."""
        given = list(votes.values())
        return next((choice for choice in self.choices if given.count(choice) >= self.quorum), None)

    def is_hopeless(self, votes: dict[str, Any]) -> bool:
        """Return whether no choice can get enough votes any more."""
        if not self.by:
            return False
        given, open_votes = list(votes.values()), len(self.by) - len(votes)
        return max(map(given.count, self.choices)) + open_votes < self.quorum

    def describe(self, votes: dict[str, Any]) -> str:
        """Return what is waited for, such as ``approve or reject by ann or bob, 1 of 2 votes``."""
        text = self.reason or listed(self.choices) + (f" by {listed(self.by)}" if self.by else "")
        if self.quorum > 1:
            text += f", {max(map(list(votes.values()).count, self.choices))} of {self.quorum} votes"
        return text


def approval(
    name: str | None = None,
    *,
    by: str | Iterable[str] = (),
    choices: Iterable[str] = ("approve", "reject"),
    quorum: int = 1,
    deadline: Duration | None = None,
    remind_every: Duration | None = None,
    into: str = "",
    reason: str = "",
    labels: Iterable[str] = (),
    renamed_from: str | Iterable[str] = (),
    removed: str | Iterable[str] = (),
) -> Callable[[Any], Task]:
    """Make a function a task that people decide: ``@approval(by=("ann", "bob"), deadline="3d")``.

    It stands in place of :func:`.task`. The function is called once, when the decision is asked for, to tell people for
    example; it may be ``async def``, and what it returns does not matter. They answer with
    ``wfepy signal WORKFLOW INSTANCE TASK --data CHOICE``. When it asks again, in the next pass of a loop for example,
    what was sent before does not count. What they have chosen is put into the context; conditions of the transitions
    decide by it. Nobody's name is verified: whoever can write into the folder of the state can sign as anybody.

    :param name: the task's name, and that of the signal; by default the function's
    :param by: who may decide; empty: anybody
    :param choices: what they may choose
    :param quorum: so many people must choose the same. Of one person the last choice counts. When no choice can get so
        many any more, the task has failed for good.
    :param deadline: past it, the outcome of the task is ``timeout``; counted from when it is asked for
    :param remind_every: how often ``wfepy_task_reminder`` is called meanwhile
    :param into: the key of the context that gets the choice; by default the name of the task
    :param reason: what ``wfepy status`` shows; by default the choices and the people
    :param labels: :param renamed_from: :param removed: as for :func:`.task`
    :raises TypeError: :raises ValueError: if one of these cannot be
    """
    if callable(name):
        raise TypeError("write @approval() with parentheses")
    terms = _Terms(by, choices, quorum, into, reason)

    def decorator(func: Any) -> Task:
        stack = stack_of(func)
        function = stack.function
        stack.function = asking = _asking(function, terms)
        made = make_task(
            name or function.__name__,
            labels,
            deadline=deadline,
            remind_every=remind_every,
            renamed_from=renamed_from,
            removed=removed,
        )(stack)
        asking.task_name = made.name
        return made

    return decorator


def _asking(function: Callable[..., Any], terms: _Terms) -> Any:
    own = parameters(function)[1]

    def ask(context: Any, signals: Signals, instance: Instance, given: dict[str, Any]) -> Any:
        """Call the function where the decision was not asked for yet, and return what it returns."""
        _drop_earlier(signals, instance, made.task_name)
        if made.task_name in instance.waits:
            return None
        every = {**given, "signals": signals, "instance": instance}
        return function(context, **{each: every[each] for each in own})

    @functools.wraps(function)
    def asking(context: Any, signals: Signals, instance: Instance, **given: Any) -> bool | Wait:
        ask(context, signals, instance, given)
        return terms.answer(context, signals, made.task_name)

    @functools.wraps(function)
    async def asking_async(context: Any, signals: Signals, instance: Instance, **given: Any) -> bool | Wait:
        asked = ask(context, signals, instance, given)
        if asked is not None:
            await asked
        return terms.answer(context, signals, made.task_name)

    made: Any = asking_async if is_async(function) else asking
    # What it may put into the context and by whom, for tests and for who sends it early.
    made.wfepy_choices = terms.choices
    made.wfepy_by = terms.by
    made.wfepy_into = terms.into
    made.wfepy_parameters = tuple(dict.fromkeys(("signals", "instance", *own)))
    return made


def _drop_earlier(signals: Signals, instance: Instance, name: str) -> None:
    """Drop what was sent before the question was asked anew: its sender has not seen what is asked about now."""
    generation = instance.generation(name)
    if not generation:
        return
    since = instance.waits[name].since if name in instance.waits else ""
    for each in signals.left(name):
        if not since or (each.sent and each.sent < since):
            signals.drop(each, f"it was sent before {name} asked anew, in pass {generation + 1}", tell=True)
