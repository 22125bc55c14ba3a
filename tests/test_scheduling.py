"""Which schedules a project has: those of its config, and those that plugins add."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import wfepy_hooks
from wfepy_hooks import PluginError, ScheduleEntry, hookimpl
from wfepy_hooks.config import Config
from wfepy_hooks.errors import ScheduleError
from wfepy_hooks.scheduling import START, TICK, collect_schedules

SHOP = """
[wfepy]
project = "shop"

[workflows.orders]
module = "orders"
schedule = "H/10 * * * *"
start = "0 9 * * mon"
timezone = "Europe/Prague"
missed = "all"

[workflows.by_hand]
module = "by_hand"

[workflows.nightly]
module = "nightly"
start = "H H(0-5) * * *"
"""


class Adds:
    """A plugin that adds what it is made with to the schedules."""

    def __init__(self, entries: Any) -> None:
        self.entries = entries

    @hookimpl
    def wfepy_collect_schedules(self, workflows: dict[str, Any]) -> Any:
        self.asked = list(workflows)
        return self.entries


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    file = tmp_path / "wfepy.toml"
    file.write_text(SHOP, encoding="utf-8")
    return Config.load(file, autoload=False)


def summary(entries: list[ScheduleEntry]) -> list[tuple[str, str, str]]:
    return [(each.workflow, each.kind, each.expression) for each in entries]


def test_the_config_has_a_schedule_for_ticks_and_one_for_starts(shop: Config) -> None:
    assert summary(collect_schedules(shop)) == [
        ("orders", TICK, "H/10 * * * *"),
        ("orders", START, "0 9 * * mon"),
        ("nightly", START, "H H(0-5) * * *"),
    ]


def test_an_entry_has_all_that_the_config_says_and_where(shop: Config) -> None:
    tick, start, nightly = collect_schedules(shop)
    assert (tick.timezone, tick.seed, tick.missed) == ("Europe/Prague", "shop/orders", "all")
    assert (tick.where, start.where) == ("[workflows.orders] schedule", "[workflows.orders] start")
    assert (nightly.timezone, nightly.seed, nightly.missed) == ("UTC", "shop/nightly", "once")
    assert repr(start) == "<ScheduleEntry start orders at '0 9 * * mon' Europe/Prague>"


def test_what_h_picks_hangs_on_the_project_and_the_workflow(tmp_path: Path, shop: Config) -> None:
    (tmp_path / "other").mkdir()
    file = tmp_path / "other/wfepy.toml"
    file.write_text(SHOP.replace('"shop"', '"other"'), encoding="utf-8")
    texts = {entry.schedule().cron.text for entry in collect_schedules(Config.load(file, autoload=False))}
    same = [entry.schedule().cron.text for entry in collect_schedules(shop)]
    assert same == [entry.schedule().cron.text for entry in collect_schedules(shop)]
    assert texts & set(same) == {"0 9 * * 1"}


def test_of_all_schedules_only_those_of_some_workflows(shop: Config) -> None:
    assert summary(collect_schedules(shop, ["nightly"])) == [("nightly", START, "H H(0-5) * * *")]
    assert collect_schedules(shop, []) == []
    assert collect_schedules(shop, iter(["by_hand", "unknown"])) == []


def test_plugins_add_schedules_which_come_in_the_order_of_the_config(shop: Config) -> None:
    plugin = Adds([ScheduleEntry("new", TICK, "@daily"), ScheduleEntry("by_hand", START, "@hourly")])
    shop.plugins.register(plugin)
    shop.plugins.register(Adds(None), "nothing")
    assert [each.workflow for each in collect_schedules(shop)] == [
        "orders",
        "orders",
        "by_hand",
        "nightly",
        "new",
    ]
    assert plugin.asked == ["orders", "by_hand", "nightly"]
    assert summary(collect_schedules(shop, ["new"])) == [("new", TICK, "@daily")]


def test_a_plugin_that_fails_is_named(shop: Config) -> None:
    shop.plugins.register(Adds("@daily"), "strange")
    with pytest.raises(PluginError, match=r"must be of type list, not str; .* strange$"):
        collect_schedules(shop)


@pytest.mark.parametrize("entries", [["@daily"], [("orders", TICK, "@daily")], [None]])
def test_what_is_no_entry_is_told(shop: Config, entries: list[Any]) -> None:
    shop.plugins.register(Adds(entries), "strange")
    with pytest.raises(
        PluginError, match="wfepy_collect_schedules must return a list of ScheduleEntry, not of"
    ):
        collect_schedules(shop)


def test_an_entry_becomes_a_schedule() -> None:
    schedule = ScheduleEntry("orders", START, "0 9 * * mon", timezone="Europe/Prague").schedule()
    assert (schedule.cron.text, schedule.zone.key) == ("0 9 * * 1", "Europe/Prague")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            'schedule = "*/90 * * * *"',
            '[workflows.orders] schedule: minute "*/90": a step of 90 leaves only the first of 60: '
            'cron counts anew in each hour; write "0"',
        ),
        (
            'start = "0 9 * * fri-mon"',
            '[workflows.orders] start: day of the week "fri-mon": fri-mon runs backwards, which some daemons '
            'never run; write "fri-sat,sun-mon"',
        ),
        (
            'start = "@daily"\ntimezone = "Europe/Prag"',
            '[workflows.orders] start: timezone "Europe/Prag": there is no such time zone; '
            'did you mean "Europe/Prague"?',
        ),
    ],
)
def test_a_wrong_schedule_is_told_with_its_place(tmp_path: Path, changed: str, message: str) -> None:
    file = tmp_path / "wfepy.toml"
    file.write_text(f'[workflows.orders]\nmodule = "orders"\n{changed}\n', encoding="utf-8")
    (entry,) = collect_schedules(Config.load(file, autoload=False))
    with pytest.raises(ScheduleError) as caught:
        entry.schedule()
    assert str(caught.value) == message
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("wrong", [{"kind": "begin"}, {"missed": "never"}])
def test_an_entry_of_a_kind_that_there_is_not_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must be"):
        ScheduleEntry(**{"workflow": "orders", "kind": START, "expression": "@daily", **wrong})


def test_what_integrations_need_is_public() -> None:
    assert wfepy_hooks.ScheduleEntry is ScheduleEntry
    assert wfepy_hooks.collect_schedules is collect_schedules
