"""The fixture ``wfepy_project``, for the tests of plugins."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wfepy_hooks.testing.plugin import wfepy_project

if TYPE_CHECKING:
    from wfepy_hooks.testing import MakeProject

__all__ = ["wfepy_project"]  # a fixture is known by being here

NAP = """
    import wfepy_hooks as wfepy


    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("wake_up")
    def nap(context):
        print("zzz")
        return True


    @wfepy.task()
    @wfepy.end_point()
    def wake_up(context):
        return wfepy.wait(until="2h", reason="so early")
"""
FILES = {
    "wfepy.toml": '[workflows.nap]\nmodule = "nap"\n',
    "nap.py": NAP,
    "wfepy_plugins.py": """
        import wfepy_hooks as wfepy


        @wfepy.hookimpl
        def wfepy_task_finished(task, result):
            with open("told.txt", "a") as file:
                file.write(f"{task.name} {result.status}\\n")
    """,
}


@pytest.mark.parametrize("how", ["run", "spawn"])
def test_a_command_is_run_with_the_plugins_of_the_project(wfepy_project: MakeProject, how: str) -> None:
    project = wfepy_project(FILES)
    run = project.run if how == "run" else project.spawn
    result = run("run", "nap", now="2026-03-01T08:00Z").assert_exit_code(0)
    assert result.out == "zzz\nnap/default waits for wake_up: so early\ngo on with: wfepy run nap\n"
    assert "2026-03-01T08:00:00Z nap/default nap completed" in result.err
    assert project.read("told.txt") == "nap completed\nwake_up waiting\n"
    assert project.state("nap")["wake"] == "2026-03-01T10:00:00.000000Z"


def test_the_events_are_seen_in_order_with_what_they_are_about(wfepy_project: MakeProject) -> None:
    result = wfepy_project(FILES).run("run", "nap")
    assert [repr(each) for each in result.events] == [
        "<tick_started>",
        "<task_started nap>",
        "<transition_evaluated nap>",
        "<task_finished nap completed>",
        "<task_started wake_up>",
        "<task_finished wake_up waiting>",
        "<state_saved>",
        "<tick_finished>",
    ]
    (waits,) = result.of("wfepy_task_finished", status="waiting")
    assert (waits.workflow, waits.instance, waits.task) == ("nap", "default", "wake_up")
    assert waits.fields["reason"] == "so early"
    assert result.of("wfepy_transition_evaluated")[0].fields["dest"] == "wake_up"


def test_time_passes_from_command_to_command(wfepy_project: MakeProject) -> None:
    project = wfepy_project(FILES)
    project.now = "2026-03-01T08:00Z"
    project.run("run", "nap")
    project.now = "2026-03-01T09:59Z"
    assert project.run("tick").events == []
    assert [each.task for each in project.run("tick", now="2026-03-01T10:00Z").of("wfepy_task_started")] == [
        "wake_up"
    ]


def test_a_wrong_exit_code_shows_what_was_printed(wfepy_project: MakeProject) -> None:
    project = wfepy_project(FILES)
    with pytest.raises(AssertionError) as failed:
        project.run("tick", "noap").assert_exit_code(0)
    text = str(failed.value)
    assert text.startswith("exit code 4, not 0: wfepy tick noap\n--- err ---\nwfepy: error: ")
    assert 'did you mean "nap"?' in text
    assert project.run("tick", "noap").assert_exit_code(4).exit_code == 4


def test_lines_are_expected_in_their_order(wfepy_project: MakeProject) -> None:
    result = wfepy_project(FILES).run("run", "nap", now="2026-03-01T08:00Z")
    same = result.assert_out("zzz", "nap/default waits for wake_up*").assert_err(
        "2026-03-01T08:00:00Z nap/default nap completed *s", "2026-*Z*waiting: so early*"
    )
    assert same is result
    assert result.assert_out() is result


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["zz"], "wfepy run nap: no line of out is 'zz'\n--- out ---\nzzz\nnap/default waits for"),
        (["nap/default*", "zzz"], "no line of out is 'zzz', behind 'nap/default*'\n"),
        (["zzz", "zzz"], "no line of out is 'zzz', behind 'zzz'\n"),
        (["z[z]z"], "no line of out is 'z[z]z'\n"),
        (["z.z"], "no line of out is 'z.z'\n"),
    ],
)
def test_a_line_that_is_not_there_is_told_with_all_of_them(
    wfepy_project: MakeProject, lines: list[str], message: str
) -> None:
    result = wfepy_project(FILES).run("run", "nap")
    with pytest.raises(AssertionError) as caught:
        result.assert_out(*lines)
    assert message in str(caught.value)
    with pytest.raises(AssertionError, match="no line of err is 'zzz'"):
        result.assert_err("zzz")


def test_results_can_be_read_as_json(wfepy_project: MakeProject) -> None:
    project = wfepy_project(FILES)
    assert project.run("run", "nap", "--json").err != ""
    assert project.run("status", "--json").json["live"] == 1


OBSERVER = """
    import logging
    import wfepy_hooks as wfepy


    @wfepy.hookimpl
    def wfepy_task_finished(task):
        logging.getLogger("mine").info("too quiet to be told")
        if task.name == "nap":
            raise RuntimeError("no network")


    @wfepy.hookimpl
    def wfepy_configure(config):
        logging.getLogger("mine").warning("careful")
