"""``wfepy --help`` and ``--version``, which work whatever else is broken."""

from __future__ import annotations

import os
import sys

from ..errors import WfepyError
from .flags import FLAGS, Flags
from .output import clean, result, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..commands import Commands, CommandSpec
    from ..config import Config

__all__ = ["load_leniently", "show_commands", "show_version"]

#: Where the texts begin at most.
_COLUMN = 25


def show_version() -> int:
    """Print the version."""
    from .. import __version__

    result(f"wfepy-hooks {__version__} (Python {sys.version.split()[0]})")
    return 0


def load_leniently(flags: Flags) -> tuple[Config, Commands]:
    """Return the configuration and the commands; what is wrong with them is told, and left out."""
    from ..commands import Commands
    from ..config import Config
    from ..plugins import BUILTIN
    from . import core, load_config

    try:
        config = load_config(flags)
    except WfepyError as error:
        say(f"wfepy: warning: {clean(str(error))}")
        config = Config(os.sep)
        config.plugins.register(core, "commands", BUILTIN)
    try:
        return config, config.commands()
    except WfepyError as error:
        say(f"wfepy: warning: {clean(str(error))}")
        commands = Commands(lambda: "commands")
        core.wfepy_add_commands(commands)
        return config, commands


def show_commands(commands: Commands, config: Config, *, asked: bool) -> int:
    """Print what there is; to standard error if nobody asked for it."""
    lines = list(_help(commands, config))
    for failure in config.plugins.failures:
        lines += ["", f"wfepy: warning: {clean(str(failure))}"]
    (result if asked else say)("\n".join(lines))
    return 0 if asked else 2


def _help(commands: Commands, config: Config) -> Iterator[str]:
    from .core import GROUPS

    yield "usage: wfepy [options] COMMAND ..."
    yield ""
    yield "Durable workflows with no server."
    ours = {name for group in GROUPS.values() for name in group}
    column = min(max(len(each.name) for each in commands) + 4, _COLUMN)
    for title, group in GROUPS.items():
        listed = ((name, help) for name, help in group.items() if commands.get(name))
        yield from _section(title, listed, column)
    others = sorted((each.name, _plugin_help(each)) for each in commands if each.name not in ours)
    if others:
        yield from _section("from plugins", others, column)
    yield from _section("options", FLAGS)
    try:
        theirs = list(_plugin_options(config))
    except WfepyError as error:
        theirs = []
        say(f"wfepy: warning: {clean(str(error))}")
    if theirs:
        yield from _section("options from plugins", theirs)
    yield ""
    yield "wfepy COMMAND --help says more about a command."


def _plugin_help(spec: CommandSpec) -> str:
    """Return what a plugin's command does, and whose it is where its name does not say so."""
    return spec.help if spec.plugin == f"wfepy_{spec.name}" else f"{spec.help} [{spec.plugin}]"


def _plugin_options(config: Config) -> Iterator[tuple[str, str]]:
    """Return what plugins add to each command, as argparse words it."""
    if not config.plugins.implementers("wfepy_add_options"):
        return
    from argparse import SUPPRESS  # lazily: nothing else here needs it

    from .parsing import Parser

    parser = Parser(adding=lambda: config.plugins.calling, prog="wfepy", add_help=False)
    config.plugins.setup("wfepy_add_options", parser=parser)
    formatter = parser._get_formatter()
    for action in parser._actions:
        if action.option_strings and action.help is not SUPPRESS:
            text = formatter._expand_help(action) if action.help else ""
            yield formatter._format_action_invocation(action), text


def _section(title: str, entries: Iterable[tuple[str, str]], column: int = _COLUMN) -> Iterator[str]:
    """Yield a heading, and each name with what it does: a column from ``column`` on, as wide as the terminal."""
    import textwrap

    from .parsing import help_width

    yield ""
    yield f"{title}:"
    for name, text in entries:
        first, *more = textwrap.wrap(clean(text), max(help_width() - column, 20), break_long_words=False) or [
            ""
        ]
        start = f"  {name}"
        if len(start) > column - 2:
            yield start
            start = ""
        yield f"{start:<{column}}{first}".rstrip()
        yield from (" " * column + line for line in more)
