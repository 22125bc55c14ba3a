"""Say whether the units of this project are installed and current, and when the timers are due next.

Exit code 1 if one is missing, differs from what wfepy systemd install would write, or is not wanted any more.

With --json: {"folder", "running", "units": [{"name", "file", "active", "enabled", "next", "last", "result"}]}; "file"
is "current", "differs", "missing", "not wanted" or "not of wfepy"; the rest is what systemctl says, null where no
systemd is running.
"""

from __future__ import annotations

from wfepy_hooks import compare_files
from wfepy_hooks.commandline import result_json, say, show_table

from .wishes import wishes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from wfepy_hooks import Config

    from .systemctl import Systemctl
    from .wishes import Wishes

#: Our names of what systemctl calls otherwise.
_PROPERTIES = {
    "active": "ActiveState",
    "enabled": "UnitFileState",
    "next": "NextElapseUSecRealtime",
    "last": "LastTriggerUSec",
    "result": "Result",
}


def add_arguments(parser: ArgumentParser) -> None:
    pass


def run(args: Namespace, config: Config) -> int:
    wanted = wishes(args, config, may_be_empty=True)
    standings = _standings(wanted, config)
    rows = [
        {"name": name, "file": standing, **_properties(name, wanted.systemctl)}
        for name, standing in standings.items()
    ]
    running = wanted.systemctl.is_running
    if args.json:
        result_json({"folder": wanted.folder, "running": running, "units": rows})
    elif not rows:
        say("wfepy: no workflow has a schedule, and no unit is installed")
    else:
        shown = ("name", "file", "active", "enabled", "next", "result")
        headings = ("UNIT", "FILE", "ACTIVE", "ENABLED", "NEXT", "RESULT")
        show_table(headings, [[row[key] or "" for key in shown] for row in rows], args.flags)
        if not running:
            say("wfepy: no systemd is running here")
    return 0 if set(standings.values()) <= {"current"} else 1


def _standings(wanted: Wishes, config: Config) -> dict[str, str]:
    """Return how each unit stands, by its name."""
    known = {each.name: each for each in wanted.found}
    standings = {}
    for change, file in zip(_changes(wanted), wanted.files, strict=True):
        installed = known.get(file.path)
        if installed is not None and not installed.project:
            standings[file.path] = "not of wfepy"
        else:
            standings[file.path] = {"created": "missing", "unchanged": "current"}.get(change, "differs")
    for each in wanted.stale:
        standings[each.name] = "not wanted"
    return standings


def _changes(wanted: Wishes) -> list[str]:
    ours = {each.name for each in wanted.found if each.project}
    return [
        compare_files([file], wanted.folder)[0].change if file.path in ours else "created"
        for file in wanted.files
    ]


def _properties(unit: str, systemctl: Systemctl) -> dict[str, str | None]:
    found = systemctl.properties(unit, *_PROPERTIES.values()) if systemctl.is_running else {}
    return {name: found.get(theirs) for name, theirs in _PROPERTIES.items()}
