"""Holding the state folder against the branch: what is to be taken over, what is to be pushed, and what cannot be."""

from __future__ import annotations

from wfepy_hooks import StateFormatError

from .checking import flaws_of
from .layout import INSTANCE, SHARED, SIGNAL, entity_of, files_of
from .local import Busy, Local
from .merging import KEEP, MERGED, OLDER, SAME, SPLIT, TAKE, Side, decide, merged_starts
from .objects import read_blobs
from .table import size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .layout import Entity
    from .program import Git
    from .scan import Scan
    from .sharing import Merge
    from .table import Table

__all__ = ["Examination", "Plan"]

#: Beside those of :mod:`.merging`: a tick is at work on it; a side of it is no state.
BUSY, BAD, WAITS = "busy", "bad", "waits"


class Plan:
    """What becomes of one entity.

    :ivar entity: which one
    :ivar decision: one of :mod:`.merging`, or :data:`BUSY`, :data:`BAD`, :data:`WAITS`
    :ivar local: its files here; ``None`` while a tick is at work on them
    :ivar theirs: the blobs of its files on the branch
    :ivar flaws: what is wrong with its files
    :ivar merged: what becomes of its file if it is put together of both sides
    """

    __slots__ = ("decision", "entity", "flaws", "local", "merged", "theirs")

    def __init__(self, entity: Entity, local: Local | None, theirs: Mapping[str, str]) -> None:
        self.entity = entity
        self.decision = BUSY
        self.local = local
        self.theirs = dict(theirs)
        self.flaws: list[tuple[str, str]] = []
        self.merged = b""

    @property
    def is_stuck(self) -> bool:
        """Whether it stays as it is on both sides."""
        return self.decision in (BUSY, BAD, WAITS, SPLIT, OLDER)


