"""``wfepy graph`` and ``wfepy history --gantt``."""

from __future__ import annotations

import json
import re
import subprocess
from xml.etree import ElementTree

import pytest

from chart_history import History
from cli_folder import FLOW, Folder, error_line, flow
from wfepy_hooks.render.look import DASH
from wfepy_hooks.stores import FileStore
from wfepy_hooks.stores.conformance import document_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
LABELS = FLOW.replace("@wfepy.task()", "@wfepy.task(labels=['x'])").replace("labels=['x']", "labels=['y']", 1)

D = """
    @wfepy.task()
    @wfepy.end_point()
    def d(context):
        return True
"""


# Graph


@pytest.mark.outside
def test_a_click_in_a_picture_leads_from_there_to_the_source(
    folder: Folder, require: Callable[..., None]
) -> None:
    require("dot")
    folder.configure()
    (folder.path / "docs").mkdir()
    folder.ok("graph", "flow", "-o", "docs/flow.svg")
    root = ElementTree.parse(folder.path / "docs/flow.svg")
    links = {link.get(f"{XLINK}href") for link in root.iter(f"{SVG}a")}
    lines = (folder.path / "flow.py").read_text().splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line.startswith("@wfepy.task")]
    assert {f"../flow.py#L{number}" for number in starts} <= links
    assert "../flow.py#L8" in links, "the condition"


def test_a_link_is_a_template_or_a_name_and_the_config_has_one(folder: Folder) -> None:
    folder.configure(extra='source_link = "https://example.org/{path}?l={line}"')
    assert 'URL="https://example.org/flow.py?l=5"' in folder.ok("graph", "flow", "--format", "dot")
    assert f'URL="vscode://file{folder.path}/flow.py:5"' in folder.ok(
        "graph", "flow", "--format", "dot", "--link", "vscode"
    )
    source = folder.ok("graph", "flow", "--format", "mermaid", "--link", "file")
    assert 'click n0 href "flow.py#L5" "flow.py:5"' in source
    assert "URL=" not in folder.ok("graph", "flow", "--format", "dot", "--link", "none")


def chain(length: int, name: str) -> str:
    """Return a workflow of so many tasks in a row, whose names begin with ``name``."""
    lines = ["import wfepy_hooks as wfepy", "start, end = wfepy.start_point(), wfepy.end_point()"]
    for number in range(length):
        mark = "end" if number == length - 1 else f'wfepy.followed_by("{name}{number + 1}")'
        lines += ["@wfepy.task()", f"@{mark}", *(["@start"] if number == 0 else [])]
        lines += [f"def {name}{number}(context):", "    return True"]
    return "\n".join(lines)


def test_what_mermaid_cannot_draw_is_a_warning_that_says_what_to_do(folder: Folder) -> None:
    folder.configure(flow=chain(502, "t"))
    told = folder.wfepy("graph", "flow", "--format", "mermaid", "--link", "none")
    assert told.returncode == 0
    assert told.stdout.startswith("flowchart TD\n")
    assert told.stderr == (
        "wfepy: warning: GitHub will show an error here: it has 501 arrows, and Mermaid takes 500 "
        "(take --format svg)\n"
    )
    assert folder.wfepy("graph", "flow", "-o", "flow.dot").stderr == "wrote flow.dot\n"


def test_links_that_make_a_drawing_too_long_for_mermaid_can_be_left_out(folder: Folder) -> None:
    folder.configure(flow=chain(450, "a_task_with_a_name_that_is_rather_long_"))
    told = folder.wfepy("graph", "flow", "-o", "flow.md").stderr
    assert re.fullmatch(
        r"wrote flow\.md\nwfepy: warning: GitHub will show an error here: it has \d\d,\d{3} characters, and Mermaid "
        r"takes 50,000 \(make it short enough by --link none, or take --format svg\)\n",
        told,
    )
    assert folder.wfepy("graph", "flow", "-o", "flow.md", "--link", "none").stderr == "wrote flow.md\n"


def test_a_chart_that_mermaid_cannot_draw_is_a_warning_too(folder: Folder) -> None:
    folder.configure()
    history = History()
    for _ in range(1000):
        history.after(hours=1).task("a", next=["b: taken"])
    session = FileStore(folder.path / "state").create("flow", "x", document_of("flow", "x"))
    session.append(history.records)
    session.release()
    told = folder.wfepy("history", "flow", "x", "--gantt", "--format", "mermaid")
    assert re.fullmatch(
        r"wfepy: warning: GitHub will show an error here: it has \d\d,\d{3} characters, and Mermaid takes 50,000 "
        r"\(draw its last records by -n, or take --format svg\)\n",
        told.stderr,
    )
    assert folder.wfepy("history", "flow", "x", "--gantt", "--format", "mermaid", "-n", "9").stderr == ""


