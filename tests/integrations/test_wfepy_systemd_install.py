"""``wfepy systemd install`` and the like.

No systemd runs as process 1 where these tests run, so a stand-in for ``systemctl`` writes down what it is asked; the
units themselves are read by systemd in ``test_wfepy_systemd_units.py``.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from cli_folder import Folder, error_line

SYSTEMCTL = """\
#!/bin/sh
echo "$*" >>"$HOME/calls"
case "$*" in
*is-system-running) cat "$HOME/running"; grep -qx running "$HOME/running" ;;
*"$(cat "$HOME/refused" 2>/dev/null || echo none)"*) echo "Access denied" >&2; exit 4 ;;
*show*) printf 'ActiveState=active\\nUnitFileState=enabled\\nNextElapseUSecRealtime=Mon 2026-11-23 09:00:00 UTC\\n' ;;
esac
"""


class Machine(Folder):
    """A folder with a project, and a home with a systemd."""

    def __init__(self, path: Path, *, running: str = "running") -> None:
        super().__init__(path / "demo")
        self.path.mkdir()
        self.home = path / "home"
        programs = path / "bin"
        programs.mkdir()
        self.home.mkdir()
        (programs / "systemctl").write_text(SYSTEMCTL)
        (programs / "systemctl").chmod(0o755)
        self.environ |= {"HOME": str(self.home), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        self.environ.pop("XDG_CONFIG_HOME", None)
        self.units = self.home / ".config/systemd/user"
        self.answer(running)
        self.schedule()

    def answer(self, running: str) -> None:
        (self.home / "running").write_text(running + "\n")

    def schedule(self, *lines: str, project: str = "demo") -> None:
        """Write a config with two workflows, the first with ``lines``."""
        table = "\n".join(lines or ['schedule = "*/10 * * * *"'])
        self.write(
            "wfepy.toml",
            f'[wfepy]\nproject = "{project}"\n[workflows.one]\nmodule = "one"\n{table}\n'
            '[workflows.two]\nmodule = "two"\nstart = "0 9 * * mon"\n',
        )

    def calls(self) -> list[str]:
        """Return what was asked of systemctl since the last time, but for whether it is running."""
        file = self.home / "calls"
        calls = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [call for call in calls if not call.endswith("is-system-running")]

    def installed(self) -> list[str]:
        return sorted(file.name for file in self.units.iterdir()) if self.units.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_showing_changes_nothing(machine: Machine) -> None:
    shown = machine.ok("systemd", "show")
    assert shown.startswith("==> wfepy-demo.service <==\n")
    assert "OnCalendar=*-*-* *:00,10,20,30,40,50:00 UTC" in shown
    assert machine.installed() == []
    assert machine.calls() == []


def test_the_generator_writes_the_same_units(machine: Machine) -> None:
    assert machine.ok("generate", "systemd") == machine.ok("systemd", "show")


def test_installing_writes_the_units_and_starts_the_timer(machine: Machine) -> None:
    said = machine.ok("systemd", "install")
    assert said.splitlines() == [
        f"created {machine.units}/wfepy-demo.service",
        f"created {machine.units}/wfepy-demo.timer",
        "started wfepy-demo.timer",
    ]
    assert machine.calls() == ["--user daemon-reload", "--user enable --now wfepy-demo.timer"]
    assert machine.installed() == ["wfepy-demo.service", "wfepy-demo.timer"]


def test_installing_again_changes_no_file(machine: Machine) -> None:
    machine.ok("systemd", "install")
    before = [(file.stat().st_ino, file.stat().st_mtime_ns) for file in machine.units.iterdir()]
    assert "unchanged" in machine.ok("systemd", "install")
    assert [(file.stat().st_ino, file.stat().st_mtime_ns) for file in machine.units.iterdir()] == before


def test_the_folder_is_where_xdg_says(machine: Machine) -> None:
    machine.environ["XDG_CONFIG_HOME"] = str(machine.home / "conf")
    machine.ok("systemd", "install")
    assert (machine.home / "conf/systemd/user/wfepy-demo.timer").exists()
    machine.environ["XDG_CONFIG_HOME"] = "relative"
    assert str(machine.units) in machine.ok("systemd", "install")


@pytest.mark.parametrize("running", ["offline", "unknown", ""])
def test_where_no_systemd_is_running_it_says_what_to_type(machine: Machine, running: str) -> None:
    machine.answer(running)
    done = machine.wfepy("systemd", "install")
    assert done.returncode == 0
    assert machine.calls() == []
    assert "    systemctl --user daemon-reload\n" in done.stderr
    assert "    systemctl --user enable --now wfepy-demo.timer\n" in done.stderr
    assert machine.installed() == ["wfepy-demo.service", "wfepy-demo.timer"]


def test_without_systemctl_it_says_what_to_type(machine: Machine) -> None:
    machine.environ["PATH"] = str(machine.home)
    assert "systemctl --user daemon-reload" in machine.wfepy("systemd", "install").stderr


def test_a_degraded_systemd_is_running(machine: Machine) -> None:
    machine.answer("degraded")
    machine.ok("systemd", "install")
    assert machine.calls() == ["--user daemon-reload", "--user enable --now wfepy-demo.timer"]


def test_what_systemd_refuses_is_told(machine: Machine) -> None:
    (machine.home / "refused").write_text("enable")
    line = error_line(machine.wfepy("systemd", "install"), 1)
    assert line.endswith("systemctl --user enable --now wfepy-demo.timer: Access denied")


def test_each_workflow_may_have_units_of_its_own(machine: Machine) -> None:
    machine.ok("systemd", "install", "--per-workflow")
    assert machine.installed() == [
        f"wfepy-demo--{name}.{kind}" for name in ("one", "two") for kind in ("service", "timer")
    ]
    assert "tick one --due" in (machine.units / "wfepy-demo--one.service").read_text()
    assert machine.calls()[1] == "--user enable --now wfepy-demo--one.timer wfepy-demo--two.timer"


def test_units_that_are_not_wanted_any_more_are_removed(machine: Machine) -> None:
    machine.ok("systemd", "install", "--per-workflow")
    machine.calls()
    assert f"removed {machine.units}/wfepy-demo--one.timer" in machine.ok("systemd", "install")
    assert machine.installed() == ["wfepy-demo.service", "wfepy-demo.timer"]
    assert machine.calls() == [
        "--user disable --now wfepy-demo--one.timer wfepy-demo--two.timer",
        "--user daemon-reload",
        "--user enable --now wfepy-demo.timer",
    ]


def test_a_unit_of_somebody_else_is_not_replaced(machine: Machine) -> None:
    machine.units.mkdir(parents=True)
    theirs = machine.units / "wfepy-demo.timer"
    theirs.write_text("[Timer]\n")
    line = error_line(machine.wfepy("systemd", "install"), 2)
    assert f"{theirs}: this unit is not of wfepy; move it away" in line
    assert machine.installed() == ["wfepy-demo.timer"]
    assert theirs.read_text() == "[Timer]\n"
    machine.ok("systemd", "uninstall")
    assert theirs.exists()


def test_a_project_of_the_same_name_elsewhere_is_not_replaced(machine: Machine, tmp_path: Path) -> None:
    machine.ok("systemd", "install")
    before = (machine.units / "wfepy-demo.timer").read_text()
    shutil.copytree(machine.path, tmp_path / "other/demo")
    machine.path = tmp_path / "other/demo"
    for verb in ("install", "uninstall"):
        line = error_line(machine.wfepy("systemd", verb), 2)
        assert (
            f"this unit is of the project in {tmp_path}/demo; uninstall it by wfepy systemd uninstall --project demo"
            in line
        )
    assert (machine.units / "wfepy-demo.timer").read_text() == before


def test_uninstalling_stops_and_removes_what_was_installed(machine: Machine) -> None:
    machine.units.mkdir(parents=True)
    (machine.units / "wfepy-demo2.timer").write_text("of somebody else\n")
    machine.ok("systemd", "install", "--per-workflow")
    machine.calls()
    assert machine.ok("systemd", "uninstall").count("removed") == 4
    assert machine.installed() == ["wfepy-demo2.timer"]
    assert machine.calls() == [
        "--user disable --now wfepy-demo--one.timer wfepy-demo--two.timer",
        "--user daemon-reload",
    ]


def test_uninstalling_works_from_anywhere_when_the_project_is_gone(machine: Machine, tmp_path: Path) -> None:
    machine.ok("systemd", "install")
    shutil.rmtree(machine.path)
    machine.path = tmp_path / "elsewhere"
    machine.path.mkdir()
    assert machine.ok("systemd", "uninstall", "--project", "demo").count("removed") == 2
    assert machine.installed() == []


def test_without_systemd_the_link_of_an_enabled_timer_is_removed_too(machine: Machine) -> None:
    machine.ok("systemd", "install")
    wants = machine.units / "timers.target.wants"
    wants.mkdir()
    (wants / "wfepy-demo.timer").symlink_to(machine.units / "wfepy-demo.timer")
    machine.answer("offline")
    machine.ok("systemd", "uninstall")
    assert os.listdir(wants) == []


def test_uninstalling_nothing_is_fine(machine: Machine) -> None:
    done = machine.wfepy("systemd", "uninstall")
    assert (done.returncode, done.stdout) == (0, "")
    assert f"there are no units of the project demo in {machine.units}" in done.stderr


def test_a_project_whose_name_begins_like_another_is_left_alone(machine: Machine) -> None:
    machine.ok("systemd", "install")
    machine.schedule(project="demo-2")
    machine.ok("systemd", "install")
    machine.schedule(project="demo")
    machine.ok("systemd", "uninstall")
    assert machine.installed() == ["wfepy-demo-2.service", "wfepy-demo-2.timer"]


def test_a_diff_shows_what_installing_would_change(machine: Machine) -> None:
    machine.ok("systemd", "install", "--per-workflow")
    machine.ok("systemd", "install")
    assert machine.ok("systemd", "show", "--diff") == ""
    machine.schedule('schedule = "*/30 * * * *"')
    diff = machine.ok("systemd", "show", "--diff").splitlines()
    assert "-OnCalendar=*-*-* *:00,10,20,30,40,50:00 UTC" in diff
    assert "+OnCalendar=*-*-* *:00,30:00 UTC" in diff
    diff = machine.ok("systemd", "show", "--diff", "--per-workflow").splitlines()
    assert diff[-1] == f"{machine.units}/wfepy-demo.timer: removed"


def test_the_status_says_what_is_installed_and_due(machine: Machine) -> None:
    done = machine.wfepy("systemd", "status")
    assert done.returncode == 1
    assert "missing" in done.stdout
    machine.ok("systemd", "install")
    lines = machine.ok("systemd", "status").splitlines()
    assert lines[0].split() == ["UNIT", "FILE", "ACTIVE", "ENABLED", "NEXT", "RESULT"]
    assert lines[2].split()[:6] == ["wfepy-demo.timer", "current", "active", "enabled", "Mon", "2026-11-23"]
    machine.schedule('schedule = "*/30 * * * *"')
    done = machine.wfepy("systemd", "status", "--json")
    data = json.loads(done.stdout)
    assert done.returncode == 1
    assert [(each["name"], each["file"]) for each in data["units"]] == [
        ("wfepy-demo.service", "current"),
        ("wfepy-demo.timer", "differs"),
    ]


def test_the_status_knows_units_that_nobody_wants(machine: Machine) -> None:
    machine.ok("systemd", "install")
    machine.write("wfepy.toml", '[wfepy]\nproject = "demo"\n[workflows.one]\nmodule = "one"\n')
    done = machine.wfepy("systemd", "status")
    assert done.returncode == 1
    assert done.stdout.count("not wanted") == 2


def test_the_machines_units_run_as_the_owner_of_the_project(machine: Machine) -> None:
    import pwd

    shown = machine.ok("systemd", "show", "--system")
    assert f"User={pwd.getpwuid(machine.path.stat().st_uid).pw_name}\n" in shown
    machine.write(
        "wfepy.toml", (machine.path / "wfepy.toml").read_text() + '[plugins.wfepy_systemd]\nuser = "bob"\n'
    )
    assert "User=bob\n" in machine.ok("systemd", "show", "--system")
