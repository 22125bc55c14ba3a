"""What a user sees of a test that fails, and how the plugin is turned off."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def test_a_failed_expectation_says_why_and_shows_the_graph(users: pytest.Pytester) -> None:
    users.makepyfile(
        """
        def test_it(workflow_runner):
            article = workflow_runner("article")
            article.tick()
            article.assert_path("draft", "review", "publish")
        """
    )
    result = users.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">       article.assert_path(*",
            "E       AssertionError: expected that review is done",
            "E       expected path: draft -> review -> publish",
            "E       article/default is running",
            "E       path so far: draft",
            "E       review (pass 1 of its loop): waits since 2026-01-05T09:00:00*: approve or reject by ann or bob*",
            "E         draft -> review: taken",
            "*- workflow article/default -*",
            "article, instance default: running",
            "*✓ draft*",
            "*… review  waiting: approve or reject by ann or bob (signal review, *",
            '*├─ publish  if context[[]"review"[]] == "approve"',
            "time: 2026-01-05 09:00:00Z",
            "path: draft",
            "review waits for a signal review by ann or bob, one of approve, reject, times out at 2026-01-08T09:00:00Z",
            "context: Context({'drafts': 1})",
        ]
    )
    # The frames of the runner are of no interest.
    result.stdout.no_fnmatch_line("*expecting.py*")


def test_any_failure_shows_the_graph_of_each_runner(users: pytest.Pytester) -> None:
    users.makepyfile(
        """
        def test_it(workflow_runner):
            workflow_runner("article", instance="one").tick()
            second = workflow_runner("article.py", start=False)
            second.replace("draft", True)
            assert second.instances == ["two"]
        """
    )
    result = users.runpytest_inprocess()
    result.stdout.fnmatch_lines(
        [
            "*- workflow article/one -*",
            "*- workflow article/default -*",
            "no instance has begun",
            "draft is a double, called never",
        ]
    )


def test_a_fixture_that_fails_shows_the_graph_before_and_after_the_test(users: pytest.Pytester) -> None:
    users.makepyfile(
        """
        import pytest
        @pytest.fixture
        def published(workflow_runner):
            article = workflow_runner("article")
            article.tick()
            article.assert_done("publish")
        @pytest.fixture
        def ended(workflow_runner):
            article = workflow_runner("article")
            yield article
            article.assert_finished()
        def test_before(published): pass
        def test_after(ended): ended.tick()
        """
    )
    result = users.runpytest_inprocess()
    result.assert_outcomes(passed=1, errors=2)
    for title in ("*ERROR at setup of test_before*", "*ERROR at teardown of test_after*"):
        result.stdout.fnmatch_lines([title, "*- workflow article/default -*", "*… review  waiting: *"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("article.restart('article_2.py')", "StateFormatError: *has no task 'review'*renamed_from=*"),
        ("article.restart('nowhere.py')", "WorkflowError: *nowhere.py: there is no such file*"),
        ("article.replace('draft', spoil); article.run()", "ZeroDivisionError: no repr"),
    ],
)
def test_what_cannot_be_shown_is_said_and_the_other_tests_run(
    users: pytest.Pytester, line: str, told: str
) -> None:
    text = (users.path / "article.py").read_text()
    spoilt = 'class Note:\n    def __repr__(self): raise ZeroDivisionError("no repr")\n'
    (users.path / "article.py").write_text(text + spoilt)
    (users.path / "article_2.py").write_text(text.replace("review", "look_at"))
    users.makepyfile(
        f"""
        def spoil(context):
            import article
            context["note"] = article.Note()
            return True
        def test_it(workflow_runner):
            article = workflow_runner("article")
            if "spoil" not in {line!r}:
                article.tick()
            {line}
            assert article.instances == []
        def test_other(): pass
        """
    )
    result = users.runpytest_inprocess()
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*- workflow article/default -*", f"this cannot be shown: {told}"])


def test_a_test_that_passes_shows_nothing(users: pytest.Pytester) -> None:
    users.makepyfile("def test_it(workflow_runner): workflow_runner('article').tick()")
    result = users.runpytest_inprocess("-rA")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*instance default*")


def test_a_workflow_that_is_not_there_is_told_in_one_line(users: pytest.Pytester) -> None:
    users.makepyfile("def test_it(workflow_runner): workflow_runner('artcle')")
    result = users.runpytest_inprocess()
    result.stdout.fnmatch_lines(
        ['E   *ConfigError: *wfepy.toml: there is no workflow "artcle"; did you mean "article"?']
    )


def test_the_fixture_itself_is_no_runner_and_says_so(users: pytest.Pytester) -> None:
    users.makepyfile(
        """
        def test_it(workflow_runner): workflow_runner.tick()
        def test_other(workflow_runner): assert not hasattr(workflow_runner, "tock")
        """
    )
    result = users.runpytest_inprocess()
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "E   AttributeError: workflow_runner has no attribute 'tick'; "
            "runner = workflow_runner(WORKFLOW) makes what has it: runner.tick"
        ]
    )


def test_the_config_file_can_be_elsewhere(users: pytest.Pytester) -> None:
    (users.path / "deploy").mkdir()
    for name in ("wfepy.toml", "article.py"):
        (users.path / name).rename(users.path / "deploy" / name)
    users.makeini("[pytest]\nwfepy_config = deploy/wfepy.toml")
    users.makepyfile("def test_it(workflow_runner): workflow_runner('article').tick()")
    users.runpytest_inprocess().assert_outcomes(passed=1)
    users.runpytest_inprocess("--wfepy-check").assert_outcomes(passed=2)


def test_nobody_outside_hears_of_a_test(users: pytest.Pytester) -> None:
    users.makepyfile(
        wfepy_plugins="""
        import wfepy_hooks as wfepy
        @wfepy.hookimpl
        def wfepy_task_finished(task):
            with open("mail.txt", "a") as file: file.write(f"{task.name} ")
        """,
        test_it="""
        import os, pathlib
        def test_silent(workflow_runner):
            workflow_runner("article").tick()
            assert not os.path.exists("mail.txt")
            assert sorted(os.listdir()) == BEFORE
        def test_local(workflow_runner):
            workflow_runner("article", plugins=["wfepy_plugins"]).tick()
            assert pathlib.Path("mail.txt").read_text() == "draft review "
        def test_module(workflow_runner):
            import wfepy_plugins
            workflow_runner("article", plugins=[wfepy_plugins]).tick()
            assert pathlib.Path("mail.txt").read_text() == "draft review draft review "
        def test_config(workflow_runner):
            workflow_runner("article", plugins="config").tick()
            assert pathlib.Path("mail.txt").read_text() == "draft review draft review draft review "
        BEFORE = sorted(os.listdir())
        """,
    )
    users.runpytest_inprocess().assert_outcomes(passed=4)


def test_a_test_leaves_nothing_behind(users: pytest.Pytester) -> None:
    users.mkdir("flows").joinpath("elsewhere.py").write_text((users.path / "article.py").read_text())
    users.makepyfile(
        """
        import sys
        import wfepy_hooks as wfepy
        PATH, TOLD = list(sys.path), []
        class Plugin:
            @wfepy.hookimpl
            def wfepy_unconfigure(self, config):
                TOLD.append("closed")
        def test_first(workflow_runner):
            workflow_runner("flows/elsewhere.py", plugins=[Plugin()])
            assert sys.path != PATH
        def test_second():
            assert TOLD == ["closed"]
            assert sys.path == PATH
        """
    )
    users.runpytest_inprocess().assert_outcomes(passed=2)


def test_a_schedule_begins_instances_at_its_moments(users: pytest.Pytester) -> None:
    config = (
        '[workflows.article]\nmodule = "article.py"\nstart = "0 8 * * mon-fri"\ntimezone = "Europe/Prague"\n'
    )
    (users.path / "wfepy.toml").write_text(config)
    users.makepyfile(
        """
        def test_it(workflow_runner):
            article = workflow_runner("article", now="2026-03-26T12:00Z")  # a Thursday, before the clocks change
            article.tick()
            assert article.instances == []
            ticks = article.advance("5d")
            assert article.instances == ["2026-03-27T0700Z", "2026-03-30T0600Z", "2026-03-31T0600Z"]
            assert article.id == "2026-03-31T0600Z"
            article.assert_waiting("review", on="review")
            article.other("2026-03-27T0700Z").assert_finished()  # nobody has looked at it for three days
            article.other("2026-03-27T0700Z").assert_path("draft", "escalate")
        """
    )
    users.runpytest_inprocess().assert_outcomes(passed=1)


def test_other_schedules_begin_nothing_unless_the_test_asks_for_all(users: pytest.Pytester) -> None:
    weekly = '[workflows.weekly]\nmodule = "article.py"\nstart = "0 8 * * mon"\n'
    (users.path / "wfepy.toml").write_text('[workflows.article]\nmodule = "article.py"\n' + weekly)
    users.makepyfile(
        """
        def test_it(workflow_runner):
            article = workflow_runner("article")
            article.advance("14d")
            assert article.other("x", "weekly").instances == []
            weekly = workflow_runner("weekly")
            weekly.advance("7d")
            assert weekly.instances == ["2026-01-12T0800Z"]
        def test_all(workflow_runner):
            article = workflow_runner("article", all_schedules=True)
            article.advance("14d")
            assert article.other("x", "weekly").instances == ["2026-01-12T0800Z", "2026-01-19T0800Z"]
        """
    )
    users.runpytest_inprocess().assert_outcomes(passed=2)


def test_a_child_is_an_instance_of_the_same_world(users: pytest.Pytester) -> None:
    users.makefile(
        ".toml", wfepy='[workflows.article]\nmodule = "article.py"\n[workflows.issue]\nmodule = "issue.py"\n'
    )
    users.makepyfile(
        issue="""
        import wfepy_hooks as wfepy
        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def write(context):
            return wfepy.start_child("article")
        """,
        test_it="""
        def test_it(workflow_runner):
            issue = workflow_runner("issue")
            child = issue.other("default.write", "article")
            child.replace("publish", True)
            issue.tick()
            child.assert_waiting("review")
            child.signal("review", "approve", by="bob")
            issue.tick()
            child.assert_finished()
            issue.assert_finished()
        """,
    )
    users.runpytest_inprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize("how", ["ini", "option"])
def test_it_can_be_turned_off(users: pytest.Pytester, how: str) -> None:
    users.makepyfile("def test_it(workflow_runner): pass")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    options = ["-p", "no:wfepy"] if how == "option" else []
    if how == "ini":
        users.makeini("[pytest]\nwfepy = false")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", *options],
        cwd=users.path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "fixture 'workflow_runner' not found" in run.stdout, run.stdout


def test_starting_pytest_imports_nothing_of_the_engine() -> None:
    """This is what keeps ``pytest --collect-only`` as fast as it is without the plugin."""
    code = (
        "import sys, pytest\n"
        "known = set(sys.modules)\n"
        "import wfepy_pytest\n"
        "print(sorted(set(sys.modules) - known))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "['wfepy_pytest']\n"
