"""The fixtures of the tests of integrations."""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from git_folders import Clone, Remote

    MakeClone = Callable[..., Clone]


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    """A bare repository."""
    from git_folders import Remote

    return Remote(tmp_path / "remote.git")


@pytest.fixture
def clone(tmp_path: Path, remote: Remote) -> MakeClone:
    """A function that makes a checkout of this name, with a project in it."""
    from git_folders import Clone

    def make(name: str, settings: str = "") -> Clone:
        return Clone(tmp_path / name, remote, settings)

    return make


@pytest.fixture
def pair(clone: MakeClone) -> tuple[Clone, Clone]:
    """Two machines that have an instance ``x`` which waits."""
    one, two = clone("one"), clone("two")
    one.start("x")
    one.tick()
    one.push()
    two.pull()
    return one, two
