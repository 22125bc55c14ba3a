"""Small files in the user's cache folder, for what takes long to find out at each start.

A file holds one value and the key that it is valid for. A cache is never an error: a file that is damaged, of another
key or cannot be written only means that the value is found out again.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["CacheFile"]

#: What the key of every file begins with; it changes when what is kept in them does.
FORMAT = 1


class CacheFile:
    """One cached value.

    :param kind: what is cached, the beginning of the file's name
    :param subject: what it is about, so that two subjects have two files
    :param key: the value holds for nothing else; JSON values
    :param environ: says where the user's cache folder is
    """

    def __init__(self, kind: str, subject: str, key: list[Any], environ: Mapping[str, str]) -> None:
        # A checksum will do, for the key tells two subjects apart. hashlib takes 4 ms.
        from zlib import crc32

        self._folder = os.path.join(_cache_home(environ), "wfepy-hooks")
        self._kind = kind
        self._name = f"{kind}-{crc32(subject.encode('utf-8', 'surrogateescape')):08x}.json"
        self._key = [FORMAT, subject, *key]

    def load(self) -> Any:
        """Return the value, or ``None`` if it is not there or not for this key."""
        import json

        try:
            with open(os.path.join(self._folder, self._name), encoding="utf-8") as stream:
                data = json.load(stream)
        except (OSError, ValueError, RecursionError):
            return None
        if isinstance(data, dict) and data.get("key") == self._key:
            return data.get("value")
        return None

    def save(self, value: Any, *, keep: int) -> None:
        """Write the value, if it can be written, and remove the oldest of more than ``keep`` files of this kind."""
        import json

        file = os.path.join(self._folder, self._name)
        temporary = f"{file}.{os.getpid()}"
        try:
            data = json.dumps({"key": self._key, "value": value}).encode()
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            # For the user's eyes only: there may be a password in what it was made from.
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.write(handle, data)
            finally:
                os.close(handle)
            os.replace(temporary, file)
            self._prune(keep)
        except (OSError, ValueError, TypeError):
            pass  # Found out again next time, that is all.

    def _prune(self, keep: int) -> None:
        files = [entry for entry in os.scandir(self._folder) if entry.name.startswith(f"{self._kind}-")]
        for entry in sorted(files, key=lambda entry: entry.stat().st_mtime)[:-keep]:
            os.unlink(entry.path)


def _cache_home(environ: Mapping[str, str]) -> str:
    folder = environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(folder):
        return folder
    home = environ.get("HOME") or os.path.expanduser("~")
    # Where nobody is at home nothing is kept.
    return os.path.join(home, ".cache") if os.path.isabs(home) else os.devnull
