"""Tables at a terminal: what becomes of columns that it has no room for."""

from __future__ import annotations

import pytest

from wfepy_hooks.cli.flags import Flags
from wfepy_hooks.cli.tables import show_table

HEADINGS = ("WHEN", "WORKFLOW", "WHAT", "RULE")
ROW = ("2026-11-26 06:00 EST", "nightly", "start 2026-11-26T1100Z")
RULE = "02:30 comes twice: the first time"


def drawn(
    rows: list[tuple[str, ...]],
    columns: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    flags = Flags()
    flags.color = "never"
    show_table(HEADINGS, rows, flags)
    return capsys.readouterr().out.splitlines()


def test_the_last_column_is_broken_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drawn([(*ROW, RULE)], 80, capsys, monkeypatch) == [
        "WHEN                  WORKFLOW  WHAT                    RULE",
        "2026-11-26 06:00 EST  nightly   start 2026-11-26T1100Z  02:30 comes twice: the",
        "                                                        first time",
    ]


def test_then_the_others_are_broken_at_spaces(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drawn([(*ROW, RULE)], 58, capsys, monkeypatch) == [
        "WHEN        WORKFLOW  WHAT              RULE",
        "2026-11-26  nightly   start             02:30 comes twice:",
        "06:00 EST             2026-11-26T1100Z  the first time",
    ]


def test_prose_shares_the_room_wherever_it_stands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ("2026-11-26T01:27:49Z", "coffee: article/1.4 is finished", RULE, "86e9152b")
    assert drawn([row], 72, capsys, monkeypatch) == [
        "WHEN                  WORKFLOW             WHAT                 RULE",
        "2026-11-26T01:27:49Z  coffee: article/1.4  02:30 comes twice:   86e9152b",
        "                      is finished          the first time",
    ]


def test_nothing_is_lost_where_there_is_no_room_at_all(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = drawn([(*ROW, RULE)], 30, capsys, monkeypatch)
    assert max(map(len, lines)) <= 30
    assert set("".join(ROW).replace(" ", "")) <= set("".join(lines))


def test_a_last_column_with_nothing_in_it_is_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drawn([(*ROW, "")], 56, capsys, monkeypatch) == [
        "WHEN                  WORKFLOW  WHAT",
        "2026-11-26 06:00 EST  nightly   start 2026-11-26T1100Z",
    ]
    assert drawn([], 56, capsys, monkeypatch) == ["WHEN  WORKFLOW  WHAT  RULE"]
