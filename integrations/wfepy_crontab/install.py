"""Put the lines of this project into your crontab, or bring those that are there up to date.

    wfepy crontab install
    wfepy crontab install --mail-errors
    sudo wfepy crontab install --cron-d --user ann

The lines stand between two comments. Nothing else of the crontab is touched, and what was there before is
backed up; where anything is not understood, nothing is changed. Run again, it changes only what is out of date.
"""

from __future__ import annotations

import os

from wfepy_hooks import WfepyError
from wfepy_hooks.commandline import result, say

from .blocks import find_blocks, put
from .generators import folder_mark
from .places import backup
from .settings import read_settings
from .upcoming import next_line
from .update import update
from .wishes import (
    add_cron_d,
    add_wishes,
    crontab_of,
    require_unedited,
    system_file,
    wanted_block,
    warn_of_environment,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

    from .blocks import Block
    from .settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    add_wishes(parser)
    add_cron_d(parser)
    parser.add_argument(
        "--force", action="store_true", help="replace lines that somebody has changed by hand"
    )


def run(args: Namespace, config: Config) -> int:
    settings = read_settings(config, args)
    block = wanted_block(args, config, settings)
    prepare_log(settings, config)
    if args.cron_d:
        _install_file(args, config, settings, block)
    else:
        _install_block(args, config, settings, block)
    result(next_line(config))
    return 0


def _install_block(args: Namespace, config: Config, settings: Settings, block: Block) -> None:
    def change(table: bytes | None) -> bytes:
        old = next((each for each in find_blocks(table or b"") if each.id == block.id), None)
        require_unedited(old, force=args.force, where="crontab")
        return put(table, block)

    done = update(crontab_of(config, settings), change, environ=config.environ, clock=config.clock)
    here = f"the crontab of {config.machine.user}"
    was_there = any(each.id == block.id for each in find_blocks(done.before or b""))
    _tell(
        block, here, "unchanged" if not done.changed else "updated" if was_there else "installed", done.backup
    )
    warn_of_environment(done.after or b"", block.id)
    for other in find_blocks(done.after or b""):
        if other.id != block.id and other.id.endswith(folder_mark(config.root)):
            say(
                f"wfepy: warning: {other.id} has lines for this folder, too; if that is its former name:"
                f" wfepy crontab uninstall --project {other.id}"
            )


def _install_file(args: Namespace, config: Config, settings: Settings, block: Block) -> None:
    file = system_file(config, settings)
    old = file.block(block.id)
    require_unedited(old, force=args.force, where=file.path)
    if old is not None and old.render() == block.render():
        _tell(block, file.path, "unchanged", "")
        return
    name = os.path.basename(file.path)
    kept = backup(old.render(), name, config.clock(), config.environ) if old else ""
    file.write(block.render())
    _tell(block, file.path, "updated" if old else "installed", kept)


def _tell(block: Block, where: str, what: str, kept: str) -> None:
    result(f"{block.id}: {what} in {where}")
    for line in block.lines:
        result(f"  {line}")
    if kept:
        result(f"as it was before: {kept}")


def prepare_log(settings: Settings, config: Config) -> None:
    """Make sure that the shell can open the log: make the folder of the default one, and keep that out of git.

    :raises WfepyError: if the folder is not there, or cannot be made
    """
    folder = os.path.dirname(settings.log)
    if folder != os.path.join(config.root, ".wfepy"):
        if not os.path.isdir(folder):
            raise WfepyError(
                "there is no such folder for the log", where=folder, hint=f"make it: mkdir -p {folder}"
            )
        return
    ignore = os.path.join(folder, ".gitignore")
    try:
        made = [folder] if not os.path.isdir(folder) else []
        os.makedirs(folder, exist_ok=True)
        if not os.path.exists(ignore):
            with open(ignore, "w", encoding="utf-8") as stream:
                stream.write(f"{os.path.basename(settings.log)}*\n")
            made.append(ignore)
        owner = os.stat(config.root)
        for path in made:
            if os.geteuid() == 0:  # who runs the ticks must be able to write there, too
                os.chown(path, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise WfepyError(f"the folder of the log cannot be made: {error.strerror}", where=folder) from error
