"""``wfepy github doctor``, the heartbeat, and ``deliver``, on temporary git repositories."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from github_project import Flows, Repository

FILE = ".github/workflows/wfepy.yml"
FLOW = """
import wfepy_hooks as wfepy

@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def ask(context, signals):
    answer = signals.take("go")
    if answer is None:
        return wfepy.wait(signal="go", choices=("yes", "no"), deadline="30d")
    context["answer"] = [answer.data, answer.by]
    return True
"""
CONFIG = """
[workflows.flow]
module = "flow.py"
schedule = "H/10 * * * *"
"""


class Project:
    """A project in a clone of a bare repository, all of it pushed.

    :ivar remote: the bare repository
    :ivar flows: where its commands run
    """

    def __init__(self, path: Path) -> None:
        self.repository = Repository(path / "repo")
        self.remote = path / "remote.git"
        self.flows = Flows(self.repository.path)
        self.repository.git("init", "-q", "--bare", "-b", "main", str(self.remote))
        self.repository.git("remote", "add", "origin", str(self.remote))
        self.repository.write("wfepy.toml", CONFIG)
        self.repository.write("flow.py", FLOW)
        self.repository.write(".gitignore", ".wfepy/\n__pycache__/\n")
        self.flows.run("github", "init")
        self.push()

    def push(self) -> None:
        self.repository.commit()
        self.repository.git("push", "-q", "origin", "main")

    def begin(self) -> None:
        """Let there be an instance that waits, on the branch of the state."""
        self.flows.run("start", "flow", "--id", "a")
        self.flows.run("tick")
        self.flows.run("github", "commit")

    def age(self, days: int) -> str:
        """Put a commit of so many days ago on top of the branch of the state, and return its date."""
        when = datetime.now(timezone.utc) - timedelta(days=days)
        date = f"{int(when.timestamp())} +0000"
        git = self.repository.git
        git("fetch", "-q", "origin", "wfepy-state")
        old = git("rev-parse", "FETCH_HEAD^{tree}").strip()
        made = git("commit-tree", "-m", "old", old, GIT_COMMITTER_DATE=date, GIT_AUTHOR_DATE=date).strip()
        git("push", "-q", "--force", "origin", f"{made}:refs/heads/wfepy-state")
        return date

    def subjects(self) -> list[str]:
        return self.repository.git("-C", str(self.remote), "log", "--format=%s", "wfepy-state").splitlines()

    def findings(self, code: int = 0, *words: str) -> dict[str, dict[str, Any]]:
        run = self.flows.run("github", "doctor", "--json", *words, code=code)
        return {each["check"]: each for each in json.loads(run.stdout)["findings"]}

    def levels(self, code: int = 0, *words: str) -> dict[str, str]:
        return {check: each["level"] for check, each in self.findings(code, *words).items()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_project_that_is_well(project: Project) -> None:
    project.begin()
    levels = project.levels()
    assert set(levels.values()) == {"ok"}
    assert set(levels) == {
        *("drift", "pins", "permissions", "file size", "overdue"),
        *("default branch", "push", "last tick"),
    }
    run = project.flows.run("github", "doctor")
    assert len(run.stdout.splitlines()) == len(levels)
    assert "ok      default branch: .github/workflows/wfepy.yml is on main\n" in run.stdout


def test_a_last_tick_that_is_too_old_is_an_error(project: Project) -> None:
    project.begin()
    project.age(40)
    finding = project.findings(1)["last tick"]
    assert finding["level"] == "error"
    assert "40 days old" in finding["what"]
    assert "older than 31 days" in finding["what"]


def test_the_limit_is_a_setting(project: Project) -> None:
    project.begin()
    project.age(3)
    assert project.levels()["last tick"] == "ok"
    project.repository.write("wfepy.toml", CONFIG + '[plugins.wfepy_github]\nlast_tick = "2d"\n')
    assert project.levels(1)["last tick"] == "error"


def test_no_tick_yet_is_a_warning(project: Project) -> None:
    finding = project.findings()["last tick"]
    assert (finding["level"], finding["what"]) == ("warning", "no tick has committed any state yet")


def test_an_instance_that_was_due_long_ago_is_an_error(project: Project) -> None:
    project.begin()
    file = project.repository.path / ".wfepy/state/flow/a.json"
    document = json.loads(file.read_text())
    assert document["wake"]
    document["wake"] = "2026-01-01T00:00:00.000000Z"
    file.write_text(json.dumps(document))
    finding = project.findings(1, "--offline")["overdue"]
    assert finding["what"] == "1 instances should have been advanced, flow/a at 2026-01-01T00:00Z"
    # On the branch it was not: what is here is not what counts.
    assert project.levels()["overdue"] == "ok"
    project.flows.run("github", "commit")
    shutil.rmtree(project.repository.path / ".wfepy")
    assert project.levels(1)["overdue"] == "error"
    assert not (project.repository.path / ".wfepy").exists()


def test_a_file_that_is_missing_old_or_edited_is_an_error(project: Project) -> None:
    file = project.repository.path / FILE
    text = file.read_text()
    project.repository.write("wfepy.toml", CONFIG.replace("H/10", "7"))
    assert "is not what the config asks for" in project.findings(1, "--offline")["drift"]["what"]
    project.repository.write("wfepy.toml", CONFIG)
    file.write_text(text.replace("timeout-minutes: 40", "timeout-minutes: 50"))
    assert "was edited by hand" in project.findings(1, "--offline")["drift"]["what"]
    file.write_text("name: mine\n")
    assert "wfepy has not made" in project.findings(1, "--offline")["drift"]["what"]
    file.unlink()
    finding = project.findings(1, "--offline")["drift"]
    assert (finding["what"], finding["hint"]) == (f"there is no {FILE}", "wfepy github init")


@pytest.mark.parametrize(
    ("old", "new", "check", "what"),
    [
        (
            "3d3c42e5aac5ba805825da76410c181273ba90b1",
            "v7",
            "pins",
            "actions/checkout@v7 is not pinned to a commit",
        ),
        (
            "    permissions:\n      contents: write",
            "    permissions:\n      contents: read",
            "permissions",
            "may not push",
        ),
        ("permissions: {}", "permissions: write-all", "permissions", "more permissions than they need"),
    ],
)
def test_what_was_edited_is_told(project: Project, old: str, new: str, check: str, what: str) -> None:
    file = project.repository.path / FILE
    file.write_text(file.read_text().replace(old, new))
    findings = project.findings(1, "--offline")
    assert findings[check]["level"] == "error"
    assert what in findings[check]["what"]


def test_a_pin_that_nobody_has_looked_at_is_a_warning(project: Project) -> None:
    file = project.repository.path / FILE
    file.write_text(file.read_text().replace("3d3c42e5aac5ba805825da76410c181273ba90b1", "a" * 40))
    assert project.findings(1, "--offline")["pins"]["level"] == "warning"


def test_a_file_that_is_not_on_the_default_branch_is_an_error(project: Project) -> None:
    (project.repository.path / FILE).unlink()
    project.push()
    project.flows.run("github", "sync")
    finding = project.findings(1)["default branch"]
    assert finding["level"] == "error"
    assert f"schedules run from main alone, and {FILE} is not on it" in finding["what"]


def test_another_file_on_the_default_branch_is_a_warning(project: Project) -> None:
    project.repository.write("wfepy.toml", CONFIG.replace("H/10", "7"))
    project.flows.run("github", "sync")
    assert project.findings()["default branch"]["level"] == "warning"


def test_a_remote_that_cannot_be_asked_is_an_error(project: Project) -> None:
    project.repository.git("remote", "set-url", "origin", str(project.remote) + "-gone")
    levels = project.levels(1)
    assert [levels[check] for check in ("default branch", "push", "state")] == ["error"] * 3


@pytest.mark.parametrize(("size", "level", "code"), [(51, "warning", 0), (101, "error", 1)])
def test_a_file_that_github_refuses_is_told(project: Project, size: int, level: str, code: int) -> None:
    project.begin()
    with open(
        project.repository.path / ".wfepy/state/flow/big.jsonl", "wb"
    ) as stream:  # no such on the branch
        stream.truncate(size * 2**20)  # of holes: it takes no room
    finding = project.findings(code, "--offline")["file size"]
    assert finding["level"] == level
    assert f"flow/big.jsonl, {size}.0 MiB" in finding["what"]


def test_a_heartbeat_is_committed_after_30_idle_days_and_not_before(project: Project) -> None:
    project.begin()
    project.age(29)
    assert "so there is no commit" in project.flows.run("github", "commit").stderr
    project.age(31)
    before = project.subjects()
    assert "a heartbeat was pushed" in project.flows.run("github", "commit").stderr
    assert project.subjects() == ["heartbeat: nothing has changed for 30 days", *before]
    assert "so there is no commit" in project.flows.run("github", "commit").stderr
    git = project.repository.git
    assert git("-C", str(project.remote), "diff", "wfepy-state~1", "wfepy-state") == ""


def test_a_heartbeat_can_be_turned_off(project: Project) -> None:
    project.begin()
    project.age(31)
    project.repository.write("wfepy.toml", CONFIG + "[plugins.wfepy_github]\nheartbeat_days = 0\n")
    assert "so there is no commit" in project.flows.run("github", "commit").stderr


def test_work_goes_on_after_a_heartbeat(project: Project) -> None:
    project.begin()
    project.age(31)
    project.flows.run("github", "commit")
    project.flows.run("start", "flow", "--id", "b")
    project.flows.run("github", "commit")
    assert project.subjects()[0] == "flow/b: begins"


def deliver(project: Project, code: int = 0, **values: str) -> str:
    environ = {f"WFEPY_GITHUB_{name.upper()}": value for name, value in values.items() if name != "run"}
    environ |= {"GITHUB_ACTOR": "ann", "GITHUB_RUN_ID": values.get("run", "7")}
    return project.flows.run("github", "deliver", code=code, environ=environ).stderr


def test_a_signal_of_a_run_is_recorded_once_however_often_it_is_repeated(project: Project) -> None:
    project.begin()
    said = deliver(project, signal="go", instance="flow/a", payload="yes")
    assert "go is recorded for flow/a; for ask" in said
    assert project.subjects()[0] == "flow/a: signal github-run-7 sent"
    before = project.subjects()
    assert "was sent to flow/a already" in deliver(project, signal="go", instance="flow/a", payload="yes")
    assert project.subjects() == before
    project.flows.run("tick")
    project.flows.run("github", "commit")
    before = project.subjects()
    assert "flow/a got go already" in deliver(project, signal="go", instance="flow/a", payload="yes")
    assert project.subjects() == before
    done = json.loads((project.repository.path / ".wfepy/state/flow/done/a.json").read_text())
    assert done["context"]["answer"] == ["yes", "ann"]


@pytest.mark.parametrize(
    ("values", "code", "what"),
    [
        ({"instance": "flow"}, 2, '"flow" is no instance; write it as WORKFLOW/INSTANCE'),
        ({"instance": "tea/a"}, 2, 'there is no workflow "tea"; there are flow'),
        ({"instance": "flow/b"}, 3, "there is no"),
        ({"instance": "flow/../../x"}, 2, "cannot be the name of an instance"),
        (
            {"instance": "flow/a", "payload": "maybe"},
            2,
            'WFEPY_GITHUB_PAYLOAD: it is neither "yes" or "no" nor JSON',
        ),
        ({"instance": "flow/a", "payload": '"other"'}, 2, '"go" is refused'),
    ],
)
def test_a_signal_that_nobody_can_take_is_refused(
    project: Project, values: dict[str, str], code: int, what: str
) -> None:
    project.begin()
    before = project.subjects()
    assert what in deliver(project, code, signal="go", **values)
    assert project.subjects() == before