"""


@pytest.mark.parametrize("how", ["run", "spawn"])
def test_what_a_plugin_that_observes_raises_is_told_as_in_a_shell(
    wfepy_project: MakeProject, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    project = wfepy_project({**FILES, "wfepy_plugins.py": OBSERVER})
    err = getattr(project, how)("run", "nap").assert_exit_code(0).err
    assert (
        "wfepy: warning: plugin wfepy_plugins: wfepy_task_finished for nap/default raised RuntimeError" in err
    )
    assert err.splitlines().count("careful") == 1
    assert "too quiet" not in err
    assert ("no network" in caplog.text) is (how == "run")


def test_a_handler_that_a_command_sets_up_takes_what_is_logged(wfepy_project: MakeProject) -> None:
    plugin = (
        OBSERVER
        + """
        logging.getLogger().addHandler(logging.FileHandler("out.log"))
        logging.getLogger("mine").warning("twice")
    """
    )
    before = list(logging.getLogger().handlers)
    project = wfepy_project({**FILES, "wfepy_plugins.py": plugin})
    err = project.run("run", "nap").assert_exit_code(0).err
    assert logging.getLogger().handlers == before
    assert "careful" in err  # before there was a handler
    assert "twice" not in err
    assert "no network" not in err
    assert "no network" in project.read("out.log")


def test_this_process_is_afterwards_as_it_was(wfepy_project: MakeProject) -> None:
    log = logging.getLogger("wfepy_hooks")
    before = (
        os.getcwd(),
        dict(os.environ),
        list(sys.path),
        signal.getsignal(signal.SIGINT),
        signal.getsignal(signal.SIGTERM),
        list(log.handlers),
    )
    wfepy_project(FILES).run("run", "nap")
    assert before == (
        os.getcwd(),
        dict(os.environ),
        list(sys.path),
        signal.getsignal(signal.SIGINT),
        signal.getsignal(signal.SIGTERM),
        list(log.handlers),
    )
    assert "nap" not in sys.modules


def test_changed_files_count_in_the_next_command(wfepy_project: MakeProject) -> None:
    project = wfepy_project(FILES)
    project.run("check").assert_exit_code(0)
    project.write("nap.py", NAP.replace('followed_by("wake_up")', 'followed_by("wake")'))
    project.run("check").assert_exit_code(4)


def test_two_projects_do_not_meet(wfepy_project: MakeProject) -> None:
    first = wfepy_project(FILES)
    second = wfepy_project({**FILES, "nap.py": NAP.replace("zzz", "snore")})
    assert first.run("run", "nap").out.startswith("zzz\n")
    assert second.run("run", "nap").out.startswith("snore\n")
    assert sorted(second.files()) != sorted(FILES)


def test_what_is_installed_here_is_not_loaded_unless_it_is_named(wfepy_project: MakeProject) -> None:
    project = wfepy_project(FILES)
    assert "wfepy_crontab" not in project.run("plugins").out
    project.plugins = ["wfepy_crontab"]
    assert "wfepy_crontab" in project.run("plugins").out
    project.environ["WFEPY_DISABLE_PLUGIN_AUTOLOAD"] = None
    assert "wfepy_systemd" in project.run("plugins").out


def test_the_environment_of_the_project_can_be_set(wfepy_project: MakeProject) -> None:
    project = wfepy_project(FILES)
    project.environ["SLEEPER"] = "ann"
    project.write("nap.py", NAP.replace('print("zzz")', 'import os; print(os.environ["SLEEPER"])'))
    assert project.run("run", "nap").out.startswith("ann\n")
    assert project.spawn("run", "nap", "--id", "2").out.startswith("ann\n")
    assert "SLEEPER" not in os.environ


def test_pytest_finds_the_fixture_by_the_name_of_the_plugin(users: pytest.Pytester) -> None:
    users.makeconftest('pytest_plugins = ["wfepy_hooks.testing.plugin"]')
    users.makepyfile(
        """
        def test_it(wfepy_project):
            assert wfepy_project().run("--version").exit_code == 0
        """
    )
    users.runpytest_inprocess().assert_outcomes(passed=1)


def test_folders_are_made_for_files(wfepy_project: MakeProject, tmp_path: Path) -> None:
    project = wfepy_project({"src/flow.py": "    x = 1\n"}, name="mine")
    assert project.path == tmp_path / "mine"
    assert project.read("src/flow.py") == "x = 1\n"
