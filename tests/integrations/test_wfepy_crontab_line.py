"""The line: its minutes, its quoting, and what is refused."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfepy_crontab.generators import crontab_lines
from wfepy_crontab.line import command_line, minutes_field, quote
from wfepy_crontab.settings import Settings
from wfepy_hooks import Machine, Schedule, ScheduleEntry, WfepyError
from wfepy_hooks.config import Config


def as_debian_reads(text: str) -> str:
    r"""Return what Debian's cron gives to the shell: ``\%`` is ``%``, ``\\`` is ``\``, and a bare ``%`` ends it."""
    read = re.sub(r"\\([%\\])|%.*", lambda match: match[1] or "\n", text, flags=re.DOTALL)
    return read.partition("\n")[0]


def as_busybox_reads(text: str) -> str:
    """Return what crond of busybox gives to the shell: nothing from a ``#`` on."""
    return text.partition("#")[0]


def words(text: str) -> list[str]:
    """Return the arguments that ``/bin/sh`` makes of ``text``."""
    command = ["/bin/sh", "-c", f"for word in {text}; do printf '%s\\0' \"$word\"; done"]
    done = subprocess.run(command, capture_output=True, check=True)
    return [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain", "plain"),
        ("", "''"),
        ("%", r"\%"),
        ("a b", "'a b'"),
        ("100%", r"100\%"),
        ("a b%c d", r"'a b'\%'c d'"),
        (r"a\b", r"'a\b'"),
        (r"a\\b", r"'a\''\b'"),
        (r"\\\%", r"'\''\''\'\%"),
        ("#", """"$(printf '\\043')\""""),
        ("a #b", """'a '"$(printf '\\043')"b"""),
        ("it's", """'it'"'"'s'"""),
    ],
)
def test_quoting_is_read_back_by_either_cron(text: str, quoted: str) -> None:
    assert quote(text) == quoted
    assert words(quoted) == [text]
    assert words(as_debian_reads(quoted)) == [text]
    assert words(as_busybox_reads(quoted)) == [text]


@settings(max_examples=30)  # each runs two shells
@given(st.lists(st.text(st.sampled_from("a \\%'\"$`!*?&;|<>()#~=é"), max_size=8), min_size=1, max_size=20))
def test_any_word_is_read_back_by_either_cron(texts: list[str]) -> None:
    quoted = " ".join(map(quote, texts))
    assert words(as_debian_reads(quoted)) == texts
    assert words(as_busybox_reads(quoted)) == texts


def config(root: str = "/srv/coffee", file: str = "wfepy.toml", offsets: tuple[int, ...] = (0,)) -> Config:
    made = Config(root, file=os.path.join(root, file))
    made.machine = Machine("/venv/bin/python", "ann", offsets)
    return made


def test_the_form_of_a_command() -> None:
    log = "/srv/coffee/.wfepy/tick.log"
    tick = f"cd /srv/coffee && exec /venv/bin/python -m wfepy_hooks tick --due --log {log}"
    assert command_line(config(), log) == f"{tick} >>{log} 2>&1 </dev/null"
    assert command_line(config(), log, mail_errors=True) == f"{tick} --mail-errors </dev/null"
    named = command_line(config(), log, workflow="latte")
    assert " -m wfepy_hooks tick latte --due --log " in named
    assert " -m wfepy_hooks --config prod.toml tick --due " in command_line(config(file="prod.toml"), log)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/srv/a\nb", "a line break"),
        ("/srv/a\rb", "a line break"),
        ("/srv/a\tb", "another control character"),
        ("/srv/a\x7fb", "another control character"),
    ],
)
def test_what_no_cron_could_run_is_refused_with_what_to_do(path: str, what: str) -> None:
    for refused in (config(root=path), config(root="/srv/x")):
        log = "/srv/log" if refused.root == path else path
        with pytest.raises(WfepyError) as caught:
            command_line(refused, log)
        assert caught.value.where == path
        assert what in caught.value.what
        assert f"ln -s FOLDER /srv/{refused.project}" in caught.value.hint


