"""Who is told of what, and what they read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from notify_desk import FLOW, Desk, make_desk
from wfepy_hooks import Task, hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Golden

ALL = 'events = ["failed", "failing", "timed_out", "waiting", "reminder", "finished", "dead_end"]'


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return make_desk(tmp_path, monkeypatch)


def test_each_event_is_told_once_in_the_life_of_an_instance(desk: Desk) -> None:
    desk.target(ALL)
    desk.start("1")
    for _ in range(3):
        desk.tick()
    assert desk.titles == ["paper: flow/1 waits in review"]
    desk.later(days=1)
    desk.tick()
    desk.tick()
    desk.later(days=1)
    desk.tick()
    desk.signal("1", "approve")
    desk.tick()
    assert desk.titles[1:] == [*["paper: flow/1 still waits in review"] * 2, "paper: flow/1 is finished"]


def test_a_failure_is_told_when_no_attempt_is_left(desk: Desk) -> None:
    desk.target(ALL)
    desk.write("broken", "")
    desk.start("1")
    desk.tick()
    desk.signal("1", "approve")
    desk.tick()
    assert len(desk.titles) == 1, "the policy tries once more"
    desk.later(hours=1)
    desk.tick()
    assert desk.titles[1:] == ["paper: flow/1 failed in publish"]


def test_a_failure_whose_text_is_broken_is_told_of_by_its_type(desk: Desk) -> None:
    desk.target('events = ["failing"]')
    odd = 'type("Odd", (Exception,), {"__str__": lambda self: None})'
    desk.write(
        "flow.py",
        FLOW.replace(', retry=wfepy.Retry(2, delay="1h", jitter=0)', "").replace(
            "return True", f"raise {odd}"
        ),
    )
    desk.start("1")
    desk.tick()
    desk.signal("1", "approve")
    desk.tick()
    (message,) = desk.sender.sent
    assert "Odd" in message.body


def test_a_task_without_a_policy_that_fails_is_told_of_once_while_it_does(desk: Desk) -> None:
    flow = (desk.folder / "flow.py").read_text().replace(', retry=wfepy.Retry(2, delay="1h", jitter=0)', "")
    desk.write("flow.py", flow)
    desk.target("")
    desk.write("broken", "")
    desk.start("1")
    desk.tick()
    desk.signal("1", "approve")
    for _ in range(3):
        desk.tick()
    assert desk.titles == ["paper: flow/1 fails in publish and is tried again at each tick"]


PROBE = """
import wfepy_hooks as wfepy

@wfepy.task(**options)
@wfepy.start_point()
@wfepy.end_point()
def probe(context):
    with open("mood") as file:
        mood = file.read()
    if mood.startswith("bad"):
        raise OSError(mood)
    return mood == "done" or wfepy.wait(reason="not yet")
"""


@pytest.mark.parametrize("ends", [False, True])
def test_who_was_told_that_a_task_fails_is_told_that_it_does_not_any_more_and_when_it_does_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    monkeypatch.chdir(desk.folder)
    desk.write("flow.py", PROBE.replace("**options", ""))
    desk.target('body = "{event}: {reason}"')
    desk.start("1")
    moods = ["bad 1", "bad 2", "wait", "wait", "bad 3", "bad 4", "done" if ends else "wait"]
    for mood in moods:
        desk.write("mood", mood)
        desk.tick()
    waits = "recovered: not yet"
    assert [message.body.strip() for message in desk.sender.sent] == [
        "failing: OSError: bad 1",
        waits,
        "failing: OSError: bad 3",
        "recovered:" if ends else waits,
    ]
    assert len({message.event_id for message in desk.sender.sent}) == 4
    assert desk.titles[1] == "paper: flow/1 fails no more in probe"


def test_items_that_fail_at_each_tick_are_told_of_once_and_when_all_are_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    desk.write(
        "flow.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.task(each=lambda context: ["a", "b"])
        @wfepy.start_point()
        @wfepy.end_point()
        def upload(context, item):
            with open("mood") as file:
                if file.read() == "bad":
                    raise OSError(f"no room for {item}")
            return True
        """,
    )
    desk.target("")
    desk.start("1")
    for mood in ("bad", "bad", "good"):
        desk.write("mood", mood)
        desk.tick()
    message, _ = desk.sender.sent
    assert desk.titles == [
        "paper: flow/1 fails in upload and is tried again at each tick",
        "paper: flow/1 fails no more in upload",
    ]
    assert "item 0: OSError: no room for a" in message.body


