"""status, show, history, why, check, graph and plugins."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from cli_folder import FLOW, error_line, flow, misbehaving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cli_folder import Folder


def test_the_status_is_a_table_of_the_live_instances(folder: Folder) -> None:
    folder.configure(flow=misbehaving("if context.get('bad'): raise ValueError('no milk')"))
    folder.wfepy("run", "flow", "--id", "a", "--set", "bad=true")
    folder.wfepy("run", "flow", "--id", "a")
    folder.ok("run", "flow", "--id", "b")
    lines = folder.ok("status").splitlines()
    assert [line.split()[:4] for line in lines[:-1]] == [
        ["WORKFLOW", "INSTANCE", "STATUS", "TASK"],
        ["flow", "a", "failing", "b"],
        ["flow", "b", "waiting", "b"],
    ]
    assert "2 times: ValueError: no milk" in lines[1]
    assert "there is no file go" in lines[2]
    assert lines[-1] == "2 live instances: 1 waiting, 1 failing"


def test_the_status_lists_ended_instances_on_demand(folder: Folder) -> None:
    folder.configure()
    folder.write("go", "")
    folder.ok("run", "flow")
    assert folder.ok("status") == (
        "no live instances in state\nwfepy status --all lists those that have ended\n"
    )
    assert folder.ok("status", "--all").endswith("1 instance: 1 finished\n")
    data = folder.data("status", "flow", "--all")
    assert (data["live"], data["ended"], data["instances"][0]["status"]) == (0, 1, "finished")


def test_the_status_needs_no_code(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    folder.write("flow.py", "def (:")
    assert "there is no file go" in folder.ok("status")


def test_the_status_follows_the_records_of_a_tick_that_was_killed(folder: Folder) -> None:
    folder.configure(flow=misbehaving("os.kill(os.getpid(), 9)"))
    folder.wfepy("run", "flow")
    assert folder.data("status")["instances"][0]["ready"] == []
    folder.write("go", "")
    folder.ok("run", "flow")


def test_an_instance_whose_snapshot_is_lost_is_noticed(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow", "--id", "a")
    folder.ok("run", "flow", "--id", "b")
    (folder.path / "state/flow/a.json").unlink()
    folder.write("go", "")
    for command in ("status", "check", "tick"):
        done = folder.wfepy(command)
        assert done.returncode == 3
        assert "flow/a.jsonl: there is a history, and its snapshot is missing" in done.stdout + done.stderr
    assert "1 finished" in folder.wfepy("status", "--all").stdout


COMPENSATED = """
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("undo", on="failed")
    @wfepy.followed_by("end")
    def publish(context):
        raise wfepy.GiveUp("no network")

    @wfepy.task()
    @wfepy.end_point()
    def undo(context):
        return True

    @wfepy.task()
    @wfepy.end_point()
    def end(context):
        return True
