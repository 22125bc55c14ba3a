from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from wfepy_hooks.errors import UsageError, WfepyError
from wfepy_hooks.render import RENDERERS, PictureError, diagram, to_dot, to_picture, write_picture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wfepy_hooks.workflow import Workflow

SOURCE = 'digraph "w" { "a" -> "b" }\n'


def put_on_path(folder: Path, script: str) -> str:
    """Return a search path on which ``dot`` is a shell script."""
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}/bin{os.pathsep}/usr/bin"


@pytest.mark.outside
@pytest.mark.parametrize(("format", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_pictures_have_the_format_that_was_asked_for(
    coffee: Workflow, require: Callable[..., None], format: str, start: bytes
) -> None:
    require("dot")
    made = RENDERERS[format](diagram(coffee))
    assert isinstance(made, bytes)
    assert made.startswith(start)


@pytest.mark.outside
def test_source_and_picture_are_written_side_by_side(tmp_path: Path, require: Callable[..., None]) -> None:
    require("dot")
    output = tmp_path / "new folder" / "graph"
    assert write_picture(SOURCE, output, "svg") == f"{output}.svg"
    assert output.read_text() == SOURCE
    assert b"<svg" in (tmp_path / "new folder" / "graph.svg").read_bytes()


def test_without_graphviz_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PictureError) as caught:
        to_picture(SOURCE, "svg")
    assert str(caught.value) == (
        'graph as svg: the program "dot" is not installed; install Graphviz (apt-get install graphviz, '
        "brew install graphviz) or use --format dot|mermaid|text"
    )
    assert isinstance(caught.value, WfepyError)
    assert caught.value.exit_code == 4


def test_without_graphviz_the_source_is_written_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PictureError, match="graph: the program"):
        write_picture(SOURCE, tmp_path / "graph", "png")
    assert (tmp_path / "graph").read_text() == SOURCE


def test_a_format_that_graphviz_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no format 'docx'; try svg, png or pdf"):
        to_picture(SOURCE, "docx")


def test_a_failure_of_graphviz_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", put_on_path(tmp_path, "echo 'Error: no memory' >&2; echo more >&2; exit 3"))
    with pytest.raises(PictureError) as caught:
        to_picture(SOURCE, "svg")
    assert str(caught.value) == 'graph as svg: the program "dot" failed: Error: no memory'


def test_a_silent_failure_of_graphviz_has_a_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", put_on_path(tmp_path, "exit 3"))
    with pytest.raises(PictureError, match="exit status 3"):
        to_picture(SOURCE, "svg")


def test_a_failure_to_write_the_source_is_the_system_s(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_picture(SOURCE, tmp_path, "svg")


def test_text_needs_neither_graphviz_nor_its_package() -> None:
    code = "import sys, wfepy_hooks.render, wfepy_hooks.utils; sys.exit('graphviz' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.outside
def test_a_picture_of_many_tasks_is_made_in_time(article: Workflow, require: Callable[..., None]) -> None:
    require("dot")
    assert b"</svg>" in to_picture(to_dot(diagram(article)), "svg")
