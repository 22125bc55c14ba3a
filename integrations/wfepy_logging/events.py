"""The plugin that makes a log record of each event."""

from __future__ import annotations

from sys import modules
from time import perf_counter

from wfepy_hooks import StashKey, describe_error, hookimpl

from .words import seconds, users_traceback, waiting_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger, LogRecord
    from typing import Any

    from wfepy_hooks import Config, Instance, Task, TaskResult, TickSummary, Transition, WaitState

    from .output import Others, Output
    from .settings import Settings

__all__ = ["EventLog"]

_TICK_BEGAN = StashKey[float]()


class EventLog:
    """Logs events to the loggers ``wfepy.WORKFLOW``, each with its fields as attributes of the record.

    :param settings: what is logged
    :param config: its clock says when
    """

    def __init__(self, settings: Settings, config: Config) -> None:
        self._levels = settings.levels
        self._least = settings.level
        self._settings = settings
        self._clock = config.clock
        self._began = perf_counter()
        self._output: Output | None = None
        self._loggers: dict[str, Logger] = {}
        #: The attempts that are going on, by instance and task.
        self._attempts: dict[tuple[str, str, str], int] = {}
        self._others: Others | None = None

    @hookimpl(tryfirst=True)
    def wfepy_load_workflows(self) -> None:
        """Listen to what others log, from the first workflow on: a tick to which nothing is due imports no logging."""
        if self._settings.tasks and self._others is None:
            from .output import Others  # lazily, as in open()

            self._others = Others(self._settings.tasks, self._write_other, self._place)

    @hookimpl
    def wfepy_command_started(self, command: str) -> None:
        self._began = perf_counter()
        if level := self._wants("command_started"):
            self._write("", level, f"{command} begins", {"event": "command_started", "command": command})

    @hookimpl
    def wfepy_command_finished(self, command: str, exit_code: int) -> None:
        if level := self._wants("command_finished"):
            fields = {"event": "command_finished", "command": command, "exit_code": exit_code}
            fields["took"] = took = round(perf_counter() - self._began, 6)
            self._write("", level, f"{command} ends with exit code {exit_code} after {seconds(took)}", fields)

    @hookimpl
    def wfepy_tick_started(self, instance: Instance) -> None:
        instance.stash[_TICK_BEGAN] = perf_counter()
        if level := self._wants("tick_started"):
            self._log("tick_started", level, instance, "tick begins", {})

    @hookimpl
    def wfepy_tick_finished(self, instance: Instance, summary: TickSummary) -> None:
        self._attempts.clear()
        if summary.item_failures or summary.unrecorded:
            self._log_what_no_hook_tells(instance, summary)
        if level := self._wants("tick_finished"):
            took = round(perf_counter() - instance.stash.get(_TICK_BEGAN, perf_counter()), 6)
            counts = {
                "completed": len(summary.completed),
                "waiting": len(summary.waiting),
                "failed": len(summary.failures),
            }
            said = ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing to do"
            fields = {"status": summary.status, "took": took, **counts}
            self._log("tick_finished", level, instance, f"tick ends after {seconds(took)}: {said}", fields)

    def _log_what_no_hook_tells(self, instance: Instance, summary: TickSummary) -> None:
        for name, number, result in summary.item_failures:
            event = "item_failed" if result.status == "failed" else "item_retrying"
            if level := self._wants(event):
                fields = {"task": name, "item": number, **_outcome(result)}
                text = f"{name} item {number} {result.status}: {fields.get('error', result.reason)}"
                self._log(event, level, instance, text, fields, result)
        if summary.unrecorded and (level := self._wants("task_unrecorded")):
            for name in sorted(summary.unrecorded):
                error = describe_error(summary.failures[name]) if name in summary.failures else ""
                text = f"{name} could not be recorded, and does not count: {error}"
                self._log("task_unrecorded", level, instance, text, {"task": name, "error": error})

    @hookimpl
    def wfepy_task_started(self, instance: Instance, task: Task, attempt: int) -> None:
        if self._others is not None:
            self._attempts[instance.workflow.name, instance.id, task.name] = attempt
            if self._output is None:
                self.open()  # here, for tasks in threads would do so twice
        if level := self._wants("task_started"):
            fields = {"task": task.name, "attempt": attempt}
            self._log("task_started", level, instance, f"{task.name} starts, attempt {attempt}", fields)

    @hookimpl
    def wfepy_transition_evaluated(
        self, instance: Instance, transition: Transition, taken: bool, reason: str
    ) -> None:
        if level := self._wants("transition"):
            source, dest = transition.source, transition.dest
            text = f"{source} -> {dest} is {'taken' if taken else 'skipped'}: {reason}"
            fields = {"task": source, "dest": dest, "taken": taken, "reason": reason}
            self._log("transition", level, instance, text, fields)

    @hookimpl
    def wfepy_task_finished(self, instance: Instance, task: Task, result: TaskResult) -> None:
        self._attempts.pop((instance.workflow.name, instance.id, task.name), None)
        event = f"task_{result.status}" if result.changed else "task_polled"
        level = self._wants(event)
        if not level:
            return
        fields = {"task": task.name, **_outcome(result)}
        self._log(event, level, instance, _said(task.name, result, fields), fields, result)

    @hookimpl
    def wfepy_task_reminder(self, instance: Instance, task: Task, wait: WaitState) -> None:
        if level := self._wants("task_reminder"):
            fields = {"task": task.name, "since": wait.since, "reason": wait.reason, **_event_id(instance)}
            text = f"{task.name} still waits since {wait.since[:19]}Z{waiting_words(wait)}"
            self._log("task_reminder", level, instance, text, fields)

    @hookimpl
    def wfepy_instance_finished(self, instance: Instance, status: str) -> None:
        event = f"instance_{status}"
        if level := self._wants(event):
            fields = {"status": status, "begun": instance.created, **_event_id(instance)}
            text = f"ends: {status.replace('_', ' ')}"
            if reason := instance.why_ended():
                fields["reason"] = reason
                text += f", {reason}"
            self._log(event, level, instance, text, fields)

    @hookimpl
    def wfepy_state_saved(self, instance: Instance) -> None:
        if level := self._wants("state_saved"):
            self._log("state_saved", level, instance, "state saved", {"seq": instance.seq})

    @hookimpl
    def wfepy_internal_error(self, error: BaseException, instance: Instance | None) -> None:
        if level := self._wants("internal_error"):
            text, fields = f"internal error: {describe_error(error)}", {"error": describe_error(error)}
            if instance is not None:
                self._log("internal_error", level, instance, text, fields)
            else:
                self._write("", level, text, {"event": "internal_error", **fields})

    def _place(self) -> dict[str, Any]:
        """Return whose it is what somebody logs now; of attempts at the same time nobody knows."""
        places = [
            {"workflow": workflow, "instance": instance, "task": task, "attempt": attempt}
            for (workflow, instance, task), attempt in self._attempts.copy().items()
        ]
        return {**(places[0] if len(places) == 1 else {}), **_trace()}

    def _write_other(self, record: LogRecord) -> None:
        if self._output is None:
            self.open()
        assert self._output is not None, "it was just opened"
        self._output.write(record)

    @hookimpl(trylast=True)
    def wfepy_unconfigure(self) -> None:
        if self._others is not None:
            self._others.close()
        if self._output is not None:
            self._output.close()
            self._output = None
            self._loggers.clear()

    def _wants(self, event: str) -> int:
        """Return the level of an event; 0 if it is not to be logged."""
        level = self._levels[event]
        return level if level >= self._least else 0

    def _log(
        self,
        event: str,
        level: int,
        instance: Instance,
        text: str,
        fields: dict[str, Any],
        result: TaskResult | None = None,
    ) -> None:
        name = instance.workflow.name
        first = {"event": event, "workflow": name, "instance": instance.id}
        # An attempt that a policy has tried again leaves one line: else every outage of others fills the log.
        traceback = None if result is None or result.retry_at else users_traceback(result.error)
        self._write(name, level, f"{name}/{instance.id} {text}", {**first, **fields}, traceback)

    def _write(
        self, workflow: str, level: int, text: str, fields: dict[str, Any], exc_info: Any = None
    ) -> None:
        logger = self._loggers.get(workflow) or self._logger(workflow)
        output = self._output
        assert output is not None, "it comes with the first logger"
        if output.is_enabled(logger, level):
            if "opentelemetry.trace" in modules:
                fields.update(_trace())
            now = self._clock().timestamp()
            output.handle(logger, output.record(logger.name, level, now, text, fields, exc_info))

    def open(self) -> None:
        """Give what is logged a place to go to; done with the first event, if not before.

        :raises ConfigError: if logging does not take what the settings have for it
        """
        from .output import Output  # lazily: there may be nothing to log, and importing logging takes 7 ms

        self._output = Output(self._settings)

    def _logger(self, workflow: str) -> Logger:
        if self._output is None:
            self.open()
        from logging import getLogger

        self._loggers[workflow] = found = getLogger(f"wfepy.{workflow}" if workflow else "wfepy")
        return found


