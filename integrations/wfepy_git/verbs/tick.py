"""Pull, tick and push, while no other machine ticks the same workflows.

    */10 * * * *  cd /srv/coffee && wfepy git tick --due

The lease of each workflow is taken first: a workflow that another machine works on is left to it. A long tick renews
the lease. What cannot be pushed in the end is kept and goes with the next push. The options are those of wfepy tick.
"""

from __future__ import annotations

from types import SimpleNamespace

from wfepy_hooks import ConfigError, UsageError, WfepyError
from wfepy_hooks.commandline import clean, result, say

from .pull import pulled_line, tell_busy
from .push import pushed_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks.config import Config

    from ..leases import Lease
    from ..repository import StateRepository


def add_arguments(parser: ArgumentParser) -> None:
    from wfepy_hooks.commandline import add_json

    add = parser.add_argument
    add("workflows", nargs="*", metavar="WORKFLOW", help="only this one (may be repeated)")
    add(
        "--due", action="store_true", help="leave out the workflows whose schedule is not due; for schedulers"
    )
    add(
        "--log",
        metavar="FILE",
        help="append what is printed to FILE, which is renamed to FILE.1 and so on at 1 MB",
    )
    add(
        "--mail-errors",
        action="store_true",
        help="with --log: print it too, if the exit code is not 0, so that cron mails it",
    )
    add_json(parser)


def plain_arguments(words: list[str]) -> SimpleNamespace | None:
    found = SimpleNamespace(workflows=[], due=False, log=None, mail_errors=False, json=False)
    rest = iter(words)
    for word in rest:
        if word == "--due":
            found.due = True
        elif word == "--mail-errors":
            found.mail_errors = True
        elif word == "--log":
            found.log = next(rest, "-")
        elif not word.startswith("-"):
            found.workflows.append(word)
        else:
            return None
    return None if (found.log or "").startswith("-") else found


def run(args: Namespace, config: Config) -> int:
    if args.log is None:
        if args.mail_errors:
            raise UsageError("--mail-errors says nothing without --log", hint="add --log FILE")
        return _run(args, config)
    if args.json:
        raise UsageError("--json and --log cannot both have the results", hint="leave one of them out")
    from wfepy_hooks import TickLog  # lazily: only schedulers want one

    with TickLog(args.log, mail_errors=args.mail_errors) as log:
        log.exit_code = _run(args, config)
    return log.exit_code


def _run(args: Namespace, config: Config) -> int:
    from ..errors import LeaseHeld
    from ..repository import StateRepository

    names = args.workflows or list(config.workflows)
    if not names:
        where = config.file or config.root
        raise ConfigError("there is no workflow to tick", where=where, hint="configure one in wfepy.toml")
    for name in names:
        if name not in config.workflows:
            raise ConfigError(f'there is no workflow "{name}"', where=config.file or config.root)
    repository = StateRepository.from_config(config)
    try:
        lease, held = repository.lease_what_is_free(names)
    except LeaseHeld as error:  # the last tick of this folder is not over yet
        say(clean(f"wfepy: {error.what}, and goes on with it"))
        return 0
    with lease:
        for info in held.values():
            until = f" until {info.expires:%Y-%m-%d %H:%M:%SZ}, unless it renews it" if info.expires else ""
            say(clean(f"wfepy: {info.holder} works on {info.workflow}{until}, and goes on with it"))
        if not lease.workflows:
            return 0
        pulled = repository.pull()
        tell_busy(pulled.busy)
        if pulled.changed and not args.json:
            _tell(args, pulled_line(pulled, repository.settings.branch))
        return _tick_and_push(args, config, repository, lease)


def _tick_and_push(args: Namespace, config: Config, repository: StateRepository, lease: Lease) -> int:
    args.workflows, args.log, args.mail_errors = lease.workflows, None, False
    try:
        with lease.renewed():
            code = _tick(args, config)
    except BaseException as error:
        # Whatever ended the tick, its results are recorded, and others must know of them.
        pushing = _push(args, repository)
        if pushing is not None:
            raise error from pushing
        raise
    problem = _push(args, repository)
    return code if problem is None else max(code, problem.exit_code)


def _tick(args: Namespace, config: Config) -> int:
    spec = config.commands().get("tick")
    if spec is None:
        raise ConfigError("there is no command tick: a plugin is blocked")
    return spec.load().run(args, config)


def _push(args: Namespace, repository: StateRepository) -> WfepyError | None:
    """Push, and say what came of it; return the error that was said."""
    try:
        pushed = repository.push(release=True)
    except WfepyError as error:
        say(f"wfepy: error: {clean(str(error))}")
        return error
    tell_busy(pushed.busy)
    if pushed.is_changed and not args.json:
        _tell(args, pushed_line(pushed, repository.settings.branch))
    return None


def _tell(args: Namespace, line: str) -> None:
    if args.flags.verbosity >= 0:
        result(line)
