"""``crash_at_every_step`` inside tasks: it kills where they touch the world outside, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import wfepy_hooks as wfepy
from building import flow
from wfepy_hooks.testing import crashing
from wfepy_hooks.testing.crashing import _Lives

if TYPE_CHECKING:
    from collections.abc import Callable

    from wfepy_hooks.testing import WorkflowRunner
    from wfepy_pytest import MakeRunner

    Function = Callable[..., Any]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that begin as copies")


def one(function: Function, **options: Any) -> Any:
    """Return a workflow of one task."""
    return flow(wfepy.task("send", **options)(wfepy.start_point()(wfepy.end_point()(function))))


def tick(runner: WorkflowRunner) -> None:
    runner.tick()
    runner.assert_finished()


def report_of(runner: WorkflowRunner, **options: Any) -> str:
    """Return what is said about a workflow that a crash makes a difference to."""
    with pytest.raises(AssertionError) as failed:
        runner.crash_at_every_step(tick, **options)
    return str(failed.value)


def moments_in_tasks(
    runner: WorkflowRunner, scenario: Callable[[WorkflowRunner], object] = tick
) -> list[str]:
    """Return the moments inside tasks of one run, without the places."""

    def seen(runner: WorkflowRunner) -> object:
        return [each for each in runner._tick_apart.__self__.seen if each.task]  # type: ignore[union-attr]

    life = _Lives(runner._world, scenario, seen, inside_tasks=True).live()
    assert not life.failure, life.failure
    return [f"{each.task}: {each.words.partition('), ')[2]}" for each in life.effects]


def does(function: Function, runner: MakeRunner, **options: Any) -> list[str]:
    return [each.replace("send: ", "") for each in moments_in_tasks(runner(one(function, **options)))]


# --- what is found -------------------------------------------------------------------------------


def marked_first(context: Any) -> bool:
    if not Path("sent").exists():
        Path("sent").touch()
        Path("mail").write_text("hello")
    return True


def test_an_effect_that_is_marked_as_done_before_it_is_done_is_found(workflow_runner: MakeRunner) -> None:
    text = report_of(workflow_runner(one(marked_first)))
    line = marked_first.__code__.co_firstlineno + 3
    assert text.startswith("a crash makes a difference at 3 of ")
    assert f"killed in send (test_crash_inside.py:{line}), as it was about to open mail for writing\n" in text
    assert "file mail\n     without a crash: b'hello'\n     with the crash:  nothing" in text
    assert (
        f"killed in send (test_crash_inside.py:{line}), when 2 of 5 bytes of mail had been written\n" in text
    )
    assert "- let it do a thing first, and note afterwards that it is done" in text


def test_a_file_that_is_taken_for_whole_is_found_half_written(workflow_runner: MakeRunner) -> None:
    def send(context: Any) -> bool:
        if not Path("report").exists():
            with open("report", "w") as file:
                for _ in range(1000):
                    file.write("0123456789")
        return True

    text = report_of(workflow_runner(one(send)))
    assert text.startswith("a crash makes a difference at 2 of ")
    assert "when 0 of 10000 bytes of report had been written" in text
    assert "when 5000 of 10000 bytes of report had been written" in text
    assert "- let it write a file under another name, and rename it when it is whole" in text


def test_a_line_that_is_appended_is_found_torn_though_a_task_looks_first(
    workflow_runner: MakeRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ledger").write_text("before\n")

    def send(context: Any) -> bool:
        if not Path("ledger").exists():
            Path("ledger").write_text("before\n")
        if "twelve\n" not in Path("ledger").read_text():
            with open("ledger", "a") as file:
                file.write("twelve\n")
        return True

    text = report_of(workflow_runner(one(send)))
    assert "when 3 of 7 bytes of ledger had been written" in text
    assert r"with the crash:  b'before\ntwetwelve\n'" in text


def test_a_task_that_does_a_thing_before_it_says_so_passes(workflow_runner: MakeRunner) -> None:
    def send(context: Any) -> bool:
        if not Path("sent").exists():
            Path("mail.new").write_text("hello")
            Path("mail.new").rename("mail")
            Path("sent").touch()
        return True

    assert workflow_runner(one(send)).crash_at_every_step(tick) > 9


def test_no_code_of_a_task_keeps_it_from_being_killed(workflow_runner: MakeRunner) -> None:
    """What was not flushed is lost, and nothing is cleaned up."""

    def send(context: Any) -> bool:
        if Path("mail").exists():
            return True
        try:
            with open("mail", "w") as file:
                file.write("hello")
                Path("second").touch()
        except BaseException:  # noqa: BLE001  # what a task may do
            Path("swallowed").touch()
        finally:
            Path("cleaned").touch()
        return True

    text = report_of(workflow_runner(one(send)))
    assert (
        "open second for writing\n   file cleaned\n     without a crash: b''\n     with the crash:  nothing"
        in text
    )
    assert "file mail\n     without a crash: b'hello'\n     with the crash:  b''" in text
    assert "swallowed" not in text


def test_what_runs_in_threads_and_event_loops_and_for_items_is_killed_too(
    workflow_runner: MakeRunner,
) -> None:
    def write(context: Any) -> bool:
        Path("written").touch()
        return True

    async def later(context: Any) -> bool:
        await asyncio.sleep(0)
        return write(context)

    def item(context: Any, item: int) -> bool:
        Path("written").unlink(missing_ok=True)
        return write(context)

    expected = ["as it was about to open written for writing"]
    assert does(write, workflow_runner, time_limit="1m") == expected
    assert does(later, workflow_runner) == expected
    assert does(item, workflow_runner, each=lambda context: [1, 2]) == 2 * [
        "as it was about to remove written",
        *expected,
    ]
    assert (
        report_of(workflow_runner(one(marked_first, time_limit="1m"))).count("as it was about to open") == 1
    )

    double = workflow_runner(one(later))
    double.replace("send", write)
    assert moments_in_tasks(double) == [f"send: {each}" for each in expected]


def test_a_task_beside_it_keeps_no_task_from_being_killed(workflow_runner: MakeRunner) -> None:
    def write(name: str, text: str, seconds: float) -> wfepy.Task:
        def function(context: Any) -> bool:
            with open(name, "w") as file:
                time.sleep(seconds)
                file.write(text)
            return True

        return wfepy.task(name, time_limit="1m")(wfepy.start_point()(wfepy.end_point()(function)))

    slow, quick = write("slow", "0123456789", 0.05), write("quick", "x", 0.01)
    workflow_runner(flow(slow, quick)).crash_at_every_step(lambda runner: runner.tick())


def test_many_moments_are_told_in_a_line_each(
    workflow_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crashing, "_MOST", 1)
    monkeypatch.setattr(crashing, "_MOST_HEADS", 2)

    def send(context: Any) -> bool:
        if not Path("begun").exists():
            Path("begun").touch()
            for number in range(4):
                Path(str(number)).mkdir()
            Path("mail").touch()
        return True

    text = report_of(workflow_runner(one(send)))
    assert text.startswith("a crash makes a difference at 5 of ")
    assert text.count("file mail") == 1
    heads = re.findall(r"^(\d+)\. killed in send .*, as it was about to make the folder \d+$", text, re.M)
    assert [int(each) for each in heads] == [2, 3, 4]
    assert "\n\nand at 2 more\n\n" in text


# --- what is not looked at -----------------------------------------------------------------------


def test_nothing_counts_that_is_outside_of_a_task(workflow_runner: MakeRunner) -> None:
    def write(*ignored: object) -> bool:
        Path("written").write_text("x")
        return True

    class Plugin:
        @wfepy.hookimpl
        def wfepy_task_started(self) -> None:
            write()

        @wfepy.hookimpl(wrapper=True)
        def wfepy_run_task(self) -> Any:
            write()
            return (yield)

    @wfepy.task()
    @wfepy.start_point()
    @wfepy.followed_by("last", write)
    def first(context: Any) -> bool:
        return True

    @wfepy.task(each=lambda context: [write()])
    @wfepy.end_point()
    def last(context: Any) -> bool:
        return True

    def scenario(runner: WorkflowRunner) -> None:
        write()
        tick(runner)

    assert moments_in_tasks(workflow_runner(flow(first, last), plugins=[Plugin()]), scenario) == []


def test_nothing_counts_that_python_and_logging_do_and_nothing_that_changes_nothing(
    workflow_runner: MakeRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "imported_by_a_task.py").write_text("X = 1\n")

    def send(context: Any) -> bool:
        importlib.import_module("imported_by_a_task")
        logger = logging.getLogger("of a task")
        logger.addHandler(logging.FileHandler("log", delay=True))
        logger.warning("noted")
        assert Path("log").read_text() == "noted\n"
        with open(os.devnull, "w") as nothing:
            print("x", file=nothing)
        sqlite3.connect(":memory:").close()
        os.listdir()
        other = threading.Thread(target=Path("of another thread").touch)
        other.start()
        other.join()
        if not os.fork():
            Path("of another process").touch()
            os._exit(0)
        os.wait()
        return Path("of another process").exists()

    assert does(send, workflow_runner) == []
    assert os.listdir(tmp_path / "__pycache__")


def test_a_process_that_a_task_forks_is_not_killed(workflow_runner: MakeRunner) -> None:
    def send(context: Any) -> bool:
        for is_child in (True, False):
            if not is_child or not os.fork():
                Path("child" if is_child else "parent").touch()
                if is_child:
                    os._exit(0)
            if is_child and os.wait()[1]:
                Path("killed").touch()
        return True

    workflow_runner(one(send)).crash_at_every_step(tick)


def test_the_process_of_the_tests_gets_no_audit_hook(
    workflow_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "processes"

    def note(hook: object) -> None:
        with file.open("a") as opened:
            opened.write(f"{os.getpid()}\n")

    monkeypatch.setattr(sys, "addaudithook", note)
    workflow_runner(one(lambda context: True)).crash_at_every_step(tick)
    assert str(os.getpid()) not in (processes := file.read_text().split())
    assert len(set(processes)) == len(processes)


def test_tasks_can_be_left_alone(workflow_runner: MakeRunner) -> None:
    workflow_runner(one(marked_first)).crash_at_every_step(tick, inside_tasks=False)


# --- how many, and whether they are the same -----------------------------------------------------


def test_of_too_many_moments_each_line_is_tried_first_and_the_rest_is_told(
    workflow_runner: MakeRunner,
) -> None:
    def send(context: Any) -> bool:
        for number in range(9):
            Path(str(number)).write_text("x")
        return marked_first(context)

    runner = workflow_runner(one(send))
    with pytest.warns(UserWarning, match=r"crash_at_every_step: 6 of the 22 moments inside of tasks") as told:
        text = report_of(runner, limit=6)
    assert told[0].filename == __file__
    assert "as it was about to open mail for writing" in text
    assert "when 0 of 5 bytes of mail had been written" in text


def different(file: Path, when: int) -> Function:
    """Return a task that opens another file when it is called for the n-th time."""

    def send(context: Any) -> bool:
        count = len(file.read_text()) + 1 if file.exists() else 1
        with file.open("a") as opened:
            opened.write("x")
        if count == when:
            Path("another").touch()
        else:
            Path("other").touch()
        return True

    return send


def test_a_task_that_does_something_else_each_time_is_told(
    workflow_runner: MakeRunner, tmp_path: Path
) -> None:
    text = report_of(
        workflow_runner(one(different(tmp_path / "count", 2))), effects=lambda runner: runner.status
    )
    assert text.startswith("the scenario is not the same each time, also when nothing is killed")
    assert re.search(r"(\d+) moments the first time, \1 the second time", text)
    assert "only the first time: in send (test_crash_inside.py:" in text
    assert "as it was about to open another for writing" in text


def test_a_run_that_does_not_come_to_its_moment_is_told(workflow_runner: MakeRunner, tmp_path: Path) -> None:
    text = report_of(
        workflow_runner(one(different(tmp_path / "count", 5))), effects=lambda runner: runner.status
    )
    assert "not killed, since this run did not come to the moment in send (" in text
    assert "as it was about to open other for writing" in text
    assert "lasts from run to run; give random numbers" in text
    assert "runs again" not in text


def test_a_file_that_is_not_written_again_is_told(workflow_runner: MakeRunner, tmp_path: Path) -> None:
    runs = tmp_path / "runs"

    def send(context: Any) -> bool:
        runs.mkdir(exist_ok=True)
        (runs / str(len(os.listdir(runs)))).mkdir()
        Path("mail").write_text("hello" if len(os.listdir(runs)) < 6 else "")
        return True

    text = report_of(workflow_runner(one(send)), effects=lambda runner: runner.status)
    assert "not killed, since this run did not come to the moment in send (" in text
    assert "when 0 of 5 bytes of mail had been written" in text


def test_moments_are_told_in_order(workflow_runner: MakeRunner) -> None:
    def seen(runner: WorkflowRunner) -> object:
        return [each.task or each.words for each in runner._tick_apart.__self__.seen]  # type: ignore[union-attr]

    def write(context: Any) -> bool:
        Path("mail").write_text("x")
        return True

    life = _Lives(workflow_runner(one(write))._world, tick, seen, inside_tasks=True).live()
    assert life.effects[:3] == ["send", "send", "after send had run, before that was recorded"]


# --- in words ------------------------------------------------------------------------------------


def _everything(port: int) -> Function:
    def send(context: Any) -> bool:
        Path("a").write_text("abc")
        os.replace("a", "b")
        os.link("b", "c")
        os.symlink("c", "d")
        os.truncate("b", 1)
        os.chmod("b", 0o600)
        Path("e").mkdir()
        os.remove(shutil.copy("b", "e/f"))
        os.rmdir("e")
        subprocess.run(["true", "a b"], check=True)
        os.system("true")
        sqlite3.connect("g.db").close()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            pass
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
        os.close(tempfile.mkstemp(dir=".")[0])
        return True

    return send


def test_each_moment_is_told_in_words(workflow_runner: MakeRunner) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nobody listens
        port = unused.getsockname()[1]
        found = does(_everything(port), workflow_runner)
    assert found.pop().startswith("as it was about to open tmp")
    assert [each.removeprefix("as it was about to ") for each in found] == [
        "open a for writing",
        "when 0 of 3 bytes of a had been written",
        "when 1 of 3 bytes of a had been written",
        "rename a to b",
        "link b as c",
        "link c as d",
        "truncate b",
        "change the mode of b",
        "make the folder e",
        "open e/f for writing",
        "when 0 of 1 bytes of e/f had been written",
        "change the mode of e/f",
        "remove e/f",
        "remove the folder e",
        "run true 'a b'",
        "run true",
        "open the database g.db",
        f"connect to 127.0.0.1:{port}",
    ]
