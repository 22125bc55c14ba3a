"""How a project is installed, found out from its files: a lock of uv, requirements, or a pyproject.toml."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass

import wfepy_hooks
from wfepy_hooks import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Installation", "find_installation"]

REQUIREMENTS = ("requirements.txt", "requirements.lock")
#: For those whose workflows need nothing but the standard library.
BARE = f"python -m pip install wfepy-hooks=={wfepy_hooks.__version__}"


@dataclass(frozen=True, slots=True)
class Installation:
    """How a project is installed.

    :ivar lines: the commands, run in the folder of the project; none if several ways are as good
    :ivar by_uv: whether uv does it
    :ivar found: the file that says so, relative to the top of the repository; empty if there is none
    :ivar problem: why it cannot be told
    """

    lines: tuple[str, ...] = (BARE,)
    by_uv: bool = False
    found: str = ""
    problem: str = ""

    def require(self) -> Installation:
        """Return this.

        :raises ConfigError: if it could not be told
        """
        if self.problem:
            hint = 'write such as install = "python -m pip install -r FILE" below [plugins.wfepy_github]'
            raise ConfigError(self.problem, hint=hint)
        return self


def find_installation(root: str, top: str) -> Installation:
    """Look for what says how to install the project, in its folder and then in those above.

    :param root: the folder of the project
    :param top: the folder of the repository, the last one that is looked at
    """
    folder = root
    while True:
        found = _in_folder(folder, root, top)
        if found is not None:
            return found
        if folder in (top, os.path.dirname(folder)):
            return Installation()
        folder = os.path.dirname(folder)


def _in_folder(folder: str, root: str, top: str) -> Installation | None:
    names = sorted(os.listdir(folder))
    path = os.path.relpath(folder, root)
    if "uv.lock" in names:
        venv = shlex.quote(os.path.normpath(os.path.join(path, ".venv/bin")))
        lines = (f"uv sync --locked{_option('--directory', path)}", f'echo "$PWD"/{venv} >> "$GITHUB_PATH"')
        return Installation(lines, by_uv=True, found=_from_top(folder, "uv.lock", top))
    candidates = [
        each for each in names if each.startswith("requirements") and each.endswith((".txt", ".lock"))
    ]
    chosen = [each for each in REQUIREMENTS if each in candidates] or candidates
    if len(chosen) > 1 and chosen[0] not in REQUIREMENTS:
        return Installation((), problem=f"which of these is to be installed: {', '.join(chosen)}?")
    if chosen:
        file = os.path.join(folder, chosen[0])
        hashes = "--require-hashes " if _has_hashes(file) else ""
        relative = shlex.quote(os.path.normpath(os.path.join(path, chosen[0])))
        line = f"python -m pip install {hashes}-r {relative}"
        return Installation((line,), found=_from_top(folder, chosen[0], top))
    if "pyproject.toml" in names and _is_package(os.path.join(folder, "pyproject.toml")):
        target = shlex.quote(path if path.startswith(".") else f"./{path}")
        line = f"python -m pip install {target}"
        return Installation((line,), found=_from_top(folder, "pyproject.toml", top))
    return None


def _option(name: str, path: str) -> str:
    return "" if path == os.curdir else f" {name} {shlex.quote(path)}"


def _from_top(folder: str, name: str, top: str) -> str:
    return os.path.relpath(os.path.join(folder, name), top).replace(os.sep, "/")


def _has_hashes(file: str) -> bool:
    with open(file, encoding="utf-8", errors="replace") as stream:
        return any("--hash=" in line and not line.lstrip().startswith("#") for line in stream)


def _is_package(file: str) -> bool:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with open(file, "rb") as stream:
            data: dict[str, Any] = tomllib.load(stream)
    except (OSError, ValueError):
        return False
    return "project" in data
