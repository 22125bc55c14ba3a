"""What may be written in ``[plugins.wfepy_notify]``, and what is said of anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from notify_desk import Desk, make_desk
from wfepy_hooks import ConfigError
from wfepy_notify.settings import read_settings


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return make_desk(tmp_path, monkeypatch)


TEAM = "[plugins.wfepy_notify.targets.team] "


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ('events = ["fail"]', TEAM + 'events: there is no event "fail"; did you mean "failed"?'),
        (
            "events = []",
            TEAM + "events must be a list out of failed, failing, recovered, timed_out, waiting, reminder, ",
        ),
        ('evnts = ["failed"]', TEAM + 'there is no key evnts; did you mean "events"?'),
        ('workflows = ["flwo"]', TEAM + 'workflows: there is no workflow "flwo"; known are flow'),
        ('tasks = "review"', TEAM + 'tasks must be a list of names or patterns, not "review"'),
        ('rate = "20"', TEAM + 'rate: it must be "off" or of the form "20/1h", not "20"'),
        ('rate = "0/1h"', TEAM + 'rate: "0/1h" would send nothing'),
        ('rate = "5/1x"', TEAM + "rate: the time of a rate must be such as"),
        ('rate = "5/8d"', TEAM + "rate: the time of a rate must be more than nothing and at most a week"),
        (
            'body = "{taks}"',
            TEAM + "body: there is no {taks} in a message; known are project, workflow, instance",
        ),
        ('body = "{"', TEAM + "body: it is no template: "),
        ('body = "{}"', TEAM + "body: it is no template: "),
        ('body = "{task.__class__.x}"', TEAM + "body: it is no template: "),
        ('body = "{reason:{task}}"', TEAM + "body: it is no template: Invalid format specifier"),
        ('body = "{reason:>9999999999999}"', TEAM + "body: it is no template: "),
        ('title = {faild = "x"}', TEAM + 'title: there is no event "faild"; did you mean "failed"?'),
        ("url = 3", TEAM + "url must be the URL of a service of Apprise"),
    ],
)
def test_a_wrong_setting_is_told(desk: Desk, settings: str, problem: str) -> None:
    desk.target(settings)
    with pytest.raises(ConfigError) as caught, desk.config():
        pass
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("common", "problem"),
    [
        ('limit = "soon"', '[plugins.wfepy_notify] limit: duration must be such as "90s"'),
        ('limit = "0s"', '[plugins.wfepy_notify] limit must be a duration such as "10s", not "0s"'),
        ("give_up = 3", "[plugins.wfepy_notify] give_up must be a duration"),
        ('target = "x"', '[plugins.wfepy_notify] there is no key target; did you mean "targets"?'),
    ],
)
def test_a_wrong_setting_for_all_is_told(desk: Desk, common: str, problem: str) -> None:
    desk.target(common=common)
    with pytest.raises(ConfigError) as caught, desk.config():
        pass
    assert problem in str(caught.value)


def test_everything_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    desk.target('events = ["x"]\nrate = "y"', common="limit = 1")
    with pytest.raises(ConfigError, match="3 problems:"), desk.config():
        pass


def test_settings_without_a_target_are_a_mistake(desk: Desk) -> None:
    desk.configure('[plugins.wfepy_notify]\nlimit = "5s"')
    with pytest.raises(
        ConfigError, match=r"nobody is told anything: add a table \[plugins.wfepy_notify.targets"
    ):
        desk.config().configure()


def test_targets_that_are_no_tables_are_told(desk: Desk) -> None:
    desk.configure('[plugins.wfepy_notify]\ntargets = "team"')
    with pytest.raises(ConfigError, match="targets must be a table of tables"):
        desk.config().configure()


def test_a_target_that_nobody_could_send_to_is_a_mistake(desk: Desk) -> None:
    desk.sender = object()  # type: ignore[assignment]  # no plugin that sends
    with pytest.raises(ConfigError, match="the key url is missing, and no plugin that is loaded sends"):
        desk.config().configure()


def test_what_is_not_said_has_defaults(desk: Desk) -> None:
    desk.target("", common='rate = "3/1d"')
    settings = read_settings(desk.config())
    (target,) = settings.targets
    assert (settings.limit, settings.give_up) == (10, 3 * 86400)
    assert (target.rate, target.period) == (3, 86400)
    assert "waiting" not in target.events
    assert "dead_end" in target.events


def test_the_header_says_who_is_told_what_and_which_variable_is_not_there(desk: Desk) -> None:
    desk.configure("""
        [plugins.wfepy_notify.targets.mail]
        url = "mailto://ann:s3cret@example.org"
        events = ["failed"]
        workflows = ["fl*"]
        [plugins.wfepy_notify.targets.chat]
        url = "${CHAT_URL}"
        events = ["waiting", "failed"]
        [plugins.wfepy_notify.targets.file]
        events = ["failed"]
        """)
    desk.environ["CHAT_URL"] = "json://secret"
    with desk.config() as config:
        heads = [target.header({}) for target in read_settings(config).targets]
        assert read_settings(config).targets[1].header(desk.environ) == "notify: chat is told waiting, failed"
    assert heads == [
        "notify: mail is told failed of fl*, by mailto",
        "notify: chat is told waiting, failed, but there is no CHAT_URL in the environment",
        "notify: file is told failed, by a plugin",
    ]
