"""The file of what was sent: nothing is lost by a crash, and nothing told twice by two ticks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from argparse import Namespace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from notify_desk import Desk, make_desk
from wfepy_hooks import hookimpl
from wfepy_hooks.cli.flags import Flags
from wfepy_hooks.config import Config
from wfepy_notify.message import Message
from wfepy_notify.outbox import Outbox
from wfepy_notify.verbs.outbox import run

#: Workers of pytest-xdist have threads; the child here only ticks and ends.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def message(number: int = 1, target: str = "team") -> Message:
    return Message(target, "failed", f"abc-{number}", "2026-11-23T09:00:00Z", title=f"title {number} ž")


def fresh(tmp_path: Path, clock: Clock | None = None) -> Outbox:
    outbox = Outbox(str(tmp_path), clock or Clock())
    outbox.read()
    return outbox


def queue(outbox: Outbox, *messages: Message) -> None:
    with outbox.locked():
        for each in messages:
            outbox.queue(each)


def test_a_message_survives_the_process(tmp_path: Path) -> None:
    queue(fresh(tmp_path), message(1), message(1), message(1, "boss"))
    (first, second) = fresh(tmp_path).pending.values()
    assert first.message.to_json() == message(1).to_json()
    assert second.message.target == "boss"


def test_an_event_is_not_queued_again_once_it_is_sent_or_dropped(tmp_path: Path) -> None:
    queue(fresh(tmp_path), message(1), message(2))
    outbox = fresh(tmp_path)
    with outbox.locked():
        outbox.append({"sent": [message(1).id], "to": "team", "at": outbox.now()})
        outbox.append({"dropped": [message(2).id], "at": outbox.now()})
    before = Path(outbox.path).read_bytes()
    queue(fresh(tmp_path), message(1), message(2))
    assert fresh(tmp_path).pending == {}
    assert Path(outbox.path).read_bytes() == before


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, cut: int) -> None:
    queue(fresh(tmp_path), message(1), message(2))
    file = Path(fresh(tmp_path).path)
    file.write_bytes(file.read_bytes()[:-cut])
    assert len(fresh(tmp_path).pending) == 1
    queue(fresh(tmp_path), message(2), message(3))
    assert [each.message.title for each in fresh(tmp_path).pending.values()] == [
        f"title {n} ž" for n in (1, 2, 3)
    ]
    for line in file.read_text(encoding="utf-8").splitlines():
        json.loads(line)


def test_a_short_line_leaves_nothing_of_a_long_torn_one(tmp_path: Path) -> None:
    queue(fresh(tmp_path), message(1), message(2))
    file = Path(fresh(tmp_path).path)
    file.write_bytes(file.read_bytes()[:-1])
    outbox = fresh(tmp_path)
    with outbox.locked():
        outbox.append({"released": []})
    assert file.read_text(encoding="utf-8").splitlines()[1:] == ['{"released": []}']


def test_lines_of_a_newer_version_and_of_a_merge_are_passed_over(tmp_path: Path) -> None:
    queue(fresh(tmp_path), message(1))
    with open(fresh(tmp_path).path, "a") as file:
        file.write('<<<<<<< HEAD\n{"new": 1}\n[1]\n3\n{"sent": 4}\n')
    queue(fresh(tmp_path), message(2))
    assert len(fresh(tmp_path).pending) == 2


def test_it_is_written_anew_without_what_is_over_for_a_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfepy_notify.outbox.SLACK", 10)
    clock = Clock()
    outbox = fresh(tmp_path, clock)
    queue(outbox, message(0))
    os.chmod(outbox.path, 0o660)
    for number in range(1, 30):
        with outbox.locked():
            outbox.queue(message(number))
            outbox.append({"sent": [message(number).id], "to": "team", "at": outbox.now()})
    with outbox.locked():
        outbox.append({"failed": [message(0).id], "at": outbox.now(), "error": "boom"})
    assert len(Path(outbox.path).read_text().splitlines()) < 50, "60 lines were written"
    queue(fresh(tmp_path, clock), message(29))
    assert list(fresh(tmp_path, clock).pending) == [message(0).id], "it is still known what was sent"
    clock.now += timedelta(days=31)
    outbox = fresh(tmp_path, clock)
    with outbox.locked():
        outbox.append({"taken": [message(0).id], "until": "2026-12-24T09:00:00Z"})
        outbox.append({"sent": [message(30).id], "to": "team", "at": outbox.now()})
    assert len(Path(outbox.path).read_text().splitlines()) == 4
    assert os.stat(outbox.path).st_mode & 0o777 == 0o660
    (kept,) = fresh(tmp_path, clock).pending.values()
    assert (kept.message.title, kept.tries, kept.error, kept.taken[:4]) == ("title 0 ž", 1, "boom", "2026")


def test_a_message_is_on_the_disk_before_the_tick_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def noted(fd: int) -> None:
        synced.append(os.fstat(fd).st_size)
        fsync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    queue(fresh(tmp_path), message(1))
    assert os.stat(fresh(tmp_path).path).st_size in synced


def test_one_at_a_time_changes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfepy_notify.outbox.PATIENCE", 0.05)
    with fresh(tmp_path).locked(), pytest.raises(BlockingIOError):
        queue(fresh(tmp_path), message(1))
    queue(fresh(tmp_path), message(1))
    assert len(fresh(tmp_path).pending) == 1


def test_two_processes_share_it(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from datetime import datetime, timezone
        from wfepy_notify.message import Message
        from wfepy_notify import outbox
        outbox.SLACK = 10
        box = outbox.Outbox(sys.argv[1], lambda: datetime.now(timezone.utc))
        for number in range(20):
            with box.locked():
                box.queue(Message(sys.argv[2], "failed", f"e-{number}", "2026-11-23T09:00:00Z"))
                if number % 2:
                    box.append({"dropped": [f"e-{number}@{sys.argv[2]}"], "at": "2026-01-01T00:00:00Z"})
        """)
    command = [sys.executable, "-c", script, str(tmp_path)]
    running = [subprocess.Popen([*command, name]) for name in ("left", "right")]
    assert [each.wait(60) for each in running] == [0, 0]
    wanted = {f"e-{number}@{name}" for name in ("left", "right") for number in range(0, 20, 2)}
    assert set(fresh(tmp_path).pending) == wanted


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return make_desk(tmp_path, monkeypatch)


