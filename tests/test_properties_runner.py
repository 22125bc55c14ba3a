"""Random workflows through the public API: decorated functions, `Workflow`, `Runner`, and files in between."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

from hypothesis import given, settings

from adapter import Play, TryAgain, expected, snapshot
from graphs import Case, cases
from oracle import Oracle
from wfepy_hooks import Instance, Runner, state
from wfepy_hooks.clock import system_clock
from wfepy_hooks.codec import Codec
from wfepy_hooks.engine import Engine
from wfepy_hooks.errors import CodecError
from wfepy_hooks.plugins import PluginHost
from wfepy_hooks.recorder import Recorder
from wfepy_hooks.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from oracle import TaskSpec


NOBODY = ("", 0)
ATTEMPTS = cases(max_tasks=6, attempts=True)

# These cost files and whole ticks, so they run on fewer examples than those of `test_properties.py`.
fewer = settings(max_examples=max(50, settings.default.max_examples // 3) if settings.default else 50)


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


@fewer
@given(ATTEMPTS)
def test_runner_is_in_step_with_the_model(case: Case) -> None:
    play, oracle = Play(case), Oracle(case.plan)
    for name, _, _ in case.steps(oracle):
        for _ in advance(play, name):
            pass
        assert snapshot(play.instance.marking) == expected(oracle)
        assert play.runner.finished == (oracle.state != "running")
    assert play.runner.status == oracle.state


@fewer
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
    assert all(count == 1 for count in play.asked.values())


@fewer
@given(ATTEMPTS)
def test_each_task_ends_once_and_each_condition_is_asked_once_in_a_generation(case: Case) -> None:
    play = Play(case)
    with tempfile.TemporaryDirectory() as folder:
        run_to_the_end(play, os.path.join(folder, "state.json"))
    assert len(play.ended) == len(set(play.ended))
    assert all(count == 1 for count in play.asked.values())
    assert play.runner.context.get("ended", []) == [list(each) for each in play.ended]


@fewer
@given(cases(max_tasks=6, cancelling=False, attempts=True))
def test_waits_retries_and_restarts_change_only_when_things_happen(case: Case) -> None:
    play = Play(case)
    with tempfile.TemporaryDirectory() as folder:
        run_to_the_end(play, os.path.join(folder, "state.json"))
    assert snapshot(play.instance.marking) == expected(case.model())


@fewer
@given(ATTEMPTS)
def test_order_of_the_tasks_is_the_same_with_restarts_between_ticks(case: Case) -> None:
    straight, restarted = Play(case), Play(case)
    run_to_the_end(straight)
    with tempfile.TemporaryDirectory() as folder:
        run_to_the_end(restarted, os.path.join(folder, "state.json"))
    assert straight.called == restarted.called
    assert straight.told() == restarted.told()


class SeldomSaves(Recorder):
    """Leaves the snapshot as it is in two of three ticks, as if the process had died before writing it."""

    ticks = 0

    def save(self, instance: Instance) -> None:
        self.ticks += 1
        if self.ticks % 3 == 0:
            super().save(instance)


def record(play: Play) -> SeldomSaves:
    """Let what happens to an instance be saved from now on."""
    codec, workflow = Codec(), play.workflow
    instance = Instance(workflow, id="one", created="2026-01-01T00:00:00Z")
    encoded = codec.encode(instance.context)
    session = MemoryStore().create(workflow.name, "one", state.to_document(instance, encoded))
    recorder = SeldomSaves(session, codec, encoded, system_clock, PluginHost())
    play.runner = Runner.resume(instance, Engine(), recorder)
    return recorder


@fewer
@given(ATTEMPTS)
def test_snapshot_and_history_give_back_the_instance_after_every_tick(case: Case) -> None:
    play, oracle = Play(case), Oracle(case.plan)
    recorder = record(play)
    for name, _, _ in case.steps(oracle):
        for _ in advance(play, name):
            live, context = play.told(), play.instance.context
            document, records = recorder.session.load()
            again = state.restore(document, records, play.workflow, recorder.codec)
            play.runner = Runner.resume(again.instance, Engine(), recorder)
            assert play.told() == live
            assert play.instance.context == context
        assert snapshot(play.instance.marking) == expected(oracle)


class Spoils(Play):
    """Where a task of the script raises and is tried again, it leaves in the context what cannot be saved."""

    def tick(self, allowed: tuple[str, int] | None = None) -> None:
        with contextlib.suppress(CodecError):
            super().tick(allowed)

    def _act(self, spec: TaskSpec, context: dict[str, Any]) -> object:
        try:
            return super()._act(spec, context)
        except TryAgain:
            context["lost"], context["ended"] = self, print
            return True


@fewer
@given(ATTEMPTS)
def test_attempt_whose_context_cannot_be_saved_is_as_one_that_raised(case: Case) -> None:
    raises, spoils = Play(case), Spoils(case)
    recorders = [record(raises), record(spoils)]
    while not raises.runner.finished:
        raises.tick()
        spoils.tick()
        assert snapshot(spoils.instance.marking) == snapshot(raises.instance.marking)
        assert spoils.instance.failures == raises.instance.failures
        assert spoils.instance.context == raises.instance.context
    first, second = (
        [{**each, "at": "", "took": 0, "error": "error" in each} for each in recorder.session.load()[1]]
        for recorder in recorders
    )
    assert first == second


@fewer
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
