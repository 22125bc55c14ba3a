"""Workflows advance by themselves: real daemons run what ``wfepy crontab install`` has written.

The machine's own crontabs are never touched, see :mod:`cron_sandbox`. Debian's cron runs in a time of its own, which
libfaketime lets pass quickly; busybox is linked statically and has to live through a real minute.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cron_sandbox import WFEPY, Sandbox, can_be_root, has_program, wait_until

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Require

pytestmark = [pytest.mark.outside, pytest.mark.slow]

#: Every character that a shell, a cron or a crontab may take for something else, also where it hurts most.
ODD = (
    "a b'c\"d%e$f`g\\h!i*j?k&l;m|n<o>p(q)r#s~t\u00e9\u65e5=u@v:w{x}[y]^z,\\\\A\\\\\\B\\'C\\%D%%E\\\\%F$(G)-H."
)

FLOW = """
    import datetime
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def note(context):
        with open("ran", "a") as file:
            file.write(f"{datetime.datetime.now(datetime.timezone.utc):%FT%H:%M:%S}\\n")
        return True
"""


FAILING = """
    import os
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def look(context):
        if os.path.exists("bad"):
            raise RuntimeError("the machine is on fire")
        return wfepy.wait(reason="all is well")
"""

#: What Debian's cron calls for a mail.
SENDMAIL = "#!/bin/sh\ncat >>/run/mail\n"


class Project:
    """A project of one workflow, and what became of it."""

    def __init__(
        self, root: Path, sandbox: Sandbox, workflow: str, *, name: str = "", tasks: str = FLOW
    ) -> None:
        self.root = root
        self.sandbox = sandbox
        root.mkdir(parents=True)
        (root / "flow.py").write_text(textwrap.dedent(tasks))
        named = f'[wfepy]\nproject = "{name}"\n' if name else ""
        (root / "wfepy.toml").write_text(f'{named}[workflows.flow]\nmodule = "flow.py"\n{workflow}\n')

    def wfepy(self, *words: str, **options: Any) -> str:
        return self.sandbox.ok(*WFEPY, *words, cwd=self.root, **options)

    def ran(self) -> list[str]:
        """Return when the task has run, in UTC."""
        file = self.root / "ran"
        return file.read_text().split() if file.exists() else []

    def log(self) -> str:
        file = self.root / ".wfepy/tick.log"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def root(require: Require) -> None:
    require("unshare and root", can_be_root())


@pytest.fixture(scope="module", autouse=True)
def busybox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project | None]:
    """A project that crond of busybox shall advance, begun at first: its real minute passes during the other tests."""
    if not can_be_root() or not has_program("busybox"):
        yield None
        return
    folder = tmp_path_factory.mktemp("busybox")
    (folder / "spool").mkdir()
    program = ["busybox", "crontab", "-c", str(folder / "spool")]
    with Sandbox(folder / "home") as sandbox:
        settings = f'schedule = "* * * * *"\n[plugins.wfepy_crontab]\nprogram = {json.dumps(program)}'
        project = Project(folder / ODD, sandbox, settings)
        project.wfepy("start", "flow", "--id", "one")
        project.wfepy("crontab", "install")
        sandbox.spawn("busybox", "crond", "-f", "-c", str(folder / "spool"))
        yield project


def require_debian(require: Require) -> None:
    for program in ("cron", "crontab", "faketime"):
        require(program, has_program(program))


def test_debians_cron_advances_a_workflow_in_a_folder_of_odd_characters(
    root: None, require: Require, tmp_path: Path
) -> None:
    require_debian(require)
    with Sandbox(tmp_path / "home") as sandbox:
        project = Project(tmp_path / ODD, sandbox, 'schedule = "* * * * *"')
        project.wfepy("crontab", "install")
        project.wfepy("start", "flow", "--id", "one")
        sandbox.start_cron("2026-11-25 12:00:30", 30)
        wait_until(project.ran)
        assert project.ran()[0].startswith("2026-11-25T12:0")
        wait_until(lambda: "flow/one finished" in project.log())
        project.wfepy("crontab", "uninstall")
        left = sandbox.ok("crontab", "-l").splitlines()
        assert {line.partition("=")[0] for line in left} >= {"LD_PRELOAD", "FAKETIME"}
        assert not any("wfepy" in line for line in left)


def test_debians_cron_runs_a_file_of_cron_d(root: None, require: Require, tmp_path: Path) -> None:
    require_debian(require)
    with Sandbox(tmp_path / "home") as sandbox:
        project = Project(tmp_path / "flow", sandbox, 'start = "*/10 * * * *"', name="my.project")
        project.wfepy("crontab", "install", "--cron-d")
        assert sandbox.ok("stat", "-c", "%U %a", "/etc/cron.d/wfepy-my-project") == "root 644\n"
        sandbox.start_cron("2026-11-25 12:08:30", 60)
        wait_until(project.ran)


def test_debians_cron_mails_what_went_wrong_and_nothing_else(
    root: None, require: Require, tmp_path: Path
) -> None:
    require_debian(require)
    with Sandbox(tmp_path / "home") as sandbox:
        mount = "lowerdir=/usr/sbin,upperdir=/run/upper,workdir=/run/work"
        sandbox.ok("mkdir", "/run/upper", "/run/work")
        sandbox.ok("mount", "-t", "overlay", "overlay", "-o", mount, "/usr/sbin")
        sandbox.run(
            "sh", "-c", "cat >/usr/sbin/sendmail; chmod 755 /usr/sbin/sendmail", input=SENDMAIL.encode()
        )
        project = Project(tmp_path / "flow", sandbox, 'schedule = "* * * * *"', tasks=FAILING)
        project.wfepy("crontab", "install", "--mail-errors")
        project.wfepy("start", "flow", "--id", "one")
        sandbox.start_cron("2026-11-25 12:00:30", 60)
        wait_until(lambda: len(re.findall("^2026-11-25T12:.*Z 1 instance", project.log(), re.MULTILINE)) > 1)
        assert sandbox.run("cat", "/run/mail").returncode != 0
        (project.root / "bad").touch()
        wait_until(lambda: b"the machine is on fire" in sandbox.run("cat", "/run/mail").stdout)
        assert b"X-Cron-Env" in sandbox.run("cat", "/run/mail").stdout
        assert "the machine is on fire" in project.log()
        assert "the machine is on fire" in project.wfepy("crontab", "status")


@pytest.mark.parametrize(
    ("begin", "end", "instance"),
    [
        # 02:30 is skipped: due at 03:00.
        ("2026-03-29 01:57:00", "2026-03-29T01:30", "2026-03-29T0100Z"),
        # 02:30 comes twice: due the first time.
        ("2026-10-25 01:57:00", "2026-10-25T02:00", "2026-10-25T0030Z"),
    ],
    ids=["spring", "autumn"],
)
def test_debians_cron_starts_one_instance_where_the_clocks_are_changed(
    begin: str, end: str, instance: str, root: None, require: Require, tmp_path: Path
) -> None:
    require_debian(require)
    with Sandbox(tmp_path / "home", "Europe/Prague") as sandbox:
        project = Project(
            tmp_path / "flow", sandbox, 'start = "30 2 * * *"\ntimezone = "Europe/Prague"\ngrace = "3h"'
        )
        project.wfepy("crontab", "install")
        assert "\n*/30 * * * * cd " in sandbox.ok("crontab", "-l")
        sandbox.start_cron(begin, 600)
        wait_until(lambda: max([line[:16] for line in project.log().splitlines()], default="") >= end)
        data = json.loads(project.wfepy("status", "--all", "--json"))
        assert [each["instance"] for each in data["instances"]] == [instance]
        assert len(project.ran()) == 1


def test_crond_of_busybox_advances_a_workflow_in_a_folder_of_odd_characters(
    root: None, require: Require, busybox: Project | None
) -> None:
    require("busybox", has_program("busybox"))
    assert busybox is not None
    wait_until(lambda: "flow/one finished" in busybox.log())
    assert len(busybox.ran()) == 1
    busybox.wfepy("crontab", "uninstall")
    assert not (busybox.root.parent / "spool/root").exists()
