"""The picture in the README is the one that the example gives."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from wfepy_hooks.instance import Instance, WaitState
from wfepy_hooks.marking import DONE, E_FALSE, E_TAKEN
from wfepy_hooks.render import diagram, to_dot, write_picture
from wfepy_hooks.workflow import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "coffee.svg"


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Instance:
    """The example after its first tick: black coffee, which somebody drinks."""
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "coffee"))
    workflow = Workflow()
    workflow.load_tasks("coffee_workflow")
    monkeypatch.delitem(sys.modules, "coffee_workflow")
    instance = Instance(workflow, uid="0123456789ab")
    for name in ("start", "grind_beans", "heat_water", "make_coffee", "add_milk", "serve"):
        task = workflow.tasks[name]
        decisions = [E_FALSE if transition.cond else E_TAKEN for transition in task.followed_by]
        instance.marking.settle(workflow.graph.index[name], DONE, decisions)
    instance.waits["drink_coffee"] = WaitState("", "the cup is not empty yet")
    return instance


def test_the_picture_of_the_readme_is_up_to_date(
    waiting: Instance, golden: Callable[[str, str], None], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    # Graphviz draws a little differently from version to version, so its input is compared, and of the picture
    # only that it shows the same tasks and transitions.
    root = str(ROOT / "examples" / "coffee")
    source = to_dot(diagram(waiting.workflow, instance=waiting, root=root))
    golden("example.dot", source)
    if request.config.getoption("--update-golden") and shutil.which("dot"):
        write_picture(source, tmp_path / "coffee", "svg")
        PICTURE.parent.mkdir(exist_ok=True)
        shutil.copyfile(tmp_path / "coffee.svg", PICTURE)
    titles = {
        element.text for element in ElementTree.parse(PICTURE).iter("{http://www.w3.org/2000/svg}title")
    }
    tasks = waiting.workflow.tasks
    edges = {f"{name}->{edge.dest}" for name, task in tasks.items() for edge in task.followed_by}
    assert titles - {waiting.workflow.name} == set(tasks) | edges


def test_the_picture_shows_the_state(waiting: Instance) -> None:
    words = {
        "".join(each.itertext())
        for each in ElementTree.parse(PICTURE).iter("{http://www.w3.org/2000/svg}text")
    }
    assert {"✓ make_coffee", "skipped", "waiting: the cup is not empty", "yet"} <= words
