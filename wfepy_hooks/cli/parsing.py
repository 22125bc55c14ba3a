"""The parser of one command; the others are not built."""

from __future__ import annotations

import argparse
import shutil
import textwrap

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import NoReturn

    from ..commands import CommandSpec
    from ..config import Config

__all__ = ["Parser", "add_json", "parse"]


class Parser(argparse.ArgumentParser):
    """A parser whose errors are ours."""

    def error(self, message: str) -> NoReturn:
        """Raise :exc:`.UsageError` in place of printing the usage and ending the process."""
        raise UsageError(message, where=self.prog, hint=f"see {self.prog} --help")


def parse(spec: CommandSpec, module: ModuleType, words: list[str], config: Config) -> argparse.Namespace:
    """Return what ``words`` say to a command.

    :raises UsageError: if they are wrong
    """
    parser = Parser(
        prog=f"wfepy {spec.name}",
        description=_description(getattr(module, "__doc__", None) or spec.help),
        epilog="The options of all commands are listed by wfepy --help.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    config.plugins.setup("wfepy_add_options", parser=parser)
    if any(action.nargs in (argparse.PARSER, argparse.REMAINDER) for action in parser._actions):
        return parser.parse_args(words)
    # Intermixed: "show coffee --json default" is understood before Python 3.12, too.
    return parser.parse_intermixed_args(words)


def _description(doc: str) -> str:
    """Return the docstring of a command for a terminal; what is indented stays as it is."""
    width = min(shutil.get_terminal_size().columns, 100) - 2
    paragraphs = textwrap.dedent(doc).strip().split("\n\n")
    return "\n\n".join(each if each.startswith(" ") else textwrap.fill(each, width) for each in paragraphs)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--json``."""
    parser.add_argument("--json", action="store_true", help="print data instead of text")
