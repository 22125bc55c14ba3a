"""That messages arrive: again after a failure, no faster than the rate, never instead of the tick."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from notify_desk import Desk, make_desk
from wfepy_hooks import hookimpl
from wfepy_notify.delivery import batches
from wfepy_notify.digest import digest
from wfepy_notify.message import Message
from wfepy_notify.outbox import Outbox, Pending
from wfepy_notify.settings import Target


def queued(event_id: str, target: str = "team") -> dict[str, object]:
    return {"queued": Message(target, "failed", event_id, "2026-11-23T09:00:00Z").to_json()}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return make_desk(tmp_path, monkeypatch)


def test_what_could_not_be_sent_is_sent_by_the_next_tick(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.sender.answers = [ConnectionError("refused"), ConnectionError("refused")]
    desk.start("1")
    (report,) = desk.tick()
    assert report.exit_code == 0
    assert desk.waiting == ["paper: flow/1 waits in review"]
    assert caplog.messages == [
        'wfepy_notify: could not tell team of "paper: flow/1 waits in review": ConnectionError: refused; '
        "the next ticks try again, see wfepy notify outbox"
    ]
    desk.tick()
    assert len(caplog.messages) == 1, "a server that is down is news once"
    desk.tick()
    assert desk.titles == ["paper: flow/1 waits in review"]
    assert desk.waiting == []


@pytest.mark.parametrize(
    ("command", "verb", "sends"),
    [
        ("tick", "", True),
        ("git", "tick", False),  # it has done so before its push
        ("github", "advance", True),
        ("status", "", False),
        ("git", "log", False),
    ],
)
def test_only_a_tick_tries_again(desk: Desk, command: str, verb: str, sends: bool) -> None:
    desk.sender.answers = [ConnectionError("refused")]
    desk.start("1")
    desk.tick()
    desk.command(command, verb)
    assert len(desk.titles) == sends


def test_what_a_program_ticks_is_told_too(desk: Desk) -> None:
    desk.start("1")
    desk.tick_by_program()
    assert desk.titles == ["paper: flow/1 waits in review"]


def test_after_three_attempts_a_server_is_asked_less_often(desk: Desk) -> None:
    desk.start("1")
    asked = 0

    def refuse() -> bool:
        nonlocal asked
        asked += 1
        raise ConnectionError("refused")

    desk.sender.answers = [refuse] * 100
    for _ in range(60):
        desk.tick()
        desk.later(minutes=1)
    assert asked == 3 + 5, "after 1, 2, 4, 8 and 16 minutes"


def test_what_is_too_old_is_given_up_and_the_log_says_so(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.target(common='give_up = "2h"')
    desk.sender.answers = [ConnectionError("refused")] * 9
    desk.start("1")
    desk.tick()
    desk.later(hours=2)
    desk.tick()
    assert len(desk.waiting) == 1
    desk.later(seconds=1)
    desk.tick()
    assert (desk.waiting, desk.titles) == ([], [])
    assert caplog.messages[-1] == (
        'wfepy_notify: gave up telling team of "paper: flow/1 waits in review" of 2026-11-23T09:00:00Z: '
        "it is too old (ConnectionError: refused)"
    )


def test_what_waits_for_a_target_that_is_gone_is_given_up(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.sender.answers = [ConnectionError("refused")]
    desk.start("1")
    desk.tick()
    desk.configure('[plugins.wfepy_notify.targets.other]\nevents = ["failed"]')
    desk.tick()
    assert desk.waiting == []
    assert "there is no such target any more" in caplog.text


def test_the_rate_limit_sends_a_summary_of_what_it_held_back(desk: Desk) -> None:
    desk.target('events = ["waiting"]\nrate = "3/1h"')
    desk.start("a", "b", "c", "d", "e")
    desk.tick()
    assert desk.titles == [
        "paper: flow/a waits in review",
        "paper: flow/b waits in review",
        "paper: 3 times: flow waits in review",
    ]
    assert "\n2026-11-23T09:00:00Z 3 times: flow waits in review: c, d, e\n" in desk.sender.sent[2].body
    desk.start("f", "g")
    desk.tick()
    assert len(desk.titles) == 3, "the hour is used up"
    assert len(desk.waiting) == 2
    desk.later(hours=1, seconds=1)
    desk.tick()
    assert desk.titles[3:] == ["paper: flow/f waits in review", "paper: flow/g waits in review"]


def test_a_digest_says_in_one_message_what_a_tick_has_to_tell_and_what_is_alike_once(desk: Desk) -> None:
    desk.target('events = ["waiting", "failed"]\ndigest = true\nrate = "off"')
    desk.start("0")
    desk.tick()
    assert desk.titles == ["paper: flow/0 waits in review"], "one message is none of many"
    flow = (desk.folder / "flow.py").read_text().replace("retry=wfepy.Retry(2,", "retry=wfepy.Retry(1,")
    desk.write("flow.py", flow)
    desk.write("broken", "")
    desk.signal("0", "approve")
    desk.start(*(f"{number:02}" for number in range(1, 13)))
    desk.tick()
    assert desk.titles[1:] == ["paper: 13 messages in one"]
    lines = desk.sender.sent[1].body.splitlines()
    assert "2026-11-23T09:00:00Z paper: flow/0 failed in publish" in lines
    names = ", ".join(f"{number:02}" for number in range(1, 11))
    assert f"2026-11-23T09:00:00Z 12 times: flow waits in review: {names} and 2 more" in lines
    assert desk.waiting == []


def test_a_digest_keeps_to_the_rate(desk: Desk) -> None:
    desk.target('events = ["waiting"]\ndigest = true\nrate = "1/1h"')
    for names in ("ab", "cd"):
        desk.start(*names)
        desk.tick()
    assert desk.titles == ["paper: 2 times: flow waits in review"]


def test_a_digest_tells_tasks_apart_names_each_instance_once_and_ends_somewhere() -> None:
    at = "2026-11-23T09:00:00Z"

    def message(number: int, task: str, instance: str = "i") -> Message:
        return Message(
            "team", "failed", f"{task}-{number}", at, workflow="w", instance=instance, task=task, title="T"
        )

    target = Target("team", {"digest": True}, {})
    made = digest(target, "paper", [message(0, "a"), message(1, "a"), message(2, "b")], at)
    assert made.title == "paper: 3 messages in one"
    assert made.body.splitlines()[2:4] == [f"{at} 2 times: w failed in a: i", f"{at} T"]
    made = digest(target, "paper", [message(number, f"task-{number}") for number in range(33)], at)
    assert made.body.splitlines()[2:34] == [*[f"{at} T"] * 30, "and 3 more of other kinds", ""]


def test_a_summary_that_fails_is_tried_again(desk: Desk) -> None:
    desk.target('events = ["waiting"]\nrate = "1/1h"')
    desk.sender.answers = [ConnectionError("refused")]
    desk.start("a", "b")
    desk.tick()
    assert len(desk.waiting) == 2
    desk.tick()
    assert (desk.titles, desk.waiting) == (["paper: 2 times: flow waits in review"], [])


def test_a_clock_that_is_put_back_holds_no_message_back(desk: Desk) -> None:
    desk.target('events = ["waiting"]\nrate = "1/1h"')
    desk.start("a")
    desk.tick()
    desk.start("b")
    desk.sender.answers = [ConnectionError("refused")] * 4
    for _ in range(4):
        desk.later(hours=1, seconds=1)
        desk.tick()
    outbox = desk.outbox
    with outbox.locked():
        outbox.append({"taken": list(outbox.pending), "until": "2026-11-23T13:01:00Z"})
    desk.later(days=-1)
    desk.tick()
    assert desk.titles == [f"paper: flow/{each} waits in review" for each in "ab"]


def test_thousands_that_are_given_up_are_one_line_of_the_outbox_and_few_of_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = desk.outbox
    with outbox.locked():
        for number in range(100):
            outbox.append(
                {"queued": Message("gone", "failed", str(number), "2026-11-23T09:00:00Z").to_json()}
            )
    desk.tick()
    assert desk.waiting == []
    assert len(caplog.messages) == 31
    assert caplog.messages[-1] == "wfepy_notify: gave up 70 more messages like these"
    assert len(Path(outbox.path).read_text().splitlines()) == 101


def test_what_is_sent_faster_than_it_is_written_is_written_at_once(desk: Desk) -> None:
    desk.target('events = ["waiting"]\nrate = "off"')
    outbox = desk.outbox
    with outbox.locked():
        outbox.append(*(queued(str(number)) for number in range(300)))
    noted = 0
    append = Outbox.append

    def slow(self: Outbox, *records: dict[str, object]) -> None:
        nonlocal noted
        noted += 1
        time.sleep(0.02)  # a disk that is busy
        append(self, *records)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Outbox, "append", slow)
        desk.tick()
    assert len(desk.titles) == 300
    assert noted < 100
    assert desk.outbox.deliveries("team", "", "3") == 300, "the rate limit counts each of them"


@pytest.mark.parametrize(
    ("count", "most", "sizes"),
    [(0, 3, []), (3, 3, [1, 1, 1]), (4, 3, [1, 1, 2]), (9, 1, [9]), (5, 0, [])],
)
def test_deliveries_under_a_limit(count: int, most: int, sizes: list[int]) -> None:
    waiting = [Pending(Message("team", "failed", str(n), "2026-11-23T09:00:00Z")) for n in range(count)]
    made = batches(Target("team", {}, {}), waiting, most, "paper", "2026-11-23T09:00:00Z")
    assert [len(batch.waiting) for batch in made] == sizes
    assert len(made) <= most


def test_a_message_that_a_server_refuses_does_not_stop_those_behind_it(desk: Desk) -> None:
    desk.start("a", "b")
    desk.sender.answers = [ValueError("too rude")]
    desk.tick()
    assert len(desk.waiting) == 2
    desk.sender.answers = [True, ValueError("too rude")]
    desk.tick()
    assert desk.titles == ["paper: flow/b waits in review"]


def test_a_plugin_that_hangs_costs_no_more_than_the_limit_and_delays_nobody_else(desk: Desk) -> None:
    desk.configure("""
        [plugins.wfepy_notify]
        limit = "300ms"
        [plugins.wfepy_notify.targets.slow]
        events = ["waiting"]
        [plugins.wfepy_notify.targets.team]
        events = ["waiting"]
        """)
    awake = threading.Event()
    desk.sender.answers = [lambda: awake.wait(20)]
    desk.start("1", "2")
    started = time.monotonic()
    (report, _) = desk.tick()
    assert time.monotonic() - started < 10, "it hangs for 20 seconds"
    hanging = [each for each in threading.enumerate() if each.name == "notify-slow"]
    assert [each.daemon for each in hanging] == [True], "the process ends without them"
    assert report.exit_code == 0
    assert {each.target for each in desk.sender.sent} == {"team"}
    assert [each.error for each in desk.outbox.pending.values()] == ["no answer within 0.3 s", ""]
    assert [each.taken for each in desk.outbox.pending.values()] == ["", ""], "the next tick may send both"
    awake.set()


def test_nothing_is_sent_any_more_when_the_time_is_over(desk: Desk) -> None:
    """Nobody would write down that it was, and the next tick would send it once more."""
    desk.target('events = ["waiting"]', common='limit = "300ms"')
    desk.start(*"abcdef")

    def slow() -> bool:
        time.sleep(0.2)
        return True

    desk.sender.answers = [slow] * 6
    desk.tick()
    for thread in threading.enumerate():
        if thread.name == "notify-team":
            thread.join()
    assert len(desk.titles) <= 2


def test_who_interrupts_a_tick_need_not_wait_for_servers(desk: Desk) -> None:
    class Interrupter:
        @hookimpl
        def wfepy_tick_finished(self) -> None:
            raise KeyboardInterrupt

    desk.extra = [Interrupter()]
    desk.start("1")
    with pytest.raises(KeyboardInterrupt):
        desk.tick()
    assert (desk.titles, len(desk.waiting)) == ([], 1)
    desk.extra = []
    desk.tick()
    assert len(desk.titles) == 1


def test_a_plugin_that_answers_nonsense_has_not_sent(desk: Desk) -> None:
    desk.sender.answers = [False, "yes", None]
    desk.start("1")
    for _ in range(3):
        desk.tick()
    assert desk.titles == []
    (waiting,) = desk.outbox.pending.values()
    assert waiting.error == "no plugin has sent it, and the target has no url"
    assert waiting.tries == 3