"""


def test_a_failure_that_was_taken_care_of_is_none_of_the_instance(folder: Folder) -> None:
    folder.configure(flow=COMPENSATED)
    folder.wfepy("run", "flow")
    table = folder.ok("status", "--all").splitlines()
    entry = folder.data("status", "--all")["instances"][0]
    assert table[1].split()[:3] == ["flow", "default", "finished"]
    assert entry["ended"][:10] in table[1]
    assert (entry["status"], entry["failing"]) == ("finished", {})


def test_the_status_tells_since_when_a_task_fails(folder: Folder) -> None:
    folder.configure(flow=misbehaving("raise ValueError('no milk')"))
    folder.wfepy("run", "flow")
    first = folder.data("history", "flow")["records"][-1]["at"]
    folder.wfepy("tick")
    failing = folder.data("status")["instances"][0]["failing"]
    assert (failing["b"]["since"], failing["b"]["failures"]) == (first, 2)


def test_the_status_of_an_unknown_workflow_is_an_error(folder: Folder) -> None:
    folder.configure()
    assert 'did you mean "flow"?' in error_line(folder.wfepy("status", "flw"), 4)


def test_show_tells_the_context_and_each_task(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow", "--set", "name=Bob")
    lines = folder.ok("show", "flow").splitlines()
    assert lines[0].startswith("flow/default: running, created 20")
    assert '  name = "Bob"' in lines
    assert [line.split()[:2] for line in lines[-3:]] == [["a", "done"], ["b", "waiting"], ["c", "skipped"]]
    data = folder.data("show", "flow", "default")
    assert data["context"] == {"count": 1, "name": "Bob"}
    assert data["tasks"][0]["next"] == ["b: taken", "c: false"]


def test_the_instance_must_be_named_where_there_are_several(folder: Folder) -> None:
    folder.configure()
    assert "it has no instance" in error_line(folder.wfepy("show", "flow"), 3)
    folder.ok("start", "flow", "--id", "x")
    folder.ok("show", "flow")
    folder.ok("start", "flow", "--id", "y")
    assert "name one of x, y" in error_line(folder.wfepy("show", "flow"), 2)
    assert "no such instance" in error_line(folder.wfepy("show", "flow", "z"), 3)
    folder.ok("start", "flow", "--id", "default")
    assert "flow/default" in folder.ok("show", "flow")


def test_an_ended_instance_is_shown_as_a_live_one_is(folder: Folder) -> None:
    folder.configure()
    folder.write("go", "")
    folder.ok("run", "flow")
    assert "finished" in folder.ok("show", "flow")
    assert folder.ok("history", "flow").splitlines()[-1].endswith("finished")
    assert folder.ok("why", "flow", "b").startswith("b: done")


def test_the_history_says_what_a_wait_is_for(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    day = "2026-11-{}T00:00:00.000000Z".format
    record = {
        "seq": 3,
        "at": day(26),
        "event": "task",
        "task": "b",
        "generation": 1,
        "attempt": 2,
        "status": "waiting",
        "reason": "why",
        "deadline": day(30),
        "retry_at": day(28),
        "wait": {"signals": ["x"], "child": "shop/7", "until": day(29), "deadline": day(27)},
    }
    with (folder.path / "state/flow/default.jsonl").open("a") as file:
        file.write(json.dumps(record) + "\n")
    terms = "(child shop/7; until {1}Z; again at {0}Z; times out at {2}Z)"
    expected = terms.format(*(f"2026-11-{day}T00:00:00" for day in (28, 29, 27)))
    line = folder.ok("history", "flow").splitlines()[-1]
    assert line == f"   3  2026-11-26T00:00:00Z  b (pass 2) waiting at attempt 2: why  {expected}"


def test_the_history_has_a_line_for_each_record(folder: Folder) -> None:
    folder.configure()
    assert "no instance" in error_line(folder.wfepy("history", "flow"), 3)
    folder.ok("run", "flow")
    first, second = folder.ok("history", "flow").splitlines()
    assert re.search(r"a completed \d+(\.\d)? ms ", first)
    assert "-> b: taken, c: false  [count = 1]" in first
    assert "b waiting" in second
    assert folder.ok("history", "flow", "-n", "1").splitlines() == [second]
    assert folder.ok("history", "-n", "0", "flow") == ""
    assert folder.ok("history", "-n", "3", "flow").splitlines() == [first, second]
    assert "-n" in error_line(folder.wfepy("history", "flow", "-n", "-1"), 2)
    data = folder.data("history", "flow")
    assert [record["seq"] for record in data["records"]] == [1, 2]


def test_the_history_says_which_transitions_are_about_another_outcome(folder: Folder) -> None:
    folder.configure(flow=FLOW.replace('"c", lambda', '"c", on="failed", cond=lambda'))
    folder.ok("run", "flow")
    first = folder.ok("history", "flow").splitlines()[0]
    assert "c: another outcome" in first
    assert "c: outcome" in folder.data("history", "flow")["records"][0]["next"]


def test_why_explains_a_task(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    assert "there is no file go" in folder.ok("why", "flow", "b")
    assert "the condition at flow.py:8 was false" in folder.ok("why", "flow", "default", "c")
    assert folder.data("why", "flow", "c")["explanation"][0].startswith("c: skipped")
    assert folder.ok("why", "flow", "--json", "default", "c")
    assert 'there is no task "cc"; did you mean "c"?' in error_line(folder.wfepy("why", "flow", "cc"), 2)
    error_line(folder.wfepy("why", "flow"), 2)
    error_line(folder.wfepy("why", "flow", "a", "b", "c"), 2)


def test_what_the_reason_of_a_wait_names_is_not_named_twice(folder: Folder) -> None:
    ask = 'wfepy.wait(signal="go", choices=["yes", "no"], by="ann"{})'
    reason = ', reason="yes or no by ann"'
    for given, terms in ((reason, "for a signal go"), ("", "for a signal go by ann, one of yes, no")):
        folder.configure(flow=flow(f"return {ask.format(given)}"))
        folder.ok("run", "flow", "--id", f"x{len(given)}")
        said = folder.ok("show", "flow", f"x{len(given)}")
        assert re.search(rf"^b +waiting +since \S+ \S+Z, {terms}(, yes or no by ann)?$", said, re.MULTILINE)
    folder.configure(flow=flow("return " + ask.format(', reason="yesterday noon, ann"')))
    folder.ok("run", "flow", "--id", "other")
    assert "for a signal go, one of yes, no, yesterday noon" in folder.ok("show", "flow", "other")
    assert re.search(
        r"^b: waits since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: ", folder.ok("why", "flow", "other", "b")
    )


def test_why_says_that_an_earlier_task_was_rewound(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow", "--set", "extra=true")
    folder.ok("rewind", "flow", "a", "--yes", "--by", "ann", "-m", "it was cold")
    line = re.compile(r"^  a, which comes before it, was rewound at \S+Z by ann: it was cold$", re.MULTILINE)
    assert line.search(folder.ok("why", "flow", "b"))
    assert re.search(r"^  rewound at \S+Z by ann: it was cold$", folder.ok("why", "flow", "a"), re.MULTILINE)
    folder.ok("run", "flow")
    assert line.search(folder.ok("why", "flow", "c")), "it says why c has run once more"
    assert "rewound" in folder.ok("why", "flow", "a")
    folder.ok("rewind", "flow", "b", "--yes", "--by", "bob")
    assert "b, which" not in folder.ok("why", "flow", "c"), "c does not depend on b"
    folder.ok("rewind", "flow", "a", "--yes", "--by", "bob")
    assert "by ann" not in folder.ok("why", "flow", "b"), "that was an earlier generation"


def test_looking_works_with_a_broken_plugin(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    folder.write("wfepy_plugins.py", "1 / 0")
    for words in (["status"], ["show", "flow"], ["history", "flow"], ["why", "flow", "b"], ["graph", "flow"]):
        done = folder.wfepy(*words)
        assert done.returncode == 0
        assert "wfepy: warning: " in done.stderr
        assert "ZeroDivisionError" in done.stderr
    error_line(folder.wfepy("tick"), 4)


def test_what_is_missing_in_a_command_is_told(folder: Folder) -> None:
    folder.write("flow.py", FLOW)
    folder.ok("run", "flow.py", "--id", "x1")
    for words in (["show", "flow"], ["why", "flow", "b"]):
        assert "give its file, such as flow.py" in error_line(folder.wfepy(*words), 4)
    assert "live ones are x1" in error_line(folder.wfepy("show", "flow.py", "elsewhere"), 3)
    assert "x1 is an instance; name a task too" in error_line(folder.wfepy("why", "flow.py", "x1"), 2)


def test_check_finds_a_task_that_another_one_replaces(folder: Folder) -> None:
    folder.configure(flow=FLOW + FLOW[FLOW.rindex("    @wfepy.task()") :])
    done = folder.wfepy("check")
    assert done.returncode == 4
    assert 'task "c": there is another task of this name at line' in done.stdout


def test_a_long_value_is_shown_in_full_on_demand(folder: Folder) -> None:
    folder.configure(flow=flow("context['long'] = 'x' * 999"))
    folder.ok("run", "flow")
    for command in ("show", "history"):
        assert "... (1001 characters; --full shows them)" in folder.ok(command, "flow")
        assert "x" * 999 in folder.ok(command, "flow", "--full")


# Check


def test_check_is_content_with_a_right_project(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    assert folder.ok("check") == "flow: ok (3 tasks, 1 live instance)\n"
    (data,) = folder.data("check")["workflows"]
    assert (data["workflow"], data["tasks"], data["instances"]) == ("flow", 3, 1)
    assert (data["problems"], data["states"]) == ([], [])
    assert folder.ok("check", "flow.py", "--no-states") == "flow: ok (3 tasks)\n"


def test_check_lists_every_problem_of_every_workflow_with_its_place(folder: Folder) -> None:
    folder.configure(flow=FLOW.replace('followed_by("b")', 'followed_by("bb")'))
    folder.write("other.py", "x = 1")
    done = folder.wfepy("check", "flow", "other.py")
    assert done.returncode == 4
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        'flow.py:7: task "a": it is followed by "bb", which is no task; did you mean "b"?'
    )
    assert lines[-2].startswith("other.py: there is no task in it")
    assert lines[-1] == "other: 1 wrong"


def test_check_finds_the_instances_that_the_code_leaves_behind(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    folder.configure(flow=FLOW.replace("def b(", "def bean(").replace('"b"', '"bean"'))
    done = folder.wfepy("check")
    assert done.returncode == 3
    assert "the workflow has no task 'b'" in done.stdout
    assert folder.wfepy("check", "--json").returncode == 3


# Graph


def test_a_graph_is_text_or_what_the_suffix_says(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    assert "├─ b" in folder.ok("graph", "flow")
    assert "|- b" in folder.ok("graph", "flow", environ={"PYTHONIOENCODING": "ascii"})
    assert "digraph" in folder.ok("graph", "flow", "--format", "dot")
    assert "there is no file go" in folder.ok("graph", "flow", "default")
    assert folder.ok("graph", "flow.py", "-o", "x.mmd") == ""
    assert "flowchart" in (folder.path / "x.mmd").read_text()
    assert "known are dot, mermaid" in error_line(folder.wfepy("graph", "flow", "--format", "jpg"), 2)
    assert "cannot be written" in error_line(folder.wfepy("graph", "flow", "-o", "no/where.dot"), 2)


def test_a_wrong_graph_can_be_drawn(folder: Folder) -> None:
    folder.configure(flow=FLOW.replace('followed_by("b")', 'followed_by("bb")'))
    assert "no such task" in folder.ok("graph", "flow")


@pytest.mark.outside
def test_a_picture_is_drawn_by_graphviz(folder: Folder, require: object) -> None:
    require("dot")  # type: ignore[operator]  # the fixture is a function
    folder.configure()
    folder.ok("graph", "flow", "-o", "flow.svg")
    assert "<svg" in (folder.path / "flow.svg").read_text()


def test_a_missing_graphviz_is_told(folder: Folder) -> None:
    folder.configure()
    done = folder.wfepy("graph", "flow", "-o", "flow.svg", environ={"PATH": str(folder.path)})
    assert "install Graphviz" in error_line(done, 4)
    assert not (folder.path / "flow.svg").exists()
    assert shutil.which("dot", path=str(folder.path)) is None


def test_plugins_change_how_a_task_is_drawn_and_add_formats(folder: Folder) -> None:
    folder.configure()
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_graph_attributes(task):
            return {"URL": f"https://example.org/{task.name}"}

        @wfepy.hookimpl
        def wfepy_register(registry):
            registry.add("renderer", "names", lambda diagram: ",".join(node.name for node in diagram.nodes))
        """,
    )
    assert "https://example.org/b" in folder.ok("graph", "flow", "--format", "dot")
    assert folder.ok("graph", "flow", "--format", "names") == "a,b,c\n"


