"""Results go to standard output, the log to standard error; neither may hurt what is being done."""

from __future__ import annotations

import contextlib
import os
import sys

from ..errors import UsageError, WfepyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any, TextIO

    from ..clock import Clock
    from .flags import Flags

__all__ = [
    "TasksPrintToStderr",
    "are_one_file",
    "clean",
    "close_streams",
    "dated",
    "error_mark",
    "is_dated",
    "is_terminal",
    "moment",
    "result",
    "result_json",
    "say",
    "tell_error",
    "wants_color",
    "warning_mark",
    "write",
    "write_file",
]


def clean(text: str) -> str:
    """Return ``text`` on one line, with what a terminal would act on as backslash escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def result(text: str) -> None:
    """Print a line, or several, to standard output.

    :raises WfepyError: if they cannot be written; a reader that is gone is none of it
    """
    try:
        write(sys.stdout, f"{_line_start(text)}{text}\n")
    except OSError as error:
        _discard(sys.stdout)
        raise WfepyError(f"cannot write the results: {error.strerror}", where="standard output") from error


def result_json(data: Any) -> None:
    """Print ``data`` to standard output, as JSON in ASCII, which no terminal or pipe can damage."""
    import json

    result(json.dumps(data, indent=2))


def say(text: str) -> None:
    """Write a line, or several, to standard error; a log that cannot be written stops nothing."""
    try:
        write(sys.stderr, f"{_line_start(text)}{text}\n")
    except OSError:
        _discard(sys.stderr)


@contextlib.contextmanager
def dated(clock: Clock) -> Iterator[None]:
    """While this is entered, what we say and our results go to a log: each begins with the time."""
    _clocks.append(clock)
    try:
        yield
    finally:
        _clocks.pop()


#: Those of the logs that are written: at most one. Not on the configuration, for a wrong one is to be told as well.
_clocks: list[Clock] = []


def _line_start(text: str) -> str:
    if not _clocks or (text[10:11] == "T" and text[19:20] == "Z"):  # it has one already
        return ""
    return f"{moment(_clocks[-1])} "


def is_dated() -> bool:
    """Return whether what we say goes to a log, with its time."""
    return bool(_clocks)


def moment(clock: Clock) -> str:
    """Return the time as a line of the log begins with it."""
    return clock().strftime("%Y-%m-%dT%H:%M:%SZ")


def write(stream: TextIO | None, text: str) -> None:
    """Write ``text`` at once; characters that the stream does not know become backslash escapes."""
    if stream is None:  # it was closed before we started
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:  # wfepy status | head
        _discard(stream)
    except ValueError:  # a task has closed it
        pass


def _discard(stream: TextIO | None) -> None:
    """Let whatever is still written to ``stream`` vanish, so that Python does not complain when it ends."""
    if stream is None:
        return
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, stream.fileno())
        os.close(devnull)
    except (OSError, ValueError):  # it has no file descriptor
        pass


def close_streams() -> None:
    """Flush both streams. What a task left in them may turn out to have no reader."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            _discard(stream)


def tell_error(error: WfepyError, flags: Flags) -> None:
    """Say on standard error what is wrong, where, and what to do next."""
    if flags.traceback:
        import traceback

        say("".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip())
    first, *more = str(error).split("\n")
    say("\n".join([f"{error_mark(flags)} {clean(first)}", *map(clean, more)]))


def error_mark(flags: Flags) -> str:
    """Return how a line on standard error begins that says what is wrong."""
    mark = "wfepy: error:"
    return f"\x1b[1;31m{mark}\x1b[0m" if wants_color(flags, sys.stderr) else mark


def warning_mark(flags: Flags) -> str:
    """Return how a line on standard error begins that warns of something."""
    mark = "wfepy: warning:"
    return f"\x1b[1;33m{mark}\x1b[0m" if wants_color(flags, sys.stderr) else mark


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person reads ``stream``."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def are_one_file(first: TextIO | None, second: TextIO | None) -> bool:
    """Return whether what is written to either stream ends up in the same file or pipe."""
    try:
        return (
            first is not None and second is not None and os.path.sameopenfile(first.fileno(), second.fileno())
        )
    except (OSError, ValueError):  # closed, or no file
        return False


def wants_color(flags: Flags, stream: TextIO | None) -> bool:
    """Return whether to write colours to ``stream``."""
    if flags.color != "auto":
        return flags.color == "always"
    dumb = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not dumb and is_terminal(stream)


class TasksPrintToStderr:
    """While this is entered, whatever is printed by tasks and by what they start goes to standard error.

    Both Python's stream and the file descriptor are led there, so that standard output holds JSON alone.
    """

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._descriptor = -1

    def __enter__(self) -> None:
        self._stream, sys.stdout = sys.stdout, sys.stderr
        try:
            if self._stream is not None:
                self._stream.flush()
            self._descriptor = os.dup(1)
            os.dup2(2, 1)
        except OSError:  # one of them was closed before we started
            pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        sys.stdout = self._stream
        with contextlib.suppress(OSError, ValueError):  # gone, or closed by a task
            if self._stream is not None:  # a log handler that was made before may have kept it
                self._stream.flush()
        if self._descriptor >= 0:
            os.dup2(self._descriptor, 1)
            os.close(self._descriptor)


def write_file(path: str, content: str | bytes) -> None:
    """Write a file that the user has named.

    :raises UsageError: if it cannot be written
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"it cannot be written: {error.strerror}", where=path) from error
