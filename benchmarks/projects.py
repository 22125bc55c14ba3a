"""The little projects that whole processes run in: one for each tool, with instances that wait.

A project is made once and copied for each sample, so that a sample starts from the same files every time.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import PEERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.harness import Bench

__all__ = ["copy_of", "let_go", "ours_project", "peer_project", "peer_tick"]

# The script and the modules of a project, by tool. The script takes `--new NUMBER` but for doit's.
SCRIPTS = {
    "wfepy": ("wfepy_tick.py", "wfepy_tasks.py"),
    "burr": ("burr_tick.py",),
    "SpiffWorkflow": ("spiff_tick.py", "spiff_tasks.py"),
    "doit": ("dodo.py",),
}

CONFIG = '[wfepy]\nstate = "state"\n\n[workflows.three]\nmodule = "ours_tasks"\n'


def ours_project(bench: Bench, instances: int) -> Path:
    """Make a project of ours with so many instances, each of them ticked once and waiting."""
    home = bench.folder / f"ours-{instances}"
    if not home.exists():
        home.mkdir(parents=True)
        shutil.copy2(PEERS / "ours_tasks.py", home)
        (home / "wfepy.toml").write_text(CONFIG)
        bench.call(bench.script(OURS, "ours_works.py", "start", instances), home)
        bench.call([bench.python(OURS), "-m", "wfepy_hooks", "tick"], home)
    return home


def peer_project(bench: Bench, tool: str, instances: int) -> Path:
    """Make a project of another tool with so many instances, each of them waiting."""
    home = bench.folder / f"{tool}-{instances}"
    if not home.exists():
        home.mkdir(parents=True)
        for name in SCRIPTS[tool]:
            shutil.copy2(PEERS / name, home)
        command = peer_tick(bench, tool)
        if tool == "doit":  # it has no instances: only compile what is there
            bench.call([*command, "list"], home)
        else:
            bench.call([*command, "--new", str(instances)], home)
            bench.call(command, home)
    return home


def peer_tick(bench: Bench, tool: str) -> list[str]:
    """Return the command that advances all instances of such a project."""
    return [bench.python(tool), *(("-m", "doit") if tool == "doit" else SCRIPTS[tool][:1])]


def copy_of(project: Path) -> Callable[[Path], None]:
    """Return what fills the folder of a sample with a copy of ``project``."""

    def fill(folder: Path) -> None:
        shutil.copytree(project, folder, dirs_exist_ok=True)

    return fill


def let_go(project: Path) -> Callable[[Path], None]:
    """Return what fills the folder of a sample with a copy of ``project`` whose first task waits no more."""

    def fill(folder: Path) -> None:
        shutil.copytree(project, folder, dirs_exist_ok=True)
        (folder / "go").touch()

    return fill
