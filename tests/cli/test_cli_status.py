"""What wfepy status says of what can wake an instance: nothing looks like anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli_folder import Folder, error_line

#: Does what the context says under the name of the task.
FLOW = """
    import wfepy_hooks as wfepy
    from wfepy_hooks import Retry

    def does(context, name):
        told = context.get(name)
        if told == "give up":
            raise wfepy.GiveUp("no milk")
        if told == "raise":
            raise ValueError("no milk")
        return True if told is None else wfepy.wait(**told)

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("a")
    @wfepy.followed_by("b")
    @wfepy.followed_by("late")
    def begin(context):
        return True

    @wfepy.task(retry=wfepy.Retry(5, delay="1h", jitter=0))
    @wfepy.followed_by("end")
    def a(context):
        return does(context, "a")

    @wfepy.task()
    @wfepy.followed_by("end")
    def b(context):
        return does(context, "b")

    @wfepy.task(deadline="1ms")
    @wfepy.followed_by("end")
    def late(context):
        return does(context, "late")

    @wfepy.task()
    @wfepy.join_point()
    @wfepy.end_point()
    def end(context):
        return does(context, "end")
"""


@pytest.fixture
def flow(folder: Folder) -> Folder:
    folder.configure(flow=FLOW)
    return folder


def start(folder: Folder, name: str, **values: Any) -> None:
    words = [word for key, value in values.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    folder.ok("start", "flow", "--id", name, *words)


def rows(folder: Folder) -> list[list[str]]:
    """Return status, task and the rest of each row of the table."""
    lines = folder.wfepy("status").stdout.splitlines()
    heading, table = lines[0], lines[1:-1]
    places = [heading.index(word) for word in ("STATUS", "TASK", "SINCE", "WAKES ON")]
    return [
        [line[places[0] : places[1]].strip(), line[places[1] : places[2]].strip(), line[places[3] :]]
        for line in table
    ]


def entry(folder: Folder, *words: str) -> dict[str, Any]:
    done = folder.wfepy("status", *words, "--json")
    found: dict[str, Any] = json.loads(done.stdout)["instances"][0]
    return found


def test_each_way_to_wait_has_its_words(flow: Folder) -> None:
    start(
        flow,
        "x",
        a={"until": "3d", "reason": "later"},
        b={"signal": ["go", "stop"], "choices": ["yes", 1], "by": ["ann", "bob"], "deadline": "2d"},
    )
    flow.ok("tick")
    (one, two) = rows(flow)
    assert one[:2] == ["waiting", "a"]
    assert one[2].startswith("at 20")
    assert one[2].endswith("Z (in 2d 23h): later")
    assert two[:2] == ["waiting", "b"]
    assert two[2].startswith("signal go or stop (yes|1) by ann, bob; times out at 20")
    assert two[2].endswith("Z (in 1d 23h)")
    data = entry(flow)
    assert data["wake"] == data["waits"][1]["deadline"]
    assert (data["waits"][1]["signals"], data["waits"][0]["task"]) == (["go", "stop"], "a")
    assert data["stuck"] is None


def test_failed_failing_retrying_and_timed_out_never_look_alike(flow: Folder) -> None:
    start(flow, "x", a="raise", b="raise", late={"until": "1d"})
    flow.wfepy("tick")
    flow.wfepy("tick")
    found = {row[1]: (row[0], row[2]) for row in rows(flow)}
    assert found["a"][0] == "retrying"
    assert found["a"][1].startswith("retry 2 of 5 at 20")
    assert found["a"][1].endswith("s): ValueError: no milk")
    assert found["b"] == ("failing", "tick; failed 2 times: ValueError: no milk")
    assert found["late"][0] == "timed out"
    assert flow.ok("status").splitlines()[-1] == "1 live instance: 1 timed out"
    flow.ok("skip", "flow", "x", "late", "--yes")
    flow.ok("skip", "flow", "x", "b", "--yes")
    assert flow.ok("status").splitlines()[-1] == "1 live instance: 1 retrying"
    data = entry(flow)
    assert data["failing"]["a"]["attempt"] == "2 of 5"
    assert data["wake"] == data["failing"]["a"]["retry_at"]


def test_a_task_that_failed_for_good_while_others_go_on_is_failed(flow: Folder) -> None:
    start(flow, "x", a="give up", b={"signal": "go"})
    flow.wfepy("tick")
    assert [row[:2] for row in rows(flow)] == [["failed", "a"], ["waiting", "b"]]
    assert (entry(flow)["wake"], entry(flow)["stuck"]) == (None, None)


def test_a_paused_instance_says_by_whom_and_why(flow: Folder) -> None:
    start(flow, "x", b={"signal": "go"})
    flow.ok("tick")
    flow.ok("pause", "flow", "--by", "ann", "-m", "lunch")
    assert rows(flow)[0] == ["paused", "", "wfepy resume; by ann: lunch"]
    data = entry(flow)
    assert (data["wake"], data["paused"]["by"], data["stuck"]) == (None, "ann", None)
    assert flow.ok("status").splitlines()[-1] == "1 live instance: 1 paused"
    assert "paused since 20" in flow.ok("show", "flow")
    assert "the instance is paused by ann since 20" in flow.ok("why", "flow", "b")


def test_the_order_is_by_who_needs_a_look_first(flow: Folder) -> None:
    start(flow, "a-signal", b={"signal": "go"})
    start(flow, "b-late", b={"until": "3d"})
    start(flow, "c-soon", b={"until": "2d"})
    start(flow, "d-paused", b={"until": "1d"})
    start(flow, "e-polls", b={"reason": "now and then"})
    start(flow, "g-broken", b={"signal": "go"})
    flow.ok("tick")
    start(flow, "f-ready")
    flow.ok("pause", "flow", "d-paused")
    (flow.path / "state/flow/g-broken.json").write_text("{")
    done = flow.wfepy("status", "--json")
    ids = [each["instance"] for each in json.loads(done.stdout)["instances"]]
    assert ids == ["g-broken", "e-polls", "f-ready", "c-soon", "b-late", "a-signal", "d-paused"]
    assert done.returncode == 3


# Stuck


def edit(folder: Folder, name: str, change: Any) -> None:
    """Change the snapshot of an instance."""
    file = folder.path / f"state/flow/{name}.json"
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


def test_an_instance_whose_workflow_is_gone_from_the_config_is_stuck(flow: Folder) -> None:
    start(flow, "x", b={"signal": "go"})
    flow.ok("tick")
    flow.write("wfepy.toml", '[wfepy]\nstate = "state"\n')
    done = flow.wfepy("status")
    assert done.returncode == 1
    assert "nothing: its workflow is not configured any more" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 live instance: 1 stuck"


def test_an_instance_of_a_file_without_a_config_is_not_stuck(folder: Folder) -> None:
    folder.write("flow.py", FLOW)
    folder.ok("run", "flow.py", "--set", 'b={"signal": "go"}')
    assert "stuck" not in folder.ok("status")


def test_an_instance_that_waits_for_nothing_is_stuck(flow: Folder) -> None:
    start(flow, "x", b={"until": "3d"})
    flow.ok("tick")

    def forget(document: dict[str, Any]) -> None:
        document["wake"] = None
        document["tasks"]["b"]["wait"] = {"until": document["tasks"]["b"]["wait"]["until"]}

    edit(flow, "x", forget)
    done = flow.wfepy("status")
    assert (done.returncode, rows(flow)[0][0]) == (1, "stuck")
    assert "no task of it waits for anything that could come" in done.stdout


CHILDREN = """
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def parent(context):
        return wfepy.start_child("other", id="y")
