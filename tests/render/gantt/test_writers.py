"""The three ways in which a chart is written."""

from __future__ import annotations

import itertools
import re
import unicodedata
from xml.etree import ElementTree

import pytest

from chart_history import History
from colours import contrast
from wfepy_hooks.render.gantt import Chart, chart, gantt_mermaid, gantt_svg, gantt_text
from wfepy_hooks.render.gantt.chart import BARS, MARKS, OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = 'a "b" <c> & #1; : ; % \\ ` 日本語\n\x1b[31m \N{ROCKET}'


@pytest.fixture
def long(quarter: History) -> Chart:
    return chart(quarter.records, "release/2.0: running", quarter.now, created=quarter.created)


@pytest.fixture
def short() -> Chart:
    """A tick of a few milliseconds, which failed."""
    history = History()
    history.after(milliseconds=3).task("start", took=0.002, next=["upload: taken"])
    history.after(milliseconds=9).task("upload", "failed", took=0.008, error="GiveUp: there is no token")
    history.put("ended", status="failed")
    return chart(history.records, "publish/v1: failed", history.now, created=history.created)


@pytest.fixture
def hostile() -> Chart:
    history = History()
    history.task("quick", took=0.00001)
    history.task(HOSTILE, "waiting", reason=HOSTILE).after(hours=1).put("signal", name=HOSTILE, id="1")
    return chart(history.records, f"{HOSTILE}/x: running", history.now, created=history.created)


@pytest.fixture(params=["long", "short", "hostile"])
def each(request: pytest.FixtureRequest) -> Chart:
    found: Chart = request.getfixturevalue(request.param)
    return found


def test_charts_as_text(long: Chart, short: Chart, golden: Callable[[str, str], None]) -> None:
    golden("quarter.txt", gantt_text(long))
    golden("quarter_ascii.txt", gantt_text(long, ascii=True, width=100))
    golden("short.txt", gantt_text(short))


def test_charts_as_mermaid(
    long: Chart, short: Chart, hostile: Chart, golden: Callable[[str, str], None]
) -> None:
    golden("quarter.mmd", gantt_mermaid(long))
    golden("short.mmd", gantt_mermaid(short))
    golden("hostile.mmd", gantt_mermaid(hostile))


def test_charts_as_svg(long: Chart, short: Chart, golden: Callable[[str, str], None]) -> None:
    golden("quarter.svg", gantt_svg(long))
    golden("short.svg", gantt_svg(short))


def test_an_empty_chart_can_be_written(history: History) -> None:
    empty = chart([], "w/i: running", history.now)
    assert gantt_text(empty).endswith("\nnothing has happened yet\n")
    assert gantt_mermaid(empty).startswith("%%{init")
    ElementTree.fromstring(gantt_svg(empty))


# Text


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", [60, 80, 132])
def test_lines_keep_to_the_width(each: Chart, width: int, ascii: bool) -> None:
    text = gantt_text(each, width=width, ascii=ascii)
    assert text.isascii() or not ascii
    for line in text.splitlines():
        columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
        assert columns <= width, line
        assert line.isprintable()


def test_colours_change_nothing_else(each: Chart) -> None:
    coloured = gantt_text(each, color=True)
    assert "\x1b[32m" in coloured or each.title.startswith("a ")
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == gantt_text(each).splitlines()


def test_the_pass_of_a_long_name_can_be_read(history: History) -> None:
    history.task("x" * 60, generation=11)
    drawn = chart(history.records, "w", history.now, created=history.created)
    assert "xxx… (pass 12)" in gantt_text(drawn)
    assert "xxx... (pass 12)" in gantt_text(drawn, ascii=True)
    assert "…(pass 12)" in gantt_svg(drawn)
    assert f"<title>{'x' * 60} (pass 12)</title>" in gantt_svg(drawn)


