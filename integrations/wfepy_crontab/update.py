"""Changing a user's crontab without ever costing anybody a line.

Under a lock of ours (1), the bytes are read (2), what is not understood is refused (3), the change is made to a copy
(4), what was there is backed up (5), read again and begun anew if somebody has changed it meanwhile (6), installed by
the ``crontab`` program (7), read back, and put back as it was if it is not what was to be installed (8).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timezone

from wfepy_hooks import WfepyError

from .places import backup, locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    class Table(Protocol):
        """Where a crontab is."""

        def read(self) -> bytes | None:
            """Return it; ``None`` if there is none."""

        def write(self, table: bytes | None) -> None:
            """Replace it; ``None`` removes it."""


__all__ = ["Update", "update"]

#: How often somebody may change the crontab while we do.
TRIES = 20
NAME = "crontab"


@dataclass(frozen=True, slots=True)
class Update:
    """What was done.

    :ivar before: the crontab as it was; ``None``: there was none
    :ivar after: as it is now
    :ivar backup: path of the copy of ``before``; empty if there was nothing to keep
    """

    before: bytes | None
    after: bytes | None
    backup: str = ""

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.before != self.after


def update(
    table: Table,
    change: Callable[[bytes | None], bytes | None],
    *,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
) -> Update:
    """Change a crontab.

    :param table: where it is
    :param change: gets the crontab and returns what it shall be; raises where it does not understand it
    :param environ: says where the lock and the backups go
    :raises WfepyError: if that cannot be done; the crontab is as it was
    """
    with locked(environ):
        for _ in range(TRIES):
            before = table.read()
            after = change(before)
            if after == before:
                return Update(before, after)
            kept = "" if before is None else backup(before, NAME, clock(), environ)
            if table.read() == before:
                after = _install(table, before, after)
                _read_back(table, before, after, lambda found: backup(found, NAME, clock(), environ))
                return Update(before, after, kept)
            if kept:
                os.unlink(kept)
    raise WfepyError(
        f"somebody has changed it {TRIES} times while it was being changed", where="crontab", hint="try again"
    )


def _install(table: Table, before: bytes | None, after: bytes | None) -> bytes | None:
    """Write the crontab and return what was written.

    :raises WfepyError: if the program refuses it; the crontab is as it was
    """
    try:
        return _write(table, after)
    except WfepyError:
        if table.read() != before:
            _write(table, before)
        raise


def _write(table: Table, data: bytes | None) -> bytes | None:
    try:
        table.write(data)
    except WfepyError:
        if not data or data.endswith(b"\n"):
            raise
        # Its last line had no end before, which this program would not have let through.
        data += b"\n"
        table.write(data)
    return data


def _read_back(table: Table, before: bytes | None, after: bytes | None, keep: Callable[[bytes], str]) -> None:
    """Make sure that the crontab is what was installed, else put it back as it was.

    :raises WfepyError: if it is not
    """
    found = table.read()
    if found == after:
        return
    kept = f", and what was there instead is in {keep(found)}" if found else ""
    _write(table, before)
    raise WfepyError(
        f"it was not what had been installed when it was read back; it is as it was before{kept}",
        where="crontab",
        hint="did somebody change it at the same moment? try again",
    )
