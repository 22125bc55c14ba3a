"""The fixture of the tests of the command line."""

from __future__ import annotations

import pytest

from cli_folder import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
