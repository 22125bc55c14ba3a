"""The settings of plugins: what is wrong with them is told as of the engine's own."""

from __future__ import annotations

from typing import Any

import pytest

from wfepy_hooks import ConfigError, plugin_settings, some_of
from wfepy_hooks.config import Config
from wfepy_hooks.configfile import Settings

RULES = {"color": some_of(["red", "green"], "colour")}
TABLES = {"lamps": {"color": some_of(["red", "green"], "colour")}}


def read(table: dict[str, Any]) -> dict[str, Any]:
    config = Config("/srv/x", file="/srv/x/wfepy.toml", settings=Settings({}, {}, {"wfepy_lamps": table}))
    return plugin_settings(config, "wfepy_lamps", RULES, TABLES)


def test_right_settings_are_returned() -> None:
    table = {"color": ["red"], "lamps": {"door": {"color": ["green", "red"]}}}
    assert read(table) == table
    assert read({}) == {}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"color": ["grene"]}, '[plugins.wfepy_lamps] color: there is no colour "grene"; did you mean "green"?'),
        ({"color": []}, "[plugins.wfepy_lamps] color must be a list out of red, green, not an empty list"),
        ({"color": "red"}, '[plugins.wfepy_lamps] color must be a list out of red, green, not "red"'),
        ({"lamps": 1}, "[plugins.wfepy_lamps] lamps must be a table of tables, not 1"),
        ({"lamps": {"door": 1}}, "[plugins.wfepy_lamps] lamps must be a table of tables, not a table"),
        ({"lamps": {"door": {"colour": 1}}}, "[plugins.wfepy_lamps.lamps.door] there is no key colour; did you"),
        ({"lamp": {}}, '[plugins.wfepy_lamps] there is no key lamp; did you mean "lamps"?'),
    ],
)  # fmt: skip
def test_wrong_settings_are_told(table: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(table)
    assert problem in str(caught.value)


def test_a_key_that_must_be_there_is_told_with_what_it_is() -> None:
    config = Config("/srv/x", file="/srv/x/pyproject.toml")
    with pytest.raises(ConfigError) as caught:
        plugin_settings(config, "wfepy_lamps", RULES, TABLES, required=("color",))
    assert str(caught.value) == (
        "/srv/x/pyproject.toml: [tool.wfepy.plugin.wfepy_lamps] the key color is missing; "
        "it is a list out of red, green"
    )
    config.plugin_settings["wfepy_lamps"] = {"colour": ["red"]}
    with pytest.raises(ConfigError, match=r'there is no key colour; did you mean "color"\?$'):
        plugin_settings(config, "wfepy_lamps", RULES, TABLES, required=("color",))
    config.plugin_settings["wfepy_lamps"] = {"color": ["red"]}
    assert plugin_settings(config, "wfepy_lamps", RULES, TABLES, required=("color",)) == {"color": ["red"]}


def test_everything_is_told_at_once() -> None:
    with pytest.raises(ConfigError, match="2 problems:"):
        read({"color": 1, "lamps": {"door": {"color": 2}}})
