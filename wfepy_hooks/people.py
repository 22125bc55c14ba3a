"""Who it is that steps in or sends a signal. A name that somebody says of themselves; nothing checks it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UNKNOWN", "who"]

UNKNOWN = "unknown"


def who(environ: Mapping[str, str], said: str = "") -> str:
    """Return a name for the person or program that gives a command; never empty.

    It is the first of: what was ``said``, as with ``--by``; ``WFEPY_BY``; ``GITHUB_ACTOR``, who started the job; the
    login name; ``unknown``. What does not show on one line is left out of it.
    """
    for name in (said, environ.get("WFEPY_BY", ""), environ.get("GITHUB_ACTOR", "")):
        if found := _printable(name):
            return found
    return _printable(_login(environ)) or UNKNOWN


def _printable(name: str) -> str:
    return "".join(c for c in name if c.isprintable()).strip()


def _login(environ: Mapping[str, str]) -> str:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):  # as getpass looks them up
        if environ.get(variable):
            return environ[variable]
    try:
        import os
        import pwd  # lazily: not there on Windows

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, AttributeError, KeyError, OSError):
        return ""
