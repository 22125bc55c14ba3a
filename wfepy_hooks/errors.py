"""Every error that wfepy-hooks raises on purpose.

    WfepyError                     exit code 1
    +-- UsageError                 2   the call is wrong
    +-- WorkflowError              4   the graph or its module is wrong (also RuntimeError, as in WfEpy)
    +-- ConfigError                4   the configuration is wrong (also ValueError)
    |   +-- ScheduleError          4   a cron expression or its time zone is wrong
    +-- PluginError                4   a plugin is missing, does not load, or breaks the contract of a hook
    +-- InternalError              1   a bug of wfepy-hooks
    +-- StateError                 3   the saved state cannot be read or written
        +-- StateFormatError       3   the file is not a state document (also ValueError)
        +-- NewerStateError        3   it was written by a newer version
        +-- LockedError            3   another tick holds the instance
        +-- InstanceNotFound       3   there is no such instance (also LookupError)
        +-- InstanceExists         3   there is one already
        +-- StateWriteError        3   the disk is full, read-only, ...
        +-- CodecError             3   a value cannot be saved or restored (also TypeError)

A message has three parts, on one line: where, what is wrong, what to do next.
"""

from __future__ import annotations

__all__ = [
    "CodecError",
    "ConfigError",
    "InstanceExists",
    "InstanceNotFound",
    "InternalError",
    "LockedError",
    "NewerStateError",
    "PluginError",
    "ScheduleError",
    "StateError",
    "StateFormatError",
    "StateWriteError",
    "UsageError",
    "WfepyError",
    "WorkflowError",
]


class WfepyError(Exception):
    """Base of all errors of this package.

    :ivar what: what is wrong
    :ivar where: the file, plugin, task or value it is about; may be empty
    :ivar hint: what to do next; may be empty
    :cvar exit_code: what the ``wfepy`` command exits with
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.hint}" if self.hint else text


class UsageError(WfepyError):
    """The command or call is wrong."""

    exit_code = 2


class WorkflowError(WfepyError, RuntimeError):
    """A workflow cannot be loaded, or its graph is wrong.

    :ivar problems: every problem of the graph, see :class:`wfepy_hooks.graph.Problem`
    """

    exit_code = 4

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", problems: tuple[object, ...] = ()
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.problems = problems


class ConfigError(WfepyError, ValueError):
    """The configuration is wrong."""

    exit_code = 4


class ScheduleError(ConfigError):
    """A cron expression or its time zone is wrong.

    :ivar field: which of the five fields, such as ``minute``; empty if it is about more than one
    :ivar value: what is written there
    """

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", field: str = "", value: str = ""
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.field = field
        self.value = value

    def __str__(self) -> str:
        shown = self.value if self.value.isprintable() else self.value.encode("unicode_escape").decode()
        subject = f'{self.field} "{shown}"' if self.field else f'"{shown}"'
        parts = [f"{self.where}: " if self.where else "", subject, ": ", self.what]
        return "".join(parts) + (f"; {self.hint}" if self.hint else "")


class PluginError(WfepyError):
    """A plugin is missing, does not load, or breaks the contract of a hook.

    :ivar plugin: the plugin's name
    """

    exit_code = 4

    def __init__(self, what: str, *, where: str = "", hint: str = "", plugin: str = "") -> None:
        super().__init__(what, where=where, hint=hint)
        self.plugin = plugin


class InternalError(WfepyError):
    """A bug of wfepy-hooks; what was raised is its ``__cause__``."""


class StateError(WfepyError):
    """The saved state cannot be read or written; what was saved before is untouched."""

    exit_code = 3


class StateFormatError(StateError, ValueError):
    """A file is not a state document of this workflow."""


class NewerStateError(StateError):
    """The state was written by a newer version of wfepy-hooks."""


class LockedError(StateError):
    """Another tick holds the instance."""


class InstanceNotFound(StateError, LookupError):
    """There is no such instance."""


class InstanceExists(StateError):
    """There is such an instance already."""


class StateWriteError(StateError):
    """The state cannot be written; the old state is still there, byte for byte."""


class CodecError(StateError, TypeError):
    """A value cannot be saved or restored. Where a task leaves one in the context, the task has failed with this.

    :ivar path: where the value is, such as ``context["orders"][3].socket``
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "", path: str = "") -> None:
        super().__init__(what, where=where or path, hint=hint)
        self.path = path
