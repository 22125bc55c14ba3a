"""A task away from the tick: what goes there, and what comes back."""

from __future__ import annotations

import datetime
import logging
import os
import pickle
import sys
import threading
import types
from pathlib import Path
from typing import Any

import pytest

import executor_tasks
import wfepy_hooks as wfepy
from wfepy_hooks.codec import Codec
from wfepy_hooks.errors import CodecError, WorkflowError
from wfepy_hooks.executors import Done, Home, Job, Loaded, ProcessExecutor, TaskError, ThreadExecutor, run_job
from wfepy_hooks.executors.failures import RemoteTrace, portable, trace_of

NOW = datetime.datetime(2026, 11, 23, tzinfo=datetime.timezone.utc)


def workflow() -> wfepy.Workflow:
    made = wfepy.Workflow("coffee")
    made.collect_tasks(executor_tasks)
    return made


def codec_of(made: wfepy.Workflow) -> Codec:
    return Codec(made.modules, made.classes)


class Places:
    """Runs jobs in this thread, in another one and in another process."""

    def __init__(self) -> None:
        self._workflow = workflow()
        self._threads = ThreadExecutor(1)
        self._processes = ProcessExecutor(1)

    def run(self, place: str, task: str, context: Any = None, /, *args: Any, **options: Any) -> Done:
        encoded = codec_of(self._workflow).encode({} if context is None else context)
        done: Done
        if place == "here":
            here = Loaded.of(self._workflow, codec_of(self._workflow))
            done = run_job(Job(here, task, encoded, *args, **options))
        elif place == "thread":
            here = Loaded.of(self._workflow, codec_of(self._workflow))
            done = self._threads.submit(run_job, Job(here, task, encoded, *args, **options)).result(30)
        else:
            job = Job(Home.of(self._workflow), task, encoded, *args, **options)
            done = self._processes.submit(run_job, job).result(30)
        return done

    def close(self) -> None:
        self._threads.close()
        self._processes.close()


@pytest.fixture(scope="module")
def places() -> Any:
    places = Places()
    yield places
    places.close()


everywhere = pytest.mark.parametrize("place", ["here", "thread", "process"])


# What comes back


@everywhere
def test_a_task_gets_a_copy_of_the_context_and_what_it_changed_comes_back(places: Places, place: str) -> None:
    context = {"cups": 1, "when": NOW}
    done = places.run(place, "brew", context)
    assert (done.answer, done.error, done.warnings) == (True, None, [])
    assert codec_of(workflow()).decode(done.context) == {"cups": 2, "when": NOW}
    assert context["cups"] == 1
    assert 0 <= done.took < 5


@everywhere
def test_objects_of_the_workflow_travel(places: Places, place: str) -> None:
    done = places.run(place, "brew_order", {"order": executor_tasks.Order(2)})
    context = codec_of(workflow()).decode(done.context)
    assert type(context["order"]) is type(context["second"]) is executor_tasks.Order
    assert (context["order"].cups, context["second"].cups) == (3, 7)


@everywhere
def test_a_wait_travels(places: Places, place: str) -> None:
    done = places.run(place, "pause")
    assert done.answer == wfepy.wait(until="3d", signal="go", reason="closed")


@everywhere
def test_arguments_travel_and_a_raw_answer_may_be_anything(places: Places, place: str) -> None:
    done = places.run(place, "add", {}, {"item": 41, "now": NOW}, raw=True)
    assert (done.answer, done.error) == ((42, NOW), None)


@everywhere
@pytest.mark.parametrize(
    ("task", "kind", "text"),
    [
        ("spill", ValueError, "no milk"),
        ("give_up", wfepy.GiveUp, "no beans"),
        ("leave", SystemExit, "4"),
        ("interrupt", KeyboardInterrupt, ""),
    ],
)
def test_what_a_task_raises_is_data(places: Places, place: str, task: str, kind: type, text: str) -> None:
    done = places.run(place, task, {"cups": 1})
    assert type(done.error) is kind
    assert str(done.error) == text
    assert done.answer is None
    assert done.context == ({"cups": 1, "spilled": True} if task == "spill" else {"cups": 1})
    assert (done.trace != "") is (place == "process")


def test_the_traceback_comes_from_the_worker(places: Places) -> None:
    done = places.run("process", "spill")
    assert done.error is not None
    cause = done.error.__cause__
    assert isinstance(cause, RemoteTrace)
    assert cause.text == done.trace
    lines = done.trace.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "executor_tasks.py" in lines[1], "the frames of the engine are nobody's affair"
    assert lines[-1] == "ValueError: no milk"


def test_an_error_in_a_thread_keeps_its_own_traceback(places: Places) -> None:
    done = places.run("thread", "spill")
    assert done.error is not None
    assert done.error.__cause__ is None
    assert "executor_tasks.py" in trace_of(done.error)


def test_an_error_that_cannot_travel_comes_as_text(places: Places) -> None:
    assert type(places.run("thread", "fail_careless").error) is executor_tasks.Careless
    done = places.run("process", "fail_careless")
    assert type(done.error) is TaskError
    assert str(done.error) == "Careless: milk and beans"
    assert "in fail_carelessly" in done.trace


