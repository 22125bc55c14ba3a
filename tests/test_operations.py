"""What a person may do to the instances of a project, live and after a crash; in memory and with files."""

from __future__ import annotations

import sys
import textwrap
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import wfepy_hooks as wfepy
from wfepy_hooks import hookimpl, state
from wfepy_hooks.cli.wakes import wait_data
from wfepy_hooks.config import Config
from wfepy_hooks.errors import InstanceNotFound, LockedError, UsageError, WfepyError
from wfepy_hooks.held import Held
from wfepy_hooks.marking import STATUS_WORDS
from wfepy_hooks.operations import Operations
from wfepy_hooks.overview import Overview
from wfepy_hooks.project import Project
from wfepy_hooks.state import to_document

BEGIN = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)

#: ``b`` does what the context says; ``c`` is for those who want extra.
FLOW = """
    import wfepy_hooks as wfepy

    def does(context, name):
        context.setdefault("ran", []).append(name)
        told = context.get(name, True)
        if told == "give up":
            raise wfepy.GiveUp(name)
        if told == "raise":
            raise ValueError(name)
        if told == "sleep":
            return wfepy.wait(until="2d", reason="later")
        if told == "signal":
            return wfepy.wait(signal="go", reason="approval", deadline="3d")
        return told

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("b")
    @wfepy.followed_by("c", lambda context: context.get("extra"))
    def a(context):
        return does(context, "a")

    @wfepy.task()
    @wfepy.followed_by("d")
    def b(context):
        return does(context, "b")

    @wfepy.task()
    @wfepy.followed_by("d")
    def c(context):
        return does(context, "c")

    @wfepy.task()
    @wfepy.join_point()
    @wfepy.end_point()
    def d(context):
        return does(context, "d")
"""


