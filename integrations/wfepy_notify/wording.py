"""What people read: what happened, where, since when, and what to type next."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wfepy_hooks import Config, Instance, WaitState

__all__ = ["LONGEST_BODY", "LONGEST_TITLE", "printable", "said", "texts"]

#: Bytes of a title: as the subject of a mail each takes three, in a line of which servers take 998.
LONGEST_TITLE = 300
#: Bytes of a reason, and of a body: an error may hold a whole document.
_LONGEST_REASON, LONGEST_BODY = 4000, 20_000
#: What is never text: it steers terminals, turns the direction of writing, or cannot be encoded.
_UNPRINTABLE = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"

#: What happened, after the name of the instance.
_WHAT = {
    "failed": "failed in {task}",
    "failing": "fails in {task} and is tried again at each tick",
    "recovered": "fails no more in {task}",
    "timed_out": "timed out in {task}",
    "waiting": "waits in {task}",
    "reminder": "still waits in {task}",
    "finished": "is finished",
    "dead_end": "is a dead end",
}
_REASON = {"failed": "error", "failing": "error", "dead_end": "because"}
#: So many choices of an approval are written out as commands.
_MOST_CHOICES = 4


def texts(
    config: Config,
    instance: Instance,
    event: str,
    task: str,
    *,
    at: str,
    event_id: str,
    reason: str = "",
    attempt: int = 0,
    wait: WaitState | None = None,
) -> dict[str, str]:
    """Return what the templates may use for one event, see :data:`.NAMES`."""
    since = (wait.since if wait is not None else "") or (instance.created if not task else "")
    deadlines = [instance.deadlines.get(task, ""), wait.deadline if wait is not None else ""]
    commands = list(_commands(instance, event, task, wait))
    found = {
        "project": config.project,
        "workflow": instance.workflow.name,
        "instance": instance.id,
        "task": task,
        "event": event,
        "event_id": event_id,
        "what": said(event, task),
        "reason": printable(reason, _LONGEST_REASON),
        "since": _second(since),
        "at": _second(at),
        "attempt": str(attempt or ""),
        "deadline": _second(min(filter(None, deadlines), default="")),
        "command": commands[0],
        "next": "\n".join(f"    {command}" for command in commands),
        "folder": config.root,
        "host": _host(),
    }
    found["details"] = "\n".join(_details(found))
    return found


def said(event: str, task: str) -> str:
    """Return what happened, as it follows the name of a workflow or an instance."""
    return _WHAT.get(event, event).format(task=task)


def printable(text: str, longest: int) -> str:
    """Return a text that every service takes: what is none becomes an escape such as ``\\x1b``.

    :param longest: bytes of it in UTF-8
    """
    import re

    text = text.replace("\r\n", "\n")
    text = re.sub(_UNPRINTABLE, lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    data = text.encode()
    return text if len(data) <= longest else f"{data[: longest - 3].decode(errors='ignore')}…"


def _details(found: dict[str, str]) -> Iterator[str]:
    """Return the lines that say everything of the event."""
    yield f"{found['workflow']}/{found['instance']} {found['what']}."
    yield ""
    lines = {
        _REASON.get(found["event"], "reason"): found["reason"],
        "since": found["since"] if _is_old(found["since"], found["at"]) else "",
        "now": found["at"],
        "attempt": found["attempt"] if found["event"] in ("failed", "failing") else "",
        "times out": found["deadline"] if found["event"] in ("waiting", "reminder") else "",
        "where": f"{found['folder']} on {found['host']}",
    }
    for label, value in lines.items():
        if value:
            value = value.rstrip().replace("\n", "\n" + " " * 11)
            yield f"{label + ':':<11}{value}"


def _is_old(since: str, at: str) -> bool:
    """Return whether what is told is no news of the moment, so that it is worth saying since when."""
    from .outbox import parse_moment

    return bool(since) and (parse_moment(at) - parse_moment(since)).total_seconds() >= 60


def _commands(instance: Instance, event: str, task: str, wait: WaitState | None) -> Iterator[str]:
    """Return what somebody may type who has read of the event."""
    name = f"{instance.workflow.name} {instance.id}"
    if event in ("waiting", "reminder") and wait is not None and wait.signals and not wait.child:
        yield from _signals(name, wait)
    elif event == "failed":
        yield f"wfepy retry {name} {_quoted(task)}"
    if event in ("finished", "dead_end"):
        yield f"wfepy history {name}"
    else:
        yield f"wfepy why {name} {_quoted(task)}"


def _signals(name: str, wait: WaitState) -> Iterator[str]:
    by = ""
    if wait.by:
        by = f" --by {_quoted(wait.by[0] if len(wait.by) == 1 else 'YOU')}"
    for signal in wait.signals:
        for choice in wait.choices[:_MOST_CHOICES]:
            yield f"wfepy signal {name} {_quoted(signal)} --data {_quoted(str(choice))}{by}"
        if not wait.choices:
            yield f"wfepy signal {name} {_quoted(signal)}{by}"


def _quoted(text: str) -> str:
    from shlex import quote  # lazily: only where there is something to tell

    return quote(text)


def _second(moment: str) -> str:
    return f"{moment[:19]}Z" if moment else ""


def _host() -> str:
    import os

    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
