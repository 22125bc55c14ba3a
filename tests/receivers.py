"""Servers on the loopback that take messages, or do not: what the tests of notifying send to."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class HttpReceiver:
    """An HTTP server that keeps the JSON that is posted to it.

    :ivar answer: the status that it answers with
    :ivar hangs: it takes what is posted, and does not answer
    """

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.answer = 200
        self.hangs = False
        self._released = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.hangs:
                    receiver._released.wait(30)
                    return
                if receiver.answer == 200:
                    receiver.received.append(json.loads(data))
                    receiver.paths.append(self.path)
                self.send_response(receiver.answer)
                self.end_headers()

            def log_message(self, *args: object) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.received]

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Controller(Controller):
    def factory(self) -> Any:
        # Without a loop it looks for one, and changes the filters of warnings of all threads meanwhile.
        return SMTP(self.handler, loop=self.loop, **self.SMTP_kwargs)


class MailReceiver:
    """A mail server that keeps what it is given.

    :param tls: with it, nothing is taken before STARTTLS and a login
    :ivar later: recipients for whom it asks to come again
    :ivar logins: the names and passwords that came
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.later: set[str] = set()
        options: dict[str, Any] = {"hostname": "127.0.0.1", "port": free_port()}
        if tls is not None:
            options.update(tls_context=tls, require_starttls=True)
            options.update(authenticator=self._log_in, auth_required=True)
        self._controller = _Controller(self, **options)
        self._controller.start()
        self.port: int = self._controller.port

    def _log_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:  # aiosmtpd calls it so
        if address in self.later:
            return "451 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 welcome"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # aiosmtpd calls it so
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(envelope.rcpt_tos)
        return "250 taken"

    def close(self) -> None:
        self._controller.stop()


@contextlib.contextmanager
def deaf_server() -> Iterator[int]:
    """Give the port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free_port() -> int:
    """Return a port of the loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def server_context(folder: Path) -> ssl.SSLContext:
    """Return what a server needs for TLS, with a certificate that nobody has signed."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    command = [*words.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
