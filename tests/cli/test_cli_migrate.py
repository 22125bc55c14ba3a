"""``wfepy migrate``, and ``wfepy check`` of instances: what changed code makes of those that are there."""

from __future__ import annotations

import json
import shutil

import pytest

from cli_folder import FLOW, error_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cli_folder import Folder

RENAMED = FLOW.replace("def b(", "def bean(").replace('"b"', '"bean"')
WITH_RULE = RENAMED.replace(
    "@wfepy.task()\n    @wfepy.end_point()\n    def bean",
    '@wfepy.task(renamed_from="b")\n    @wfepy.end_point()\n    def bean',
)
WITHOUT_B = FLOW.replace('    @wfepy.followed_by("b")\n', "").replace(
    FLOW[
        FLOW.index("    @wfepy.task()\n    @wfepy.end_point()\n    def b(") : FLOW.index(
            "    @wfepy.task()\n    @wfepy.end_point()\n    def c("
        )
    ],
    "",
)

BUILDING = """
    import os
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("c")
    def b(context):
        return wfepy.start_child("other")

    @wfepy.task()
    @wfepy.end_point()
    def c(context):
        return os.path.exists("go")
"""
REMOVED = BUILDING[: BUILDING.index("    @wfepy.task()")] + BUILDING[
    BUILDING.rindex("    @wfepy.task()") :
].replace("task()", 'start_point()\n    @wfepy.task(removed="b")')


@pytest.fixture
def waiting(folder: Folder) -> Folder:
    """Two instances that wait in ``b``; a third one has ended."""
    assert WITH_RULE != RENAMED
    folder.configure()
    folder.write("go", "")
    folder.ok("run", "flow", "--id", "past")
    (folder.path / "go").unlink()
    for instance in ("x", "y"):
        folder.ok("run", "flow", "--id", instance)
    return folder


# Check


def test_check_counts_what_is_safe_and_lists_it_on_demand(waiting: Folder) -> None:
    assert waiting.ok("check") == "flow: ok (3 tasks, 2 live instances)\n"
    assert (
        waiting.ok("check", "--states")
        == "flow/x: safe\nflow/y: safe\nflow: ok (3 tasks, 2 live instances)\n"
    )
    (data,) = waiting.data("check")["workflows"]
    assert data["counts"] == {"safe": 2}
    assert [each["verdict"] for each in data["verdicts"]] == ["safe", "safe"]


def test_check_says_what_becomes_of_each_instance(waiting: Folder) -> None:
    waiting.configure(flow=WITH_RULE)
    assert waiting.ok("check").splitlines() == [
        "flow/x: migrated",
        '  "bean" was called "b"',
        "flow/y: migrated",
        '  "bean" was called "b"',
        "flow: ok (3 tasks, 2 live instances: 2 migrated)",
    ]


def test_check_names_the_commands_that_decide_what_is_open(waiting: Folder) -> None:
    waiting.configure(flow=RENAMED)
    done = waiting.wfepy("check")
    assert done.returncode == 3
    assert done.stdout.splitlines()[:4] == [
        "flow/x: needs a decision",
        "  the workflow has no task 'b', and the instance waits there",
        "    wfepy migrate flow x --drop b",
        '    or write renamed_from="b" at the task that it is now, or removed="b" at the one that follows',
    ]
    assert (
        done.stdout.splitlines()[-1]
        == "flow: 2 need a decision (3 tasks, 2 live instances: 2 need a decision)"
    )
    data = json.loads(waiting.wfepy("check", "--json").stdout)
    (workflow,) = data["workflows"]
    assert (data["exit_code"], workflow["counts"]) == (3, {"needs a decision": 2})
    (question,) = workflow["verdicts"][0]["questions"]
    assert question["commands"] == ["wfepy migrate flow x --drop b"]
    assert [each["instance"] for each in workflow["states"]] == ["x", "y"]
    assert workflow["states"][0]["error"].startswith("flow/x: the workflow has no task 'b'")


def test_check_looks_at_instances_that_are_kept_elsewhere(waiting: Folder) -> None:
    shutil.move(waiting.path / "state", waiting.path / "branch")
    assert waiting.ok("check") == "flow: ok (3 tasks, 0 live instances)\n"
    before = {file: file.read_bytes() for file in waiting.path.glob("branch/**/*.json*")}
    assert "flow/x: safe\n" in waiting.ok("check", "--states", "branch")
    waiting.configure(flow=RENAMED)
    assert waiting.wfepy("check", "flow", "--states", "branch").returncode == 3
    assert {file: file.read_bytes() for file in waiting.path.glob("branch/**/*.json*")} == before
    assert "there is no such folder" in error_line(waiting.wfepy("check", "--states", "nowhere"), 2)
    assert "a workflow is named before" in error_line(waiting.wfepy("check", "--states", "flow"), 2)


