"""The executor of processes: workers that die in every way, what reaches them and what does not."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import executor_tasks
from wfepy_hooks.executors import ProcessExecutor, TaskError, WorkerDied
from wfepy_hooks.executors.failures import RemoteTrace

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # where executor_tasks is


@pytest.fixture
def executor() -> Any:
    executor = ProcessExecutor(2)
    yield executor
    executor.close()
    assert multiprocessing.active_children() == []


def pid_of(executor: ProcessExecutor) -> int:
    pid: int = executor.submit(os.getpid).result(30)
    return pid


def wait_for(file: Path) -> None:
    end = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < end
        time.sleep(0.005)


# Dying


@pytest.mark.parametrize(
    ("function", "args", "code", "text"),
    [
        (os._exit, (3,), 3, r"ended with exit code 3 while it ran the task; .* os\._exit\(\)"),
        (os._exit, (0,), 0, "ended with exit code 0"),
        (executor_tasks.kill_self, (9,), -9, "was killed by SIGKILL while .* if the memory was used up"),
        (executor_tasks.kill_self, (40,), -40, "was killed by signal 40"),
        (executor_tasks.crash, (), -11, "was killed by SIGSEGV while .* PYTHONFAULTHANDLER=1"),
        (executor_tasks.die_while_sending, (), 3, "ended with exit code 3"),
        (executor_tasks.die_with_a_child_left, (2,), 5, "ended with exit code 5"),
    ],
    ids=["exit", "exit 0", "kill", "real-time signal", "segfault", "while sending", "with a child left"],
)
def test_a_worker_that_dies_fails_its_own_call_only(
    executor: ProcessExecutor, function: Any, args: tuple[int, ...], code: int, text: str
) -> None:
    other = executor.submit(time.sleep, 0.5)
    began = time.monotonic()
    with pytest.raises(WorkerDied, match=text) as caught:
        executor.submit(function, *args).result(30)
    assert caught.value.exit_code == code
    assert time.monotonic() - began < 3
    assert other.result(30) is None
    assert [executor.submit(abs, -n).result(30) for n in range(4)] == [0, 1, 2, 3]


def test_a_worker_that_died_is_an_error_that_can_be_pickled(executor: ProcessExecutor) -> None:
    error = executor.submit(os._exit, 3).exception(30)
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, WorkerDied)
    assert (str(copy), copy.exit_code) == (str(error), 3)


def test_all_workers_may_die_again_and_again(executor: ProcessExecutor) -> None:
    futures = [executor.submit(os._exit, 3) if n % 2 else executor.submit(abs, -n) for n in range(10)]
    for n, future in enumerate(futures):
        if n % 2:
            assert isinstance(future.exception(30), WorkerDied)
        else:
            assert future.result(30) == n


def test_a_worker_that_died_while_it_was_idle_costs_no_call(executor: ProcessExecutor) -> None:
    pid = pid_of(executor)
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 10
    while any(child.pid == pid for child in multiprocessing.active_children()) and time.monotonic() < end:
        time.sleep(0.001)
    assert pid_of(executor) != pid


def test_too_much_memory_is_an_error_of_the_call(executor: ProcessExecutor) -> None:
    error = executor.submit(executor_tasks.use_memory, 2**31).exception(30)
    assert isinstance(error, MemoryError)


@pytest.mark.parametrize("size", [10**5, 10**8])
def test_a_worker_that_dies_before_it_has_read_its_call(executor: ProcessExecutor, size: int) -> None:
    dying = executor.submit(executor_tasks.kill_self, 9)
    long = [executor.submit(len, b"x" * size) for _ in range(3)]
    assert isinstance(dying.exception(30), WorkerDied)
    assert [future.result(30) for future in long] == [size] * 3


def test_long_answers_come_back_whole(executor: ProcessExecutor) -> None:
    assert len(executor.submit(bytes, 10**8).result(30)) == 10**8


# Giving up


def test_a_call_that_is_given_up_is_killed_and_says_so(executor: ProcessExecutor, tmp_path: Path) -> None:
    future = executor.submit(executor_tasks.stubborn, 60.0, str(tmp_path / "there"))
    wait_for(tmp_path / "there")
    executor.give_up(future)
    with pytest.raises(WorkerDied, match="was killed because its time had passed"):
        future.result(3)


def test_a_call_whose_worker_is_just_starting_can_be_given_up(executor: ProcessExecutor) -> None:
    for pause in (0.0, 0.001, 0.01, 0.03, 0.06):
        future = executor.submit(time.sleep, 60)
        time.sleep(pause)
        executor.give_up(future)
        assert future.cancelled() or isinstance(future.exception(5), WorkerDied)
    assert executor.submit(abs, -1).result(30) == 1


def test_giving_up_what_has_just_ended_costs_no_other_call(executor: ProcessExecutor) -> None:
    assert pid_of(executor) > 0
    for n in range(50):
        future = executor.submit(time.sleep, 0.001 * (n % 3))
        after = [executor.submit(abs, -n) for _ in range(3)]
        time.sleep(0.0004 * (n % 7))
        executor.give_up(future)
        assert [each.result(30) for each in after] == [n] * 3


# What travels


def test_errors_come_with_the_traceback_of_the_worker(executor: ProcessExecutor) -> None:
    error = executor.submit(int, "milk").exception(30)
    assert isinstance(error, ValueError)
    error = executor.submit(executor_tasks.crash, 1).exception(30)
    assert isinstance(error, TypeError)
    error = executor.submit(executor_tasks.fail_carelessly).exception(30)
    assert isinstance(error, TaskError)
    assert str(error) == "Careless: milk and beans"
    cause = error.__cause__
    assert isinstance(cause, RemoteTrace)
    assert "in fail_carelessly" in cause.text
    assert cause.text.endswith("Careless: milk and beans")
    assert "serving.py" not in cause.text
    assert cause.text in str(cause)


def test_an_error_that_would_come_back_as_another_one_is_told_as_text(executor: ProcessExecutor) -> None:
    error = executor.submit(executor_tasks.fail_and_change).exception(30)
    assert isinstance(error, TaskError)
    assert str(error) == "Changing: changed twice"


def test_answers_that_cannot_travel_are_errors(executor: ProcessExecutor) -> None:
    error = executor.submit(executor_tasks.a_lock).exception(30)
    assert isinstance(error, TypeError)
    assert "pickle" in str(error)
    error = executor.submit(executor_tasks.unreadable).exception(30)
    assert isinstance(error, ValueError)
    assert str(error) == "not here"


def test_a_call_leaves_its_working_directory_behind(executor: ProcessExecutor, tmp_path: Path) -> None:
    first = executor.submit(executor_tasks.where).result(30)
    executor.submit(executor_tasks.go_to, str(tmp_path)).result(30)
    assert executor.submit(executor_tasks.where).result(30) == first


def test_a_worker_has_the_environment_of_the_moment_when_it_started(
    executor: ProcessExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WFEPY_TEST_COLOUR", "brown")
    assert executor.submit(executor_tasks.environment, "WFEPY_TEST_COLOUR").result(30) == "brown"


# Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_workers_leave_interrupts_to_the_tick(
    executor: ProcessExecutor, tmp_path: Path, number: signal.Signals
) -> None:
    future = executor.submit(executor_tasks.stubborn, 0.3, str(tmp_path / "there"))
    wait_for(tmp_path / "there")
    for child in multiprocessing.active_children():
        assert child.pid is not None
        os.kill(child.pid, number)
    assert future.result(30) == "done"


def test_programs_that_a_task_starts_can_be_interrupted(executor: ProcessExecutor) -> None:
    assert executor.submit(executor_tasks.start_program_interruptible).result(30)


def test_starting_a_worker_leaves_no_trace_in_this_process(executor: ProcessExecutor) -> None:
    main = sys.modules["__main__"]
    before = main.__spec__, signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getsignal(signal.SIGINT)
    pid_of(executor)
    assert before == (
        main.__spec__,
        signal.pthread_sigmask(signal.SIG_BLOCK, []),
        signal.getsignal(signal.SIGINT),
    )


# The end


def test_a_worker_ends_as_programs_do(executor: ProcessExecutor) -> None:
    pid_of(executor)
    (worker,) = multiprocessing.active_children()
    executor.close()
    assert worker.exitcode == 0


def test_a_fork_of_this_process_leaves_the_workers_alone(executor: ProcessExecutor) -> None:
    pid = pid_of(executor)
    executor._owner += 1  # as it is in a fork
    executor.close()
    executor._owner -= 1
    assert pid_of(executor) == pid


def run_script(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(text)
    return subprocess.run(
        [sys.executable, "-W", "error", *options, "script.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": HERE},
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_executor_that_nobody_closes_does_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    text = """
import time, os
from wfepy_hooks.executors import ProcessExecutor
executor = ProcessExecutor(2)
pid = executor.submit(os.getpid).result()
busy = executor.submit(time.sleep, 1000)
print(pid)
"""
    began = time.monotonic()
    ended = run_script(tmp_path, text)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert time.monotonic() - began < 10
    assert not Path(f"/proc/{int(ended.stdout)}").exists()


def test_a_script_needs_no_guard_unless_workers_need_the_script(tmp_path: Path) -> None:
    text = """
