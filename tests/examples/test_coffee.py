"""examples/coffee, from an order to the empty cup."""

from __future__ import annotations

from pathlib import Path

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from examples.conftest import Example, ExampleFactory
    from wfepy_hooks.testing import WorkflowRunner
    from wfepy_pytest import MakeRunner

CONFIG = str(Path(__file__).parents[2] / "examples/coffee/wfepy.toml")
EMPTY_CUP = "cup-is-empty"


@pytest.fixture
def coffee(example: ExampleFactory) -> Example:
    return example("coffee")


def files(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def order(workflow_runner: MakeRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRunner:
    """``workflow_runner`` for the example; cups are in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return workflow_runner


def test_a_cappuccino_gets_foam_and_waits_for_the_drinker(order: MakeRunner) -> None:
    coffee = order("coffee", {"cappuccino": True}, config_file=CONFIG)
    coffee.tick()
    coffee.assert_done("make_foam", "serve")
    coffee.assert_waiting("drink_coffee", reason="the cup is not empty yet")
    steps = ["beans ground", "water heated", "coffee made", "foam made", "milk added", "served"]
    assert coffee.context["steps"] == steps


def test_a_plain_coffee_is_served_without_foam(order: MakeRunner) -> None:
    coffee = order("coffee", config_file=CONFIG)
    coffee.tick()
    coffee.assert_skipped("make_foam")
    coffee.assert_path("start", "grind_beans", "heat_water", "make_coffee", "add_milk", "serve")
    assert "wants_cappuccino" in coffee.why("make_foam")


def test_no_crash_makes_a_difference_to_the_drinker(order: MakeRunner) -> None:
    def drink(coffee: WorkflowRunner) -> None:
        coffee.tick()
        Path(EMPTY_CUP).touch()
        coffee.tick()
        coffee.assert_finished()

    assert order("coffee", config_file=CONFIG).crash_at_every_step(drink) > 20


def test_every_order_comes_to_an_end(order: MakeRunner) -> None:
    order("coffee", config_file=CONFIG).fuzz_conditions()


def test_a_later_tick_finishes_it_when_the_cup_is_empty(coffee: Example) -> None:
    assert coffee.wfepy("start", "coffee", "--id", "mine") == 0
    assert coffee.wfepy("tick") == 0
    before = files(coffee.folder / "state")
    assert coffee.wfepy("tick") == 0
    assert files(coffee.folder / "state") == before
    (coffee.folder / "cup-is-empty").touch()
    assert coffee.wfepy("tick") == 0
    assert coffee.state("mine")["status"] == "finished"
    assert not (coffee.folder / "cup-is-empty").exists()
    assert (coffee.folder / "state/coffee/done/mine.json").exists()


def test_it_needs_no_configuration(coffee: Example) -> None:
    (coffee.folder / "wfepy.toml").unlink()
    assert coffee.wfepy("run", "coffee_workflow.py", "--set", "cappuccino=true") == 0
    assert "the cup is not empty yet" in coffee.shown
    (coffee.folder / "cup-is-empty").touch()
    assert coffee.wfepy("run", "coffee_workflow.py") == 0
    assert "finished" in coffee.shown


def test_its_plugin_logs_each_event(coffee: Example) -> None:
    coffee.wfepy("run", "coffee")
    coffee.wfepy("tick")  # a repeated poll is no news
    (coffee.folder / "cup-is-empty").touch()
    coffee.wfepy("tick")
    lines = (coffee.folder / "events.log").read_text(encoding="utf-8").splitlines()
    events = [line.split(" ", 2)[2] for line in lines]
    assert events[:2] == ["tick started", "start started, attempt 1"]
    assert "make_coffee -> make_foam skipped" in events
    assert "make_coffee -> add_milk taken" in events
    assert sum(event.startswith("drink_coffee waiting") for event in events) == 1
    assert events.count("end completed") == 1
    assert events[-2:] == ["instance finished", "tick finished"]
    assert events.count("tick started") == events.count("tick finished") == 3
