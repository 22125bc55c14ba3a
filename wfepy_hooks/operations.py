"""Stepping in, for scripts and for the command line: retry, skip, done, cancel, pause, resume, rewind."""

from __future__ import annotations

from . import marking as m
from .answer import error_text
from .effects import Effects, effects_of, when_ended
from .errors import InstanceNotFound, LockedError, UsageError, WfepyError
from .operate import TASK_VERBS, is_allowed
from .outcome import InstanceStatus

__all__ = ["PAST", "Change", "Effects", "Operations"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .held import Held
    from .instance import Instance
    from .project import Project
    from .signals import Signal

#: How often somebody who waits for an instance looks whether it is free.
_EVERY = 0.1
#: What it is called when a verb is done.
PAST = {
    "retry": "retried",
    "skip": "skipped",
    "done": "declared done",
    "rewind": "rewound",
    "cancel": "cancelled",
    "pause": "paused",
    "resume": "resumed",
    "migrate": "migrated",
}


class Change:
    """What was done to an instance.

    :ivar verb: :ivar workflow: :ivar instance: what was done to which
    :ivar tasks: the tasks that it was about; none for cancel, pause and resume
    :ivar by: :ivar reason: who did it and why; the reason may be empty
    :ivar effects: what it came to
    :ivar status: what has become of the instance
    :ivar paused: whether the instance is paused, so that no tick runs it
    """

    __slots__ = ("by", "effects", "instance", "paused", "reason", "status", "tasks", "verb", "workflow")

    def __init__(self, verb: str, workflow: str, instance: str, by: str, reason: str) -> None:
        self.verb = verb
        self.workflow = workflow
        self.instance = instance
        self.by = by
        self.reason = reason
        self.tasks: list[str] = []
        self.effects = Effects("")
        self.status = ""
        self.paused = False

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        data = {name: getattr(self, name) for name in self.__slots__}
        data["effects"] = self.effects.to_json()
        return data


class Operations:
    """What a person may do to the instances of a project, beside the ticks.

    Each method holds the instance meanwhile, writes into its history who did what and why, and saves it. They raise

    * :exc:`.UsageError` where a verb makes no sense, which says what would,
    * :exc:`.LockedError` if a tick holds the instance for longer than ``wait`` seconds,
    * :exc:`.InstanceNotFound` if there is no such instance, other :exc:`.StateError` if it cannot be read or written.

    The arguments that all of them take: ``by``, who it is; ``reason``, why, for the history; ``wait``, for how many
    seconds to wait for an instance that a tick holds; ``expected``, what :meth:`preview` said, to be an error if it is
    not so any more.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def retry(self, workflow: str, instance: str, task: str = "", **options: Any) -> Change:
        """Have a task tried again that failed or timed out, or that waits for its next attempt or for something.

        What counts its attempts starts over. A task that failed for good must not have been taken care of by a
        transition.

        :param task: by default each task of the instance that failed
        """
        return self._operate("retry", workflow, instance, task, **options)

    def skip(self, workflow: str, instance: str, task: str, **options: Any) -> Change:
        """Skip a task that is about to run, waits or failed, and with it what only follows from it."""
        return self._operate("skip", workflow, instance, task, **options)

    def done(self, workflow: str, instance: str, task: str, **options: Any) -> Change:
        """Declare a task done that is about to run, waits or failed; its conditions say what follows."""
        return self._operate("done", workflow, instance, task, **options)

    def rewind(self, workflow: str, instance: str, task: str, **options: Any) -> Change:
        """Begin anew at a task: it and all that depends on it are undecided again. The context stays as it is."""
        return self._operate("rewind", workflow, instance, task, **options)

    def cancel(self, workflow: str, instance: str, **options: Any) -> Change:
        """End an instance: whatever is undecided is cancelled."""
        return self._operate("cancel", workflow, instance, "", **options)

    def pause(self, workflow: str, instance: str, **options: Any) -> Change:
        """Let no tick run an instance until it is resumed. Signals are kept, and deadlines go on."""
        return self._operate("pause", workflow, instance, "", **options)

    def resume(self, workflow: str, instance: str, **options: Any) -> Change:
        """Let the ticks run a paused instance again."""
        return self._operate("resume", workflow, instance, "", **options)

    def discard(
        self, workflow: str, instance: str, signal: str, *, by: str = "", reason: str = "", wait: float = 0.0
    ) -> Signal:
        """Drop a signal that no task has taken; the history keeps that it came, and who has dropped it.

        :param signal: its id
        :return: what it was
        :raises UsageError: if no signal of this id is left
        """
        with self._hold("discard", workflow, instance, wait) as held:
            held.receive_aloud()  # it may still be in the inbox
            left = {each.id: each for each in held.instance.signals}
            if signal not in left:
                raise _no_signal(signal, left, f"{workflow}/{instance}")
            fields = {"by": by or _myself(), **({"reason": reason} if reason else {})}
            held.operate("discard", **fields, dropped={signal: "it was discarded"})
            held.save()
        return left[signal]

    def preview(self, verb: str, workflow: str, instance: str, task: str = "") -> Effects:
        """Return what a verb would change, without holding the instance.

        :raises UsageError: if it makes no sense
        """
        found = self._project.read(workflow, instance)
        check(found, verb, task)
        return self._effects(found, verb, task)

    def _effects(self, instance: Instance, verb: str, task: str) -> Effects:
        ended = None
        if verb == "rewind":
            ended = when_ended(self._project.store.history(instance.workflow.name, instance.id))
        return effects_of(instance, verb, task, ended)

    def _operate(
        self,
        verb: str,
        workflow: str,
        instance: str,
        task: str,
        *,
        by: str = "",
        reason: str = "",
        wait: float = 0.0,
        expected: Effects | None = None,
    ) -> Change:
        change = Change(verb, workflow, instance, by or _myself(), reason)
        with self._hold(verb, workflow, instance, wait) as held:
            tasks = [task] if task or verb != "retry" else failed_tasks(held.instance)
            if not tasks:
                raise UsageError("none of its tasks has failed", where=f"{workflow}/{instance}")
            for each in tasks:
                self._operate_on(held, change, each, expected)
            held.save()
            change.tasks = [each for each in tasks if each]
            change.status = held.instance.status
            change.paused = held.instance.paused is not None
        return change

    def _operate_on(self, held: Held, change: Change, task: str, expected: Effects | None) -> None:
        """Check that a verb makes sense and does what is expected, and do it."""
        instance, verb = held.instance, change.verb
        check(instance, verb, task)
        effects = self._effects(instance, verb, task)
        if expected is not None and effects != expected:
            hint = "look at it again: wfepy status"
            raise UsageError("it has changed meanwhile", where=_where(instance), hint=hint)
        before = set(instance.marking.queue)
        self._do(held, change, task, effects)
        if verb == "done":  # only its conditions knew
            names = instance.marking.graph.names
            effects.runs = [names[number] for number in instance.marking.queue if number not in before]
        _add(change.effects, effects)

    def _do(self, held: Held, change: Change, task: str, effects: Effects) -> None:
        """Write into the history what is done, do it, and tell the observers."""
        instance = held.instance
        fields: dict[str, Any] = {"by": change.by}
        if change.reason:
            fields["reason"] = change.reason
        if task:
            fields["task"] = task
            fields["generation"] = instance.generation(task)
        if change.verb == "done":
            fields.update(_decisions(held, task))
        if change.verb == "retry":
            fields.update(held.earlier_answers(task))
        if effects.again:  # for whoever reads the history; the graph tells it, too
            fields["again"] = [each["task"] for each in effects.again]
        held.operate(change.verb, **fields)

    def _hold(self, verb: str, workflow: str, instance: str, wait: float) -> Held:
        """Hold an instance, be it live or, where the verb can bring it back, ended.

        :raises LockedError: if somebody else holds it all the time
        """
        from time import monotonic, sleep

        until = monotonic() + wait
        while True:
            try:
                return self._hold_now(verb, workflow, instance)
            except LockedError as error:
                if monotonic() >= until:
                    more = f"or wait for it with --wait {max(int(wait) * 2, 60)}"
                    error.hint = f"{error.hint}, {more}" if error.hint else more
                    raise
            sleep(min(_EVERY, max(until - monotonic(), 0.0)))

    def _hold_now(self, verb: str, workflow: str, instance: str) -> Held:
        try:
            return self._project.hold(workflow, instance)
        except InstanceNotFound:
            if verb not in TASK_VERBS:
                if instance in self._project.store.list(workflow, ended=True):
                    raise _has_ended(self._project.read(workflow, instance)) from None
                raise
        held = self._project.hold(workflow, instance, ended=True)
        if held.instance.ended is None:  # it was to be brought back before, and the machine stopped just then
            held.save()
        return held


def _no_signal(signal: str, left: Iterable[str], where: str) -> UsageError:
    from .sending import is_made_id
    from .suggest import closest

    match = closest(signal, left)
    # Ids that are made are much alike, whatever they are of.
    is_telling = match and not is_made_id(match)
    listing = "wfepy status --json lists those that nobody has taken, with their ids"
    hint = f'did you mean "{match}"?' if is_telling else listing
    return UsageError(f"there is no signal of the id {signal} that nobody has taken", where=where, hint=hint)


def _myself() -> str:
    import os

    from .people import who

    return who(os.environ)


def _add(total: Effects, more: Effects) -> None:
    for name in ("again", "runs", "skipped", "cancelled", "stays_cancelled", "transitions", "children"):
        getattr(total, name).extend(getattr(more, name))
    total.status = more.status


def _decisions(held: Held, task: str) -> dict[str, list[str]]:
    """Ask the conditions of a task that is declared done.

    :raises WfepyError: if one of them raises
    """
    instance = held.instance
    graph = instance.marking.graph
    number = graph.index[task]
    try:
        decided = held.runner._decide(number, m.DONE)
    except WfepyError:
        raise
    except (Exception, SystemExit) as error:
        raise WfepyError(
            f"a condition raised {error_text(error)}",
            where=f"{instance.workflow.name}/{instance.id}, task {task}",
            hint="mend it, or skip the task",
        ) from error
    if not decided:
        return {}
    edges = zip(graph.edges_of(number), decided, strict=True)
    return {"next": [f"{graph.names[graph.target[edge]]}: {m.EDGE_WORDS[word]}" for edge, word in edges]}


# What makes sense


def failed_tasks(instance: Instance) -> list[str]:
    """Return the tasks that failed or timed out for good without a transition about that, or are tried again later."""
    marking = instance.marking
    return [
        name
        for number, name in enumerate(marking.graph.names)
        if marking.is_unhandled(number) or (number in marking.queue and _is_failing(instance, name))
    ]


def _is_failing(instance: Instance, name: str) -> bool:
    items = instance.items.get(name)
    return name in instance.failures or (items is not None and bool(items.failures))


def check(instance: Instance, verb: str, task: str = "") -> None:
    """Check that a verb makes sense for an instance or a task as it is now.

    :raises UsageError: if it does not; says what would
    """
    if verb not in TASK_VERBS:
        _check_instance(instance, verb)
        return
    names = instance.marking.graph.index
    if task not in names:
        from .suggest import did_you_mean

        hint = did_you_mean(task, names)
        raise UsageError(f'there is no task "{task}"', where=f"workflow {instance.workflow.name}", hint=hint)
    number = names[task]
    refused = _refusal(instance, verb, task, number)
    if refused is not None:
        raise UsageError(refused[0], where=f"{_where(instance)}, task {task}", hint=refused[1])


def _where(instance: Instance) -> str:
    return f"{instance.workflow.name}/{instance.id}"


def _has_ended(instance: Instance) -> UsageError:
    command = f"wfepy rewind {instance.workflow.name} {instance.id} TASK"
    word = instance.status.replace("_", " ")
    return UsageError(
        f"it has ended: {word}", where=_where(instance), hint=f"{command} runs a part of it again"
    )


def _check_instance(instance: Instance, verb: str) -> None:
    if instance.status != InstanceStatus.RUNNING:
        raise _has_ended(instance)
    if verb == "pause" and instance.paused is not None:
        what = f"it is paused already, by {instance.paused.get('by', 'somebody')}"
        raise UsageError(what, where=_where(instance), hint="wfepy resume lets it go on")
    if verb == "resume" and instance.paused is None:
        raise UsageError(
            "it is not paused", where=_where(instance), hint="wfepy status says what it waits for"
        )


def _refusal(instance: Instance, verb: str, name: str, task: int) -> tuple[str, str] | None:
    """Return why a verb makes no sense for a task, and what would; ``None`` if it does."""
    marking, command = instance.marking, f"{instance.workflow.name} {instance.id} {name}"
    status = marking.status[task]
    again = f"wfepy rewind {command} runs it and what follows it again"
    if status == m.PENDING:
        return "it is not its turn", f"wfepy why {command} says what it waits for"
    if not is_allowed(instance, verb, task):
        if status in (m.FAILED, m.TIMED_OUT):
            return "it failed, and a transition took care of that", again
        return f"it is {m.STATUS_WORDS[status]} already", again
    if instance.ended is not None and verb != "rewind" and instance.ended != InstanceStatus.FAILED:
        return f"its instance has ended: {instance.ended.replace('_', ' ')}", again
    if verb == "retry" and status == m.READY and not _is_known(instance, name):
        return "it has not failed, and runs at the next tick", "wfepy tick"
    if verb == "rewind":
        return _rewind_refusal(instance, name, task)
    return None


def _is_known(instance: Instance, name: str) -> bool:
    return name in instance.waits or name in instance.items or _is_failing(instance, name)


def _rewind_refusal(instance: Instance, name: str, task: int) -> tuple[str, str] | None:
    marking = instance.marking
    if marking.status[task] == m.READY and not _is_known(instance, name):
        return "it has not run yet, and does so at the next tick", "wfepy tick"
    effects = effects_of(instance, "rewind", name)
    if name not in effects.cancelled:
        return None
    joins = [
        marking.graph.names[join]
        for join, before in marking.graph.cancels.items()
        if task in before and marking.graph.names[join] in effects.runs
    ]
    winner = joins[0] if joins else "a join"
    return (
        f"{winner} would run at once by another transition, and cancel it again",
        f"rewind what leads to {winner} on that side, or {winner} itself",
    )
