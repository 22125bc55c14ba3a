"""The starter project works as it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cli_folder import Folder, error_line


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
