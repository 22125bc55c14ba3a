"""One line of a crontab, in the form that Debian's cron, cronie and crond of busybox run alike."""

from __future__ import annotations

import os
import shlex

from wfepy_hooks import WfepyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from wfepy_hooks.config import Config

__all__ = ["LONGEST", "minutes_field", "quote", "tick_command"]

#: Bytes that a command may have: Debian's cron takes 998, and an installer of theirs may add a few.
LONGEST = 990


def quote(text: str) -> str:
    r"""Return ``text`` as one word for the shell, as it must be written in a crontab.

    Cron makes a newline of each ``%``, within quotes too, but for ``\%``; busybox leaves both to the shell. So each
    ``%`` stands outside of the quotes, as ``\%``. Debian's cron makes one of two backslashes, also within quotes; so no
    two of them stand side by side.
    """
    words = (
        shlex.quote(part).replace("\\\\", "\\''\\").replace("\\\\", "\\''\\") for part in text.split("%")
    )
    return "\\%".join("" if word == "''" else word for word in words) or "''"


def minutes_field(minutes: Iterable[int]) -> str:
    """Return the first field of a line that is due at these minutes of each hour."""
    from wfepy_hooks import Schedule

    numbers = sorted(set(minutes))
    if len(numbers) == 60:
        return "*"
    return Schedule(f"{','.join(map(str, numbers))} * * * *").cron.minute.text


def tick_command(config: Config, log: str, *, workflow: str = "", mail_errors: bool = False) -> str:
    """Return the command of a line: it advances what is due, in the project's folder.

    :param log: absolute path of the file that the ticks log to
    :param workflow: only this one
    :param mail_errors: let cron mail what the tick prints
    :raises WfepyError: if cron could not run it as it is meant; with what to do
    """
    named = {"the folder of the project": config.root, "the log": log, "Python": config.machine.python}
    words = ["cd", quote(config.root), "&&", "exec", quote(config.machine.python), "-m", "wfepy_hooks"]
    if not _is_found(config):
        file = config.file or ""
        named["the config file"] = file
        words += ["--config", quote(file)]
    words += ["tick", *([quote(workflow)] if workflow else []), "--due", "--log", quote(log)]
    words += ["--mail-errors"] if mail_errors else [f">>{quote(log)}", "2>&1"]
    for what, path in named.items():
        _require_clean(what, path)
    command = " ".join([*words, "</dev/null"])
    if len(os.fsencode(command)) > LONGEST:
        raise WfepyError(
            f"the line would be {len(os.fsencode(command))} bytes long, and cron runs no more than {LONGEST}",
            where=config.root,
            hint=f"shorten the paths: {_by_a_link(config)}",
        )
    return command


def _is_found(config: Config) -> bool:
    """Return whether a tick in the project's folder finds the config file by itself."""
    name = os.path.basename(config.file or "wfepy.toml")
    if name == "pyproject.toml":
        return not os.path.exists(os.path.join(config.root, "wfepy.toml"))
    return name == "wfepy.toml"


def _require_clean(what: str, path: str) -> None:
    """Refuse a path that no quoting gets through every cron.

    :raises WfepyError: with what to do
    """
    if any(ord(c) < 32 or ord(c) == 127 for c in path):
        wrong = "a line break or another control character"
    elif " #" in path:
        wrong = 'a space and a "#", where some crons see a comment'
    else:
        return
    hint = "rename it, or make a link to its folder (ln -s) and give the config by that: wfepy --config LINK/wfepy.toml"
    raise WfepyError(f"{what} has {wrong} in its path, and cannot be in a crontab", where=path, hint=hint)


def _by_a_link(config: Config) -> str:
    name = os.path.basename(config.file or "wfepy.toml")
    return f"make a link with a short name (ln -s FOLDER /srv/{config.project}) and run " + (
        f"wfepy --config /srv/{config.project}/{name} crontab install"
    )
