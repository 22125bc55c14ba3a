"""Reading and replacing the files of the state folder, one entity at a time, under the lock that ticks take.

The order in which the files of an instance are replaced is that of the store of files: at any moment a crash leaves
what a tick can go on from, and what the next pull completes.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time

from wfepy_hooks import StateError, StateWriteError, faults

from .checking import whole_lines
from .layout import INSTANCE, SHARED, SIGNAL, Entity, files_of
from .objects import blob_of
from .table import NO_STAMP, stamp_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

__all__ = ["Busy", "Local"]

#: Seconds to wait for a file of another plugin, which is held for a few lines.
_PATIENCE = 5.0


class Busy(Exception):  # it is no error: somebody is at work
    """A tick holds the instance, or has changed it meanwhile."""


class Local:
    """The files of one entity as they are here.

    :ivar blobs: the blobs of those that are there by path
    :ivar stamps: their stamps
    """

    def __init__(self, state: str, entity: Entity) -> None:
        self.entity = entity
        self.blobs: dict[str, str] = {}
        self.stamps: dict[str, str] = {}
        self._state = state
        self._data: dict[str, bytes] = {}
        self._locks: list[int] = []

    @classmethod
    def read(cls, state: str, entity: Entity) -> Local:
        """Read an entity that no tick is at work on.

        :raises Busy: if one is
        :raises StateError: if a file cannot be read
        """
        local = cls(state, entity)
        with local.held():
            local._read()
        return local

    def data(self, path: str) -> bytes:
        """Return what a file holds; of a history the whole lines."""
        return self._data[path]

    def _read(self) -> None:
        self.blobs, self.stamps, self._data = {}, {}, {}
        for path in files_of(self.entity):
            try:
                with open(f"{self._state}/{path}", "rb", opener=self._opener) as stream:
                    status = os.fstat(stream.fileno())
                    data = stream.read()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise StateError(
                    f"cannot be read: {error.strerror}", where=f"{self._state}/{path}"
                ) from error
            self._data[path] = self._whole(path, data)
            self.stamps[path] = stamp_of(status, time.time_ns())
            self.blobs[path] = blob_of(self._data[path])
        self._leave_out_what_never_began()

    def _whole(self, path: str, data: bytes) -> bytes:
        if self.entity.kind == SHARED:
            return data[
                : data.rfind(b"\n") + 1
            ]  # whatever its lines are: half of one may look like a whole one
        return whole_lines(data) if path.endswith(".jsonl") else data

    def _opener(self, path: str, flags: int) -> int:
        # What a link of that name leads to is nobody's to push.
        return os.open(path, flags | (os.O_NOFOLLOW if self.entity.kind == SHARED else 0))

    def _leave_out_what_never_began(self) -> None:
        # An empty history without a snapshot is what a crash leaves of a start, or a history that is moved later.
        for path in [each for each in self.blobs if each.endswith(".jsonl")]:
            if not self._data[path] and f"{path[:-1]}" not in self.blobs:
                del self.blobs[path], self.stamps[path], self._data[path]

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the instance that this is, or belongs to, so that no tick changes it; there may be none."""
        entity = self.entity
        if entity.kind == INSTANCE:
            self._locks += _lock(f"{self._state}/{entity.workflow}/{entity.instance}.jsonl")
        elif entity.kind == SHARED:
            self._locks += _lock(f"{self._state}/{entity.workflow}/{entity.instance}", _PATIENCE)
        try:
            yield
        finally:
            while self._locks:
                os.close(self._locks.pop())

    def replace(self, files: Mapping[str, bytes], blobs: Mapping[str, str], *, durably: bool) -> None:
        """Make the files these, and nothing else of the entity; :attr:`blobs` and :attr:`stamps` are those then.

        :param blobs: the blob of each of them
        :raises Busy: if a tick holds the instance, or somebody has changed it since it was read
        :raises StateWriteError: if it cannot be written
        """
        if self.entity.kind == SHARED:
            self._make()
        with self.held():
            before = dict(self.blobs)
            self._read()
            if self.blobs != before:
                raise Busy(self.entity)
            try:
                self._write(files, durably)
            except OSError as error:
                what = f"cannot write what the branch has: {error.strerror}"
                raise StateWriteError(what, where=str(error.filename or self._state)) from error
        self.blobs = dict(blobs)
        self.stamps = {path: self.stamps[path] for path in files}
        self._data = dict(files)

    def _make(self) -> None:
        """Make the file of another plugin, so that it can be held: somebody may begin to write it now."""
        path = f"{self._state}/{files_of(self.entity)[0]}"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666))
        except OSError as error:
            raise StateWriteError(f"cannot be written: {error.strerror}", where=path) from error

    def _write(self, files: Mapping[str, bytes], durably: bool) -> None:
        live, ended = files_of(self.entity)[:2], files_of(self.entity)[2:]
        if live[0] in self.blobs and ended and ended[0] in files and ended[0] not in self.blobs:
            # It ends here as it does in a tick: where it is, and then it is moved.
            self._write_all(
                {path: files[other] for path, other in zip(live, ended, strict=True) if other in files},
                durably,
            )
            for path, other in zip(live, ended, strict=True):
                self._move(path, other)
        else:
            self._write_all(files, durably)
        # Histories go first: one without its snapshot could not be loaded.
        gone = sorted(self.blobs.keys() - files.keys(), key=lambda path: not path.endswith(".jsonl"))
        for path in gone:
            _hit("remove")
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self._state}/{path}")
        if gone and self.entity.kind == SIGNAL:
            with contextlib.suppress(OSError):  # others are in it
                os.rmdir(os.path.dirname(f"{self._state}/{gone[0]}"))

    def _write_all(self, files: Mapping[str, bytes], durably: bool) -> None:
        # Histories come first: a snapshot must never cover what is not there.
        for path in sorted(files, key=lambda path: (not path.endswith(".jsonl"), path)):
            if files[path] != self._data.get(path) or path not in self.blobs:
                self._write_one(path, files[path], durably)

    def _move(self, path: str, other: str) -> None:
        os.makedirs(os.path.dirname(f"{self._state}/{other}"), exist_ok=True)
        _hit("move")
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{self._state}/{path}", f"{self._state}/{other}")
            self.stamps[other] = self.stamps.pop(path, NO_STAMP)

    def _write_one(self, path: str, data: bytes, durably: bool) -> None:
        _hit("write")
        folder, name = os.path.split(f"{self._state}/{path}")
        temporary = f"{folder}/.{name}.tmp-git"  # one name, so that what a crash leaves is replaced
        try:
            with _made(folder, temporary) as stream:
                stream.write(data)
                stream.flush()
                if durably:
                    os.fsync(stream.fileno())
                self.stamps[path] = stamp_of(os.fstat(stream.fileno()))
                if name.endswith(".jsonl"):
                    # Locked before anybody can see it: a tick must not begin on it before its snapshot is there.
                    self._locks.append(os.dup(stream.fileno()))
                    fcntl.flock(self._locks[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            _hit("rename")
            os.replace(temporary, f"{folder}/{name}")
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _hit("renamed")


def _made(folder: str, path: str) -> BinaryIO:
    """Open a new file; a tick that consumes a signal removes the folder when it is empty."""
    for _ in range(100):
        os.makedirs(folder, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return open(path, "wb")
    raise FileNotFoundError(errno.ENOENT, "it is removed again and again", folder)


def _hit(point: str) -> None:
    if faults.hit:
        faults.hit(f"git.apply.{point}")


def _lock(path: str, patience: float = 0.0) -> list[int]:
    """Lock the history of a live instance, or the like, and return its descriptor; nothing if it is not there.

    :param patience: seconds to wait for whoever has it
    :raises Busy: if somebody has it
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StateError(f"cannot be opened: {error.strerror}", where=path) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between the open and the lock, whoever had it may have put another file there.
            if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
                return [descriptor]
        except BlockingIOError:
            os.close(descriptor)
            if time.monotonic() >= deadline:
                raise Busy(path) from None
            time.sleep(0.01)
            continue
        except FileNotFoundError:
            pass
        os.close(descriptor)
