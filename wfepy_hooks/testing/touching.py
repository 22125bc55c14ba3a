"""What the function of a task is about to do to the world outside, told by Python's audit events.

Python raises an audit event before it opens a file, renames one, starts a process or connects to a server. Nothing
is raised for what is written to a file that is open, or sent over a connection that is there: what :mod:`smtplib`,
:mod:`http.client` and their like send has events of its own, and :mod:`.moments` looks after files.
"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass

from ..attempt import TaskRunner
from ..beside import await_task
from ..eachtask import EachTask
from ..executors.worker import run_job
from ..wording import shorten
from .frames import PACKAGE

__all__ = ["Touch", "short_path", "watch"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

#: Where code is that nobody looks for his mistake in.
_LIBRARIES = (
    PACKAGE,
    os.path.dirname(os.path.abspath(os.__file__)) + os.sep,
    "<frozen",
)
_INSTALLED = ("site-packages", "dist-packages")
#: What these open is not what the task does: Python writes its bytecode, and messages go to a log.
_UNSEEN = {"importlib", "_frozen_importlib", "_frozen_importlib_external", "logging"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LONGEST = 60


@dataclass(frozen=True)
class Touch:
    """A task is about to do something.

    :ivar task: its name
    :ivar place: ``file:line`` in code of the user
    :ivar event: the name of the audit event
    :ivar does: what, in words, such as ``run git push``
    :ivar file: the file that is about to be opened for writing; empty: none is
    :ivar is_emptied: whether what is in that file is lost by that
    """

    task: str
    place: str
    event: str
    does: str
    file: str = ""
    is_emptied: bool = False


def watch(about_to: Callable[[Touch], object], folder: str) -> None:
    """Call ``about_to`` before everything that the task functions in this process do to the world outside.

    There is no way to remove an audit hook, and each one costs: an ``open()`` to read takes 18 us instead of 13. So
    this is called in a process that runs one tick and ends, and the process of the tests has none.

    :param folder: places in it are told relative to it
    """
    process = os.getpid()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        does = _EVENTS.get(event)
        # A process that the task has forked has the hook, too, and all frames of the task.
        if does is None or os.getpid() != process:
            return
        what = does(*arguments)
        found = _in_task(sys._getframe(1)) if what else None
        if found is None:
            return
        task, place = found[0], _place(found[1], folder)
        if event == "open":
            path, flags = os.path.abspath(os.fsdecode(arguments[0])), arguments[2]
            about_to(Touch(task, place, event, what, path, bool(flags & os.O_TRUNC)))
        else:
            about_to(Touch(task, place, event, what))

    sys.addaudithook(hook)


# --- where ---------------------------------------------------------------------------------------


def _in_task(frame: FrameType | None) -> tuple[str, FrameType] | None:
    """Return the task whose function runs, and the innermost frame of the user's code in it."""
    users = None
    while frame is not None:
        name_of = _CALLERS.get(frame.f_code)
        if name_of is not None:
            task = name_of(frame.f_locals)
            return (task, users) if task and users is not None else None
        if frame.f_globals.get("__name__", "").partition(".")[0] in _UNSEEN:
            return None
        if users is None and _is_of_user(frame.f_code.co_filename):
            users = frame
        frame = frame.f_back
    return None


#: The functions of the engine that call the one of a task, and its name by their variables. Items that run side by
#: side have none: what comes first among them is not the same each time.
_CALLERS: dict[object, Callable[[dict[str, Any]], str]] = {
    TaskRunner._run_task.__code__: lambda found: str(found["task"].name),
    EachTask._answer.__code__: lambda found: str(found["self"]._task.name),
    await_task.__code__: lambda found: "" if found["task"].options.each else str(found["task"].name),
    run_job.__code__: lambda found: "" if found["job"].raw else str(found["job"].task),
}


def _is_of_user(file: str) -> bool:
    return not (file.startswith(_LIBRARIES) or any(each in file for each in _INSTALLED))


def _place(frame: FrameType, folder: str) -> str:
    return f"{short_path(frame.f_code.co_filename, folder)}:{frame.f_lineno}"


def short_path(path: Any, folder: str = "") -> str:
    """Return a path as it is told: relative, if it is in the folder, by default the working directory."""
    path = os.path.abspath(os.fsdecode(path))
    relative = os.path.relpath(path, folder or None)
    return path if relative.startswith("..") else relative


# --- what ----------------------------------------------------------------------------------------


def _open(path: Any, mode: object, flags: int) -> str:
    if isinstance(path, int) or not flags & _WRITING:
        return ""
    path = os.fsdecode(path)
    # tempfile opens a folder for writing, by an opener that opens a file in it.
    return "" if path == os.devnull or os.path.isdir(path) else f"open {short_path(path)} for writing"


def _with_path(what: str) -> Callable[..., str]:
    def words(path: Any, *more: object) -> str:
        return f"{what} {'a file' if isinstance(path, int) else short_path(path)}"

    return words


def _with_two(what: str) -> Callable[..., str]:
    return lambda source, target, *more: f"{what.format(short_path(source), short_path(target))}"


def _run(executable: object, arguments: Any, *more: object) -> str:
    if isinstance(arguments, (list, tuple)):
        arguments = shlex.join(os.fsdecode(each) for each in arguments)
    return f"run {shorten(str(arguments), _LONGEST)}"


def _system(command: Any) -> str:
    return f"run {shorten(os.fsdecode(command), _LONGEST)}"


def _to_address(what: str) -> Callable[..., str]:
    def words(socket: object, address: Any) -> str:
        if isinstance(address, tuple):
            address = ":".join(str(each) for each in address[:2])
        return f"{what} {address}"

    return words


def _send(by: str) -> Callable[..., str]:
    return lambda *more: f"send something by {by}"


def _sqlite(database: Any) -> str:
    name = os.fsdecode(database)  # Python 3.10 tells it as bytes
    return "" if name == ":memory:" else f"open the database {short_path(name)}"


#: What changes something outside, in words; an empty text means that it does not. What shutil and urllib.request do is
#: made of these.
_EVENTS: dict[str, Callable[..., str]] = {
    "open": _open,
    "os.rename": _with_two("rename {} to {}"),
    "os.link": _with_two("link {} as {}"),
    "os.symlink": _with_two("link {} as {}"),
    "os.remove": _with_path("remove"),
    "os.mkdir": _with_path("make the folder"),
    "os.rmdir": _with_path("remove the folder"),
    "os.truncate": _with_path("truncate"),
    "os.chmod": _with_path("change the mode of"),
    "os.chown": _with_path("change the owner of"),
    "subprocess.Popen": _run,
    "os.posix_spawn": _run,
    "os.exec": _run,
    "os.system": _system,
    "socket.connect": _to_address("connect to"),
    "socket.sendto": _to_address("send to"),
    "http.client.send": _send("HTTP"),
    "smtplib.send": _send("SMTP"),
    "ftplib.sendcmd": _send("FTP"),
    "imaplib.send": _send("IMAP"),
    "poplib.putline": _send("POP3"),
    "sqlite3.connect": _sqlite,
}
