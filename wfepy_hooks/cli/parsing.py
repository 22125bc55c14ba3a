"""The parser of one command; the others are not built."""

from __future__ import annotations

import argparse
import shutil
import textwrap

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import NoReturn

    from ..commands import CommandSpec
    from ..config import Config

__all__ = [
    "Parser",
    "add_by",
    "add_json",
    "add_reason",
    "add_verbs",
    "add_wait",
    "description",
    "help_width",
    "parse",
]


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
        description=description(getattr(module, "__doc__", None) or spec.help),
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


def description(doc: str) -> str:
    """Return the docstring of a command for a terminal; what is indented stays as it is."""
    width = help_width()
    paragraphs = textwrap.dedent(doc).strip().split("\n\n")
    return "\n\n".join(each if each.startswith(" ") else textwrap.fill(each, width) for each in paragraphs)


def help_width() -> int:
    """Return how many characters a line of help may have."""
    # A terminal that nobody looks at may have no columns, which Python 3.10 does not pass over.
    return min(shutil.get_terminal_size().columns or 80, 100) - 2


def add_verbs(
    parser: argparse.ArgumentParser, package: str, verbs: Mapping[str, str]
) -> dict[str, argparse.ArgumentParser]:
    """Add a subcommand for each verb, and return their parsers by verb; ``args.verb`` says which one was given.

    The code of a verb is the module of its name in ``package``: its docstring is the help, and its ``add_arguments``
    declares the arguments.

    :param verbs: what each verb does, in one line
    """
    from importlib import import_module

    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True, title="verbs")
    parsers = {}
    for verb, help in verbs.items():
        module = import_module(f"{package}.{verb}")
        parsers[verb] = subparsers.add_parser(
            verb,
            help=help,
            description=description(module.__doc__ or help),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(parsers[verb])
    return parsers


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--json``."""
    parser.add_argument("--json", action="store_true", help="print data instead of text")


def add_by(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--by``."""
    help = "who you are (default: WFEPY_BY, GITHUB_ACTOR, or the login name)"
    parser.add_argument("--by", default="", metavar="NAME", help=help)


def add_reason(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--reason``."""
    parser.add_argument("-m", "--reason", default="", metavar="TEXT", help="why, for the history")


def add_wait(parser: argparse.ArgumentParser, *, default: float | None = 0.0) -> None:
    """Add the option ``--wait``."""
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=default,
        metavar="SECONDS",
        help="wait so long for a tick that holds the instance",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"it takes a number of seconds, not {text!r}")
    return seconds
