"""The plugin that notes what happens in a project under test, in this process or another, and sets its clock.

It is loaded by ``-p`` and told by the environment: the file to which it appends a line of JSON for each event, and the
moment that it is.
"""

from __future__ import annotations

from ..markers import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..config import Config
    from ..instance import Instance
    from ..outcome import TaskResult
    from ..task import Task, Transition
    from ..waitstate import WaitState

#: The environment variables.
FILE, NOW = "WFEPY_TESTING_EVENTS", "WFEPY_TESTING_NOW"


class _Notes:
    """Writes the events of one configuration."""

    def __init__(self, file: str) -> None:
        self._file = file

    def _note(self, hook: str, instance: Instance | None, **fields: Any) -> None:
        import json
        import os

        line = {"hook": hook, **fields}
        if instance is not None:
            line.update(workflow=instance.workflow.name, instance=instance.id)
        file = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(file, (json.dumps(line) + "\n").encode())  # in one piece, whoever else writes
        finally:
            os.close(file)

    @hookimpl
    def wfepy_tick_started(self, instance: Instance) -> None:
        self._note("wfepy_tick_started", instance)

    @hookimpl
    def wfepy_tick_finished(self, instance: Instance) -> None:
        self._note("wfepy_tick_finished", instance)

    @hookimpl
    def wfepy_task_started(self, instance: Instance, task: Task, attempt: int) -> None:
        self._note("wfepy_task_started", instance, task=task.name, attempt=attempt)

    @hookimpl
    def wfepy_transition_evaluated(
        self, instance: Instance, transition: Transition, taken: bool, reason: str
    ) -> None:
        names = {"task": transition.source, "dest": transition.dest}
        self._note("wfepy_transition_evaluated", instance, **names, taken=taken, reason=reason)

    @hookimpl
    def wfepy_task_finished(self, instance: Instance, task: Task, result: TaskResult) -> None:
        fields: dict[str, Any] = {"status": str(result.status), "attempt": result.attempt}
        fields.update(changed=result.changed, reason=result.reason, event_id=result.event_id)
        if result.error is not None:
            fields["error"] = f"{type(result.error).__name__}: {result.error}"
        self._note("wfepy_task_finished", instance, task=task.name, **fields)

    @hookimpl
    def wfepy_task_reminder(self, instance: Instance, task: Task, wait: WaitState) -> None:
        fields = {"reason": wait.reason, "event_id": instance.event_id}
        self._note("wfepy_task_reminder", instance, task=task.name, **fields)

    @hookimpl
    def wfepy_instance_finished(self, instance: Instance, status: str) -> None:
        self._note("wfepy_instance_finished", instance, status=str(status), event_id=instance.event_id)

    @hookimpl
    def wfepy_state_saved(self, instance: Instance) -> None:
        self._note("wfepy_state_saved", instance)

    @hookimpl
    def wfepy_internal_error(self, error: BaseException, instance: Instance | None) -> None:
        self._note("wfepy_internal_error", instance, error=f"{type(error).__name__}: {error}")


@hookimpl(tryfirst=True)
def wfepy_configure(config: Config) -> None:
    if config.environ.get(NOW):
        from ..clock import parse_time

        moment = parse_time(config.environ[NOW])
        config.clock = lambda: moment
    if config.environ.get(FILE):
        config.plugins.register(_Notes(config.environ[FILE]), "wfepy_hooks.testing", "the test")
