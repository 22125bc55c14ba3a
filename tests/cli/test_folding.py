"""Lines that are too long for a terminal."""

from __future__ import annotations

from wfepy_hooks.cli.folding import folded

START = "   1  2026-11-23T06:13:34Z"


def test_a_line_that_fits_stays_one() -> None:
    line = f"{START}  a completed 0.1 ms  -> b: taken"
    assert folded(START, ["a completed 0.1 ms", "-> b: taken"], len(line)) == line


def test_a_part_that_does_not_fit_goes_below_the_first() -> None:
    parts = ["review completed 0.1 ms", "(took mail-1)", "-> publish: true", "[review = 1]"]
    assert folded(START, parts, 70) == (
        "   1  2026-11-23T06:13:34Z  review completed 0.1 ms  (took mail-1)\n"
        "                            -> publish: true  [review = 1]"
    )


def test_a_part_that_fits_on_no_line_is_broken_at_its_spaces() -> None:
    assert folded("  1", ["a failed: the printer at /dev/usb/lp-0 is on fire", "-> b: taken"], 35) == (
        "  1  a failed: the printer at\n       /dev/usb/lp-0 is on fire\n     -> b: taken"
    )


def test_where_nobody_looks_nothing_is_folded() -> None:
    assert "\n" not in folded(START, ["word " * 100], None)
    assert "\n" not in folded(START, ["word " * 100], 40), "so narrow that the terminal does it better"


def test_a_long_word_is_not_lost() -> None:
    word = "x" * 200
    assert "".join(folded(START, [f"a = {word}"], 80).split()).endswith(word)
