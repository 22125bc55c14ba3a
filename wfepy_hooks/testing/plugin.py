"""For the tests of plugins: ``pytest_plugins = ["wfepy_hooks.testing.plugin"]`` in the ``conftest.py`` at the top.

It gives the fixture ``wfepy_project``, see ``docs/how-to/plugins.md``.
"""

from __future__ import annotations

import pytest

from .project import ProjectFolder

__all__ = ["wfepy_project"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class MakeProject:
    """What the fixture ``wfepy_project`` is. It is no function, since each failed test shows it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[ProjectFolder] = []

    def __call__(self, files: Mapping[str, str] | None = None, *, name: str = "") -> ProjectFolder:
        number = len(self._made) + 1
        folder = self._folder / (name or ("project" if number == 1 else f"project{number}"))
        self._made.append(ProjectFolder(folder, files))
        return self._made[-1]

    def __repr__(self) -> str:
        return f"<wfepy_project in {self._folder}>"


@pytest.fixture
def wfepy_project(tmp_path: Path) -> MakeProject:
    """A function that makes a project of files: ``wfepy_project({"wfepy.toml": "...", "flow.py": "..."})``.

    ``project.run("tick")`` runs wfepy in it, in this process; ``project.spawn("tick")`` as a process of its own. Both
    return a result with ``exit_code``, ``out``, ``err`` and ``events``.
    """
    return MakeProject(tmp_path)
