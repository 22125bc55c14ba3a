"""run, tick and start: what they do, what they print and what they exit with."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time

import pytest

from cli_folder import COMMAND, DEAD_END, FLOW, error_line, flow, misbehaving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cli_folder import Folder

BRANCHES = """
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def a(context):
        raise ValueError("never")

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def b(context):
        raise ValueError("later")

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.end_point()
    def c(context):
        return wfepy.wait(reason="it takes long")
"""

LOOP = """
    import wfepy_hooks as wfepy

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("a", lambda context: context["n"] < 2)
    @wfepy.followed_by("b", lambda context: context["n"] >= 2)
    def a(context):
        context["n"] = context.get("n", 0) + 1
        return True

    @wfepy.task()
    @wfepy.end_point()
    def b(context):
        return True
"""


# Run


def test_a_file_needs_no_config_and_its_state_is_kept_in_the_working_directory(folder: Folder) -> None:
    folder.write("flow.py", FLOW)
    said = folder.ok("run", "flow.py")
    assert said == "flow/default waits for b: there is no file go\ngo on with: wfepy run flow.py\n"
    assert sorted(folder.state()) == [".wfepy/state/flow/default.json", ".wfepy/state/flow/default.jsonl"]
    folder.write("go", "")
    assert folder.ok("run", "flow.py") == "flow/default finished\n"
    assert (folder.path / "ran.log").read_text() == "a\n"


def test_a_file_in_another_folder_runs_here(folder: Folder) -> None:
    folder.write("deep/flow.py", FLOW)
    assert "waits for b" in folder.ok("run", "deep/flow.py")
    assert (folder.path / ".wfepy/state/flow").is_dir()
    assert "waits" in folder.ok("why", "deep/flow.py", "b")


def test_a_configured_file_is_the_configured_workflow(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    assert folder.data("run", "flow.py")["completed"] == []
    assert folder.ok("status").count("waiting") == 2  # one row, and the count


def test_a_file_must_not_take_the_name_of_a_configured_workflow(folder: Folder) -> None:
    folder.configure()
    folder.write("other/flow.py", FLOW)
    assert 'another workflow is configured as "flow"' in error_line(folder.wfepy("run", "other/flow.py"), 2)


def test_the_state_can_be_kept_elsewhere(folder: Folder) -> None:
    folder.write("flow.py", FLOW)
    folder.ok("run", "flow.py", "--state", "kept")
    assert (folder.path / "kept/flow/default.json").exists()
    assert "waiting" in folder.ok("--state=kept", "status")
    assert folder.ok("status").startswith("no live instances")


def test_an_instance_that_has_ended_is_told_with_the_way_to_another(folder: Folder) -> None:
    folder.configure()
    folder.write("go", "")
    folder.ok("run", "flow")
    said = folder.ok("run", "flow")
    assert said == (
        "flow/default has ended already: finished; begin another instance with --id NAME or wfepy start flow\n"
    )
    assert "flow/two finished" in folder.ok("run", "flow", "--id", "two")


def test_the_command_that_goes_on_is_the_one_to_type(folder: Folder) -> None:
    folder.write("my flow.py", FLOW)
    said = folder.ok("run", "my flow.py", "--set", "x=1", "--id", "two", "--state", "kept here")
    command = said.splitlines()[-1].removeprefix("go on with: wfepy ")
    assert command == "run 'my flow.py' --id two --state 'kept here'"
    folder.write("go", "")
    assert folder.ok(*shlex.split(command)) == "my_flow/two finished\n"


def test_values_for_an_instance_that_has_ended_are_refused(folder: Folder) -> None:
    folder.configure()
    folder.write("go", "")
    folder.ok("run", "flow")
    line = error_line(folder.wfepy("run", "flow", "--set", "x=1"), 2)
    assert (
        "the instance has ended, and its context was filled at its start; begin another one with --id" in line
    )


def test_an_instance_that_another_tick_finishes_meanwhile_has_ended(folder: Folder) -> None:
    folder.configure(flow=flow('open("begun", "w").close(); __import__("time").sleep(1)'))
    folder.write("go", "")
    folder.ok("start", "flow", "--id", "default")
    other = folder.spawn("tick")
    while not (folder.path / "begun").exists():
        assert other.poll() is None
        time.sleep(0.01)
    assert "has ended already: finished" in folder.ok("run", "flow", "--wait", "30")
    other.communicate()


def test_an_instance_that_a_crash_kept_from_the_ended_ones_has_ended(folder: Folder) -> None:
    folder.configure()
    folder.write("go", "")
    folder.ok("run", "flow")
    for file in (folder.path / "state/flow/done").iterdir():
        file.rename(folder.path / "state/flow" / file.name)
    assert "has ended already: finished" in folder.ok("run", "flow")
    assert sorted(folder.state()) == ["state/flow/done/default.json", "state/flow/done/default.jsonl"]


def test_values_are_json_or_else_text(folder: Folder) -> None:
    folder.configure()
    pairs = [
        "n=3",
        "f=1.5",
        "yes=true",
        "name=Bob",
        "empty=",
        'list=[1, "x"]',
        "eq=a=b",
        "nan=NaN",
        'quoted="3"',
    ]
    folder.ok("run", "flow", *(word for pair in pairs for word in ("--set", pair)))
    context = folder.data("show", "flow")["context"]
    assert context.pop("count") == 1
    assert context == {
        "n": 3,
        "f": 1.5,
        "yes": True,
        "name": "Bob",
        "empty": "",
        "list": [1, "x"],
        "eq": "a=b",
        "nan": "NaN",
        "quoted": "3",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "x"), "KEY=VALUE"),
        (("--set", "=x"), "KEY=VALUE"),
        (("--set", "x=1", "--set", "x=2"), "set twice"),
        (("--id", "../x"), "../x"),
        (("--wait", "soon"), "--wait"),
        (("--wait", "-1"), "--wait"),
        (("--bogus",), "--bogus"),
        (("more",), "more"),
    ],
)
def test_a_wrong_call_is_told_and_begins_nothing(folder: Folder, words: tuple[str, ...], said: str) -> None:
    folder.configure()
    assert said in error_line(folder.wfepy("run", "flow", *words), 2)
    assert folder.state() == {}


def test_the_context_of_an_instance_is_filled_once(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow", "--set", "x=1")
    before = folder.state()
    line = error_line(folder.wfepy("run", "flow", "--set", "x=2"), 2)
    assert "its context was filled at its start" in line
    assert "--id NAME" in line
    assert folder.state() == before


def test_an_unknown_workflow_is_told_with_a_suggestion(folder: Folder) -> None:
    folder.configure()
    assert 'did you mean "flow"?' in error_line(folder.wfepy("run", "flwo"), 4)


def test_a_failing_task_is_shown_with_its_traceback_and_tried_again(folder: Folder) -> None:
    folder.configure(flow=misbehaving("raise ValueError('no milk')"))
    done = folder.wfepy("run", "flow")
    assert done.returncode == 1
    assert "flow/default failed in b: ValueError: no milk; it is tried again at the next tick" in done.stdout
    assert done.stderr.count("Traceback") == 1
    assert "flow.py" in done.stderr
    assert "wfepy_hooks/" not in done.stderr
    assert "b failing: ValueError: no milk (tried again at the next tick)" in done.stderr
    assert "(attempt 2, " in folder.wfepy("run", "flow").stderr
    folder.write("go", "")
    assert "finished" in folder.ok("run", "flow")


def test_a_task_that_gives_up_fails_the_instance(folder: Folder) -> None:
    folder.configure(flow=flow('raise wfepy.GiveUp("no beans")'))
    done = folder.wfepy("run", "flow")
    assert done.returncode == 1
    assert "flow/default failed in b: GiveUp: no beans\n" in done.stdout
    again = folder.wfepy("run", "flow")
    assert again.returncode == 1
    assert "has ended already: failed" in again.stdout


def test_a_dead_end_names_the_false_condition(folder: Folder) -> None:
    folder.write("flow.py", DEAD_END)
    done = folder.wfepy("run", "flow.py")
    assert done.returncode == 1
    assert "is a dead end, it can never finish: a -> b: skipped, the condition at " in done.stdout


def test_the_log_has_a_line_for_each_event(folder: Folder) -> None:
    folder.configure()
    log = folder.wfepy("run", "flow").stderr.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ flow/default ", line) for line in log)
    assert [line.split(" ", 2)[2] for line in log][1:] == [
        "c skipped: the condition at flow.py:8 was false",
        "b waiting: there is no file go",
    ]
    assert re.search(r"a completed \d\.\d{3}s$", log[0])


def test_a_repeated_wait_is_no_news_but_on_demand(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    assert folder.wfepy("run", "flow").stderr == ""
    assert "b waiting" in folder.wfepy("run", "flow", "-v").stderr
    assert "b started, attempt 1" in folder.wfepy("-v", "run", "flow").stderr


def test_json_stands_alone_on_standard_output(folder: Folder) -> None:
    body = """
    print("printed")
    kept.write("kept\\n")
    import subprocess, sys
    subprocess.run(["echo", "from a subprocess"])
    os.write(1, b"written\\n")
    """
    module = "    import sys\n    kept = sys.__stdout__\n    print('imported')\n"
    folder.configure(flow=module + flow(body).lstrip("\n"))
    done = folder.wfepy("run", "flow", "--json")
    assert json.loads(done.stdout) == {
        "workflow": "flow",
        "instance": "default",
        "status": "running",
        "completed": ["a"],
        "skipped": ["c"],
        "waiting": {"b": "there is no file go"},
        "retrying": {},
        "timed_out": [],
        "failed": {},
        "error": None,
        "exit_code": 0,
    }
    for text in ("imported", "printed", "from a subprocess", "written", "kept"):
        assert text in done.stderr
    assert json.loads(folder.wfepy("tick", "--json").stdout)["instances"][0]["status"] == "running"


# Tick


def test_a_tick_advances_all_and_an_error_of_one_stops_none(folder: Folder) -> None:
    folder.configure(flow=flow('if context.get("bad"): raise ValueError("no milk")'))
    folder.ok("start", "flow", "--id", "a1", "--set", "bad=true")
    folder.ok("start", "flow", "--id", "b2")
    done = folder.wfepy("tick")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "flow/a1 failed in b: ValueError: no milk; it is tried again at the next tick",
        "flow/b2 waits for b: there is no file go",
        "2 instances: 1 failing, 1 waiting",
    ]


def test_a_tick_with_nothing_new_is_one_line_and_no_byte(folder: Folder) -> None:
    folder.configure()
    assert folder.ok("tick") == "nothing to do: there is no live instance\n"
    folder.ok("start", "flow", "--id", "x")
    folder.ok("tick")
    before = folder.state()
    done = folder.wfepy("tick")
    assert (done.stdout, done.stderr) == ("1 instance: 1 waiting\n", "")
    assert folder.state() == before


def test_a_tick_can_be_of_one_workflow(folder: Folder) -> None:
    folder.configure()
    with (folder.path / "wfepy.toml").open("a") as file:
        file.write('[workflows.second]\nmodule = "flow"\n')
    folder.ok("start", "flow", "--id", "x")
    folder.ok("start", "second", "--id", "y")
    assert "second" not in folder.ok("tick", "flow")
    assert [each["workflow"] for each in folder.data("tick")["instances"]] == ["flow", "second"]


def test_a_tick_without_any_workflow_is_told(folder: Folder) -> None:
    assert "there is no workflow to tick" in error_line(folder.wfepy("tick"), 4)


def test_a_workflow_that_is_broken_does_not_stop_another(folder: Folder) -> None:
    folder.configure()
    folder.write("other.py", FLOW)
    with (folder.path / "wfepy.toml").open("a") as file:
        file.write('[workflows.other]\nmodule = "other"\n')
    folder.ok("start", "flow", "--id", "x")
    folder.ok("start", "other", "--id", "y")
    folder.write("flow.py", "def (:")
    done = folder.wfepy("tick")
    assert "SyntaxError" in error_line(done, 4)
    assert "other/y waits for b" in done.stdout


def test_a_quiet_tick_says_only_what_fails(folder: Folder) -> None:
    folder.configure(flow=flow('if context.get("bad"): raise ValueError("no milk")'))
    assert folder.ok("tick", "-q") == ""
    folder.ok("start", "flow", "--id", "a1")
    done = folder.wfepy("tick", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    folder.ok("start", "flow", "--id", "b2", "--set", "bad=true")
    done = folder.wfepy("tick", "-q")
    assert (done.returncode, done.stdout) == (1, "")
    assert "flow/b2 b failing: ValueError: no milk" in done.stderr


def test_one_file_for_results_and_log_tells_nothing_twice_and_dates_the_end(folder: Folder) -> None:
    folder.configure()
    folder.write("go", "")
    folder.ok("start", "flow", "--id", "x")
    script = f"{' '.join(COMMAND)} tick >>tick.log 2>&1"
    subprocess.run(["sh", "-c", script], cwd=folder.path, env=folder.environ, check=True)
    lines = (folder.path / "tick.log").read_text().splitlines()
    dated = [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (.*)", line) for line in lines]
    assert all(dated), lines
    assert [line.split(" ", 1)[1] for line in lines[3:]] == ["flow/x finished", "1 instance: 1 finished"]


def test_a_folder_that_cannot_be_listed_does_not_hide_what_was_done(folder: Folder) -> None:
    folder.configure()
    with (folder.path / "wfepy.toml").open("a") as file:
        file.write('[workflows.second]\nmodule = "flow"\n')
    folder.ok("start", "flow", "--id", "x")
    folder.write("state/second", "no folder")
    done = folder.wfepy("tick", "--json")
    assert "second" in error_line(done, 3)
    assert [each["instance"] for each in json.loads(done.stdout)["instances"]] == ["x"]
    assert folder.wfepy("tick").stdout == "1 instance: 1 waiting\n"


def test_a_task_that_a_plugin_lets_fail_for_good_is_not_said_to_be_tried_again(folder: Folder) -> None:
    folder.configure(flow=BRANCHES)
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_decide_retry(error):
            return wfepy.RetryDecision(False, "attempt 1 of 1") if "never" in str(error) else None
        """,
    )
    done = folder.wfepy("run", "flow")
    assert done.stdout.splitlines()[0] == (
        "flow/default failed in a: ValueError: never; failed in b: ValueError: later; "
        "it is tried again at the next tick; waits for c: it takes long"
    )


