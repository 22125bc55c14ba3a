"""The token of the job: git alone gets it, through its environment; no file, argument, task or plugin does."""

from __future__ import annotations

import base64

from .actionslog import mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from wfepy_hooks import Config, PluginHost

__all__ = ["VARIABLE", "git_environment", "has_token", "hide_token"]

#: Not GITHUB_TOKEN, which other programs look for.
VARIABLE = "WFEPY_GITHUB_TOKEN"
_HIDDEN = "wfepy_github:token"
SERVER = "https://github.com"


class _Token:
    """A plugin that does nothing but keep the token where no child process and no traceback gets it by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def read(self) -> str:
        """Return the token."""
        return self._value


def hide_token(environ: MutableMapping[str, str], plugins: PluginHost) -> None:
    """Take the token out of the environment, before tasks and other plugins look there."""
    plugins.register(_Token(environ.pop(VARIABLE)), _HIDDEN, "WFEPY_GITHUB_TOKEN")


def has_token(config: Config) -> bool:
    """Return whether there is one."""
    return config.plugins.has_plugin(_HIDDEN)


def git_environment(config: Config) -> dict[str, str]:
    """Return the variables that let git reach the repository with the token; without one, none.

    Both forms of it are masked in the log.
    """
    kept = config.plugins.get_plugin(_HIDDEN)
    token = kept.read() if isinstance(kept, _Token) else ""
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
