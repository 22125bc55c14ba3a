"""Cron expressions: what is refused and in which words, what is accepted and as what, and what ``H`` picks."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import pvariance

import pytest

from cron_expressions import random_expression
from wfepy_hooks.cron import ALIASES, KINDS, parse_cron
from wfepy_hooks.errors import ScheduleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Golden, Require

#: Forms that are refused. The messages are in ``golden/cron_messages.txt``.
REFUSED = {
    "backwards": [
        *("50-10 * * * *", "* 22-2 * * *", "* * 25-5 * *", "* * * 11-2 *", "* * * nov-feb *"),
        *("* * * * fri-mon", "* * * * FRI-mon", "* * * * 6-1", "* * * * fri-1", "* 22-2/2 * * *"),
        *("50-10/5,30 * * * *", "* * * * fri-mon/2", "1-0 * * * *"),
    ],
    "steps": [
        *("59/15 * * * *", "6/1 * * * *", "0/15 * * * *", "5/15 * * * *", "* * * * mon/2", "* * * DEC/3 *"),
        *("*/0 * * * *", "0-30/0 * * * *", "H/0 * * * *", "*/00 * * * *", "5/0 * * * *", "5/60 * * * *"),
        *("*/60 * * * *", "*/90 * * * *", "* */24 * * *", "* * */31 * *", "* * * */12 *", "* * * * */7"),
        *("10-20/15 * * * *", "* * * * sat-sun/2", "H/60 * * * *", "* H/24 * * *", "H(0-29)/30 * * * *"),
        *("*/ * * * *", "1-5/ * * * *", "H/ * * * *", "*/x * * * *", "1-5/2/3 * * * *", "*/-5 * * * *"),
        *("*/5min * * * *", "*/5-30 * * * *", "*/* * * * *", "*/1.5 * * * *", "/5 * * * *"),
    ],
    "dates that never come": [
        *("0 0 31 2 *", "0 0 30 feb *", "0 0 30 feb mon", "0 0 30,31 2 *", "0 0 31 feb,apr *"),
        *("0 0 31 2,4,6,9,11 *", "0 0 H(30-31) 2 *", "0 0 30-31 2 */2"),
    ],
    "aliases": [
        *("@reboot", "@every 5m", "@every 2h", "@every 1d", "@every 90m", "@every", "@weekday", "@daly", "@"),
        *("@daily /bin/true", "@hourly *"),
    ],
    "number of fields": [
        *(
            "0 0 9 * * mon",
            "0 0 9 * * ? 2026",
            "0 0 9 * * mon 2026",
            "0 9 * * mon 2026",
            "0 9 * * mon /bin/true",
        ),
        *("0 9 * * mon root /bin/true", "0 9 * *", "9", "daily", "mon", "", "   ", "x y z a b c", "a b c d"),
    ],
    "time zones": [
        *("TZ=Europe/Prague 0 9 * * *", "CRON_TZ=UTC 0 9 * * *", "TZ=Europe/Prague 9 * * *"),
    ],
    "Quartz and others": [
        *("0 0 ? * *", "0 0 L * *", "0 0 LW * *", "0 0 15W * *", "0 0 L-3 * *", "0 0 * * 1#1", "0 0 * * 5L"),
        *("0 0 * * friL", "0~30 * * * *", "~ * * * *", "0 9~17 * * *", "9:30 * * * *"),
    ],
    "names": [
        *("mon * * * *", "0 mon * * *", "0 0 mon * *", "0 0 * mon *", "0 0 * * jan", "0 0 jan * *"),
        *("0 0 monday * *", "0 0 * * monday", "0 0 * * mon-friday", "0 0 * january *", "0 0 * sept *"),
        *("0 0 * * tuesady", "0 0 * * wen", "0 0 * * lol", "hour * * * *"),
    ],
    "lists": [
        *(
            "1,,2 * * * *",
            "1, * * * *",
            ",1 * * * *",
            ", * * * *",
            "*,5 * * * *",
            "5,* * * * *",
            "*,* * * * *",
        ),
        *("*/5,30 * * * *", "30,*/5 * * * *", "5;10 * * * *"),
    ],
    "ranges": [
        *(
            "-1 * * * *",
            "5- * * * *",
            "- * * * *",
            "--1 * * * *",
            "1-2-3 * * * *",
            "1-2-3-4 * * * *",
            "1- * * * *",
        ),
        *("*-5 * * * *", "5-* * * * *", "** * * * *", "*5 * * * *"),
    ],
    "numbers": [
        *("60 * * * *", "0 24 * * *", "0 25 * * *", "0 0 0 * *", "0 0 32 * *", "0 0 * 0 *", "0 0 * 13 *"),
        *(
            "0 0 * * 8",
            "1,60 * * * *",
            "50-60 * * * *",
            "+5 * * * *",
            "1.5 * * * *",
            "0x10 * * * *",
            "1e1 * * * *",
        ),
        *("1_0 * * * *", "0 0 0-5 * *", "99999999999 * * * *"),
    ],
    "H": [
        *("H( * * * *", "H() * * * *", "H(5) * * * *", "H(0-5 * * * *", "H(-5) * * * *", "H((0-5)) * * * *"),
        *("H(0-5)) * * * *", "H(30-10) * * * *", "H(0-60) * * * *", "* * H(0-5) * *", "H(a-b) * * * *"),
        *("H-5 * * * *", "5-H * * * *", "HH * * * *", "H5 * * * *", "h) * * * *", "H(0-5)x * * * *"),
        *("H(0-5)/9 * * * *", "* * * * H(fri-mon)", "H(0-29)// * * * *"),
    ],
    "characters": [
        *("\u0663 * * * *", "\u00b2 * * * *", "\uff15 * * * *", "*/\u0663 * * * *", "\u2217 * * * *"),
        *("0 0 * *\x00 *", "0 0 * *\xa0*", "0\u200b 0 * * *", "0 0 * * *\n", "0 0 * * *\r\n1 1 * * *", "\n"),
        *("% * * * *", '"5" * * * *', "* * * * *;x", "9" * 5000 + " * * * *", "\ud800 * * * *"),
    ],
}


def message(form: str) -> str:
    with pytest.raises(ScheduleError) as caught:
        parse_cron(form)
    return str(caught.value)


def test_a_refused_form_is_told_in_one_line_of_field_value_reason_and_what_to_write(golden: Golden) -> None:
    lines = []
    for subject, forms in REFUSED.items():
        lines += [subject, *(f"    {message(form)}" for form in forms)]
    assert [line for line in lines if not line.isprintable() or len(line) > 260] == []
    golden("cron_messages.txt", "\n".join([*lines, ""]))


@pytest.mark.parametrize("subject", sorted(set(REFUSED) - {"number of fields", "aliases", "time zones"}))
def test_the_error_carries_the_field_and_its_value(subject: str) -> None:
    names = [kind.name for kind in KINDS]
    for form in REFUSED[subject]:
        with pytest.raises(ScheduleError) as caught:
            parse_cron(form)
        error = caught.value
        assert error.what
        if error.field:
            assert form.split()[names.index(error.field)] == error.value
        else:
            assert form.startswith(error.value.removesuffix(" ..."))


@pytest.mark.parametrize("form", [form for forms in REFUSED.values() for form in forms])
def test_what_a_message_says_to_write_is_accepted(form: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_cron(form)
    error = caught.value
    for instead in re.findall(r'"([^"]+)"', error.hint):
        if error.hint.startswith("write timezone"):
            continue
        if not error.field:
            parse_cron(instead)
            continue
        at = [kind.name for kind in KINDS].index(error.field)
        if "as the day of the month" in error.hint:
            at = 2
        words = ["0", "0", "*", "*", "*"]
        words[at : at + len(instead.split())] = instead.split()
        parse_cron(" ".join(words))


def test_a_place_comes_first_in_the_message() -> None:
    error = ScheduleError(
        "it is wrong", where="[workflows.x] start", field="hour", value="24", hint="write 0"
    )
    assert str(error) == '[workflows.x] start: hour "24": it is wrong; write 0'


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("  @Daily ", "0 0 * * *"),
        ("* * * * *", "* * * * *"),
        ("\t*  *\t* * * ", "* * * * *"),
        ("*/1 */01 */1 */1 */1", "* * * * *"),
        ("*/10 */2 */5 */3 */2", "*/10 */2 */5 */3 */2"),
        ("*/59 * * * *", "*/59 * * * *"),
        ("00 07 01 01 00", "0 7 1 1 0"),
        ("*/010 * * * *", "*/10 * * * *"),
        ("0 9 * * mon", "0 9 * * 1"),
        ("0 9 * JAN,Feb,mar Mon,TUE", "0 9 * 1-3 1,2"),
        ("0 9 * * mon-fri", "0 9 * * 1-5"),
        ("0 9 * * 5-7", "0 9 * * 0,5,6"),
        ("0 9 * * fri-sun", "0 9 * * 0,5,6"),
        ("0 9 * * 5-0", "0 9 * * 0,5,6"),
        ("0 9 * * sun-tue", "0 9 * * 0-2"),
        ("0 9 * * 7-2", "0 9 * * 0-2"),
        ("0 9 * * 7", "0 9 * * 0"),
        ("0 9 * * 7,0,sun", "0 9 * * 0"),
        ("0 9 * * mon-sun", "0 9 * * 0-6"),
        ("0 9 * * 0-7", "0 9 * * 0-6"),
        ("0 9 * * sun-sun", "0 9 * * 0"),
        ("0 9 * * mon-sun/2", "0 9 * * 0,1,3,5"),
        ("59-59 1-1 31-31 12-12 *", "59 1 31 12 *"),
        ("5-5/2 * * * *", "5 * * * *"),
        ("0-59 0-23 1-31 1-12 *", "0-59 0-23 1-31 1-12 *"),
        ("0-59/1 0-23/01 * * *", "0-59 0-23 * * *"),
        ("3-59/5 * * * *", "3-58/5 * * * *"),
        ("0-59/15 * * * *", "0-45/15 * * * *"),
        ("0,15,30 * * * *", "0,15,30 * * * *"),
        ("30,0,15,30 * * * *", "0,15,30 * * * *"),
        ("3,1,2,10,7-9/2 * * * *", "1-3,7,9,10 * * * *"),
        ("1,2 3 4 5 *", "1,2 3 4 5 *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 30 2,4 *", "0 0 30 2,4 *"),
        ("0 0 * 2 mon", "0 0 * 2 1"),
        # Of two days either is enough, and one is there each day.
        ("0 0 1-31 * mon", "0 0 * * *"),
        ("0 0 13 * mon-sun", "0 0 * * *"),
        # Both must match, since one starts with a *.
        ("0 0 1-31 * */2", "0 0 1-31 * */2"),
        ("0 0 */2 * mon", "0 0 */2 * 1"),
    ],
)
def test_an_accepted_form_is_written_for_a_crontab_in_numbers(form: str, text: str) -> None:
    cron = parse_cron(form)
    assert cron.text == text
    assert cron.source == form
    again = parse_cron(text)
    assert (again.text, again.fields) == (text, cron.fields)


def test_every_alias_is_there_and_is_what_it_stands_for() -> None:
    for alias, text in ALIASES.items():
        assert parse_cron(alias).fields == parse_cron(text).fields


def test_a_field_knows_its_numbers_and_whether_it_starts_with_a_star() -> None:
    cron = parse_cron("*/20 0-23 13 jan,dec fri-sun")
    assert [field.values for field in cron.fields] == [
        (0, 20, 40),
        tuple(range(24)),
        (13,),
        (1, 12),
        (0, 5, 6),
    ]
    assert [field.star for field in cron.fields] == [True, False, False, False, False]
    assert cron.is_either_day


@pytest.mark.parametrize(
    ("form", "either"),
    [
        ("0 0 13 * fri", True),
        ("0 0 13 * *", False),
        ("0 0 * * 5", False),
        ("0 0 */2 * 5", False),
        ("0 0 9 * */2", False),
    ],
)
def test_either_day_is_enough_only_where_no_field_of_days_starts_with_a_star(form: str, either: bool) -> None:
    assert parse_cron(form).is_either_day == either


# H


def test_h_reaches_every_minute_of_a_day_about_equally_often() -> None:
    slots: Counter[tuple[int, int]] = Counter()
    for number in range(20_000):
        cron = parse_cron("H H * * *", f"project/workflow-{number}")
        slots[cron.hour.values[0], cron.minute.values[0]] += 1
    assert len(slots) == 24 * 60
    # Of a fair choice the variance is the mean, 13.9, give or take 4 % of it (chi-square with 1439 degrees).
    mean = 20_000 / 1440
    assert 0.85 < pvariance(slots.values()) / mean < 1.15


@pytest.mark.parametrize("form", ["H(0-29)", "H/10", "H/7", "H(5-20)/4"])
def test_each_number_of_a_part_is_about_equally_likely(form: str) -> None:
    counts = Counter(parse_cron(f"{form} 0 * * *", str(number)).minute.values[0] for number in range(6000))
    mean = 6000 / len(counts)
    assert all(0.75 < count / mean < 1.3 for count in counts.values()), counts


@pytest.mark.parametrize(
    ("at", "numbers"),
    [(0, range(60)), (1, range(24)), (2, range(1, 29)), (3, range(1, 13)), (4, range(7))],
)
def test_h_picks_of_all_numbers_that_always_come(at: int, numbers: range) -> None:
    words = ["0", "0", "*", "*", "*"]
    words[at] = "H"
    picked = {parse_cron(" ".join(words), str(seed)).fields[at].values for seed in range(1000)}
    assert picked == {(number,) for number in numbers}


@pytest.mark.parametrize("step", [2, 3, 7, 10, 13, 20, 25, 30, 59])
def test_h_is_one_of_the_numbers_of_h_with_a_step(step: int) -> None:
    for seed in range(100):
        one = parse_cron("H * * * *", str(seed)).minute.values[0]
        many = parse_cron(f"H/{step} * * * *", str(seed)).minute.values
        assert one in many
        assert {after - before for before, after in pairwise(many)} <= {step}
        assert many[0] < step
        assert many[-1] + step > 59
        part = parse_cron("H(10-40) * * * *", str(seed)).minute.values[0]
        assert 10 <= part <= 40
        if step < 31:
            assert part in parse_cron(f"H(10-40)/{step} * * * *", str(seed)).minute.values


def test_h_is_no_star() -> None:
    assert not parse_cron("H/10 * * * *").minute.star
    assert not any(field.star for field in parse_cron("H H H H H").fields)


@pytest.mark.parametrize(
    ("form", "seed", "text"),
    [
        # These are promised: with another hash, everybody's schedules would move.
        ("H H * * *", "", "40 8 * * *"),
        ("H H * * *", "shop/orders", "14 18 * * *"),
        ("H/10 * * * *", "shop/orders", "4-54/10 * * * *"),
        ("H/7 H(8-17)/3 * * *", "shop/orders", "0-56/7 9,12,15 * * *"),
        ("h h H H H", "shop/orders", "14 18 3 11 2"),
        ("H(0-29),H(30-59) * * * *", "shop/orders", "14,44 * * * *"),
        ("0 3 * * H(fri-sun)", "shop/orders", "0 3 * * 6"),
        ("H H * * *", "café/über", "14 4 * * *"),
    ],
)
def test_what_h_picks_stays_the_same(form: str, seed: str, text: str) -> None:
    assert parse_cron(form, seed).text == text


def test_h_needs_no_seed_and_other_seeds_pick_others() -> None:
    assert parse_cron("H H * * *") == parse_cron("H H * * *", "")
    assert len({parse_cron("H H * * *", f"shop/{name}").text for name in "abcdefgh"}) > 6


# Debian's cron


@pytest.mark.outside
def test_debians_cron_accepts_what_is_written_for_a_crontab(require: Require, tmp_path: Path) -> None:
    require("crontab")
    if "dry run" not in subprocess.run(["crontab", "-h"], capture_output=True, text=True, check=False).stderr:
        pytest.skip("this is not Debian's crontab: it cannot only check")
    random = Random(1)
    texts = {parse_cron(form).text for form in ALIASES}
    texts |= {parse_cron(" ".join(["H"] * 5), str(seed)).text for seed in range(50)}
    while len(texts) < 3000:
        with contextlib.suppress(ScheduleError):
            texts.add(parse_cron(random_expression(random)).text)
    file = tmp_path / "crontab"
    file.write_text("".join(f"{text} true\n" for text in sorted(texts)), encoding="ascii")
    assert check_crontab(file) == ""
    # It is the file that is checked: one wrong line is found.
    file.write_text(f"{file.read_text()}60 * * * * true\n", encoding="ascii")
    assert "bad minute" in check_crontab(file)


def check_crontab(file: Path) -> str:
    """Return what Debian's cron has against a file, in a dry run that installs nothing."""
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["crontab", "-n", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return run.stderr.replace("The syntax of the crontab file was successfully checked.", "").strip()