def test_a_link_to_github_is_to_the_commit(folder: Folder) -> None:
    folder.configure()
    git = ("git", "-C", str(folder.path), "-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (
        ("init", "-q"),
        ("add", "."),
        ("commit", "-qm", "x"),
        ("remote", "add", "origin", "https://github.com/o/r.git"),
    ):
        subprocess.run([*git, *words], check=True)
    environ = {"GITHUB_REPOSITORY": "", "GITHUB_SHA": "", "CI_PROJECT_URL": "", "CI_COMMIT_SHA": ""}
    away = ("sh", "-c", 'cd / && exec "$@"', "sh")  # where cron begins, say
    drawn = ("graph", "flow", "--format", "dot", "--link", "github")
    for prefix in ((), away):
        config = str(folder.path / "wfepy.toml")
        source = folder.ok("--config", config, *drawn, prefix=prefix, environ=environ)
        assert re.search(r'URL="https://github\.com/o/r/blob/[0-9a-f]{40}/flow\.py#L5"', source)


@pytest.mark.parametrize("link", ["javascript:alert('{path}')", "https://example.org", "https://x/{file}"])
def test_a_wrong_link_is_told(folder: Folder, link: str) -> None:
    folder.configure()
    assert f'link "{link}": ' in error_line(
        folder.wfepy("graph", "flow", "--format", "dot", "--link", link), 2
    )
    folder.ok("graph", "flow", "--link", link)  # text has no links


def test_a_link_of_a_plugin_comes_first(folder: Folder) -> None:
    folder.configure()
    folder.write(
        "wfepy_plugins.py",
        """
        import wfepy_hooks as wfepy

        @wfepy.hookimpl
        def wfepy_graph_attributes(task):
            return {"URL": "https://wiki.example/b"} if task.name == "b" else {}
        """,
    )
    source = folder.ok("graph", "flow", "--format", "dot")
    assert 'URL="https://wiki.example/b"' in source
    assert len(re.findall(r'^  "\w" \[.*URL="flow\.py', source, re.MULTILINE)) == 2


def test_labels_have_boxes_that_can_be_chosen(folder: Folder) -> None:
    folder.configure(flow=LABELS)
    assert "{x}: b, c\n" in folder.ok("graph", "flow")
    assert 'subgraph g0["x"]' in folder.ok("graph", "flow", "--format", "mermaid")
    assert folder.ok("graph", "flow", "--format", "dot").count("subgraph cluster_") == 1
    assert (
        folder.ok("graph", "flow", "--format", "dot", "--cluster", "x", "--cluster", "y").count("subgraph")
        == 2
    )
    assert "subgraph" not in folder.ok("graph", "flow", "--format", "dot", "--no-cluster")
    message = error_line(folder.wfepy("graph", "flow", "--cluster", "z"), 2)
    assert 'no task has the label "z"; known are x, y' in message
    assert "not allowed with" in error_line(
        folder.wfepy("graph", "flow", "--cluster", "x", "--no-cluster"), 2
    )


def test_a_label_that_no_task_has_is_told_where_there_are_none(folder: Folder) -> None:
    folder.configure()
    assert "no task has one" in error_line(folder.wfepy("graph", "flow", "--cluster", "z"), 2)


