"""Where tasks run: :class:`Executor` says what an executor is, and three are ours; :class:`Pump` drives one."""

from __future__ import annotations

from ..lazy import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .choosing import executor_parts, make_executor
    from .failures import TaskError, TimeLimitExceeded, WorkerDied
    from .homes import Home, Loaded
    from .inline import InlineExecutor
    from .merging import Branches, ContextConflict, merge
    from .processes import ProcessExecutor
    from .protocol import Executor, adapted
    from .pump import Finished, Pump
    from .threads import ThreadExecutor
    from .worker import Done, Job, run_job

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

if not TYPE_CHECKING:
    # A tick that runs one task after the other needs none of them.
    _LAZY = {
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
    __getattr__, __dir__ = lazy_names(globals(), _LAZY)
