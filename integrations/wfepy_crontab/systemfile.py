"""The project's file in ``/etc/cron.d``."""

from __future__ import annotations

import contextlib
import os

from wfepy_hooks import WfepyError

from .blocks import Block, find_blocks

__all__ = ["SystemFile"]


class SystemFile:
    """A file in ``/etc/cron.d`` that holds one block, and nothing else.

    :ivar path: its absolute path
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self) -> bytes | None:
        """Return what is in it; ``None`` if there is none.

        :raises WfepyError: if it cannot be read
        """
        try:
            with open(self.path, "rb") as stream:
                return stream.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise WfepyError(f"it cannot be read: {error.strerror}", where=self.path) from error

    def block(self, id: str) -> Block | None:
        """Return the block that the file is; ``None`` if there is no file.

        :raises WfepyError: if it is not the file of the project ``id``
        """
        data = self.read()
        if data is None:
            return None
        blocks = self.blocks(data)
        if len(blocks) == 1 and (blocks[0].start, blocks[0].end) == (0, len(data)):
            if blocks[0].id == id:
                return blocks[0]
            raise self._foreign(f"it is the file of {blocks[0].id}")
        raise self._foreign("it is not ours")

    def blocks(self, data: bytes) -> list[Block]:
        """Return the blocks of what is in it.

        :raises WfepyError: if it is not understood
        """
        try:
            return find_blocks(data)
        except WfepyError as error:
            error.where = error.where.replace("crontab", self.path, 1)
            error.hint = "nothing was changed; put it right by hand, or remove the file, and try again"
            raise

    def _foreign(self, what: str) -> WfepyError:
        hint = 'remove it, or give this project another name: project = "..." below [wfepy]'
        return WfepyError(f"{what}, and was left as it is", where=self.path, hint=hint)

    def write(self, data: bytes | None) -> None:
        """Replace the file at once, so that cron never sees a half of it; ``None`` removes it.

        :raises WfepyError: if that fails
        """
        try:
            if data is None:
                os.unlink(self.path)
            else:
                self._replace(data)
        except OSError as error:
            hint = "root may do that (sudo); without root: wfepy crontab install, without --cron-d"
            raise WfepyError(f"it cannot be written: {error.strerror}", where=self.path, hint=hint) from error

    def _replace(self, data: bytes) -> None:
        folder, name = os.path.split(self.path)
        temporary = os.path.join(folder, f".{name}.{os.getpid()}.new")  # cron skips names with a dot
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            with open(handle, "wb") as stream:
                os.fchmod(stream.fileno(), 0o644)
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, self.path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
