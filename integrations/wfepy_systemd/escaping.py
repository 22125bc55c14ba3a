"""Names and paths as systemd reads them back."""

from __future__ import annotations

import re

from wfepy_hooks import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BETWEEN", "command_line", "folder_path", "plain", "unit_name"]

_IN_NAMES = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
#: What is between a project and a workflow in the name of a unit.
BETWEEN = "--"
_LONE_DASH = re.compile(r"(?<=-)-|^-|-$")
#: Characters of the longest name of a unit, with its type.
_LONGEST_NAME = 255


def unit_name(project: str, workflow: str = "") -> str:
    """Return the name of the units of a project, or of one workflow of it, without their type.

    Between the two is ``--``, which neither of them has then: what systemd does not allow, and a ``-`` beside another
    or at an end, is written as ``systemd-escape`` does. (A ``:`` would do, but ``systemd-analyze verify`` would not.)

    :raises ConfigError: if it is too long for systemd
    """
    name = f"wfepy-{_escaped(project)}" + (f"{BETWEEN}{_escaped(workflow)}" if workflow else "")
    if len(name) + len(".service") > _LONGEST_NAME:
        raise ConfigError(f"its name is too long for a unit of systemd: {name[:60]}...", where=workflow[:60])
    return name


def _escaped(text: str) -> str:
    text = "".join(c if c in _IN_NAMES else "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in text)
    return _LONE_DASH.sub(r"\\x2d", text)


def plain(what: str, text: str) -> str:
    """Return ``text`` as the value of a setting.

    :param what: what it is, for the message
    :raises ConfigError: if systemd cannot read it back
    """
    if not _can_be_written(text):
        shown = text.encode("unicode_escape").decode()
        hint = "rename it, or make a link to its folder (ln -s) and run wfepy --config /LINK/wfepy.toml"
        what = f"{what} has a line break, another control character or bytes that are no UTF-8 in it"
        raise ConfigError(f"{what}, which cannot be in a unit of systemd", where=shown, hint=hint)
    return text.replace("%", "%%")


def _can_be_written(text: str) -> bool:
    return not any(
        code < 32
        or 0x7F <= code < 0xA0  # control characters
        or 0xD800 <= code < 0xE000  # bytes that are no UTF-8
        or 0xFDD0 <= code < 0xFDF0  # what Unicode calls no characters is no UTF-8 for systemd ...
        or code & 0xFFFE == 0xFFFE  # ... and there are more of them
        for code in map(ord, text)
    )


def folder_path(what: str, path: str) -> str:
    """Return an absolute path as the value of a setting that takes no quotes, such as ``WorkingDirectory=``.

    :raises ConfigError: if systemd cannot read it back
    """
    text = plain(what, path)
    # Blanks at the end are cut off and a backslash there joins the next line; systemd takes a last "/" away.
    return text + "/" if text != text.rstrip() or text.endswith("\\") else text


def command_line(words: Iterable[str]) -> str:
    """Return a command as the value of ``ExecStart=``.

    :raises ConfigError: if systemd cannot read it back
    """
    program, *rest = words
    if any(c in program for c in "\"'\\$"):
        # systemd runs no program of such a name, or tells it another one; but it passes any argument on.
        program, rest = "/bin/sh", ["-c", 'exec "$0" "$@"', program, *rest]
    # In the arguments, but not in the path of the program, "$" begins a variable, and "$$" is one "$".
    return " ".join([_quoted(program), *(_quoted(word).replace("$", "$$") for word in rest)])


def _quoted(word: str) -> str:
    text = plain("a word of the command", word)
    if text and all(c in _IN_NAMES or c in "/=:@+,%" for c in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
