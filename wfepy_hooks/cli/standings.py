"""Telling how instances stand to the code, as ``wfepy check`` and ``wfepy migrate`` do."""

from __future__ import annotations

from ..standing import VERDICTS
from .loglines import shown_path
from .output import clean, result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..standing import Standing

__all__ = ["counted", "in_words", "tell_standing"]


def tell_standing(standing: Standing) -> None:
    """Print the verdict on an instance, then its changes or questions, each on a line of its own."""
    lines = [f"{standing.where}: {standing.verdict}"]
    if standing.questions:
        for question in standing.questions:
            lines.append(f"  {question.reason}")
            lines += [f"    {standing.command(option)}" for option in question.options]
            if question.hint:
                lines.append(f"    or {question.hint}")
    elif standing.error is not None:
        lines[0] = (
            f"{standing.where}: {standing.verdict}: {str(standing.error).removeprefix(standing.where + ': ')}"
        )
    lines += [f"  {change}" for change in ([] if standing.error else standing.changes)]
    for line in lines:
        result(clean(shown_path(line)))


def counted(standings: Iterable[Standing]) -> dict[str, int]:
    """Return how many instances got each verdict, those of which there is none left out."""
    found = [standing.verdict for standing in standings]
    return {verdict: found.count(verdict) for verdict in VERDICTS if verdict in found}


def in_words(counts: dict[str, int]) -> str:
    """Return these numbers as text, such as ``1 safe, 2 need a decision``."""
    return ", ".join(
        f"{count} {verdict.replace('needs', 'need') if count != 1 else verdict}"
        for verdict, count in counts.items()
    )