def test_an_error_of_ours_that_a_task_raises_is_a_failure_of_the_task(folder: Folder) -> None:
    folder.configure(flow=misbehaving('raise wfepy.WorkflowError("no way")'))
    done = folder.wfepy("run", "flow")
    assert done.returncode == 1
    assert "wfepy: error" not in done.stderr
    assert done.stderr.count("no way") == 1


def test_the_log_says_which_pass_of_a_loop_it_is(folder: Folder) -> None:
    folder.write("loop.py", LOOP)
    log = folder.wfepy("run", "loop.py").stderr
    assert re.search(r"loop/default a completed .*\n.*loop/default a \(pass 2\) completed ", log), log


def test_a_task_that_gives_up_has_no_traceback(folder: Folder) -> None:
    folder.configure(flow=flow('raise wfepy.GiveUp("no beans")'))
    assert "Traceback" not in folder.wfepy("run", "flow").stderr


# Start


def test_start_runs_nothing_and_prints_the_id(folder: Folder) -> None:
    folder.configure()
    first, second = folder.ok("start", "flow"), folder.data("start", "flow")
    assert re.fullmatch(r"\d{8}T\d{6}Z\n", first)
    assert re.fullmatch(r"\d{8}T\d{6}Z(-2)?", second["instance"])
    assert not (folder.path / "ran.log").exists()
    assert folder.ok("status").endswith("2 live instances: 2 ready\n")


