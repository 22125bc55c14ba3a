"""One ping by HTTP: its URL, its redirects, and what counts as an answer."""

from __future__ import annotations

from base64 import b64encode
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from http.client import HTTPMessage
    from typing import IO

__all__ = ["Refused", "ping", "ping_url"]


#: What stays as it is in a path or a query; what is no ASCII at all becomes percent signs.
_SAFE = "/%:@!$&'()*+,;=~"


class Refused(Exception):
    """The server does not take this ping, now or later."""


class _Redirects(HTTPRedirectHandler):
    """Follows redirects, but for one that would take the URL, which is a secret, out of TLS."""

    max_redirections = 5

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme != "https" and not (scheme == req.type == "http"):
            raise Refused(f"it is redirected from {req.type} to {scheme}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def ping_url(url: str, signal: str, rid: str) -> str:
    """Return the URL of one ping.

    :param url: of the check; what is behind its ``?`` stays there
    :param signal: ``start`` or an exit code
    :param rid: the same for the start and the end of a run, so that the server can tell how long it took
    """
    parts = urlsplit(url)
    query = f"{parts.query}&rid={rid}" if parts.query else f"rid={rid}"
    path = quote(parts.path.rstrip("/"), safe=_SAFE)
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/{signal}", quote(query, safe=_SAFE + "?"), ""))


def ping(url: str, timeout: float) -> None:
    """Ping.

    :param timeout: seconds for each step of it
    :raises Refused: if the server does not take it
    :raises OSError: if it does not get there, or the server has a problem
    """
    login, at, _ = urlsplit(url).netloc.rpartition("@")
    request = Request(url.replace(f"{login}{at}", "", 1), headers={"User-Agent": "wfepy-healthchecks"})
    if login:  # urllib would take it for a part of the host; whoever it redirects to is not to know
        secret = b64encode(unquote(login).encode()).decode("ascii")
        request.add_unredirected_header("Authorization", f"Basic {secret}")
    try:
        with build_opener(_Redirects).open(request, timeout=max(timeout, 0.001)) as answer:
            answer.read(1000)
    except HTTPError as error:
        error.close()
        if error.code >= 500 or error.code == 429:
            raise OSError(f"the server answers {error.code}") from None
        raise Refused(f"the server answers {error.code}") from None
