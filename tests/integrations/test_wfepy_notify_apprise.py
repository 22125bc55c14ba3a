"""Apprise against real servers on the loopback: mail and HTTP, and those that hang, refuse or fail."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from notify_desk import Desk, make_desk
from receivers import HttpReceiver, MailReceiver, deaf_server, free_port, server_context
from wfepy_notify.sending import NotSent, expand, without_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from conftest import Require

#: Services of Apprise use modules that Python will drop, such as imghdr.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = make_desk(tmp_path, monkeypatch)
    made.sender = object()  # type: ignore[assignment]  # no plugin sends: Apprise does
    return made


@pytest.fixture
def web() -> Iterator[HttpReceiver]:
    receiver = HttpReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def post() -> Iterator[MailReceiver]:
    receiver = MailReceiver()
    yield receiver
    receiver.close()


def error(desk: Desk) -> str:
    (waiting,) = desk.outbox.pending.values()
    return waiting.error


def test_a_message_goes_to_a_web_server(desk: Desk, web: HttpReceiver) -> None:
    desk.target(f'events = ["waiting", "finished"]\nurl = "{web.url}"')
    desk.start("1")
    desk.tick()
    desk.signal("1", "approve")
    desk.tick()
    assert web.titles == ["paper: flow/1 waits in review", "paper: flow/1 is finished"]
    assert [each["type"] for each in web.received] == ["warning", "success"]
    assert "wfepy signal flow 1 review --data approve" in web.received[0]["message"]
    assert desk.waiting == []


def test_a_message_goes_out_as_mail(desk: Desk, post: MailReceiver) -> None:
    url = f"mailto://127.0.0.1:{post.port}?from=wfepy@example.org&to=ann@example.org,bob@example.org&mode=insecure"
    desk.target(f'events = ["waiting"]\nurl = "{url}&format=text"')
    desk.start("1")
    desk.tick()
    assert desk.waiting == []
    assert sorted(each for to in post.recipients for each in to) == ["ann@example.org", "bob@example.org"]
    mail = post.mails[0]
    assert mail["subject"] == "paper: flow/1 waits in review"
    text = mail.get_body(("plain",))
    assert text is not None
    body = text.get_content().replace("\r\n", "\n")
    assert "\n    wfepy signal flow 1 review --data approve --by YOU\n" in body


def failing(desk: Desk, error: str) -> None:
    """Let the project have a task that raises an error with such a text."""
    desk.write(
        "flow.py",
        f"""
        import wfepy_hooks as wfepy

        @wfepy.task()
        @wfepy.start_point()
        @wfepy.end_point()
        def copy(context):
            raise wfepy.GiveUp({error!a})
        """,
    )


def mail_url(post: MailReceiver, more: str = "") -> str:
    return f"mailto://127.0.0.1:{post.port}/{more}?from=wfepy@example.org&to=ann@example.org&mode=insecure"


def test_a_mail_is_plain_text_unless_its_url_says_otherwise(desk: Desk, post: MailReceiver) -> None:
    failing(desk, "<b>no\nspace</b>")
    desk.target(f'events = ["failed"]\nurl = "{mail_url(post)}"')
    desk.start("1")
    desk.tick()
    (mail,) = post.mails
    assert mail.get_content_type() == "text/plain"
    assert "GiveUp: <b>no\n" in mail.get_content().replace("\r\n", "\n")


def test_what_a_task_says_is_no_markup_in_a_mail_of_html(desk: Desk, post: MailReceiver) -> None:
    failing(desk, "<b>no\nspace</b>")
    desk.target(f'events = ["failed"]\nurl = "{mail_url(post)}&format=html"')
    desk.start("1")
    desk.tick()
    html = post.mails[0].get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;no<br/>" in html.get_content()


@pytest.mark.parametrize(
    "error",
    ["\udc80 \x1b[31m \0 \u202e end", "nl\r\nBcc: evil@example.org end", "ž" * 9000],
    ids=["control", "header", "long"],
)
def test_any_text_of_a_task_can_be_mailed_and_stays_text(desk: Desk, post: MailReceiver, error: str) -> None:
    failing(desk, error)
    desk.target(f'events = ["failed"]\ntitle = "{{reason}}"\nurl = "{mail_url(post)}"')
    desk.start("1")
    desk.tick()
    assert [each.error for each in desk.outbox.pending.values()] == []
    (mail,) = post.mails
    assert (post.recipients, mail["bcc"]) == ([["ann@example.org"]], None)
    text = str(mail["subject"]) + mail.get_content().replace("\r\n", "\n").replace("\n", "")
    assert all(character.isprintable() for character in text)
    assert 3 * len(mail["subject"].encode()) < 998
    assert len(text) < 6000
    assert error.startswith("ž") or "end" in text


def test_a_recipient_whose_server_asks_to_come_again_costs_the_others_no_second_mail(
    desk: Desk, post: MailReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfepy_notify.outbox.SLACK", 3)  # what is written anew knows it too
    post.later = {"bob@example.org"}
    desk.target(f'events = ["waiting"]\nurl = "{mail_url(post, "bob@example.org")}"')
    desk.start("1")
    desk.tick()
    desk.tick()
    assert post.recipients == [["ann@example.org"]]
    assert "451" in error(desk)
    assert "greylisted, try again later" in error(desk)
    post.later = set()
    desk.tick()
    assert post.recipients == [["ann@example.org"], ["bob@example.org"]]
    assert desk.waiting == []


@pytest.mark.outside
def test_a_mail_goes_out_encrypted_with_a_login_from_the_environment(
    desk: Desk, tmp_path: Path, require: Require
) -> None:
    require("openssl")
    desk.environ.update(SMTP_USER="wfepy@example.org", SMTP_PASSWORD="p@ss/w:rd")
    post = MailReceiver(server_context(tmp_path))
    try:
        url = f"mailtos://${{SMTP_USER}}:${{SMTP_PASSWORD}}@127.0.0.1:{post.port}?to=ann@example.org&from=a@example.org"
        desk.target(f'events = ["waiting"]\nurl = "{url}&mode=starttls&verify=no&format=text"')
        desk.start("1")
        desk.tick()
    finally:
        post.close()
    assert [each.error for each in desk.outbox.pending.values()] == []
    assert [mail["subject"] for mail in post.mails] == ["paper: flow/1 waits in review"]
    assert post.logins == [(b"wfepy@example.org", b"p@ss/w:rd")]


@pytest.mark.outside
def test_a_mail_server_that_nobody_vouches_for_is_not_told(
    desk: Desk, tmp_path: Path, require: Require
) -> None:
    require("openssl")
    post = MailReceiver(server_context(tmp_path))
    try:
        url = f"mailtos://u:p@127.0.0.1:{post.port}?to=ann@example.org&from=a@example.org&mode=starttls"
        desk.target(f'events = ["waiting"]\nurl = "{url}"')
        desk.start("1")
        desk.tick()
    finally:
        post.close()
    assert post.mails == []
    assert post.logins == []
    assert "certificate verify failed" in error(desk).lower()


@pytest.mark.parametrize("kind", ["mailto", "json"])
def test_a_server_that_hangs_costs_the_limit_and_the_message_waits(desk: Desk, kind: str) -> None:
    with deaf_server() as port:
        address = f"{kind}://127.0.0.1:{port}" + (
            "?from=a@b.cz&to=c@d.cz&mode=insecure" if kind == "mailto" else ""
        )
        desk.target(f'events = ["waiting"]\nurl = "{address}"', common='limit = "500ms"')
        desk.start("1")
        started = time.monotonic()
        (report,) = desk.tick()
        assert time.monotonic() - started < 10
    assert report.exit_code == 0
    assert error(desk)


def test_a_server_that_takes_it_and_says_nothing_counts_as_failed(desk: Desk, web: HttpReceiver) -> None:
    web.hangs = True
    desk.target(f'events = ["waiting"]\nurl = "{web.url}"', common='limit = "500ms"')
    desk.start("1")
    desk.tick()
    assert error(desk)
    web.hangs = False
    desk.target(f'events = ["waiting"]\nurl = "{web.url}"')
    desk.tick()
    assert web.titles == ["paper: flow/1 waits in review"]


def test_a_server_that_fails_is_asked_again(desk: Desk, web: HttpReceiver) -> None:
    web.answer = 500
    desk.target(f'events = ["waiting"]\nurl = "{web.url}"')
    desk.start("1")
    desk.tick()
    assert "error=500" in error(desk)
    web.answer = 200
    desk.tick()
    assert web.titles == ["paper: flow/1 waits in review"]


def test_a_server_that_is_not_there_fails_at_once(desk: Desk) -> None:
    desk.target(f'events = ["waiting"]\nurl = "json://127.0.0.1:{free_port()}"')
    desk.start("1")
    started = time.monotonic()
    desk.tick()
    assert time.monotonic() - started < 10
    assert error(desk).startswith("the server has not taken it: ")
    assert "Connection refused" in error(desk)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nosuch://127.0.0.1", "Apprise knows no service of such a url"),
        (
            "json://${HOOK_TOKEN}@127.0.0.1",
            "the environment variable HOOK_TOKEN is not set, which its url asks for",
        ),
    ],
)
def test_a_url_that_is_of_no_use_is_told_and_does_not_fail_the_tick(
    desk: Desk, url: str, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk.target(f'events = ["waiting"]\nurl = "{url}"')
    desk.start("1")
    (report,) = desk.tick()
    assert report.exit_code == 0
    assert error(desk).startswith(problem)
    assert problem in caplog.text


def test_secrets_come_from_the_environment_and_are_never_shown(
    desk: Desk, web: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    desk.environ.update(HOOK_TOKEN="se/c@ret", HOST="127.0.0.1")
    desk.target(f'events = ["waiting"]\nurl = "json://${{HOST}}:{web.port}/${{HOOK_TOKEN}}"')
    web.answer = 500
    desk.start("1")
    desk.tick()
    assert "se/c@ret" not in caplog.text + error(desk)
    web.answer = 200
    desk.tick()
    assert web.paths in (["/se%2Fc%40ret"], ["/se%2Fc@ret"]), "the slash is not one of the path"


@pytest.mark.parametrize("url", ["slack://s3cret-token/x", "${SLACK_URL}"])
def test_a_secret_that_a_service_complains_about_is_not_shown(desk: Desk, url: str) -> None:
    desk.environ["SLACK_URL"] = "slack://s3cret-token/x"
    desk.target(f'events = ["waiting"]\nurl = "{url}"')
    desk.start("1")
    desk.tick()
    assert error(desk) == "Apprise does not take its url: An invalid Slack (first) Token (***) was specified."


def test_what_apprise_logs_of_a_url_gets_into_no_log(
    desk: Desk, web: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    desk.target(f'events = ["waiting"]\nurl = "json://me:s3cretword@127.0.0.1:{web.port}/t0kenpath"')
    web.answer = 500
    desk.start("1")
    with caplog.at_level("DEBUG"):  # as a handler of the root logger would have it
        desk.tick()
    assert "could not tell team" in caplog.text
    assert "s3cretword" not in caplog.text
    assert "t0kenpath" not in caplog.text
    assert "error=500" in error(desk)
    web.close()
    desk.later(hours=1)
    with caplog.at_level("DEBUG"):
        desk.tick()
    assert error(desk).endswith("[Errno 111] Connection refused"), "the cause names the whole URL"
    assert "t0kenpath" not in caplog.text + error(desk)
    level = logging.getLogger("apprise").level
    assert (level, logging.getLogger("apprise").filters) == (logging.NOTSET, []), "as it was"


def test_variables_of_a_url() -> None:
    environ = {"URL": "json://me:pass@host/", "WORD": "a@b/c"}
    assert expand("${URL}", environ)[0] == "json://me:pass@host/"
    assert expand("x://${WORD}@host/$WORD", environ)[0] == "x://a%40b%2Fc@host/$WORD"
    with pytest.raises(NotSent, match="EMPTY is not set"):
        expand("x://${EMPTY}", {"EMPTY": ""})


def test_an_error_is_one_line_without_secrets() -> None:
    secrets = {"PASSWORD": "p@ss/word", "PIN": "12"}
    text = "cannot log in to\nx://u:p%40ss%2Fword@host/: p@ss/word of 12 is wrong, see x://p%40ss%2Fword"
    assert without_secrets(text, "x://u:p%40ss%2Fword@host/", secrets) == (
        "cannot log in to its url: ${PASSWORD} of 12 is wrong, see x://${PASSWORD}"
    )
