"""What a person at a terminal of 80 columns sees."""

from __future__ import annotations

import re

import pytest

from cli_folder import DEAD_END, FLOW, Folder, flow, misbehaving
from terminals import at_terminal
from wfepy_hooks.render.look import DASH

_CONTROL = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|[78])")


def plain(seen: str) -> list[str]:
    return [line.rstrip() for line in _CONTROL.sub("", seen).splitlines()]


pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")


def test_each_task_has_a_line_with_its_sign(folder: Folder) -> None:
    folder.configure()
    code, seen = at_terminal(folder, "run", "flow")
    assert code == 0
    lines = plain(seen)
    assert lines[0] == "flow/default"
    assert re.fullmatch(r"✓ a \d+(\.\d)? ms", lines[1])
    assert lines[2:] == [
        f"{DASH} c skipped: the condition at flow.py:8 was false",
        "… b waits: there is no file go",
        "flow/default waits for b",
        "go on with: wfepy run flow",
    ]
    assert "\x1b[32m✓" in seen


def test_a_failure_is_shown_with_its_traceback(folder: Folder) -> None:
    folder.configure(flow=misbehaving("raise ValueError('no milk')"))
    code, seen = at_terminal(folder, "run", "flow")
    assert code == 1
    lines = plain(seen)
    assert "✗ b failed: ValueError: no milk (tried again at the next tick)" in lines
    assert "Traceback (most recent call last):" in lines
    assert lines[-2] == "flow/default failed in b, tried again at the next tick"


def test_a_retry_by_a_policy_is_shown_on_one_line(folder: Folder) -> None:
    task = "@wfepy.task()\n    @wfepy.end_point()\n    def b"
    failing = flow('raise ValueError("no milk")').replace(
        task, task.replace("task()", 'task(retry=wfepy.Retry(3, "1h", jitter=0))')
    )
    folder.configure(flow=failing)
    lines = plain(at_terminal(folder, "run", "flow")[1])
    assert any(
        re.fullmatch(r"✗ b failed: ValueError: no milk \(flow.py:\d+, attempt 2 of 3 in 1h\)", each)
        for each in lines
    ), lines
    assert "Traceback (most recent call last):" not in lines
    folder.ok("retry", "flow")
    assert "Traceback (most recent call last):" in plain(at_terminal(folder, "tick", "--traceback")[1])


def test_what_is_cancelled_before_its_tick_begins_is_shown_under_its_own_name(folder: Folder) -> None:
    folder.configure(
        flow=flow('return wfepy.start_child("other")'), extra='[workflows.other]\nmodule = "other"'
    )
    folder.write("other.py", flow("return False"))
    folder.ok("run", "flow", "--id", "x")
    said = folder.ok("cancel", "flow", "x", "--yes")
    assert said == "flow/x is cancelled; so is other/x.b, at its next tick\n"
    lines = plain(at_terminal(folder, "tick")[1])
    assert lines[0] == "other/x.b"
    assert lines[1].startswith(f"{DASH} b skipped: cancelled by wfepy")
    assert lines.count("other/x.b") == 1


def test_a_quiet_tick_names_the_instance_that_failed_and_no_other(folder: Folder) -> None:
    folder.configure(flow=flow('if context.get("bad"): raise ValueError("no milk")'))
    folder.ok("start", "flow", "--id", "a1")
    folder.ok("start", "flow", "--id", "b2", "--set", "bad=true")
    lines = plain(at_terminal(folder, "tick", "-q")[1])
    assert lines[:3] == [
        "flow/b2",
        "✗ b failed: ValueError: no milk (tried again at the next tick)",
        "Traceback (most recent call last):",
    ]
    assert lines[-1] == "ValueError: no milk"


@pytest.mark.parametrize("columns", [40, 80])
def test_long_and_wicked_texts_are_wrapped_and_escaped(folder: Folder, columns: int) -> None:
    text = "[red]wicked[/red] \\x1b[31m \\x07 " + "long " * 30
    folder.configure(flow=flow(f"return wfepy.wait(reason='{text}')"))
    for words in (("run", "flow"), ("status",)):
        code, seen = at_terminal(folder, *words, columns=columns)
        assert code == 0
        assert "\x07" not in seen
        assert max(map(len, plain(seen))) <= columns, plain(seen)
    assert "[red]wicked[/red] \\x1b[31m" in plain(at_terminal(folder, "run", "flow")[1])[1]