def test_what_a_module_prints_does_not_hurt_the_data_of_start(folder: Folder) -> None:
    folder.configure(flow="    print('imported')\n" + FLOW)
    assert folder.data("start", "flow", "--id", "x") == {"workflow": "flow", "instance": "x"}


def test_an_id_is_used_once(folder: Folder) -> None:
    folder.configure()
    folder.ok("start", "flow", "--id", "x")
    assert "there is a live instance of this id" in error_line(folder.wfepy("start", "flow", "--id", "x"), 3)
    error_line(folder.wfepy("start", "flow", "--id", "-x"), 2)


def test_a_task_that_was_cancelled_is_said_to_be(folder: Folder) -> None:
    folder.write("flow.py", FLOW.replace("@wfepy.end_point()", "@wfepy.end_point(terminate=True)"))
    folder.write("go", "")
    log = folder.wfepy("run", "flow.py", "--set", "extra=true").stderr
    assert "c skipped: it was cancelled" in log


def test_what_to_do_about_an_error_is_told_once(folder: Folder) -> None:
    folder.configure(flow=flow('context["x"] = object(); return True'))
    done = folder.wfepy("run", "flow")
    assert "an object cannot be saved; store plain values of it" in done.stderr
    assert (
        'failed in b: CodecError: task "b": context["x"]: an object cannot be saved; it is tried'
        in done.stdout
    )


