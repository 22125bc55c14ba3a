"""What GitHub Actions show of a tick: annotations, a summary, outputs; and that no text can break out of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_project import Flows
from wfepy_github.actionslog import line, output_text
from wfepy_github.page import MOST_BYTES, Row, cell, page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Golden

EVIL = 'one\n::error::two %0A | three ``` `four` <b>five</b> [six](x) $seven$ --> "] eight\r\n##[error]nine\u2028ten'
FLOW = f"""
import wfepy_hooks as wfepy

EVIL = {EVIL!r}

@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("wait")
@wfepy.followed_by("poll")
@wfepy.followed_by("fail")
@wfepy.followed_by("later")
@wfepy.followed_by("quits", lambda context: "quits" in context)
def begin(context):
    return True

@wfepy.task()
@wfepy.end_point()
def wait(context):
    return wfepy.wait(signal="go", reason=EVIL)

@wfepy.task()
@wfepy.end_point()
def poll(context):
    return "done" in context or wfepy.wait(reason="the cup is not empty, 100%: really")

@wfepy.task()
@wfepy.end_point()
def fail(context):
    return "done" in context or deeper(context)

def deeper(context):
    raise ValueError(EVIL)

@wfepy.task(retry=wfepy.Retry(3, delay="1h"))
@wfepy.end_point()
def later(context):
    if "done" in context:
        return True
    raise OSError("no net")

@wfepy.task()
@wfepy.end_point()
def quits(context):
    raise wfepy.GiveUp("no: way, never")
"""
CONFIG = """
[workflows.flow]
module = "flow.py"

[plugins.wfepy_github]
secrets = ["SECRET"]
"""


class Step(Flows):
    """A step of a job."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.write("flow.py", FLOW)
        self.write("wfepy.toml", CONFIG)
        self.environ |= {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "ann/coffee",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_SHA": "0123456789abcdef",
            "GITHUB_WORKSPACE": str(path),
            "GITHUB_OUTPUT": str(path / "output"),
            "GITHUB_STEP_SUMMARY": str(path / "summary"),
        }

    @property
    def outputs(self) -> dict[str, str]:
        text = (self.path / "output").read_text(encoding="utf-8")
        return dict(re.findall(r"^(\w+)<<(?:\S+)\n(.*?)\nwfepy-\w+$", text, re.MULTILINE | re.DOTALL))

    @property
    def summary(self) -> str:
        return (self.path / "summary").read_text(encoding="utf-8")


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path)


def commands(log: str) -> list[str]:
    """Return the commands of a log as the runner sees them."""
    found, until = [], ""
    for text in log.split("\n"):
        text = text.strip("\r").lstrip()
        if until:
            until = "" if text == f"::{until}::" else until
        elif text.startswith("::stop-commands::"):
            until = text.removeprefix("::stop-commands::")
        elif text.startswith("::"):
            found.append(text)
    assert not until
    return found


def test_the_log_has_groups_and_annotations_with_their_places(step: Step, golden: Golden) -> None:
    step.run("start", "flow", "--id", "a", "--set", "quits=1")
    run = step.run("github", "advance")
    golden("wfepy_github/annotations.txt", "\n".join(commands(run.stderr)) + "\n")


def test_the_summary_has_a_table_and_a_graph(step: Step, golden: Golden) -> None:
    step.run("start", "flow", "--id", "a")
    step.run("start", "flow", "--id", "b", "--set", "done=1")
    step.run("github", "advance")
    golden("wfepy_github/summary.md", re.sub(r"at 20\d\d-\d\d-\d\d[T ][\d:.]+Z", "at NOW", step.summary))


def test_without_the_repository_a_graph_has_no_links(step: Step) -> None:
    step.environ |= {"GITHUB_SHA": ""}
    step.run("start", "flow", "--id", "a")
    step.run("github", "advance")
    assert "flowchart TD" in step.summary
    assert "click" not in step.summary


def test_a_graph_that_github_would_not_draw_is_left_out(step: Step) -> None:
    step.write(
        "flow.py",
        FLOW + "for _ in range(500):\n    wfepy.followed_by('quits', lambda context: False)(begin)\n",
    )
    step.run("start", "flow", "--id", "a")
    step.run("github", "advance")
    assert "| flow/a |" in step.summary
    assert "flowchart TD" not in step.summary


def test_the_outputs_tell_what_came_of_the_instances(step: Step) -> None:
    step.run("start", "flow", "--id", "a")
    step.run("start", "flow", "--id", "b", "--set", "done=1")
    step.run("github", "advance")
    assert json.loads(step.outputs["waiting"]) == ["flow/a", "flow/b"]
    assert json.loads(step.outputs["failed"]) == ["flow/a"]
    assert json.loads(step.outputs["finished"]) == []
    assert step.outputs["verdict"] == "failed"


