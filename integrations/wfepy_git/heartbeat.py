"""A commit for its own sake: GitHub stops the schedules of a repository in which nothing has happened for 60 days."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from .committing import Commit, make_commits
from .errors import Stale
from .subjects import TRAILER
from .verdicts import push_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .own import Own

__all__ = ["beat"]


def beat(own: Own, idle: timedelta, now: datetime) -> str | None:
    """Push a commit that changes nothing, if the branch has none that is younger than ``idle``; return it.

    :raises GitError: if it is refused, or the remote cannot be reached
    """
    tip = own.fetch()
    if tip is None:
        return None
    seconds = int(own.git.run("show", "--no-patch", "--format=%ct", tip).out)
    if now - datetime.fromtimestamp(seconds, timezone.utc) < idle:
        return None
    settings = own.settings
    nonce = f"{TRAILER}: {os.urandom(8).hex()}\nWfepy-Machine: {settings.holder}"
    text = f"heartbeat: nothing has changed for {idle.days} days\n\n{nonce}\n"
    (made,) = make_commits(own.git, [Commit(text, [tip])], settings.name, settings.email)
    lease = f"--force-with-lease={settings.ref}:{tip}"
    done = own.git.attempt(
        "push", "--porcelain", "--no-verify", lease, own.remote.name, f"{made}:{settings.ref}"
    )
    if done.code:
        error = push_error(done, settings.ref, own.remote.url)
        if isinstance(error, Stale):
            return None  # somebody else has committed, which is as good
        raise error
    return made
