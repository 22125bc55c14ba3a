"""One process can use workflow files of one name from different folders, and saves them as if each were alone."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks import WorkflowError
from wfepy_hooks.config import Config
from wfepy_hooks.loader import load_workflow
from wfepy_hooks.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wfepy_hooks.workflow import Workflow

FLOW = """
from __future__ import annotations
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar
import wfepy_hooks as wfepy
from wfepy_test_helper import WORD

class Size(Enum):
    SMALL = 1

@dataclass
class Order:
    word: str
    size: Size = Size.SMALL
    count: ClassVar[int] = 0

def first():
    return {"order": Order("none"), "made_by": WORD}

@wfepy.task()
@wfepy.start_point()
@wfepy.followed_by("wait")
def take(context):
    context["order"] = Order(WORD)
    return True

@wfepy.task()
@wfepy.end_point()
def wait(context):
    assert type(context["order"]) is Order
    context["seen"] = context["order"].word
    return "go" in context
"""


@pytest.fixture(autouse=True)
def clean_imports() -> Iterator[None]:
    modules, path = dict(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]
    sys.path[:] = path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two folders with a file of one name each, which imports another file that both have."""
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "wfepy_test_twin.py").write_text(FLOW)
        (folder / "wfepy_test_helper.py").write_text(f"WORD = {name!r}\n")
    return tmp_path


def configure(root: Path, *names: str, extra: str = "") -> Config:
    text = f"[wfepy]\n{extra}\n"
    for name in names:
        text += f'[workflows.{name}]\nmodule = "{name}/wfepy_test_twin.py"\n'
        text += 'context = "wfepy_test_twin:first"\n'
    (root / "wfepy.toml").write_text(text)
    return Config.load(root / "wfepy.toml", autoload=False)


def tick(config: Config, *start: str) -> dict[str, dict[str, Any]]:
    """Start an instance of each workflow, tick, and return the contexts that are saved."""
    with config:
        project = Project(config)
        for name in start:
            project.start(name, "x")
        reports = list(project.tick())
        project.close()
    assert [report.error for report in reports] == [None] * len(reports)
    assert [report.summary.failures for report in reports if report.summary] == [{}] * len(reports)
    files = {name: Path(config.state, name, "x.json") for name in config.workflows}
    return {name: json.loads(file.read_text())["context"] for name, file in files.items()}


def word_of(workflow: Workflow) -> object:
    """Return what its module has imported from its neighbour."""
    return vars(workflow.module("wfepy_test_twin"))["WORD"]


def test_each_file_is_the_one_that_was_asked_for(root: Path) -> None:
    one = load_workflow("one/wfepy_test_twin.py", str(root))
    two = load_workflow("two/wfepy_test_twin.py", str(root))
    for workflow, name in ((one, "one"), (two, "two")):
        context: dict[str, Any] = {}
        workflow.tasks["take"](context)
        assert context["order"].word == name, "it has its own neighbours"
        assert workflow.name == "wfepy_test_twin"
        assert workflow.modules == ["wfepy_test_twin"]
    again = load_workflow("two/wfepy_test_twin.py", str(root))
    assert again.tasks["take"] is two.tasks["take"], "it is imported once"
    assert sys.path.count(str(root / "two")) == 1
    assert sys.modules["wfepy_test_twin"].__file__ == str(root / "one/wfepy_test_twin.py")
    assert sys.modules["wfepy_test_helper"].__file__ == str(root / "one/wfepy_test_helper.py")


def test_two_projects_whose_modules_have_one_name(root: Path) -> None:
    loaded = [load_workflow("wfepy_test_twin", str(root / name)) for name in ("one", "two")]
    words = []
    for workflow in loaded:
        context: dict[str, Any] = {}
        workflow.tasks["take"](context)
        words.append(context["order"].word)
    assert words == ["one", "two"]


