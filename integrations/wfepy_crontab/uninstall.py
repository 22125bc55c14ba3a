"""Take the lines of this project out of your crontab, which is then as it was before, byte for byte.

    wfepy crontab uninstall
    wfepy crontab uninstall --project coffee-1a2b3c4d      # from any folder; wfepy crontab status tells the id

The config file is not needed: the lines are found by the folder.
"""

from __future__ import annotations

import os

from wfepy_hooks import WfepyError
from wfepy_hooks.commandline import result

from .blocks import find_blocks, take
from .generators import folder_mark, project_id
from .places import backup
from .settings import read_settings
from .systemfile import SystemFile
from .update import update
from .wishes import crontab_of, require_unedited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

    from .blocks import Block
    from .settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--project", metavar="ID", help="of this project (default: the one in this folder)")
    add("--cron-d", action="store_true", help="the file in /etc/cron.d instead of a user's crontab; as root")
    add("--force", action="store_true", help="take out lines that somebody has changed by hand")


def run(args: Namespace, config: Config) -> int:
    settings = read_settings(config)
    if args.cron_d:
        return _uninstall_file(args, config, settings)
    chosen: list[Block] = []

    def change(table: bytes | None) -> bytes | None:
        chosen[:] = [_choose(find_blocks(table or b""), args.project, config, "the crontab")]
        require_unedited(chosen[0], force=args.force, where="crontab")
        return take(table or b"", chosen[0].id)

    done = update(crontab_of(config, settings), change, environ=config.environ, clock=config.clock)
    result(f"{chosen[0].id}: taken out of the crontab of {config.machine.user}")
    if done.after is None:
        result("there is no crontab any more, as there was none before")
    result(f"as it was before: {done.backup}")
    return 0


def _choose(blocks: list[Block], wanted: str | None, config: Config, where: str) -> Block:
    """Return the block that is meant.

    :raises WfepyError: if none is, or more than one
    """
    if wanted:
        found = [each for each in blocks if each.id == wanted]
    else:
        # Where the config is gone, that of a folder above was read; the folder where we are comes first.
        own = project_id(config)
        marks = (folder_mark(os.getcwd()), folder_mark(config.root))
        found = next(
            filter(None, ([each for each in blocks if each.id.endswith(mark)] for mark in marks)), []
        )
        found = [each for each in found if each.id == own] or found
    if len(found) == 1:
        return found[0]
    known = ", ".join(each.id for each in found or blocks)
    what = f"{where} has more than one of this folder" if found else f"{where} has no lines of this project"
    if wanted:
        what = f'{where} has no lines of a project "{wanted}"'
    hint = f"pick one by --project: {known}" if known else "there are none of any project"
    raise WfepyError(what, where=wanted or config.root, hint=hint)


def _uninstall_file(args: Namespace, config: Config, settings: Settings) -> int:
    files = {block.id: (file, block) for file, block in _files(settings.cron_d)}
    chosen = _choose([block for _, block in files.values()], args.project, config, settings.cron_d)
    file, block = files[chosen.id]
    file.block(block.id)  # which refuses a file that holds anything else
    require_unedited(block, force=args.force, where=file.path)
    kept = backup(block.render(), os.path.basename(file.path), config.clock(), config.environ)
    file.write(None)
    result(f"{block.id}: removed {file.path}")
    result(f"as it was before: {kept}")
    return 0


def _files(folder: str) -> list[tuple[SystemFile, Block]]:
    """Return our files in a folder; whatever else is there is somebody else's."""
    found = []
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in names:
        file = SystemFile(os.path.join(folder, name))
        if name.startswith("wfepy-") and "." not in name:
            found += [(file, block) for block in file.blocks(file.read() or b"")]
    return found
