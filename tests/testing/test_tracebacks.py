"""What a user sees who made a mistake in a test or in a task: what is theirs, and no frames of the engine."""

from __future__ import annotations

import pytest

BOOM = """
import wfepy_hooks as wfepy
def divide(number):
    return 1 / number
@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def boom(context):
    return divide(0)
"""


def failure(users: pytest.Pytester, line: str, *options: str) -> pytest.RunResult:
    users.makepyfile(boom=BOOM, test_it=f"def test_it(workflow_runner):\n    {line}\n")
    result = users.runpytest_inprocess("test_it.py", *options)
    result.assert_outcomes(failed=1)
    return result


def test_between_a_test_and_the_task_that_raised_there_is_nothing(users: pytest.Pytester) -> None:
    result = failure(users, 'workflow_runner("boom.py").tick()')
    result.stdout.fnmatch_lines(
        [">*tick()", "boom.py:8: in boom", ">       return 1 / number", "boom.py:3: Zero*"]
    )
    result.stdout.no_fnmatch_line("*wfepy_hooks/*")


def test_of_pluggy_nothing_is_shown_where_a_plugin_wraps_the_task(users: pytest.Pytester) -> None:
    users.makepyfile(
        around="import wfepy_hooks\n@wfepy_hooks.hookimpl(wrapper=True)\ndef wfepy_run_task(): return (yield)\n"
    )
    line = "import around; workflow_runner('boom.py', plugins=[around]).tick()"
    result = failure(users, line)
    result.stdout.fnmatch_lines([">*tick()", "around.py:3: in wfepy_run_task", "boom.py:8: in boom"])
    result.stdout.no_fnmatch_line("*pluggy/*")


def test_a_double_that_raises_is_shown_as_it_is(users: pytest.Pytester) -> None:
    line = 'boom = workflow_runner("boom.py"); boom.replace("boom", lambda context: context["milk"]); boom.tick()'
    result = failure(users, line)
    result.stdout.fnmatch_lines(["E   KeyError: 'milk'", "test_it.py:2: KeyError"])
    result.stdout.no_fnmatch_line("*wfepy_hooks/*")


def test_an_exception_that_a_double_raises_is_shown_where_the_test_ticks(users: pytest.Pytester) -> None:
    line = 'boom = workflow_runner("boom.py"); boom.replace("boom", OSError("no net")); boom.tick()'
    result = failure(users, line)
    result.stdout.fnmatch_lines([">*boom.tick()", "E  *OSError: no net", "test_it.py:2: OSError"])
    result.stdout.no_fnmatch_line("*wfepy_hooks/*")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('workflow_runner("bom.py")', 'there is no such file; did you mean "boom.py"'),
        ('workflow_runner("article").signal("review", 3)', "is refused"),
        (
            'workflow_runner("article").why("reveiw")',
            'there is no task "reveiw" in article; did you mean "review"',
        ),
        ('workflow_runner("article").assert_done("reveiw")', 'did you mean "review"'),
        ('workflow_runner("article").replace("reveiw")', 'did you mean "review"'),
        (
            "workflow_runner(7)",
            "must be a module, a Workflow, the path of a .py file or a name in the config",
        ),
        ('workflow_runner("article", nwo="")', "unexpected keyword argument 'nwo'"),
        ('workflow_runner("article").advance("2025-01-01T00:00Z")', "is before now, which is 2026-01-05"),
        ('workflow_runner("article").advance("-3d")', "how far to advance must be a duration"),
        ('workflow_runner("article").advance(3)', "how far to advance must be a timedelta or text"),
        (
            'workflow_runner("article", now="2026-01-07T09:00")',
            "now '2026-01-07T09:00' has no time zone; write it like",
        ),
        (
            'workflow_runner("article").assert_ended("finishd")',
            "one of finished, dead_end, failed, cancelled",
        ),
    ],
)
def test_a_mistake_in_a_test_is_told_in_one_line(users: pytest.Pytester, line: str, message: str) -> None:
    if "signal" in line:
        line = line.replace(
            ".signal", "; article = workflow_runner('article'); article.tick(); article.signal"
        )
    result = failure(users, line)
    errors = [each for each in result.outlines if each.startswith("E ")]
    assert message in errors[0]
    result.stdout.no_fnmatch_line("*wfepy_hooks/timing.py:*")


@pytest.mark.parametrize(
    "line", ['workflow_runner("bom.py")', 'workflow_runner("article", plugins=["gone"])']
)
def test_what_the_engine_raises_by_intent_is_shown_where_the_test_asked_for_it(
    users: pytest.Pytester, line: str
) -> None:
    result = failure(users, line)
    ours = [each for each in result.outlines if "wfepy_hooks/" in each]
    assert len(ours) <= 1, "what an error came from shows the frame that raised it"
    result.stdout.fnmatch_lines(
        [f">*{line.replace('[', '[[]')}", "E  *wfepy_hooks.errors.*", "test_it.py:2: *Error"]
    )


def test_all_frames_are_shown_to_those_who_ask_for_them(users: pytest.Pytester) -> None:
    result = failure(users, 'workflow_runner("boom.py").tick()', "--full-trace")
    result.stdout.fnmatch_lines(["*wfepy_hooks/attempt.py:*", "boom.py:3: ZeroDivisionError"])


def test_a_failure_of_a_test_without_a_runner_is_as_it_was(users: pytest.Pytester) -> None:
    users.makepyfile(
        "from wfepy_hooks import Workflow\ndef test_it():\n    Workflow().load_tasks('gone')\n",
    )
    result = users.runpytest_inprocess()
    result.stdout.fnmatch_lines(["*wfepy_hooks/workflow.py:*"])
