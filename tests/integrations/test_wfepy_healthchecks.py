"""The pings of a dead-man's switch, to a real server that is well, slow, lost or mad."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPMessage
from io import BytesIO
from pathlib import Path
from urllib.request import Request

import pytest

from cli_folder import Folder, error_line, flow
from http_server import Exchange, Server, refusing_url
from wfepy_healthchecks.pings import Pings
from wfepy_healthchecks.settings import Settings, read_settings
from wfepy_healthchecks.web import Refused, _Redirects, ping_url
from wfepy_hooks import ConfigError
from wfepy_hooks.config import Config


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def watch(folder: Folder, url: str, *, body: str = "pass", more: str = "") -> None:
    folder.configure(flow=flow(body))
    config = folder.path / "wfepy.toml"
    config.write_text(
        f'{config.read_text()}\n[plugins.wfepy_healthchecks]\nurl = "{url}"\ncommands = ["run"]\n{more}\n'
    )


def config_with(text: str = "", **environ: str) -> Config:
    config = Config(".", environ=environ)
    config.plugin_settings = {"wfepy_healthchecks": eval(f"dict({text})")}  # the table as keywords
    return config


def test_a_tick_is_pinged_at_its_start_and_with_its_exit_code_and_one_rid(
    folder: Folder, server: Server
) -> None:
    watch(folder, f"{server.url}/ping/uuid")
    folder.ok("run", "flow")
    assert server.paths == ["/ping/uuid/start", "/ping/uuid/0"]
    (rid,) = {request.path.partition("?rid=")[2] for request in server.requests}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", rid)
    folder.ok("run", "flow")
    assert len({request.path.partition("?rid=")[2] for request in server.requests}) == 2


def test_a_failed_task_is_the_exit_code_1(folder: Folder, server: Server) -> None:
    watch(folder, server.url, body="1 / 0")
    assert folder.wfepy("run", "flow").returncode == 1
    assert server.paths == ["/start", "/1"]


def test_only_ticks_are_pinged_where_the_settings_say_no_more(folder: Folder, server: Server) -> None:
    folder.configure()
    environ = {"WFEPY_HEALTHCHECKS_URL": f"{server.url}/secret"}
    folder.ok("run", "flow", environ=environ)
    assert server.paths == []
    folder.ok("tick", environ=environ)
    assert server.paths == ["/secret/start", "/secret/0"]


def test_the_environment_comes_before_the_file() -> None:
    settings = read_settings(config_with('url="https://a", variable="COFFEE"', COFFEE="https://b"))
    assert (settings.url, settings.commands) == ("https://b", ("tick",))
    assert read_settings(config_with('url="https://a", variable="COFFEE"')).url == "https://a"
    assert read_settings(config_with(COFFEE="https://b")).limit == 5
    assert read_settings(config_with('limit="2s"')).limit == 2


def hang(server: Server) -> None:
    server.released.wait()


def trickle(exchange: Exchange, server: Server) -> None:
    """Answer with a byte of a header now and then, and never with the last one: no timeout of a socket ends that."""
    while not server.released.wait(0.02):
        exchange.wfile.write(b"X")


@pytest.mark.parametrize("behaviour", ["hangs", "trickles"])
def test_a_server_that_does_not_answer_is_given_up(folder: Folder, server: Server, behaviour: str) -> None:
    if behaviour == "hangs":
        server.answer = lambda _: hang(server)
    else:
        server.answer = lambda exchange: trickle(exchange, server)
    watch(folder, f"{server.url}/secret", more='limit = "0.3s"')
    done = folder.wfepy("run", "flow")
    assert done.returncode == 0
    assert server.paths == ["/secret/start", "/secret/0"]
    assert done.stderr.count("was lost: ") == 2
    assert "secret" not in done.stderr
    assert "flow/default waits for b" in done.stdout


def test_a_server_that_is_not_there_fails_no_tick(folder: Folder) -> None:
    watch(folder, f"{refusing_url()}/secret", more='limit = "0.2s"')
    done = folder.wfepy("run", "flow")
    assert done.returncode == 0
    assert "the ping /0 to http://127.0.0.1:" in done.stderr
    assert "Connection refused" in done.stderr
    assert "secret" not in done.stderr


def test_a_ping_is_tried_again_when_the_server_has_a_problem(server: Server) -> None:
    codes = iter([500, 429, 200])
    server.answer = lambda exchange: exchange.reply(next(codes))
    Pings(Settings(server.url)).wfepy_command_finished("tick", 3)
    assert server.paths == ["/3"] * 3


def test_a_ping_that_is_refused_is_not_tried_again(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = lambda exchange: exchange.reply(404)
    Pings(Settings(f"{server.url}/secret")).wfepy_command_finished("tick", 0)
    assert server.paths == ["/secret/0"]
    (message,) = caplog.messages
    assert message.endswith("/... was lost: the server answers 404")


def test_what_is_no_http_fails_no_tick(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = lambda exchange: exchange.reply_with(b"\0nonsense\r\n\r\n")
    Pings(Settings(server.url, limit=0.2)).wfepy_command_started("tick")
    assert "BadStatusLine" in caplog.text


def test_a_redirect_is_followed_with_the_rid(server: Server) -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.path.startswith("/new"):
            exchange.reply()
        else:
            exchange.reply(301, Location=f"/new{exchange.path}")

    server.answer = answer
    Pings(Settings(f"{server.url}/old")).wfepy_command_started("tick")
    assert server.paths == ["/old/start", "/new/old/start"]
    assert "?rid=" in server.requests[1].path


def test_redirects_without_end_are_given_up(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = lambda exchange: exchange.reply(302, Location=f"/{len(server.paths)}")
    Pings(Settings(server.url)).wfepy_command_started("tick")
    assert 1 < len(server.paths) < 20
    assert "was lost: the server answers 302" in caplog.text


def test_a_redirect_to_something_else_is_not_followed(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = lambda exchange: exchange.reply(302, Location="ftp://elsewhere.example/")
    Pings(Settings(server.url)).wfepy_command_started("tick")
    assert "redirected from http to ftp, which is not followed" in caplog.text


def test_a_redirect_out_of_tls_is_not_followed() -> None:
    """The URL is the secret, and would be sent for all to read."""
    request, headers = Request("https://hc.example/uuid"), HTTPMessage()
    with pytest.raises(Refused, match="redirected from https to http, which is not followed"):
        _Redirects().redirect_request(request, BytesIO(), 302, "", headers, "http://hc.example/uuid")


def test_a_login_in_the_url_is_sent_as_one_and_not_to_whom_it_redirects(server: Server) -> None:
    with Server() as other:
        server.answer = lambda exchange: exchange.reply(302, Location=f"{other.url}/new")
        url = server.url.replace("//", "//me:p%40ss@")
        Pings(Settings(f"{url}/uuid")).wfepy_command_started("tick")
    assert server.requests[0].headers["Authorization"] == "Basic bWU6cEBzcw=="  # me:p@ss
    assert other.paths == ["/new"]
    assert "Authorization" not in other.requests[0].headers


def test_an_interrupted_command_is_pinged_with_its_exit_code(folder: Folder, server: Server) -> None:
    watch(folder, server.url, body="import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert folder.wfepy("run", "flow").returncode == 130
    assert server.paths == ["/start", "/130"]


def test_a_name_that_is_looked_up_for_ever_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    released = threading.Event()

    def lookup(*_: object, **__: object) -> list[object]:
        released.wait(5)  # longer than the limit: then its error would be told
        raise socket.gaierror("released")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    before = set(threading.enumerate())
    try:
        Pings(Settings("http://checks.example", limit=0.05)).wfepy_command_finished("tick", 0)
        (thread,) = set(threading.enumerate()) - before
        assert thread.daemon, "the process would not end before it"
    finally:
        released.set()
    assert "no answer within 0.05 s" in caplog.text


def test_a_url_keeps_its_query() -> None:
    assert ping_url("https://hc.example/key/coffee?create=1", "start", "7") == (
        "https://hc.example/key/coffee/start?create=1&rid=7"
    )
    assert ping_url("https://hc.example/káva?run=ž", "1", "7") == (
        "https://hc.example/k%C3%A1va/1?run=%C5%BE&rid=7"
    )
    assert ping_url("https://hc.example/", "1", "7") == "https://hc.example/1?rid=7"


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('url="ftp://x"', "url must be the URL of a check"),
        ('url="https://"', "url must be the URL of a check"),
        ('url="https://x/a b"', "url must be the URL of a check"),
        ('url="https://x:99999/"', "url must be the URL of a check"),
        ('variable="A-B"', "variable must be the name of an environment variable"),
        ("commands=[]", "commands must be a list of commands"),
        ('limit="6s"', 'limit must be a duration of at most "5s"'),
        ('ulr="https://x"', 'did you mean "url"?'),
    ],
)
def test_a_wrong_setting_is_an_error(table: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(problem)):
        read_settings(config_with(table))


def test_a_wrong_variable_is_an_error_that_does_not_show_it(folder: Folder) -> None:
    folder.configure()
    done = folder.wfepy("tick", environ={"WFEPY_HEALTHCHECKS_URL": "my-secret"})
    assert "WFEPY_HEALTHCHECKS_URL: it is not the URL of a check" in error_line(done, 4)
    assert "my-secret" not in done.stderr


def test_the_header_says_where_pings_go_and_not_the_secret() -> None:
    named = config_with('variable="COFFEE"')
    assert read_settings(named).header() == (
        "healthchecks: no pings, the environment variable COFFEE is not set"
    )
    named = config_with('variable="COFFEE"', COFFEE="https://hc.example/secret")
    assert read_settings(named).header() == (
        "healthchecks: pings https://hc.example/... around tick, by COFFEE"
    )


def test_without_settings_nothing_is_imported() -> None:
    code = """
import sys
from wfepy_hooks.config import Config
with Config.without_file(environ={}) as config:
    assert config.plugins.has_plugin("wfepy_healthchecks")
    assert not config.plugins.command_started
print([name for name in sys.modules if name.startswith("wfepy_healthchecks.") or name == "urllib.request"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
