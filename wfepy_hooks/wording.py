"""An error on one line."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

__all__ = ["describe_error", "origin", "package_of", "plural", "shorten"]


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


def plural(count: int, what: str) -> str:
    """Return ``1 item``, or ``2 items``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def origin(error: BaseException, packages: Container[str] = ()) -> str:
    """Return ``file:line`` of where an error was raised, the import system aside; nothing if that is not known.

    :param packages: if any code of these raised or called what did, the innermost such place is returned: a line of a
        library that they use would be the same for all its users
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 0}"
    found = wanted = ""
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if not frame.f_code.co_filename.startswith("<frozen"):
            found = f"{frame.f_code.co_filename}:{traceback.tb_lineno}"
            if str(frame.f_globals.get("__name__")).partition(".")[0] in packages:
                wanted = found
        traceback = traceback.tb_next
    return wanted or found


def package_of(function: object) -> str:
    """Return the name of the package, or the module outside of one, that a function is defined in."""
    return str(getattr(function, "__module__", "") or "").partition(".")[0]
