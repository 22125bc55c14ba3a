"""What ``docs/reference/cli.md`` says of every command, from the parsers themselves.

Not the text of ``--help``: argparse breaks its lines differently from one Python to the next.
"""

from __future__ import annotations

import argparse
from functools import cache

from prose import from_help, inline, table
from wfepy_hooks.cli import core
from wfepy_hooks.cli.flags import FLAGS
from wfepy_hooks.cli.parsing import Parser
from wfepy_hooks.config import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wfepy_hooks.commands import CommandSpec

__all__ = ["BUNDLED", "bundled_parsers", "core_commands", "global_options", "parsers", "plugin_commands"]

#: The plugins of the wheel that add commands, in the order of the page, and the page about each.
BUNDLED = {
    "wfepy_crontab": "../how-to/cron.md",
    "wfepy_systemd": "../how-to/systemd.md",
    "wfepy_kubernetes": "../how-to/kubernetes.md",
    "wfepy_github": "../how-to/github.md",
    "wfepy_git": "../how-to/git.md",
    "wfepy_notify": "../how-to/notify.md",
}


def global_options() -> str:
    """Return the table of the options that every command has."""
    return table(("option", "what it does"), [(f"`{option}`", inline(text)) for option, text in FLAGS])


def core_commands() -> str:
    """Return the sections of the engine's commands, under the headings of ``wfepy --help``."""
    specs = {spec.name: spec for spec in _specs()}
    parts = []
    for title, group in core.GROUPS.items():
        parts.append(f"## {title.capitalize()}")
        parts += [section for name in group for section in _sections(specs[name])]
    return "\n\n".join(parts)


def plugin_commands() -> str:
    """Return the sections of the commands that the bundled plugins add."""
    parts = ["## From the bundled plugins"]
    specs = {spec.plugin: spec for spec in _specs()}
    for plugin, page in BUNDLED.items():
        head, *sections = _sections(specs[plugin])
        parts += [f"{head}\n\nAdded by `{plugin}`; [how to use it]({page}).", *sections]
    return "\n\n".join(parts)


@cache
def parsers() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command and subcommand by what is typed, such as ``wfepy git pull``."""
    return {text: parser for spec in _specs() for text, parser in _with_verbs(_parser(spec))}


def bundled_parsers(plugin: str) -> list[str]:
    """Return what is typed for the commands of a plugin."""
    return [text for spec in _specs() if spec.plugin == plugin for text, _ in _with_verbs(_parser(spec))]


def _specs() -> list[CommandSpec]:
    config = Config.without_file(plugins=list(BUNDLED), autoload=False, environ={})
    config.plugins.register(core, "wfepy:commands")
    return list(config.commands())


def _parser(spec: CommandSpec) -> argparse.ArgumentParser:
    module = spec.load()
    parser = Parser(prog=f"wfepy {spec.name}", description=module.__doc__ or spec.help, allow_abbrev=False)
    module.add_arguments(parser)
    return parser


def _with_verbs(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield parser.prog, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb, inner in action.choices.items():
                yield f"{parser.prog} {verb}", inner


def _sections(spec: CommandSpec) -> Iterator[str]:
    """Yield the heading of a command, what it is, and a section for each of its verbs."""
    (text, parser), *verbs = _with_verbs(_parser(spec))
    yield f"### {text}"
    yield _body(parser)
    for text, inner in verbs:
        yield f"#### {text}"
        yield _body(inner)


def _body(parser: argparse.ArgumentParser) -> str:
    parts = [f"```text\n{usage(parser)}\n```", from_help(parser.description or "")]
    verbs = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in verbs:
        helps = [
            (f"`{parser.prog} {each.dest}`", inline(each.help or "")) for each in action._choices_actions
        ]
        parts.append(table(("subcommand", "what it does"), helps))
    actions = [
        each for each in parser._actions if not isinstance(each, argparse._HelpAction) and each not in verbs
    ]
    rows = [
        (f"`{_shown(action)}`", inline(_help(parser, action)))
        for action in sorted(actions, key=lambda each: bool(each.option_strings))
        if action.help != argparse.SUPPRESS
    ]
    if rows:
        parts.append(table(("argument or option", "meaning"), rows))
    return "\n\n".join(parts)


def usage(parser: argparse.ArgumentParser) -> str:
    """Return how a command is called, without ``-h``."""
    if parser.usage:
        return parser.usage.replace(" [-h]", "")
    groups = {action: group for group in parser._mutually_exclusive_groups for action in group._group_actions}
    words, seen = [parser.prog], set()
    for action in sorted(parser._actions, key=lambda each: not each.option_strings):
        if isinstance(action, argparse._HelpAction) or action.help == argparse.SUPPRESS:
            continue
        group = groups.get(action)
        if group is None:
            words.append(_in_usage(action))
        elif group not in seen:
            seen.add(group)
            inner = " | ".join(_in_usage(each).strip("[]") for each in group._group_actions)
            words.append(f"({inner})" if group.required else f"[{inner}]")
    return " ".join(words)


def _in_usage(action: argparse.Action) -> str:
    if isinstance(action, argparse._SubParsersAction):
        return f"{action.metavar} ..."
    if not action.option_strings:
        name = _value(action)
        return {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} ..."}.get(str(action.nargs), name)
    word = f"{action.option_strings[-1]} {_value(action)}".strip()
    word += " ..." if isinstance(action, argparse._AppendAction) else ""
    return word if action.required else f"[{word}]"


def _shown(action: argparse.Action) -> str:
    return f"{', '.join(action.option_strings)} {_value(action)}".strip()


def _value(action: argparse.Action) -> str:
    """Return what stands for the value of an argument or option; nothing for a switch."""
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return parser._get_formatter()._expand_help(action)