def test_signs_differ_without_colours() -> None:
    kinds = [*BARS.values(), *MARKS.values(), OPEN]
    assert len({kind.sign for kind in kinds}) == len({kind.plain for kind in kinds}) == len(kinds)
    assert len({kind.words for kind in kinds}) == len(kinds)
    assert all(kind.plain.isascii() and len(kind.sign) == len(kind.plain) == 1 for kind in kinds)
    assert all(unicodedata.east_asian_width(kind.sign) not in "WF" for kind in kinds)


def test_what_goes_on_is_told_in_full_below(long: Chart) -> None:
    text = " ".join(gantt_text(long).split())
    assert "everybody says that they have read the notes (signal go or stop by ann, times out at 2026" in text


# Mermaid


def test_nothing_of_the_workflow_can_end_a_line_of_mermaid_or_start_something(hostile: Chart) -> None:
    for line in gantt_mermaid(hostile).splitlines():
        name = re.sub(r"#\d+;", "", line.partition(" :")[0])
        if line.startswith(("    ", "  section", "  title")):
            assert not set(name) & set('":<>&;%`\\#\x1b'), line
        if line.startswith("    "):
            assert re.search(r" :(\w+, )*(\d{4}-\d\d-\d\dT[\d:.]+)(, \d{4}-\S+|, 0ms)$", line), line


def test_items_that_went_well_are_left_out_of_mermaid(long: Chart) -> None:
    assert "of item" not in gantt_mermaid(long)


def test_items_that_wait_are_bars_of_mermaid(items: Chart) -> None:
    assert re.search(r"waits, goes on, the other one :done, \S+, \S+$", gantt_mermaid(items), re.MULTILINE)


def test_what_goes_on_is_no_moment_of_mermaid_however_short(history: History) -> None:
    history.after(days=9).task("a", "waiting", took=0, reason="why").after(seconds=1)
    source = gantt_mermaid(chart(history.records, "w", history.now, created=history.created))
    assert "waits, goes on, why :done, 2026-08-12T09:00:00.000, 2026-08-12T09:00:01.000" in source


def test_times_are_those_of_utc_for_every_reader(short: Chart) -> None:
    source = gantt_mermaid(short)
    assert "2026-08-03T09:00:00.003" in source
    assert "Z" not in source.partition("dateFormat")[2].replace("ZZ", "")
    assert "UTC" in source


# SVG


def test_an_svg_says_what_it_shows_to_those_who_do_not_see_it(each: Chart) -> None:
    root = ElementTree.fromstring(gantt_svg(each))
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    for row in each.rows[:1]:
        assert row.name in str(description.text)


def test_everything_in_an_svg_has_a_tooltip(long: Chart) -> None:
    root = ElementTree.fromstring(gantt_svg(long))
    tooltips = [str(title.text) for title in root.iter(f"{SVG}title")]
    wanted = sum(len(row.bars) + len(long.shown_marks(row)) for row in long.rows)
    assert len(tooltips) == wanted + 1
    assert "signal, 2026-08-12 09:04:41Z: approve by bob" in tooltips
    assert any(
        each.startswith("runs and fails, 2026-08-12 09:04:51Z, 2min 50s: attempt 1: OSError")
        for each in tooltips
    )
    (open_one,) = (each for each in tooltips if "goes on: the market" in each)
    assert "everybody says that they have read the notes (signal go or stop by ann, times out at" in open_one


def test_everything_is_inside_of_an_svg(each: Chart) -> None:
    root = ElementTree.fromstring(gantt_svg(each))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for box in root.iter(f"{SVG}rect"):
        if box.get("x"):
            assert 0 <= float(box.get("x", 0)) <= float(box.get("x", 0)) + float(box.get("width", 0)) <= width
            assert float(box.get("y", 0)) + float(box.get("height", 0)) <= height
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x", 0)) <= width
        assert 0 <= float(text.get("y", 0)) <= height


def test_a_short_bar_at_the_end_is_no_wider_than_the_axis(history: History) -> None:
    history.after(days=9).task("a", took=0).put("ended", status="finished")
    root = ElementTree.fromstring(
        gantt_svg(chart(history.records, "w", history.now, created=history.created))
    )
    bars = [rect for rect in root.iter(f"{SVG}rect") if rect.get("y")]
    ends = {float(bar.get("x", 0)) + float(bar.get("width", 0)) for bar in bars[:2]}
    assert len(ends) == 1, "the bar of the instance and that of the task end at the same place"


