"""``wfepy next``: what the schedules will do."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

import wfepy_hooks.cli.next as command
from cli_folder import Folder, error_line
from wfepy_hooks.cli.flags import Flags
from wfepy_hooks.config import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

CONFIG = """
    [workflows.nightly]
    module = "flow"
    start = "30 2 * * *"
    timezone = "Europe/Prague"

    [workflows.hourly]
    module = "flow"
    schedule = "0 * * * *"
    timezone = "Europe/Prague"
"""


class Arguments:
    """What the parser makes of the command line."""

    def __init__(self, n: int = 5, workflow: list[str] | None = None, json: bool = False) -> None:
        self.n = n
        self.workflow = workflow
        self.json = json
        self.flags = Flags()


def shown(path: Path, capsys: pytest.CaptureFixture[str], now: str, arguments: Arguments) -> str:
    def clock() -> datetime:
        return datetime.fromisoformat(now).replace(tzinfo=timezone.utc)

    config = Config.load(cwd=path, autoload=False, environ={}, clock=clock)
    as_parsed: Namespace = arguments  # type: ignore[assignment]
    assert command.run(as_parsed, config) == 0
    return capsys.readouterr().out


@pytest.fixture
def folder(folder: Folder) -> Folder:
    folder.write("wfepy.toml", CONFIG)
    return folder


def test_a_time_that_comes_twice_is_told(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(folder.path, capsys, "2026-10-24T23:50", Arguments(n=4))
    assert text == (
        "WHEN                   UTC                WORKFLOW  WHAT                    RULE\n"
        "2026-10-25 02:00 CEST  2026-10-25 00:00Z  hourly    tick                    "
        "02:00 comes twice: the first time\n"
        "2026-10-25 02:30 CEST  2026-10-25 00:30Z  nightly   start 2026-10-25T0030Z  "
        "02:30 comes twice: the first time\n"
        "2026-10-25 02:00 CET   2026-10-25 01:00Z  hourly    tick                    "
        "02:00 comes twice: the second time\n"
        "2026-10-25 03:00 CET   2026-10-25 02:00Z  hourly    tick\n"
        "2026-10-25 04:00 CET   2026-10-25 03:00Z  hourly    tick\n"
        "2026-10-26 02:30 CET   2026-10-26 01:30Z  nightly   start 2026-10-26T0130Z\n"
        "2026-10-27 02:30 CET   2026-10-27 01:30Z  nightly   start 2026-10-27T0130Z\n"
        "2026-10-28 02:30 CET   2026-10-28 01:30Z  nightly   start 2026-10-28T0130Z\n"
    )


def test_a_time_that_is_skipped_is_told(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(folder.path, capsys, "2026-03-28T12:00", Arguments(n=1, workflow=["nightly"]))
    assert text.splitlines()[1:] == [
        "2026-03-29 03:00 CEST  2026-03-29 01:00Z  nightly   start 2026-03-29T0100Z  "
        "02:30 is skipped by the change of clocks: right after it"
    ]


def test_the_data_has_everything(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(folder.path, capsys, "2026-03-28T12:00", Arguments(n=1, workflow=["nightly"], json=True))
    assert json.loads(text) == {
        "events": [
            {
                "workflow": "nightly",
                "kind": "start",
                "due": "2026-03-29T01:00:00.000000Z",
                "local": "2026-03-29T03:00:00+02:00",
                "timezone": "Europe/Prague",
                "rule": "gap",
                "wall": "02:30",
                "instance": "2026-03-29T0100Z",
                "missed": 0,
                "overdue": False,
                "expression": "30 2 * * *",
                "cron": "30 2 * * *",
            }
        ],
        "errors": [],
    }


def test_a_start_that_no_tick_came_for_is_due_now(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    state = folder.path / ".wfepy/state/nightly/schedule"
    state.mkdir(parents=True)
    note = {"30 2 * * * Europe/Prague": {"until": "2026-11-20T01:30:00.000000Z"}}
    (state / "starts.json").write_text(json.dumps(note))
    text = shown(folder.path, capsys, "2026-11-23T12:00", Arguments(n=1, workflow=["nightly"]))
    assert text.splitlines()[1:] == [
        "2026-11-23 02:30 CET  2026-11-23 01:30Z  nightly   start 2026-11-23T0130Z  "
        "due now: the next tick begins it, 2 missed before it",
        "2026-11-24 02:30 CET  2026-11-24 01:30Z  nightly   start 2026-11-24T0130Z",
    ]


def test_looking_writes_nothing(folder: Folder) -> None:
    folder.ok("next")
    assert not (folder.path / ".wfepy").exists()


def test_without_schedules_it_says_what_to_write(folder: Folder) -> None:
    folder.configure()
    text = folder.ok("next")
    assert text.startswith('no workflow has a schedule; write start = "0 9 * * mon" or schedule = ')
    assert folder.data("next") == {"events": [], "errors": []}


def test_a_wrong_schedule_is_told_and_the_others_are_shown(folder: Folder) -> None:
    folder.write("wfepy.toml", CONFIG.replace("0 * * * *", "0 24 * * *"))
    done = folder.wfepy("next", "-n", "1")
    assert error_line(done, 4) == (
        'wfepy: error: [workflows.hourly] schedule: hour "24": 24 is too large; '
        "the last hour is 23, and midnight is hour 0"
    )
    assert len(done.stdout.splitlines()) == 2


def test_what_cannot_be_asked_for(folder: Folder) -> None:
    assert "did you mean" in error_line(folder.wfepy("next", "--workflow", "nightli"), 4)
    for number in ("0", "x", "-1", "100000"):
        assert "argument -n" in error_line(folder.wfepy("next", "-n", number), 2)


def test_a_wrong_number_is_told(folder: Folder) -> None:
    for wrong in ("0", "-3", "ten", "10001"):
        assert f"-n: it takes a number from 1 to 10000, not '{wrong}'" in error_line(
            folder.wfepy("next", f"-n={wrong}"), 2
        )
