"""Ticks over the saved instances of configured workflows."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

import wfepy_hooks as wfepy
from wfepy_hooks import hookimpl
from wfepy_hooks.config import Config
from wfepy_hooks.project import Project, Report

FLOW = """
    import os
    import wfepy_hooks as wfepy

    class Order:
        def __init__(self):
            self.cups = 1

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("drink")
    def brew(context):
        return True

    @wfepy.task()
    @wfepy.end_point()
    def drink(context):
        return os.path.exists("cup") or wfepy.wait(reason="a cup")
"""


class Folder:
    """A project in a temporary folder, opened anew for each tick as a process would."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plugins: list[object] = []
        self.write("wfepy.toml", '[workflows.coffee]\nmodule = "coffee.py"\n')

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(textwrap.dedent(text))

    def open(self) -> Project:
        config = Config.load(cwd=self.path, autoload=False, environ={})
        for plugin in self.plugins:
            config.plugins.register(plugin)
        return Project(config)

    def tick(self) -> dict[str, Report]:
        return {f"{report.workflow}/{report.instance}": report for report in self.open().tick()}

    def state(self, name: str = "coffee/default") -> Path:
        return self.path / ".wfepy" / "state" / f"{name}.json"

    def files(self) -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in (self.path / ".wfepy").rglob("*") if file.is_file()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "coffee", raising=False)
    made = Folder(tmp_path)
    made.write("coffee.py", FLOW)
    return made


def test_an_instance_is_started_advanced_and_filed_when_it_ends(folder: Folder) -> None:
    folder.open().start("coffee", "monday", {"milk": True})
    first = folder.tick()["coffee/monday"]
    assert (first.exit_code, first.error) == (0, None)
    assert first.summary is not None
    assert first.summary.waiting == {"drink": "a cup"}
    folder.write("cup", "")
    second = folder.tick()["coffee/monday"]

    assert second.summary is not None
    assert second.summary.status == "finished"
    assert folder.tick() == {}
    ended = folder.open().read("coffee", "monday")
    assert (ended.status, ended.context) == ("finished", {"milk": True})
    assert not folder.state("coffee/monday").exists()


def test_a_tick_that_changes_nothing_writes_nothing(folder: Folder) -> None:
    folder.open().start("coffee", "default")
    folder.tick()
    before = folder.files()
    for _ in range(3):
        folder.tick()

    assert folder.files() == before


def test_an_id_is_not_used_again(folder: Folder) -> None:
    folder.write("cup", "")
    folder.open().start("coffee", "default")
    with pytest.raises(wfepy.InstanceExists):
        folder.open().start("coffee", "default")
    folder.tick()
    with pytest.raises(wfepy.InstanceExists):
        folder.open().start("coffee", "default")


def test_one_broken_instance_does_not_stop_the_others(folder: Folder) -> None:
    for name in "abc":
        folder.open().start("coffee", name)
    folder.state("coffee/b").write_text("<<<<<<< HEAD\n")
    reports = folder.tick()

    assert [report.exit_code for report in reports.values()] == [0, 3, 0]
    assert "conflict" in str(reports["coffee/b"].error)
    assert folder.state("coffee/b").read_text() == "<<<<<<< HEAD\n"


def test_a_broken_workflow_does_not_stop_the_others(folder: Folder) -> None:
    folder.write(
        "wfepy.toml", '[workflows.coffee]\nmodule = "coffee.py"\n[workflows.tea]\nmodule = "tea.py"\n'
    )
    folder.write("tea.py", FLOW)
    for name in ("coffee", "tea"):
        folder.open().start(name, "default")
    folder.open().start("tea", "another")
    folder.write("tea.py", "raise ValueError('no leaves')")
    __import__("sys").modules.pop("tea")
    reports = folder.tick()

    assert [report.exit_code for report in reports.values()] == [0, 4], "it is said once"
    assert "importing tea raised ValueError: no leaves" in str(reports["tea/another"].error)


def test_a_state_of_another_instance_is_refused(folder: Folder) -> None:
    folder.open().start("coffee", "default")
    folder.state().rename(folder.state("coffee/other"))
    error = str(folder.tick()["coffee/other"].error)

    assert "default" in error


