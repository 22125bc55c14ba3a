"""The pictures of docs/how-to/pictures.md are those of the workflow and the history that it is about."""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from chart_history import a_quarter
from wfepy_hooks.clock import UTC
from wfepy_hooks.render import Diagram, diagram, to_dot, write_picture
from wfepy_hooks.render.gantt import Chart, chart, gantt_svg, gantt_text
from wfepy_hooks.workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "how-to/pictures.md"
GRAPH = DOCS / "images/newspaper.svg"
LIFE = DOCS / "images/quarter.svg"


@pytest.fixture
def newspaper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Diagram:
    """The workflow of the page after its first tick."""
    page = PAGE.read_text(encoding="utf-8")
    (source,) = re.findall(
        r"^<!-- file: newspaper.py -->\n\n```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL
    )
    (tmp_path / "newspaper.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    workflow = Workflow()
    workflow.load_tasks("newspaper")
    monkeypatch.delitem(sys.modules, "newspaper")
    runner = workflow.create_runner()
    runner._engine.clock = lambda: datetime(2026, 11, 23, 6, tzinfo=UTC)
    with contextlib.suppress(OSError):
        runner.run()
    runner.instance.id = "monday"
    return diagram(workflow, instance=runner.instance, root=str(tmp_path), link=here(tmp_path), legend=True)


def here(folder: Path) -> Callable[[str], str]:
    """Return what makes links to the page, which shows the source."""
    return lambda location: "../how-to/pictures.md" if location.startswith(str(folder)) else ""


@pytest.fixture
def quarter_chart() -> Chart:
    quarter = a_quarter()
    return chart(quarter.records, "release/2.0: running", quarter.now, created=quarter.created)


def texts(picture: Path, kind: str = "text") -> set[str]:
    root = ElementTree.parse(picture)
    return {"".join(each.itertext()) for each in root.iter(f"{{http://www.w3.org/2000/svg}}{kind}")}


def test_the_picture_of_the_workflow_is_up_to_date(
    newspaper: Diagram, golden: Callable[[str, str], None], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    # Graphviz draws a little differently from version to version, so its input is compared, and of the picture
    # only that it shows the same things.
    source = to_dot(newspaper)
    golden("newspaper.dot", source)
    if request.config.getoption("--update-golden") and shutil.which("dot"):
        write_picture(source, tmp_path / "picture", "svg")
        shutil.copyfile(tmp_path / "picture.svg", GRAPH)
    edges = {f"{node.name}->{edge.target}" for node in newspaper.nodes for edge in node.edges}
    assert texts(GRAPH, "title") >= {node.name for node in newspaper.nodes} | edges
    words = {
        "↺ pass 2",
        "press",
        "… review",
        "↻ illustrate",
        'context.get("pictures", True)',
        "starts the loop over",
    }
    assert words <= {text.replace("\xa0", " ").strip() for text in texts(GRAPH)}


def test_the_chart_of_the_quarter_is_up_to_date(quarter_chart: Chart, request: pytest.FixtureRequest) -> None:
    drawn, page = gantt_svg(quarter_chart), PAGE.read_text(encoding="utf-8")
    block = re.compile(
        r"(?<=<!-- checked: test_the_chart_of_the_quarter_is_up_to_date -->\n\n```text\n).*?(?=^```$)",
        re.MULTILINE | re.DOTALL,
    )
    expected = block.sub(lambda _: gantt_text(quarter_chart), page)
    if request.config.getoption("--update-golden"):
        LIFE.write_text(drawn, encoding="utf-8", newline="\n")
        PAGE.write_text(expected, encoding="utf-8", newline="\n")
    assert LIFE.read_text(encoding="utf-8") == drawn
    assert page == expected or request.config.getoption("--update-golden")