@pytest.mark.parametrize("executor", ["inline", "processes:1"])
def test_what_is_saved_is_the_same_as_if_each_were_alone(root: Path, executor: str) -> None:
    extra = f'executor = "{executor}"'
    saved = tick(configure(root, "one", "two", extra=extra), "one", "two")
    for name in ("one", "two"):
        assert saved[name]["made_by"] == saved[name]["seen"] == name
        assert saved[name]["order"]["$object"] == "wfepy_test_twin:Order"
    # In another process, without the other workflow, it goes on; and back here, beside it.
    configure(root, "two", extra=extra)
    command = [sys.executable, "-m", "wfepy_hooks", "--no-plugin-autoload", "tick"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1 instance: 1 waiting\n"), done.stderr
    assert tick(configure(root, "one", "two", extra=extra)) == saved


def test_threads_that_load_workflows_take_turns(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one, if it began before the first one ends, would find the neighbours that are there after that."""
    events = ModuleType("wfepy_test_events")
    first, second, ended = Event(), Event(), Event()
    vars(events).update(first=first, second=second, ended=ended)
    monkeypatch.setitem(sys.modules, "wfepy_test_events", events)
    (root / "three").mkdir()
    for name, wait in {
        "two": "first.set(); second.wait(0.2)",
        "three": "second.set(); ended.wait(5)",
    }.items():
        text = FLOW.replace(
            "import wfepy_hooks", f"from wfepy_test_events import *\n{wait}\nimport wfepy_hooks"
        )
        (root / name / "wfepy_test_twin.py").write_text(text)
        (root / name / "wfepy_test_helper.py").write_text(f"WORD = {name!r}\n")
    load_workflow("wfepy_test_twin.py", str(root / "one"))
    with ThreadPoolExecutor() as pool:
        two = pool.submit(load_workflow, "wfepy_test_twin.py", str(root / "two"))
        two.add_done_callback(lambda _: ended.set())
        assert first.wait(5)
        others = [
            pool.submit(load_workflow, "wfepy_test_twin.py", str(root / name)) for name in ("two", "three")
        ]
        found = [each.result(10).twins["wfepy_test_twin"].WORD for each in (two, *others)]
    assert found == ["two", "two", "three"]
    assert sys.modules["wfepy_test_helper"].WORD == "one"
    assert sys.modules["wfepy_test_twin"].__file__ == str(root / "one/wfepy_test_twin.py")


def test_a_file_with_the_name_of_a_module_of_python_is_refused(root: Path) -> None:
    (root / "json.py").write_text(FLOW)
    with pytest.raises(WorkflowError, match=r'"import json" finds .* instead; give the file another name'):
        load_workflow("json.py", str(root))


def test_a_twin_that_cannot_be_imported_leaves_everything_as_it_was(root: Path) -> None:
    load_workflow("one/wfepy_test_twin.py", str(root))
    (root / "two/wfepy_test_helper.py").write_text("WORD = 'two'; raise ValueError('no word')")
    before = dict(sys.modules)
    with pytest.raises(WorkflowError, match="importing wfepy_test_twin raised ValueError: no word"):
        load_workflow("two/wfepy_test_twin.py", str(root))
    assert {name: module for name, module in sys.modules.items() if "wfepy_test" in name} == {
        name: module for name, module in before.items() if "wfepy_test" in name
    }


def test_the_same_file_by_another_path_is_no_twin(root: Path) -> None:
    one = load_workflow("one/wfepy_test_twin.py", str(root))
    (root / "link").symlink_to(root / "one")
    two = load_workflow("link/wfepy_test_twin.py", str(root))
    assert two.tasks["take"] is one.tasks["take"]


def test_a_folder_of_data_with_the_name_of_a_package_hides_nothing(root: Path) -> None:
    for name in ("wfepy_hooks", "pluggy"):
        (root / "two" / name).mkdir()
    (root / "two/wfepy_hooks/__init__.py").write_text("copied = True")
    (root / "two/wfepy_test_helper.py").write_text("import pluggy\nWORD = pluggy\n")
    load_workflow("one/wfepy_test_twin.py", str(root))
    two = load_workflow("two/wfepy_test_twin.py", str(root))
    assert word_of(two) is sys.modules["pluggy"]


def test_folders_without_an_init_are_neighbours_too(root: Path) -> None:
    words = []
    for name in ("one", "two"):
        (root / name / "wfepy_test_lib").mkdir()
        (root / name / "wfepy_test_lib/word.py").write_text(f"WORD = {name!r}\n")
        (root / name / f"wfepy_test_lib/{name}.py").write_text("")
        (root / name / "wfepy_test_helper.py").write_text(
            f"from wfepy_test_lib.word import WORD\nimport wfepy_test_lib.{name}\n"
        )
        workflow = load_workflow("wfepy_test_twin.py", str(root / name))
        words.append(word_of(workflow))
    assert words == ["one", "two"]
    assert "wfepy_test_lib.one" in sys.modules
    assert "wfepy_test_lib.two" not in sys.modules, "who asks for it later would get one of a twin"
    assert sys.modules["wfepy_test_lib.word"].__file__ == str(root / "one/wfepy_test_lib/word.py")
