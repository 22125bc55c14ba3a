"""For the tests of plugins: ``pytest_plugins = ["wfepy_hooks.testing.plugin"]`` in the ``conftest.py`` at the top.

It gives the fixture ``wfepy_project``, see ``docs/how-to/plugins.md``.
"""

from __future__ import annotations

import pytest

from .project import MakeProject

__all__ = ["wfepy_project"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def wfepy_project(tmp_path: Path) -> MakeProject:
    """A function that makes a project of files: ``wfepy_project({"wfepy.toml": "...", "flow.py": "..."})``.

    ``project.run("tick")`` runs wfepy in it, in this process; ``project.spawn("tick")`` as a process of its own. Both
    return a result with ``exit_code``, ``out``, ``err`` and ``events``.
    """
    return MakeProject(tmp_path)
