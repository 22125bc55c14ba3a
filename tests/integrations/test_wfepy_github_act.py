"""The generated workflow, run for real by ``act`` with a bare repository as the remote."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest

from act import TOKEN, Act
from github_project import BIN, Flows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Require

pytestmark = [pytest.mark.outside, pytest.mark.slow]

FLOW = """
import os

import wfepy_hooks as wfepy


@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("ask")
def begin(context):
    context["leaks"] = sorted(name for name, value in os.environ.items() if "sekrit" in value or "c2Vrcml0" in value)
    context["spice"] = os.environ.get("SPICE")
    context["mood"] = os.environ.get("MOOD")
    if context.get("broken"):
        raise ValueError("the cup is broken\\n::error::injected")
    return True


@wfepy.task()
@wfepy.end_point()
def ask(context, signals):
    if context.get("deadly"):
        os._exit(9)
    answer = signals.take("go")
    if answer is None:
        return wfepy.wait(signal="go", reason="nobody said go")
    context["answers"] = [*context.get("answers", []), [answer.data, answer.by]]
    return True
"""
CONFIG = """
[workflows.flow]
module = "flow.py"
start = "0 0 1 1 *"

[plugins.wfepy_github]
install = "wfepy --version"
secrets = ["SPICE"]
variables = {MOOD = "good: #1"}
"""
STATE = "flows/.wfepy/state/flow"


class Story:
    """A project on a branch of a remote, and a person with a clone of it."""

    def __init__(self, path: Path) -> None:
        self.act = Act(path)
        self.clone = path / "clone"
        self.act.git("clone", "-q", "https://github.com/acme/flows", str(self.clone), cwd=path)
        self.person = Flows(self.clone / "flows")
        self.person.environ |= {"HOME": str(self.act.home), "GIT_CONFIG_NOSYSTEM": "1"}
        self.person.write("flow.py", FLOW)
        self.person.write("wfepy.toml", CONFIG)
        (self.clone / ".gitignore").write_text(".wfepy/\n__pycache__/\n")
        self.person.run("github", "init")
        self.act.git("add", "-A", cwd=self.clone)
        self.act.git("commit", "-q", "-m", "flows", cwd=self.clone)
        self.act.git("push", "-q", "origin", "HEAD:main", cwd=self.clone)

    def start(self, *words: str) -> None:
        """Let the person begin an instance and push it."""
        self.person.run("github", "fetch")
        self.person.run("start", "flow", *words)
        self.person.run("github", "commit")

    def schedule(self) -> int:
        return self.act.run("schedule", self.clone)

    def dispatch(self, signal: str, instance: str, payload: str = "") -> int:
        return self.act.run(
            "workflow_dispatch", self.clone, signal=signal, instance=instance, payload=payload
        )

    def snapshot(self, name: str) -> dict[str, object]:
        data: dict[str, object] = json.loads(self.act.file(f"{STATE}/{name}.json"))
        return data


@pytest.fixture
def story(tmp_path: Path, require: Require) -> Story:
    require("act", (BIN / "act").exists())
    require("git")
    return Story(tmp_path)


def test_ticks_waits_and_signals_over_several_jobs(story: Story) -> None:
    # The first run makes the branch.
    assert story.schedule() == 0, story.act.last
    assert story.act.subjects() == ["flow: what the schedule has begun"]
    assert "there is no state yet" in story.act.last

    # The second goes on from there, with what a person has added meanwhile.
    story.start("--id", "a")
    assert story.schedule() == 0, story.act.last
    subjects = story.act.subjects()
    assert subjects[0] == "flow/a: begin done, ask waiting"
    assert len(subjects) == 3
    context = story.snapshot("a")["context"]
    assert context == {"leaks": [], "mood": "good: #1", "spice": "cinnamon"}

    # Nothing is due: no commit.
    assert story.schedule() == 0, story.act.last
    assert story.act.subjects() == subjects
    assert "nothing has changed, so there is no commit" in story.act.last

    # A signal wakes the task that waits for it.
    assert story.dispatch("go", "flow/a", '{"cups": 2}') == 0, story.act.last
    more = story.act.subjects()
    assert more[0] == "flow/a: ask waiting -> done, finished"
    assert more[1].startswith("flow/a: signal github-run-1 sent")
    assert more[2:] == subjects
    assert story.snapshot("done/a")["context"] == {**context, "answers": [[{"cups": 2}, "nektos/act"]]}

    # The run is repeated: the signal was delivered already.
    assert story.dispatch("go", "flow/a", '{"cups": 2}') == 0, story.act.last
    assert story.act.subjects() == more
    assert "flow/a got go already" in story.act.last

    # A task fails: the job is red, and the state is committed all the same.
    story.start("--id", "b", "--set", "broken=1")
    assert story.schedule() == 1
    assert "Success - Main Commit the state" in story.act.last
    assert "Failure - Main End red if a task failed" in story.act.last
    assert story.act.subjects()[0] == "flow/b: begin retrying"
    assert "the cup is broken" in story.act.file(f"{STATE}/b.jsonl")
    assert not (story.act.home / "artifact.tar").exists()
    committers = set(story.act.git("log", "wfepy-state", "--format=%cn <%ce>").splitlines())
    assert "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>" in committers
    assert_no_token(story)


def assert_no_token(story: Story) -> None:
    """Look for the token, and for what git gets of it, wherever it could have gone."""
    encoded = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    arguments = (story.act.home / "arguments.log").read_text()
    assert "push --porcelain" in arguments
    places = {
        "the log": story.act.log,
        "arguments": arguments,
        "commits": story.act.git("log", "--all", "-p", "--format=fuller"),
    }
    for file in [*story.act.home.rglob("*"), *story.clone.rglob("*")]:
        if file.is_file() and not file.is_symlink():
            places[str(file)] = file.read_bytes().decode("latin-1")
    assert [name for name, text in places.items() if TOKEN in text or encoded in text] == []


def test_what_cannot_be_pushed_is_kept_as_an_artifact_that_can_be_pushed_later(story: Story) -> None:
    story.start("--id", "a")
    before = story.act.subjects()
    hook = story.act.remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho closed on sundays >&2\nexit 1\n")
    hook.chmod(0o755)
    assert story.schedule() == 1
    assert "Failure - Main Commit the state" in story.act.last
    assert "closed on sundays" in story.act.last
    assert story.act.subjects() == before

    hook.unlink()
    again = story.act.path / "again"
    story.act.git("clone", "-q", "https://github.com/acme/flows", str(again), cwd=story.act.path)
    subprocess.run(["tar", "-xf", str(story.act.home / "artifact.tar"), "-C", str(again)], check=True)
    person = Flows(again / "flows")
    person.environ |= {"HOME": str(story.act.home), "GIT_CONFIG_NOSYSTEM": "1"}
    person.run("github", "commit")
    assert story.act.subjects()[1:] == before
    assert '"begin"' in story.act.file(f"{STATE}/a.jsonl")
    assert_no_token(story)


def test_what_a_tick_has_done_before_it_died_is_committed(story: Story) -> None:
    story.start("--id", "a", "--set", "deadly=1")
    assert story.schedule() == 1
    assert "Failure - Main Advance" in story.act.last
    assert "Success - Main Commit the state" in story.act.last
    assert '"begin"' in story.act.file(f"{STATE}/a.jsonl")


def test_a_signal_to_nobody_is_told_and_no_tick_follows(story: Story) -> None:
    story.start("--id", "a")
    before = story.act.subjects()
    assert story.dispatch("go", "flow/nobody") == 1
    assert "the signal was not recorded" in story.act.last
    assert "Run Main Advance" not in story.act.last
    assert story.act.subjects() == before