def test_another_tick_that_holds_the_instance_is_told(folder: Folder) -> None:
    folder.open().start("coffee", "default")
    holding = folder.open().store.open("coffee", "default")
    busy: list[tuple[str, str]] = []
    assert list(folder.open().tick(busy=lambda *name: busy.append(name))) == []
    with pytest.raises(wfepy.LockedError):
        folder.open().tick_one("coffee", "default")
    holding.release()

    assert busy == [("coffee", "default")]
    assert folder.tick()


def test_an_unknown_workflow_is_told_with_a_suggestion(folder: Folder) -> None:
    with pytest.raises(wfepy.ConfigError, match='no workflow "cofee"; did you mean "coffee"'):
        folder.open().start("cofee", "default")


def test_a_configured_function_makes_the_first_context(folder: Folder) -> None:
    folder.write("wfepy.toml", '[workflows.coffee]\nmodule = "coffee.py"\ncontext = "coffee:Order"\n')
    folder.open().start("coffee", "default", {"size": "large"})
    folder.tick()
    context = folder.open().read("coffee", "default").context

    assert type(context).__name__ == "Order"
    assert vars(context) == {"cups": 1, "size": "large"}


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("coffee:missing", "names nothing that can be called"),
        ("coffee:FLOW.x", "names nothing"),
        ("coffee:Order.boil", "names nothing"),
        ("no_such:Order", 'there is no module "no_such"'),
        ("coffee:wfepy.GiveUp.with_traceback", "raised TypeError"),
    ],
)
def test_a_wrong_context_function_is_told(folder: Folder, factory: str, message: str) -> None:
    folder.write("wfepy.toml", f'[workflows.coffee]\nmodule = "coffee.py"\ncontext = "{factory}"\n')
    with pytest.raises(wfepy.WfepyError, match=message):
        folder.open().start("coffee", "default")


def test_a_first_context_that_cannot_be_saved_leaves_no_instance(folder: Folder) -> None:
    with pytest.raises(wfepy.CodecError, match=r'context\["call"\]'):
        folder.open().start("coffee", "default", {"call": lambda: None})

    assert folder.open().store.list("coffee") == []


def test_a_context_that_cannot_be_saved_is_a_failed_attempt_and_stays_as_it_was(folder: Folder) -> None:
    folder.write(
        "coffee.py", FLOW.replace("        return True", "        context['f'] = iter(()); return True", 1)
    )
    folder.open().start("coffee", "default", {"n": 1})
    for attempt in (1, 2):
        report = folder.tick()["coffee/default"]
        assert (report.exit_code, report.error) == (1, None)
        assert report.summary is not None
        assert 'task "brew": context["f"]' in str(report.summary.failures["brew"])
        assert report.summary.unrecorded == set()
        saved = folder.open().read("coffee", "default")
        assert (saved.failures, saved.context) == ({"brew": attempt}, {"n": 1})

    records = folder.open().store.history("coffee", "default")
    assert [(each["status"], each["attempt"]) for each in records] == [("retrying", 1), ("retrying", 2)]
    assert all('CodecError: task "brew": context["f"]' in each["error"] for each in records)
    assert not any(key in each for each in records for key in ("set", "context", "unset"))


def test_plugins_may_act_around_loading_and_saving(folder: Folder) -> None:
    class Seal:
        @hookimpl(wrapper=True)
        def wfepy_save_state(self, document: dict[str, Any]) -> Any:
            document["context"] = {"sealed": json.dumps(document["context"])}
            return (yield)

        @hookimpl(wrapper=True)
        def wfepy_load_state(self) -> Any:
            document, records = yield
            if "sealed" in document["context"]:
                document["context"] = json.loads(document["context"]["sealed"])
            return document, records

    folder.plugins = [Seal()]
    folder.open().start("coffee", "default", {"milk": True})
    folder.tick()
    assert json.loads(folder.state().read_text())["context"] == {"sealed": '{"milk": true}'}
    assert folder.open().read("coffee", "default").context == {"milk": True}
    folder.write("cup", "")
    report = folder.tick()["coffee/default"]

    assert report.summary is not None
    assert report.summary.status == "finished"


def test_a_plugin_may_upgrade_an_older_document(folder: Folder) -> None:
    class Upgrade:
        @hookimpl
        def wfepy_upgrade_state(self, document: dict[str, Any], from_version: int) -> dict[str, Any]:
            assert from_version == 0
            return {**document, "schema": 1, "uid": "0123456789ab"}

    folder.open().start("coffee", "default")
    document = json.loads(folder.state().read_text())
    document.update(schema=0)
    document.pop("uid")
    folder.state().write_text(json.dumps(document))
    assert folder.tick()["coffee/default"].exit_code == 3
    folder.plugins = [Upgrade()]
    assert folder.tick()["coffee/default"].exit_code == 0
    assert json.loads(folder.state().read_text())["uid"] == "0123456789ab"


