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
from .lazy import lazy_names
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

if not TYPE_CHECKING:
    # What most workflows do not use, so that a plain tick does not import it.
    _LAZY = {
        "approving": ("approval",),
        "clock": ("format_time", "parse_time"),
        "commands": ("Commands",),
        "config": ("Config",),
        "configfile": ("WorkflowConfig",),
        "generating": ("GeneratedFile", "Machine", "generate", "tick_command"),
        "needed": ("needed_minutes",),
        "offsets": ("ClockChange", "ZoneOffsets", "offsets_ahead"),
        "operations": ("Operations",),
        "people": ("who",),
        "plugins": ("PluginHost",),
        "pluginsettings": ("plugin_settings", "settings_table", "some_of"),
        "registry": ("Registry",),
        "retrying": ("Retry",),
        "schedule": ("Occurrence", "Schedule"),
        "scheduling": ("ScheduleEntry", "collect_schedules"),
        "sending": ("read_data", "read_overview", "send_signal"),
        "signals": ("Signal",),
        "stores.protocol": ("Session", "Store"),
        "timing": ("parse_duration",),
        "waitstate": ("WaitState",),
        "wording": ("describe_error",),
        "writing": ("FileChange", "compare_files", "write_files"),
    }
    __getattr__, __dir__ = lazy_names(globals(), _LAZY)
