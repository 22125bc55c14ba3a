"""Write a starter project into a new or empty folder: a workflow that waits and loops, its test, and the config.

    wfepy new reviews && cd reviews && wfepy run reviews

The workflow is named after the folder, and nothing is ever overwritten. A folder
with nothing but .git in it counts as empty.

With --plugin, it is the project of a plugin, ready for PyPI: the package with its
entry point, tests that pass, a README, and CI that tests and uploads.

    wfepy new --plugin wfepy-deploy

NAME is what it is called on PyPI. The module, the entry point and the table of the
config file are then called wfepy_deploy, and the folder wfepy-deploy unless DIR says
otherwise. docs/tutorial/plugin.md goes on from there.
"""

from __future__ import annotations

import os

from ..errors import UsageError
from .newproject import require_empty, write_project
from .output import clean, result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config

#: The files by their template in ``wfepy_hooks/starter``.
_FILES = {
    "workflow.txt": "${module}.py",
    "test.txt": "test_${module}.py",
    "config.txt": "wfepy.toml",
    "readme.txt": "README.md",
    "gitignore.txt": ".gitignore",
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", help="the folder, which is made if it is not there"
    )
    parser.add_argument("--name", help="name of the workflow (default: that of the folder)")
    parser.add_argument("--plugin", metavar="NAME", help="write a plugin of this name, not a workflow")


def run(args: Namespace, config: Config) -> int:
    if args.plugin is not None:
        if args.name is not None:
            raise UsageError(
                "--name is for workflows; --plugin has the name of the plugin",
                where="wfepy new",
                hint="leave --name out",
            )
        from .newplugin import new_plugin

        return new_plugin(args.plugin, args.folder)
    if args.folder is None:
        raise UsageError(
            "the folder is missing", where="wfepy new", hint="give one, such as: wfepy new reviews"
        )
    folder = os.path.abspath(args.folder)
    words = _words(args.name or os.path.basename(folder))
    require_empty(folder, args.folder)
    paths = write_project(folder, _FILES, words)
    result(clean(f"wrote {', '.join(paths)} to {args.folder}"))
    from shlex import quote

    result(clean(f"next: cd {quote(args.folder)} && wfepy run {words['name']}"))
    return 0


def _words(name: str) -> dict[str, str]:
    """Return what the templates ask for.

    :raises UsageError: if ``name`` cannot be made the name of a workflow
    """
    name = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower()).strip("_")
    if not name or not name[0].isalpha() or name == "done" or len(name) > 80:
        raise UsageError(
            f"{name!r} cannot be the name of a workflow",
            where="wfepy new",
            hint="give one by --name, such as reviews",
        )
    # Not just the name: a module called json.py or test.py would hide one of Python's own.
    return {"name": name, "module": f"{name}_workflow"}
