"""Write the workflow file anew after the config has changed.

    wfepy github sync
    wfepy github sync --check       # writes nothing; exits with 1 and shows the difference if there is one

A file that somebody has edited by hand, or that wfepy has not made, is left alone without --force.
"""

from __future__ import annotations

import os

from wfepy_hooks import UsageError, compare_files, generate, write_files
from wfepy_hooks.commandline import clean, result

from .marks import FOREIGN, OURS, source_of, whose
from .place import place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config, FileChange

__all__ = ["sync", "wanted_change"]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="overwrite a file that was edited by hand")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the file differs")


def run(args: Namespace, config: Config) -> int:
    if args.check:
        change = wanted_change(config)
        if change.before == change.after:
            return 0
        result(change.diff().removesuffix("\n"))
        return 1
    change = sync(config, force=args.force)
    result(clean(f"{change.change} {os.path.relpath(change.path)}"))
    return 0


def wanted_change(config: Config) -> FileChange:
    """Return what writing the file would do.

    :raises WfepyError: if there cannot be such a file
    """
    (change,) = compare_files(generate("github", config), place_of(config).top)
    return change


def sync(config: Config, *, force: bool = False) -> FileChange:
    """Write the file, and return what was done.

    :param force: also over one that was edited by hand
    :raises UsageError: if it was, or it cannot be written
    :raises WfepyError: if there cannot be such a file
    """
    files = generate("github", config)
    top = place_of(config).top
    (change,) = compare_files(files, top)
    if change.before is not None and change.before != change.after and not force:
        _require_ours(change)
    write_files(files, top)
    return change


def _require_ours(change: FileChange) -> None:
    before = (change.before or b"").decode("utf-8", "replace")
    owner, source = whose(before), source_of(before)
    hint = "see wfepy github sync --check; --force overwrites it"
    if owner == OURS:
        if source == source_of(change.after.decode()):
            return
        what = f"this file was made from {source}"
        hint = f'give this one another by name = "..." in [plugins.wfepy_github]; {hint}'
    else:
        what = "wfepy has not made this file" if owner == FOREIGN else "this file was edited by hand"
    raise UsageError(f"{what}; nothing was written", where=change.path, hint=hint)
