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
from wfepy_hooks import ConfigError, WorkflowConfig
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


def pings(url: str, *, limit: float = 5) -> Pings:
    return Pings(Settings(url, limit=limit), config_with())


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
    pings(server.url).wfepy_command_finished("tick", 3)
    assert server.paths == ["/3"] * 3


def test_a_ping_that_is_refused_is_not_tried_again(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = lambda exchange: exchange.reply(404)
    pings(f"{server.url}/secret").wfepy_command_finished("tick", 0)
    assert server.paths == ["/secret/0"]
    (message,) = caplog.messages
    assert message.endswith("/... was lost: the server answers 404")


def test_what_is_no_http_fails_no_tick(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = lambda exchange: exchange.reply_with(b"\0nonsense\r\n\r\n")
    pings(server.url, limit=0.2).wfepy_command_started("tick")
    assert "BadStatusLine" in caplog.text


def test_a_redirect_is_followed_with_the_rid(server: Server) -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.path.startswith("/new"):
            exchange.reply()
        else:
            exchange.reply(301, Location=f"/new{exchange.path}")

    server.answer = answer
    pings(f"{server.url}/old").wfepy_command_started("tick")
    assert server.paths == ["/old/start", "/new/old/start"]
    assert "?rid=" in server.requests[1].path


def test_redirects_without_end_are_given_up(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = lambda exchange: exchange.reply(302, Location=f"/{len(server.paths)}")
    pings(server.url).wfepy_command_started("tick")
    assert 1 < len(server.paths) < 20
    assert "was lost: the server answers 302" in caplog.text


def test_a_redirect_to_something_else_is_not_followed(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = lambda exchange: exchange.reply(302, Location="ftp://elsewhere.example/")
    pings(server.url).wfepy_command_started("tick")
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
        pings(f"{url}/uuid").wfepy_command_started("tick")
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
        pings("http://checks.example", limit=0.05).wfepy_command_finished("tick", 0)
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


@pytest.mark.parametrize("environ", [{}, {"WFEPY_HEALTHCHECKS_URL": "https://x/{workflow}"}])
def test_the_check_for_all_is_not_named_by_a_workflow(environ: dict[str, str]) -> None:
    config = config_with("" if environ else 'url="https://x/{workflow}"', **environ)
    with pytest.raises(ConfigError, match=re.escape("which only those of workflows may have")) as error:
        read_settings(config)
    assert error.value.hint == 'move it to [plugins.wfepy_healthchecks.workflows."*"]'


def test_a_wrong_variable_is_an_error_that_does_not_show_it(folder: Folder) -> None:
    folder.configure()
    done = folder.wfepy("tick", environ={"WFEPY_HEALTHCHECKS_URL": "my-secret"})
    assert "WFEPY_HEALTHCHECKS_URL: it is not the URL of a check" in error_line(done, 4)
    assert "my-secret" not in done.stderr


def test_the_header_says_where_pings_go_and_not_the_secret() -> None:
    named = config_with('variable="COFFEE"')
    assert read_settings(named).header() == [
        "healthchecks: no pings, the environment variable COFFEE is not set"
    ]
    named = config_with('variable="COFFEE"', COFFEE="https://hc.example/secret")
    assert read_settings(named).header() == [
        "healthchecks: pings https://hc.example/... around tick, by COFFEE"
    ]


# --- a check for each workflow ---------------------------------------------------------------------------

ONE_TASK = """
import os, signal
import wfepy_hooks as wfepy

@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def only(context):
    {body}
    return True
"""


def shop(folder: Folder, checks: str, **bodies: str) -> None:
    """Write a project with a workflow for each body, which has one instance."""
    text = "\n".join(f'[workflows.{name}]\nmodule = "{name}"' for name in bodies)
    folder.write("wfepy.toml", f'[wfepy]\nstate = "state"\n{text}\n{checks}')
    for name, body in bodies.items():
        folder.write(f"{name}.py", ONE_TASK.format(body=body))
        folder.ok("start", name, "--id", "one")


EACH = '[plugins.wfepy_healthchecks.workflows."*"]\nurl = "{url}/{{workflow}}"\n'


def test_each_workflow_has_a_check_of_its_own_beside_that_of_the_tick(folder: Folder, server: Server) -> None:
    checks = f'[plugins.wfepy_healthchecks]\nurl = "{server.url}/all"\n'
    checks += f'[plugins.wfepy_healthchecks.workflows.order]\nurl = "{server.url}/mine"\n'
    shop(folder, checks + EACH.format(url=server.url), order="1 / 0", report="pass")
    folder.ok("start", "report", "--id", "two")
    assert folder.wfepy("tick").returncode == 1
    # What has ended is told at once, and must not wait for what comes behind it.
    assert server.paths[:2] == ["/all/start", "/mine/start"]
    assert sorted(server.paths[2:4]) == ["/mine/1", "/report/start"]
    assert sorted(server.paths[4:]) == ["/all/1", "/report/0"]
    rids: dict[str, set[str]] = {}
    for request in server.requests:
        path, _, rid = request.path.partition("?rid=")
        rids.setdefault(path.split("/")[1], set()).add(rid)
    assert {name: len(found) for name, found in rids.items()} == {"all": 1, "mine": 1, "report": 1}
    assert len(set.union(*rids.values())) == 3


def test_a_workflow_without_an_instance_is_pinged_and_one_that_is_not_due_is_not(
    folder: Folder, server: Server
) -> None:
    shop(folder, EACH.format(url=server.url), idle="pass", later="pass")
    config = folder.path / "wfepy.toml"
    text = config.read_text().replace('module = "later"', 'module = "later"\nschedule = "0 0 1 1 *"')
    config.write_text(text)
    folder.ok("tick", "--due")  # the first one looks at all
    folder.ok("start", "later", "--id", "two")
    server.requests.clear()
    folder.ok("tick", "--due")
    assert server.paths == ["/idle/0"]


def test_a_workflow_that_cannot_be_loaded_is_pinged_with_its_exit_code(
    folder: Folder, server: Server
) -> None:
    shop(folder, EACH.format(url=server.url), good="pass", torn="pass")
    (folder.path / "state" / "torn" / "one.json").write_text("{")
    assert folder.wfepy("tick").returncode == 3
    assert server.paths[0] == "/good/start"
    assert sorted(server.paths[1:]) == ["/good/0", "/torn/3"]


def test_an_interrupted_tick_is_told_to_the_workflow_that_it_was_at(folder: Folder, server: Server) -> None:
    kill = "os.kill(os.getpid(), signal.SIGTERM)"
    shop(folder, EACH.format(url=server.url), first="pass", second=kill, third="pass")
    assert folder.wfepy("tick").returncode == 130
    assert server.paths[0] == "/first/start"
    assert sorted(server.paths[1:3]) == ["/first/0", "/second/start"]
    assert server.paths[3:] == ["/second/130"]


def test_the_pings_of_all_workflows_share_the_time(folder: Folder, server: Server) -> None:
    server.answer = lambda _: hang(server)
    names = ["a", "b", "c"]
    limit = '[plugins.wfepy_healthchecks]\nlimit = "0.3s"\n'
    shop(folder, limit + EACH.format(url=f"{server.url}/secret"), **dict.fromkeys(names, "pass"))
    done = folder.wfepy("tick")
    assert done.returncode == 0
    assert server.paths[0] == "/secret/a/start"
    # Its time is over, so that no other one is told before the end, and there all are at once.
    assert sorted(server.paths[1:]) == [f"/secret/{name}/0" for name in names]
    assert "wfepy_healthchecks: the ping /0 of c to http://127.0.0.1:" in done.stderr
    assert "secret" not in done.stderr


def test_what_could_not_be_told_in_between_is_told_in_the_end(folder: Folder, server: Server) -> None:
    refused = iter(["/a/0"])

    def answer(exchange: Exchange) -> None:
        is_refused = exchange.path.partition("?")[0] == "/a/0" and next(refused, "")
        exchange.reply(400 if is_refused else 200)

    server.answer = answer
    shop(folder, EACH.format(url=server.url), a="pass", b="pass")
    folder.ok("tick")
    assert server.paths.count("/a/0") == 2


def test_the_worst_instance_of_a_workflow_counts_and_for_no_other_one(folder: Folder, server: Server) -> None:
    shop(folder, EACH.format(url=server.url), bad="1 / (instance.id != 'one')", idle="pass")
    folder.write("bad.py", (folder.path / "bad.py").read_text().replace("(context)", "(context, instance)"))
    folder.ok("start", "bad", "--id", "two")
    folder.ok("cancel", "idle", "one", "--yes")
    assert folder.wfepy("tick").returncode == 1
    assert server.paths[0] == "/bad/start"
    assert sorted(server.paths[1:]) == ["/bad/1", "/idle/0"]


def test_an_error_of_no_instance_is_that_of_the_workflows_that_were_not_advanced(
    folder: Folder, server: Server
) -> None:
    shop(folder, EACH.format(url=server.url), good="pass")
    with (folder.path / "wfepy.toml").open("a") as config:
        config.write('\n[workflows.unlisted]\nmodule = "good"\n')
    (folder.path / "state" / "unlisted").write_text("a file where the folder should be")
    assert folder.wfepy("tick").returncode == 3
    assert sorted(server.paths) == ["/good/0", "/good/start", "/unlisted/3"]


def test_the_name_of_a_workflow_is_quoted_in_a_url() -> None:
    settings = Settings("", workflows={"*": ("https://x/{workflow}?create=1", "")})
    assert settings.url_of("a/b ?") == "https://x/a%2Fb%20%3F?create=1"


def test_only_one_check_may_be_in_the_environment(folder: Folder, server: Server) -> None:
    table = '[plugins.wfepy_healthchecks.workflows.order]\nvariable = "ORDER"\n'
    shop(folder, table, order="pass", report="pass")
    assert "healthchecks: no pings for order, the environment variable ORDER is not set" in folder.ok(
        "plugins"
    )
    environ = {"ORDER": f"{server.url}/secret"}
    said = f"healthchecks: pings {server.url}/... around order, by ORDER"
    assert said in folder.ok("plugins", environ=environ)
    folder.ok("tick", environ=environ)
    assert server.paths == ["/secret/start", "/secret/0"]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("{'order': {}}", "workflows.order] the key url or variable is missing"),
        ("{'ordr': {'variable': 'A'}}", 'there is no workflow "ordr"; known are order'),
        ("{'*': {'url': 'https://x/y'}}", "several workflows would ping one check"),
        ("{'order': {'ulr': 'https://x'}}", 'did you mean "url"?'),
        ("{'order': {'url': 'x'}}", "url must be the URL of a check"),
    ],
)
def test_a_wrong_check_of_a_workflow_is_an_error(table: str, problem: str) -> None:
    config = config_with(f"workflows={table}")
    config.workflows = {"order": WorkflowConfig("order", "order")}
    with pytest.raises(ConfigError, match=re.escape(problem)):
        read_settings(config)


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
