"""One line of a crontab, in the form that Debian's cron, cronie and crond of busybox run alike."""

from __future__ import annotations

import os
import re
import shlex

from wfepy_hooks import WfepyError, tick_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from wfepy_hooks import Config

__all__ = ["LONGEST", "command_line", "minutes_field", "quote"]

#: Bytes that a command may have: Debian's cron takes 998, and an installer of theirs may add a few.
LONGEST = 990


def quote(text: str) -> str:
    r"""Return ``text`` as one word for the shell, as it must be written in a crontab.

    * Cron makes a newline of each ``%``, within quotes too, but for ``\%``; busybox leaves both to the shell. So each
      ``%`` stands outside of the quotes, as ``\%``.
    * Debian's cron makes one of two backslashes, within quotes too. So no two of them stand side by side.
    * To crond of busybox each ``#`` begins a comment, within quotes and behind a backslash, too. So there is none.
    """
    return "".join(_FORMS.get(part) or _quoted(part) for part in re.split("([%#])", text) if part) or "''"


#: How what no quotes protect is written.
_FORMS = {"%": r"\%", "#": "\"$(printf '\\043')\""}


def _quoted(text: str) -> str:
    # Twice, for of three backslashes only the first two are seen at first.
    return shlex.quote(text).replace("\\\\", "\\''\\").replace("\\\\", "\\''\\")


def minutes_field(minutes: Iterable[int]) -> str:
    """Return the first field of a line that is due at these minutes of each hour."""
    from wfepy_hooks import Schedule

    numbers = sorted(set(minutes))
    if len(numbers) == 60:
        return "*"
    step = 60 // len(numbers)
    if len(numbers) > 1 and numbers == list(range(0, 60, step)) and 60 % step == 0:
        return f"*/{step}"
    return Schedule(f"{','.join(map(str, numbers))} * * * *").cron.minute.text


def command_line(config: Config, log: str, *, workflow: str = "", mail_errors: bool = False) -> str:
    """Return the command of a line: it advances what is due, in the project's folder.

    :param log: absolute path of the file that the ticks log to
    :param workflow: only this one
    :param mail_errors: let cron mail what the tick prints
    :raises WfepyError: if cron could not run it as it is meant; with what to do
    """
    tick = [*tick_command(config, [workflow] if workflow else []), "--log", log]
    for word in (config.root, *tick):
        _require_clean(word, config)
    shown = f"cd {quote(config.root)} && exec {' '.join(map(quote, tick))}"
    shown += " --mail-errors </dev/null" if mail_errors else f" >>{quote(log)} 2>&1 </dev/null"
    size = len(os.fsencode(shown))
    if size > LONGEST:
        raise WfepyError(
            f"the line would be {size} bytes long, and cron runs no more than {LONGEST}",
            where=config.root,
            hint=f"the paths are too long; {_by_a_link(config)}",
        )
    return shown


def _require_clean(word: str, config: Config) -> None:
    """Refuse what no quoting gets through every cron.

    :raises WfepyError: with what to do
    """
    if any(ord(c) < 32 or ord(c) == 127 for c in word):
        raise WfepyError(
            "there is a line break or another control character in this path, which cannot be in a crontab",
            where=word,
            hint=f"rename it, or {_by_a_link(config)}",
        )


def _by_a_link(config: Config) -> str:
    name = os.path.basename(config.file or "wfepy.toml")
    return (
        f"make a link (ln -s FOLDER /srv/{config.project})"
        f" and give the config by it (wfepy --config /srv/{config.project}/{name} crontab install)"
    )
