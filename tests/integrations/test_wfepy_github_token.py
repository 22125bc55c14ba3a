"""The token: git sends it once, to the server of the repository alone, and it is in no argument and no file."""

from __future__ import annotations

import base64
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from github_project import Flows, make_config
from wfepy_github.token import git_environment, has_token, hide_token
from wfepy_hooks.config import Config

TOKEN = "sekrit-token"
HEADER = "basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


class Server:
    """A server that knows nothing, and remembers what it was asked with."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.headers.get_all("Authorization") or [])
                self.send_error(404)

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


def config_with(server: str, **more: str) -> Config:
    config = make_config(environ={"GITHUB_SERVER_URL": server, **more})
    environ = {"WFEPY_GITHUB_TOKEN": TOKEN}
    hide_token(environ, config.plugins)
    assert environ == {}
    return config


def ask(url: str, environ: dict[str, str], home: Path) -> None:
    own = {"HOME": str(home), "PATH": "/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1"}
    run = subprocess.run(
        ["git", "ls-remote", f"{url}/acme/flows"], env={**own, **environ}, capture_output=True, check=False
    )
    assert run.returncode


def test_git_sends_the_token_once_whatever_a_checkout_has_left(server: Server, tmp_path: Path) -> None:
    left = "[http]\n  extraheader = AUTHORIZATION: basic b2xk\n"
    left += f'[http "{server.url}/"]\n  extraheader = AUTHORIZATION: x\n'
    (tmp_path / ".gitconfig").write_text(left)
    ask(server.url, git_environment(config_with(server.url)), tmp_path)
    assert server.asked
    assert all(each == [HEADER] for each in server.asked)


def test_no_other_server_gets_it(server: Server, tmp_path: Path) -> None:
    ask(server.url, git_environment(config_with("https://github.example.org")), tmp_path)
    assert server.asked
    assert all(each == [] for each in server.asked)


def test_no_plugin_of_the_project_sees_it(tmp_path: Path) -> None:
    flows = Flows(tmp_path)
    flows.configure()
    look = 'import os, sys\nseen = [name for name in os.environ if "sekrit" in os.environ[name]]\n'
    look += 'print("seen", seen, file=sys.stderr)\n'
    flows.write("wfepy_plugins.py", look)
    flows.write("named_plugin.py", look)
    flows.environ |= {
        "WFEPY_GITHUB_TOKEN": TOKEN,
        "WFEPY_PLUGINS": "named_plugin",
        "PYTHONPATH": str(tmp_path),
    }
    run = flows.run("plugins")
    assert run.stderr.count("seen []") == 2
    assert TOKEN not in run.stdout + run.stderr


def test_it_is_in_no_description_of_the_configuration() -> None:
    config = config_with("https://github.com")
    assert has_token(config)
    assert TOKEN not in repr(vars(config)) + repr(config.plugins.plugins)


def test_without_a_token_git_gets_nothing() -> None:
    config = make_config()
    assert not has_token(config)
    assert git_environment(config) == {}


def test_both_forms_are_masked_inside_of_github_actions(capsys: pytest.CaptureFixture[str]) -> None:
    git_environment(config_with("https://github.com", GITHUB_ACTIONS="true"))
    encoded = HEADER.removeprefix("basic ")
    assert capsys.readouterr().err.splitlines() == [f"::add-mask::{TOKEN}", f"::add-mask::{encoded}"]