def test_a_plugin_may_refuse_a_workflow(folder: Folder) -> None:
    class Strict:
        @hookimpl
        def wfepy_workflow_loaded(self, workflow: wfepy.Workflow) -> None:
            raise wfepy.WorkflowError(f"{workflow.name} has no owner")

    folder.plugins = [Strict()]
    with pytest.raises(wfepy.WfepyError, match="coffee has no owner"):
        folder.open().start("coffee", "default")


def test_a_plugin_may_load_workflows_from_elsewhere(folder: Folder) -> None:
    made = wfepy.Workflow("whatever")
    made.tasks = {"only": wfepy.Task(lambda context: True, "only")}
    made.tasks["only"].is_start_point = made.tasks["only"].is_end_point = True

    class Elsewhere:
        @hookimpl
        def wfepy_load_workflows(self, path: str) -> list[wfepy.Workflow] | None:
            return [made] if path == "made.up" else None

    folder.write("wfepy.toml", '[workflows.x]\nmodule = "made.up"\n')
    folder.plugins = [Elsewhere()]
    project = folder.open()
    project.start("x", "default")

    assert next(iter(project.tick())).exit_code == 0


def test_an_instance_that_failed_for_good_ends_once(folder: Folder) -> None:
    ends: list[str] = []

    class Ends:
        @hookimpl
        def wfepy_instance_finished(self, status: str) -> None:
            ends.append(status)

    folder.write(
        "coffee.py", FLOW.replace("        return True", "        raise wfepy.GiveUp('no beans')", 1)
    )
    folder.plugins = [Ends()]
    folder.open().start("coffee", "default")
    assert folder.tick()["coffee/default"].exit_code == 1
    assert folder.tick() == {}
    assert ends == ["failed"]
    assert "GiveUp: no beans" in folder.open().read("coffee", "default").why("brew")


def test_a_strict_project_takes_no_other_answer(folder: Folder) -> None:
    folder.write("wfepy.toml", '[wfepy]\nstrict = true\n[workflows.coffee]\nmodule = "coffee.py"\n')
    folder.write("coffee.py", FLOW.replace("        return True", "        return 1", 1))
    folder.open().start("coffee", "default")
    report = folder.tick()["coffee/default"]

    assert report.exit_code == 1
    assert report.summary is not None
    assert "returned int 1 instead of True or False" in str(report.summary.failures["brew"])


def test_the_working_directory_is_put_back_after_each_task(folder: Folder) -> None:
    folder.write("coffee.py", FLOW.replace("        return True", "        os.chdir('/'); return True", 1))
    folder.write("cup", "")
    folder.open().start("coffee", "default")
    report = folder.tick()["coffee/default"]

    assert report.summary is not None
    assert report.summary.status == "finished", "the next task did not find its file"


def test_everything_of_wfepy_can_be_imported_from_its_one_module() -> None:
    from wfepy_hooks import workflow

    for name in (
        "Workflow",
        "Runner",
        "Task",
        "TaskState",
        "Transition",
        "WorkflowError",
        "DecoratorStack",
        "task",
    ):
        assert getattr(workflow, name) is getattr(wfepy, name)
    with pytest.raises(AttributeError):
        workflow.nothing  # noqa: B018  # asking is the test


def test_a_context_of_another_module_survives_a_restart(folder: Folder) -> None:
    folder.write("shop.py", "class Shop:\n    def __init__(self):\n        self.cups = 1\n")
    folder.write("wfepy.toml", '[workflows.coffee]\nmodule = "coffee.py"\ncontext = "shop:Shop"\n')
    folder.open().start("coffee", "default")

    assert folder.tick()["coffee/default"].exit_code == 0
    assert vars(folder.open().read("coffee", "default").context) == {"cups": 1}


def test_a_context_function_that_exits_is_an_error(folder: Folder) -> None:
    folder.write("shop.py", "import sys\ndef make():\n    sys.exit(0)\n")
    __import__("sys").modules.pop("shop", None)
    folder.write("wfepy.toml", '[workflows.coffee]\nmodule = "coffee.py"\ncontext = "shop:make"\n')
    with pytest.raises(wfepy.ConfigError, match="raised SystemExit"):
        folder.open().start("coffee", "default")


