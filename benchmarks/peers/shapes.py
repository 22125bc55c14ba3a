"""The graphs of the benchmarks, drawn with the decorators that WfEpy and wfepy-hooks share.

`library` is the module that has `task`, `start_point`, `followed_by`, `join_point` and `end_point`. Every
task is a function of its own that does nothing. A shape is a module, for `Workflow.load_tasks`.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any


def chain(library: Any, size: int) -> ModuleType:
    """t0 -> t1 -> ... -> t<size - 1>."""
    module = _module("chain")
    for number in range(size):
        following = [f"t{number + 1}"] if number + 1 < size else []
        _add(library, module, f"t{number}", following, start=number == 0)
    return module


def fan(library: Any, size: int) -> ModuleType:
    """One start, `size` branches of one task, one join."""
    module = _module("fan")
    branches = [f"t{number}" for number in range(size)]
    _add(library, module, "start", branches, start=True)
    for name in branches:
        _add(library, module, name, ["joined"])
    _add(library, module, "joined", [], join=size > 1)
    return module


def join(library: Any, size: int) -> ModuleType:
    """`size` branches of one task and one branch of `size` tasks, all into one join."""
    module = fan(library, size)
    _add(library, module, "start", [*(f"t{number}" for number in range(size)), "c0"], start=True)
    for number in range(size):
        _add(library, module, f"c{number}", [f"c{number + 1}" if number + 1 < size else "joined"])
    _add(library, module, "joined", [], join=True)
    return module


SHAPES = {"chain": chain, "fan": fan, "join": join}


def _module(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = __file__  # WfEpy logs it
    return module


def _add(
    library: Any,
    module: ModuleType,
    name: str,
    following: list[str],
    *,
    start: bool = False,
    join: bool = False,
) -> None:
    def nothing(context: object) -> bool:
        return True

    nothing.__module__ = module.__name__
    decorated: Any = nothing
    for target in following:
        decorated = library.followed_by(target)(decorated)
    if start:
        decorated = library.start_point()(decorated)
    if join:
        decorated = library.join_point()(decorated)
    if not following:
        decorated = library.end_point()(decorated)
    setattr(module, name, library.task(name=name)(decorated))
