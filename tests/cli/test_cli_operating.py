"""retry, skip, done, rewind, cancel, pause and resume."""

from __future__ import annotations

import json

import pytest

from cli_folder import FLOW, Folder, error_line, misbehaving
from terminals import at_terminal

#: ``b`` waits for a signal, ``c`` fails for good, ``d`` follows both.
STEPS = """
    import os
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("b")
    @wfepy.followed_by("c")
    def a(context):
        return True

    @wfepy.task()
    @wfepy.followed_by("d")
    def b(context, signals):
        return signals.take("go") is not None or wfepy.wait(signal="go", choices=("yes", "no"), by="ann")

    @wfepy.task()
    @wfepy.followed_by("d", lambda context: not os.path.exists("no"))
    def c(context):
        if not os.path.exists("milk"):
            raise wfepy.GiveUp("no milk")
        return True

    @wfepy.task()
    @wfepy.join_point()
    @wfepy.end_point()
    def d(context):
        return True
"""

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")


@pytest.fixture
def steps(folder: Folder) -> Folder:
    """A folder with an instance in which ``b`` waits and ``c`` has failed."""
    folder.configure(flow=STEPS)
    folder.ok("start", "flow", "--id", "x")
    assert folder.wfepy("tick").returncode == 1
    return folder


def last(folder: Folder) -> dict[str, object]:
    record: dict[str, object] = folder.data("history", "flow", "x", "-n", "1")["records"][0]
    return record


def answered(folder: Folder, answer: str, *words: str) -> tuple[int, str]:
    """Run a command at a terminal where somebody types ``answer``."""
    return at_terminal(folder, *words, environ={"TERM": "dumb"}, answer=answer)


# What is said


def test_a_retry_says_what_comes_next(steps: Folder) -> None:
    said = steps.ok("retry", "flow", "x", "c", "--by", "ann", "-m", "bought some")
    assert said == "flow/x: c is retried; it runs at the next tick: wfepy tick\n"
    assert {key: last(steps)[key] for key in ("event", "verb", "task", "by", "reason")} == {
        "event": "operator",
        "verb": "retry",
        "task": "c",
        "by": "ann",
        "reason": "bought some",
    }
    steps.write("milk", "")
    steps.ok("tick")
    assert steps.data("status")["instances"][0]["failing"] == {}


@pytest.mark.parametrize("words", [("flow", "x", "c"), ("flow", "c"), ("flow", "x"), ("flow",)])
def test_a_retry_needs_only_what_is_not_clear(steps: Folder, words: tuple[str, ...]) -> None:
    assert steps.data("retry", *words)["tasks"] == ["c"]


def test_a_task_is_skipped_and_declared_done(steps: Folder) -> None:
    said = steps.ok("done", "flow", "c", "--yes")
    assert said == "flow/x: c is declared done; the instance goes on waiting: wfepy status\n"
    said = steps.ok("skip", "flow", "x", "b", "-y")
    assert said == "flow/x: b is skipped; d runs at the next tick: wfepy tick\n"
    steps.ok("tick")
    assert steps.ok("history", "flow", "x").splitlines()[-1].endswith("finished")


