"""What the log says of a failed attempt: a line where it is tried again, a traceback at the end."""

from __future__ import annotations

import re

import pytest

from cli_folder import Folder, flow

RETRYING = flow("return raise_it()").replace(
    "@wfepy.task()\n    @wfepy.end_point()\n    def b",
    """def raise_it():
        try:
            int("one")
        except ValueError as error:
            raise RuntimeError("no number") from error

    @wfepy.task(retry=wfepy.Retry(2, delay="1h", jitter=0))
    @wfepy.end_point()
    def b""",
)
LINE = r"^\d{4}-\S+Z flow/x b retrying: RuntimeError: no number \(flow\.py:\d+, attempt 2 of 2 in 1h\)$"


def start(folder: Folder, text: str, extra: str = "") -> None:
    folder.configure(flow=text, extra=extra)
    folder.ok("start", "flow", "--id", "x")


def test_an_attempt_that_a_policy_has_tried_again_is_one_line_of_the_log(folder: Folder) -> None:
    start(folder, RETRYING)
    done = folder.wfepy("tick")
    log = done.stderr
    assert re.search(LINE, log, re.MULTILINE), log
    assert "Traceback" not in log
    assert done.stdout.startswith("flow/x waits to retry b: RuntimeError: no number\n")
    number = int(re.findall(r"number \(flow\.py:(\d+)", log)[0])
    assert "raise RuntimeError" in (folder.path / "flow.py").read_text().splitlines()[number - 1]


@pytest.mark.parametrize("option", ["-v", "--traceback"])
def test_an_option_shows_the_traceback_of_a_retry_too(folder: Folder, option: str) -> None:
    start(folder, RETRYING)
    log = folder.wfepy("tick", option).stderr
    assert re.search(LINE, log, re.MULTILINE), log
    assert log.count("Traceback") == 2, "its own and that of its cause"


def test_the_last_attempt_of_a_policy_is_shown_with_its_traceback(folder: Folder) -> None:
    start(folder, RETRYING.replace("Retry(2", "Retry(1"))
    log = folder.wfepy("tick").stderr
    assert "b failed: RuntimeError: no number (attempt 1 of 1 failed)" in log
    assert log.count("Traceback") == 2


def test_a_line_says_when_a_plugin_has_the_task_tried_again(folder: Folder) -> None:
    start(folder, flow('raise ValueError("no milk")'))
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_decide_retry(error):
            return wfepy.RetryDecision(True, "the shop is closed", delay=3600)
        """,
    )
    log = folder.wfepy("tick").stderr
    pattern = r"no milk \(flow\.py:\d+, the shop is closed, again at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)\n"
    assert re.search(pattern, log), log


def test_the_line_of_a_retry_names_the_users_code_and_not_the_library_that_it_called(folder: Folder) -> None:
    start(
        folder,
        RETRYING.replace('raise RuntimeError("no number") from error', "__import__('json').loads('{')"),
    )
    assert re.search(r"JSONDecodeError: .* \(flow\.py:\d+, attempt 2", folder.wfepy("tick").stderr)


def test_a_task_of_another_process_is_shown_as_one_of_this(folder: Folder) -> None:
    start(folder, RETRYING, 'executor = "processes:1"')
    log = folder.wfepy("tick").stderr
    assert re.search(LINE, log, re.MULTILINE), log
    folder.ok("retry", "flow", "x", "b")
    log = folder.wfepy("tick", "-v").stderr
    assert '    int("one")\n' in log
    assert "    return raise_it()\n" in log
    assert "The above exception was the direct cause" in log
    assert "RemoteTrace" not in log
    assert "wfepy_hooks/" not in log


def test_the_line_of_a_retry_names_no_code_of_ours_where_a_process_died(folder: Folder) -> None:
    start(folder, RETRYING.replace("return raise_it()", "os._exit(9)"), 'executor = "processes:1"')
    log = folder.wfepy("tick").stderr
    assert re.search(r"b retrying: WorkerDied: .*\(attempt 2 of 2 in 1h\)$", log, re.MULTILINE), log


ITEMS = (
    flow("return item")
    .replace("def b(context):", "def b(context, item):")
    .replace(
        "@wfepy.task()\n    @wfepy.end_point()\n    def b",
        "@wfepy.task(each=lambda context: [1, 0, 2])\n    @wfepy.end_point()\n    def b",
    )
    .replace("return item", "return 1 / item > 0")
)


def test_a_failed_item_of_a_task_is_logged_with_its_traceback(folder: Folder) -> None:
    start(folder, ITEMS)
    log = folder.wfepy("tick").stderr
    assert re.search(
        r"^\S+Z flow/x b item 1 failing: ZeroDivisionError: division by zero \(", log, re.MULTILINE
    )
    assert log.count("Traceback") == 1


def test_a_failed_item_that_a_policy_has_tried_again_is_one_line_of_the_log(folder: Folder) -> None:
    start(folder, ITEMS.replace("[1, 0, 2]", "[0] * 8, retry=wfepy.Retry(2, '1h', jitter=0)"))
    log = folder.wfepy("tick").stderr
    line = r"b item 4 retrying: ZeroDivisionError: division by zero \(flow\.py:\d+, attempt 2 of 2 in 1h\)$"
    assert re.search(line, log, re.MULTILINE), log
    assert "flow/x and 3 more attempts at items failed; see wfepy history" in log
    assert "Traceback" not in log


def test_of_the_wrappers_around_a_task_its_traceback_shows_nothing(folder: Folder) -> None:
    folder.configure(flow=flow("raise KeyError('milk')"))
    plain = folder.wfepy("run", "flow").stderr
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        class Around:
            @wfepy.hookimpl(wrapper=True)
            def wfepy_run_task(self):
                return (yield)

        @wfepy.hookimpl
        def wfepy_configure(config):
            for name in ("inner", "outer"):
                config.plugins.register(Around(), name)
        """,
    )
    wrapped = folder.wfepy("run", "flow", "--id", "other").stderr
    assert "Traceback" in wrapped
    assert traceback_of(wrapped) == traceback_of(plain)


def traceback_of(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith(("Traceback", "  ", "KeyError"))]
