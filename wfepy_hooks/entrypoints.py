"""The installed plugins: entry points of the group ``wfepy_hooks``, found once and remembered.

Looking for them takes 40 ms, most of it the import of importlib.metadata, so what was found is kept in the user's
cache folder. It is used while each folder of ``sys.path`` that holds installed packages is as it was: installing or
removing a package changes the folder's time.
"""

from __future__ import annotations

import os
import sys
import time

from .usercache import CacheFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import Distribution
    from typing import Any, TypeAlias

    Stamps: TypeAlias = list[list[Any]]

__all__ = ["GROUP", "EntryPoint", "find_entry_points"]

GROUP = "wfepy_hooks"
#: What an installed package leaves beside its code; importlib.metadata looks for the same.
METADATA = (".dist-info", ".egg-info", ".egg")
#: Folders that are stamped without a look at what is in them, for only installing changes them. So is the standard
#: library. To list them takes 0.3 ms.
FOR_PACKAGES = (f"{os.sep}site-packages", f"{os.sep}dist-packages")
#: Files kept in the cache folder: one for each Python environment that was used lately.
KEPT = 8
#: A folder that changed so recently may change again without its time changing: a kernel's clock ticks every 10 ms.
SETTLED_NS = 20_000_000


class EntryPoint:
    """An installed plugin.

    :ivar name: the plugin's name
    :ivar value: ``module`` or ``module:attribute``
    :ivar distribution: what installed it, such as ``wfepy-slack 1.2``
    """

    __slots__ = ("distribution", "name", "value")

    def __init__(self, name: str, value: str, distribution: str) -> None:
        self.name = name
        self.value = value
        self.distribution = distribution

    @property
    def module(self) -> str:
        """The name of the module."""
        return self.value.partition(":")[0].strip()

    def load(self) -> Any:
        """Import the plugin and return it."""
        found = __import__(self.module, fromlist=["__name__"])  # which it has: no submodule is looked for
        for attribute in filter(None, self.value.partition(":")[2].split("[")[0].strip().split(".")):
            found = getattr(found, attribute)
        return found


def find_entry_points(environ: Mapping[str, str] = os.environ) -> list[EntryPoint]:
    """Return the installed plugins, sorted by name.

    :param environ: says where the user's cache folder is
    """
    stamps = _stamps()
    subject = "\n".join([sys.version, *(place for place, _ in stamps)])
    cache = CacheFile("entry-points", subject, [stamps], environ)
    found = cache.load()
    if not isinstance(found, list) or not all(map(_is_entry, found)):
        found = _scan()
        if all(time.time_ns() - changed >= SETTLED_NS for _, changed in stamps):
            cache.save(found, keep=KEPT)
    return [EntryPoint(*each) for each in found]


def _is_entry(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(isinstance(part, str) for part in value)


def _stamps() -> Stamps:
    """Return each place on ``sys.path`` that may hold installed packages, with its time in nanoseconds.

    The others are left out, so that the cache holds in every working directory, and after a file was saved there.
    """
    stamps = []
    standard = os.path.dirname(os.__file__)
    for place in dict.fromkeys(os.path.abspath(each) for each in sys.path):
        try:
            if place.startswith(standard) or place.endswith(FOR_PACKAGES) or _holds_packages(place):
                stamps.append([place, os.stat(place).st_mtime_ns])
        except OSError:
            pass  # Missing or unreadable: it holds nothing for importlib.metadata either.
    return stamps


def _holds_packages(place: str) -> bool:
    return not os.path.isdir(place) or any(name.endswith(METADATA) for name in os.listdir(place))


def _scan() -> list[list[str]]:
    from importlib import metadata  # Imported lazily to improve start-up time: 35 ms.

    found = []
    for name in {name for each in metadata.distributions() if (name := _name_if_ours(each))}:
        # Of two versions of a package this is the one that comes first on sys.path.
        distribution = metadata.distribution(name)
        label = f"{name} {distribution.version}"
        found += [[each.name, each.value, label] for each in distribution.entry_points if each.group == GROUP]
    return sorted(found)


def _name_if_ours(distribution: Distribution) -> str | None:
    try:
        # Reading the name of every package would take longer than all the rest.
        ours = GROUP in (distribution.read_text("entry_points.txt") or "")
        return distribution.metadata["Name"] if ours else None
    except Exception:  # noqa: BLE001 - what is wrong with somebody else's package is not ours to say
        return None