def die_in_a_tick(desk: Desk, killer: object) -> None:
    """Tick in a process that ``killer``, a plugin, ends."""
    child = os.fork()
    if not child:
        try:
            desk.extra = [killer]
            desk.tick()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


class Killer:
    """Ends the tick as a crash does, before or after the event is written down."""

    @hookimpl(tryfirst=True)
    def wfepy_task_finished(self) -> None:
        os._exit(9)


class LateKiller:
    @hookimpl(trylast=True)
    def wfepy_task_finished(self) -> None:
        os._exit(9)


class SnapshotKiller:
    @hookimpl
    def wfepy_state_saved(self) -> None:
        os._exit(9)


@pytest.mark.parametrize("killer", [Killer, LateKiller, SnapshotKiller])
def test_an_event_is_told_once_if_the_tick_dies_around_it(desk: Desk, killer: type) -> None:
    desk.start("1")
    die_in_a_tick(desk, killer())
    desk.tick()
    desk.tick()
    assert desk.titles == ["paper: flow/1 waits in review"]


MOODY = """
import wfepy_hooks as wfepy

@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def probe(context):
    with open("mood") as file:
        mood = file.read()
    if mood == "hopeless":
        raise wfepy.GiveUp(mood)
    if mood == "bad":
        raise OSError("no network")
    return True
"""


FAILS, NO_MORE = "fails in probe and is tried again at each tick", "fails no more in probe"


@pytest.mark.parametrize(
    ("killer", "moods", "told"),
    [
        (Killer, ["bad", "bad", "good"], [FAILS, NO_MORE]),
        (LateKiller, ["bad", "bad", "good"], [FAILS, NO_MORE]),
        (SnapshotKiller, ["bad", "bad", "good"], [FAILS, NO_MORE]),
        (Killer, ["good"], []),
        (Killer, ["bad", "hopeless"], [FAILS, "failed in probe"]),
    ],
)
def test_that_a_task_fails_no_more_is_told_once_if_the_tick_dies_around_it(
    desk: Desk, killer: type, moods: list[str], told: list[str]
) -> None:
    desk.write("flow.py", MOODY)
    desk.target("")
    desk.start("1")
    *before, last = moods
    for mood in before:
        desk.write("mood", mood)
        desk.tick()
    desk.write("mood", last)
    die_in_a_tick(desk, killer())
    desk.tick()
    assert desk.titles == [f"paper: flow/1 {each}" for each in told]


class ReminderKiller:
    @hookimpl(tryfirst=True)
    def wfepy_task_reminder(self) -> None:
        os._exit(9)


def test_a_reminder_is_told_if_the_tick_dies_before_it(desk: Desk) -> None:
    desk.target('events = ["reminder"]')
    desk.start("1")
    desk.tick()
    desk.later(days=1)
    die_in_a_tick(desk, ReminderKiller())
    desk.tick()
    desk.tick()
    assert desk.titles == ["paper: flow/1 still waits in review"]


def test_what_a_tick_has_taken_another_one_sends_only_when_that_must_be_dead(desk: Desk) -> None:
    desk.start("1")
    desk.sender.answers = [ConnectionError("refused")]
    desk.tick()
    outbox = desk.outbox
    with outbox.locked():
        outbox.append({"taken": list(outbox.pending), "until": "2026-11-23T09:01:10Z"})
    desk.tick()
    assert desk.titles == []
    desk.later(seconds=71)
    desk.tick()
    assert len(desk.titles) == 1


def test_a_message_in_the_hands_of_a_tick_says_until_when(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config(str(tmp_path), clock=Clock())
    outbox = Outbox(config.state, config.clock)
    held, over = message(1), message(2)
    with outbox.locked():
        outbox.queue(held)
        outbox.queue(over)
        outbox.append({"taken": [held.id], "until": "2026-11-23T09:01:10Z"})
        outbox.append({"taken": [over.id], "until": "2026-11-23T08:59:00Z"})
    run(Namespace(discard=None, json=True, flags=Flags()), config)
    rows = json.loads(capsys.readouterr().out)
    assert [row["taken_until"] for row in rows] == ["2026-11-23T09:01:10Z", ""]
    run(Namespace(discard=None, json=False, flags=Flags()), config)
    assert "none; a tick has it until 2026-11-23T09:01:10Z" in " ".join(capsys.readouterr().out.split())
