"""What any version has saved stays loadable for ever.

``golden_states/N`` holds instances that the last release with schema N has written, never to be changed, with the code
that they are of. ``expected.json`` says what each is like: its status, those of some tasks, how it ends when the
``commands`` were given and the environment variable GO is set, and what is in its context then.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cli_folder import Folder
from wfepy_hooks import state

GOLDEN = Path(__file__).parent / "golden_states"
VERSIONS = [str(number) for number in range(state.OLDEST_SCHEMA, state.SCHEMA + 1)]


@pytest.fixture(params=VERSIONS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    source = GOLDEN / str(request.param)
    shutil.copytree(source, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return Folder(tmp_path)


def expectations(folder: Folder) -> Any:
    return json.loads((folder.path / "expected.json").read_text())


def expected(folder: Folder) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = expectations(folder)["instances"]
    kept = {
        f"{file.parent.name if file.parent.name != 'done' else file.parent.parent.name}/{file.stem}"
        for file in folder.path.glob("state/**/*.json")
        if "inbox" not in file.parts
    }
    assert kept == set(found)
    return found


def test_instances_of_every_schema_are_what_they_were(folder: Folder) -> None:
    before = folder.state()
    for name, wanted in expected(folder).items():
        shown = folder.data("show", *name.split("/"))
        statuses = {task["name"]: task["status"] for task in shown["tasks"]}
        assert (shown["status"], {task: statuses[task] for task in wanted["tasks"]}) == (
            wanted["status"],
            wanted["tasks"],
        ), name
    assert folder.state() == before


def test_instances_of_every_schema_go_on_to_their_end(folder: Folder) -> None:
    for words in expectations(folder)["commands"]:
        folder.ok(*words)
    for _ in range(3):
        folder.wfepy("tick", environ={"GO": "1"})
    for name, wanted in expected(folder).items():
        shown = folder.data("show", *name.split("/"))
        assert shown["status"] == wanted["end"], name
        context = shown["context"]
        context = context["state"] if "$object" in context else context
        assert {key: context[key] for key in wanted["context"]} == wanted["context"], name


def test_checking_finds_nothing_wrong_with_instances_of_any_schema(folder: Folder) -> None:
    data = folder.data("check")
    assert [each["states"] for each in data["workflows"]] == [[] for _ in data["workflows"]]