def test_an_instance_that_ends_by_what_is_skipped_is_said_to(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    assert folder.ok("skip", "flow", "b", "--yes").endswith(
        "b is skipped; the instance has ended: dead end\n"
    )
    assert folder.ok("history", "flow").splitlines()[-1].endswith("ended dead end")


def test_an_instance_is_paused_resumed_and_cancelled(steps: Folder) -> None:
    assert steps.ok("pause", "flow", "-m", "lunch") == "flow/x is paused; wfepy resume flow x lets it go on\n"
    assert "the instance is paused, wfepy resume flow x" in steps.ok("retry", "flow", "c")
    assert steps.wfepy("tick").returncode == 0
    assert steps.ok("resume", "flow", "x").startswith("flow/x is resumed; the next tick")
    assert steps.ok("cancel", "flow", "x", "--yes") == "flow/x is cancelled\n"
    assert "it has ended: cancelled; wfepy rewind flow x TASK" in error_line(
        steps.wfepy("pause", "flow", "x"), 2
    )
    assert steps.ok("rewind", "flow", "x", "b", "--yes").startswith("flow/x: b is rewound; it runs at")


def test_a_file_without_a_config_is_run_next(folder: Folder) -> None:
    folder.write("flow.py", misbehaving("raise wfepy.GiveUp('no milk')"))
    folder.wfepy("run", "flow.py", "--id", "x")
    assert folder.ok("retry", "flow.py").endswith("it runs at the next tick: wfepy run flow.py --id x\n")


def test_what_was_done_is_data_on_demand(steps: Folder) -> None:
    data = steps.data("rewind", "flow", "x", "a", "--yes", "--by", "bob", "--reason", "again")
    assert (data["verb"], data["tasks"], data["by"], data["reason"]) == ("rewind", ["a"], "bob", "again")
    assert (data["status"], data["paused"], data["effects"]["runs"]) == ("running", False, ["a"])
    assert [each["task"] for each in data["effects"]["again"]] == ["a", "b", "c"]


# Who


def test_who_it_was_is_found_out(steps: Folder) -> None:
    pairs = [
        ({"WFEPY_BY": "cy", "GITHUB_ACTOR": "octo"}, "cy"),
        ({"GITHUB_ACTOR": "octo", "LOGNAME": "root"}, "octo"),
        ({"LOGNAME": "dora"}, "dora"),
    ]
    for environ, name in pairs:
        steps.ok("pause", "flow", environ=environ)
        assert last(steps)["by"] == name
        steps.ok("resume", "flow", "--by", "eve", environ=environ)
        assert last(steps)["by"] == "eve"


# Asking


@pytest.mark.parametrize(
    "words", [("skip", "flow", "b"), ("done", "flow", "b"), ("rewind", "flow", "a"), ("cancel", "flow")]
)
def test_without_a_terminal_nothing_is_done_unasked(steps: Folder, words: tuple[str, ...]) -> None:
    before = steps.state()
    assert "--yes does it without asking" in error_line(steps.wfepy(*words), 2)
    assert steps.state() == before


def test_at_a_terminal_the_effects_are_shown_first(steps: Folder) -> None:
    code, seen = answered(steps, "n", "rewind", "flow", "x", "a")
    lines = seen.splitlines()
    done = steps.data("history", "flow", "x")["records"][0]["at"][:16].replace("T", " ")
    assert lines[:3] == [
        "rewind a in flow/x:",
        f"  a runs again (done {done}Z)",
        "  b is undecided again (waiting)",
    ]
    assert "the context stays as it is" in seen
    assert (code, lines[-1]) == (1, "wfepy: nothing was changed")
    assert last(steps)["event"] == "task"
    code, seen = answered(steps, "y", "rewind", "flow", "x", "a")
    assert code == 0
    assert "flow/x: a is rewound" in seen
    assert last(steps)["verb"] == "rewind"


def test_at_a_terminal_it_is_shown_what_becomes_of_the_transitions(steps: Folder) -> None:
    _, seen = answered(steps, "", "done", "flow", "x", "c")
    assert "  c is done\n  -> d: as its condition says, at flow.py:18\n" in seen
    _, seen = answered(steps, "", "cancel", "flow", "x")
    assert "cancel flow/x:\n  b is cancelled\n  d is cancelled\n  the instance ends: cancelled\n" in seen
    _, seen = answered(steps, "", "skip", "flow", "x", "b")
    assert "skip b in flow/x:\n  b is skipped\n  the instance ends: failed\ngo on?" in seen


# Errors


def test_what_makes_no_sense_is_told(steps: Folder) -> None:
    errors = [
        (("skip", "flow", "x"), "x is an instance; name a task too: wfepy skip flow x TASK"),
        (("skip", "flow", "x", "b", "c"), "it takes a workflow, an instance and a task"),
        (("skip", "flow"), "the following arguments are required"),
        (("skip", "flow", "x", "bb"), 'there is no task "bb"; did you mean "b"?'),
        (("retry", "flow", "x", "d"), "it is not its turn; wfepy why flow x d says what it waits for"),
        (("retry", "flow", "a"), "it is done already; wfepy rewind flow x a runs it"),
        (("resume", "flow"), "it is not paused"),
        (("pause", "flow", "--wait", "soon"), "it takes a number of seconds, not 'soon'"),
    ]
    for words, message in errors:
        assert message in error_line(steps.wfepy(*words, "--yes"), 2), words
    assert "there is no such instance" in error_line(steps.wfepy("retry", "flow", "y", "b"), 3)
    assert 'there is no workflow "flo"' in error_line(steps.wfepy("retry", "flo", "y", "b"), 4)


def test_an_instance_and_a_task_of_one_name_must_be_told_apart(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow", "--id", "b")
    for verb in ("retry", "skip"):
        assert "b is an instance and a task" in error_line(folder.wfepy(verb, "flow", "b", "--yes"), 2)


def test_an_instance_that_a_tick_holds_is_waited_for(folder: Folder) -> None:
    folder.configure(flow=misbehaving("import time; open('runs', 'w').close(); time.sleep(2)"))
    folder.ok("start", "flow", "--id", "x")
    with folder.spawn("tick") as tick:
        while not (folder.path / "runs").exists():
            pass
        assert "or wait for it with --wait" in error_line(folder.wfepy("pause", "flow"), 3)
        assert folder.ok("pause", "flow", "--wait", "30").startswith("flow/x is paused")
        tick.communicate()


def test_every_command_explains_itself(folder: Folder) -> None:
    for verb in ("retry", "skip", "done", "rewind", "cancel", "pause", "resume", "signal"):
        text = folder.ok(verb, "--help")
        assert f"    wfepy {verb} coffee table-4" in text
        assert "--json" in text
    assert "step in:\n  signal " in folder.ok("--help")


def test_a_condition_may_print(folder: Folder) -> None:
    folder.configure(flow=FLOW.replace('context.get("extra")', "print('asked') or context.get('extra')"))
    folder.ok("start", "flow", "--id", "x")
    done = folder.wfepy("done", "flow", "a", "--yes", "--json")
    assert json.loads(done.stdout)["effects"]["runs"] == ["b"]
    assert "asked" in done.stderr