def test_check_tells_an_instance_that_cannot_be_read_from_one_to_decide_about(waiting: Folder) -> None:
    (waiting.path / "state/flow/x.json").write_text("{")
    document = json.loads((waiting.path / "state/flow/y.json").read_text())
    document["tasks"] = 5
    (waiting.path / "state/flow/y.json").write_text(json.dumps(document))
    done = waiting.wfepy("check")
    assert done.returncode == 3
    lines = done.stdout.splitlines()
    assert lines[0].startswith("flow/x: unreadable: state/flow/x.json")
    assert lines[1].startswith("flow/y: unreadable: ")
    assert lines[-1] == "flow: 2 unreadable (3 tasks, 2 live instances: 2 unreadable)"


def test_a_document_that_is_none_is_no_bug_of_ours_in_changed_code_either(waiting: Folder) -> None:
    for instance, key, value in (("x", "tasks", {"a": 1}), ("y", "queue", None)):
        document = json.loads((waiting.path / f"state/flow/{instance}.json").read_text())
        document[key] = value
        (waiting.path / f"state/flow/{instance}.json").write_text(json.dumps(document))
    waiting.configure(flow=WITH_RULE)
    for command in ("check", "migrate"):
        done = waiting.wfepy(command)
        assert done.returncode == 3
        assert done.stdout.count("unreadable: it is no valid state document") == 2


# Migrate


def test_migrate_writes_what_the_code_says_and_asks_nothing(waiting: Folder) -> None:
    waiting.configure(flow=WITH_RULE)
    before = waiting.state()
    dry = waiting.ok("migrate", "--dry-run")
    assert dry.splitlines()[-1] == "2 live instances: 2 migrated; nothing written"
    assert waiting.state() == before

    done = waiting.ok("migrate", "--by", "ann", "-m", "a better name")
    assert done.splitlines()[:2] == ["flow/x: migrated", '  "bean" was called "b"']
    assert done.splitlines()[-1] == "2 live instances: 2 migrated; 2 written"
    record = waiting.data("history", "flow", "x")["records"][-1]
    assert {key: record[key] for key in record if key not in ("seq", "at")} == {
        "event": "operator",
        "verb": "migrate",
        "by": "ann",
        "reason": "a better name",
        "changes": ['"bean" was called "b"'],
    }
    # It is done: nobody needs the rule any more, and doing it again changes nothing.
    waiting.configure(flow=RENAMED)
    assert waiting.ok("check") == "flow: ok (3 tasks, 2 live instances)\n"
    after = waiting.state()
    assert waiting.ok("migrate").splitlines()[-1] == "2 live instances: 2 safe; nothing written"
    assert waiting.state() == after
    waiting.write("go", "")
    assert "2 finished" in waiting.ok("tick")
    assert (waiting.path / "ran.log").read_text() == "a\n" * 3


def test_a_tick_does_the_same_by_itself(waiting: Folder) -> None:
    waiting.configure(flow=WITH_RULE)
    waiting.write("go", "")
    assert "2 finished" in waiting.ok("tick")
    assert (waiting.path / "ran.log").read_text() == "a\n" * 3


def test_a_tick_with_nothing_to_do_leaves_instances_of_the_old_code_alone(waiting: Folder) -> None:
    waiting.configure(flow=WITH_RULE)
    before = waiting.state()
    waiting.ok("tick")
    assert waiting.state() == before


def test_migrate_decides_what_the_code_leaves_open(waiting: Folder) -> None:
    waiting.configure(flow=WITHOUT_B)
    before = waiting.state()
    assert waiting.wfepy("migrate").returncode == 3
    assert "it asks before it drops" in error_line(waiting.wfepy("migrate", "flow", "x", "--drop", "b"), 2)
    shown = waiting.ok("migrate", "flow", "x", "--drop", "b", "--dry-run")
    assert waiting.state() == before
    assert shown.splitlines()[:3] == [
        "flow/x: migrated",
        '  "b" is forgotten',
        "  the instance ends: dead end",
    ]
    waiting.ok("migrate", "flow", "x", "--drop", "b", "--yes")
    assert waiting.data("status", "--all")["ended"] == 2
    assert "the instance has ended" in error_line(waiting.wfepy("migrate", "flow", "x"), 2)
    assert waiting.wfepy("check").stdout.count("needs a decision\n") == 1


def test_migrate_for_other_programs(waiting: Folder) -> None:
    waiting.configure(flow=WITH_RULE)
    data = waiting.data("migrate", "flow", "x")
    assert data["counts"] == {"migrated": 1}
    assert [(each["instance"], each["written"]) for each in data["instances"]] == [("x", True)]
    assert [each["written"] for each in waiting.data("migrate")["instances"]] == [False, True]


