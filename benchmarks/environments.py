"""One virtual environment for each tool that is compared, made once and kept in a cache folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OURS", "PINS", "Environments", "default_folder"]

OURS = "ours"
ROOT = Path(__file__).resolve().parent.parent

# What each tool imports at start-up is pinned too: attrs is half of the start-up of WfEpy.
PINS: Mapping[str, tuple[str, ...]] = {
    "wfepy": ("wfepy==0.1.1", "attrs==26.1.0", "graphviz==0.21"),
    "burr": ("apache-burr==0.43.0",),
    "doit": ("doit==0.37.0",),
    "SpiffWorkflow": ("SpiffWorkflow==3.2.0", "lxml==6.1.3"),
}


def default_folder() -> Path:
    """The user's cache folder: the environments are no part of the checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "wfepy-hooks-benchmarks"


class Environments:
    """Finds the interpreter of a tool, after installing the tool where it is missing.

    :ivar folder: where the environments are
    :ivar offline: use what is there and install nothing
    :ivar ours: interpreter that has wfepy-hooks; ``None``: install this checkout like the others
    """

    def __init__(self, folder: Path, *, offline: bool = False, ours: str | None = None) -> None:
        self.folder = folder
        self.offline = offline
        self._pythons: dict[str, str] = {} if ours is None else {OURS: ours}

    def python(self, tool: str) -> str:
        """Return the interpreter that has ``tool``. Raises RuntimeError when it cannot be had."""
        if tool not in self._pythons:
            self._pythons[tool] = self._prepare(tool)
        return self._pythons[tool]

    def _prepare(self, tool: str) -> str:
        home = self.folder / f"{tool}-py{sys.version_info.major}.{sys.version_info.minor}"
        python = str(home / ("Scripts" if os.name == "nt" else "bin") / "python")
        mark = home / "installed.txt"
        pins = "\n".join(PINS.get(tool, ()))
        if mark.exists() and mark.read_text() == pins and (self.offline or tool != OURS):
            return python
        if self.offline:
            raise RuntimeError(f"{tool} is not installed in {home}; run once without --offline")
        print(f"installing {tool} into {home}", file=sys.stderr)
        _call([sys.executable, "-m", "venv", "--clear", str(home)])
        # Our checkout changes between two runs, so it is installed anew each time.
        _call([python, "-m", "pip", "install", "--quiet", *(PINS.get(tool) or (str(ROOT),))])
        mark.write_text(pins)
        return python


def _call(command: list[str]) -> None:
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode} of {' '.join(command)}")
