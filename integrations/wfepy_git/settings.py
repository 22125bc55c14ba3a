"""What the project wants of git: ``[plugins.wfepy_git]`` of the config file."""

from __future__ import annotations

import os
import socket

from wfepy_hooks import ConfigError, parse_duration, plugin_settings, settings_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wfepy_hooks import Config

    from .sharing import Merge

__all__ = ["PLUGIN", "Settings", "read_settings", "top_of"]

PLUGIN = "wfepy_git"
BRANCH = "wfepy-state"


class Settings:
    """What was asked for, and where it is.

    :ivar remote: name of a remote of the user's checkout, URL or path
    :ivar branch: where the state is on the remote
    :ivar path: of the state on the branch, with ``/`` between its parts
    :ivar state: absolute path of the folder of the state
    :ivar home: absolute path of the folder with our own repository
    :ivar root: absolute path of the folder of the config file
    :ivar timeout: for how many seconds a git command may take
    :ivar lease: for how many seconds a machine has a workflow for itself
    :ivar margin: by how many seconds the clocks of two machines may differ
    :ivar holder: what this machine is called in leases
    :ivar name: who the commits are by
    :ivar email: their address
    :ivar shared: how files of other plugins are merged, by path in the state folder, see :mod:`.sharing`
    """

    def __init__(self, config: Config, table: dict[str, str]) -> None:
        self.remote = table.get("remote", "origin")
        self.branch = table.get("branch", BRANCH)
        self.root = config.root
        self.shared: Mapping[str, Merge] = {}
        self.state = os.path.normpath(config.state)
        self.path = table.get("path") or _state_path(self.state, self.root)
        self.home = _home(self.state)
        self.timeout = _seconds(table, "timeout", "60s")
        self.lease = _seconds(table, "lease", "15min")
        self.margin = _seconds(table, "margin", "30s")
        self.holder = table.get("holder") or socket.gethostname()
        self.name = table.get("name") or config.environ.get("GIT_AUTHOR_NAME") or "wfepy"
        self.email = (
            table.get("email") or config.environ.get("GIT_AUTHOR_EMAIL") or f"wfepy@{socket.gethostname()}"
        )

    @property
    def ref(self) -> str:
        """The full name of the branch."""
        return f"refs/heads/{self.branch}"


def _seconds(table: dict[str, str], key: str, default: str) -> float:
    return parse_duration(table.get(key, default), key).total_seconds()


def _state_path(state: str, root: str) -> str:
    """Return where the state is in its checkout; outside of one, below the folder of the config file."""
    for top in (top_of(state), root):
        if top is not None and state.startswith(os.path.join(top, "")):
            return os.path.relpath(state, top).replace(os.sep, "/")
    return os.path.basename(state)


def top_of(path: str) -> str | None:
    """Return the top folder of the checkout that ``path`` is in."""
    # Not by asking git: this is one process less in every tick.
    while not os.path.lexists(os.path.join(path, ".git")):
        path, below = os.path.dirname(path), path
        if path == below:
            return None
    return path


def _home(state: str) -> str:
    """Return the folder of our own repository: ``.wfepy/git`` beside ``.wfepy/state``."""
    beside, name = os.path.split(state)
    if os.path.basename(beside) != ".wfepy":
        beside = os.path.join(beside, ".wfepy")
    return os.path.join(beside, "git" if name == "state" else f"git-{name}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and value[0] != "-"


def _is_branch(value: object) -> bool:
    if not (isinstance(value, str) and value.isprintable() and value) or value[0] in "-/." or value == "@":
        return False
    if value.endswith(("/", ".", ".lock")) or value.startswith("refs/"):
        return False
    return not any(part in value for part in ("..", "//", "/.", "@{", ".lock/", *" ~^:?*[\\"))


def _is_path(value: object) -> bool:
    return _is_text(value) and not {"", ".", "..", ".git"} & set(str(value).split("/"))


def _is_person(value: object) -> bool:
    return _is_text(value) and not set("<>") & set(str(value))


def _is_duration(value: object) -> bool:
    try:
        return parse_duration(value).total_seconds() >= 1  # type: ignore[arg-type]  # it checks that
    except (TypeError, ValueError):
        return False


def _is_margin(value: object) -> bool:
    return value == "0s" or _is_duration(value)


_DURATION = 'a duration such as "90s" or "15min"'
RULES: dict[str, tuple[str, Callable[[object], bool]]] = {
    "remote": ("the name of a remote, a URL or a path", _is_text),
    "branch": ('the name of a branch, without "refs/heads/"', _is_branch),
    "path": ('a path in the branch, such as "flows/.wfepy/state"', _is_path),
    "timeout": (_DURATION, _is_duration),
    "lease": (_DURATION, _is_duration),
    "margin": (_DURATION, _is_margin),
    "holder": ("the name of this machine", _is_person),
    "name": ("the name of who commits", _is_person),
    "email": ("an address", _is_person),
}


def read_settings(config: Config) -> Settings:
    """Return the settings of the config file.

    :raises ConfigError: with everything that is wrong with them; if the state is not in files
    """
    table = plugin_settings(config, PLUGIN, RULES)
    if config.store != "files":
        what = f'the state is in the store "{config.store}", and git keeps files'
        raise ConfigError(what, where=f"[{settings_table(config, PLUGIN)}]", hint='use store = "files"')
    return Settings(config, table)
