"""The log of ticks that a scheduler starts."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from cli_folder import Folder, error_line, flow, misbehaving
from wfepy_hooks.cli import ticklog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

PRINTING = """
    import subprocess
    print("from the task")
    subprocess.run(["sh", "-c", "echo from a program"])
"""


def log_of(folder: Folder) -> str:
    return (folder.path / "var/tick.log").read_text()


def test_everything_that_is_printed_goes_to_the_log(folder: Folder) -> None:
    folder.configure(flow=flow(PRINTING))
    folder.ok("start", "flow")
    done = folder.wfepy("tick", "--log", "var/tick.log")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = log_of(folder).splitlines()
    assert "from the task" in lines
    assert "from a program" in lines
    assert lines[-1].endswith(" 1 instance: 1 waiting")
    folder.ok("tick", "--log", "var/tick.log")
    assert log_of(folder).splitlines()[: len(lines)] == lines, "the log grows at its end"


@pytest.mark.parametrize("mail", [True, False])
def test_errors_are_mailed_where_that_is_wanted(folder: Folder, mail: bool) -> None:
    folder.configure(flow=misbehaving('print("looking"); raise ValueError("no milk")'))
    folder.ok("start", "flow")
    (folder.path / "var").mkdir()
    (folder.path / "var/tick.log").write_text("an earlier tick\n")
    done = folder.wfepy("tick", "--log", "var/tick.log", *["--mail-errors"] * mail)
    assert done.returncode == 1
    assert done.stdout == ""
    assert ("no milk" in done.stderr, "looking" in done.stderr) == (mail, mail)
    assert "an earlier tick" not in done.stderr
    assert "no milk" in log_of(folder)


def test_nothing_is_mailed_while_all_is_well(folder: Folder) -> None:
    folder.configure(flow=flow(PRINTING))
    folder.ok("start", "flow")
    done = folder.wfepy("tick", "--due", "--log", "var/tick.log", "--mail-errors")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_keeps_a_tick_from_running_is_in_the_log_and_is_printed(folder: Folder) -> None:
    folder.configure()
    done = folder.wfepy("tick", "no-such-workflow", "--log", "var/tick.log")
    assert "no-such-workflow" in error_line(done, 4)
    assert "no-such-workflow" in log_of(folder)


def test_each_thing_that_we_say_in_a_log_has_its_time(folder: Folder) -> None:
    folder.configure(flow=misbehaving('raise ValueError("no milk")'))
    folder.ok("start", "flow", "--id", "failing")
    folder.ok("start", "flow", "--id", "torn")
    (folder.path / "state/flow/torn.json").write_text("{")
    folder.wfepy("tick", "--log", "var/tick.log")
    folder.wfepy("tick", "no-such-workflow", "--log", "var/tick.log")
    ours = [line for line in log_of(folder).splitlines() if "wfepy: " in line or "Traceback" in line]
    ours += [line for line in log_of(folder).splitlines() if "torn" in line or "instances: " in line]
    assert len(ours) >= 4
    assert [line for line in ours if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S", line)] == []
    assert "Z 20" not in log_of(folder), "no line has two"


def test_a_log_that_cannot_be_written_keeps_no_tick_from_running(folder: Folder) -> None:
    folder.configure()
    folder.ok("start", "flow")
    folder.write("var", "no folder")
    done = folder.wfepy("tick", "--log", "var/tick.log")
    assert done.returncode == 0
    assert "var/tick.log: the log cannot be written" in done.stderr
    assert "1 instance: 1 waiting" in done.stdout


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--mail-errors",), "--mail-errors says nothing without --log"),
        (("--log",), "argument --log: expected one argument"),
        (("--log", "--due"), "argument --log: expected one argument"),
        (("--log", "x", "--json"), "--json and --log cannot both have the results"),
        (("--lod", "x"), "unrecognized arguments: --lod"),
    ],
)
def test_what_says_nothing_is_refused(folder: Folder, words: tuple[str, ...], problem: str) -> None:
    folder.configure()
    assert problem in error_line(folder.wfepy("tick", *words), 2)


def test_a_log_that_has_become_large_makes_way(tmp_path: Path) -> None:
    log = tmp_path / "tick.log"
    for number in range(8):
        ticklog.rotate(str(log))
        log.write_text(f"{number}" * ticklog.LARGEST)
    kept = sorted(os.listdir(tmp_path))
    assert kept == ["tick.log", *(f"tick.log.{number}" for number in range(1, 6))]
    assert [(tmp_path / name).read_text()[0] for name in kept] == ["7", "6", "5", "4", "3", "2"]


def test_a_log_that_is_not_large_stays(tmp_path: Path) -> None:
    log = tmp_path / "tick.log"
    ticklog.rotate(str(log))
    log.write_text("x" * (ticklog.LARGEST - 1))
    ticklog.rotate(str(log))
    assert os.listdir(tmp_path) == ["tick.log"]


@pytest.mark.parametrize(
    "words", [(), ("flow",), ("--due",), ("flow", "--due", "--log", "tick.log", "--mail-errors")]
)
def test_the_tick_of_a_scheduler_needs_no_parser(folder: Folder, words: tuple[str, ...]) -> None:
    folder.configure()
    command = [sys.executable, "-X", "importtime", "-m", "wfepy_hooks", "tick", *words]
    done = subprocess.run(
        command, cwd=folder.path, env=folder.environ, capture_output=True, text=True, check=True
    )
    assert "argparse" not in done.stderr
