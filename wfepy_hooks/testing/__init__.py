"""Tests of workflows that travel in time, and of plugins: see ``docs/how-to/testing.md``.

The fixtures come by themselves with pytest's plugin ``wfepy``, which imports nothing of this before a test asks for it.
"""

from __future__ import annotations

from ..lazy import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .clock import FakeClock
    from .doubles import Call, Double
    from .fuzzing import FuzzReport
    from .making import MakeRunner
    from .project import MakeProject, ProjectFolder, RunResult
    from .runner import WorkflowRunner

__all__ = [
    "Call",
    "Double",
    "FakeClock",
    "FuzzReport",
    "MakeProject",
    "MakeRunner",
    "ProjectFolder",
    "RunResult",
    "WorkflowRunner",
]

if not TYPE_CHECKING:
    # A test imports what it names, and no test pays for the others.
    _LAZY = {
        "clock": ("FakeClock",),
        "doubles": ("Call", "Double"),
        "fuzzing": ("FuzzReport",),
        "making": ("MakeRunner",),
        "project": ("MakeProject", "ProjectFolder", "RunResult"),
        "runner": ("WorkflowRunner",),
    }
    __getattr__, __dir__ = lazy_names(globals(), _LAZY)
