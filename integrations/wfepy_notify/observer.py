"""What a tick tells: each event is written to the outbox as it comes, and sent when all instances are advanced."""

from __future__ import annotations

import sys

from wfepy_hooks import StashKey, describe_error, hookimpl

from .message import Message
from .outbox import Outbox, shown_moment
from .settings import read_settings, require_apprise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from wfepy_hooks import Config, Instance, Task, TaskResult, TickSummary, WaitState

    from .settings import Target

__all__ = ["Observer"]

#: The commands after which is sent what an earlier tick could not.
_TICKS = ("tick", "run")
_TICKING_VERBS = ("tick", "advance")
#: The command whose tick sends before it pushes, see :mod:`.travelling`: what it sends after that nobody would know of.
_SHARING = "git"
#: The exit code of what somebody wants to end: the next tick sends it.
_INTERRUPTED = 130
#: How each task stood before the attempt that is under way: "failing", "waiting" or neither; none that is not.
_BEFORE = StashKey[dict[str, str]]()


class Observer:
    """A plugin that is there where somebody wants to be told.

    :raises ConfigError: if the settings are wrong, or need Apprise and it is not installed
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._settings = read_settings(config)
        self._outbox = Outbox(config.state, config.clock)
        self._has_news = False
        self._unsaved: list[Message] = []
        if any(target.url for target in self._settings.targets):
            require_apprise(config)

    @hookimpl
    def wfepy_tick_started(self, instance: Instance) -> None:
        instance.stash[_BEFORE] = dict.fromkeys(instance.waits, "waiting")

    @hookimpl
    def wfepy_task_started(self, instance: Instance, task: Task) -> None:
        instance.stash.setdefault(_BEFORE, {})[task.name] = _standing(instance, task.name)

    @hookimpl
    def wfepy_task_finished(self, instance: Instance, task: Task, result: TaskResult) -> None:
        known = instance.stash.setdefault(_BEFORE, {})
        before = known.get(task.name)
        known[task.name] = _standing(instance, task.name)
        self._tell_result(_event(instance, task, result, before), instance, task, result)
        if self._is_recovered(instance, task, result, before):
            self._tell_result("recovered", instance, task, result)

    def _is_recovered(self, instance: Instance, task: Task, result: TaskResult, before: str | None) -> bool:
        if before is None and result.status == "completed":  # by its items, or told again after a crash
            # Of the latter nobody knows how it stood: better too much is told than too little.
            return result.attempt > 1 or self._is_told(_items_id(instance, task.name, result.generation))
        return before == "failing" and result.status in ("completed", "waiting")

    def _tell_result(self, event: str, instance: Instance, task: Task, result: TaskResult) -> None:
        targets = self._targets(event, instance, task)
        if not targets:
            return
        wait = result.wait or instance.waits.get(task.name)
        event_id = result.event_id
        if event == "waiting" and wait is not None and wait.since:
            # The same for as long as it waits for the same people, whatever a poll says in between.
            what = "+".join(wait.signals)
            event_id = f"{instance.uid}-{task.name}-{result.generation}-waits-{wait.since}-{what}"
        reason = result.reason
        if (
            result.error is not None and event != "timed_out"
        ):  # that of a timeout says no more than the reason
            reason = describe_error(result.error)
        self._tell(targets, instance, event, task, event_id, reason=reason, attempt=result.attempt, wait=wait)

    @hookimpl
    def wfepy_task_reminder(self, instance: Instance, task: Task, wait: WaitState) -> None:
        targets = self._targets("reminder", instance, task)
        if targets:
            # remind_at is that of the next one, and no other has it.
            event_id = f"{instance.uid}-{task.name}-{instance.generation(task)}-reminder-{wait.remind_at}"
            self._tell(targets, instance, "reminder", task, event_id, reason=wait.reason, wait=wait)

    @hookimpl
    def wfepy_tick_finished(self, instance: Instance, summary: TickSummary) -> None:
        # No other hook tells of items, nor of an attempt that does not count.
        for name, number, result in summary.item_failures:
            if result.error is not None and result.status == "retrying" and not result.retry_at:
                # Of a thousand items one is news enough.
                event_id = _items_id(instance, name, instance.generation(name))
                self._tell_failing(instance, name, event_id, f"item {number}: {describe_error(result.error)}")
        for name in summary.unrecorded:
            # The same for as long as nothing of the instance is recorded, however often it is tried.
            event_id = f"{instance.uid}-{instance.seq}-{name}-unrecorded"
            self._tell_failing(instance, name, event_id, describe_error(summary.failures[name]))

    def _tell_failing(self, instance: Instance, name: str, event_id: str, reason: str) -> None:
        task = instance.workflow.tasks[name]
        if targets := self._targets("failing", instance, task):
            self._tell(targets, instance, "failing", task, event_id, reason=reason)

    @hookimpl
    def wfepy_instance_finished(self, instance: Instance, status: str) -> None:
        targets = self._targets(status, instance, None) if status in ("finished", "dead_end") else []
        if targets:
            reason = instance.why_ended()
            # That of the record of the end: an instance may be brought back, and end again.
            event_id = f"{instance.event_id or instance.uid}-{status}"
            self._tell(targets, instance, status, None, event_id, reason=reason)

    def _is_told(self, event_id: str) -> bool:
        """Return whether anybody was told of an event."""
        self._outbox.read()
        return any(self._outbox.knows(f"{event_id}@{target.name}") for target in self._settings.targets)

    def _targets(self, event: str, instance: Instance, task: Task | None) -> list[Target]:
        if not event:
            return []
        wanting = [each for each in self._settings.targets if each.wants(event, instance.workflow.name)]
        return [each for each in wanting if task is None or each.wants_task(task.name, task.labels)]

    def _tell(
        self,
        targets: list[Target],
        instance: Instance,
        event: str,
        task: Task | None,
        event_id: str,
        **details: Any,
    ) -> None:
        # Lazily: most ticks have nothing to tell.
        from .wording import LONGEST_BODY, LONGEST_TITLE, printable, texts

        at, name = shown_moment(self._config.clock()), "" if task is None else task.name
        found = texts(self._config, instance, event, name, at=at, event_id=event_id, **details)
        messages = [
            Message(
                target.name, event, event_id, at,
                workflow=instance.workflow.name, instance=instance.id, task=name,
                title=printable(" ".join(target.template("title", event).format_map(found).split()), LONGEST_TITLE),
                body=printable(target.template("body", event).format_map(found), LONGEST_BODY),
            )
            for target in targets
        ]  # fmt: skip
        self._has_news = True
        try:
            self._queue(messages)
        except OSError:
            self._unsaved += messages  # tried again at the end, before anything is given up
            raise

    def _queue(self, messages: list[Message]) -> None:
        with self._outbox.locked():
            for message in messages:
                self._outbox.queue(message)

    @hookimpl
    def wfepy_command_finished(self, exit_code: int) -> None:
        if self._config.command != _SHARING:
            self.finish(exit_code)

    def finish(self, exit_code: int, others: Collection[str] = ()) -> None:
        """Send what waits, at the end of what may have made news.

        :param others: workflows that other machines are at work on, which tell of them
        """
        if exit_code != _INTERRUPTED and (self._has_news or (_is_tick(self._config) and self._left_over())):
            self._deliver(others)
        self._has_news = False

    @hookimpl
    def wfepy_unconfigure(self) -> None:
        if self._has_news and not isinstance(sys.exc_info()[1], KeyboardInterrupt):
            self._deliver()  # a program, without a command, has made the news

    def _deliver(self, others: Collection[str] = ()) -> None:
        """Send what waits; whatever a service or a disk does, it must not fail what made the news."""
        from .delivery import deliver, say_error  # lazily: most ticks have nothing to tell

        try:
            if self._unsaved:
                self._queue(self._unsaved)
            deliver(self._config, self._settings, self._outbox, others)
        except Exception as error:  # noqa: BLE001
            say_error(f"the outbox {self._outbox.path} is of no use: {error}")

    def _left_over(self) -> bool:
        """Return whether there may be something to be sent that an earlier tick could not."""
        try:
            self._outbox.read()
        except OSError:
            return True  # the delivery tells of it
        return bool(self._outbox.pending)


def _is_tick(config: Config) -> bool:
    """Return whether a command ticks, so that it sends what an earlier tick could not."""
    return config.command in _TICKS or getattr(config.options, "verb", "") in _TICKING_VERBS


def _standing(instance: Instance, name: str) -> str:
    """Return how a task stands; a policy that tries again counts as nothing, for it is no news until it gives up."""
    if name in instance.waits:
        return "waiting"
    return "failing" if name in instance.failures and name not in instance.retry_at else ""


def _items_id(instance: Instance, name: str, generation: int) -> str:
    return f"{instance.uid}-{name}-{generation}-items"


def _event(instance: Instance, task: Task, result: TaskResult, before: str | None) -> str:
    """Return which event of the settings this is; empty: none.

    :param before: how the task stood before this attempt; ``None`` also where it is told again after a crash
    """
    status = result.status
    if status == "waiting":
        return status if result.changed else ""
    if status == "retrying":
        # A policy tries for a while before it is news. Without one, nobody else would ever say so.
        is_failing = _standing(instance, task.name) == "failing" and not result.retry_at
        return "failing" if is_failing and before != "failing" else ""
    return status if status in ("failed", "timed_out") else ""
