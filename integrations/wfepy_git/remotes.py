"""Where the remote is, and what the user's checkout says about how to reach it."""

from __future__ import annotations

import os
import re

from .errors import Missing
from .program import OWN_CONFIG, Git, add_config, clean_environment
from .verdicts import remote_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .settings import Settings

__all__ = ["Remote", "find_remote"]

#: What counts of the configuration of a checkout: how to reach remotes, and none of the rest.
_REACHING = r"^(remote\.|url\.|http\.|credential\.|core\.sshcommand$|core\.gitproxy$|ssh\.|protocol\.)"
_OF_REMOTE = ("url", "pushurl", "receivepack", "uploadpack", "proxy", "proxyauthmethod", "vcs")


class Remote:
    """A remote as git is to be told of it.

    :ivar name: what to call it in an argument: the name of a remote, a URL or a path
    :ivar url: where it is, for messages; without a password
    :ivar environ: the environment for a git that talks to it
    """

    def __init__(self, name: str, url: str, environ: dict[str, str]) -> None:
        self.name = name
        self.url = url
        self.environ = environ


def find_remote(settings: Settings, environ: Mapping[str, str], more: Mapping[str, str]) -> Remote:
    """Return the remote that the settings name.

    :param environ: of the process
    :param more: what git gets in addition; configuration in it goes behind that of ``environ``
    :raises Missing: if a remote of this name is nowhere configured
    """
    clean = clean_environment(environ)
    entries = _configuration(settings.root, clean, settings.timeout)
    if "GIT_CONFIG_COUNT" in more:
        add_config(clean, _entries(more))
        more = {name: value for name, value in more.items() if not name.startswith("GIT_CONFIG_")}
    clean.update(more)
    name = settings.remote
    add_config(clean, [each for each in entries if _counts(each[0], name)])
    add_config(clean, OWN_CONFIG)
    if _is_place(name):
        place = (
            name if "://" in name or _is_scp(name) else os.path.join(settings.root, os.path.expanduser(name))
        )
        return Remote(place, _without_password(place), clean)
    urls = [value for key, value in entries if key == f"remote.{name}.url"]
    if not urls:
        urls = [value for key, value in _entries(clean) if key == f"remote.{name}.url"]
    if not urls:
        what = f'there is no remote "{name}" in the checkout'
        hint = 'git remote add it, or say remote = "URL" in [plugins.wfepy_git] of the config'
        raise Missing(what, where=settings.root, hint=hint)
    if not ("://" in urls[0] or _is_scp(urls[0]) or os.path.isabs(urls[0])):  # it is meant from the checkout
        urls[0] = os.path.normpath(os.path.join(_checkout(settings), urls[0]))
        # Git adds the URLs of a name up; an empty one ends what was before it only from git 2.46 on.
        return Remote(urls[0], urls[0], clean)
    return Remote(name, _without_password(urls[0]), clean)


def _checkout(settings: Settings) -> str:
    from .settings import top_of

    return top_of(settings.root) or settings.root


def _configuration(folder: str, environ: Mapping[str, str], timeout: float) -> list[tuple[str, str]]:
    """Return what the configuration of the checkout says of remotes; nothing where there is no checkout."""
    git = Git(folder, environ, timeout)
    done = git.attempt("config", "--local", "--includes", "-z", "--get-regexp", _REACHING)
    if "dubious ownership" in done.err:
        raise remote_error(done, folder)
    if done.code:
        return []
    text = done.out.decode("utf-8", "surrogateescape")
    pairs = (each.partition("\n") for each in text.split("\0") if each)
    return [(key, value if mark else "true") for key, mark, value in pairs]


def _counts(key: str, name: str) -> bool:
    if not key.startswith("remote."):
        return True
    return key.startswith(f"remote.{name}.") and key.rpartition(".")[2] in _OF_REMOTE


def _entries(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    count = environ.get("GIT_CONFIG_COUNT", "")
    return [
        (environ.get(f"GIT_CONFIG_KEY_{number}", ""), environ.get(f"GIT_CONFIG_VALUE_{number}", ""))
        for number in range(int(count) if count.isdigit() else 0)
    ]


def _is_place(name: str) -> bool:
    return "/" in name or ":" in name or name.startswith("~") or name in (".", "..")


def _is_scp(text: str) -> bool:
    """Return whether this is ``host:path``, which ssh is to reach."""
    before, colon, _ = text.partition(":")
    return bool(colon) and "/" not in before and len(before) > 1


def _without_password(url: str) -> str:
    return re.sub(r"(?<=://)[^/@\s]+@", "", url)
