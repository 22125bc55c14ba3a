"""What ``wfepy github doctor`` looks at. Nothing is changed, here or on the remote."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass

from wfepy_hooks import WfepyError, parse_duration, parse_time, read_overview

from .marks import EDITED, FOREIGN, whose
from .pins import PINS
from .place import place_of
from .settings import read_settings
from .sync import wanted_change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from wfepy_hooks import Config

    #: What looks at something, by what that is called.
    Checks: TypeAlias = "dict[str, Callable[[Config], Iterator[Finding]]]"

__all__ = ["ERROR", "OK", "WARNING", "Finding", "examine"]

OK, WARNING, ERROR = "ok", "warning", "error"
#: Bytes: GitHub warns of larger files, and refuses such.
LARGE, TOO_LARGE = 50 * 2**20, 100 * 2**20
_USES = re.compile(r"^\s*(?:- )?uses: *(?P<action>\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    :ivar check: what was looked at
    :ivar level: :data:`OK`, :data:`WARNING` or :data:`ERROR`
    :ivar what: what it is like
    :ivar hint: what to do about it
    """

    check: str
    level: str
    what: str
    hint: str = ""

    def to_json(self) -> dict[str, str]:
        """Return it as data."""
        return asdict(self)


def examine(config: Config, *, offline: bool = False) -> list[Finding]:
    """Look at everything; what cannot be looked at is an error of its own.

    :param offline: leave out what asks the remote
    """
    checks: Checks = {"drift": _drift, "pins": _pins, "permissions": _permissions}
    of_state: Checks = {"file size": _sizes, "overdue": _overdue}
    if offline:
        return _looked_at(config, checks | of_state)
    from .remote import default_branch, last_tick, newest_state, permission  # lazily: they need git

    checks |= {"default branch": default_branch, "push": permission}
    findings = _looked_at(config, checks)
    try:
        # What is here may be old.
        with newest_state(config) as repository:
            of_state["last tick"] = lambda config: last_tick(config, repository)
            return findings + _looked_at(config, of_state)
    except WfepyError as error:
        return [*findings, Finding("state", ERROR, str(error))]


def _looked_at(config: Config, checks: Checks) -> list[Finding]:
    findings: list[Finding] = []
    for name, check in checks.items():
        try:
            findings += check(config)
        except WfepyError as error:
            findings.append(Finding(name, ERROR, str(error)))
    return findings


def _text(config: Config) -> str:
    try:
        with open(os.path.join(place_of(config).top, read_settings(config).path), encoding="utf-8") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError):
        return ""


def _drift(config: Config) -> Iterator[Finding]:
    change, path = wanted_change(config), read_settings(config).path
    owner = whose(_text(config))
    if change.before is None:
        yield Finding("drift", ERROR, f"there is no {path}", "wfepy github init")
    elif change.before == change.after:
        yield Finding("drift", OK, f"{path} is what the config asks for")
    elif owner == EDITED:
        hint = "wfepy github sync --check shows the difference, wfepy github sync --force takes it back"
        yield Finding("drift", ERROR, f"{path} was edited by hand", hint)
    elif owner == FOREIGN:
        yield Finding("drift", ERROR, f"wfepy has not made {path}", "wfepy github init --force overwrites it")
    else:
        yield Finding("drift", ERROR, f"{path} is not what the config asks for", "wfepy github sync")


def _pins(config: Config) -> Iterator[Finding]:
    known = {f"{pin.action}@{pin.commit}" for pin in PINS}
    used = list(dict.fromkeys(match["action"].strip("\"'") for match in _USES.finditer(_text(config))))
    others = [each for each in used if each not in known and not each.startswith("./")]
    for each in others:
        is_pinned = bool(re.fullmatch(r"[0-9a-f]{40}", each.partition("@")[2]))
        what = "is not one of those that wfepy has looked at" if is_pinned else "is not pinned to a commit"
        yield Finding("pins", WARNING if is_pinned else ERROR, f"{each} {what}", "wfepy github sync")
    if used and not others:
        yield Finding("pins", OK, f"{len(used)} actions are pinned to the commits that wfepy knows")


def _permissions(config: Config) -> Iterator[Finding]:
    text = _text(config)
    if not text:
        return
    lines = [line.partition(" #")[0].strip() for line in text.splitlines()]
    if "permissions: {}" not in lines:
        yield Finding(
            "permissions", ERROR, "the jobs have more permissions than they need", "wfepy github sync"
        )
    elif lines.count("contents: write") < 2:
        yield Finding(
            "permissions", ERROR, "a job may not push the state: contents: write", "wfepy github sync"
        )
    else:
        yield Finding("permissions", OK, "the jobs may push the state, and nothing else")


def _sizes(config: Config) -> Iterator[Finding]:
    largest, path = 0, ""
    for folder, folders, names in os.walk(config.state):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = os.path.join(folder, name)
            size = os.path.getsize(file) if os.path.isfile(file) else 0
            if size > largest:
                largest, path = size, os.path.relpath(file, config.state)
    shown = f"the largest file of the state is {path}, {largest / 2**20:.1f} MiB"
    hint = "keep large values out of the context: in files of their own, and in the context their names"
    if largest > TOO_LARGE:
        yield Finding("file size", ERROR, f"{shown}; GitHub refuses more than 100", hint)
    elif largest > LARGE:
        yield Finding("file size", WARNING, f"{shown}; GitHub refuses more than 100", hint)
    else:
        yield Finding("file size", OK, shown if path else "there is no state")


def _overdue(config: Config) -> Iterator[Finding]:
    limit = config.clock() - parse_duration(read_settings(config).overdue)
    store = config.make_store()
    late = []
    for workflow in config.workflows:
        for instance in store.list(workflow):
            try:
                wake = read_overview(store, workflow, instance).wake
            except WfepyError:
                continue  # wfepy check tells what is wrong with it
            if wake and parse_time(wake) < limit:
                late.append((wake, f"{workflow}/{instance}"))
    if late:
        wake, name = min(late)
        what = f"{len(late)} instances should have been advanced, {name} at {wake[:16]}Z"
        hint = "look into the tab Actions for runs that failed; schedules that are off can be turned on there"
        yield Finding("overdue", ERROR, what, hint)
    else:
        yield Finding("overdue", OK, "no instance has been due for long")
