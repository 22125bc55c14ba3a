"""The loop of ticks, and the command that runs it."""

from __future__ import annotations

import signal
import time
from datetime import datetime, timedelta, timezone

import pytest

from cli_folder import Folder, error_line, flow
from wfepy_hooks.config import Config
from wfepy_hooks.watching import Watch, next_moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=timezone.utc)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


class _Clock:
    """A clock that a nap moves on, at the most to the end of the nap."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: int, took: timedelta, overslept: float
) -> list[str]:
    """Watch a schedule of every minute with a clock of its own, and return when the ticks came."""
    (tmp_path / "wfepy.toml").write_text('[workflows.a]\nmodule = "a"\nschedule = "* * * * *"\n')
    config = Config.load(cwd=tmp_path, autoload=False, environ={})
    clock, ticks = _Clock(), []
    watch = Watch(["never run"], next_moment(config, None), clock, lambda text: None)

    def tick() -> None:
        ticks.append(clock.now.strftime("%H:%M:%S"))
        clock.now += took
        watch._stopping = len(ticks) == rounds

    def nap(ears: object, *other: object) -> None:
        clock.now += timedelta(seconds=other[-1] * overslept)  # type: ignore[operator]

    monkeypatch.setattr(watch, "_run_tick", tick)
    monkeypatch.setattr("wfepy_hooks.watching.select.select", nap)
    watch.run()
    return ticks


def test_ticks_come_at_once_and_then_at_the_moments_of_the_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = watched(tmp_path, monkeypatch, 4, timedelta(seconds=2), 1.0)
    assert ticks == ["12:00:30", "12:01:00", "12:02:00", "12:03:00"]


def test_no_tick_comes_a_moment_too_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = watched(tmp_path, monkeypatch, 3, timedelta(seconds=2), 0.37)
    assert ticks == ["12:00:30", "12:01:00", "12:02:00"]


def test_ticks_that_take_long_never_overlap_and_are_not_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = watched(tmp_path, monkeypatch, 3, timedelta(minutes=3, seconds=10), 1.0)
    assert ticks == ["12:00:30", "12:03:40", "12:06:50"]


def lines_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"it ended: {process.communicate()[1]}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_between_two_ticks(folder: Folder, number: int) -> None:
    folder.configure(extra="")
    folder.ok("start", "flow")
    process = folder.spawn("watch", "--every", "1s")
    lines_until(process, "1 instance: 1 waiting")
    lines_until(process, "1 instance: 1 waiting")
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert errors.splitlines()[-1].endswith("Z stopped")


def test_a_signal_lets_the_tick_in_hand_finish_what_it_writes(folder: Folder) -> None:
    folder.configure(flow=flow('import time; print("busy", flush=True); time.sleep(60)'))
    folder.ok("start", "flow", "--id", "default")
    process = folder.spawn("watch", "--every", "1h")
    lines_until(process, "busy")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "interrupted" in errors, "the tick was told"
    assert [(each["name"], each["status"]) for each in folder.data("show", "flow")["tasks"]][:2] == [
        ("a", "done"),
        ("b", "ready"),
    ]


def test_a_second_signal_ends_a_tick_that_does_not_listen(folder: Folder) -> None:
    stubborn = """
    import time
    while True:
        try:
            print("busy", flush=True)  # in here: the signal may come right behind it
            time.sleep(60)
        except KeyboardInterrupt:
            print("no", flush=True)
    """
    folder.configure(flow=flow(stubborn))
    folder.ok("start", "flow")
    process = folder.spawn("watch", "--every", "1h")
    lines_until(process, "busy")
    process.send_signal(signal.SIGTERM)
    lines_until(process, "no")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_failing_task_does_not_end_it(folder: Folder) -> None:
    folder.configure(flow=flow('raise ValueError("no milk")'))
    folder.ok("start", "flow")
    process = folder.spawn("watch", "--every", "1s", "--log", "tick.log")
    end = time.monotonic() + 30
    log = folder.path / "tick.log"
    while not log.exists() or log.read_text().count("1 instance: 1 failing") < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_after_a_change_of_the_config_it_begins_anew(folder: Folder) -> None:
    folder.configure()
    process = folder.spawn("watch", "--every", "1s")
    lines_until(process, "nothing to do")
    text = (folder.path / "wfepy.toml").read_text()
    (folder.path / "wfepy.toml").write_text(
        text + '[workflows.other]\nmodule = "flow"\nstart = "* * * * *"\n'
    )
    assert process.stderr is not None
    assert any("the config file has changed: beginning anew" in line for line in process.stderr)
    process.terminate()  # which may come before the new one is ready for it
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        ((), 4, 'no workflow has a schedule; write schedule = "*/10 * * * *"'),
        (("--every", "soon"), 2, "--every must be such as"),
        (("--every", "1ms"), 2, "--every 1ms is too often; take a second or more"),
        (("flaw", "--every", "1s"), 4, 'there is no workflow "flaw"; did you mean "flow"?'),
    ],
)
def test_what_cannot_be_watched(folder: Folder, words: tuple[str, ...], code: int, problem: str) -> None:
    folder.configure()
    assert problem in error_line(folder.wfepy("watch", *words), code)


def test_the_options_of_all_commands_are_handed_on(folder: Folder) -> None:
    folder.configure()
    folder.write(
        "chatty.py",
        "import wfepy_hooks as w\n@w.hookimpl\ndef wfepy_configure(config): print('chat', config.state)",
    )
    process = folder.spawn("-p", "chatty", "--state", "elsewhere", "watch", "--every", "1h")
    lines_until(process, f"chat {folder.path}/elsewhere")  # of the watch
    lines_until(process, f"chat {folder.path}/elsewhere")  # of its tick
    process.terminate()
    process.communicate(timeout=30)
