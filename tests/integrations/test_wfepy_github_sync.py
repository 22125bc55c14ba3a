"""``wfepy github init`` and ``sync``: what is written, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from github_project import Flows, Repository

FILE = ".github/workflows/wfepy.yml"
CONFIG = """
[workflows.flow]
module = "flow"
schedule = "H/10 * * * *"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repo")
    made.write("wfepy.toml", CONFIG)
    return made


@pytest.fixture
def folder(repository: Repository) -> Flows:
    return Flows(repository.path)


def test_init_writes_the_file_and_says_what_to_do_next(repository: Repository, folder: Flows) -> None:
    run = folder.run("github", "init")
    first, *rest = run.stdout.splitlines()
    assert first == f"created {FILE}"
    assert (repository.path / FILE).is_file()
    said = "\n".join(rest)
    for word in (
        ".gitignore",
        "default branch",
        "contents: write",
        "gh workflow run wfepy.yml",
        "wfepy github doctor",
    ):
        assert word in said
    assert "secrets" not in said


def test_init_names_the_secrets_and_where_they_go(repository: Repository, folder: Flows) -> None:
    repository.write("wfepy.toml", CONFIG + '[plugins.wfepy_github]\nsecrets = ["SLACK", "SMTP"]\n')
    assert "make wfepy, and in it the secrets SLACK, SMTP" in folder.run("github", "init").stdout


def test_init_does_not_ask_to_ignore_what_is_ignored(repository: Repository, folder: Flows) -> None:
    repository.write(".gitignore", ".wfepy/\n")
    assert ".gitignore" not in folder.run("github", "init").stdout


def test_init_says_that_nothing_ticks_by_itself(repository: Repository, folder: Flows) -> None:
    repository.write("wfepy.toml", '[workflows.flow]\nmodule = "flow"\n')
    assert "nothing ticks by itself yet" in folder.run("github", "init").stdout
    assert "schedule:" not in (repository.path / FILE).read_text()


def test_the_file_is_written_at_the_top_of_the_repository(repository: Repository) -> None:
    repository.write("flows/a b/wfepy.toml", CONFIG)
    inner = Flows(repository.path / "flows/a b")
    assert inner.run("github", "sync").stdout == f"created ../../{FILE}\n"
    text = (repository.path / FILE).read_text()
    assert text.count("working-directory: flows/a b\n") == 2
    assert "            flows/a b/.wfepy/state\n" in text


def test_a_second_sync_changes_nothing(repository: Repository, folder: Flows) -> None:
    folder.run("github", "sync")
    before = (repository.path / FILE).stat().st_mtime_ns
    assert folder.run("github", "sync").stdout == f"unchanged {FILE}\n"
    assert (repository.path / FILE).stat().st_mtime_ns == before


def test_sync_follows_the_config(repository: Repository, folder: Flows) -> None:
    folder.run("github", "sync")
    repository.write("wfepy.toml", CONFIG.replace("H/10", "7"))
    assert folder.run("github", "sync").stdout == f"updated {FILE}\n"
    assert '- cron: "7 * * * *"' in (repository.path / FILE).read_text()


def test_check_shows_what_differs_and_writes_nothing(repository: Repository, folder: Flows) -> None:
    run = folder.run("github", "sync", "--check", code=1)
    assert "+++" in run.stdout
    assert not (repository.path / FILE).exists()
    folder.run("github", "sync")
    assert folder.run("github", "sync", "--check").stdout == ""
    repository.write("wfepy.toml", CONFIG.replace("H/10", "7"))
    before = (repository.path / FILE).read_bytes()
    run = folder.run("github", "sync", "--check", code=1)
    assert '+    - cron: "7 * * * *"' in run.stdout
    assert (repository.path / FILE).read_bytes() == before


@pytest.mark.parametrize("command", ["init", "sync"])
def test_a_file_edited_by_hand_is_only_overwritten_by_force(
    repository: Repository, folder: Flows, command: str
) -> None:
    folder.run("github", "sync")
    file = repository.path / FILE
    edited = file.read_text().replace("timeout-minutes: 40", "timeout-minutes: 50")
    file.write_text(edited)
    run = folder.run("github", command, code=2)
    assert "this file was edited by hand; nothing was written" in run.stderr
    assert file.read_text() == edited
    folder.run("github", "sync", "--check", code=1)
    folder.run("github", command, "--force")
    folder.run("github", "sync", "--check")


def test_a_file_of_somebody_else_is_only_overwritten_by_force(repository: Repository, folder: Flows) -> None:
    file = repository.write(FILE, "name: mine\n")
    run = folder.run("github", "init", code=2)
    assert "wfepy has not made this file" in run.stderr
    assert file.read_text() == "name: mine\n"
    folder.run("github", "init", "--force")


def test_two_projects_of_a_repository_have_a_file_each(repository: Repository, folder: Flows) -> None:
    folder.run("github", "sync")
    repository.write("other/wfepy.toml", CONFIG)
    other = Flows(repository.path / "other")
    run = other.run("github", "sync", code=2)
    assert "this file was made from wfepy.toml; nothing was written" in run.stderr
    assert 'name = "..."' in run.stderr
    repository.write("other/wfepy.toml", CONFIG + '[plugins.wfepy_github]\nname = "other"\n')
    other.run("github", "sync")
    text = (repository.path / ".github/workflows/other.yml").read_text()
    assert "group: other-tick" in text
    folder.run("github", "sync", "--check")


def test_a_file_that_git_gave_other_line_ends_is_ours(repository: Repository, folder: Flows) -> None:
    folder.run("github", "sync")
    file = repository.path / FILE
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert folder.run("github", "sync").stdout == f"updated {FILE}\n"


def test_a_folder_in_no_repository_is_refused(tmp_path: Path) -> None:
    folder = Flows(tmp_path)
    (tmp_path / "wfepy.toml").write_text(CONFIG)
    run = folder.run("github", "init", code=2)
    assert "this folder is in no git repository" in run.stderr
    assert "git init" in run.stderr


def test_a_wrong_setting_is_told_before_anything_is_written(repository: Repository, folder: Flows) -> None:
    repository.write("wfepy.toml", CONFIG + '[plugins.wfepy_github]\nscrets = ["A"]\n')
    run = folder.run("github", "init", code=4)
    assert 'did you mean "secrets"' in run.stderr
    assert not (repository.path / ".github").exists()


def test_the_generator_can_be_picked_by_its_name(repository: Repository, folder: Flows) -> None:
    folder.run("github", "sync")
    assert folder.run("generate", "github").stdout == (repository.path / FILE).read_text()
    folder.run("generate", "github", "--output", ".", "--check")
