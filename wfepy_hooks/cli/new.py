"""Write a starter project into a new or empty folder: a workflow that waits and loops, its test, and the config.

    wfepy new reviews && cd reviews && wfepy run reviews

The workflow is named after the folder, and nothing is ever overwritten. A folder
with nothing but .git in it counts as empty.
"""

from __future__ import annotations

import os

from ..errors import UsageError
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
    parser.add_argument("folder", metavar="DIR", help="the folder, which is made if it is not there")
    parser.add_argument("--name", help="name of the workflow (default: that of the folder)")


def run(args: Namespace, config: Config) -> int:
    folder = os.path.abspath(args.folder)
    words = _words(args.name or os.path.basename(folder))
    _require_empty(folder, args.folder)
    try:
        os.makedirs(folder, exist_ok=True)
        for path, text in _contents(words).items():
            # "x": never over a file that somebody else has made meanwhile
            with open(os.path.join(folder, path), "x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise UsageError(
            f"the project cannot be written: {error.strerror}", where=error.filename or folder
        ) from error
    result(clean(f"wrote {', '.join(_contents(words))} to {args.folder}"))
    result(clean(f"next: cd {args.folder} && wfepy run {words['name']}"))
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


def _require_empty(folder: str, shown: str) -> None:
    hint = "choose another folder; nothing was written"
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise UsageError("it is there and no folder", where=shown, hint=hint)
    try:
        empty = not os.path.exists(folder) or set(os.listdir(folder)) <= {".git"}
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", where=shown, hint=hint) from error
    if not empty:
        raise UsageError("the folder is not empty", where=shown, hint=hint)


def _contents(words: dict[str, str]) -> dict[str, str]:
    """Return the text of each file by its path in the project."""
    from string import Template

    templates = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "starter")
    contents = {}
    for template, path in _FILES.items():
        with open(os.path.join(templates, template), encoding="utf-8") as file:
            contents[Template(path).substitute(words)] = Template(file.read()).substitute(words)
    return contents
