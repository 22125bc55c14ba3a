"""Where tasks run: :class:`Executor` says what an executor is, and three are ours; :class:`Pump` drives one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wfepy_hooks.executors.choosing import executor_parts, make_executor
    from wfepy_hooks.executors.failures import TaskError, TimeLimitExceeded, WorkerDied
    from wfepy_hooks.executors.homes import Home, Loaded
    from wfepy_hooks.executors.inline import InlineExecutor
    from wfepy_hooks.executors.merging import Branches, ContextConflict, merge
    from wfepy_hooks.executors.processes import ProcessExecutor
    from wfepy_hooks.executors.protocol import Executor, adapted
    from wfepy_hooks.executors.pump import Finished, Pump
    from wfepy_hooks.executors.threads import ThreadExecutor
    from wfepy_hooks.executors.worker import Done, Job, run_job

__all__ = [
    "Branches",
    "ContextConflict",
    "Done",
    "Executor",
    "Finished",
    "Home",
    "InlineExecutor",
    "Job",
    "Loaded",
    "ProcessExecutor",
    "Pump",
    "TaskError",
    "ThreadExecutor",
    "TimeLimitExceeded",
    "WorkerDied",
    "adapted",
    "executor_parts",
    "make_executor",
    "merge",
    "run_job",
]

_HOMES = {
    "choosing": ("executor_parts", "make_executor"),
    "failures": ("TaskError", "TimeLimitExceeded", "WorkerDied"),
    "homes": ("Home", "Loaded"),
    "inline": ("InlineExecutor",),
    "merging": ("Branches", "ContextConflict", "merge"),
    "processes": ("ProcessExecutor",),
    "protocol": ("Executor", "adapted"),
    "pump": ("Finished", "Pump"),
    "threads": ("ThreadExecutor",),
    "worker": ("Done", "Job", "run_job"),
}


def __getattr__(name: str) -> object:
    # Lazily: a tick that runs one task after the other needs none of them.
    for module, names in _HOMES.items():
        if name in names:
            return getattr(__import__(f"{__name__}.{module}", fromlist=[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
