"""The two tables of a run, in Markdown: our lines against their goals, and the peers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.harness import judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.harness import Result, Row

__all__ = ["goals_table", "peers_table", "quantity"]

COLUMNS = ("ours", "wfepy", "burr", "doit", "SpiffWorkflow", "floor")


def quantity(value: float | str | None, unit: str = "s") -> str:
    """Write a measured value: seconds as us, ms or s, other units as they are."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if unit != "s":
        return f"{value:.2f}" if unit == "exponent" else f"{value:,.0f} {unit}".rstrip()
    if value < 1e-3:
        return f"{value * 1e6:.0f} us"
    return f"{value * 1e3:.1f} ms" if value < 1 else f"{value:.2f} s"


def goals_table(rows: Sequence[Row]) -> str:
    """Return a line for each row: the work, ours, the other, the ratio, the goal, and whether it is met."""
    lines: list[tuple[str, ...]] = [("work", "ours", "against", "ratio", "goal", "")]
    for row in rows:
        other = f"{quantity(row.other, row.unit)} ({row.against})" if row.against else ""
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        unit = "" if row.against or row.unit == "exponent" else f" {row.unit}"
        goal = f"<= {row.goal:g}{unit}".rstrip() if row.goal is not None else ""
        verdict = " ".join(part for part in (judge(row), row.note) if part)
        lines.append((row.work, quantity(row.ours, row.unit), other, ratio, goal, verdict))
    return _markdown(lines)


def peers_table(results: Mapping[str, Result]) -> str:
    """Return a line for each work that peers can do too, a column for each of them."""
    lines: list[tuple[str, ...]] = [("work", *COLUMNS)]
    for name, result in results.items():
        if result.peers:
            lines.append((name, *(quantity(result.peers.get(column)) for column in COLUMNS)))
    return _markdown(lines)


def _markdown(lines: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    drawn = []
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        drawn.append(f"| {' | '.join(cells)} |")
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([drawn[0], rule, *drawn[1:]])
