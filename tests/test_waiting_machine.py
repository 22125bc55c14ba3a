"""A life of one instance by a state machine: ticks, kills, signals, clocks, people, edited code, restored files.

Hypothesis prints the steps that repeat a failure, and the seed with ``--hypothesis-seed``.
"""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
import textwrap
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import graphs  # noqa: F401  # it loads the profile of hypothesis
from killing import killed_at
from wfepy_hooks.clock import format_time
from wfepy_hooks.config import Config
from wfepy_hooks.errors import InstanceNotFound, UsageError
from wfepy_hooks.operations import Operations
from wfepy_hooks.project import Project
from wfepy_hooks.sending import send_signal

FLOW = """
    import wfepy_hooks as wfepy

    def effect(key):
        with open({effects!r}, "a") as file:
            file.write(key + chr(10))

    @wfepy.start_point()
    @wfepy.task()
    @wfepy.followed_by("review")
    @wfepy.followed_by("NAP")
    @wfepy.followed_by("flaky")
    def begin(context, idempotency_key):
        effect(idempotency_key)
        return True

    @wfepy.task(deadline="2d", remind_every="7h")
    @wfepy.followed_by("end")
    @wfepy.followed_by("escalate", on="timeout")
    def review(context, signals, idempotency_key):
        context["reviews"] = context.get("reviews", 0) + 1
        signal = signals.take("go")
        if signal is None:
            return wfepy.wait(signal="go", choices=("yes", "no"))
        context["answer"] = signal.data
        effect(idempotency_key)
        return True

    @wfepy.task(renamed_from="OLD")
    @wfepy.followed_by("end")
    def NAP(context):
        return wfepy.sleep("1d")

    @wfepy.task(retry=wfepy.Retry(4, delay="3h", inline_up_to="0s"))
    @wfepy.followed_by("end")
    def flaky(context, attempt, idempotency_key):
        context["tries"] = context.get("tries", 0) + 1
        if attempt < 3:
            raise ValueError(f"attempt {attempt}")
        effect(idempotency_key)
        return True

    @wfepy.task()
    @wfepy.followed_by("end")
    def escalate(context, idempotency_key):
        effect(idempotency_key)
        return True

    @wfepy.join_point()
    @wfepy.end_point()
    @wfepy.task()
    def end(context, idempotency_key):
        effect(idempotency_key)
        return True
"""
VERBS = ["pause", "resume", "cancel", "retry", "skip", "rewind"]
NUMBERS = itertools.count()
BEGIN = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="wfepy-life-"))
        number = next(NUMBERS)  # modules of different files need different names
        self.versions = [f"life{number}_one", f"life{number}_two"]
        for version, (nap, old) in zip(self.versions, (("nap", "rest"), ("rest", "nap")), strict=True):
            text = textwrap.dedent(FLOW).replace("NAP", nap).replace("OLD", old)
            text = text.replace("{effects!r}", repr(str(self.folder / "effects.txt")))
            (self.folder / f"{version}.py").write_text(text)
        self.version = self.versions[0]
        self.path = list(sys.path)
        self.now = BEGIN
        self.latest = BEGIN
        self.sent: dict[str, str] = {}
        self.backup: Path | None = None
        #: How often the effect of a task had happened when its end was first seen in the history.
        self.settled: dict[str, int] = {}
        self.configure()

    def teardown(self) -> None:
        sys.path[:] = self.path
        for version in self.versions:
            sys.modules.pop(version, None)
        shutil.rmtree(self.folder)

    def configure(self) -> None:
        (self.folder / "wfepy.toml").write_text(f'[workflows.life]\nmodule = "{self.version}.py"\n')

    def open(self) -> Any:
        return Project(Config.load(cwd=self.folder, autoload=False, environ={}, clock=lambda: self.now))

    @property
    def state(self) -> Any:
        return self.folder / ".wfepy" / "state" / "life"

    def is_live(self) -> Any:
        return (self.state / "a.json").exists()

    # What may happen

    @initialize()
    def start(self) -> None:
        self.open().start("life", "a")

    @rule()
    def tick(self) -> None:
        self.tick_once()

    def tick_once(self) -> None:
        for report in self.open().tick():
            assert report.error is None, report.error

    @rule(point=st.integers(1, 60))
    def tick_that_is_killed(self, point: Any) -> None:
        killed_at(point, self.tick_once)

    @rule(hours=st.sampled_from([1, 3, 8, 25, 700]))
    def time_passes(self, hours: Any) -> None:
        self.now += timedelta(hours=hours)
        self.latest = max(self.latest, self.now)

    @rule(hours=st.integers(1, 30))
    def the_clock_is_set_back(self, hours: Any) -> None:
        self.now -= timedelta(hours=hours)

    @rule(name=st.sampled_from(["go", "go", "other"]), data=st.sampled_from(["yes", "no"]))
    def signal(self, name: Any, data: Any) -> None:
        self.send(f"s{len(self.sent) + 1}", name, data)

    @precondition(lambda self: self.sent)
    @rule(choose=st.randoms(use_true_random=False))
    def signal_once_more(self, choose: Any) -> None:
        self.send(choose.choice(sorted(self.sent)), "go", "no")

    def send(self, id: Any, name: Any, data: Any) -> None:
        try:
            send_signal(self.open(), "life", "a", name, data, by="ann", id=id, now=self.now)
        except (UsageError, InstanceNotFound):
            assert self.open().read("life", "a").status != "running"
        else:
            self.sent.setdefault(id, name)

    @rule(
        verb=st.sampled_from(["pause", "resume", "cancel", "retry", "skip", "rewind"]),
        task=st.sampled_from(["review", "flaky", "end"]),
    )
    def person(self, verb: Any, task: Any) -> None:
        operations = Operations(self.open())
        arguments = () if verb in ("pause", "resume", "cancel") else (task,)
        try:
            getattr(operations, verb)("life", "a", *arguments, by="ann", reason="a test")
        except UsageError:
            return

    @rule()
    def the_code_is_edited(self) -> None:
        self.versions.reverse()
        self.version = self.versions[0]
        self.configure()

    @rule()
    def a_copy_is_made(self) -> None:
        self.backup = self.folder / "backup"
        shutil.rmtree(self.backup, ignore_errors=True)
        shutil.copytree(self.state, self.backup)

    @precondition(lambda self: self.backup is not None)
    @rule()
    def the_copy_is_restored(self) -> None:
        shutil.rmtree(self.state)
        assert self.backup is not None
        shutil.copytree(self.backup, self.state)
        self.settled.clear()  # what is after the copy is undone, and may happen once more

    # What must hold

    def records(self) -> Any:
        return list(self.open().store.history("life", "a"))

    @invariant()
    def no_task_runs_again_whose_end_is_recorded(self) -> None:
        file = self.folder / "effects.txt"
        effects = Counter(file.read_text().split()) if file.exists() else Counter()
        uid = self.open().store.read("life", "a")[0]["uid"]
        for record in self.records():
            if record.get("status") == "completed":
                key = f"life/a/{uid}/{record['task']}/{record['generation']}"
                assert effects[key] == self.settled.setdefault(key, effects[key]), key

    @invariant()
    def it_is_in_one_place_and_can_be_read(self) -> None:
        places = [(self.state / "a.json").exists(), (self.state / "done" / "a.json").exists()]
        assert sum(places) == 1
        self.open().read("life", "a")

    @invariant()
    def the_history_has_no_gap_and_no_signal_twice(self) -> None:
        records = self.records()
        assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
        ids = [record["id"] for record in records if record["event"] == "signal"]
        assert len(ids) == len(set(ids))
        taken = [id for record in records for id in record.get("consumed", ())]
        assert len(taken) == len(set(taken))
        assert set(taken) <= set(ids)

    @invariant()
    def each_task_ends_once_in_a_generation_and_times_out_only_late(self) -> None:
        ends: Counter[tuple[str, int]] = Counter()
        deadlines = {}
        for record in self.records():
            if record["event"] == "operator" and record["verb"] in ("rewind", "retry"):
                ends.clear()  # begins anew
            if record["event"] != "task":
                continue
            if "deadline" in record:
                deadlines[record["task"], record["generation"]] = record["deadline"]
            if record["status"] in ("completed", "failed", "timed_out"):
                ends[record["task"], record["generation"]] += 1
            if record["status"] == "timed_out":
                assert deadlines[record["task"], record["generation"]] <= record["at"]
                assert record["at"] <= format_time(self.latest)
        assert all(count == 1 for count in ends.values()), ends

    @invariant()
    def a_second_tick_at_once_changes_nothing_unless_something_polls(self) -> None:
        project = self.open()
        if not self.is_live():
            return
        instance = project.read("life", "a")
        if instance.paused is None:
            return
        before = {path: path.read_bytes() for path in self.state.rglob("a.json*")}
        if any((self.state / "inbox" / "a").glob("*.json")):
            return
        list(project.tick())
        after = {path: path.read_bytes() for path in self.state.rglob("a.json*")}
        if not instance.parent and before != after:
            # Only what a killed tick left may have been saved.
            assert len(self.records()) == len(instance_records(before))


def instance_records(files: Any) -> Any:
    return [line for path, data in files.items() if path.name == "a.jsonl" for line in data.splitlines()]


# Each example is a life of up to 40 steps, some of which are whole ticks: 1 s.
Life.TestCase.settings = settings(
    deadline=None, max_examples=max(4, settings().max_examples // 5), stateful_step_count=40
)
TestLife = pytest.mark.slow(Life.TestCase)
