"""Random workflows through the public API: decorated functions, `Workflow`, `Runner`, and files in between."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from hypothesis import given

from adapter import Play, expected, snapshot
from graphs import Case, cases
from oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator


NOBODY = ("", 0)
ATTEMPTS = cases(max_tasks=6, attempts=True)


def advance(play: Play, name: str) -> Iterator[None]:
    """Tick until `name` has ended, in steps; every other task that is tried in these ticks answers that it waits."""
    generation, ended = play.instance.generation(name), len(play.ended)
    for _ in range(4):  # a script has at most two attempts before the last one
        if len(play.ended) == ended:
            play.tick(allowed=(name, generation))
            yield
    assert play.ended[ended:] == [(name, generation)]


def run_to_the_end(play: Play, file: str = "") -> None:
    """Tick without an order; with a file, restarted from it after every tick."""
    for _ in range(1000):
        if play.runner.finished:
            return
        play.tick()
        if file:
            play.restart(file)
    raise AssertionError("it does not end")


@given(ATTEMPTS)
def test_runner_is_in_step_with_the_model(case: Case) -> None:
    play, oracle = Play(case), Oracle(case.plan)
    for name, _, _ in case.steps(oracle):
        for _ in advance(play, name):
            pass
        assert snapshot(play.instance.marking) == expected(oracle)
        assert play.runner.finished == (oracle.state != "running")
    assert play.runner.status == oracle.state


@given(ATTEMPTS)
def test_runner_restarted_from_a_file_after_every_tick_is_in_step_with_the_model(case: Case) -> None:
    play, oracle = Play(case), Oracle(case.plan)
    with tempfile.TemporaryDirectory() as folder:
        for name, _, _ in case.steps(oracle):
            for _ in advance(play, name):
                before = play.told()
                play.restart(os.path.join(folder, "state.json"))
                assert play.told() == before
            assert snapshot(play.instance.marking) == expected(oracle)


@given(ATTEMPTS)
def test_each_task_ends_once_and_each_condition_is_asked_once_in_a_generation(case: Case) -> None:
    play = Play(case)
    with tempfile.TemporaryDirectory() as folder:
        run_to_the_end(play, os.path.join(folder, "state.json"))
    assert len(play.ended) == len(set(play.ended))
    assert all(count == 1 for count in play.asked.values())
    assert play.runner.context.get("ended", []) == [list(each) for each in play.ended]


@given(cases(max_tasks=6, cancelling=False, attempts=True))
def test_waits_retries_and_restarts_change_only_when_things_happen(case: Case) -> None:
    play = Play(case)
    with tempfile.TemporaryDirectory() as folder:
        run_to_the_end(play, os.path.join(folder, "state.json"))
    assert snapshot(play.instance.marking) == expected(case.model())


@given(ATTEMPTS)
def test_order_of_the_tasks_is_the_same_with_restarts_between_ticks(case: Case) -> None:
    straight, restarted = Play(case), Play(case)
    run_to_the_end(straight)
    with tempfile.TemporaryDirectory() as folder:
        run_to_the_end(restarted, os.path.join(folder, "state.json"))
    assert straight.called == restarted.called
    assert straight.told() == restarted.told()


@given(ATTEMPTS)
def test_tick_with_nothing_to_do_leaves_the_file_byte_identical(case: Case) -> None:
    play, oracle = Play(case), Oracle(case.plan)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "state.json")
        for name, _, _ in case.steps(oracle):
            for _ in advance(play, name):
                pass
            play.tick(allowed=NOBODY)  # everything that can run says now that it waits
            play.runner.dump(file)
            before = content(file)
            for _ in range(2):
                play.tick(allowed=NOBODY)
                play.restart(file)
                assert content(file) == before


def content(file: str) -> bytes:
    with open(file, "rb") as stream:
        return stream.read()
