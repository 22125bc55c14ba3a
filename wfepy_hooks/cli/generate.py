"""Write the files that let something else run the ticks, made from the schedules by a generator.

    wfepy generate
    wfepy generate systemd
    wfepy generate systemd --output units --check

Without a name it lists the generators; plugins offer them. With one it prints what the files would hold, and --output
writes them, each in one step. --diff and --check write nothing; --check exits with 1 if a file in DIR is missing or
differs.

With --json: {"generators": [{"name", "plugin"}]}, or {"generator", "files": [{"path", "mode", "text", "change"}]};
"change" is null without --output, else "created", "updated" or "unchanged".
"""

from __future__ import annotations

from ..errors import UsageError
from .output import clean, result, result_json, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..config import Config
    from ..generating import GeneratedFile
    from ..writing import FileChange

__all__ = ["show_files"]


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    parser.add_argument("name", nargs="?", metavar="NAME", help="the generator")
    parser.add_argument("--output", metavar="DIR", help="write into this folder")
    parser.add_argument(
        "--diff", action="store_true", help="print how the files in DIR differ, write nothing"
    )
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 if files in DIR differ, write nothing"
    )
    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    if args.name is None:
        return _list(args, config)
    looks = args.diff or args.check
    if looks and args.output is None:
        raise UsageError("--diff and --check compare with a folder", hint="name it by --output DIR")
    from ..generating import generate
    from ..writing import compare_files, write_files

    files = generate(args.name, config)
    changes: list[FileChange] = []
    if args.output is not None:
        changes = (compare_files if looks else write_files)(files, args.output)
    if args.json:
        result_json({"generator": args.name, "files": _as_json(files, changes)})
    elif args.output is None:
        show_files(files)
    else:
        _tell(changes, args)
    differs = any(each.change != "unchanged" for each in changes)
    return 1 if args.check and differs else 0


def _list(args: Namespace, config: Config) -> int:
    if args.output is not None or args.diff or args.check:
        raise UsageError("which generator is to write?", hint="wfepy generate lists them")
    registry = config.registry
    found = [(name, registry.owner("generator", name)) for name in registry.names("generator")]
    if args.json:
        result_json({"generators": [{"name": name, "plugin": plugin} for name, plugin in found]})
    elif not found:
        say("no plugin offers a generator")
    else:
        from .tables import show_table

        show_table(("GENERATOR", "PLUGIN"), found, args.flags)
    return 0


def show_files(files: Sequence[GeneratedFile]) -> None:
    """Print generated files, each below its path if there are several."""
    for number, file in enumerate(files):
        if len(files) > 1:
            result(("\n" if number else "") + clean(f"==> {file.path} <=="))
        result(file.text.removesuffix("\n"))


def _tell(changes: Sequence[FileChange], args: Namespace) -> None:
    for change in changes:
        if args.diff:
            text = change.diff().removesuffix("\n")
            if text:
                result(text)
        elif not args.check:
            result(clean(f"{change.change} {change.path}"))
        elif change.change != "unchanged":
            word = "missing" if change.before is None else "differs"
            result(clean(f"{word} {change.path}"))


def _as_json(files: Sequence[GeneratedFile], changes: Sequence[FileChange]) -> list[dict[str, str | None]]:
    words: list[str | None] = [each.change for each in changes] or [None] * len(files)
    return [
        {"path": file.path, "mode": f"{file.mode:04o}", "text": file.text, "change": word}
        for file, word in zip(files, words, strict=True)
    ]
