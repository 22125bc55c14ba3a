"""``wfepy crontab show``, ``install``, ``uninstall`` and ``status``, with a program that keeps one file."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from cli_folder import error_line
from crontab_folder import CrontabFolder

ID = re.compile(r"coffee-[0-9a-f]{8}")


@pytest.fixture
def folder(tmp_path: Path) -> CrontabFolder:
    return CrontabFolder(tmp_path)


def id_of(folder: CrontabFolder) -> str:
    match = ID.search(folder.ok("crontab", "show"))
    assert match is not None
    return match[0]


def lines(folder: CrontabFolder) -> list[str]:
    """Return the lines of the crontab that are no comments."""
    text = (folder.table or b"").decode("utf-8", "surrogateescape")
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_show_prints_what_install_would_write_and_changes_nothing(folder: CrontabFolder) -> None:
    shown = folder.ok("crontab", "show")
    assert folder.calls() == []
    assert not (folder.path / ".wfepy").exists()
    folder.ok("crontab", "install")
    assert (folder.table or b"").decode().replace(" was=none", "") == shown


def test_by_default_there_is_one_line_for_all_workflows(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    (line,) = lines(folder)
    root = re.escape(str(folder.path))
    log = rf"{root}/\.wfepy/tick\.log"
    assert re.fullmatch(
        rf"0,3,8,13,18,23,28,30,33,38,43,48,53,58 \* \* \* \* cd {root} && exec /\S+/python\S* -m wfepy_hooks"
        rf" tick --due --log {log} >>{log} 2>&1 </dev/null",
        line,
    )


def test_the_line_does_what_it_says(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    folder.ok("start", "coffee", "--id", "one")
    command = lines(folder)[0].split(" ", 5)[5]
    assert os.system(f"cd / && env -i PATH=/usr/bin:/bin /bin/sh -c '{command}'") == 0
    log = (folder.path / ".wfepy/tick.log").read_text()
    assert "coffee/one a completed" in log
    assert folder.data("status")["instances"][0]["instance"] == "one"


def test_install_says_what_it_did_and_what_comes_next(folder: CrontabFolder) -> None:
    folder.table = b"# mine\n"
    told = folder.ok("crontab", "install").splitlines()
    assert re.fullmatch(r"coffee-[0-9a-f]{8}: installed in the crontab of \S+", told[0])
    assert told[1] == f"  {lines(folder)[0]}"
    assert told[2].startswith(f"as it was before: {folder.state_home}/wfepy-hooks/crontab/")
    assert re.fullmatch(r"next: \w+ (is advanced|begins) \w+ \d{4}-\d\d-\d\d \d\d:\d\d \w+ \(.*Z\)", told[3])
    assert folder.backups() == [b"# mine\n"]


def test_install_again_writes_nothing(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    before = folder.table
    folder.calls()
    assert ": unchanged in the crontab of " in folder.ok("crontab", "install")
    assert folder.calls() == ["-l"]
    assert folder.table == before
    assert folder.backups() == []


def test_install_brings_its_lines_up_to_date_where_they_are(folder: CrontabFolder) -> None:
    folder.table = b"# above\n"
    folder.ok("crontab", "install")
    folder.table = (folder.table or b"") + b"# below\n"
    folder.write(
        "wfepy.toml", '[wfepy]\nproject = "coffee"\n[workflows.a]\nmodule = "flow"\nschedule = "7 * * * *"\n'
    )
    assert ": updated in the crontab of " in folder.ok("crontab", "install")
    assert lines(folder)[0].startswith("7 * * * * cd ")
    table = folder.table or b""
    assert table.startswith(b"# above\n# wfepy begin ")
    assert table.endswith(b"\n# below\n")


@pytest.mark.parametrize(
    "table",
    [None, b"", b"MAILTO=ann\r\n0 0 * * *\tx\r\n", "# caf\xe9\n".encode("latin-1"), b"0 0 * * * no end"],
)
def test_uninstall_restores_the_crontab_byte_for_byte(table: bytes | None, folder: CrontabFolder) -> None:
    if table is not None:
        folder.table = table
    folder.ok("crontab", "install")
    installed = folder.table
    assert installed is not None
    assert installed.startswith(table or b"")
    told = folder.ok("crontab", "uninstall")
    assert folder.table == table
    assert folder.backups()[-1] == installed
    assert re.match(r"coffee-[0-9a-f]{8}: taken out of the crontab of ", told)
    assert ("there is no crontab any more" in told) == (table is None)


def test_uninstall_works_when_the_config_is_gone(folder: CrontabFolder) -> None:
    folder.table = b"0 0 * * * x"
    folder.ok("crontab", "install")
    (folder.path / "wfepy.toml").unlink()
    folder.ok("crontab", "uninstall")
    assert folder.table == b"0 0 * * * x"


def test_uninstall_finds_the_folder_below_another_project(folder: CrontabFolder, tmp_path: Path) -> None:
    folder.ok("crontab", "install")
    own = folder.table
    outer = CrontabFolder.__new__(CrontabFolder)
    outer.__dict__.update(folder.__dict__)
    outer.path = tmp_path
    outer.write(
        "wfepy.toml", '[wfepy]\nproject = "outer"\n[workflows.a]\nmodule = "a"\nschedule = "7 * * * *"\n'
    )
    outer.ok("crontab", "install")
    (folder.path / "wfepy.toml").unlink()
    assert folder.ok("crontab", "uninstall").startswith("coffee-")
    assert b"wfepy begin outer-" in (folder.table or b"")
    assert b"wfepy begin coffee-" in (own or b"")


def test_uninstall_works_when_the_folder_is_gone(folder: CrontabFolder, tmp_path: Path) -> None:
    folder.ok("crontab", "install")
    id = id_of(folder)
    shutil.rmtree(folder.path)
    folder.path = tmp_path
    assert id in error_line(folder.crontab("uninstall"), 1)
    assert "has no lines of a project" in error_line(folder.crontab("uninstall", "--project", id[:-1]), 1)
    folder.ok("crontab", "uninstall", "--project", id)
    assert folder.table is None


def test_uninstall_of_what_is_not_there_says_so(folder: CrontabFolder) -> None:
    folder.table = b"0 0 * * * x\n"
    assert "the crontab has no lines of this project" in error_line(folder.crontab("uninstall"), 1)
    assert folder.table == b"0 0 * * * x\n"


def test_two_projects_keep_to_their_own(folder: CrontabFolder, tmp_path: Path) -> None:
    folder.table = b"# mine"
    (tmp_path / "tea").mkdir()
    folder.ok("crontab", "install")
    first = folder.path
    shutil.copytree(first, tmp_path / "tea", dirs_exist_ok=True)
    folder.path = tmp_path / "tea"
    folder.ok("crontab", "install")
    assert len(lines(folder)) == 2
    folder.path = first
    folder.ok("crontab", "uninstall")
    assert len(lines(folder)) == 1
    assert f"cd {tmp_path}/tea " in lines(folder)[0]
    folder.path = tmp_path / "tea"
    folder.ok("crontab", "uninstall")
    assert folder.table == b"# mine"


def test_a_project_that_was_renamed_is_told_of_its_former_lines(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    folder.write(
        "wfepy.toml", '[wfepy]\nproject = "tea"\n[workflows.a]\nmodule = "flow"\nschedule = "7 * * * *"\n'
    )
    done = folder.crontab("install")
    assert done.returncode == 0
    assert re.search(
        r"warning: coffee-\w+ has lines for this folder, too; .* --project coffee-\w+", done.stderr
    )
    assert folder.ok("crontab", "uninstall").startswith("tea-")


def edit(folder: CrontabFolder) -> bytes:
    folder.ok("crontab", "install")
    folder.table = (folder.table or b"").replace(b"0,3,8", b"1,2")
    return folder.table or b""


def test_lines_that_were_edited_are_left_alone_without_force(folder: CrontabFolder) -> None:
    edited = edit(folder)
    for verb in ("install", "uninstall"):
        line = error_line(folder.crontab(verb), 1)
        assert "somebody has changed the lines of coffee-" in line
        assert "--force replaces them" in line
        assert folder.table == edited
    folder.ok("crontab", "install", "--force")
    assert lines(folder)[0].startswith("0,3,8")
    assert folder.backups()[-1] == edited


def test_uninstall_takes_out_edited_lines_with_force(folder: CrontabFolder) -> None:
    edit(folder)
    folder.ok("crontab", "uninstall", "--force")
    assert folder.table is None


def test_what_is_not_understood_is_refused_even_with_force(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    folder.table = broken = (folder.table or b"").rpartition(b"# wfepy end")[0]
    for words in (("install", "--force"), ("uninstall", "--force"), ("status",), ("show", "--diff")):
        assert "crontab, line 1: the block of wfepy has no end" in error_line(folder.crontab(*words), 1)
        assert folder.table == broken


@pytest.mark.parametrize(
    "said", ["You (ann) are not allowed to use this program (crontab)", "must be privileged to use -u", ""]
)
def test_access_denied_is_no_empty_crontab(said: str, folder: CrontabFolder) -> None:
    folder.table = b"0 0 * * * x\n"
    (folder.program / "says").write_text(said)
    line = error_line(folder.crontab("install"), 1)
    assert (said or "failed with exit code 1") in line
    assert line.endswith("nothing was changed")
    assert folder.calls() == ["-l"]
    assert folder.table == b"0 0 * * * x\n"


def test_a_program_that_refuses_keeps_the_old_crontab(folder: CrontabFolder) -> None:
    folder.table = b"0 0 * * * x\n"
    (folder.program / "refuses").write_text('"-":1: bad minute\nerrors in crontab file, can\'t install.\n')
    assert "bad minute; errors in crontab file" in error_line(folder.crontab("install"), 1)
    assert folder.table == b"0 0 * * * x\n"


def test_a_crontab_that_was_mangled_is_put_back(folder: CrontabFolder) -> None:
    folder.table = b"0 0 * * * x\n"
    (folder.program / "meddle").write_text('rm "$here/meddle"; echo mangled >"$here/table"\n')
    line = error_line(folder.crontab("install"), 1)
    assert "it was not what had been installed when it was read back; it is as it was before" in line
    assert folder.table == b"0 0 * * * x\n"
    assert folder.backups() == [b"0 0 * * * x\n", b"mangled\n"]


def test_another_program_may_be_named(folder: CrontabFolder, tmp_path: Path) -> None:
    shutil.copytree(folder.program, tmp_path / "other")
    program = [str(tmp_path / "other/crontab")]
    folder.write(
        "wfepy.toml",
        f'[workflows.a]\nmodule = "flow"\nstart = "@daily"\n[plugins.wfepy_crontab]\nprogram = {program}\n',
    )
    folder.ok("crontab", "install")
    assert folder.table is None
    assert (tmp_path / "other/table").exists()


def test_without_the_program_the_error_says_what_to_do(folder: CrontabFolder) -> None:
    folder.environ["PATH"] = "/nowhere"
    assert "crontab: there is no such program; install cron" in error_line(folder.crontab("install"), 1)
    assert "</dev/null" in folder.ok("crontab", "show")


@pytest.mark.parametrize("verb", ["show", "install"])
def test_without_any_schedule_the_error_says_what_to_write(verb: str, folder: CrontabFolder) -> None:
    folder.write("wfepy.toml", '[workflows.a]\nmodule = "flow"\n')
    line = error_line(folder.crontab(verb), 4)
    assert "no workflow has a schedule or a start" in line
    assert 'write schedule = "*/10 * * * *" (or start = "0 9 * * mon") below [workflows.NAME]' in line
    assert folder.calls() == []


def test_a_wrong_schedule_is_told_with_its_place(folder: CrontabFolder) -> None:
    folder.write("wfepy.toml", '[workflows.a]\nmodule = "flow"\nstart = "0 25 * * *"\n')
    assert '[workflows.a] start: hour "25": ' in error_line(folder.crontab("install"), 4)
    assert folder.calls() == []


def test_mail_errors_leaves_what_is_printed_to_cron(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install", "--mail-errors", "--log", "my.log")
    (line,) = lines(folder)
    assert line.endswith(f" tick --due --log {folder.path}/my.log --mail-errors </dev/null")


def test_settings_say_what_options_do(folder: CrontabFolder) -> None:
    settings = '\n[plugins.wfepy_crontab]\nlog = "logs/t.log"\nmail_errors = true\nper_workflow = true\n'
    with open(folder.path / "wfepy.toml", "a") as file:
        file.write(settings)
    assert "there is no such folder for the log; make it: mkdir -p " in error_line(
        folder.crontab("install"), 1
    )
    (folder.path / "logs").mkdir()
    folder.ok("crontab", "install")
    ends = [
        f" tick {name} --due --log {folder.path}/logs/t.log --mail-errors </dev/null"
        for name in ("coffee", "latte")
    ]
    assert [line.endswith(end) for line, end in zip(lines(folder), ends, strict=True)] == [True, True]
    assert [line.split()[0] for line in lines(folder)] == ["0,3,8,13,18,23,28,33,38,43,48,53,58", "*/30"]
    folder.ok("crontab", "status")


def test_wrong_settings_are_all_told(folder: CrontabFolder) -> None:
    with open(folder.path / "wfepy.toml", "a") as file:
        file.write('\n[plugins.wfepy_crontab]\nlogs = "x"\nmail_errors = "yes"\nprogram = []\n')
    done = folder.crontab("show")
    assert done.returncode == 4
    for problem in (
        '[plugins.wfepy_crontab] there is no key logs; did you mean "log"?',
        '[plugins.wfepy_crontab] mail_errors must be true or false, not "yes"',
        '[plugins.wfepy_crontab] program must be a program, such as "crontab", or a list of it and its first arguments',
    ):
        assert problem in done.stderr


def test_the_log_is_kept_out_of_git_and_nothing_else(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    ignore = folder.path / ".wfepy/.gitignore"
    assert ignore.read_text() == "tick.log*\n"
    ignore.write_text("mine\n")
    folder.ok("crontab", "install")
    assert ignore.read_text() == "mine\n"


def test_show_diff_shows_what_would_change(folder: CrontabFolder) -> None:
    folder.table = b"# mine\n"
    diff = folder.ok("crontab", "show", "--diff").splitlines()
    assert diff[:2] == ["--- crontab", "+++ crontab (wfepy)"]
    assert " # mine" in diff
    assert [line[0] for line in diff if "wfepy_hooks" in line] == ["+"]
    folder.ok("crontab", "install")
    done = folder.crontab("show", "--diff")
    assert (done.stdout, done.stderr) == ("", "wfepy: nothing would change\n")


def test_show_as_json(folder: CrontabFolder) -> None:
    data = folder.data("crontab", "show", "--per-workflow")
    assert ID.fullmatch(data["id"])
    assert len(data["lines"]) == 2
    assert data["text"].splitlines()[1:-1] == data["lines"]


def test_what_the_command_line_says_is_in_the_line(folder: CrontabFolder) -> None:
    (line,) = folder.data("-p", "no:nothing", "--state", "there", "crontab", "show")["lines"]
    assert f" -m wfepy_hooks --state {folder.path}/there -p no:nothing tick --due " in line


@pytest.mark.parametrize("name", [b"caf\xe9", "line\u2028end".encode(), b"a # b"])
def test_any_name_of_a_folder_goes_through(name: bytes, folder: CrontabFolder, tmp_path: Path) -> None:
    folder.path.rename(tmp_path / os.fsdecode(name))
    folder.path = tmp_path / os.fsdecode(name)
    folder.ok("crontab", "install")
    assert (name in (folder.table or b"")) == (b"#" not in name)
    assert folder.data("crontab", "status")["state"] == "installed"
    folder.ok("crontab", "uninstall")
    assert folder.table is None


def test_user_goes_with_cron_d_only(folder: CrontabFolder) -> None:
    assert "--user goes with --cron-d" in error_line(folder.crontab("show", "--user", "root"), 2)


def test_each_verb_has_help_and_one_is_needed(folder: CrontabFolder) -> None:
    text = folder.ok("crontab", "--help")
    for verb in ("show", "install", "uninstall", "status", "check"):
        assert re.search(rf"^    {verb}\b", text, re.MULTILINE)
        assert folder.ok("crontab", verb, "--help").startswith(f"usage: wfepy crontab {verb} [-h]")
    assert "VERB" in error_line(folder.crontab(), 2)
    assert folder.crontab("shwo").returncode == 2


def test_a_tick_imports_nothing_of_it_but_its_hooks(folder: CrontabFolder) -> None:
    done = folder.wfepy("tick", "--due", environ={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    assert re.findall(r"(wfepy_crontab\S*)$", done.stderr, re.MULTILINE) == ["wfepy_crontab"]
