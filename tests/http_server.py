"""A real HTTP server on loopback that notes what it is sent, and answers as a test says."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = Callable[["Exchange"], None]


class Exchange(BaseHTTPRequestHandler):
    """One request; an answer calls :meth:`reply` or does something worse to :attr:`wfile`."""

    def reply(self, code: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def reply_with(self, raw: bytes) -> None:
        """Send what need not be HTTP."""
        self.wfile.write(raw)


@dataclass
class Request:
    """What the server was sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Server:
    """The server; as a context manager it serves.

    :ivar answer: called with each exchange after it was noted
    :ivar requests: what it was sent
    :ivar released: set when the server ends; an answer that hangs waits for it
    """

    answer: Answer = field(default=lambda exchange: exchange.reply())
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Server:
        server = self

        class Handler(Exchange):
            def _note(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.requests.append(Request(self.command, self.path, dict(self.headers), body))
                server.answer(self)

            do_GET = do_POST = do_HEAD = _note  # the names that http.server looks for

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever hung up did it on purpose
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, without what is behind the ``?``."""
        return [request.path.partition("?")[0] for request in self.requests]


def refusing_url() -> str:
    """Return a URL where nobody listens."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
