"""``wfepy crontab status``: what is there, what comes, and what went wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crontab_folder import CrontabFolder


@pytest.fixture
def folder(tmp_path: Path) -> CrontabFolder:
    return CrontabFolder(tmp_path)


@pytest.mark.parametrize("options", [(), ("--per-workflow",), ("--mail-errors", "--log", "a b.log")])
def test_status_knows_how_the_lines_were_made(options: tuple[str, ...], folder: CrontabFolder) -> None:
    folder.ok("crontab", "install", *options)
    assert ": installed in the crontab of " in folder.ok("crontab", "status")


def test_status_compares_with_other_options_where_they_are_given(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install", "--log", "one.log")
    for options in (["--log", "two.log"], ["--per-workflow"], ["--mail-errors"]):
        done = folder.crontab("status", *options)
        assert (done.returncode, ": outdated in " in done.stdout) == (1, True)


def test_status_of_lines_that_no_schedule_needs_any_more(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    folder.write("wfepy.toml", '[wfepy]\nproject = "coffee"\n[workflows.a]\nmodule = "flow"\n')
    done = folder.crontab("status")
    assert (done.returncode, ": outdated in " in done.stdout) == (1, True)
    folder.ok("crontab", "uninstall")
    assert folder.table is None


def test_status_says_what_is_and_what_comes(folder: CrontabFolder) -> None:
    done = folder.crontab("status")
    assert done.returncode == 1
    assert ": not installed in the crontab of " in done.stdout
    folder.ok("crontab", "install")
    text = folder.ok("crontab", "status")
    assert re.search(r"^coffee-\w{8}: installed in the crontab of \S+, and current$", text, re.MULTILINE)
    assert (
        len(re.findall(r"^next     \w+ [\d-]+ [\d:]+ \w+ \(.*Z\)  (?:tick|start) \w+$", text, re.MULTILINE))
        == 3
    )
    assert f"log      {folder.path}/.wfepy/tick.log, not there yet: no tick has run" in text
    assert f"backups  {folder.state_home}/wfepy-hooks/crontab" in text


def test_status_shows_what_is_outdated_and_what_is_edited(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    kept = folder.table or b""
    config = folder.path / "wfepy.toml"
    config.write_text(config.read_text().replace("3-59/5", "7"))
    done = folder.crontab("status")
    assert done.returncode == 1
    assert ": outdated in the crontab of " in done.stdout
    assert re.search(r"^-0,3,8.*^\+0,7,30 ", done.stdout, re.MULTILINE | re.DOTALL)
    folder.table = kept.replace(b" * * * * cd", b" 1 * * * cd")
    done = folder.crontab("status", "--json")
    assert done.returncode == 1
    assert '"state": "edited"' in done.stdout


def test_status_shows_the_last_trouble_of_the_log(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    log = folder.path / ".wfepy/tick.log"
    bad = [f"2026-11-23T06:13:3{n}Z coffee/x b failed 0.0s: boom {n}" for n in range(7)]
    good = "2026-11-23T06:14:00Z coffee/x a completed 0.0s"
    log.write_text("\n".join([*bad, good, "wfepy: error: [workflows.a] no", ""]))
    data = folder.data("crontab", "status")
    assert data["trouble"] == [*bad[3:], "wfepy: error: [workflows.a] no"]
    assert "boom 6" in folder.ok("crontab", "status")
    log.write_text(good)
    assert f"log      {log}, no trouble in it" in folder.ok("crontab", "status")


def test_a_traceback_in_the_log_is_told_by_what_it_is_about(folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    log = folder.path / ".wfepy/tick.log"
    frames = ["Traceback (most recent call last):", '  File "flow.py", line 3, in b', "    boom()"]
    failed = "2026-11-23T06:13:30Z coffee/x b failed: KeyError: 'milk'"
    log.write_text("\n".join([failed, *frames, "KeyError: 'milk'", *frames, "OSError: full", *frames, ""]))
    assert folder.data("crontab", "status")["trouble"] == [failed, "OSError: full"]
    log.write_text("\n".join([f"2026-11-23T06:13:30Z {frames[0]}", *frames[1:], "KeyError: 'milk'"]))
    assert folder.data("crontab", "status")["trouble"] == ["2026-11-23T06:13:30Z KeyError: 'milk'"]


def test_lines_above_that_change_ours_are_warned_of(folder: CrontabFolder) -> None:
    folder.table = b"SHELL=/usr/bin/fish\nMAILTO=ann\n CRON_TZ = Asia/Kolkata\nSHELL=/bin/bash\n"
    for verb in ("install", "status"):
        warned = [line for line in folder.crontab(verb).stderr.splitlines() if "crontab, line" in line]
        assert [re.findall(r"line (\d): (.*?) (?:runs|moves)", line)[0] for line in warned] == [
            ("1", "SHELL=/usr/bin/fish"),
            ("3", "CRON_TZ = Asia/Kolkata"),
        ]


@pytest.mark.parametrize("made", ["wfepy crontab install --log", "wfepy crontab install 'x", "x"])
def test_status_does_not_stumble_over_a_comment_that_was_changed(made: str, folder: CrontabFolder) -> None:
    folder.ok("crontab", "install")
    folder.table = (folder.table or b"").replace(b"wfepy crontab install\n", f"{made}\n".encode())
    done = folder.crontab("status")
    assert (done.returncode, ": installed in " in done.stdout) == (0, True)
    assert "usage" not in done.stderr
