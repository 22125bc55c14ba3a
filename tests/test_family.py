"""Sub-workflows, and what comes through the inbox, by a project in a folder that is opened anew for each step."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import textwrap
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from killing import killed_at
from wfepy_hooks.clock import format_time
from wfepy_hooks.config import Config
from wfepy_hooks.operations import Operations
from wfepy_hooks.project import Project
from wfepy_hooks.sending import send_signal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARENT = """
    import wfepy_hooks as wfepy

    @wfepy.start_point()
    @wfepy.task({options})
    @wfepy.followed_by("end")
    @wfepy.followed_by("mend", on="failed")
    @wfepy.followed_by("late", on="timeout")
    def build(context):
        return wfepy.start_child({call})

    @wfepy.task()
    @wfepy.end_point()
    def end(context):
        return True

    @wfepy.task()
    @wfepy.end_point()
    def mend(context):
        return True

    @wfepy.task()
    @wfepy.end_point()
    def late(context):
        return True
"""
IDLE = """
    @wfepy.start_point()
    @wfepy.end_point()
    @wfepy.task()
    def idle(context):
        return False
"""
CHILD = """
    import wfepy_hooks as wfepy

    @wfepy.start_point()
    @wfepy.end_point()
    @wfepy.task()
    def work(context, signals):
        context["calls"] = context.get("calls", 0) + 1
        if context.get("fails"):
            raise wfepy.GiveUp("no")
        if context.get("waits") and not signals.take("go"):
            return wfepy.wait(signal="go")
        return True
"""
BEGIN = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)
NUMBERS = itertools.count()


class Home:
    """A project of a parent and a child workflow."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = BEGIN
        number = next(NUMBERS)  # modules of different files need different names
        self.modules = [f"family{number}_{name}" for name in ("parent", "child")]
        (path / f"{self.modules[1]}.py").write_text(textwrap.dedent(CHILD))
        parent, child = self.modules
        config = f'[workflows.parent]\nmodule = "{parent}.py"\n\n[workflows.child]\nmodule = "{child}.py"\n'
        (path / "wfepy.toml").write_text(config)

    def begin(self, call: str, options: str = "", more: str = "", *, handled: bool = True) -> None:
        text = textwrap.dedent(PARENT).format(call=call, options=options) + textwrap.dedent(more)
        if not handled:
            text = text.replace('on="failed"', 'on="timeout"')
        (self.path / f"{self.modules[0]}.py").write_text(text)
        self.open().start("parent", "p")

    def open(self) -> Project:
        return Project(Config.load(cwd=self.path, autoload=False, environ={}, clock=lambda: self.now))

    def tick(self, **later: float) -> dict[str, str]:
        """Tick, and return what each advanced instance has become; the last that is said of it."""
        self.now += timedelta(**later)
        found = {}
        for report in self.open().tick():
            assert report.error is None, report.error
            assert report.summary is not None
            found[f"{report.workflow}/{report.instance}"] = report.summary.status
        return found

    def document(self, name: str) -> dict[str, Any]:
        workflow, _, instance = name.partition("/")
        document, records, _ = self.open().store.read(workflow, instance)
        assert records == []
        return document

    def records(self, name: str) -> list[dict[str, Any]]:
        workflow, _, instance = name.partition("/")
        return list(self.open().store.history(workflow, instance))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    made = Home(tmp_path)
    yield made
    for module in made.modules:
        sys.modules.pop(module, None)


def test_a_child_runs_in_the_same_tick_and_its_end_is_that_of_the_task(home: Home) -> None:
    home.begin('"child", data={"size": 3}')
    assert home.tick() == {"parent/p": "finished", "child/p.build": "finished"}
    outcome = home.document("parent/p")["context"]["build"]
    assert outcome == {
        "workflow": "child",
        "instance": "p.build",
        "status": "finished",
        "context": {"calls": 1, "size": 3},
    }


def test_the_id_and_the_key_may_be_chosen(home: Home) -> None:
    home.begin('"child", id="c", into="made"')
    assert home.tick() == {"parent/p": "finished", "child/c": "finished"}
    assert home.document("parent/p")["context"]["made"]["instance"] == "c"


def test_a_child_that_fails_is_a_failure_of_the_task(home: Home) -> None:
    home.begin('"child", data={"fails": True}')
    assert home.tick() == {"parent/p": "finished", "child/p.build": "failed"}
    tasks = home.document("parent/p")["tasks"]
    assert tasks["mend"]["status"] == "done"
    assert tasks["build"]["error"] == "ChildFailed: the child child/p.build ended as failed"


def test_the_parent_sleeps_while_the_child_waits(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}')
    home.tick()
    assert home.document("parent/p")["wake"] is None
    assert home.tick() == {}
    send_signal(home.open(), "child", "c", "go")
    assert home.tick() == {"child/c": "finished", "parent/p": "finished"}


