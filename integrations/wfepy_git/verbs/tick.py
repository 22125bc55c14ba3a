"""Pull, tick and push, while no other machine ticks the same workflows.

    */10 * * * *  cd /srv/coffee && wfepy git tick --due

The lease of each workflow is taken first: a workflow that another machine works on is left to it. A long tick renews
the lease. What cannot be pushed in the end is kept and goes with the next push. The options are those of wfepy tick.
"""

from __future__ import annotations

from wfepy_hooks import ConfigError, WfepyError
from wfepy_hooks.commandline import add_tick_arguments, clean, plain_tick_arguments, result, say

from .pull import pulled_line, tell_busy
from .push import pushed_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import SimpleNamespace

    from wfepy_hooks import Config

    from ..leases import Lease
    from ..repository import StateRepository

#: The exit code of what somebody has ended, here by anything that is no Exception.
_INTERRUPTED = 130


def add_arguments(parser: ArgumentParser) -> None:
    add_tick_arguments(parser)


def plain_arguments(words: list[str]) -> SimpleNamespace | None:
    """Return what the parser would for a command line as schedulers have it, and ``None`` for any other."""
    return plain_tick_arguments(words)


def run(args: Namespace, config: Config) -> int:
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
    args.workflows = lease.workflows
    try:
        with lease.renewed():
            code = _tick_and_tell(args, config)
    except BaseException as error:
        # Whatever ended the tick, its results are recorded, and others must know of them.
        pushing = _push(args, repository)
        if pushing is not None:
            raise error from pushing
        raise
    problem = _push(args, repository)
    return code if problem is None else max(code, problem.exit_code)


def _tick_and_tell(args: Namespace, config: Config) -> int:
    """Tick, and let plugins do what others are to know of by the same push."""
    from ..sharing import tell_ticked

    code = _INTERRUPTED
    try:
        code = _tick(args, config)
    except Exception as error:
        code = error.exit_code if isinstance(error, WfepyError) else 1
        raise
    finally:
        tell_ticked(config, args.workflows, code)
    return code


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
