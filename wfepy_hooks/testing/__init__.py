"""Tests of workflows that travel in time, and of plugins: see ``docs/how-to/testing.md``.

The fixtures come by themselves with pytest's plugin ``wfepy``, which imports nothing of this before a test asks for it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .clock import FakeClock
    from .doubles import Call, Double
    from .fuzzing import FuzzReport
    from .making import MakeRunner
    from .project import ProjectFolder, RunResult
    from .runner import WorkflowRunner

__all__ = [
    "Call",
    "Double",
    "FakeClock",
    "FuzzReport",
    "MakeRunner",
    "ProjectFolder",
    "RunResult",
    "WorkflowRunner",
]

#: A test imports what it names, and no test pays for the others.
_LAZY = {
    "Call": "doubles",
    "Double": "doubles",
    "FakeClock": "clock",
    "FuzzReport": "fuzzing",
    "MakeRunner": "making",
    "ProjectFolder": "project",
    "RunResult": "project",
    "WorkflowRunner": "runner",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = found
    return found
