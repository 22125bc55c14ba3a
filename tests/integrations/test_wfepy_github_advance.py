"""``wfepy github advance``: its exit codes, and how it ends when a job is cancelled."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from github_project import Flows

FLOW = """
import os, time
import wfepy_hooks as wfepy

@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("hang")
def begin(context):
    return True

@wfepy.task()
@wfepy.end_point()
def hang(context):
    if not os.path.exists("free"):
        open("hangs", "w").close()
        time.sleep(600)
    return True
"""


@pytest.fixture
def flows(tmp_path: Path) -> Flows:
    made = Flows(tmp_path)
    made.configure(flow=FLOW)
    made.environ |= {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path / "output")}
    made.run("start", "flow", "--id", "a")
    return made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_cancelled_keeps_what_was_done(flows: Flows, number: signal.Signals) -> None:
    process = flows.spawn("github", "advance")
    deadline = time.monotonic() + 30
    while not (flows.path / "hangs").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == 130
    document = json.loads((flows.path / "state/flow/a.json").read_text())
    assert document["tasks"]["begin"]["status"] == "done"

    (flows.path / "free").touch()
    flows.run("github", "advance")
    assert (flows.path / "state/flow/done/a.json").exists()
    assert "verdict<<" in (flows.path / "output").read_text()


def test_a_state_that_cannot_be_read_is_no_task_that_failed(flows: Flows) -> None:
    (flows.path / "free").touch()
    flows.run("start", "flow", "--id", "b")
    (flows.path / "state/flow/a.json").write_text("{")
    flows.run("github", "advance", code=3)
    assert (flows.path / "state/flow/done/b.json").exists()
    assert "\nfailed\n" in (flows.path / "output").read_text()


def test_it_advances_only_what_it_is_told_to(flows: Flows) -> None:
    run = flows.run("github", "advance", "nobody", code=4)
    assert 'there is no workflow "nobody"' in run.stderr
