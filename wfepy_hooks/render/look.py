"""How each state looks: its signs and its colours, the same in every renderer."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """The signs and colours of one state.

    :ivar sign: one character in front of the task
    :ivar plain: the same for a terminal that has ASCII only
    :ivar words: the state in words
    :ivar fill: :ivar border: :ivar font: colours, ``#rrggbb``
    """

    sign: str
    plain: str
    words: str
    fill: str
    border: str
    font: str


# Text on fill has a contrast of 7:1 or more, so that a picture reads on a projector and in print (WCAG AAA);
# tests/render/test_look.py computes it.
DASH = "\N{EN DASH}"
LOOKS = {
    "done": Look("✓", "+", "done", "#dafbe1", "#1a7f37", "#0f3d1c"),
    "waiting": Look("…", "~", "waiting", "#fff3b8", "#9a6700", "#4d2d00"),
    "ready": Look("▸", ">", "ready", "#d8ecff", "#0969da", "#0a3069"),
    "retrying": Look("↻", "!", "retrying", "#ffe2cc", "#bc4c00", "#5c2200"),
    "pending": Look("·", ".", "pending", "#ffffff", "#8c959f", "#424a53"),
    "failed": Look("✗", "x", "failed", "#a40e26", "#67060c", "#ffffff"),
    "timed_out": Look("✗", "x", "timed out", "#953800", "#5c2200", "#ffffff"),
    "skipped": Look(DASH, "-", "skipped", "#eaeef2", "#afb8c1", "#424a53"),
    "cancelled": Look(DASH, "-", "cancelled", "#d0d7de", "#8c959f", "#32383f"),
}
# Of boxes around tasks: what they are filled with, their border, their title.
GROUP = Look("", "", "", "#f6f8fa", "#8c959f", "#424a53")
NO_STATE = Look("", "", "", "#ffffff", "#57606a", "#1f2328")

# Of arrows: what they are drawn with and the words beside them, by whether the transition was taken
# (``None``: it is not decided).
EDGE_COLOURS = {None: ("#57606a", "#1f2328"), True: ("#1a7f37", "#0f3d1c"), False: ("#afb8c1", "#6e7781")}


def look_of(state: str) -> Look:
    """Return how ``state`` looks; an unknown state, such as one of a plugin, shows its own word."""
    if not state:
        return NO_STATE
    return LOOKS.get(state) or NO_STATE._replace(sign="?", plain="?", words=state)
