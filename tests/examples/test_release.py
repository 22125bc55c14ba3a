"""examples/release, with a bug on the way: a wheel is built, tested, approved, published and installed for real."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import wfepy_hooks as wfepy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from examples.conftest import Example, ExampleFactory
    from wfepy_pytest import MakeRunner

CONFIG = str(Path(__file__).parents[2] / "examples/release/wfepy.toml")
WHEEL = "sample_greeter-1.0.0-py3-none-any.whl"


@pytest.fixture
def release(example: ExampleFactory) -> Example:
    return example("release")


def replace_in_source(release: Example, old: str, new: str) -> None:
    file = release.folder / "sample/src/greeter/__init__.py"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


@pytest.mark.slow
def test_it_releases_after_the_bug_is_fixed_and_somebody_approved(release: Example) -> None:
    replace_in_source(release, "Hello", "Good bye")
    assert release.wfepy("run", "release") == 0
    assert release.statuses()["fix"] == "waiting"
    assert release.wfepy("tick") == 0
    assert release.completed() == ["build_wheel", "run_tests"]

    replace_in_source(release, "Good bye", "Hello")
    assert release.wfepy("tick") == 0
    assert release.state()["tasks"]["build_wheel"]["generation"] == 1
    assert release.statuses()["await_approval"] == "waiting"
    assert not (release.folder / "out/simple").exists()

    (release.folder / "approved-1.0.0").touch()
    assert release.wfepy("tick") == 0, release.shown
    state = release.state()
    assert state["status"] == "finished"
    assert state["context"]["installed"] == ["greeter/__init__.py"]
    assert_index_is_a_simple_repository(release)
    assert_every_event_is_logged_once(release)


def assert_index_is_a_simple_repository(release: Example) -> None:
    folder = release.folder / "out/simple/sample-greeter"  # PEP 503: the name is normalised
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<a href="([^#"]+)#sha256=([0-9a-f]{64})">([^<]+)</a>', page) == [
        (WHEEL, hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest(), WHEEL)
    ]


def assert_every_event_is_logged_once(release: Example) -> None:
    lines = (release.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    finished = [
        (each["task"], each["generation"], each["status"])
        for each in events
        if "status" in each and "task" in each
    ]
    assert len(finished) == len(set(finished))
    assert ("run_tests", 0, "completed") in finished
    assert ("run_tests", 1, "completed") in finished
    assert ("fix", 1, "skipped") in finished
    assert [each["status"] for each in events if each["event"] == "instance finished"] == ["finished"]


def test_other_contents_under_a_published_version_are_refused(release: Example) -> None:
    published = release.folder / "out/simple/sample-greeter"
    published.mkdir(parents=True)
    (published / WHEEL).write_bytes(b"something else")
    (release.folder / "approved-1.0.0").touch()
    assert release.wfepy("run", "release") == 1
    assert "raise the version" in release.shown
    assert release.state()["status"] == "failed"
    assert (published / WHEEL).read_bytes() == b"something else"


def test_a_build_that_fails_is_tried_again_by_the_next_tick(release: Example) -> None:
    project = release.folder / "sample/pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace('"hatchling"]', '"hatchling", "no-such-backend"]'), encoding="utf-8")
    assert release.wfepy("run", "release") == 1
    assert "no-such-backend" in release.shown
    project.write_text(text, encoding="utf-8")
    assert release.wfepy("tick") == 0
    assert release.statuses()["await_approval"] == "waiting"


def test_a_fix_goes_round_again_and_nothing_is_published_before_it_is_approved(
    workflow_runner: MakeRunner,
) -> None:
    release = workflow_runner("release", config_file=CONFIG)
    passed = iter([False, True])
    release.replace("run_tests", lambda context: context.update(passed=next(passed)) or True)
    release.replace("fix", [wfepy.wait(reason="a patch"), True])
    release.replace(
        "await_approval", lambda context, signals: signals.take("yes") is not None or wfepy.wait(signal="yes")
    )
    for task in ("build_wheel", "write_notes", "publish", "verify"):
        release.replace(task, True)
    release.tick()
    release.assert_path("build_wheel", "run_tests")
    release.assert_waiting("fix", reason="a patch")
    release.tick()
    release.assert_path(..., "fix", "build_wheel", "run_tests", "write_notes")
    release.assert_waiting("await_approval", on="yes")
    release.signal("yes")
    release.tick()
    release.assert_path(..., "await_approval", "publish", "verify")
    release.assert_finished()


def test_every_release_comes_to_an_end(workflow_runner: MakeRunner) -> None:
    workflow_runner("release", config_file=CONFIG).fuzz_conditions()
