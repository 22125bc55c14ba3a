"""What the log says of a task that waits."""

from __future__ import annotations

import re

import pytest

from cli_folder import Folder, flow

OTHER = '[workflows.other]\nmodule = "other"'


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('wfepy.sleep("2d")', r"b waiting until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ('wfepy.wait(signal="go", by="ann")', "b waiting for a signal go by ann"),
        ('wfepy.wait(signal="go", until="2d")', r"b waiting for a signal go or until \S+Z"),
        ('wfepy.start_child("other")', "b waiting for the end of other/x.b"),
        ('wfepy.sleep("2d", reason="it is early")', "b waiting: it is early"),
        ("False", "b waiting"),
    ],
)
def test_a_wait_without_a_reason_says_what_ends_it(folder: Folder, answer: str, said: str) -> None:
    folder.configure(flow=flow(f"return {answer}"), extra=OTHER)
    folder.write("other.py", flow("return False"))
    folder.ok("start", "flow", "--id", "x")
    log = folder.wfepy("tick").stderr
    assert re.search(rf"^\S+Z flow/x {said}$", log, re.MULTILINE), log


def test_a_reminder_is_logged_without_any_plugin(folder: Folder) -> None:
    at_each_tick = "__import__('datetime').timedelta(microseconds=1)"
    folder.configure(
        flow=flow(f"return wfepy.wait(signal='go', remind_every={at_each_tick}, reason='no go')")
    )
    folder.ok("start", "flow", "--id", "x")
    assert "still waiting" not in folder.wfepy("tick").stderr
    line = r"^\S+Z flow/x b still waiting since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: no go$"
    assert re.search(line, folder.wfepy("tick").stderr, re.MULTILINE)
    assert "still waiting" not in folder.wfepy("tick", "-q").stderr


def test_the_last_line_counts_each_instance_once_by_what_has_become_of_it(folder: Folder) -> None:
    folder.configure(flow=flow('return wfepy.start_child("other")'), extra=OTHER)
    folder.write("go", "")
    folder.write("other.py", flow("return True"))
    folder.ok("start", "flow", "--id", "x")
    done = folder.wfepy("tick")
    assert done.stdout.splitlines()[-1] == "2 instances: 2 finished"
    assert done.stderr.count("flow/x b waiting") == 1