import os
print("once")
from executor_tasks import environment
from wfepy_hooks.executors import ProcessExecutor
executor = ProcessExecutor(2)
assert executor.submit(os.getpid).result() != os.getpid()
assert executor.submit(environment, "nothing").result() is None
executor.close()
"""
    ended = run_script(tmp_path, text)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "once\n", "")


def test_what_is_in_a_guarded_script_can_be_called(tmp_path: Path) -> None:
    text = """
import os
from wfepy_hooks.executors import ProcessExecutor
class Order(Exception):
    pass
def order(number):
    if number:
        raise Order(number)
    return os.getpid(), Order
if __name__ == "__main__":
    executor = ProcessExecutor(1)
    executor.submit(os.getpid).result()
    pid, kind = executor.submit(order, 0).result()
    assert pid != os.getpid()
    assert kind is Order
    assert type(executor.submit(order, 1).exception()) is Order
    executor.close()
"""
    ended = run_script(tmp_path, text)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    text = """
from wfepy_hooks.executors import ProcessExecutor
def order():
    return 1
executor = ProcessExecutor(1)
print(executor.submit(order).exception(30))
executor.close()
raise SystemExit(7)
"""
    ended = run_script(tmp_path, text)
    assert ended.returncode == 7
    assert "before it was ready" in ended.stdout
    assert 'if __name__ == "__main__":' in ended.stdout


def test_what_a_task_prints_is_printed_before_its_result_is_there(tmp_path: Path) -> None:
    text = """
import os, sys
from executor_tasks import say
from wfepy_hooks.executors import ProcessExecutor
executor = ProcessExecutor(1)
executor.submit(say, "milk ").result()
sys.stdout.write("and "); sys.stdout.flush()
executor.submit(say, "beans").result()
os.kill(os.getpid(), 9)
"""
    ended = run_script(tmp_path, text)
    assert ended.stdout == "milk and beans"


def test_workers_start_when_they_are_needed_and_stay(executor: ProcessExecutor) -> None:
    pids = set()
    for _ in range(5):
        pids.add(pid_of(executor))
        time.sleep(0.02)
    assert len(pids) == 1
    barrier = [executor.submit(time.sleep, 0.2) for _ in range(2)]
    assert [future.result(30) for future in barrier] == [None, None]
    assert len(multiprocessing.active_children()) == 2
