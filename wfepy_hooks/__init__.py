"""Durable workflows with no server.

A workflow is a module of plain functions joined by decorators; a tick advances every instance as far as it can go,
writes its state to a text file, and the process ends. Everything that is public is here.
"""

from __future__ import annotations

from .context import Context
from .errors import (
    CodecError,
    ConfigError,
    InstanceExists,
    InstanceNotFound,
    InternalError,
    LockedError,
    NewerStateError,
    PluginError,
    ScheduleError,
    StateError,
    StateFormatError,
    StateWriteError,
    UsageError,
    WfepyError,
    WorkflowError,
)
from .instance import Instance
from .markers import hookimpl, hookspec
from .outcome import (
    GiveUp,
    InstanceStatus,
    RetryDecision,
    TaskResult,
    TaskState,
    TaskStatus,
    Wait,
    sleep,
    start_child,
    wait,
)
from .runner import Runner, TickSummary
from .stash import Stash, StashKey
from .task import DecoratorStack, Task, Transition, end_point, followed_by, join_point, start_point, task
from .workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .approving import approval
    from .clock import format_time, parse_time
    from .commands import Commands
    from .config import Config
    from .configfile import WorkflowConfig
    from .generating import GeneratedFile, Machine, generate, tick_command
    from .needed import needed_minutes
    from .offsets import ClockChange, ZoneOffsets, offsets_ahead
    from .operations import Operations
    from .people import who
    from .plugins import PluginHost
    from .pluginsettings import plugin_settings, settings_table, some_of
    from .registry import Registry
    from .retrying import Retry
    from .schedule import Occurrence, Schedule
    from .scheduling import ScheduleEntry, collect_schedules
    from .sending import read_data, read_overview, send_signal
    from .signals import Signal
    from .stores.protocol import Session, Store
    from .timing import parse_duration
    from .waitstate import WaitState
    from .wording import describe_error
    from .writing import FileChange, compare_files, write_files

__version__ = "0.1.0"

__all__ = [
    "ClockChange",
    "CodecError",
    "Commands",
    "Config",
    "ConfigError",
    "Context",
    "DecoratorStack",
    "FileChange",
    "GeneratedFile",
    "GiveUp",
    "Instance",
    "InstanceExists",
    "InstanceNotFound",
    "InstanceStatus",
    "InternalError",
    "LockedError",
    "Machine",
    "NewerStateError",
    "Occurrence",
    "Operations",
    "PluginError",
    "PluginHost",
    "Registry",
    "Retry",
    "RetryDecision",
    "Runner",
    "Schedule",
    "ScheduleEntry",
    "ScheduleError",
    "Session",
    "Signal",
    "Stash",
    "StashKey",
    "StateError",
    "StateFormatError",
    "StateWriteError",
    "Store",
    "Task",
    "TaskResult",
    "TaskState",
    "TaskStatus",
    "TickSummary",
    "Transition",
    "UsageError",
    "Wait",
    "WaitState",
    "WfepyError",
    "Workflow",
    "WorkflowConfig",
    "WorkflowError",
    "ZoneOffsets",
    "approval",
    "collect_schedules",
    "compare_files",
    "describe_error",
    "end_point",
    "followed_by",
    "format_time",
    "generate",
    "hookimpl",
    "hookspec",
    "join_point",
    "needed_minutes",
    "offsets_ahead",
    "parse_duration",
    "parse_time",
    "plugin_settings",
    "read_data",
    "read_overview",
    "send_signal",
    "settings_table",
    "sleep",
    "some_of",
    "start_child",
    "start_point",
    "task",
    "tick_command",
    "wait",
    "who",
    "write_files",
]


#: What most workflows do not use, so that a plain tick does not import it.
_LAZY = {
    "ClockChange": "offsets",
    "Commands": "commands",
    "Config": "config",
    "FileChange": "writing",
    "GeneratedFile": "generating",
    "Machine": "generating",
    "Occurrence": "schedule",
    "PluginHost": "plugins",
    "Registry": "registry",
    "Schedule": "schedule",
    "ScheduleEntry": "scheduling",
    "Session": "stores.protocol",
    "Store": "stores.protocol",
    "WaitState": "waitstate",
    "WorkflowConfig": "configfile",
    "approval": "approving",
    "collect_schedules": "scheduling",
    "compare_files": "writing",
    "describe_error": "wording",
    "generate": "generating",
    "needed_minutes": "needed",
    "offsets_ahead": "offsets",
    "parse_duration": "timing",
    "parse_time": "clock",
    "plugin_settings": "pluginsettings",
    "read_data": "sending",
    "read_overview": "sending",
    "settings_table": "pluginsettings",
    "some_of": "pluginsettings",
    "ZoneOffsets": "offsets",
    "Operations": "operations",
    "Retry": "retrying",
    "Signal": "signals",
    "send_signal": "sending",
    "format_time": "clock",
    "tick_command": "generating",
    "who": "people",
    "write_files": "writing",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = found
    return found