def test_a_task_that_is_kept_or_rewound(waiting: Folder) -> None:
    third = FLOW.replace(
        '@wfepy.followed_by("b")', '@wfepy.followed_by("b")\n    @wfepy.followed_by("d")'
    ) + FLOW[FLOW.rindex("    @wfepy.task()") :].replace("def c(", "def d(")
    waiting.configure(flow=third)
    done = waiting.wfepy("check")
    assert "    wfepy migrate flow x --keep a\n    wfepy migrate flow x --rewind a\n" in done.stdout
    waiting.ok("migrate", "flow", "x", "--keep", "a", "--yes")
    waiting.ok("migrate", "flow", "y", "--rewind", "a", "--yes")
    verbs = [record.get("verb") for record in waiting.data("history", "flow", "y")["records"]]
    assert verbs[-2:] == ["migrate", "rewind"]
    waiting.write("go", "")
    waiting.ok("tick")
    ran = {}
    for name in "xy":
        records = waiting.data("history", "flow", name)["records"]
        ran[name] = [each["task"] for each in records if each.get("status") == "completed"]
    assert ran == {"x": ["a", "b"], "y": ["a", "a", "b", "d"]}


def test_words_that_mean_nothing_are_told(waiting: Folder) -> None:
    waiting.configure(flow=RENAMED)
    assert "name the workflow" in error_line(waiting.wfepy("migrate", "--drop", "b"), 2)
    dropped = error_line(waiting.wfepy("migrate", "flow", "--drop", "bean"), 2)
    assert 'has a task "bean", and only one that is gone is dropped' in dropped
    kept = error_line(waiting.wfepy("migrate", "flow", "--keep", "b"), 2)
    assert 'there is no task "b"' in kept
    error_line(waiting.wfepy("migrate", "flow", "z"), 3)
    error_line(waiting.wfepy("migrate", "flaw"), 4)


def test_an_instance_that_a_tick_holds_is_told_and_the_others_go_on(waiting: Folder) -> None:
    from wfepy_hooks.stores.files import FileStore

    waiting.configure(flow=WITH_RULE)
    held = FileStore(waiting.path / "state").open("flow", "x")
    done = waiting.wfepy("migrate")
    held.release()
    assert "flow/x: another tick holds this instance; wait for it with --wait" in error_line(done, 3)
    assert done.stdout.splitlines()[-1] == "2 live instances: 2 migrated; 1 written"
    assert waiting.ok("migrate").splitlines()[-1] == "2 live instances: 1 safe, 1 migrated; 1 written"


def test_a_migration_that_is_cut_short_is_completed_by_whoever_comes_next(waiting: Folder) -> None:
    """The record is there, the snapshot is not: as if the machine had stopped between the two."""
    waiting.configure(flow=WITHOUT_B)
    journal = waiting.path / "state/flow/x.jsonl"
    last = json.loads(journal.read_text().splitlines()[-1])["seq"]
    record = {
        "seq": last + 1,
        "at": "2026-11-23T06:13:34.000000Z",
        "event": "operator",
        "verb": "migrate",
        "drop": ["b"],
    }
    with journal.open("a") as file:
        file.write(json.dumps(record) + "\n")
    assert waiting.wfepy("check").stdout.count("needs a decision\n") == 1
    waiting.wfepy("tick")
    assert [
        each["instance"]
        for each in waiting.data("status", "--all")["instances"]
        if each["status"] == "dead_end"
    ] == ["x"]


@pytest.fixture
def building(folder: Folder) -> Folder:
    """An instance whose task ``b`` waits for the end of a child."""
    folder.configure(flow=BUILDING)
    folder.write("other.py", FLOW)
    with (folder.path / "wfepy.toml").open("a") as file:
        file.write('[workflows.other]\nmodule = "other"\n')
    folder.ok("run", "flow", "--id", "x")
    assert ends(folder) == {"flow": "running", "other": "running"}
    return folder


def ends(folder: Folder) -> dict[str, str]:
    return {each["workflow"]: each["status"] for each in folder.data("status", "--all")["instances"]}


def test_the_child_that_a_forgotten_task_waited_for_is_cancelled(building: Folder) -> None:
    building.write("flow.py", REMOVED.replace('removed="b"', ""))
    building.ok("migrate", "flow", "--drop", "b", "--yes")
    building.ok("tick")
    assert ends(building) == {"flow": "running", "other": "cancelled"}


def test_a_tick_alone_cancels_the_child_of_a_task_that_the_code_has_removed(building: Folder) -> None:
    building.write("flow.py", REMOVED)
    building.ok("signal", "flow", "x", "wake-up")  # a tick does not load what sleeps
    building.ok("tick")
    assert ends(building) == {"flow": "running", "other": "cancelled"}


def test_whoever_saves_an_instance_first_cancels_the_child_of_a_removed_task(building: Folder) -> None:
    building.write("flow.py", REMOVED)
    building.ok("pause", "flow", "x")
    building.ok("tick", "other")
    assert ends(building) == {"flow": "running", "other": "cancelled"}