def test_the_task_that_runs_is_shown_with_its_time_and_its_prints_are_untouched(folder: Folder) -> None:
    folder.configure(
        flow=FLOW.replace("# body", 'print("begins"); __import__("time").sleep(0.8); print("ends")')
    )
    code, seen = at_terminal(folder, "run", "flow")
    assert code == 0
    assert re.search(r"[⠋⠙⠹⠸] b 0\.\d", seen)
    assert seen.index("begins\n") < seen.index("ends\n")
    assert "\x1b[?25l" not in seen, "the cursor must never be hidden: a task may kill the process"


def test_no_color_and_ascii_are_respected(folder: Folder) -> None:
    folder.configure()
    _, seen = at_terminal(folder, "run", "flow", environ={"NO_COLOR": "1", "PYTHONIOENCODING": "ascii"})
    assert "\x1b" not in seen
    assert re.search(r"^\+ a ", seen, re.MULTILINE)
    assert "~ b waits: there is no file go" in seen
    _, seen = at_terminal(folder, "status", environ={"NO_COLOR": "1"})
    assert "\x1b" not in seen


def test_a_dead_end_is_explained_once(folder: Folder) -> None:
    folder.write("flow.py", DEAD_END)
    code, seen = at_terminal(folder, "run", "flow.py", columns=200)
    assert code == 1
    lines = plain(seen)
    assert lines[-2].startswith(
        "wfepy: error: flow/default is a dead end: a -> b: skipped, the condition at "
    )
    assert lines[-1] == "flow/default is a dead end, it can never finish"


def test_a_log_file_gets_lines_also_from_a_terminal(folder: Folder) -> None:
    folder.configure()
    code, _ = at_terminal(folder, "run", "flow", "--id", "x")
    assert code == 0
    done = folder.wfepy("tick", "-v")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ flow/x ", done.stderr)


def test_the_status_is_a_table_with_ages(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    lines = plain(at_terminal(folder, "status")[1])
    assert lines[0].split() == ["WORKFLOW", "INSTANCE", "STATUS", "TASK", "SINCE", "WAKES", "ON"]
    assert re.fullmatch(r"flow +default +waiting +b +\d+ s +tick: there is no file go", lines[1])
    assert lines[2] == "1 live instance: 1 waiting"


def test_the_status_fits_a_narrow_terminal(folder: Folder) -> None:
    body = "return wfepy.wait(signal='approve', choices=('yes', 'no'), by=('ann', 'bob'), deadline='3d', until='2d')"
    folder.configure(flow=flow(body))
    folder.ok("run", "flow", "--id", "20261123T061334Z")
    lines = plain(at_terminal(folder, "status")[1])
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for words in ("signal approve (yes|no) by", "ann, bob", "(in 1d 23h); times out at 20", "(in 2d 23h)"):
        assert words in text


def test_a_chart_keeps_to_the_terminal_and_its_colours(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    seen = at_terminal(folder, "history", "flow", "--gantt", columns=60)[1]
    assert "\x1b[33m░" in seen
    assert max(map(len, plain(seen))) <= 60
    assert "\x1b" not in at_terminal(folder, "history", "flow", "--gantt", environ={"NO_COLOR": "1"})[1]


def test_a_terminal_of_no_columns_will_do(folder: Folder) -> None:
    folder.configure()
    for words in (
        ("start", "flow", "--id", "a"),
        ("tick", "--due"),
        ("status", "flow"),
        ("graph", "flow"),
        ("tick", "-h"),
    ):
        code, seen = at_terminal(folder, *words, columns=0)
        assert code == 0, seen


def test_a_picture_that_is_no_text_is_kept_from_the_terminal(folder: Folder) -> None:
    folder.configure()
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_register(registry):
            registry.add("renderer", "bits", lambda diagram: bytes(range(256)))
        """,
    )
    code, seen = at_terminal(folder, "graph", "flow", "--format", "bits", columns=200)
    assert code == 2
    assert "bits is nothing for a terminal; write it to a file by -o FILE" in seen
    assert folder.ok("graph", "flow", "--format", "bits", "-o", "x.bits") == ""
    assert (folder.path / "x.bits").read_bytes() == bytes(range(256))
