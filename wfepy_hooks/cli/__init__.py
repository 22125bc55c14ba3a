"""The command ``wfepy``: from its arguments to an exit code.

One file of this package is one command. They are added through ``wfepy_add_commands`` in :mod:`.core`, as the commands
of plugins are, and only the one that runs is imported.
"""

from __future__ import annotations

import os
import sys

from ..errors import InternalError, UsageError, WfepyError
from ..interrupts import INTERRUPTED
from ..notices import told_by
from .flags import Flags
from .output import clean, close_streams, say, tell_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence
    from logging import Handler
    from types import ModuleType

    from ..commands import CommandModule, Commands, CommandSpec
    from ..config import Config
    from .ticklog import TickLog

__all__ = ["load_config", "main"]

#: The commands that work with broken plugins and a broken configuration.
NEED_NOTHING = ("plugins", "new")
#: The commands for which a broken plugin is worth a warning: they only look, or leave a signal to the ticks to come.
RUN_NOTHING = ("status", "show", "history", "graph", "why", "signal")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0: fine, finished or waiting; 1: a task failed or an instance is dead; 2: usage; 3: state; 4: configuration or
    plugin; 130: interrupted.
    """
    flags = Flags()
    try:
        with told_by(lambda: _last_resort(flags)):
            return _run(flags, list(sys.argv[1:] if argv is None else argv))
    except WfepyError as error:
        tell_error(error, flags)
        return error.exit_code
    except KeyboardInterrupt:
        say("wfepy: interrupted; what was done is saved; the next run or tick goes on from there")
        return INTERRUPTED
    except SystemExit as ending:  # argparse ends --help so
        return _exit_code(ending)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told in one line
        tell_error(_bug(error), flags)
        return InternalError.exit_code
    finally:
        close_streams()


def _last_resort(flags: Flags) -> Handler:
    from .lastresort import LastResort  # lazily: it is only made where something is logged

    return LastResort(flags)


def _exit_code(ending: SystemExit) -> int:
    return ending.code if isinstance(ending.code, int) else 0


def _run(flags: Flags, words: list[str]) -> int:
    words = flags.take(words)
    if flags.version:
        from .help import show_version

        return show_version()
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    wants_help = "-h" in words or "--help" in words
    if wants_help or not words or words[0] in NEED_NOTHING:
        from .help import load_leniently  # lazily: only where broken plugins are to be shown

        config, commands = load_leniently(flags)
    else:
        config = load_config(flags)
        commands = config.commands()
    spec, words = _pick(commands, words)
    if spec is None:
        from .help import show_commands

        return show_commands(commands, config, asked=wants_help)
    if not wants_help and spec.name not in NEED_NOTHING:
        _require_plugins(config, spec.name)
    return _execute(spec, words, flags, config)


def load_config(flags: Flags) -> Config:
    """Return the configuration that the command line asks for, with its plugins.

    Where there is no config file it is an empty one: workflows can be given as files.

    :raises ConfigError: if the config file is wrong, or the one that was asked for is not there
    """
    from ..config import Config, find_config
    from ..plugins import BUILTIN
    from . import core

    _require_folder()
    trace = say if flags.trace_hooks else None
    file = flags.config if flags.config is not None else find_config()
    if file is None:
        config = Config.without_file(plugins=flags.plugins, autoload=flags.autoload, trace=trace)
    else:
        config = Config.load(file, plugins=flags.plugins, autoload=flags.autoload, trace=trace)
    if flags.state is not None:
        from os.path import abspath

        config.state = abspath(flags.state)
    config.plugins.register(core, "wfepy:commands", BUILTIN)
    return config


def _require_plugins(config: Config, command: str) -> None:
    """Refuse to run workflows without a plugin that could not be loaded; what runs none is done with a warning.

    :raises PluginError: for a command that is none of :data:`RUN_NOTHING`
    """
    try:
        config.plugins.require_healthy()
    except WfepyError as error:
        if command not in RUN_NOTHING:
            raise
        say(f"wfepy: warning: {clean(str(error))}")


def _require_folder() -> None:
    try:
        os.getcwd()
    except OSError as error:
        raise UsageError(
            f"the working directory is gone: {error.strerror}", hint="cd to one that exists"
        ) from error


def _pick(commands: Commands, words: list[str]) -> tuple[CommandSpec | None, list[str]]:
    """Return the command and the words without it; options of plugins may stand before it.

    :raises UsageError: if there is no such command
    """
    for place, word in enumerate(words):
        if word.startswith("-"):
            continue
        spec = commands.get(word)
        if spec is not None:
            return spec, [*words[:place], *words[place + 1 :]]
        before = words[place - 1] if place else ""
        if before.startswith("-") and "=" not in before and any(map(commands.get, words[place:])):
            continue  # it may be the value of that option
        from ..suggest import did_you_mean

        raise UsageError(
            f'there is no command "{word}"', hint=did_you_mean(word, [each.name for each in commands])
        )
    if words and words[0] not in ("-h", "--help"):
        raise UsageError(
            f"there is no option {words[0]} before a command", hint="wfepy --help lists the options"
        )
    return None, words


def _execute(spec: CommandSpec, words: list[str], flags: Flags, config: Config) -> int:
    module = spec.load()
    arguments = _parse(spec, module, words, config)  # type: ignore[arg-type]  # an object will do, too
    arguments.flags = flags
    config.command = spec.name
    log_of = getattr(module, "log_of", None)
    log: TickLog | None = log_of(arguments) if log_of is not None else None
    if log is None:
        return _configured(spec, module, arguments, config)
    log.clock = config.clock
    with log:  # what the observers of the command say belongs there, too
        log.exit_code = _configured(spec, module, arguments, config)
    return log.exit_code


def _configured(spec: CommandSpec, module: CommandModule, arguments: Namespace, config: Config) -> int:
    """Run a command, with the plugins prepared before and cleaned up after it."""
    try:
        _configure(config, arguments)
        if arguments.flags.trace_config:
            from .plugins import header

            for line in header(config):
                say(line)
        code = _observed(config.command, config, lambda: spec.run(module, arguments, config))
    except Exception as error:
        if not isinstance(error, WfepyError) or spec.has_raised(error):
            config.plugins.notify("wfepy_internal_error", None, error=error)
        raise
    finally:
        config.close()
    return code


def _configure(config: Config, arguments: Namespace) -> None:
    try:
        config.configure(arguments)
    except WfepyError as error:
        if config.command not in NEED_NOTHING:
            raise
        config.plugins.note_failure(error)  # which wfepy plugins shows


def _observed(command: str, config: Config, run: Callable[[], int]) -> int:
    """Run a command, and tell the observers that it begins and how it ends."""
    host, code = config.plugins, InternalError.exit_code
    if host.command_started:
        host.notify("wfepy_command_started", None, config=config, command=command)
    try:
        code = run()
    except WfepyError as error:
        code = error.exit_code
        raise
    except KeyboardInterrupt:
        code = INTERRUPTED
        raise
    except SystemExit as ending:
        code = _exit_code(ending)
        raise
    finally:
        if host.command_finished:
            host.notify("wfepy_command_finished", None, config=config, command=command, exit_code=code)
    return code


def _parse(spec: CommandSpec, module: ModuleType, words: list[str], config: Config) -> Namespace:
    plain = getattr(module, "plain_arguments", None)
    if plain is not None and not config.plugins.implementers("wfepy_add_options"):
        found: Namespace | None = plain(words)  # argparse would cost a plain tick 8 ms
        if found is not None:
            return found
    from .parsing import parse

    return parse(spec, module, words, config)


def _bug(error: Exception) -> InternalError:
    """Return an error that is nobody's but ours as one that can be told."""
    from ..wording import describe_error, origin

    what = f"internal error: {describe_error(error)} ({origin(error)})"
    made = InternalError(what, hint="please report it, with what --traceback shows")
    made.__cause__ = error
    return made
