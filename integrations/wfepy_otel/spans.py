"""The plugin that makes spans: one for each tick, and in it one for each attempt at a task.

What a task does itself is inside the span of its attempt, where tasks run one after the other: with threads, processes
and ``async def`` nobody can tell whose it is, and it is inside the span of the tick.
"""

from __future__ import annotations

import contextlib
from time import time_ns

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode

from wfepy_hooks import StashKey, describe_error, hookimpl

from .ids import error_type, root_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import Any

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

    from wfepy_hooks import Instance, Task, TaskResult, TickSummary, WaitState

__all__ = ["Spans"]

_BAD_ENDS = ("failed", "dead_end")


class _Attempt:
    """An attempt that is going on; ``span`` is ``None`` while it may be a poll that nobody wants to see."""

    __slots__ = ("began", "number", "span")

    def __init__(self, number: int) -> None:
        self.began = time_ns()
        self.number = number
        self.span: Span | None = None


class _Tick:
    """A tick that is going on. Its span is made when something happens in it, and begins when the tick did."""

    __slots__ = ("attempts", "began", "context", "root", "span", "token")

    def __init__(self, root: Context) -> None:
        self.began = time_ns()
        self.root = root
        self.context = root
        self.span: Span | None = None
        self.attempts: dict[str, _Attempt] = {}
        self.token: Token[Context] | None = None

    def use(self, context: Context | None) -> None:
        """Let new spans of anybody belong to ``context``; ``None``: to what they belonged to before the tick."""
        if self.token is not None:
            contexts.detach(self.token)
        self.token = None if context is None else contexts.attach(context)


_TICK = StashKey[_Tick]()


