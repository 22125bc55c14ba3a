"""What becomes of an entity that was changed here, on the branch, or on both sides.  Pure.

An instance is compared by its history: if one is the beginning of the other, the longer one is newer. All else that was
changed in two ways is a conflict, which only a person can decide.
"""

from __future__ import annotations

import json

from .checking import covered_records, whole_lines
from .layout import INSTANCE, SHARED, SIGNAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .layout import Entity

    Blobs = Mapping[str, str]
    Read = Callable[[str], bytes]

__all__ = ["KEEP", "MERGED", "OLDER", "SAME", "SPLIT", "TAKE", "Side", "decide", "merged_starts"]

#: The sides are the same; ours goes to the branch; theirs comes here; they are put together; two have advanced it in
#: different ways; the branch has gone back.
SAME, KEEP, TAKE, MERGED, SPLIT, OLDER = "same", "keep", "take", "merged", "split", "older"


class Side:
    """One side of a merge: the blobs of the files of an entity that are there, and how to read them."""

    __slots__ = ("_read", "blobs")

    def __init__(self, blobs: Blobs, read: Read) -> None:
        self.blobs = blobs
        self._read = read

    def files(self) -> dict[str, bytes]:
        """Return the contents of the files by path."""
        return {path: self._read(path) for path in self.blobs}

    def history(self) -> bytes:
        """Return the longest of the histories; a crash may leave one that is empty beside it."""
        found = [whole_lines(self._read(path)) for path in self.blobs if path.endswith(".jsonl")]
        return max(found, key=len, default=b"")

    def document(self) -> dict[str, object]:
        """Return the snapshot that covers most, or an empty one."""
        found = [json.loads(self._read(path)) for path in self.blobs if path.endswith(".json")]
        return max(found, key=covered_records, default={})


def decide(
    entity: Entity,
    base: Blobs,
    ours: Side,
    theirs: Side,
    *,
    was_rewound: Callable[[], bool],
    may_be_older: bool = False,
) -> str:
    """Return what becomes of an entity.

    :param base: the blobs when both sides were the same
    :param was_rewound: tells whether the branch has lost commits that we knew
    :param may_be_older: the history here is shorter than it was, as after a backup was restored
    """
    if ours.blobs == theirs.blobs:
        return SAME
    if entity.kind == SIGNAL:
        return _decide_signal(base, ours, theirs)
    if not ours.blobs:
        return TAKE  # what is deleted here is not deleted for all, but restored: it may be an accident
    if entity.kind == SHARED:
        # Whatever it was before: what one side lacks, as after a backup was restored, the other one has.
        return MERGED if theirs.blobs else KEEP
    if entity.kind != INSTANCE:
        return _decide_starts(base, ours, theirs)
    if theirs.blobs == base:
        return TAKE if may_be_older and _goes_back(theirs, ours) else KEEP
    if ours.blobs == base:
        return OLDER if _goes_back(ours, theirs) and was_rewound() else TAKE
    return _compare(ours, theirs)


def _decide_signal(base: Blobs, ours: Side, theirs: Side) -> str:
    if theirs.blobs == base:
        return KEEP
    if ours.blobs == base or not theirs.blobs:
        return TAKE
    return KEEP if not ours.blobs else TAKE  # consumed stays consumed; of two of one id the first one counts


def _decide_starts(base: Blobs, ours: Side, theirs: Side) -> str:
    if theirs.blobs == base or not theirs.blobs:
        return KEEP
    return TAKE if ours.blobs == base else MERGED


def _goes_back(ours: Side, theirs: Side) -> bool:
    """Return whether the branch has less of an instance than there was before."""
    if not theirs.blobs:
        return True
    mine, other = ours.history(), theirs.history()
    return len(other) < len(mine) and mine.startswith(other)


def _compare(ours: Side, theirs: Side) -> str:
    if not theirs.blobs:
        return SPLIT  # somebody has deleted it there
    mine, other = ours.history(), theirs.history()
    if mine != other:
        if mine.startswith(other):
            return KEEP if other or _is_same_instance(ours, theirs) else SPLIT
        if other.startswith(mine):
            return TAKE if mine or _is_same_instance(ours, theirs) else SPLIT
        return SPLIT
    one, two = ours.document(), theirs.document()
    if covered_records(one) != covered_records(two):
        return KEEP if covered_records(one) > covered_records(two) else TAKE
    return TAKE if one == two or (not mine and _is_same_start(one, two)) else SPLIT


def _is_same_instance(ours: Side, theirs: Side) -> bool:
    """Return whether two, of which one has no history yet, began as one."""
    one, two = ours.document(), theirs.document()
    return one.get("uid") == two.get("uid") or _is_same_start(one, two)


def _is_same_start(one: Mapping[str, object], two: Mapping[str, object]) -> bool:
    """Return whether a schedule has begun both for the same moment."""
    return bool(one.get("scheduled")) and one.get("scheduled") == two.get("scheduled")


def merged_starts(ours: bytes, theirs: bytes) -> bytes:
    """Return the notes of what the schedules have begun, of each the later one.

    :raises ValueError: if they are no such notes
    """
    mine, other = json.loads(ours), json.loads(theirs)
    for key, entry in other.items():
        if key not in mine or mine[key]["until"] < entry["until"]:
            mine[key] = entry
    return (json.dumps(mine, indent=2, sort_keys=True) + "\n").encode()