def test_cancelling_the_parent_cancels_the_child(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}')
    home.tick()
    Operations(home.open()).cancel("parent", "p", by="ann")
    assert home.tick() == {"child/c": "cancelled"}


def test_a_child_finds_by_itself_that_its_task_was_skipped(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}', more=IDLE)
    home.tick()
    Operations(home.open()).skip("parent", "p", "build", by="ann")
    shutil.rmtree(home.path / ".wfepy/state/child/inbox")  # the message is lost
    send_signal(home.open(), "child", "c", "other")
    assert home.tick()["child/c"] == "cancelled"


def test_a_timeout_of_the_task_cancels_the_child(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}, deadline="1d"')
    home.tick()
    assert home.tick(days=1) == {"parent/p": "finished", "child/c": "cancelled"}


def test_a_child_whose_parent_is_gone_is_cancelled_when_it_wakes(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}')
    home.tick()
    for file in (home.path / ".wfepy/state/parent").glob("p.*"):
        file.unlink()
    send_signal(home.open(), "child", "c", "other")
    assert home.tick() == {"child/c": "cancelled"}


def test_a_child_of_a_finished_parent_of_the_same_id_is_not_its_own(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}')
    home.tick()
    file = home.path / ".wfepy/state/parent/p.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "uid": "0123456789ab"}))
    send_signal(home.open(), "child", "c", "other")
    assert home.tick()["child/c"] == "cancelled"


def test_an_id_that_another_instance_has_is_a_failed_attempt(home: Home) -> None:
    home.begin('"child", id="c"')
    home.open().start("child", "c", {"waits": True})
    home.tick()
    assert "there is a live instance of this id" in home.document("parent/p")["tasks"]["build"]["error"]


def rewind(home: Home, task: str = "build") -> None:
    Operations(home.open()).rewind("parent", "p", task, by="ann")


def test_a_task_that_is_rewound_begins_a_child_with_a_number_behind_the_id(home: Home) -> None:
    home.begin('"child", id="c"')
    home.tick()
    for name in ("c.2", "c.3"):
        rewind(home)
        assert home.tick() == {"parent/p": "finished", f"child/{name}": "finished"}
        assert home.document("parent/p")["context"]["build"]["instance"] == name
        waits = [record["wait"] for record in home.records("parent/p") if "wait" in record]
        assert waits[-1]["child"] == f"child/{name}"


def test_a_rewind_cancels_the_child_that_is_waited_for_and_another_is_begun(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}')
    home.tick()
    rewind(home)
    assert home.tick() == {"parent/p": "running", "child/c": "cancelled", "child/c.2": "running"}
    assert "signals" not in home.document("parent/p"), "nobody would ever take that the old child has ended"
    send_signal(home.open(), "child", "c.2", "go")
    assert home.tick() == {"child/c.2": "finished", "parent/p": "finished"}


def test_the_old_child_is_cancelled_although_the_message_of_the_rewind_was_lost(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}')
    home.tick()
    rewind(home)
    shutil.rmtree(home.path / ".wfepy/state/child/inbox")
    assert home.tick()["child/c"] == "cancelled"


def test_a_rewind_of_an_earlier_task_that_had_no_child_yet_changes_no_id(home: Home) -> None:
    home.begin('"chidl", id="c"')
    home.tick()
    rewind(home)
    file = home.path / f"{home.modules[0]}.py"
    file.write_text(file.read_text().replace("chidl", "child"))
    sys.modules.pop(home.modules[0], None)
    assert home.tick() == {"parent/p": "finished", "child/c": "finished"}


def test_a_number_makes_no_id_too_long(home: Home) -> None:
    home.begin(f'"child", id="{"c" * 99}"')
    home.tick()
    rewind(home)
    first, second = (name.partition("/")[2] for name in home.tick())
    assert (first, len(second), second[:80]) == ("p", 100, "c" * 80)


def retry(home: Home) -> None:
    Operations(home.open()).retry("parent", "p", "build", by="ann")


def test_a_task_that_is_retried_after_its_child_failed_begins_another(home: Home) -> None:
    home.begin('"child", id="c", data={"fails": True}', handled=False)
    assert home.tick() == {"parent/p": "failed", "child/c": "failed"}
    retry(home)
    assert home.tick() == {"parent/p": "failed", "child/c.2": "failed"}
    assert "child/c.2 ended as failed" in home.document("parent/p")["tasks"]["build"]["error"]
    rewind(home)
    assert home.tick() == {"parent/p": "failed", "child/c.3": "failed"}


def test_a_child_that_was_mended_is_taken_by_the_retried_task_of_a_parent_that_had_failed(home: Home) -> None:
    home.begin('"child", id="c", data={"fails": True}', handled=False)
    home.tick()
    Operations(home.open()).done("child", "c", "work", by="ann")
    retry(home)
    assert home.tick() == {"parent/p": "finished"}
    outcome = home.document("parent/p")["context"]["build"]
    assert (outcome["instance"], outcome["status"]) == ("c", "finished")