"""
OTHER = """
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def child(context):
        return wfepy.wait(signal="go")
"""


def test_a_child_that_cannot_tell_of_its_end_leaves_its_parent_stuck(folder: Folder) -> None:
    folder.configure(flow=CHILDREN, extra='[workflows.other]\nmodule = "other"')
    folder.write("other.py", OTHER)
    folder.ok("start", "flow", "--id", "x")
    folder.ok("tick")
    folder.ok("tick")
    assert ["waiting", "parent", "child other/y"] in rows(folder)
    assert entry(folder, "flow")["waits"][0]["child"] == "other/y"
    for file in (folder.path / "state/other").glob("y.*"):
        file.rename(folder.path / file.name)
    assert "nothing: parent waits for other/y, which there is not" in folder.wfepy("status").stdout
    (folder.path / "state/other/done").mkdir(parents=True, exist_ok=True)
    document = json.loads((folder.path / "y.json").read_text())
    document["status"] = "finished"
    (folder.path / "state/other/done/y.json").write_text(json.dumps(document))
    done = folder.wfepy("status")
    assert done.returncode == 1
    assert "parent waits for other/y, which has ended (finished) without telling it" in done.stdout


def test_what_has_been_sent_wakes_a_parent_that_would_be_stuck(folder: Folder) -> None:
    folder.configure(flow=CHILDREN, extra='[workflows.other]\nmodule = "other"')
    folder.write("other.py", OTHER)
    folder.ok("start", "flow", "--id", "x")
    folder.ok("tick")
    folder.ok("tick")
    folder.ok("cancel", "other", "y", "--yes")
    assert "stuck" not in folder.ok("status")
    assert "1 signal in the inbox" in folder.ok("status")
    folder.wfepy("tick")
    assert "failed" in folder.ok("status", "--all")


def test_items_are_counted(folder: Folder) -> None:
    folder.configure(
        flow="""
        import wfepy_hooks as wfepy

        @wfepy.task(each=lambda context: [1, 2, 3])
        @wfepy.start_point()
        @wfepy.end_point()
        def each(context, item):
            if item == 2:
                raise ValueError("no milk")
            return item == 1 or wfepy.wait(signal="go")
        """
    )
    folder.ok("start", "flow", "--id", "x")
    folder.wfepy("tick")
    (row,) = rows(folder)
    assert row[:2] == ["failing", "each"]
    assert row[2].startswith("3 items: 1 done, 1 waiting, 1 retrying; signal go")
    assert "3 items: 1 done, 1 waiting" in folder.ok("why", "flow", "each")
    assert "3 items: 1 done, 1 waiting" in folder.ok("show", "flow")
    assert "each has 3 items" in folder.ok("history", "flow")


def test_a_broken_file_is_no_news_to_the_other_instances(flow: Folder) -> None:
    start(flow, "x", b={"signal": "go"})
    flow.ok("tick")
    edit(flow, "x", lambda document: document.pop("tasks"))
    done = flow.wfepy("status", "--json")
    found = json.loads(done.stdout)["instances"][0]
    assert (done.returncode, found["stuck"]) == (3, "it cannot be read")
    assert "no valid state document" in found["error"]
    assert "no valid state document" in error_line(flow.wfepy("signal", "flow", "x", "go"), 3)
