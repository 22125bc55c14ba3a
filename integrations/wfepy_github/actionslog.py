"""What a step says to GitHub Actions: commands in its log, outputs and a summary in files. Everything is escaped."""

from __future__ import annotations

import os

from wfepy_hooks.commandline import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["append", "line", "mask", "output_text", "set_outputs", "tell"]


def line(name: str, message: str = "", **properties: str | int) -> str:
    """Return a command of the log, such as ``::error file=a.py,line=3::it failed``.

    :param properties: those that are empty are left out
    """
    said = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    return f"::{name}{' ' if said else ''}{said}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def tell(name: str, message: str = "", **properties: str | int) -> None:
    """Write such a command into the log, where the results are not: beside the lines of the tick."""
    say(line(name, message, **properties))


def mask(secret: str) -> None:
    """Keep a text out of the log, and each of its lines."""
    for part in dict.fromkeys([secret, *secret.splitlines()]):
        if part.strip():
            tell("add-mask", part)


def set_outputs(environ: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Set outputs of this step; outside of a step, none."""
    append(environ.get("GITHUB_OUTPUT", ""), output_text(values))


def output_text(values: Mapping[str, str]) -> str:
    """Return what sets the outputs."""
    delimiter = f"wfepy-{os.urandom(16).hex()}"  # no value has it as a line
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())


def append(path: str, text: str) -> None:
    """Append to a file of the step, if it has one; that it cannot be written is told and stops nothing."""
    if not path:
        return
    try:
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
    except OSError as error:
        tell("warning", f"{path} cannot be written: {error.strerror}")
