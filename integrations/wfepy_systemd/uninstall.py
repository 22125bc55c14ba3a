"""Stop the timers of this project, and remove its units.

    wfepy systemd uninstall
    wfepy systemd uninstall --project NAME      # from anywhere, also when the config file is gone

A tick that is running goes on to its end. A unit that wfepy has not made is never touched.
"""

from __future__ import annotations

from wfepy_hooks import UsageError
from wfepy_hooks.commandline import clean, result, say

from .installed import find_units, remove_units, unit_folder
from .settings import USER, read_settings
from .systemctl import Systemctl
from .wishes import require_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--project", metavar="NAME", help="the project, if it is not the one of this folder")


def run(args: Namespace, config: Config) -> int:
    scope = args.scope or (USER if args.project else read_settings(config).scope)
    project = args.project or config.project
    folder = unit_folder(scope, config.environ)
    units = [each for each in find_units(folder, project) if each.project]
    if not units:
        say(clean(f"wfepy: there are no units of the project {project} in {folder}"))
        return 0
    if config.file is None and not args.project:
        hint = f"name it by --project {project}"
        raise UsageError("there is no config file here or above that says which project", hint=hint)
    require_ours(units, project, "" if args.project else config.root)
    systemctl = Systemctl(scope, config.environ)
    remove_units(units, systemctl)
    for each in units:
        result(clean(f"removed {each.path}"))
    if systemctl.is_running:
        systemctl.run("daemon-reload")
    else:
        say(f"wfepy: no systemd is running here; where one is, type: {systemctl.shown('daemon-reload')}")
    return 0
