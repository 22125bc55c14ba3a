"""What is told of what Apprise logs."""

from __future__ import annotations

import logging
import threading

import pytest

from wfepy_notify.hearing import Heard

POOL = "Socket Exception: HTTPSConnectionPool(host='a.b', port=443): Max retries exceeded with url: /hooks/s3cret"
HTTP = "<urllib3.connection.HTTPSConnection object at 0x7f>"


@pytest.mark.parametrize(
    ("caused_by", "told"),
    [
        (
            f"NewConnectionError('{HTTP}: Failed to establish a new connection: [Errno 111] Connection refused')",
            "[Errno 111] Connection refused",
        ),
        (
            f"ConnectTimeoutError({HTTP}, 'Connection to a.b timed out. (connect timeout=2)')",
            "Connection to a.b timed out. (connect timeout=2)",
        ),
        (
            "NameResolutionError(\"HTTPSConnection(host='a.b', port=443): Failed to resolve 'a.b' ([Errno -2] No)\")",
            "Failed to resolve 'a.b' ([Errno -2] No)",
        ),
        (
            "SSLError(SSLCertVerificationError(1, '[SSL] certificate verify failed: self-signed (_ssl.c:1007)'))",
            "self-signed (_ssl.c:1007)",
        ),
        ("ResponseError('too many 500 error responses')", "too many 500 error responses"),
    ],
)
def test_of_an_error_of_requests_the_innermost_cause_is_told_and_never_the_path(
    caused_by: str, told: str
) -> None:
    heard = Heard()
    heard.last, heard.cause = "Not sent.", f"{POOL} (Caused by {caused_by})"
    assert heard.words == f"Not sent. {told}"


def test_a_cause_without_a_tree_is_told_as_it_is_and_once() -> None:
    heard = Heard()
    heard.cause = "Socket Exception: timed out"
    assert heard.words == "timed out"
    heard.last = "It has timed out."
    assert heard.words == "It has timed out."


def test_only_what_a_thread_that_sends_makes_apprise_log_is_heard_and_by_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger = logging.getLogger("apprise")
    caplog.set_level(logging.INFO, "apprise")
    caplog.handler.setLevel(logging.DEBUG)
    mine, theirs = Heard(), Heard()

    def send_too() -> None:
        with theirs:  # it is over sooner
            pass
        logger.debug("a secret")
        logger.info("of somebody else")

    with mine:
        other = threading.Thread(target=send_too)
        other.start()
        other.join()
        logger.debug("Socket Exception: refused")
        logger.warning("not sent")
    assert (mine.last, mine.cause) == ("not sent", "Socket Exception: refused")
    assert (theirs.last, caplog.messages) == ("", ["of somebody else"])
    assert (logger.level, logger.filters) == (logging.INFO, [])
