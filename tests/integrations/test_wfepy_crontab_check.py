"""``wfepy crontab check``: what an expression means, and what to know of it."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from cli_folder import error_line
from crontab_folder import CrontabFolder
from wfepy_crontab.remarks import among_daemons, remarks
from wfepy_hooks import Schedule

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.fixture
def folder(tmp_path: Path) -> CrontabFolder:
    return CrontabFolder(tmp_path)


def test_an_expression_is_explained(folder: CrontabFolder) -> None:
    text = folder.ok("crontab", "check", "*/20 9 * * mon-fri", "--timezone", "Asia/Kolkata", "-n", "2")
    assert text.startswith(
        "*/20 9 * * 1-5\n"
        "  minute            0, 20, 40\n"
        "  hour              9\n"
        "  day of the month  any\n"
        "  month             any\n"
        "  day of the week   1, 2, 3, 4, 5\n"
        "due next, in Asia/Kolkata and UTC:\n"
    )
    due = r"  \w{3} \d{4}-\d\d-\d\d 09:\d\d IST  \d{4}-\d\d-\d\d 0[34]:\d\dZ"
    assert len(re.findall(rf"^{due}$", text, re.MULTILINE)) == 2


def test_moments_in_utc_are_listed_once(folder: CrontabFolder) -> None:
    text = folder.ok("crontab", "check", "0 9 * * 1", "-n", "1")
    assert re.search(r"^due next, in UTC:\n  Mon \d{4}-\d\d-\d\d 09:00 UTC$", text, re.MULTILINE)


def test_it_is_data_as_json(folder: CrontabFolder) -> None:
    data = folder.data("crontab", "check", "@daily", "-n", "3")
    assert data["text"] == "0 0 * * *"
    assert data["fields"]["minute"] == [0]
    assert [each["due"][10:] for each in data["next"]] == ["T00:00:00Z"] * 3
    assert data["daemons"] == ["@daily: crond of busybox crashes on it; wfepy writes 0 0 * * *"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 9 * * fri-mon", 'day of the week "fri-mon": fri-mon runs backwards'),
        ("@reboot", "@reboot"),
        ("0 0 31 2 *", "never comes"),
        ("* * * * * *", "this has 6"),
    ],
)
def test_a_wrong_expression_is_a_wrong_use(expression: str, said: str, folder: CrontabFolder) -> None:
    assert said in error_line(folder.crontab("check", expression), 2)


def test_a_wrong_time_zone_or_number_is_a_wrong_use(folder: CrontabFolder) -> None:
    line = error_line(folder.crontab("check", "@daily", "--timezone", "Europe/Pragu"), 2)
    assert 'did you mean "Europe/Prague"?' in line
    for number in ("0", "-1", "x", "1001"):
        assert "a number from 1 to 1000" in error_line(folder.crontab("check", "@daily", "-n", number), 2)


def test_h_is_picked_as_the_schedules_of_the_workflow_pick_it(folder: CrontabFolder) -> None:
    config = folder.path / "wfepy.toml"
    config.write_text(
        config.read_text().replace("3-59/5 * * * *", "H * * * *").replace("30 2 * * *", "H 2 * * *")
    )
    for workflow in ("coffee", "latte"):
        data = folder.data("crontab", "check", "H * * * *", "--workflow", workflow)
        assert data["fields"]["minute"] == [
            Schedule("H * * * *", seed=f"coffee/{workflow}").cron.minute.values[0]
        ]
        assert f"H was picked for the workflow {workflow} of the project coffee" in data["remarks"]
    assert "--workflow NAME shows that of one" in folder.ok("crontab", "check", "H * * * *")


def test_no_project_is_needed(folder: CrontabFolder) -> None:
    (folder.path / "wfepy.toml").unlink()
    assert folder.ok("crontab", "check", "0 9 * * *").startswith("0 9 * * *\n")


@pytest.mark.parametrize(
    ("expression", "remark"),
    [
        ("*/45 * * * *", "*/45 is uneven: .* after 45 it is 15 and not 45 minutes to the next"),
        ("0 */7 * * *", "*/7 is uneven: .* after 21 it is 3 and not 7 hours to the next"),
        ("0 0 */2 * *", "*/2 is uneven: it counts from the first of each month"),
        ("0 0 * * */2", "*/2 is uneven: it counts from Sunday"),
        ("0 0 13 * fri", "a day matches if its number or its day of the week does"),
        ("0 0 31 * *", "months without a day 31 are passed over"),
        ("30 2 * * *", "on 2026-03-29 the clocks skip 02:30: due when they go on, Sun 2026-03-29 03:00 CEST"),
        (
            "30 2 * * *",
            "on 2026-10-25 the clocks show 02:30 twice: due the first time, Sun 2026-10-25 02:30 CEST",
        ),
    ],
)
def test_what_may_surprise_is_said(expression: str, remark: str) -> None:
    found = remarks(Schedule(expression, "Europe/Prague"), NOW, "p/w")
    assert any(re.fullmatch(remark.replace("*/", r"\*/") + ".*", each) for each in found), found


@pytest.mark.parametrize(
    "expression", ["*/15 * * * *", "*/45 9 * * *", "0 */6 * * mon", "0 0 1,31 * *", "30 4 * * *"]
)
def test_where_nothing_surprises_nothing_is_said(expression: str) -> None:
    assert remarks(Schedule(expression, "Europe/Prague"), NOW, "p/w") == []


@pytest.mark.parametrize(
    ("expression", "zone", "said"),
    [
        ("*/10 * * * *", "UTC", []),
        ("0 9 * * mon", "UTC", []),
        ("@weekly", "UTC", ["@weekly: crond of busybox crashes on it"]),
        ("H 9 * * *", "UTC", ["H: no daemon knows it"]),
        ("0 9 */2 * mon", "UTC", ["*/2 beside another field of days"]),
        ("*/10 * * * *", "Europe/Prague", ["CRON_TZ: "]),
        ("30 2 * * *", "Europe/Prague", ["CRON_TZ: ", "what the clocks skip or show twice: "]),
    ],
)
def test_where_daemons_differ_it_is_said(expression: str, zone: str, said: list[str]) -> None:
    found = among_daemons(Schedule(expression, zone, seed="p/w"))
    assert [each[: len(beginning)] for each, beginning in zip(found, said, strict=True)] == said