class Examination:
    """Holds what has changed on either side against each other.

    :param state: the folder of the state
    :param table: what was the same
    :param scanned: what has changed here
    :param theirs: what has changed on the branch since the commit of the table: blobs by path, ``None``: gone
    :param was_rewound: tells whether the branch has lost commits that we knew
    :param shared: how the files of other plugins are merged
    """

    def __init__(
        self,
        git: Git,
        state: str,
        table: Table,
        scanned: Scan,
        theirs: Mapping[str, str | None],
        was_rewound: Callable[[], bool],
        shared: Mapping[str, Merge],
    ) -> None:
        self._git = git
        self._state = state
        self._table = table
        self._scanned = scanned
        self._theirs = {**table.behind, **theirs}
        self._was_rewound = was_rewound
        self._shared = shared
        self._contents: dict[str, bytes] = {}

    def plans(self) -> list[Plan]:
        """Return what becomes of each entity that has changed.

        :raises StateError: if a file here cannot be read
        """
        plans = [self._begin(entity) for entity in self._entities()]
        self._prefetch(plans)
        stuck = set()
        for plan in plans:  # instances come before signals
            if plan.local is not None:
                self._decide(plan, plan.local)
            where = (plan.entity.workflow, plan.entity.instance)
            if plan.entity.kind == INSTANCE and plan.is_stuck:
                stuck.add(where)
            elif plan.entity.kind == SIGNAL and plan.decision == KEEP and where in stuck:
                # What has become of a signal goes with what has become of its instance.
                plan.decision = WAITS if plan.local is not None and not plan.local.blobs else KEEP
        return plans

    def content(self, blob: str) -> bytes:
        """Return what a blob of the branch holds."""
        if blob not in self._contents:
            self._contents.update(read_blobs(self._git, [blob]))
        return self._contents[blob]

    def _entities(self) -> list[Entity]:
        paths = {*self._scanned.changed, *self._scanned.missing, *self._theirs}
        found = {entity_of(path, self._shared) for path in paths}
        return sorted(entity for entity in found if entity is not None)

    def _begin(self, entity: Entity) -> Plan:
        try:
            local = Local.read(self._state, entity)
        except Busy:
            local = None
        blobs = {path: self._blob(path) for path in files_of(entity)}
        return Plan(entity, local, {path: blob for path, blob in blobs.items() if blob is not None})

    def _blob(self, path: str) -> str | None:
        return self._theirs[path] if path in self._theirs else self._table.blobs.get(path)

    def _base(self, entity: Entity) -> dict[str, str]:
        known = self._table.blobs
        return {path: known[path] for path in files_of(entity) if path in known}

    def _prefetch(self, plans: Iterable[Plan]) -> None:
        """Read all that has changed on the branch, by one process."""
        wanted: set[str] = set()
        for plan in plans:
            if plan.local is None or plan.theirs == plan.local.blobs:
                continue
            if plan.theirs != self._base(plan.entity) or not plan.local.blobs:
                wanted.update(plan.theirs.values())
        self._contents.update(read_blobs(self._git, wanted))

    def _decide(self, plan: Plan, local: Local) -> None:
        entity, base = plan.entity, self._base(plan.entity)
        ours = Side(local.blobs, local.data)
        theirs = Side(plan.theirs, lambda path: self.content(plan.theirs[path]))
        if local.blobs == plan.theirs:
            plan.decision = SAME
            return
        here = local.blobs.items()
        is_part = entity.kind == INSTANCE and (here < base.items() or here < plan.theirs.items())
        if local.blobs != base and not is_part:
            plan.flaws += [(f"{self._state}/{path}", flaw) for path, flaw in flaws_of(entity, ours.files())]
        if plan.theirs not in (base, local.blobs):
            plan.flaws += [(f"branch: {path}", flaw) for path, flaw in flaws_of(entity, theirs.files())]
        if plan.flaws:
            plan.decision = BAD
        elif is_part:
            plan.decision = TAKE  # files were lost here, or a crash came while they were written or removed
        elif entity.kind == SIGNAL and not local.blobs and not self._is_here(entity):
            plan.decision = TAKE  # nobody here can have consumed it
        else:
            older = self._is_shorter(local)
            was_rewound = self._was_rewound
            if any(path in self._table.rewound for path in files_of(entity)):
                was_rewound = _yes  # as an earlier pull has found out
            try:
                plan.decision = decide(
                    entity, base, ours, theirs, was_rewound=was_rewound, may_be_older=older
                )
                if plan.decision == MERGED:
                    self._merge(plan, local)
            except (ValueError, KeyError, TypeError, StateFormatError) as error:
                plan.flaws.append((f"branch: {files_of(entity)[0]}", f"it cannot be compared: {error}"))
                plan.decision = BAD

    def _merge(self, plan: Plan, local: Local) -> None:
        """Put both sides of a file together.

        :raises ValueError: if they are nothing that can be
        """
        (path,) = files_of(plan.entity)
        ours, theirs = local.data(path), self.content(plan.theirs[path])
        if plan.entity.kind != SHARED:
            plan.merged = merged_starts(ours, theirs)
            return
        try:
            plan.merged = self._shared[path](ours, theirs)
        except Exception as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error
        if plan.merged in (ours, theirs):
            plan.decision = KEEP if plan.merged == ours else TAKE

    def _is_here(self, signal: Entity) -> bool:
        """Return whether the instance of a signal is in the state folder."""
        import os

        return any(
            os.path.exists(f"{self._state}/{path}")
            for path in files_of(signal._replace(kind=INSTANCE, name=""))
        )

    def _is_shorter(self, local: Local) -> bool:
        """Return whether a history here has fewer bytes than it had."""
        known = [path for path in files_of(local.entity) if path.endswith(".jsonl")]
        before = max(
            (size_of(self._table.stamps[path]) for path in known if path in self._table.stamps), default=0
        )
        now = max((len(local.data(path)) for path in known if path in local.blobs), default=0)
        return now < before < 1 << 62


def _yes() -> bool:
    return True