def test_a_tick_with_nothing_to_do_says_so_in_the_outputs_alone(step: Step) -> None:
    run = step.run("github", "advance")
    assert commands(run.stderr) == []
    assert step.outputs == {"finished": "[]", "waiting": "[]", "failed": "[]", "verdict": "ok"}
    assert not (step.path / "summary").exists()


def test_a_wait_that_is_no_news_is_not_annotated_again(step: Step) -> None:
    step.write("flow.py", FLOW.replace("EVIL)", '"calm")'))
    step.run("start", "flow", "--id", "a")
    assert "title=flow/a wait::" in step.run("github", "advance").stderr
    again = step.run("github", "advance").stderr
    assert "title=flow/a wait::" not in again
    assert "title=flow/a fail::" in again
    assert "calm" in step.summary.rpartition("###")[2]


def test_a_plain_tick_reports_too_and_keeps_its_exit_code(step: Step) -> None:
    step.run("start", "flow", "--id", "a")
    run = step.run("tick", "--json", code=1)
    json.loads(run.stdout)
    assert "::group::flow/a" in run.stderr
    assert json.loads(step.outputs["failed"]) == ["flow/a"]


def test_outside_of_github_actions_nothing_is_reported(step: Step) -> None:
    del step.environ["GITHUB_ACTIONS"]
    step.run("start", "flow", "--id", "a")
    run = step.run("tick", code=1)
    assert "::" not in run.stderr.replace("::error::two", "")
    assert not (step.path / "summary").exists()


def test_secrets_are_masked_in_the_forms_in_which_programs_print_them(step: Step) -> None:
    run = step.run("github", "advance", environ={"SECRET": 'a"b\nc&d'})
    masked = [text.removeprefix("::add-mask::") for text in commands(run.stderr)]
    assert masked == ['a"b%0Ac&d', 'a"b', "c&d", 'a\\"b\\nc&d', "a%2522b%250Ac%2526d", "YSJiCmMmZA=="]


def test_the_token_does_not_get_to_the_tasks(step: Step) -> None:
    run = step.run("github", "advance", environ={"WFEPY_GITHUB_TOKEN": "sekrit"}, code=2)
    assert "the token is here, where tasks run" in run.stderr
    step.write("flow.py", 'import os\nprint("seen", os.environ.get("WFEPY_GITHUB_TOKEN"))\n' + FLOW)
    run = step.run("check", environ={"WFEPY_GITHUB_TOKEN": "sekrit"})
    assert "seen None" in run.stdout + run.stderr
    assert "sekrit" not in run.stdout + run.stderr


def test_files_of_the_step_that_cannot_be_written_stop_nothing(step: Step) -> None:
    step.run("start", "flow", "--id", "a")
    run = step.run("github", "advance", environ={"GITHUB_STEP_SUMMARY": str(step.path)})
    assert "cannot be written: Is a directory" in run.stderr


@given(st.text(), st.text())
def test_no_text_breaks_out_of_a_command(message: str, title: str) -> None:
    text = line("error", message, title=title)
    assert "\n" not in text
    assert "\r" not in text
    head, _, data = text.removeprefix("::").partition("::")
    assert unescaped(data) == message
    if title:
        assert unescaped(head.removeprefix("error title=")) == title


def unescaped(text: str) -> str:
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, character)
    return text


@given(st.text(min_size=1))
def test_a_value_cannot_end_an_output(value: str) -> None:
    text = output_text({"a": value})
    head, _, rest = text.partition("\n")
    delimiter = head.removeprefix("a<<")
    assert rest == f"{value}\n{delimiter}\n"
    assert delimiter not in value


@given(st.text())
def test_no_text_breaks_out_of_a_cell(text: str) -> None:
    shown = cell(text)
    assert shown.isprintable()
    bare = re.sub(r"\\.|<br>", "", shown)
    assert not set("|<>`*_[]()\\#&$") & set(bare)


def test_a_graph_stays_inside_of_its_fence(step: Step) -> None:
    step.run("start", "flow", "--id", "a")
    step.run("github", "advance")
    fences = [text for text in step.summary.split("\n") if text.lstrip().startswith("```")]
    assert fences == ["```mermaid", "```"]
    rows = [text for text in step.summary.split("\n") if text.startswith("| ")]
    assert len(rows) == 3
    assert "<b>" not in step.summary.replace("\\<b\\>", "")


def test_a_summary_is_cut_before_github_drops_it() -> None:
    rows = []
    for number in range(20_000):
        row = Row("flow", f"i{number}", "failing" if number == 19_999 else "waiting")
        row.waiting["task"] = "x" * 60
        row.graph = "flowchart TD\n" + "y" * 40_000 if number < 20 else ""
        rows.append(row)
    text = page(rows)
    assert 600_000 < len(text.encode()) < MOST_BYTES
    assert text.startswith("### wfepy: 20000 instances: 19999 waiting, 1 failing\n")
    assert text.index("i19999") < text.index("i0")
    assert re.search(r"… and \d+ more instances", text)
    assert re.search(r"… and \d+ more graphs", text)
    assert text.count("```") % 2 == 0
