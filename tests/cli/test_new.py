"""The starter project works as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli_folder import Folder, error_line
from wfepy_hooks import UsageError
from wfepy_hooks.cli.newproject import write_project


def test_a_starter_project_runs_and_its_test_passes(folder: Folder) -> None:
    said = folder.ok("new", "my-reviews")
    assert said.splitlines()[-1] == "next: cd my-reviews && wfepy run my_reviews"
    project = Folder(folder.path / "my-reviews")
    assert "waits for review: write yes or no into verdict.txt" in project.ok("run", "my_reviews")
    project.write("verdict.txt", "no\n")
    assert "waits for review" in project.ok("tick")
    project.write("verdict.txt", "yes\n")
    assert "my_reviews/default finished" in project.ok("run", "my_reviews")
    assert (project.path / "published.txt").read_text() == "draft 2\n"
    assert project.ok("check") == "my_reviews: ok (3 tasks, 0 live instances)\n"
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project.path,
        env=project.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout


def test_the_name_can_be_given(folder: Folder) -> None:
    folder.ok("new", "x", "--name", "tea time")
    assert (folder.path / "x/tea_time_workflow.py").exists()
    assert 'module = "tea_time_workflow"' in (folder.path / "x/wfepy.toml").read_text()


@pytest.mark.parametrize(("name", "said"), [("42", "cannot be the name"), ("done", "cannot be the name")])
def test_a_name_that_cannot_be_one_is_refused(folder: Folder, name: str, said: str) -> None:
    assert said in error_line(folder.wfepy("new", name), 2)
    assert not (folder.path / name).exists()


def test_a_folder_that_is_not_empty_is_left_alone(folder: Folder) -> None:
    folder.write("full/file", "mine")
    assert "the folder is not empty; choose another folder" in error_line(folder.wfepy("new", "full"), 2)
    assert os.listdir(folder.path / "full") == ["file"]
    assert "no folder" in error_line(folder.wfepy("new", "full/file"), 2)
    (folder.path / "gone").symlink_to("nowhere")
    assert "it is there and no folder" in error_line(folder.wfepy("new", "gone"), 2)
    (folder.path / "empty").mkdir()
    folder.ok("new", "empty")


def test_a_new_git_repository_counts_as_empty(folder: Folder) -> None:
    (folder.path / "reviews/.git").mkdir(parents=True)
    project = Folder(folder.path / "reviews")
    project.ok("new", ".")
    project.ok("check")


def test_no_file_of_it_names_the_machine_on_which_it_was_made(folder: Folder) -> None:
    folder.ok("new", "reviews")
    for file in (folder.path / "reviews").iterdir():
        assert str(folder.path) not in file.read_text(), file.name


def test_it_needs_no_healthy_project_around_it(folder: Folder) -> None:
    folder.write("wfepy_plugins.py", "1 / 0")
    folder.write("wfepy.toml", "[wfepy")
    folder.ok("new", "fresh")


def test_the_next_command_can_be_pasted(folder: Folder) -> None:
    said = folder.ok("new", "tea time")
    assert said.splitlines()[-1] == "next: cd 'tea time' && wfepy run tea_time"


@pytest.mark.parametrize(
    ("limit", "words"), [(1024, ("new", "deep/er")), (2048, ("new", "--plugin", "wfepy-deploy", "deep/er"))]
)
def test_nothing_half_made_stays_where_it_cannot_be_written(
    folder: Folder, limit: int, words: tuple[str, ...]
) -> None:
    # A limit on the size of files is what comes nearest to a full disk. The shell counts blocks of 512 bytes.
    shell = ["sh", "-c", f'ulimit -f {limit // 512}; exec "$@"', "sh"]
    command = [*shell, sys.executable, "-m", "wfepy_hooks", *words]
    before = folder.state()
    done = subprocess.run(
        command, cwd=folder.path, env=folder.environ, capture_output=True, text=True, check=False
    )
    said = error_line(done, 2)
    assert "cannot be written: File too large; nothing of it is left" in said
    assert folder.state() == before
    assert not (folder.path / "deep").exists()
    folder.ok(*words)


def test_only_what_it_made_is_removed(tmp_path: Path) -> None:
    files = {"config.txt": "a/${module}.toml", "readme.txt": "a/b/README.md", "gitignore.txt": "mine/x"}
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(UsageError, match="cannot be written: Not a directory"):
        write_project(str(tmp_path), files, {"name": "x", "module": "x"})
    with pytest.raises(UsageError, match="cannot be written: File exists"):
        write_project(str(tmp_path), files | {"gitignore.txt": "mine"}, {"name": "x", "module": "x"})
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (tmp_path / "mine").read_text() == "mine"
