"""The ticks that are on the branch: one commit each."""

from __future__ import annotations

from .own import TIP, Own
from .subjects import nonce_of

TYPE_CHECKING = False

__all__ = ["Tick", "read_log"]


class Tick:
    """One commit of the branch.

    :ivar commit: its name
    :ivar date: when it was made, ISO 8601 in UTC
    :ivar subject: what happened
    :ivar body: the same in more lines
    :ivar machine: on which machine
    :ivar is_ours: whether wfepy has made it
    """

    __slots__ = ("body", "commit", "date", "is_ours", "machine", "subject")

    def __init__(self, commit: str, date: str, message: str) -> None:
        lines = message.splitlines()
        self.commit = commit
        self.date = date
        self.subject = lines[0] if lines else ""
        self.is_ours = bool(nonce_of(message))
        fields = [line.partition(": ")[2] for line in lines if line.startswith("Wfepy-Machine: ")]
        self.machine = fields[-1] if fields else ""
        self.body = [line for line in lines[2:] if line and not line.startswith("Wfepy-")]


def read_log(own: Own, limit: int) -> list[Tick]:
    """Return the last commits that changed the state, the newest first.

    :raises GitError: if the remote cannot be reached
    """
    if not own.fetch(limit + 1):
        return []
    done = own.git.run(
        "log", "-z", f"--max-count={limit}", "--format=%H%n%cd%n%B", "--date=format-local:%Y-%m-%dT%H:%M:%SZ",
        TIP, "--", own.settings.path,
    )  # fmt: skip  # two lines of words
    found = []
    for each in done.out.decode("utf-8", "backslashreplace").split("\0"):
        if each.strip():
            commit, date, message = each.split("\n", 2)
            found.append(Tick(commit, date, message))
    return found