# What is logged where nobody has set up logging

BROKEN_OBSERVER = """
    import wfepy_hooks as wfepy

    @wfepy.hookimpl
    def wfepy_task_finished(task):
        1 / 0
"""


def test_a_warning_that_is_logged_is_told_as_one(folder: Folder) -> None:
    folder.configure(flow=flow("return 5"))
    said = folder.wfepy("run", "flow")
    (line,) = [each for each in said.stderr.splitlines() if "instead of True" in each]
    assert re.match(r'wfepy: warning: task "b" at flow\.py:\d+ returned int 5 instead of True', line)
    colored = folder.wfepy("run", "flow", "--id", "two", "--color", "always").stderr
    assert "\x1b[1;33mwfepy: warning:\x1b[0m task" in colored


def test_a_broken_observer_is_told_once(folder: Folder) -> None:
    folder.configure()
    folder.write("wfepy_plugins.py", BROKEN_OBSERVER)
    lines = [each for each in folder.wfepy("run", "flow").stderr.splitlines() if "wfepy_plugins" in each]
    start = (
        "wfepy: warning: plugin wfepy_plugins: wfepy_task_finished for flow/default raised ZeroDivisionError"
    )
    assert len(lines) == 2
    assert lines[0].startswith(f"{start}: division by zero (wfepy_plugins.py:6); the run goes on")
    assert lines[1].startswith(start[:90])
    assert lines[1].endswith(" (2 more times)")


