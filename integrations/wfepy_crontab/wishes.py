"""What the verbs of ``wfepy crontab`` share: their options, and what they want in the crontab."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shlex
from dataclasses import replace

from wfepy_hooks import UsageError, WfepyError, collect_schedules
from wfepy_hooks.commandline import clean, say

from .blocks import Block, find_blocks
from .generators import cron_d_name, cron_d_text, crontab_lines, project_id
from .program import CrontabProgram
from .systemfile import SystemFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config, ScheduleEntry

    from .settings import Settings

__all__ = [
    "add_cron_d",
    "add_wishes",
    "crontab_of",
    "options_of",
    "read_schedules",
    "require_unedited",
    "system_file",
    "wanted_block",
    "warn_of_environment",
]

#: Shells that understand the lines.
_SHELLS = frozenset({b"sh", b"ash", b"bash", b"dash", b"ksh", b"mksh", b"zsh"})


def add_wishes(parser: ArgumentParser) -> None:
    """Add the options that say what the lines shall be."""
    add = parser.add_argument
    add("--per-workflow", action="store_true", help="a line for each workflow that has a schedule or a start")
    add("--mail-errors", action="store_true", help="let cron mail what a tick has logged, if it failed")
    add(
        "--log",
        metavar="FILE",
        help="what the ticks log to (default: .wfepy/tick.log beside the config file)",
    )


def add_cron_d(parser: ArgumentParser) -> None:
    """Add the options about ``/etc/cron.d``."""
    add = parser.add_argument
    add("--cron-d", action="store_true", help="a file in /etc/cron.d instead of a user's crontab; as root")
    add(
        "--user",
        metavar="USER",
        help="with --cron-d: who runs the lines (default: who owns the project's folder)",
    )


def crontab_of(config: Config, settings: Settings) -> CrontabProgram:
    """Return where the user's crontab is."""
    return CrontabProgram(settings.program, config.environ)


def system_file(config: Config, settings: Settings) -> SystemFile:
    """Return where the project's file in ``/etc/cron.d`` is."""
    return SystemFile(os.path.join(settings.cron_d, cron_d_name(config)))


def read_schedules(config: Config) -> list[ScheduleEntry]:
    """Return all schedules; each can be read.

    :raises ScheduleError: if one cannot
    """
    entries = collect_schedules(config)
    for entry in entries:
        entry.schedule()
    return entries


def wanted_block(args: Namespace, config: Config, settings: Settings) -> Block:
    """Return the block that the options ask for.

    :raises WfepyError: if there is no schedule, or cron could not run it
    """
    entries = read_schedules(config)
    if not args.cron_d:
        if args.user:
            raise UsageError(
                "--user goes with --cron-d", hint="a user's crontab has no such field; be that user"
            )
        lines = crontab_lines(entries, config, settings)
        body = os.fsencode("".join(f"{line}\n" for line in lines))
        return Block.of(project_id(config), body, f"wfepy crontab install {settings.words()}".rstrip())
    config.machine = replace(config.machine, user=_system_user(args.user, config))
    return find_blocks(os.fsencode(cron_d_text(entries, config, settings)))[0]


def _system_user(name: str | None, config: Config) -> str:
    """Return who runs the lines of a system file.

    :raises WfepyError: if there is no such user
    """
    import pwd  # lazily: only POSIX has it, as it has cron

    try:
        if name is None:
            return pwd.getpwuid(os.stat(config.root).st_uid).pw_name
        return pwd.getpwnam(name).pw_name
    except KeyError:
        what = (
            f'there is no user "{name}"' if name else "nobody has a name who owns the folder of the project"
        )
        raise UsageError(what, hint="give a user of this machine: --user NAME") from None


def require_unedited(block: Block | None, *, force: bool, where: str) -> None:
    """Refuse to throw away what somebody has written by hand.

    :raises WfepyError: unless ``force`` is given
    """
    if block is not None and block.is_edited and not force:
        raise WfepyError(
            f"somebody has changed the lines of {block.id} by hand, and they were left as they are",
            where=where,
            hint="--force replaces them (a backup is kept); wfepy crontab show --diff shows what would change",
        )


def warn_of_environment(table: bytes, id: str) -> None:
    """Say which lines above those of a project change what they do."""
    above = table.partition(f"# wfepy begin {id} ".encode())[0]
    for number, line in enumerate(above.split(b"\n"), 1):
        name, equals, value = (part.strip() for part in line.partition(b"="))
        shown = clean(os.fsdecode(line).strip())
        if equals and name in (b"CRON_TZ", b"TZ"):
            say(f"wfepy: warning: crontab, line {number}: {shown} moves the lines below it, with some crons")
        elif equals and name == b"SHELL" and os.path.basename(value.strip(b"\"'")) not in _SHELLS:
            say(f"wfepy: warning: crontab, line {number}: {shown} runs the lines below it, which are for sh")


def options_of(block: Block, args: Namespace) -> Namespace:
    """Return the options that an installed block was made with, as its own first line says, and those of ``args``."""
    parser = argparse.ArgumentParser(add_help=False)
    add_wishes(parser)
    add_cron_d(parser)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            options, _ = parser.parse_known_args(
                shlex.split(block.made)[3:], argparse.Namespace(**vars(args))
            )
    except (ValueError, SystemExit):  # somebody has changed it
        return args
    options.log = args.log or options.log
    options.user = args.user or options.user
    return options
