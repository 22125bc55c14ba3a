"""Each thing that observers are told has an id, which is the same when it is told again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli_folder import Folder

#: ``one`` and ``two`` are reminded of at each tick; they are done once there is a file "go".
FLOW = """
    import os
    from datetime import timedelta
    import wfepy_hooks as wfepy

    def look():
        return os.path.exists("go") or wfepy.wait(remind_every=timedelta(microseconds=1))

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("end")
    def one(context):
        return look()

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("end")
    @wfepy.followed_by("never", lambda context: False)
    def two(context):
        return look()

    @wfepy.task()
    @wfepy.end_point()
    def never(context):
        return True

    @wfepy.task()
    @wfepy.join_point()
    @wfepy.end_point()
    def end(context):
        return True
"""
#: Notes what it is told, and dies of the hook and task that the variable DIE names.
PLUGIN = """
    import json, os
    from wfepy_hooks import hookimpl

    def note(hook, instance, task, own_id=None):
        with open("events.log", "a") as file:
            file.write(json.dumps([hook, task, instance.event_id, own_id]) + "\\n")
        if os.environ.get("DIE") == f"{hook} {task}":
            os._exit(9)

    @hookimpl
    def wfepy_tick_started(instance):
        note("tick_started", instance, "")

    @hookimpl
    def wfepy_task_started(instance, task):
        note("started", instance, task.name)

    @hookimpl
    def wfepy_transition_evaluated(instance, transition):
        note("transition", instance, f"{transition.source}-{transition.dest}")

    @hookimpl
    def wfepy_task_finished(instance, task, result):
        note("finished", instance, task.name, result.event_id)

    @hookimpl
    def wfepy_task_reminder(instance, task):
        note("reminder", instance, task.name)

    @hookimpl
    def wfepy_instance_finished(instance):
        note("ended", instance, "")

    @hookimpl
    def wfepy_state_saved(instance):
        note("saved", instance, "")
"""


def told(folder: Folder) -> list[list[Any]]:
    file = folder.path / "events.log"
    events = [json.loads(line) for line in file.read_text().splitlines()]
    file.unlink()
    return events


def begin(folder: Folder) -> None:
    folder.configure(flow=FLOW)
    folder.write("wfepy_plugins.py", PLUGIN)
    folder.ok("start", "flow", "--id", "x")
    folder.ok("tick")


def test_what_is_recorded_has_an_id_and_nothing_else_has(folder: Folder) -> None:
    begin(folder)
    folder.ok("tick")
    folder.write("go", "")
    folder.ok("tick")
    events = told(folder)
    nothing = [event for event in events if event[0] in ("tick_started", "started", "saved")]
    assert {event[2] for event in nothing} == {""}
    recorded = [event for event in events if event not in nothing]
    assert "" not in {event[2] for event in recorded if event[3] != ""}, "an id, but for a repeated poll"
    assert [event for event in recorded if event[3] not in (None, event[2])] == []
    reminders = [event[2] for event in events if event[0] == "reminder"]
    ended = [event[2] for event in events if event[0] == "ended"]
    finished = [event[2] for event in events if event[0] == "finished" and event[2]]
    assert len(reminders) >= 4
    assert len(ended) == 1
    ids = [*reminders, *ended, *finished]
    assert len(set(ids)) == len(ids)


def test_what_is_told_again_after_a_crash_has_the_same_id(folder: Folder) -> None:
    begin(folder)
    told(folder)
    assert folder.wfepy("tick", environ={"DIE": "reminder two"}).returncode == 9
    first = [event for event in told(folder) if event[0] == "reminder"]
    assert [event[1] for event in first] == ["one", "two"]
    folder.ok("tick")
    assert [event for event in told(folder) if event[0] == "reminder"][:2] == first
    folder.write("go", "")
    assert folder.wfepy("tick", environ={"DIE": "ended "}).returncode == 9
    first = [event for event in told(folder) if event[0] in ("transition", "finished", "ended")]
    assert len(first) == 3 + 4 + 1
    folder.ok("tick")
    assert [event for event in told(folder) if event[0] in ("transition", "finished", "ended")] == first
