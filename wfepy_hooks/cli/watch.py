"""Tick again and again, in the foreground, where there is no cron: in a container, or while trying things out.

    wfepy watch
    wfepy watch --every 5min

Each tick is a process of its own and the next one waits for its end. The first tick comes at once, for whatever was
missed; from then on they come at the very moments of the schedules, or every so often. After a change of the config
file it begins anew. SIGTERM and Ctrl-C end it, when the tick in hand has finished what it is writing; a second one ends
that tick at once. The exit code is 0 then.
"""

from __future__ import annotations

import os
import sys

from ..errors import ConfigError, UsageError
from .naming import pick_workflow
from .output import moment, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from ..config import Config


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("workflows", nargs="*", metavar="WORKFLOW", help="only this one (may be repeated)")
    parser.add_argument(
        "--every",
        metavar="DURATION",
        help='tick so often, such as "90s" or "5min", whatever the schedules say',
    )
    parser.add_argument("--log", metavar="FILE", help="as wfepy tick --log")


def run(args: Namespace, config: Config) -> int:
    from ..watching import Watch, next_moment  # lazily: subprocess takes 10 ms

    if not config.workflows:
        hint = "configure one in wfepy.toml; wfepy new makes a project"
        raise ConfigError("there is no workflow to watch", where=config.file or config.root, hint=hint)
    names = [pick_workflow(config, word) for word in args.workflows]
    for name in names:
        if name not in config.workflows:
            from ..suggest import did_you_mean

            hint = did_you_mean(name, list(config.workflows))
            raise ConfigError(f'there is no workflow "{name}"', hint=hint)
    following = _every(args.every) if args.every is not None else next_moment(config, names or None)
    changes = _Changes(config.file)

    def tell(text: str) -> None:
        if args.flags.verbosity > 0:
            say(f"{moment(config.clock)} {text}")

    watch = Watch(_tick_command(args), following, config.clock, tell, changes.since_the_start)
    if watch.run():
        say(f"{moment(config.clock)} the config file has changed: beginning anew")
        # The words behind "wfepy" or "python -m wfepy_hooks" by which this process was started.
        os.execv(sys.executable, [sys.executable, "-m", "wfepy_hooks", *sys.argv[1:]])
    if args.flags.verbosity >= 0:
        say(f"{moment(config.clock)} stopped")
    return 0


def _every(text: str) -> Callable[[datetime], datetime]:
    from ..timing import parse_duration

    try:
        every: timedelta = parse_duration(text, "--every")
    except ValueError as error:
        raise UsageError(str(error)) from error
    if every.total_seconds() < 0.1:
        raise UsageError(f"--every {text} is too often", hint="take a second or more")
    return lambda moment: moment + every


def _tick_command(args: Namespace) -> list[str]:
    words = [sys.executable, "-m", "wfepy_hooks", *args.flags.words(), "tick"]
    if args.every is None:
        words.append("--due")
    if args.log is not None:
        words += ["--log", args.log]
    return [*words, *args.workflows]


class _Changes:
    """Whether the config file was written since this was made."""

    def __init__(self, file: str | None) -> None:
        self._file = file
        self._stamp = self._now()

    def _now(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._file) if self._file is not None else None
        except OSError:  # an editor may be replacing it
            return None
        return found and (found.st_mtime_ns, found.st_size)

    def since_the_start(self) -> bool:
        now = self._now()
        return now is not None and now != self._stamp
