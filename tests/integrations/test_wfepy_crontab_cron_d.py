"""The file in ``/etc/cron.d``, in a folder of the test."""

from __future__ import annotations

import getpass
import os
import re
import stat
from pathlib import Path

import pytest

from cli_folder import error_line
from crontab_folder import CrontabFolder


@pytest.fixture
def folder(tmp_path: Path) -> CrontabFolder:
    made = CrontabFolder(tmp_path)
    (tmp_path / "cron.d").mkdir()
    with open(made.path / "wfepy.toml", "a") as file:
        file.write('\n[plugins.wfepy_crontab]\ncron_d = "../cron.d"\n')
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cron.d/wfepy-coffee"


def test_the_file_has_an_environment_and_a_user(folder: CrontabFolder, file: Path) -> None:
    shown = folder.ok("crontab", "show", "--cron-d", "--user", "root")
    assert not file.exists()
    assert ": installed in " in folder.ok("crontab", "install", "--cron-d", "--user", "root")
    assert file.read_text() == shown
    first, *lines, last = shown.splitlines()
    assert re.fullmatch(
        r"# wfepy begin coffee-\w{8} sum=\w{12} made by: wfepy crontab install --cron-d --user root", first
    )
    assert lines[:2] == ["SHELL=/bin/sh", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    assert lines[2].startswith(
        f"0,3,8,13,18,23,28,30,33,38,43,48,53,58 * * * * root cd {folder.path} && exec "
    )
    assert len(lines) == 3
    assert last.startswith("# wfepy end coffee-")
    assert folder.calls() == []


def test_everybody_may_read_it_and_only_its_owner_write(folder: CrontabFolder, file: Path) -> None:
    before = os.umask(0o077)
    try:
        folder.ok("crontab", "install", "--cron-d")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert os.listdir(file.parent) == ["wfepy-coffee"]


def test_who_owns_the_folder_runs_the_ticks(folder: CrontabFolder) -> None:
    line = folder.data("crontab", "show", "--cron-d")["lines"][-1]
    assert line.split()[5] == getpass.getuser()


def test_a_user_that_is_not_there_is_refused(folder: CrontabFolder) -> None:
    line = error_line(folder.crontab("install", "--cron-d", "--user", "no such"), 2)
    assert 'there is no user "no such"; give a user of this machine: --user NAME' in line


def test_the_name_has_no_dot(folder: CrontabFolder, file: Path) -> None:
    config = folder.path / "wfepy.toml"
    config.write_text(config.read_text().replace('"coffee"', '"my.coffee"'))
    folder.ok("crontab", "install", "--cron-d")
    assert os.listdir(file.parent) == ["wfepy-my-coffee"]


def test_install_again_writes_nothing(folder: CrontabFolder, file: Path) -> None:
    folder.ok("crontab", "install", "--cron-d")
    before = file.stat()
    assert ": unchanged in " in folder.ok("crontab", "install", "--cron-d")
    assert file.stat().st_ino == before.st_ino
    assert folder.backups() == []


def test_mail_goes_where_the_settings_say(folder: CrontabFolder, file: Path) -> None:
    with open(folder.path / "wfepy.toml", "a") as stream:
        stream.write('mailto = "ops@example.org"\nmail_errors = true\n')
    folder.ok("crontab", "install", "--cron-d", "--per-workflow")
    text = file.read_text()
    assert "\nMAILTO=ops@example.org\n" in text
    assert text.count("--mail-errors </dev/null") == 2


def test_a_file_of_somebody_else_is_left_alone(folder: CrontabFolder, file: Path) -> None:
    file.write_text("0 0 * * * root x\n")
    for verb in ("install", "status"):
        line = error_line(folder.crontab(verb, "--cron-d"), 1)
        assert (
            f"{file}: it is not ours, and was left as it is; remove it, or give this project another name"
            in line
        )
    assert "has no lines of this project" in error_line(folder.crontab("uninstall", "--cron-d"), 1)
    assert file.read_text() == "0 0 * * * root x\n"


def test_a_file_of_another_project_of_the_same_name_is_left_alone(
    folder: CrontabFolder, file: Path, tmp_path: Path
) -> None:
    folder.ok("crontab", "install", "--cron-d")
    before = file.read_bytes()
    folder.path.rename(tmp_path / "moved")
    folder.path = tmp_path / "moved"
    assert "it is the file of coffee-" in error_line(folder.crontab("install", "--cron-d", "--force"), 1)
    assert file.read_bytes() == before


def test_what_somebody_has_added_is_not_removed(folder: CrontabFolder, file: Path) -> None:
    folder.ok("crontab", "install", "--cron-d")
    file.write_bytes(file.read_bytes() + b"0 0 * * * root x\n")
    for verb in ("install", "uninstall"):
        assert "it is not ours" in error_line(folder.crontab(verb, "--cron-d", "--force"), 1)
    assert file.exists()


def test_edited_lines_are_replaced_with_force_only(folder: CrontabFolder, file: Path) -> None:
    folder.ok("crontab", "install", "--cron-d")
    edited = file.read_bytes().replace(b"SHELL=/bin/sh", b"SHELL=/bin/bash")
    file.write_bytes(edited)
    for verb in ("install", "uninstall"):
        assert f"{file}: somebody has changed the lines" in error_line(folder.crontab(verb, "--cron-d"), 1)
    assert '"state": "edited"' in folder.crontab("status", "--cron-d", "--json").stdout
    folder.ok("crontab", "install", "--cron-d", "--force")
    assert b"SHELL=/bin/sh\n" in file.read_bytes()
    assert folder.backups() == [edited]


def test_a_broken_file_is_told_with_its_line(folder: CrontabFolder, file: Path) -> None:
    folder.ok("crontab", "install", "--cron-d")
    file.write_bytes(file.read_bytes().rpartition(b"# wfepy end")[0])
    for words in (("install", "--force"), ("uninstall",), ("status",)):
        assert f"{file}, line 1: the block of wfepy has no end" in error_line(
            folder.crontab(*words, "--cron-d"), 1
        )


def test_status_knows_its_user(folder: CrontabFolder, file: Path) -> None:
    folder.ok("crontab", "install", "--cron-d", "--user", "nobody")
    assert f": installed in {file}, and current" in folder.ok("crontab", "status", "--cron-d")
    assert ": outdated in " in folder.crontab("status", "--cron-d", "--user", "root").stdout
    assert ": not installed in the crontab of " in folder.crontab("status").stdout


def test_uninstall_removes_the_file_also_when_the_config_is_gone(
    folder: CrontabFolder, file: Path, tmp_path: Path
) -> None:
    folder.ok("crontab", "install", "--cron-d")
    (file.parent / "other").write_text("0 0 * * * root x\n")
    (folder.path / "wfepy.toml").write_text('[plugins.wfepy_crontab]\ncron_d = "../cron.d"\n')
    assert f": removed {file}" in folder.ok("crontab", "uninstall", "--cron-d")
    assert os.listdir(file.parent) == ["other"]


def test_show_diff_compares_with_the_file(folder: CrontabFolder, file: Path) -> None:
    assert f"+++ {file} (wfepy)" in folder.ok("crontab", "show", "--cron-d", "--diff")
    folder.ok("crontab", "install", "--cron-d")
    assert folder.ok("crontab", "show", "--cron-d", "--diff") == ""


def test_a_folder_that_cannot_be_written_is_told_with_what_to_do(
    folder: CrontabFolder, tmp_path: Path
) -> None:
    (tmp_path / "cron.d").rmdir()
    line = error_line(folder.crontab("install", "--cron-d"), 1)
    assert "it cannot be written: No such file or directory; root may do that (sudo); without root:" in line