# Plugins


def test_plugins_are_listed_with_source_hooks_and_headers(folder: Folder) -> None:
    folder.configure()
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_report_header(config):
            return ["hello", "world"]

        @wfepy.hookimpl
        def wfepy_task_finished(task):
            pass
        """,
    )
    data = folder.data("plugins", "-p", "no:other")
    mine = data["plugins"][-2]
    assert (mine["name"], mine["hooks"]) == ("wfepy_plugins", ["wfepy_report_header", "wfepy_task_finished"])
    assert mine["source"].endswith("wfepy_plugins.py")
    assert data["blocked"] == ["other"]
    assert data["header"] == ["hello", "world"]
    assert "wfepy_task_finished" in folder.ok("plugins")
    traced = folder.wfepy("tick", "--trace-config")
    assert "hello" in traced.stderr
    assert traced.stdout == "nothing to do: there is no live instance\n"


@pytest.fixture
def lived(folder: Folder) -> Folder:
    """A folder with an instance that waits."""
    folder.configure()
    folder.ok("start", "flow", "--id", "x")
    folder.ok("tick")
    return folder


@pytest.mark.parametrize("damage", ["cut", "lost", "gap"])
def test_a_history_that_is_not_whole_is_told(lived: Folder, damage: str) -> None:
    for reason in ("one", "two"):
        lived.ok("pause", "flow", "x", "-m", reason)
        lived.ok("resume", "flow", "x")
    [history] = lived.path.rglob("x.jsonl")
    lines = history.read_text().splitlines(keepends=True)
    if damage == "lost":
        history.unlink()
    else:
        history.write_text("".join(lines[:2] if damage == "cut" else [*lines[:1], *lines[3:]]))
    last = len(lines)
    first, end = {"cut": (3, last), "lost": (1, last), "gap": (2, 3)}[damage]
    assert f"records {first} to {end} are missing" in lived.ok("history", "flow", "x")
    assert lived.data("history", "flow", "x")["missing"] == [[first, end]]
    checked = lived.wfepy("check")
    assert checked.returncode == 0
    assert f"flow/x: the history lacks records {first} to {end} of {last}" in checked.stderr
    assert f"records {first} to {end}" in lived.data("check")["workflows"][0]["warnings"][0]


def test_a_damaged_line_of_a_history_is_told_by_check(lived: Folder) -> None:
    [history] = lived.path.rglob("x.jsonl")
    history.write_text("x" + history.read_text()[1:])  # of the same size, so that no tick reads it
    assert "flow/x: the history cannot be read to its end" in lived.wfepy("check").stderr


def test_the_history_is_read_beside_a_damaged_snapshot(lived: Folder) -> None:
    [snapshot] = lived.path.rglob("x.json")
    snapshot.write_text("{")
    assert "a completed" in lived.ok("history", "flow", "x")


def test_settings_of_a_plugin_that_there_is_not_are_told_by_check_alone(lived: Folder) -> None:
    with open(lived.path / "wfepy.toml", "a") as file:
        file.write("\n[plugins.wfepy_crontb]\nlines = true\n[plugins.mine_alone]\n[plugins.wfepy_git]\n")
    assert lived.wfepy("tick").stderr.count("wfepy_crontb") == 0
    checked = lived.wfepy("check")
    assert checked.returncode == 0
    assert (
        '[plugins.wfepy_crontb]: no plugin of this name is loaded or installed; did you mean "wfepy_crontab"?'
        in (checked.stderr)
    )
    assert "[plugins.mine_alone]: no plugin of this name" in checked.stderr
    assert "wfepy_git]" not in checked.stderr
    assert len(lived.data("check")["warnings"]) == 2


def test_settings_of_a_plugin_that_is_installed_and_not_loaded_are_nothing_strange(lived: Folder) -> None:
    with open(lived.path / "wfepy.toml", "a") as file:
        file.write("\n[plugins.wfepy_git]\n")
    assert lived.wfepy("--no-plugin-autoload", "check").stderr == ""
