"""The parser of one command; the others are not built."""

from __future__ import annotations

import argparse
import shutil
import textwrap

from ..errors import PluginError, UsageError
from ..wording import describe_error
from .flags import FLAGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any, NoReturn

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


#: The options that are taken before a parser sees them.
_TAKEN = {word for names, _ in FLAGS for word in names.replace(",", "").split() if word.startswith("-")}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are ours.

    :ivar adding: returns the name of the plugin whose ``wfepy_add_options`` is running; empty if none is
    """

    def __init__(self, *args: Any, adding: Callable[[], str] = str, **kwargs: Any) -> None:
        self.adding = adding
        self._owners: dict[str, str] = {}
        super().__init__(*args, **kwargs)

    def add_argument_group(self, *args: Any, **kwargs: Any) -> Any:
        """Return a new group. Every argument goes through one of them, also what is added to no group."""
        group = super().add_argument_group(*args, **kwargs)
        add = group._add_action

        def checked(action: Any) -> Any:
            if not isinstance(action, argparse._HelpAction):
                self._refuse(action)
            found = add(action)
            self._owners.update(dict.fromkeys(action.option_strings, self.adding()))
            return found

        group._add_action = checked  # type: ignore[method-assign]
        return group

    def _refuse(self, action: argparse.Action) -> None:
        """Refuse what would never get a value, would be asked for by each command, or would break the help.

        :raises PluginError: without the name of the plugin, which whoever calls it adds
        """
        plugin = self.adding()
        if plugin and not action.option_strings:
            what = f"wfepy_add_options adds {action.dest}, which is no option: every command would ask for it"
            raise PluginError(what, hint=f'call it "--{action.dest}"')
        for option in action.option_strings:
            if option in _TAKEN or option.startswith("-p"):
                what = f"the option {option} would never be set, since wfepy has one that is taken first"
                raise PluginError(what, hint="call it otherwise; wfepy --help lists those of wfepy")
            if plugin and option in self._owners:
                other = self._owners[option]
                whose = f"the plugin {other}" if other else self.prog
                hint = f"run without one of them by -p no:{plugin}" if other else "call it otherwise"
                raise PluginError(f"{whose} has an option {option} already", hint=hint)
        if "%" in (action.help or ""):
            try:
                self._get_formatter()._expand_help(action)
            except Exception as error:
                name = "/".join(action.option_strings) or action.dest
                what = f"the help of {name} cannot be shown: {describe_error(error)}"
                raise PluginError(what, hint="write %% for a per cent sign") from error

    def error(self, message: str) -> NoReturn:
        """Raise :exc:`.UsageError` in place of printing the usage and ending the process."""
        raise UsageError(message, where=self.prog, hint=f"see {self.prog} --help")


def parse(spec: CommandSpec, module: ModuleType, words: list[str], config: Config) -> argparse.Namespace:
    """Return what ``words`` say to a command.

    :raises UsageError: if they are wrong
    """
    parser = Parser(
        adding=lambda: config.plugins.calling,
        prog=f"wfepy {spec.name}",
        description=description(getattr(module, "__doc__", None) or spec.help),
        epilog="The options of all commands are listed by wfepy --help.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    spec.call(module.add_arguments, parser)
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