class Watcher:
    """A plugin that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.ends: list[str] = []

    @hookimpl
    def wfepy_task_finished(self, task: wfepy.Task, result: wfepy.TaskResult) -> None:
        self.told.append((task.name, result.status, result.reason))

    @hookimpl
    def wfepy_instance_finished(self, status: str) -> None:
        self.ends.append(status)


class Bench:
    """A project with a clock that the test turns."""

    def __init__(self, path: Path, store: str) -> None:
        self.path = path
        self.first: dict[str, Any] = {}
        self.now = BEGIN
        self.watcher = Watcher()
        (path / "flow.py").write_text(textwrap.dedent(FLOW))
        (path / "wfepy.toml").write_text(
            f'[wfepy]\nstore = "{store}"\n[workflows.flow]\nmodule = "flow.py"\n'
        )
        self.open()

    def open(self) -> None:
        """Begin anew as another process would."""
        config = Config.load(cwd=self.path, autoload=False, environ={})
        config.clock = lambda: self.now
        config.plugins.register(self.watcher)
        kept = getattr(self, "project", None)
        self.project = Project(config)
        if kept is not None and config.store == "memory":
            self.project._store = kept.store
        self.operations = Operations(self.project)

    def start(self, **values: Any) -> None:
        self.first = values
        self.project.start("flow", "x", values)
        self.tick()

    def tick(self, **later: float) -> dict[str, Any]:
        self.now += timedelta(**later)
        reports = {report.instance: report for report in self.project.tick()}
        for report in reports.values():
            assert report.error is None, report.error
        return reports

    def read(self) -> wfepy.Instance:
        return self.project.read("flow", "x")

    def statuses(self) -> dict[str, str]:
        return {
            name: STATUS_WORDS[status]
            for name, status in zip(self.read().marking.graph.names, self.read().marking.status, strict=True)
        }

    def operate(self, verb: str, *task: str, **options: Any) -> Any:
        shown = self.operations.preview(verb, "flow", "x", *task) if task or verb != "retry" else None
        change = getattr(self.operations, verb)("flow", "x", *task, by="ann", **options)
        assert shown is None or shown.status in ("", change.status)
        self.check_replay()
        return change

    def records(self) -> list[dict[str, Any]]:
        return list(self.project.store.history("flow", "x"))

    def check_replay(self) -> None:
        """The instance that is saved is the one that its first snapshot and its whole history come to."""
        saved = self.read()
        codec = self.project.codec("flow")
        fresh = wfepy.Instance(saved.workflow, id="x", uid=saved.uid, created=saved.created)
        first = to_document(fresh, self.first)
        replayed = state.restore(first, self.records(), saved.workflow, codec).instance
        expected = to_document(saved, codec.encode(saved.context))
        assert to_document(replayed, codec.encode(replayed.context)) == expected
        document, newer, _ = self.project.store.read("flow", "x")
        assert newer == []
        by_records, by_document = Overview(first, self.records()), Overview(document, [])
        assert by_records.status == by_document.status
        assert by_records.paused == by_document.paused
        assert list(wait_data(by_records)) == list(wait_data(by_document))


@pytest.fixture(params=["memory", "files"])
def bench(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "flow", raising=False)
    return Bench(tmp_path, request.param)


# Retry


def test_a_task_that_failed_for_good_is_retried_and_its_instance_comes_back(bench: Bench) -> None:
    bench.start(b="give up")
    assert bench.read().status == "failed"
    assert bench.project.store.list("flow") == []
    change = bench.operate("retry", "b", reason="mended")
    assert (change.status, change.tasks, change.effects.runs) == ("running", ["b"], ["b"])
    assert bench.project.store.list("flow") == ["x"]
    assert bench.project.store.list("flow", ended=True) == []
    bench.tick()
    assert bench.read().context["ran"] == ["a", "b", "b"]
    assert bench.watcher.ends == ["failed", "failed"]
    assert bench.records()[3]["by"] == "ann"
    assert bench.records()[3]["reason"] == "mended"


def test_retry_without_a_task_is_about_all_that_failed(bench: Bench) -> None:
    bench.start(b="give up", c="raise", extra=True)
    assert bench.operate("retry").tasks == ["b", "c"]
    assert bench.statuses() == {"a": "done", "b": "ready", "c": "ready", "d": "pending"}
    assert bench.read().failures == {}
    with pytest.raises(UsageError, match="none of its tasks has failed"):
        bench.operations.retry("flow", "x")


def test_a_retried_task_that_waits_is_called_at_the_next_tick_and_keeps_its_deadline(bench: Bench) -> None:
    bench.start(b="signal")
    deadline, since = bench.read().waits["b"].deadline, bench.read().waits["b"].since
    assert bench.tick() == {}
    bench.operate("retry", "b")
    assert bench.tick(hours=1)["x"].summary.waiting == {"b": "approval"}
    wait = bench.read().waits["b"]
    assert bench.read().context["ran"] == ["a", "b", "b"]
    assert (wait.deadline, wait.since, wait.signals) == (deadline, since, ("go",))


# Skip and done


def test_a_task_that_waits_is_skipped_and_what_only_follows_from_it(bench: Bench) -> None:
    bench.start(b="sleep")
    change = bench.operate("skip", "b", reason="no time")
    assert change.effects.skipped == ["b", "d"]
    assert (change.status, bench.read().waits) == ("dead_end", {})
    assert bench.watcher.told[-2:] == [
        ("b", "skipped", "skipped by ann: no time"),
        ("d", "skipped", "because no transition to it was taken"),
    ]
    assert bench.watcher.ends == ["dead_end"]
    assert bench.project.store.list("flow") == []


def test_a_failed_task_is_declared_done_and_its_conditions_are_asked(bench: Bench) -> None:
    bench.start(a="raise", extra=True)
    change = bench.operate("done", "a")
    assert change.effects.transitions[0] == "b: taken"
    assert change.effects.transitions[1].startswith("c: as its condition says, at ")
    assert bench.records()[-1]["next"] == ["b: taken", "c: true"]
    assert change.effects.runs == ["b", "c"]
    assert ("a", "completed", "declared done by ann") in bench.watcher.told
    bench.tick()
    assert bench.read().context["ran"] == ["a", "b", "c", "d"]
    assert bench.read().status == "finished"


def test_a_task_whose_failure_ended_the_instance_can_be_declared_done(bench: Bench) -> None:
    bench.start(d="give up")
    change = bench.operate("done", "d")
    assert (change.status, bench.watcher.ends) == ("finished", ["failed", "finished"])
    assert bench.project.store.list("flow", ended=True) == ["x"]


def test_a_condition_that_raises_leaves_the_instance_as_it_was(bench: Bench) -> None:
    text = textwrap.dedent(FLOW).replace('context.get("extra")', 'context["nothing"]')
    (bench.path / "flow.py").write_text(text)
    bench.start()
    before = bench.records()
    with pytest.raises(WfepyError, match=r"a condition raised KeyError: 'nothing'.*mend it, or skip"):
        bench.operations.done("flow", "x", "a")
    assert bench.records() == before


# Rewind


def test_a_finished_instance_is_rewound_and_runs_to_its_end_again(bench: Bench) -> None:
    bench.start()
    bench.now += timedelta(hours=1)
    preview = bench.operations.preview("rewind", "flow", "x", "b")
    assert [(each["task"], each["status"]) for each in preview.again] == [("b", "done"), ("d", "done")]
    assert preview.again[0]["ended"].startswith("2026-11-23T06:00")
    change = bench.operate("rewind", "b", expected=preview)
    assert (change.status, change.effects.runs) == ("running", ["b"])
    assert bench.read().generation("d") == 1
    bench.tick()
    assert bench.read().context["ran"] == ["a", "b", "d", "b", "d"]
    assert bench.watcher.ends == ["finished", "finished"]


def test_what_waits_is_forgotten_by_a_rewind(bench: Bench) -> None:
    bench.start(d="signal")
    before = bench.read().idempotency_key("d")
    bench.operate("rewind", "b")
    assert (bench.read().waits, bench.read().idempotency_key("d") != before) == ({}, True)


def test_an_operation_is_refused_if_it_is_not_what_was_shown(bench: Bench) -> None:
    bench.start(b="signal")
    preview = bench.operations.preview("rewind", "flow", "x", "a")
    bench.operate("skip", "b")
    with pytest.raises(UsageError, match="it has changed meanwhile"):
        bench.operations.rewind("flow", "x", "a", expected=preview)


# Cancel, pause, resume


def test_a_cancelled_instance_is_filed_and_can_be_rewound(bench: Bench) -> None:
    bench.start(b="signal")
    change = bench.operate("cancel", reason="over")
    assert (change.status, change.effects.cancelled) == ("cancelled", ["b", "d"])
    assert bench.watcher.ends == ["cancelled"]
    assert bench.watcher.told[-2][:2] == ("b", "skipped")
    assert bench.project.store.list("flow", ended=True) == ["x"]
    with pytest.raises(UsageError, match="it has ended: cancelled; wfepy rewind flow x TASK"):
        bench.operations.cancel("flow", "x")
    change = bench.operate("rewind", "b")
    assert change.status == "running"
    assert bench.statuses() == {"a": "done", "b": "ready", "c": "skipped", "d": "pending"}


def test_an_instance_whose_end_point_is_done_is_cancelled_all_the_same(bench: Bench) -> None:
    text = textwrap.dedent(FLOW).replace("@wfepy.start_point()", "@wfepy.start_point()\n@wfepy.end_point()")
    (bench.path / "flow.py").write_text(text)
    bench.start(b="signal")
    assert bench.operate("cancel").status == "cancelled"
    assert bench.read().status == "cancelled"


def test_a_paused_instance_does_nothing_until_it_is_resumed(bench: Bench) -> None:
    bench.start(b="raise")
    change = bench.operate("pause", reason="lunch")
    assert change.paused
    paused = bench.read().paused
    assert paused is not None
    assert (paused["by"], paused["reason"]) == ("ann", "lunch")
    assert bench.tick(days=1) == {}
    assert bench.read().failures == {"b": 1}
    with pytest.raises(UsageError, match="it is paused already, by ann"):
        bench.operations.pause("flow", "x")
    assert bench.operate("retry", "b").paused
    bench.operate("resume")
    bench.tick()
    assert bench.read().failures == {"b": 1}
    with pytest.raises(UsageError, match="it is not paused"):
        bench.operations.resume("flow", "x")


# Crashes


def crash_before_save(bench: Bench, monkeypatch: pytest.MonkeyPatch, verb: str, *task: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Held, "save", crash)
        with pytest.raises(KeyboardInterrupt):
            getattr(bench.operations, verb)("flow", "x", *task, by="ann")


def crash(held: Held) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("verb", "ran"), [("skip", []), ("done", ["d"]), ("retry", ["b"]), ("rewind", ["b"])]
)
def test_what_is_in_the_history_is_done_though_the_machine_stops(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, verb: str, ran: list[str]
) -> None:
    bench.start(b="signal")
    crash_before_save(bench, monkeypatch, verb, "b")
    assert bench.tick()["x"].summary is not None
    assert bench.read().context["ran"] == ["a", "b", *ran]
    bench.check_replay()


def test_a_cancelled_instance_is_filed_though_the_machine_stops(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.start(b="signal")
    crash_before_save(bench, monkeypatch, "cancel")
    bench.tick()
    assert bench.watcher.ends == ["cancelled"]
    assert bench.project.store.list("flow", ended=True) == ["x"]


def test_an_instance_comes_back_at_the_second_try_if_the_machine_stops(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.start(b="give up")
    crash_before_save(bench, monkeypatch, "retry", "b")
    assert bench.project.store.list("flow") == []
    with pytest.raises(UsageError, match="it has not failed, and runs at the next tick"):
        bench.operations.retry("flow", "x", "b")
    assert bench.project.store.list("flow") == ["x"]
    bench.tick()
    assert bench.read().context["ran"] == ["a", "b", "b"]


# What makes no sense


@pytest.mark.parametrize(
    ("verb", "task", "message"),
    [
        ("retry", "a", "it is done already; wfepy rewind flow x a runs it"),
        ("skip", "a", "it is done already; wfepy rewind"),
        ("done", "c", "it is skipped already; wfepy rewind"),
        ("retry", "d", "it is not its turn; wfepy why flow x d"),
        ("skip", "d", "it is not its turn"),
        ("rewind", "d", "it is not its turn"),
        ("rewind", "bb", 'there is no task "bb"; did you mean "b"'),
    ],
)
def test_a_verb_that_makes_no_sense_says_what_would(bench: Bench, verb: str, task: str, message: str) -> None:
    bench.start(b="signal")
    before = bench.records()
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        getattr(bench.operations, verb)("flow", "x", task)
    assert bench.records() == before


def test_a_task_that_is_about_to_run_needs_no_retry(bench: Bench) -> None:
    bench.project.start("flow", "x", {})
    for verb in ("retry", "rewind"):
        with pytest.raises(UsageError, match="at the next tick"):
            getattr(bench.operations, verb)("flow", "x", "a")


def test_a_finished_instance_is_not_retried(bench: Bench) -> None:
    bench.start()
    with pytest.raises(UsageError, match="none of its tasks has failed"):
        bench.operations.retry("flow", "x")
    assert bench.project.store.list("flow", ended=True) == ["x"]
    with pytest.raises(InstanceNotFound):
        bench.operations.retry("flow", "y")


def test_a_rewind_that_a_join_would_undo_at_once_is_refused(bench: Bench) -> None:
    text = textwrap.dedent(FLOW).replace("@wfepy.join_point()", '@wfepy.join_point("any", cancel_rest=True)')
    (bench.path / "flow.py").write_text(text)
    bench.start(c="signal", extra=True)
    assert bench.statuses()["c"] == "cancelled"
    with pytest.raises(UsageError, match="d would run at once by another transition, and cancel it again"):
        bench.operations.rewind("flow", "x", "c")


# Who holds it


def test_an_instance_that_a_tick_holds_is_waited_for(bench: Bench) -> None:
    bench.start(b="signal")
    held = bench.project.hold("flow", "x")
    with pytest.raises(LockedError, match="--wait"):
        bench.operations.pause("flow", "x")
    with pytest.raises(LockedError):
        bench.operations.pause("flow", "x", wait=0.05)
    import threading

    timer = threading.Timer(0.2, held.session.release)
    timer.start()
    assert bench.operations.pause("flow", "x", wait=30).paused
    timer.join()