def test_words_and_signs_are_legible_on_their_ground() -> None:
    for kind in (*BARS.values(), *MARKS.values()):
        assert contrast(kind.fill, kind.font) >= 4.5, kind.words


# Tasks with items


@pytest.fixture
def items(history: History) -> Chart:
    """Three items that wait for the same, and one that waits for something else."""
    for item in range(4):
        reason = "the other one" if item == 2 else "a long while 日本語日本語"
        history.put("item", task="a", item=item, status="waiting", reason=reason)
    history.after(hours=1)
    return chart(history.records, "w/i: running", history.now, created=history.created)


def test_items_that_wait_for_the_same_are_told_once(items: Chart) -> None:
    told = gantt_text(items).splitlines()
    assert told[-2:] == ["a waits, 3 items: a long while 日本語日本語", "a waits: the other one"]


def test_the_words_of_items_do_not_lie_on_top_of_each_other(items: Chart) -> None:
    assert ">the other one</text>" not in gantt_svg(items)
    assert ": the other one</title>" in gantt_svg(items)


def test_wide_words_are_cut_where_their_room_ends(history: History) -> None:
    history.task("a", "waiting", took=0, reason="日本" * 60).after(hours=1)
    found = chart(history.records, "w/i: running", history.now, created=history.created)
    words = re.search(r'font-size="11"[^>]*>([^<]*)<', gantt_svg(found))
    assert words is not None
    assert 80 < len(words[1]) * 13 < 776


def test_the_work_grows_with_the_number_of_waits_and_not_with_its_square(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(200):
        history.after(seconds=9).task(
            "a", ("waiting", "completed")[number % 2], took=1, reason="x", deadline=history.at(hours=1)
        )
    found = chart(history.records, "w/i: running", history.now, created=history.created)
    asked = []
    place = Chart.place

    def counted(chart: Chart, moment: datetime) -> float:
        asked.append(moment)
        return place(chart, moment)

    monkeypatch.setattr(Chart, "place", counted)
    gantt_svg(found)
    assert len(asked) < 5 * sum(len(each.bars) + len(each.marks) for each in found.rows)


def test_labels_of_centuries_do_not_lie_on_top_of_each_other(history: History) -> None:
    history.after(days=400_000)
    drawn = chart(history.records, "w", history.now, created=history.created)
    found = re.findall(r'<text x="([\d.]+)" y="64" text-anchor="middle"', gantt_svg(drawn))
    places = [float(each) for each in found]
    assert len(places) > 5
    assert all(after - before > 56 for before, after in itertools.pairwise(places))
    axis = gantt_text(drawn).splitlines()[3]
    assert re.fullmatch(r" +(Jan \d{4} +)+Jan \d{4}", axis)


def test_words_that_have_no_room_are_left_out(history: History) -> None:
    history.task("a", "waiting", took=0, reason="the answer of ann").after(seconds=1).task("a")
    history.after(days=9).task("b")
    source = gantt_svg(chart(history.records, "w", history.now, created=history.created))
    assert 'font-size="11"' not in source
    assert "the answer of ann</title>" in source


def test_a_wait_ends_in_the_cell_before_that_of_its_end(history: History) -> None:
    history.task("a").task("b", "waiting", took=0).after(seconds=30)
    history.put("operator", verb="rewind", task="a", again=["a", "b"]).after(seconds=30)
    drawn = chart(history.records, "w", history.now, created=history.created)
    (row,) = [line for line in gantt_text(drawn).splitlines() if line.startswith("b ")]
    (instance,) = [line for line in gantt_text(drawn).splitlines() if line.startswith("instance ")]
    cells = instance.count("─") + 1  # the last one says that it goes on
    assert row.count("█") + row.count("░") == cells // 2
