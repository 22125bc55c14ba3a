"""Write the units into the folder of systemd, and start the timers.

    wfepy systemd install
    sudo wfepy systemd install --system     # also while nobody is logged in, as the user who owns the folder

Units of this project that are not wanted any more are removed. A unit that wfepy has not made is never touched. Where
no systemd is running, such as in a container, the commands that start the timers are printed.
"""

from __future__ import annotations

import os
import shlex

from wfepy_hooks import write_files
from wfepy_hooks.commandline import clean, result, say

from .installed import remove_units
from .settings import USER
from .wishes import require_ours, wishes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

    from .wishes import Wishes


def add_arguments(parser: ArgumentParser) -> None:
    pass


def run(args: Namespace, config: Config) -> int:
    wanted = wishes(args, config)
    require_ours(wanted.found, config.project, config.root, [file.path for file in wanted.files])
    stale = wanted.stale
    remove_units(stale, wanted.systemctl)
    for each in stale:
        result(clean(f"removed {each.path}"))
    for change in write_files(wanted.files, wanted.folder):
        result(clean(f"{change.change} {change.path}"))
    _start(wanted)
    if wanted.settings.scope == USER:
        _tell_of_lingering(config)
    return 0


def _start(wanted: Wishes) -> None:
    systemctl = wanted.systemctl
    steps = (("daemon-reload",), ("enable", "--now", *wanted.timers))
    if not systemctl.is_running:
        say("wfepy: no systemd is running here; where one is, type:")
        for step in steps:
            say(f"    {systemctl.shown(*step)}")
        return
    for step in steps:
        systemctl.run(*step)
    for timer in wanted.timers:
        result(clean(f"started {timer}"))


def _tell_of_lingering(config: Config) -> None:
    """Say how the ticks go on while the user is not logged in, unless they do."""
    user = config.machine.user
    if not os.path.exists(f"/var/lib/systemd/linger/{user}"):
        command = f"loginctl enable-linger {shlex.quote(user)}"
        say(f"wfepy: there are no ticks while {user} is not logged in, unless you type: {command}")
