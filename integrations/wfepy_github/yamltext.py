"""Text as YAML and GitHub read it back."""

from __future__ import annotations

import re

from wfepy_hooks import ConfigError

__all__ = ["plain", "quoted", "remark"]

#: Words that stay text without quotes: no number, no date, no ``yes``, nothing that YAML acts on.
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[ ./-][A-Za-z0-9_][A-Za-z0-9_]*)*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def plain(what: str, text: str, *, lines: bool = False) -> str:
    """Return ``text`` if it can stand in a workflow file as it is.

    :param what: what it is, for the message
    :param lines: whether it may have several lines
    :raises ConfigError: if GitHub would evaluate a part of it, or a control character is in it
    """
    if "${{" in text:
        hint = "secrets go by their names into the list secrets"
        raise ConfigError(
            f"{what} has ${{{{ in it, which GitHub would evaluate", where=_shown(text), hint=hint
        )
    if not all(each.isprintable() or (lines and each in "\n\t") for each in text):
        raise ConfigError(f"{what} has a line break or another control character in it", where=_shown(text))
    return text


def _shown(text: str) -> str:
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f'"{shown[:60]}"'


def quoted(text: str) -> str:
    """Return ``text`` as a scalar: bare where nobody could misread it, else in double quotes."""
    if _BARE.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_escaped(each) for each in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    return {"\n": "\\n", "\t": "\\t"}.get(character) or (
        f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
    )


def remark(text: str) -> str:
    """Return ``text`` for a comment: on one line, and nothing that a linter takes for an instruction to it."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return re.sub(r"zizmor(?=\s*:)", "zizmor ", shown)
