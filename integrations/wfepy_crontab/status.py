"""Say whether the lines of this project are in the crontab and current, what is due next, and what went wrong.

    wfepy crontab status

Exit code 0 if they are installed and current, else 1.

With --json: {"id", "state", "where", "lines": [LINE], "diff", "next": [{"workflow", "kind", "due"}], "log",
"trouble": [LINE], "backups"}; the state is installed, outdated, edited or not installed.
"""

from __future__ import annotations

import contextlib
import os
import re

from wfepy_hooks import WfepyError
from wfepy_hooks.commandline import clean, result, result_json, say

from .blocks import find_blocks
from .generators import project_id
from .places import backup_folder
from .settings import read_settings
from .show import unified
from .upcoming import coming, iso, local, utc
from .wishes import (
    add_cron_d,
    add_wishes,
    crontab_of,
    options_of,
    read_schedules,
    system_file,
    wanted_block,
    warn_of_environment,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from wfepy_hooks import Config

    from .blocks import Block

#: How many of the next moments, and of the last lines of trouble, are shown; how much of the log is looked at.
NEXT, LINES, TAIL = 3, 5, 100_000
_TROUBLE = re.compile(
    r"wfepy: (?:error|warning)|\b(?:failed|failing|timed.out|dead.end|retrying|Traceback)\b|^\S*sh: "
)

_TRACEBACK = "Traceback (most recent call last):"

_DAEMONS = {b"cron", b"crond", b"fcron", b"cronie", b"supercronic"}


def add_arguments(parser: ArgumentParser) -> None:
    add_wishes(parser)
    add_cron_d(parser)


def run(args: Namespace, config: Config) -> int:
    settings = read_settings(config, args)
    file = system_file(config, settings) if args.cron_d else None
    table = None if file else crontab_of(config, settings).read()
    block = file.block(project_id(config)) if file else _find(table, config)
    if block is not None:
        args = options_of(block, args)
    seen = _look(args, config, block)
    where = file.path if file else f"the crontab of {config.machine.user}"
    if args.json:
        result_json({"id": project_id(config), "where": where, **seen})
    else:
        result(f"{project_id(config)}: {_in_words(seen['state'], where)}")
        _print(seen, config)
        if block is not None and table is not None:
            warn_of_environment(table, block.id)
        if not a_daemon_runs():
            say("wfepy: warning: no cron is seen to run on this machine, and without one there are no ticks")
    return int(seen["state"] != "installed")


def _find(table: bytes | None, config: Config) -> Block | None:
    return next((each for each in find_blocks(table or b"") if each.id == project_id(config)), None)


def _look(args: Namespace, config: Config, block: Block | None) -> dict[str, Any]:
    """Return what ``--json`` prints, but for the id and the place."""
    settings = read_settings(config, args)
    state, diff = "not installed", ""
    if block is not None:
        wanted = wanted_block(args, config, settings).body if read_schedules(config) else b""
        diff = unified(block.body, wanted, "installed")
        state = "edited" if block.is_edited else "outdated" if diff else "installed"
    upcoming = coming(read_schedules(config), config.clock(), NEXT)
    return {
        "state": state,
        "lines": block.lines if block else [],
        "diff": diff,
        "next": [
            {"workflow": each.entry.workflow, "kind": each.entry.kind, "due": iso(each.occurrence)}
            for each in upcoming
        ],
        "log": settings.log,
        "trouble": read_trouble(settings.log),
        "backups": backup_folder(config.environ),
    }


def _print(seen: dict[str, Any], config: Config) -> None:
    for line in seen["lines"]:
        result(f"  {clean(line)}")
    if seen["diff"]:
        result(seen["diff"])
    for each in coming(read_schedules(config), config.clock(), NEXT):
        due = each.occurrence.due
        result(f"next     {local(due, each.schedule)} ({utc(due)})  {each.entry.kind} {each.entry.workflow}")
    _tell_log(seen["log"], seen["trouble"])
    result(f"backups  {seen['backups']}")


def _in_words(state: str, where: str) -> str:
    return {
        "installed": f"installed in {where}, and current",
        "outdated": f"outdated in {where}; wfepy crontab install brings it up to date",
        "edited": f"edited by hand in {where}; wfepy crontab install --force replaces it",
        "not installed": f"not installed in {where}; wfepy crontab install does that",
    }[state]


def _tell_log(log: str, trouble: list[str]) -> None:
    if not os.path.exists(log):
        result(f"log      {clean(log)}, not there yet: no tick has run")
    elif not trouble:
        result(f"log      {clean(log)}, no trouble in it")
    else:
        result(f"log      {clean(log)}, last trouble in it:")
        for line in trouble:
            result(f"  {clean(line)}")


def read_trouble(log: str) -> list[str]:
    """Return the last lines of a log that tell of something that went wrong.

    :raises WfepyError: if there is a log, and it cannot be read
    """
    try:
        with open(log, "rb") as stream:
            stream.seek(max(os.stat(log).st_size - TAIL, 0))
            text = stream.read().decode("utf-8", "backslashreplace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise WfepyError(f"the log cannot be read: {error.strerror}", where=log) from error
    return list(_troubles(text.splitlines()))[-LINES:]


def _troubles(lines: list[str]) -> Iterator[str]:
    """Yield the lines that tell of trouble; of a traceback, the one that says what it is about, if none has before."""
    last = ""
    for place, line in enumerate(lines):
        if not _TROUBLE.search(line):
            continue
        start, traceback, _ = line.partition(_TRACEBACK)
        if traceback:
            error = next(
                (each for each in lines[place + 1 :] if each.strip() and not each.startswith(" ")), ""
            )
            if not error or error in last:
                continue
            line = start + error
        last = line
        yield line


def a_daemon_runs() -> bool:
    """Return whether there is a process that is called like a cron; ``True`` where processes cannot be looked at."""
    pids = [name for name in os.listdir("/proc") if name.isdigit()] if os.path.isdir("/proc") else []
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as stream:
            words = [os.path.basename(word) for word in stream.read().split(b"\0")[:2]]
            if _DAEMONS & set(words):
                return True
    return not pids