@everywhere
def test_a_context_that_cannot_be_saved_is_the_error(places: Places, place: str) -> None:
    done = places.run(place, "keep_socket")
    assert isinstance(done.error, CodecError)
    assert str(done.error).startswith(
        'task "keep_socket": context["socket"]: a _thread.lock cannot be saved; '
    )
    assert (done.answer, done.context, done.warnings) == (None, None, [])


@everywhere
def test_the_error_of_a_task_that_raised_stands_and_that_its_context_is_dropped_is_told(
    places: Places, place: str
) -> None:
    done = places.run(place, "spill_and_keep")
    assert isinstance(done.error, ValueError)
    assert (str(done.error), done.context) == ("no milk", None)
    (said,) = done.warnings
    assert said.startswith(
        'task "spill_and_keep" failed, and what it left in the context is dropped: context["socket"]: a _'
    )


@everywhere
def test_an_answer_that_is_no_answer_is_taken_for_one_with_a_warning(
    places: Places, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        done = places.run(place, "forget_to_return")
        assert (done.answer, done.error) == (False, None)
        assert len(done.warnings) == (place == "process")
        done.log_warnings()
    assert [record.name for record in caplog.records] == ["wfepy_hooks"]
    (message,) = caplog.messages
    assert message.startswith('task "forget_to_return" at ')
    assert message.endswith("returned None instead of True or False; is a return forgotten?; taken for False")


@everywhere
def test_under_strict_it_is_an_error_and_the_context_stands(places: Places, place: str) -> None:
    done = places.run(place, "forget_to_return", strict=True)
    assert type(done.error) is TypeError
    assert "returned None instead of True or False" in str(done.error)
    assert (done.answer, done.context) == (None, {"forgot": True})


def test_an_answer_that_cannot_travel_is_told(places: Places) -> None:
    assert places.run("thread", "answer_lock", raw=True).error is None
    done = places.run("process", "answer_lock", raw=True)
    assert isinstance(done.error, TaskError)
    assert str(done.error).startswith(
        "what the task returned, of type lock, cannot be sent back from another"
    )
    assert str(done.error).endswith("; return plain data")
    assert done.context is None  # an item cannot change it
    done = places.run("process", "answer_unreadable", raw=True)
    assert str(done.error) == "what the task returned cannot be read here: ValueError: not here"


def test_an_argument_that_cannot_travel_is_told(places: Places) -> None:
    assert places.run("thread", "add", {}, {"item": 1, "now": threading.Lock()}, raw=True).error is None
    with pytest.raises(
        TypeError, match=r'^the argument "now" of the task "add" cannot be sent to another proc'
    ):
        places.run("process", "add", {}, {"item": 1, "now": threading.Lock()}, raw=True)
    done = places.run("process", "add", {}, {"item": 1, "now": executor_tasks.Unreadable()}, raw=True)
    assert str(done.error) == (
        'the argument "now" of the task "add" cannot be read in another process: ValueError: not here'
    )
    assert done.context is None


@everywhere
def test_a_task_that_is_not_there_is_told(places: Places, place: str) -> None:
    done = places.run(place, "brwe")
    assert isinstance(done.error, WorkflowError)
    assert 'workflow coffee: there is no task "brwe"' in str(done.error)
    assert done.context is None


@everywhere
def test_a_context_nested_as_deep_as_may_be_travels(places: Places, place: str) -> None:
    context: Any = {}
    for _ in range(498):
        context = {"a": context}
    done = places.run(place, "brew", context)
    assert done.error is None
    assert isinstance(done.context, dict)
    assert done.context["cups"] == 1


def test_a_job_can_travel_further() -> None:
    job = Job(Home.of(workflow()), "add", {}, {"item": 1, "now": 2}, raw=True)
    for _ in range(2):
        job = pickle.loads(pickle.dumps(job))
    done = run_job(job)
    for _ in range(2):
        done = pickle.loads(pickle.dumps(done))
    assert done.answer == (2, 2)
    failed = run_job(Job(Home.of(workflow()), "spill", {}))
    for _ in range(2):
        failed = pickle.loads(pickle.dumps(failed))
    assert failed.trace.endswith("ValueError: no milk")
    assert isinstance(failed.error, ValueError)


def test_an_error_whose_text_is_broken_travels() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert str(portable(Broken())) == "Broken"
    assert "Broken" in trace_of(Broken())


# The way there


def test_a_home_is_small_and_known_again() -> None:
    home = Home.of(workflow())
    copied = pickle.loads(pickle.dumps(home))
    assert copied == home
    assert hash(copied) == hash(home)
    assert copied.load() is home.load()
    assert len(pickle.dumps(home)) < 5000
    assert home != Home("other", home.modules, home.classes, home.path)
    assert home != "home"


def run_there(executor: ProcessExecutor, made: wfepy.Workflow, task: str, context: Any = None) -> Done:
    done: Done = executor.submit(run_job, Job(Home.of(made), task, context or {})).result(30)
    return done


@pytest.fixture
def executor() -> Any:
    executor = ProcessExecutor(1)
    yield executor
    executor.close()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes a module in a folder of its own and imports it."""
    made = []

    def make(name: str, text: str, folder: str = "here") -> types.ModuleType:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path / folder)
        made.append(name)
        __import__(name)
        return sys.modules[name]

    yield make
    for name in made:
        sys.modules.pop(name, None)


TASK = """
import os
import wfepy_hooks as wfepy

class Cup:
    pass

@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def make(context):
    context["pid"] = os.getpid()
    context["cup"] = Cup()
    return True
"""


def test_a_worker_finds_modules_of_folders_that_were_added_later(
    executor: ProcessExecutor, module: Any
) -> None:
    executor.submit(int).result(30)
    made = wfepy.Workflow()
    made.collect_tasks(module("wfepy_test_flow_a", TASK))
    done = run_there(executor, made, "make")
    assert done.error is None
    context = codec_of(made).decode(done.context)
    assert context["pid"] != os.getpid()
    assert type(context["cup"]) is sys.modules["wfepy_test_flow_a"].Cup


def test_registered_classes_may_be_saved_there_too(executor: ProcessExecutor, module: Any) -> None:
    made = wfepy.Workflow()
    made.collect_tasks(
        module(
            "wfepy_test_flow_b",
            """
import wfepy_hooks as wfepy
import wfepy_test_other

@wfepy.task()
def make(context):
    context["bean"] = wfepy_test_other.Bag.Bean()
    return True
""",
        )
        if module("wfepy_test_other", "class Bag:\n    class Bean:\n        pass\n", "other")
        else ""
    )
    assert isinstance(run_there(executor, made, "make").error, CodecError)
    made.register_class(sys.modules["wfepy_test_other"].Bag.Bean)
    assert run_there(executor, made, "make").error is None


def test_a_registered_class_of_a_plugin_file_is_found_by_its_file(
    executor: ProcessExecutor, tmp_path: Path
) -> None:
    from wfepy_hooks.loading import _import_file

    file = tmp_path / "wfepy_plugins.py"
    file.write_text("class Tin:\n    pass\n")
    plugin: Any = _import_file(str(file))
    made = workflow()
    made.register_class(plugin.Tin)
    context = codec_of(made).encode({"tin": plugin.Tin()})
    done = run_there(executor, made, "brew", context)
    del sys.modules[plugin.__name__]
    assert done.error is None


def test_another_module_of_that_name_is_not_taken_for_it(
    executor: ProcessExecutor, module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = wfepy.Workflow()
    made.collect_tasks(module("wfepy_test_flow_c", TASK, "first"))
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "wfepy_test_flow_c.py").write_text(TASK.replace("return True", "1 / 0"))
    monkeypatch.syspath_prepend(tmp_path / "second")
    assert run_there(executor, made, "make").error is None


def test_another_package_of_that_name_is_refused(
    executor: ProcessExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder / "wfepy_test_package").mkdir(parents=True)
        (tmp_path / folder / "wfepy_test_package" / "__init__.py").write_text(TASK)
    monkeypatch.syspath_prepend(tmp_path / "first")
    made = wfepy.Workflow()
    made.load_tasks("wfepy_test_package")
    monkeypatch.syspath_prepend(tmp_path / "second")
    done = run_there(executor, made, "make")
    del sys.modules["wfepy_test_package"]
    assert isinstance(done.error, WorkflowError)
    found, asked = (f"{tmp_path}/{each}/wfepy_test_package/__init__.py" for each in ("second", "first"))
    assert f'"import wfepy_test_package" finds {found} instead of {asked}' in str(done.error)


def test_a_module_that_is_in_no_file_is_refused(executor: ProcessExecutor) -> None:
    ghost = types.ModuleType("wfepy_test_ghost")
    ghost.brew = executor_tasks.brew  # type: ignore[attr-defined]
    sys.modules["wfepy_test_ghost"] = ghost
    made = wfepy.Workflow("ghostly")
    made.collect_tasks(ghost)
    done = run_there(executor, made, "brew")
    del sys.modules["wfepy_test_ghost"]
    assert str(done.error) == (
        "workflow ghostly: importing wfepy_test_ghost raised ModuleNotFoundError: No module named "
        '\'wfepy_test_ghost\', in a worker process; use executor = "threads", or "inline"'
    )


def test_a_module_that_fails_there_is_told(executor: ProcessExecutor, module: Any) -> None:
    text = "import multiprocessing\nassert multiprocessing.parent_process() is None, 'not here'\n" + TASK
    made = wfepy.Workflow("picky")
    made.collect_tasks(module("wfepy_test_flow_d", text))
    done = run_there(executor, made, "make")
    assert "workflow picky: importing wfepy_test_flow_d raised AssertionError: not here" in str(done.error)
    assert "wfepy_test_flow_d.py" in done.trace


def test_a_task_that_a_plugin_has_added_is_not_there(executor: ProcessExecutor) -> None:
    made = workflow()
    made.tasks["added"] = made.tasks["brew"]
    done = run_there(executor, made, "added")
    assert 'there is no task "added" in the modules of the workflow: was it added by a plugin?' in str(
        done.error
    )
