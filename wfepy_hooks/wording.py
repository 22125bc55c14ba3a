"""An error on one line."""

from __future__ import annotations

__all__ = ["describe_error", "origin", "shorten"]


def describe_error(error: BaseException) -> str:
    """Return the type and the text of an error; only the type if it has no text or that cannot be had."""
    kind = type(error).__name__
    try:
        # The text of a syntax error ends with the place, which origin() tells.
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        return f"{kind}: {text}" if text else kind
    except Exception:  # noqa: BLE001 - the text of a stranger's error may be broken
        return kind


def shorten(text: str, width: int) -> str:
    """Return ``text`` on one line of at most ``width`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 3] + "..."


def origin(error: BaseException) -> str:
    """Return ``file:line`` of where an error was raised, the import system aside; nothing if that is not known."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 0}"
    found = ""
    traceback = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith("<frozen"):
            found = f"{file}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return found
