"""``wfepy import-wfepy``: instances that WfEpy ran go on here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cli_folder import error_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cli_folder import Folder

PICKLES = Path(__file__).parent.parent / "wfepy_pickles"


@pytest.fixture
def coffee(folder: Folder) -> Folder:
    """A project with the workflow of the pickles, and one of them."""
    folder.configure(flow=(PICKLES / "flow.py").read_text())
    shutil.copy(PICKLES / "waiting-py36.pickle", folder.path / "table-4.pickle")
    return folder


def test_an_instance_of_wfepy_goes_on_here(coffee: Folder) -> None:
    before = (coffee.path / "table-4.pickle").read_bytes()
    assert coffee.ok("import-wfepy", "table-4.pickle").splitlines() == [
        "flow/table-4: 3 tokens in table-4.pickle",
        "  begin: done",
        "  grind: waiting",
        "  boil: done",
        "  foam: done",
        "not known, or different from now on:",
        "  since when grind waited; it counts from now on",
        "  whether begin, boil, foam ran or was skipped; it counts as done",
        "  by which transitions brew was reached; only how many they are is known",
        "go on with: wfepy tick",
    ]
    assert (coffee.path / "table-4.pickle").read_bytes() == before
    assert coffee.data("show", "flow", "table-4")["context"] == {"cups": 2, "foam": True}
    coffee.ok("tick", environ={"GO": "1"})
    assert coffee.data("status", "--all")["instances"][0]["status"] == "finished"
    records = coffee.data("history", "flow", "table-4")["records"]
    assert (records[0]["event"], records[0]["file"]) == ("imported", "table-4.pickle")
    assert [each["task"] for each in records if each.get("status") == "completed"] == [
        "grind",
        "brew",
        "serve",
    ]
    assert "imported" in coffee.ok("history", "flow", "table-4").splitlines()[0]


def test_what_counts_as_done_is_shown_as_led_to(coffee: Folder) -> None:
    coffee.ok("import-wfepy", "table-4.pickle")
    assert "begin  done     -> grind: taken, -> boil: taken, -> foam: taken" in coffee.ok(
        "show", "flow", "table-4"
    )


def test_a_dry_run_writes_nothing(coffee: Folder) -> None:
    assert coffee.ok("import-wfepy", "table-4.pickle", "-n").splitlines()[-1] == "nothing was written"
    assert coffee.state() == {}
    data = coffee.data("import-wfepy", "table-4.pickle", "--dry-run", "--id", "x")
    assert (data["instance"], data["written"]) == ("x", False)
    assert data["tokens"] == [["grind", "WAITING"], ["brew", "BLOCKED"], ["brew", "BLOCKED"]]
    assert data["tasks"]["grind"] == "waiting"


def test_the_workflow_may_be_a_file_without_a_config(folder: Folder) -> None:
    shutil.copy(PICKLES / "flow.py", folder.path)
    shutil.copy(PICKLES / "attrs-py36.pickle", folder.path / "state-file")
    assert "there is no workflow" in error_line(folder.wfepy("import-wfepy", "state-file"), 4)
    shown = folder.ok("import-wfepy", "state-file", "--workflow", "flow.py", "--id", "a")
    assert shown.splitlines()[-1] == "go on with: wfepy run flow.py --id a"
    assert "finished" in folder.ok("run", "flow.py", "--id", "a", environ={"GO": "1"})


def test_what_cannot_be_imported_is_told_and_leaves_nothing(coffee: Folder) -> None:
    assert "it cannot be read: No such file" in error_line(coffee.wfepy("import-wfepy", "none"), 3)
    coffee.write("text", "hello")
    assert "text: it is no pickle" in error_line(coffee.wfepy("import-wfepy", "text"), 3)
    shutil.copy(PICKLES / "finished-py36.pickle", coffee.path / "done.pickle")
    assert "done.pickle: it has finished" in error_line(coffee.wfepy("import-wfepy", "done.pickle"), 3)
    (coffee.path / "bad.pickle").write_bytes(b"cos\nsystem\n(S'touch canary'\ntR.")
    error_line(coffee.wfepy("import-wfepy", "bad.pickle"), 3)
    assert not (coffee.path / "canary").exists()
    assert coffee.state() == {}
    coffee.ok("import-wfepy", "table-4.pickle")
    assert "instance of this id" in error_line(coffee.wfepy("import-wfepy", "table-4.pickle"), 3)


def test_a_workflow_must_be_named_where_there_are_several(coffee: Folder) -> None:
    with (coffee.path / "wfepy.toml").open("a") as file:
        file.write('[workflows.other]\nmodule = "flow"\n')
    told = error_line(coffee.wfepy("import-wfepy", "table-4.pickle"), 2)
    assert "--workflow is one of flow, other" in told
    assert (
        json.loads(coffee.ok("import-wfepy", "table-4.pickle", "--workflow", "other", "--json"))["workflow"]
        == "other"
    )
