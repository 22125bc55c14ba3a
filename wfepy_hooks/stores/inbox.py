"""The inbox of an instance in the store of files: a folder with a file for each signal.

    ROOT/<workflow>/inbox/<instance>/<id>.json      one JSON object

A person may put a file there, or commit one; without an ``id`` in it, it has the one that its name says. A file
whose name begins with a dot, or does not end with ``.json``, is no signal: temporary files do the one, and what
was put aside does the other.

What a crash can leave behind:

* in ``put``: a temporary file, which the next ``discard`` takes away with the emptied folder, or the signal,
  whole, that nobody was told of.
* in ``discard``: some of the signals, which are discarded again by whoever finds them in the history, or the
  emptied folder, in which nobody sees a signal.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os

from .. import faults
from ..statetext import conflict_line, dump_text
from . import disk
from .names import is_name
from .sendable import flaw_of, in_order, without_nulls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from .protocol import Signals

__all__ = ["Inbox", "has_signals", "waiting"]

_NOT_THERE = (FileNotFoundError, NotADirectoryError)

# What file systems without hard links say to a request for one.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)

# How often the folder may vanish while something is put there. Each time, somebody else got on with something.
_TRIES = 100


def waiting(folder: str) -> list[str]:
    """Return the ids of the instances, live or not, that have a signal, in the folder of a workflow.

    :raises StateError: if the folder of the inboxes cannot be read
    """
    path = f"{folder}/inbox"
    try:
        names = os.listdir(path)
    except _NOT_THERE:
        return []
    except OSError as error:
        raise disk.read_error(error, path) from error
    return [name for name in names if is_name(name) and has_signals(f"{path}/{name}")]


def has_signals(path: str) -> bool:
    """Return whether there is a signal in an inbox, in a time that does not depend on how many.

    One that cannot be read seems to have some: whoever reads it is told.
    """
    try:
        with os.scandir(path) as entries:
            return any(_is_signal(entry.name) for entry in entries)
    except _NOT_THERE:
        return False
    except OSError:
        return True


def _is_signal(name: str) -> bool:
    return name.endswith(".json") and not name.startswith(".")


class Inbox:
    """The inbox of one instance.

    :ivar path: the folder, which need not be there
    :ivar damaged: the names of the files that :meth:`read` found to be no signals, and why
    :ivar unread: the names of those that it could not read, and why
    """

    __slots__ = ("_files", "damaged", "path", "unread")

    def __init__(self, path: str) -> None:
        self.path = path
        self.damaged: list[tuple[str, str]] = []
        self.unread: list[tuple[str, str]] = []
        self._files: dict[str, str] = {}

    def read(self) -> Signals:
        """Return the signals, in order.

        :raises OSError: if the folder cannot be read
        """
        self._files, self.damaged, self.unread = {}, [], []
        try:
            names = sorted(filter(_is_signal, os.listdir(self.path)))
        except _NOT_THERE:
            return []
        found = []
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # somebody has taken it away
                signal = self._read(name)
                if signal is not None:
                    found.append(signal)
        return in_order(found)

    def _read(self, name: str) -> dict[str, Any] | None:
        """Return the signal in a file, or note why there is none.

        :raises FileNotFoundError: if there is no such file
        """
        try:
            signal = _parse(disk.read_file(f"{self.path}/{name}"), name[:-5])
            other = self._files.setdefault(signal["id"], name)
        except FileNotFoundError:
            raise
        except IsADirectoryError:
            self.damaged.append((name, "it is a folder"))
        except OSError as error:
            self.unread.append((name, disk.reason(error)))
        except ValueError as error:
            self.damaged.append((name, str(error)))
        else:
            if other == name:
                return signal
            self.damaged.append((name, f"{other} has the same id, {signal['id']}"))
        return None

    def put_aside(self, name: str) -> str:
        """Rename a file so that it is a signal no more, and return its new name.

        :raises OSError: if that failed
        """
        aside, number = f"{name}.refused", 1
        while os.path.lexists(f"{self.path}/{aside}"):
            number += 1
            aside = f"{name}.refused-{number}"
        os.rename(f"{self.path}/{name}", f"{self.path}/{aside}")
        return aside

    def put(self, signal: dict[str, Any]) -> bool:
        """Save a signal, and return ``False`` if there is a file of its id.

        :raises TypeError: :raises ValueError: if it cannot be written as JSON
        :raises OSError: if it cannot be saved
        """
        data = dump_text(signal).encode()
        name = f"{signal['id']}.json"
        for _ in range(_TRIES):
            # discard() removes the folder when it is empty, and temporary files when there are no others.
            with contextlib.suppress(FileNotFoundError):
                disk.make_folder(self.path)
                return self._put(name, data)
        raise FileNotFoundError(errno.ENOENT, "it is removed again and again", self.path)

    def _put(self, name: str, data: bytes) -> bool:
        path = f"{self.path}/{name}"
        temporary = f"{self.path}/.{name}.{os.urandom(8).hex()}.tmp"
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | disk.BINARY, 0o666)
            try:
                disk.write_all(fd, data, "send.write")
                if faults.hit:
                    faults.hit("send.fsync.before")
                disk.sync(fd)
                if faults.hit:
                    faults.hit("send.fsync.after")
            finally:
                os.close(fd)
            if faults.hit:
                faults.hit("send.link.before")
            try:
                _rename_new(temporary, path)
            except FileExistsError:
                return False
            if faults.hit:
                faults.hit("send.link.after")
        finally:
            disk.remove(temporary)
        with contextlib.suppress(FileNotFoundError):  # it is in the history already
            disk.fsync_folder(self.path)
        return True

    def discard(self, ids: Collection[str]) -> None:
        """Remove the files of the signals of these ids, and the folder if nothing is left in it.

        :raises OSError: if a file cannot be removed, or the folder cannot be read
        """
        if not all(each in self._files for each in ids):
            self.read()  # a file need not be named after the id in it
        for each in ids:
            if each in self._files:
                if faults.hit:
                    faults.hit("discard.file.before")
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{self.path}/{self._files[each]}")
                del self._files[each]
                if faults.hit:
                    faults.hit("discard.file.after")
        if not self._files:
            self._remove_folder()

    def _remove_folder(self) -> None:
        if faults.hit:
            faults.hit("discard.folder.before")
        with contextlib.suppress(OSError):  # it is used, gone, or not ours
            with os.scandir(self.path) as entries:
                left = []
                for entry in entries:
                    if not (entry.name.startswith(".") and entry.name.endswith(".tmp")):
                        return
                    left.append(entry.path)
            for path in left:  # of a sender that was killed, or of one that will try again
                os.unlink(path)
            os.rmdir(self.path)
        if faults.hit:
            faults.hit("discard.folder.after")


def _parse(data: bytes, stem: str) -> dict[str, Any]:
    """Return the signal of a file's bytes.

    :param stem: the id that the name of the file says
    :raises ValueError: if it is none; says why
    """
    try:
        signal = _decode(data.decode("utf-8-sig"))  # editors on Windows begin a file with that mark
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        if not data.strip():
            raise ValueError("it is empty") from None
        if conflict_line(data):
            raise ValueError("it has an unresolved git conflict") from None
        raise ValueError(f"it is not JSON: {error}") from None
    if type(signal) is dict:
        signal = {"id": stem, **without_nulls(signal)}
    flaw = flaw_of(signal)
    if flaw:
        raise ValueError(flaw)
    found: dict[str, Any] = signal
    return found


def _number(text: str) -> float:
    # The history could not be written with NaN, which is no JSON, or with 1e999, which is infinite.
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


_decode = json.JSONDecoder(parse_float=_number, parse_constant=_number).decode


def _rename_new(source: str, target: str) -> None:
    """Give a file another name.

    :raises FileExistsError: if there is a file of that name; nothing is overwritten
    :raises OSError: if it cannot be done
    """
    if os.name == "nt":
        os.rename(source, target)  # there, it does not overwrite
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Without links: whoever makes the empty file has the name.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.replace(source, target)
