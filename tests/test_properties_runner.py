"""Random workflows through the public API: decorated functions, `Workflow`, `Runner`, and files in between."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from hypothesis import given

from adapter import Play, Snapshot, expected, snapshot
from graphs import Case, cases
from oracle import Oracle

if TYPE_CHECKING:
    from wfepy_hooks import Runner

NOBODY = ("", 0)
ATTEMPTS = cases(max_tasks=6, attempts=True)


def advance(play: Play, runner: Runner, name: str) -> None:
    """Tick until `name` has ended; every other task that is tried in these ticks answers that it waits."""
    index = runner.instance.marking.graph.index[name]
    generation = runner.instance.marking.generation[index]
    for _ in range(4):  # a script has at most two attempts before the last one
        play.tick(runner, allowed=(name, generation))
        marking = runner.instance.marking
        if marking.generation[index] > generation or index not in marking.queue:
            return
    raise AssertionError(f"{name} does not end")


@given(ATTEMPTS)
def test_runner_is_in_step_with_the_model(case: Case) -> None:
    play, oracle = Play(case), Oracle(case.plan)
    runner = play.runner()
    for name, _, _ in case.steps(oracle):
        advance(play, runner, name)
        assert snapshot(runner.instance.marking) == expected(oracle)
        assert runner.finished == (oracle.state != "running")
    assert runner.status == oracle.state
    assert len(play.ended) == len(set(play.ended))
    assert all(count == 1 for count in play.asked.values())


@given(ATTEMPTS)
def test_runner_restarted_from_a_file_after_every_tick_is_in_step_with_the_model(case: Case) -> None:
    play, oracle = Play(case), Oracle(case.plan)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "state.json")
        runner = play.runner()
        for name, _, _ in case.steps(oracle):
            advance(play, runner, name)
            runner.dump(file)
            before, queue, why = told(runner)
            runner = play.runner()
            runner.load(file)
            assert told(runner) == (before, queue, why)
            assert before == expected(oracle)
    assert runner.context.get("ended", []) == [list(each) for each in play.ended]
    assert all(count == 1 for count in play.asked.values())


def told(runner: Runner) -> tuple[Snapshot, list[int], list[str]]:
    """All that can be seen of an instance."""
    names = runner.workflow.tasks
    return (
        snapshot(runner.instance.marking),
        list(runner.instance.marking.queue),
        [runner.instance.why(name) for name in names],
    )


@given(cases(max_tasks=6, cancelling=False, attempts=True))
def test_ticks_without_an_order_come_to_the_same_end(case: Case) -> None:
    """Waiting, failed attempts and restarts change only when things happen."""
    play, oracle = Play(case), case.model()
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "state.json")
        runner = play.runner()
        for _ in range(1000):
            if runner.finished:
                break
            play.tick(runner)
            runner.dump(file)
            runner = play.runner()
            runner.load(file)
    assert snapshot(runner.instance.marking) == expected(oracle)


@given(cases(max_tasks=6, cancelling=True, attempts=True))
def test_order_of_the_tasks_is_the_same_with_restarts_between_ticks(case: Case) -> None:
    straight, restarted = Play(case), Play(case)
    runner = straight.runner()
    while not runner.finished:
        straight.tick(runner)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "state.json")
        again = restarted.runner()
        while not again.finished:
            restarted.tick(again)
            again.dump(file)
            again = restarted.runner()
            again.load(file)
    assert straight.called == restarted.called
    assert snapshot(runner.instance.marking) == snapshot(again.instance.marking)


@given(cases(max_tasks=6, attempts=True))
def test_tick_with_nothing_to_do_leaves_the_file_byte_identical(case: Case) -> None:
    play, oracle = Play(case), Oracle(case.plan)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "state.json")
        runner = play.runner()
        for name, _, _ in case.steps(oracle):
            advance(play, runner, name)
            play.tick(runner, allowed=NOBODY)  # everything that can run says now that it waits
            runner.dump(file)
            before = content(file)
            play.tick(runner, allowed=NOBODY)
            runner.dump(file)
            assert content(file) == before
            other = play.runner()
            other.load(file)
            play.tick(other, allowed=NOBODY)
            other.dump(file)
            assert content(file) == before


def content(file: str) -> bytes:
    with open(file, "rb") as stream:
        return stream.read()
