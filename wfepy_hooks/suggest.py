"""Help with a misspelt word."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["closest", "did_you_mean"]


def closest(word: str, choices: Iterable[str]) -> str:
    """Return the choice that ``word`` is most likely a misspelling of, or nothing."""
    import difflib  # Imported lazily: only a mistake needs it.

    return next(iter(difflib.get_close_matches(word, list(choices), n=1)), "")


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return the hint of an error message: the likely choice, else all of them, else nothing."""
    known = list(choices)
    if match := closest(word, known):
        return f'did you mean "{match}"?'
    return f"known are {', '.join(known)}" if known else ""