def test_items_with_a_policy_are_told_of_when_no_attempt_is_left(desk: Desk) -> None:
    desk.write(
        "flow.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.task(each=lambda context: ["a"], retry=wfepy.Retry(2, delay="1h", jitter=0))
        @wfepy.start_point()
        @wfepy.end_point()
        def upload(context, item):
            raise OSError("no room")
        """,
    )
    desk.target("")
    desk.start("1")
    desk.tick()
    assert desk.titles == []
    desk.later(hours=2)
    desk.tick()
    assert desk.titles == ["paper: flow/1 failed in upload"]


@pytest.mark.parametrize("early", [False, True])
def test_a_task_that_is_done_without_a_call_is_told_once_to_fail_no_more(desk: Desk, early: bool) -> None:
    desk.write(
        "flow.py", PROBE.replace("**options", "").replace("reason=", "signal='review', done=True, reason=")
    )
    desk.target("")
    desk.start("1")
    desk.write("mood", "bad")
    desk.tick()
    desk.write("mood", "wait")
    for signals in (early, not early):
        if signals:
            desk.signal("1", "go")
        desk.tick()
    assert desk.titles[1:] == ["paper: flow/1 fails no more in probe"]


def test_a_task_with_a_policy_that_does_well_in_the_end_has_never_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    desk.write("flow.py", PROBE.replace("**options", 'retry=wfepy.Retry(5, delay="1h", jitter=0)'))
    desk.target("")
    desk.start("1")
    for mood in ("bad 1", "bad 2", "wait", "bad 3", "done"):
        desk.write("mood", mood)
        desk.tick()
        desk.later(hours=5)
    assert desk.titles == []


class BreaksOff:
    """A plugin that breaks off each attempt at ``publish``, which then cannot be recorded."""

    @hookimpl(wrapper=True)
    def wfepy_run_task(self, task: Task) -> Any:
        answer = yield
        if task.name == "publish":
            raise KeyError("mine")
        return answer


def test_an_attempt_that_a_plugin_breaks_off_is_told_of_once(desk: Desk) -> None:
    desk.target("")
    desk.start("1")
    desk.tick()
    desk.signal("1", "approve")
    desk.extra.append(BreaksOff())
    for _ in range(3):
        desk.tick()
    assert desk.titles == ["paper: flow/1 fails in publish and is tried again at each tick"]
    assert "PluginError: plugin BreaksOff: wfepy_run_task raised KeyError" in desk.sender.sent[-1].body


def test_a_value_that_cannot_be_saved_is_told_when_no_attempt_is_left(desk: Desk) -> None:
    unsaved = '    context["bad"] = print\n    return True'
    desk.write("flow.py", (desk.folder / "flow.py").read_text().replace("    return True", unsaved))
    desk.target("")
    desk.start("1")
    desk.tick()
    desk.signal("1", "approve")
    desk.tick()
    assert desk.titles == [], "the policy tries once more"
    desk.later(hours=2)
    desk.tick()
    assert desk.titles == ["paper: flow/1 failed in publish"]
    assert 'CodecError: task "publish": context["bad"]' in desk.sender.sent[-1].body


def test_a_deadline_that_has_passed_is_told(desk: Desk) -> None:
    desk.target(ALL)
    desk.start("1")
    desk.tick()
    desk.later(days=4)
    desk.tick()
    assert "paper: flow/1 timed out in review" in desk.titles


def test_a_dead_end_says_which_conditions_were_false(desk: Desk) -> None:
    desk.target(ALL)
    desk.start("1")
    desk.tick()
    desk.signal("1", "reject")
    desk.tick()
    assert desk.titles[-1] == "paper: flow/1 is a dead end"
    assert "review -> publish: skipped, the condition at" in desk.sender.sent[-1].body
    assert "wfepy history flow 1" in desk.sender.sent[-1].body


def test_a_message_says_what_where_since_when_and_what_to_type(
    desk: Desk, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfepy_notify.wording._host", lambda: "printer.example.org")
    desk.target(ALL)
    desk.write("broken", "")
    desk.start("1", "2", "3")
    desk.tick()
    desk.later(days=1)
    desk.tick()
    desk.signal("1", "approve")
    desk.signal("2", "reject")
    desk.tick()
    desk.later(days=4)
    desk.tick()
    text = "\n".join(f"### {each.title}\n\n{each.body}\n" for each in desk.sender.sent)
    golden("notify_messages.txt", text.replace(str(desk.folder), "/srv/paper"))


def test_a_poll_that_says_something_new_is_no_second_message(desk: Desk) -> None:
    desk.write("flow.py", """
        import os
        import wfepy_hooks as wfepy

        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def copy(context):
            context["n"] = context.get("n", 0) + 1
            return wfepy.wait(reason=f"{context['n']} of 10 are copied")
        """)  # fmt: skip
    desk.start("1")
    desk.tick()
    desk.tick()
    (message,) = desk.sender.sent
    assert "1 of 10 are copied" in message.body
    assert "wfepy why flow 1 copy" in message.body


def test_a_task_that_waits_for_somebody_else_is_told_of_again(desk: Desk) -> None:
    desk.write("flow.py", """
        import wfepy_hooks as wfepy

        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def ask(context):
            context["n"] = context.get("n", 0) + 1
            return wfepy.wait(until="1h", signal="boss" if context["n"] > 1 else "clerk")
        """)  # fmt: skip
    desk.start("1")
    desk.tick()
    desk.later(hours=1)
    desk.tick()
    assert ["clerk" in desk.sender.sent[0].body, "boss" in desk.sender.sent[1].body] == [True, True]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('workflows = ["flow"]', True),
        ('workflows = ["fl*"]', True),
        ('tasks = ["rev*", "x"]', True),
        ('tasks = ["publish"]', False),
        ('labels = ["web"]', False),
    ],
)
def test_a_target_is_told_of_what_its_filters_let_through(desk: Desk, settings: str, told: bool) -> None:
    desk.target(f'events = ["waiting", "finished"]\n{settings}')
    desk.start("1")
    desk.tick()
    assert bool(desk.titles) == told
    desk.signal("1", "approve")
    desk.tick()
    assert desk.titles[-1] == "paper: flow/1 is finished", (
        "the filters of tasks are not about whole instances"
    )


def test_labels_choose_the_tasks(desk: Desk) -> None:
    desk.target('labels = ["web", "print"]')
    desk.write("broken", "")
    desk.start("1")
    desk.tick()
    desk.signal("1", "approve")
    desk.tick()
    desk.later(hours=1)
    desk.tick()
    assert desk.titles == ["paper: flow/1 failed in publish"]


def test_several_targets_each_get_their_own(desk: Desk) -> None:
    desk.configure("""
        [plugins.wfepy_notify]
        title = "{event} {instance}"
        [plugins.wfepy_notify.targets.ann]
        events = ["waiting"]
        [plugins.wfepy_notify.targets.bob]
        events = ["waiting", "finished"]
        title = {finished = "well done, {workflow}"}
        """)
    desk.start("1")
    desk.tick()
    desk.signal("1", "approve")
    desk.tick()
    told = sorted((each.target, each.title) for each in desk.sender.sent)
    assert told == [("ann", "waiting 1"), ("bob", "waiting 1"), ("bob", "well done, flow")]


def test_templates_by_event_say_what_they_want(desk: Desk) -> None:
    body = """body = {waiting = "{reason}|{since}|{deadline}|{command}|{attempt}|{task}"}"""
    desk.target(f'events = ["waiting"]\n{body}')
    desk.start("1")
    desk.tick()
    assert desk.sender.sent[0].body == (
        "approve or reject by ann or bob|2026-11-23T09:00:00Z|2026-11-26T08:59:59Z|"
        "wfepy signal flow 1 review --data approve --by YOU|1|review"
    )


def test_without_settings_nothing_observes_and_pluggy_is_not_started(desk: Desk) -> None:
    desk.configure("")
    desk.sender = object()  # type: ignore[assignment]  # nobody implements the hook
    with desk.config() as config:
        assert config.plugins.implementers("wfepy_task_finished") == []
        assert config.plugins._manager is None
    desk.start("1")
    desk.tick()
    assert not (desk.folder / ".wfepy/state/.notify").exists()


def test_what_a_person_ends_is_told_when_they_end_it(desk: Desk) -> None:
    desk.target('events = ["finished"]')

    desk.start("1")
    desk.tick()
    desk.signal("1", "approve")
    desk.write("broken", "")
    desk.tick()
    import wfepy_hooks as wfepy
    from wfepy_hooks.project import Project

    with desk.config() as config:
        wfepy.Operations(Project(config)).done("flow", "1", "publish", by="ann")
    assert desk.titles == ["paper: flow/1 is finished"]


def test_a_broken_message_does_not_disturb_the_run(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    class Boom:
        @hookimpl
        def wfepy_task_finished(self) -> None:
            (desk.folder / ".wfepy/state/.notify").write_text("in the way")

    desk.extra = [Boom()]
    desk.start("1")
    (desk.folder / ".wfepy/state/.notify").write_text("in the way")
    (report,) = desk.tick()
    assert report.error is None
    assert "the run goes on" in caplog.text
    assert "outbox" in caplog.text


def test_an_event_that_could_not_be_written_down_is_told_if_that_works_in_the_end(desk: Desk) -> None:
    way = desk.folder / ".wfepy/state/.notify"

    class Cleaner:
        @hookimpl
        def wfepy_tick_finished(self) -> None:
            way.unlink()

    desk.start("1")
    way.write_text("in the way")
    desk.extra = [Cleaner()]
    desk.tick()
    assert desk.titles == ["paper: flow/1 waits in review"]