def test_a_child_that_is_retried_runs_although_its_parent_has_failed_of_it(home: Home) -> None:
    home.begin('"child", id="c", data={"fails": True}', handled=False)
    home.tick()
    file = home.path / f"{home.modules[1]}.py"
    file.write_text(file.read_text().replace('raise wfepy.GiveUp("no")', "return True"))
    sys.modules.pop(home.modules[1], None)
    Operations(home.open()).retry("child", "c", "work", by="ann")
    assert home.tick() == {"child/c": "finished"}
    retry(home)
    assert home.tick() == {"parent/p": "finished"}
    assert home.document("parent/p")["context"]["build"]["instance"] == "c"


def test_a_child_that_was_mended_is_taken_by_the_retried_task_of_a_parent_that_goes_on(home: Home) -> None:
    home.begin('"child", id="c", data={"fails": True}', handled=False, more=IDLE)
    home.tick()
    Operations(home.open()).done("child", "c", "work", by="ann")
    assert home.tick() == {"parent/p": "running"}, "it has been told, and nothing waits for it"
    retry(home)
    home.tick()
    assert home.document("parent/p")["tasks"]["end"]["status"] == "done"
    assert home.document("parent/p")["context"]["build"]["instance"] == "c"


def test_an_unknown_workflow_is_named_with_those_that_there_are(home: Home) -> None:
    home.begin('"chidl"')
    home.tick()
    error = home.document("parent/p")["tasks"]["build"]["error"]
    assert 'start_child("chidl"): there is no such workflow; configured are parent, child' in error


def killed_everywhere(home: Home) -> Iterator[int]:
    """Kill a tick of the instances as they are now at each of its fault points, and tick on after each."""
    first = {file: file.read_bytes() for file in (home.path / ".wfepy").rglob("*") if file.is_file()}
    for point in itertools.count(1):
        shutil.rmtree(home.path / ".wfepy")
        for file, data in first.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        if not killed_at(point, home.tick):
            return
        for _ in range(3):
            home.tick()
        yield point


@pytest.mark.slow
def test_a_kill_at_any_moment_starts_no_second_child_and_loses_no_end(home: Home) -> None:
    home.begin('"child", id="c"')
    point = 0
    for point in killed_everywhere(home):
        assert home.document("parent/p")["status"] == "finished", point
        assert home.document("child/c")["status"] == "finished", point
        assert home.document("parent/p")["context"]["build"]["status"] == "finished"
        ends = [record for record in home.records("parent/p") if record["event"] == "signal"]
        assert len(ends) == 1, point
    assert point > 40, "the kills have met many moments"


@pytest.mark.slow
@pytest.mark.parametrize("again", [rewind, retry])
def test_a_kill_at_any_moment_after_a_child_begins_one_more_and_not_two(home: Home, again: Any) -> None:
    home.begin('"child", id="c", data={"fails": True}', handled=False)
    home.tick()
    again(home)
    point = 0
    for point in killed_everywhere(home):
        assert sorted(home.open().store.list("child", ended=True)) == ["c", "c.2"], point
        assert "child/c.2 ended as failed" in home.document("parent/p")["tasks"]["build"]["error"], point
    assert point > 40, "the kills have met many moments"


# The inbox


def put(home: Home, stem: str, **fields: Any) -> None:
    """Commit a signal by hand."""
    folder = home.path / ".wfepy/state/child/inbox/c"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.json").write_text(json.dumps(fields))


def test_a_signal_that_a_person_commits_is_delivered_once_by_its_id(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}')
    home.tick()
    put(home, "one", name="other", by="ann", sent=format_time(BEGIN))
    home.tick()
    put(home, "one", name="go")  # the id was delivered before
    assert home.tick() == {"child/c": "running"}
    assert not (home.path / ".wfepy/state/child/inbox/c").exists()
    signals = [record for record in home.records("child/c") if record["event"] == "signal"]
    assert [(each["id"], each["name"], each.get("by")) for each in signals] == [("one", "other", "ann")]
    put(home, "two", name="go")
    assert home.tick()["child/c"] == "finished"


def test_a_signal_is_kept_when_a_kill_comes_between_history_and_inbox(home: Home) -> None:
    home.begin('"child", id="c", data={"waits": True}')
    home.tick()
    put(home, "one", name="other")
    point = 1
    while killed_at(point, home.tick):
        point += 1
        signals = [record["id"] for record in home.records("child/c") if record["event"] == "signal"]
        assert signals in ([], ["one"])
    signals = [record["id"] for record in home.records("child/c") if record["event"] == "signal"]
    assert signals == ["one"]
    assert [each["id"] for each in home.document("child/c")["signals"]] == ["one"]
