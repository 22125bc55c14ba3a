"""One message in place of many: what is alike is said once, with how often and of which instances."""

from __future__ import annotations

from .message import Message
from .wording import LONGEST_BODY, LONGEST_TITLE, printable, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .settings import Target

__all__ = ["digest"]

#: So many lines are in a digest, and so many instances in a line.
_MOST_LINES, _MOST_INSTANCES = 30, 10


def digest(target: Target, project: str, messages: Sequence[Message], at: str) -> Message:
    """Return a message that says what several would, oldest first.

    :param messages: at least two
    """
    alike: dict[tuple[str, str, str], list[Message]] = {}
    for each in messages:
        alike.setdefault((each.workflow, each.event, each.task), []).append(each)
    lines = [_line(group) for group in alike.values()]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"and {len(lines) - _MOST_LINES} more of other kinds"]
    intro = "What happened since the last message:"
    title = f"{project}: {len(messages)} messages in one"
    if not target.digest:
        intro = "More happened than the rate limit lets through one by one:"
        title = f"{project}: {len(messages)} messages were held back"
    if len(alike) == 1:
        title = f"{project}: {len(messages)} times: {_what(messages[0])}"
    title = printable(title, LONGEST_TITLE)
    body = printable("\n".join([intro, "", *lines, "", "Next:", "    wfepy status"]), LONGEST_BODY)
    return Message(target.name, "held_back", f"{messages[0].event_id}-summary", at, title=title, body=body)


def _what(message: Message) -> str:
    return f"{message.workflow} {said(message.event, message.task)}"


def _line(group: list[Message]) -> str:
    first = group[0]
    if len(group) == 1:
        return f"{first.at} {first.title}"
    names = list(dict.fromkeys(each.instance for each in group))
    shown = ", ".join(names[:_MOST_INSTANCES])
    more = f" and {len(names) - _MOST_INSTANCES} more" if len(names) > _MOST_INSTANCES else ""
    return f"{first.at} {len(group)} times: {_what(first)}: {shown}{more}"