class Spans:
    """Makes spans.

    :param polls: also for ticks and attempts that change nothing
    """

    def __init__(self, tracer: Tracer, *, polls: bool = False) -> None:
        self._tracer = tracer
        self._polls = polls

    @hookimpl
    def wfepy_tick_started(self, instance: Instance) -> None:
        tick = instance.stash[_TICK] = _Tick(root_context(instance.uid))
        if self._polls:
            self._begin(instance, tick)
        tick.use(tick.context)

    @hookimpl
    def wfepy_task_started(self, instance: Instance, task: Task, attempt: int) -> None:
        tick = instance.stash.get(_TICK, None)
        if tick is None:
            return
        tick.attempts[task.name] = made = _Attempt(attempt)
        if self._polls or task.name not in instance.waits:
            self._begin_attempt(instance, tick, task.name, made)
        self._choose_context(instance, tick)

    @hookimpl
    def wfepy_task_finished(self, instance: Instance, task: Task, result: TaskResult) -> None:
        tick = instance.stash.get(_TICK, None)
        if tick is None:  # a person has skipped it, outside of a tick
            return
        attempt = tick.attempts.pop(task.name, None)
        if attempt is not None:
            self._end_attempt(instance, tick, task.name, attempt, result)
            self._choose_context(instance, tick)
        elif result.changed:
            # It was not called: it is skipped, timed out, done by a signal, or told again after a crash.
            self._begin(instance, tick).add_event(
                f"task {result.status}", {"wfepy.task": task.name, **_outcome(result)}
            )

    @hookimpl
    def wfepy_task_reminder(self, instance: Instance, task: Task, wait: WaitState) -> None:
        tick = instance.stash.get(_TICK, None)
        if tick is not None:
            attributes = {"wfepy.task": task.name, "wfepy.since": wait.since, "wfepy.reason": wait.reason}
            self._begin(instance, tick).add_event("task reminder", attributes)

    @hookimpl
    def wfepy_instance_finished(self, instance: Instance, status: str) -> None:
        tick = instance.stash.get(_TICK, None)
        if tick is not None:
            span = self._begin(instance, tick)
            reason = instance.why_ended()
            told = {"wfepy.status": status, "wfepy.reason": reason}
            span.add_event("instance finished", {name: value for name, value in told.items() if value})
            if status in _BAD_ENDS:
                text = f"the instance ended: {status.replace('_', ' ')}, {reason}"
                span.set_status(Status(StatusCode.ERROR, text))

    @hookimpl
    def wfepy_tick_finished(self, instance: Instance, summary: TickSummary) -> None:
        tick = instance.stash.get(_TICK, None)
        if tick is None:
            return
        del instance.stash[_TICK]
        tick.use(None)
        for name, attempt in tick.attempts.items():  # it was interrupted, or could not be recorded
            span = attempt.span or self._begin_attempt(instance, tick, name, attempt)
            error = summary.failures.get(name)
            if error is not None:
                _record(span, error)
            span.set_status(Status(StatusCode.ERROR, "the attempt was not recorded, and does not count"))
            span.end()
        for name, number, result in summary.item_failures:  # items have no hooks of their own
            attributes = {"wfepy.task": name, "wfepy.item": number, **_outcome(result)}
            if result.error is not None:
                attributes["wfepy.error"] = describe_error(result.error)
            self._begin(instance, tick).add_event("item failed", attributes)
        if tick.span is not None:
            _end_tick(tick.span, summary)

    def _begin(self, instance: Instance, tick: _Tick) -> Span:
        """Return the span of the tick, which is made if there is none."""
        if tick.span is None:
            tick.span = self._tracer.start_span(
                f"tick {instance.workflow.name}",
                context=tick.root,
                start_time=tick.began,
                attributes=_named(instance),
            )
            tick.context = trace.set_span_in_context(tick.span, tick.root)
        return tick.span

    def _begin_attempt(self, instance: Instance, tick: _Tick, name: str, attempt: _Attempt) -> Span:
        self._begin(instance, tick)
        attempt.span = self._tracer.start_span(
            f"task {name}",
            context=tick.context,
            start_time=attempt.began,
            attributes={**_named(instance), "wfepy.task": name, "wfepy.attempt": attempt.number},
        )
        return attempt.span

    def _end_attempt(
        self, instance: Instance, tick: _Tick, name: str, attempt: _Attempt, result: TaskResult
    ) -> None:
        span = attempt.span
        if span is None:
            if not result.changed:
                return
            span = self._begin_attempt(instance, tick, name, attempt)
        span.set_attributes(_outcome(result))
        if result.error is not None:
            _record(span, result.error)
            span.set_attribute("error.type", error_type(result.error))
            span.set_status(Status(StatusCode.ERROR, describe_error(result.error)))
        span.end()

    def _choose_context(self, instance: Instance, tick: _Tick) -> None:
        """Let what tasks do belong to the attempt that goes on, if there is just one."""
        context = tick.context
        if len(tick.attempts) == 1:
            (attempt,) = tick.attempts.values()
            if attempt.span is not None:
                context = trace.set_span_in_context(attempt.span, context)
            else:
                context = root_context(instance.uid, sampled=False)  # what a poll does is not seen either
        tick.use(context)


def _record(span: Span, error: BaseException) -> None:
    with contextlib.suppress(Exception):  # the text of a stranger's error may be broken
        span.record_exception(error)


def _named(instance: Instance) -> dict[str, Any]:
    """Return which instance it is, as attributes."""
    return {
        "wfepy.workflow": instance.workflow.name,
        "wfepy.instance": instance.id,
        "wfepy.uid": instance.uid,
    }


def _end_tick(span: Span, summary: TickSummary) -> None:
    span.set_attributes(
        {
            "wfepy.status": summary.status,
            "wfepy.completed": len(summary.completed),
            "wfepy.waiting": len(summary.waiting),
            "wfepy.failed": len(summary.failures),
        }
    )
    if summary.failures:
        span.set_status(Status(StatusCode.ERROR, f"failed: {', '.join(summary.failures)}"))
    span.end()


def _outcome(result: TaskResult) -> dict[str, Any]:
    """Return what came of a task as attributes, without what is empty."""
    found = {
        "wfepy.status": result.status,
        "wfepy.generation": result.generation,
        "wfepy.reason": result.reason,
        "wfepy.event_id": result.event_id,
        "wfepy.retry_at": result.retry_at,
    }
    return {name: value for name, value in found.items() if value != ""}
