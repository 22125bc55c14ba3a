"""Sending one message: by a plugin, or by Apprise."""

from __future__ import annotations

import re
from urllib.parse import quote

from wfepy_hooks import WfepyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping
    from typing import Any

    from wfepy_hooks.config import Config

    from .message import Message
    from .settings import Target

__all__ = ["NotSent", "expand", "send", "without_secrets"]

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_LONGEST_ERROR = 300
#: A shorter value would be found in the middle of words.
_SHORTEST_SECRET = 4


class NotSent(WfepyError):
    """A message could not be sent."""


def send(config: Config, target: Target, message: Message, seconds: float) -> None:
    """Send a message, and return when the server has taken it.

    :param seconds: for how long a server may say nothing
    :raises NotSent: if it could not be sent, or nobody knows
    """
    if config.plugins.has("wfepy_notify_send"):
        sent = _ask_plugins(config, message)
        if sent is not None:
            if sent is not True:
                raise NotSent(f"a plugin answered {sent!r} to wfepy_notify_send; True says that it is sent")
            return
    if not target.url:
        raise NotSent("no plugin has sent it, and the target has no url")
    url, secrets = expand(target.url, config.environ)
    heard = _Heard()
    try:
        with heard:
            _by_apprise(url, message, seconds)
    except NotSent as error:
        words = f"{error.hint or heard.last}"
        raise NotSent(
            f"{error.what}: {without_secrets(words, url, secrets)}" if words else error.what
        ) from error


def _ask_plugins(config: Config, message: Message) -> object:
    try:
        answer: object = config.plugins.hook.wfepy_notify_send(message=message)
    except Exception as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error
    return answer


def expand(url: str, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return a URL with the values of its variables, and these, which nobody is to read in a log.

    A variable that is the whole URL is taken as it is; the value of one that is a part is quoted for its place.

    :raises NotSent: if one is not set
    """
    used: dict[str, str] = {}
    for name in _VARIABLE.findall(url):
        if not environ.get(name):
            raise NotSent(f"the environment variable {name} is not set, which its url asks for")
        used[name] = environ[name]
    if whole := _VARIABLE.fullmatch(url):
        return used[whole[1]], used
    return _VARIABLE.sub(lambda found: quote(used[found[1]], safe=""), url), used


def without_secrets(text: str, url: str, secrets: dict[str, str]) -> str:
    """Return an error on one line, without secrets."""
    text = text.replace(url, "its url")
    for name, value in secrets.items():
        for form in {value, quote(value, safe="")}:
            if len(form) >= _SHORTEST_SECRET:
                text = text.replace(form, f"${{{name}}}")
    return " ".join(text.split())[:_LONGEST_ERROR]


def _by_apprise(url: str, message: Message, seconds: float) -> None:
    import apprise  # lazily: it takes 100 ms

    try:
        service: Any = apprise.Apprise.instantiate(url, suppress_exceptions=False)
    except Exception as error:
        raise NotSent("Apprise does not take its url", hint=str(error)) from error
    if not service:
        raise NotSent("Apprise knows no service of such a url")
    service.socket_connect_timeout = min(service.socket_connect_timeout, seconds)
    service.socket_read_timeout = min(service.socket_read_timeout, seconds)
    kind = "success" if message.event in ("finished", "test") else "warning"
    if message.event in ("failed", "failing", "timed_out", "dead_end"):
        kind = "failure"
    try:
        sent = service.notify(title=message.title, body=message.body, notify_type=apprise.NotifyType(kind))
    except Exception as error:
        raise NotSent("Apprise failed", hint=f"{type(error).__name__}: {error}") from error
    if not sent:
        raise NotSent("the server has not taken it")


class _Heard:
    """While this is entered, it remembers what Apprise logs in this thread: its answers say only yes or no."""

    def __init__(self) -> None:
        self.last = ""

    def __enter__(self) -> None:
        import logging
        from threading import get_ident

        me = get_ident()

        class Handler(logging.Handler):
            def emit(handler, record: logging.LogRecord) -> None:  # self is the outer one's
                if record.thread == me:
                    self.last = record.getMessage()

        self._handler: logging.Handler = Handler(logging.WARNING)
        logging.getLogger("apprise").addHandler(self._handler)

    def __exit__(self, *exception: object) -> None:
        import logging

        logging.getLogger("apprise").removeHandler(self._handler)