def _outcome(result: TaskResult) -> dict[str, Any]:
    """Return what came of an attempt as fields, without what is empty."""
    took = round(result.took, 6)
    fields: dict[str, Any] = {"attempt": result.attempt, "status": result.status, "took": took}
    if result.generation:
        fields["generation"] = result.generation
    if result.event_id:
        fields["event_id"] = result.event_id
    if result.reason:
        fields["reason"] = result.reason
    if result.error is not None:
        fields["error"] = describe_error(result.error)
    if result.retry_at:
        fields["retry_at"] = result.retry_at
    if result.wait is not None:
        fields["since"] = result.wait.since
        if result.wait.until:
            fields["until"] = result.wait.until
        if result.wait.signals:
            fields["signals"] = list(result.wait.signals)
        if result.wait.deadline:
            fields["deadline"] = result.wait.deadline
    return fields


def _said(name: str, result: TaskResult, fields: dict[str, Any]) -> str:
    """Return what came of an attempt, for people."""
    if result.generation:
        name = f"{name} (pass {result.generation + 1})"
    if result.status == "completed":
        return f"{name} completed in {seconds(result.took)}"
    if result.status == "waiting":
        return f"{name} waits{waiting_words(result.wait)}"
    said = f"{name} {result.status.replace('_', ' ')}"
    if result.error is None or result.status == "timed_out":
        return f"{said}: {result.reason}" if result.reason else said
    again = f", again at {result.retry_at[:19]}Z" if result.retry_at else ""
    return f"{said}, attempt {result.attempt}{again}: {fields['error']}"


def _trace() -> dict[str, str]:
    """Return where a trace tells of the same, if OpenTelemetry is in use, under the names that it has for that."""
    trace: Any = modules.get("opentelemetry.trace")
    if trace is None:
        return {}
    span = trace.get_current_span()
    context = span.get_span_context()
    if not context.is_valid:
        return {}
    found = {"trace_id": f"{context.trace_id:032x}"}
    if span.is_recording():  # else it is sent by nobody
        found["span_id"] = f"{context.span_id:016x}"
    return found


def _event_id(instance: Instance) -> dict[str, str]:
    """Return the id of the event that is told; none where nothing is saved."""
    return {"event_id": instance.event_id} if instance.event_id else {}
