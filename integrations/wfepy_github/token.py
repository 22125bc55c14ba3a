"""The token of the job: git alone gets it, through its environment; no file, argument, task or plugin does."""

from __future__ import annotations

import base64

from wfepy_hooks import StashKey

from .actionslog import mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from wfepy_hooks.config import Config

__all__ = ["TOKEN", "VARIABLE", "git_environment", "take_token"]

#: Not GITHUB_TOKEN, which other programs look for.
VARIABLE = "WFEPY_GITHUB_TOKEN"
TOKEN: StashKey[str] = StashKey()
SERVER = "https://github.com"


def take_token(config: Config) -> None:
    """Take the token out of the environment, before tasks and plugins look there."""
    environ: MutableMapping[str, str] = config.environ  # type: ignore[assignment]  # it is that of the process
    token = environ.pop(VARIABLE, "")
    if token:
        config.stash[TOKEN] = token


def git_environment(config: Config) -> dict[str, str]:
    """Return the variables that let git reach the repository with the token; without one, none.

    Both forms of it are masked in the log.
    """
    token = config.stash.get(TOKEN, "")
    if not token:
        return {}
    encoded = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    if config.environ.get("GITHUB_ACTIONS") == "true":
        mask(token)
        mask(encoded)
    server = config.environ.get("GITHUB_SERVER_URL", SERVER).rstrip("/")
    return _as_variables(
        # An empty one first: whatever the checkout has left there would be sent, too.
        ("http.extraheader", ""),
        (f"http.{server}/.extraheader", ""),
        (f"http.{server}/.extraheader", f"AUTHORIZATION: basic {encoded}"),
    )


def _as_variables(*entries: tuple[str, str]) -> dict[str, str]:
    found = {"GIT_CONFIG_COUNT": str(len(entries))}
    for number, (key, value) in enumerate(entries):
        found[f"GIT_CONFIG_KEY_{number}"] = key
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found