def test_in_a_log_file_each_warning_has_its_time(folder: Folder) -> None:
    folder.configure()
    folder.write("wfepy_plugins.py", BROKEN_OBSERVER)
    folder.wfepy("run", "flow", "--id", "x")
    folder.write("go", "")
    folder.wfepy("start", "flow", "--id", "y")
    folder.ok("tick", "--log", "tick.log")
    lines = [each for each in (folder.path / "tick.log").read_text().splitlines() if "warning" in each]
    assert len(lines) == 4
    assert all(re.match(r"\d{4}-\S+Z wfepy: warning: plugin", each) for each in lines)


def test_what_a_workflow_logs_is_told_as_it_is(folder: Folder) -> None:
    folder.configure(flow=flow('import logging; logging.getLogger("mine").warning("look out"); return 5'))
    folder.write("wfepy_plugins.py", BROKEN_OBSERVER)  # that is logged before
    assert "look out" in folder.wfepy("run", "flow").stderr.splitlines()
    (folder.path / "wfepy_plugins.py").unlink()
    folder.write("loud.py", "import logging\nlogging.basicConfig(format='LOG %(message)s')\n")
    folder.configure(flow="\n    import loud" + flow("return 5"))
    said = folder.wfepy("run", "flow", "--id", "y").stderr
    assert 'LOG task "b"' in said
    assert "wfepy: warning" not in said
