"""For the tests of plugins: ``pytest_plugins = ["wfepy_hooks.testing.plugin"]`` in the ``conftest.py`` at the top.

It gives the fixture ``wfepy_project``, see ``docs/plugins.md``.
"""

from __future__ import annotations

import pytest

from .project import ProjectFolder

__all__ = ["wfepy_project"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    MakeProject = Callable[..., ProjectFolder]


@pytest.fixture
def wfepy_project(tmp_path: Path) -> MakeProject:
    """A function that makes a project of files: ``wfepy_project({"wfepy.toml": "...", "flow.py": "..."})``.

    ``project.run("tick")`` runs wfepy in it, in this process; ``project.spawn("tick")`` as a process of its own. Both
    return a result with ``exit_code``, ``out``, ``err`` and ``events``.
    """
    made: list[ProjectFolder] = []

    def make(files: Mapping[str, str] | None = None, *, name: str = "") -> ProjectFolder:
        folder = tmp_path / (name or ("project" if not made else f"project{len(made) + 1}"))
        made.append(ProjectFolder(folder, files))
        return made[-1]

    return make
