"""The project of a plugin that ``wfepy new --plugin`` writes: its names, and its files."""

from __future__ import annotations

import os
import re
import sys

from ..errors import UsageError
from .newproject import require_empty, write_project
from .output import clean, result, say

__all__ = ["new_plugin"]

#: The files by their template in ``wfepy_hooks/starter``.
_FILES = {
    "plugin/pyproject.txt": "pyproject.toml",
    "plugin/init.txt": "src/${module}/__init__.py",
    "plugin/journal.txt": "src/${module}/journal.py",
    "plugin/settings.txt": "src/${module}/settings.py",
    "plugin/typed.txt": "src/${module}/py.typed",
    "plugin/conftest.txt": "tests/conftest.py",
    "plugin/flow.txt": "tests/flow.py",
    "plugin/test.txt": "tests/test_${module}.py",
    "plugin/readme.txt": "README.md",
    "plugin/changelog.txt": "CHANGELOG.md",
    "plugin/license.txt": "LICENSE",
    "plugin/gitignore.txt": ".gitignore",
    "plugin/ci.txt": ".github/workflows/ci.yml",
    "plugin/dependabot.txt": ".github/dependabot.yml",
}
#: Modules that no entry point of the group wfepy_hooks names: WfEpy itself, the engine, and its plugin of pytest.
_TAKEN = ("wfepy", "wfepy_hooks", "wfepy_pytest")
#: Modules of the project's tests, which hide others of their name.
_IN_TESTS = ("conftest", "flow")
_PREFIX = "wfepy-"


def new_plugin(name: str, folder: str | None) -> int:
    """Write the project of a plugin, say what to do next, and return the exit code.

    :param name: what it is called on PyPI, however it is spelt
    :param folder: where it goes; by default, the folder of its name
    :raises UsageError: if the name cannot be one or is taken, or the folder is not empty
    """
    words = _names(name)
    _refuse_taken(words)
    shown = words["dist"] if folder is None else folder
    place = os.path.abspath(shown)
    require_empty(place, shown)
    paths = write_project(place, _FILES, {**words, **_people(words["dist"])})
    result(clean(f"wrote the plugin {words['module']} to {shown}:"))
    for path in paths:
        result(f"  {path}")
    if not words["dist"].startswith(_PREFIX):
        say(f'note: people look for plugins by names that begin with "{_PREFIX}"')
    from shlex import quote

    result(clean(f"next: cd {quote(shown)} && python -m pip install -e '.[test]' && python -m pytest"))
    return 0


def _names(name: str) -> dict[str, str]:
    """Return the names of the distribution and of its module.

    :raises UsageError: if they cannot be names
    """
    # The rule of PyPI, and its spelling: runs of dashes, dots and underscores are one dash, letters are small.
    dist = re.sub(r"[-_.]+", "-", name).lower()
    module = dist.replace("-", "_")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        _refuse(name, "a name has letters, digits and dashes, and begins and ends with a letter or digit")
    if len(name) > 80:
        _refuse(name, "it has more than 80 characters")
    if not module.isidentifier() or module in _keywords():
        _refuse(name, f"its module would be called {module}, which Python cannot import")
    from .. import __version__

    return {"dist": dist, "module": module, "version": __version__}


def _keywords() -> list[str]:
    from keyword import kwlist

    return [word.lower() for word in kwlist]


def _refuse_taken(words: dict[str, str]) -> None:
    """Refuse the name of something that is there already: one of the two could not be imported.

    :raises UsageError: if it is
    """
    from importlib import metadata

    from ..entrypoints import find_entry_points

    dist, module = words["dist"], words["module"]
    if module in sys.stdlib_module_names:
        _refuse(dist, f"Python has a module {module} of its own")
    for each in find_entry_points():
        if module in (each.name, each.module.partition(".")[0]):
            _refuse(dist, f"the plugin {each.name} of {each.distribution} is installed here")
    if module in _TAKEN:
        _refuse(dist, f"{module} is a module of wfepy itself")
    if module in _IN_TESTS:
        _refuse(dist, f"its tests have a module {module} of their own")
    try:
        version = metadata.version(dist)
    except metadata.PackageNotFoundError:
        return
    _refuse(dist, f"{dist} {version} is installed here")


def _refuse(name: str, why: str) -> None:
    hint = f"choose another one, such as {_PREFIX}deploy; nothing was written"
    what = f'"{clean(name)}" cannot be the name of a plugin: {why}'
    raise UsageError(what, where="wfepy new --plugin", hint=hint)


def _people(dist: str) -> dict[str, str]:
    """Return who has the copyright, since when, and the line that names the author, if git knows one."""
    import json
    from datetime import datetime, timezone

    author = _git_name()
    # A string of JSON is one of TOML, too.
    line = f"authors = [{{ name = {json.dumps(author, ensure_ascii=False)} }}]\n" if author else ""
    return {
        "year": str(datetime.now(timezone.utc).year),
        "holder": author or f"the authors of {dist}",
        "authors": line,
    }


def _git_name() -> str:
    """Return the name that git writes into commits, or nothing."""
    import subprocess

    try:
        asked = subprocess.run(
            ["git", "config", "user.name"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):  # no git
        return ""
    return "".join(c for c in asked.stdout.strip() if c.isprintable() and c != "\N{REPLACEMENT CHARACTER}")