def test_a_legend_is_by_default_where_the_picture_leaves_the_house(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    for format, mark in (("dot", "<table"), ("mermaid", "subgraph legend"), ("text", "legend: ")):
        words = ("graph", "flow", "default", "--format", format)
        assert (mark in folder.ok(*words)) is (format == "dot")
        other = "--no-legend" if format == "dot" else "--legend"
        assert (mark in folder.ok(*words, other)) is (format != "dot")


def test_a_picture_says_what_is_waited_for(folder: Folder) -> None:
    body = "return wfepy.wait(signal='approve', by='ann', until='2d', deadline='3d', reason='it is read')"
    folder.configure(flow=flow(body))
    folder.ok("run", "flow")
    text = " ".join(folder.ok("graph", "flow", "default").replace("│", "").split())
    expected = (
        r"waiting: it is read \(signal approve by ann, until [-\d]+ [\d:]+Z, times out at [-\d]+ [\d:]+Z\)"
    )
    assert re.search(expected, text)


# history --gantt


def test_a_history_is_a_chart_as_text(folder: Folder) -> None:
    end = FLOW.rindex("    @wfepy.end_point()")
    folder.configure(flow=f'{FLOW[:end]}    @wfepy.followed_by("d"){FLOW[end + 22 :]}{D}')
    folder.ok("run", "flow")
    lines = folder.ok("history", "flow", "--gantt").splitlines()
    assert lines[0] == "flow/default: running"
    assert re.match(r"[-\d]+ [\d:.]+ to [\d:.]+ UTC \(.*\)$", lines[1])
    rows = {line.split()[0]: line for line in lines[:-1] if line.strip()}
    assert rows["instance"].rpartition("▶")[0]
    assert "✓" in rows["a"]
    assert "░" in rows["b"]
    assert DASH in rows["c"], "it was passed over, says the history"
    assert DASH in rows["d"], "it was passed over, says the snapshot"
    assert lines[-1] == "b waits: there is no file go"
    assert max(map(len, lines)) <= 80


def test_a_chart_has_no_colours_where_nobody_sees_them(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    assert "\x1b[33m░" in folder.ok("history", "flow", "--gantt", "--color", "always")
    plain = folder.ok("history", "flow", "--gantt", environ={"PYTHONIOENCODING": "ascii"})
    assert plain.isascii()
    assert plain.replace("\n", "").isprintable()


def test_a_chart_is_written_to_a_file_as_its_suffix_says(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    done = folder.wfepy("history", "flow", "--gantt", "-o", "life.svg", environ={"PATH": str(folder.path)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "wrote life.svg\n"), "it needs no dot"
    assert ElementTree.parse(folder.path / "life.svg").getroot().tag == f"{SVG}svg"
    folder.ok("history", "flow", "--gantt", "-o", "life.mmd")
    assert "\ngantt\n" in (folder.path / "life.mmd").read_text()
    folder.ok("history", "flow", "--gantt", "-o", "life.mmd", "--format", "text", "--color", "always")
    assert "\x1b" not in (folder.path / "life.mmd").read_text()
    assert folder.ok("history", "flow", "--gantt", "--format", "svg").startswith("<svg ")
    said = error_line(folder.wfepy("history", "flow", "--gantt", "-o", "life.png"), 2)
    assert said.endswith('there is no format "png" for charts; say --format text, mermaid or svg')
    assert not (folder.path / "life.png").exists()
    folder.ok("history", "flow", "--gantt", "-o", "life.2026", "--format", "text")
    assert "cannot be written" in error_line(
        folder.wfepy("history", "flow", "--gantt", "-o", "no/where.svg"), 2
    )


def test_a_chart_is_data_too(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    data = json.loads(folder.ok("history", "flow", "--gantt", "--json"))
    assert (data["workflow"], data["instance"]) == ("flow", "default")
    assert [row["name"] for row in data["rows"]] == ["instance", "a", "c", "b"]
    (run, wait) = data["rows"][3]["bars"]
    assert (run["kind"], wait["kind"], wait["is_open"]) == ("run", "waiting", True)
    assert wait["text"] == "there is no file go"
    assert data["start"] <= wait["start"] < wait["end"] <= data["end"]
    assert "records" in json.loads(folder.ok("history", "flow", "--json"))


def test_a_part_of_a_history_is_a_chart(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    whole, last, more = (
        json.loads(folder.ok("history", "flow", "--gantt", "--json", *words))
        for words in ((), ("-n", "1"), ("-n", "99"))
    )
    assert [row["name"] for row in last["rows"]] == ["instance", "b"]
    assert last["start"] == last["rows"][1]["bars"][0]["start"] > whole["start"]
    assert more["start"] == whole["start"]
    assert len(more["rows"]) == len(whole["rows"]) == 4


def test_an_ended_instance_has_a_chart_and_so_has_one_without_code(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    folder.ok("pause", "flow")
    assert folder.ok("history", "flow", "--gantt").startswith("flow/default: paused\n")
    folder.ok("resume", "flow")
    folder.write("go", "")
    folder.ok("run", "flow")
    (folder.path / "flow.py").write_text("1 / 0")
    lines = folder.ok("history", "flow", "--gantt").splitlines()
    assert lines[0] == "flow/default: finished"
    assert "▶" not in "".join(lines)


def test_a_record_that_the_snapshot_does_not_hold_tells_the_status(folder: Folder) -> None:
    folder.configure()
    folder.ok("run", "flow")
    history = folder.path / "state/flow/default.jsonl"
    record = {"seq": 3, "at": "2026-11-26T00:00:00.000000Z", "event": "ended", "status": "dead_end"}
    with history.open("a") as file:
        file.write(json.dumps(record) + "\n")
    assert folder.ok("history", "flow", "--gantt").startswith("flow/default: dead end\n")


def test_options_of_charts_need_one(folder: Folder) -> None:
    folder.configure()
    for words in (("--format", "svg"), ("-o", "x.svg")):
        assert "add --gantt" in error_line(folder.wfepy("history", "flow", *words), 2)
        done = folder.wfepy("history", "flow", "--gantt", "--json", *words)
        assert "exclude each other" in error_line(done, 2)
    assert "invalid choice" in error_line(folder.wfepy("history", "flow", "--gantt", "--format", "png"), 2)


@pytest.mark.parametrize("command", ["graph", "history"])
def test_the_help_fits_80_columns(folder: Folder, command: str) -> None:
    assert max(map(len, folder.ok(command, "--help").splitlines())) <= 80
