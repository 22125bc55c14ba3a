"""The generators ``crontab`` and ``cron.d``: pure functions, whose files are kept as golden ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wfepy_crontab.generators import cron_d, crontab, project_id
from wfepy_hooks import ConfigError, Machine, ScheduleEntry, generate
from wfepy_hooks.config import Config
from wfepy_hooks.configfile import Settings

if TYPE_CHECKING:
    from conftest import Golden

SCHEDULES = [
    ScheduleEntry("coffee", "tick", "H/10 * * * *", seed="café/coffee"),
    ScheduleEntry("coffee", "start", "30 2 * * *", timezone="Europe/Prague"),
    ScheduleEntry("tea", "start", "0 9 * * mon", timezone="Asia/Kathmandu"),
]


def config(**settings: object) -> Config:
    made = Config(
        "/srv/100% café",
        file="/srv/100% café/wfepy.toml",
        settings=Settings({}, {}, {"wfepy_crontab": settings}),
    )
    made.machine = Machine("/srv/venv/bin/python", "ann", (60, 120))
    return made


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("one_line", {}),
        ("per_workflow", {"per_workflow": True, "log": "logs/tick log"}),
        ("mail_errors", {"mail_errors": True, "mailto": "ops@example.org"}),
    ],
)
def test_the_files(name: str, settings: dict[str, object], golden: Golden) -> None:
    (lines,) = crontab(SCHEDULES, config(**settings))
    assert (lines.path, lines.mode) == ("crontab", 0o644)
    golden(f"crontab_{name}.txt", lines.text)
    (file,) = cron_d(SCHEDULES, config(**settings))
    assert (file.path, file.mode) == ("wfepy-100--caf-", 0o644)
    golden(f"cron_d_{name}.txt", file.text)


def test_they_touch_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", lambda *_, **__: pytest.fail("a file was opened"))
    monkeypatch.setattr(os, "mkdir", lambda *_, **__: pytest.fail("a folder was made"))
    before = config()
    assert crontab(SCHEDULES, before) == crontab(SCHEDULES, config())
    assert before.machine.user == "ann"


@pytest.mark.parametrize("generator", [crontab, cron_d])
def test_without_schedules_there_is_nothing_to_generate(generator: object) -> None:
    assert callable(generator)
    with pytest.raises(ConfigError, match="no workflow has a schedule or a start"):
        generator([], config())


def test_they_are_offered_by_name(tmp_path: Path) -> None:
    (tmp_path / "wfepy.toml").write_text('[workflows.a]\nmodule = "a"\nschedule = "7 * * * *"\n')
    made = Config.load(tmp_path / "wfepy.toml")
    made.machine = Machine("/python", "ann", (0,))
    assert generate("crontab", made)[0].text.startswith(f"7 * * * * cd {tmp_path} && exec /python ")
    assert f"\n7 * * * * ann cd {tmp_path} && " in generate("cron.d", made)[0].text


def test_the_id_of_a_project_is_its_name_and_its_folder() -> None:
    first, second = Config("/srv/a/coffee"), Config("/srv/b/coffee")
    assert project_id(first).startswith("coffee-")
    assert project_id(first) != project_id(second)
    assert project_id(first) == project_id(Config("/srv/a/coffee"))
