"""Sending one message: by a plugin, or by Apprise."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from wfepy_hooks import WfepyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from wfepy_hooks import Config

    from .message import Message
    from .settings import Target

__all__ = ["VARIABLE", "NotSent", "expand", "send", "without_secrets"]

#: A variable of the environment in a URL.
VARIABLE = re.compile(r"\$\{(\w+)\}")
_LONGEST_ERROR = 300
#: A shorter value would be found in the middle of words.
_SHORTEST_SECRET = 4


class NotSent(WfepyError):
    """A message could not be sent."""


def send(config: Config, target: Target, message: Message, seconds: float, reached: set[str]) -> None:
    """Send a message, and return when the server has taken it.

    :param seconds: for how long a server may say nothing
    :param reached: the addresses that an earlier attempt has reached, which are left out; those of this one come to it
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
    from .hearing import Heard  # lazily, as all that only Apprise needs

    url, secrets = expand(target.url, config.environ)
    heard, service = Heard(), None
    try:
        with heard:
            service = _service(url)
            _skip_reached(service, message, reached)
            _by_apprise(service, message, seconds)
    except NotSent as error:
        words = without_secrets(error.hint or heard.words, url, secrets)
        words = _without_parts(words, url, "" if service is None else service.url(privacy=True))
        raise NotSent(f"{error.what}: {words}" if words else error.what) from error


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
    for name in VARIABLE.findall(url):
        if not environ.get(name):
            raise NotSent(f"the environment variable {name} is not set, which its url asks for")
        used[name] = environ[name]
    if whole := VARIABLE.fullmatch(url):
        return used[whole[1]], used
    return VARIABLE.sub(lambda found: quote(used[found[1]], safe=""), url), used


def without_secrets(text: str, url: str, secrets: dict[str, str]) -> str:
    """Return an error on one line, without secrets."""
    text = text.replace(url, "its url")
    for name, value in secrets.items():
        for form in {value, quote(value, safe="")}:
            if len(form) >= _SHORTEST_SECRET:
                text = text.replace(form, f"${{{name}}}")
    return " ".join(text.split())[:_LONGEST_ERROR]


def _without_parts(text: str, url: str, shown: str) -> str:
    """Return an error without the parts of a URL that are not in what Apprise itself shows of it.

    A URL may have its password written in it, or be a variable as a whole, and services put such parts into errors.
    """
    for part in re.split(r"[/:@?&;,]+(?:\w+=)?", url.partition("://")[2]):
        for form in {part, unquote(part)}:
            if len(form) >= _SHORTEST_SECRET and form not in shown:
                text = text.replace(form, "***")
    return text


def _service(url: str) -> Any:
    """Return what Apprise has for a URL.

    :raises NotSent: if that is nothing
    """
    import apprise  # lazily: it takes 100 ms

    try:
        service: Any = apprise.Apprise.instantiate(url, suppress_exceptions=False)
    except Exception as error:
        raise NotSent("Apprise does not take its url", hint=str(error)) from error
    if not service:
        raise NotSent("Apprise knows no service of such a url")
    return service


def _by_apprise(service: Any, message: Message, seconds: float) -> None:
    from apprise import NotifyType

    service.socket_connect_timeout = min(service.socket_connect_timeout, seconds)
    service.socket_read_timeout = min(service.socket_read_timeout, seconds)
    kind = "success" if message.event in ("finished", "recovered", "test") else "warning"
    if message.event in ("failed", "failing", "timed_out", "dead_end"):
        kind = "failure"
    try:
        sent = service.notify(**_in_its_format(service, message), notify_type=NotifyType(kind))
    except Exception as error:
        raise NotSent("Apprise failed", hint=f"{type(error).__name__}: {error}") from error
    if not sent:
        raise NotSent("the server has not taken it")


def _skip_reached(service: Any, message: Message, reached: set[str]) -> None:
    """Let a service leave out addresses; of mail to two people the server of one may ask to come again."""
    if len(message.body) + len(message.title) > service.body_maxlen:
        return  # it goes out in pieces, and nobody tells which of them this is

    def is_delivered(key: object, per_message: bool = False) -> bool:
        return key in reached

    def mark_delivered(key: object, per_message: bool = False) -> None:
        if isinstance(key, str):  # else it is no address
            reached.add(key)

    # What Apprise has for its own retries; Apprise 1 does not ask, and tells all of them again.
    service.is_delivered, service.mark_delivered = is_delivered, mark_delivered


def _in_its_format(service: Any, message: Message) -> dict[str, Any]:
    """Return a message, which is plain text, in the format that a service has.

    Of what it is not told, a service believes that it is its own: mail would be HTML, in which lines run together and
    an error's text may be markup. :meth:`apprise.Apprise.notify` would do this in a thread that no daemon is, so that
    a server that hangs kept the process from its end.
    """
    from apprise import NotifyFormat, conversion

    convert: Callable[..., str] = conversion.convert_between
    resolve = getattr(service, "resolve_format", None)  # Apprise 1 has but one format for each service
    wanted = resolve(NotifyFormat.TEXT) if resolve else service.notify_format
    body, title = convert(NotifyFormat.TEXT, wanted, message.body), message.title
    if service.title_maxlen <= 0:  # it becomes a part of the body
        title = convert(NotifyFormat.TEXT, wanted, title)
    return {"body": body, "title": title, "body_format": wanted}