def test_a_command_that_debians_cron_would_cut_off_is_refused() -> None:
    spare = 990 - len(command_line(config("/s"), "/l")) - len("''")
    fits = "/" + "é" * (spare // 2) + "x" * (spare % 2) + "s"
    assert len(command_line(config(fits), "/l").encode()) == 990
    with pytest.raises(
        WfepyError, match="would be 991 bytes long, and cron runs no more than 990; the paths"
    ):
        command_line(config(fits + "x"), "/l")


@pytest.mark.parametrize(
    ("minutes", "field"),
    [
        (range(60), "*"),
        (range(3, 60, 5), "3-58/5"),
        (range(0, 60, 10), "*/10"),
        (range(0, 60, 7), "0-56/7"),
        ((30, 0), "*/30"),
        ((30, 1), "1,30"),
        ((7,), "7"),
        ((0, 1, 2, 3, 40), "0-3,40"),
    ],
)
def test_minutes_are_written_short(minutes: list[int], field: str) -> None:
    assert minutes_field(minutes) == field


def lines(
    *schedules: tuple[str, str], offsets: tuple[int, ...] = (0,), per_workflow: bool = False
) -> list[str]:
    entries = [
        ScheduleEntry(f"flow{number}", "tick", expression, timezone=zone)
        for number, (expression, zone) in enumerate(schedules)
    ]
    return crontab_lines(entries, config(offsets=offsets), Settings("/l", per_workflow=per_workflow))


def minutes(*schedules: tuple[str, str], offsets: tuple[int, ...] = (0,)) -> str:
    (line,) = lines(*schedules, offsets=offsets)
    field, *stars = line.split()[:5]
    assert stars == ["*"] * 4
    return field


def test_the_minutes_are_the_union_of_all_schedules() -> None:
    assert minutes(("*/20 * * * *", "UTC"), ("5 9 * * mon", "UTC")) == "0,5,20,40"


def test_the_minutes_are_those_of_the_machines_clock() -> None:
    assert minutes(("0 9 * * *", "UTC"), offsets=(330,)) == "30"
    assert minutes(("0 9 * * *", "Asia/Kathmandu")) == "15"
    assert minutes(("0 9 * * *", "Asia/Kathmandu"), offsets=(330,)) == "45"
    assert minutes(("10 9 * * *", "Australia/Lord_Howe")) == "10,40"
    assert minutes(("10 9 * * *", "UTC"), offsets=(630, 660)) == "10,40"


def test_the_end_of_a_gap_is_among_the_minutes() -> None:
    assert minutes(("30 2 * * *", "Europe/Prague")) == "*/30"
    assert minutes(("30 4 * * *", "Europe/Prague")) == "30"


def test_a_line_for_each_workflow_names_it() -> None:
    first, second = lines(("5 * * * *", "UTC"), ("7 * * * *", "UTC"), per_workflow=True)
    assert first.startswith("5 * * * * cd ")
    assert " tick flow0 --due " in first
    assert second.startswith("7 * * * * cd ")
    assert " tick flow1 --due " in second


ZONES = ("Europe/Prague", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
SINCE = datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("expression", ["17 */5 * * *", "30 2 * * *", "*/25 1-3 * * sun", "H H * * *"])
@pytest.mark.parametrize("zone", ZONES)
def test_each_moment_of_a_year_is_at_one_of_the_minutes(expression: str, zone: str) -> None:
    from zoneinfo import ZoneInfo

    due = [each.due for each in Schedule(expression, zone).between(SINCE, SINCE + timedelta(days=365))]
    for machine in ZONES:
        offsets = {
            (SINCE + timedelta(days=day)).astimezone(ZoneInfo(machine)).utcoffset() for day in range(366)
        }
        found = minutes(
            (expression, zone),
            offsets=tuple(each // timedelta(minutes=1) for each in offsets if each is not None),
        )
        values = Schedule(f"{found} * * * *").cron.minute.values
        assert {each.astimezone(ZoneInfo(machine)).minute for each in due} <= set(values)
