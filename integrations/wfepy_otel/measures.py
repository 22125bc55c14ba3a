"""The plugin that measures: how late ticks come, how long tasks wait and run, how instances end."""

from __future__ import annotations

from datetime import datetime

from wfepy_hooks import StashKey, hookimpl

from .ids import error_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.metrics import Meter

    from wfepy_hooks import Instance, Task, TaskResult, WaitState

__all__ = ["Measures"]

#: Since when each task waits, as the tick found it: when it is done, nobody knows any more.
_SINCE = StashKey[dict[str, str]]()
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: Upper ends of the classes of a histogram, in seconds: a wait is a matter of weeks, a late tick one of minutes.
_AGES = [_MINUTE, 10 * _MINUTE, _HOUR, 6 * _HOUR]
_AGES += [days * _DAY for days in (1, 2, 3, 7, 14, 30, 60, 90, 180, 365)]
#: How long an attempt takes, by the convention for durations, and on to a task that takes half a day.
_DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, _MINUTE, 5 * _MINUTE, 15 * _MINUTE]
_DURATIONS += [_HOUR, 3 * _HOUR, 12 * _HOUR]
_LAGS = [1, 5, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE]
_LAGS += [_HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 7 * _DAY]


class Measures:
    """Measures.

    :param clock: says what time it is
    """

    def __init__(self, meter: Meter, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lag = meter.create_histogram(
            "wfepy.tick.lag",
            unit="s",
            description="how long after it was due a tick did what was due longest",
            explicit_bucket_boundaries_advisory=_LAGS,
        )
        self._age = meter.create_histogram(
            "wfepy.waiting.age",
            unit="s",
            description="how long a task has waited, each time that a tick looks at it",
            explicit_bucket_boundaries_advisory=_AGES,
        )
        self._attempts = meter.create_counter(
            "wfepy.task.attempts", unit="{attempt}", description="attempts at tasks, by what came of them"
        )
        self._durations = meter.create_histogram(
            "wfepy.task.duration",
            unit="s",
            description="how long an attempt at a task took",
            explicit_bucket_boundaries_advisory=_DURATIONS,
        )
        self._lives = meter.create_histogram(
            "wfepy.instance.duration",
            unit="s",
            description="how long an instance has lived that has ended, by how it has",
            explicit_bucket_boundaries_advisory=[1, 10, *_AGES],
        )

    @hookimpl
    def wfepy_tick_started(self, instance: Instance) -> None:
        instance.stash[_SINCE] = {name: wait.since for name, wait in instance.waits.items() if wait.since}
        now = self._clock()
        lags = [lag for moment in _due_moments(instance) if (lag := _seconds(moment, now)) >= 0]
        if lags:
            self._lag.record(max(lags), {"wfepy.workflow": instance.workflow.name})

    @hookimpl
    def wfepy_task_finished(self, instance: Instance, task: Task, result: TaskResult) -> None:
        attributes = {
            "wfepy.workflow": instance.workflow.name,
            "wfepy.task": task.name,
            "wfepy.status": result.status,
        }
        if result.attempt:
            tried = (
                attributes if result.error is None else {**attributes, "error.type": error_type(result.error)}
            )
            self._attempts.add(1, tried)
            self._durations.record(result.took, tried)
        since = instance.stash.get(_SINCE, {}).get(task.name)
        if since:
            self._age.record(max(_seconds(since, self._clock()), 0), attributes)

    @hookimpl
    def wfepy_instance_finished(self, instance: Instance, status: str) -> None:
        attributes = {"wfepy.workflow": instance.workflow.name, "wfepy.status": status}
        self._lives.record(max(_seconds(instance.created, self._clock()), 0), attributes)

    @hookimpl
    def wfepy_task_reminder(self, instance: Instance, task: Task, wait: WaitState) -> None:
        if wait.is_poll or not wait.since:  # of a poll the attempt tells
            return
        attributes = {"wfepy.workflow": instance.workflow.name, "wfepy.task": task.name}
        self._age.record(
            max(_seconds(wait.since, self._clock()), 0), {**attributes, "wfepy.status": "waiting"}
        )


def _due_moments(instance: Instance) -> Iterator[str]:
    """Return the moments for which the instance may have been waiting."""
    if instance.scheduled is not None and instance.seq == 0:
        yield instance.scheduled["due"]
    yield from instance.retry_at.values()
    yield from instance.deadlines.values()
    for wait in instance.waits.values():
        for moment in (wait.until, wait.deadline):
            if moment:
                yield moment


def _seconds(moment: str, now: datetime) -> float:
    """Return how long ago a moment of the state is; less than 0: it is to come, or the clock was put back."""
    # Python 3.10's fromisoformat does not know "Z".
    return (now - datetime.fromisoformat(moment.replace("Z", "+00:00"))).total_seconds()