def test_a_value_that_the_context_cannot_take_is_told(folder: Folder) -> None:
    folder.write(
        "coffee.py", FLOW.replace("self.cups = 1", "pass").replace("class Order:", "class Order(tuple):")
    )
    folder.write("wfepy.toml", '[workflows.coffee]\nmodule = "coffee.py"\ncontext = "coffee:slots"\n')
    with (folder.path / "coffee.py").open("a") as file:
        file.write("class Slots:\n    __slots__ = ()\nslots = Slots\n")
    with pytest.raises(wfepy.UsageError, match="size cannot be set on a context of type Slots"):
        folder.open().start("coffee", "default", {"size": 1})


def test_a_misspelt_field_of_a_dataclass_is_refused_and_another_one_is_set(folder: Folder) -> None:
    order = "import dataclasses\n    @dataclasses.dataclass\n    class Order:\n        version: str = '1.0'"
    order += "\n        weight: int = dataclasses.field(init=False)\n        weights = ()"
    folder.write("coffee.py", FLOW.replace("class Order:", order).replace("self.cups = 1", "pass"))
    with (folder.path / "coffee.py").open("a") as file:
        file.write("def order(): return Order()\n")
    folder.write("wfepy.toml", '[workflows.coffee]\nmodule = "coffee.py"\ncontext = "coffee:order"\n')
    with pytest.raises(wfepy.UsageError, match='Order, which has no field "verzion"; did you mean "version"'):
        folder.open().start("coffee", "one", {"verzion": "2.0"})
    folder.open().start("coffee", "two", {"version": "2.0", "weight": 5, "weights": [1], "cups": 3})
    context = folder.open().read("coffee", "two").context
    assert vars(context) == {"version": "2.0", "weight": 5, "weights": [1], "cups": 3}


def test_an_attempt_that_a_plugin_broke_leaves_the_context_as_it_was(folder: Folder) -> None:
    class Broken:
        @hookimpl(wrapper=True)
        def wfepy_run_task(self, task: wfepy.Task) -> Any:
            yield
            raise KeyError("mine")

    folder.write("coffee.py", FLOW.replace("        return True", "        context['n'] = 1; return True", 1))
    folder.open().start("coffee", "default")
    folder.plugins = [Broken()]
    before = folder.files()
    report = folder.tick()["coffee/default"]

    assert report.exit_code == 4
    assert report.summary is not None
    assert report.summary.unrecorded == {"brew"}
    assert folder.files() == before


def test_a_task_that_raises_one_of_our_errors_has_failed_like_any_other(folder: Folder) -> None:
    folder.write(
        "coffee.py", FLOW.replace("        return True", "        raise wfepy.WorkflowError('nested')", 1)
    )
    folder.open().start("coffee", "default")

    assert folder.tick()["coffee/default"].exit_code == 1


def test_a_bug_of_the_engine_is_told_and_stops_no_other_instance(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[BaseException] = []

    class Watch:
        @hookimpl
        def wfepy_internal_error(self, error: BaseException) -> None:
            seen.append(error)

    folder.plugins = [Watch()]
    for name in "ab":
        folder.open().start("coffee", name)
    end = wfepy.Runner._end

    def broken(runner: wfepy.Runner) -> None:
        if runner.instance.id == "a":
            raise IndexError("oh")
        end(runner)

    monkeypatch.setattr(wfepy.Runner, "_end", broken)
    reports = folder.tick()

    assert [report.exit_code for report in reports.values()] == [1, 0]
    assert "coffee/a: a bug of wfepy-hooks: IndexError: oh" in str(reports["coffee/a"].error)
    assert [type(error) for error in seen] == [IndexError]


def test_the_worst_exit_code_of_each_workflow_that_a_tick_looked_at_is_known(folder: Folder) -> None:
    names = ("coffee", "broken", "idle")
    folder.write("wfepy.toml", "".join(f'[workflows.{name}]\nmodule = "coffee.py"\n' for name in names))
    folder.open().start("coffee", "default")
    for name in ("one", "two"):
        folder.open().start("broken", name)
    folder.state("broken/one").write_text("{")
    project = folder.open()
    list(project.tick(["coffee", "broken", "idle"]))
    assert project.config.ticked == {"coffee": 0, "broken": 3, "idle": 0}
