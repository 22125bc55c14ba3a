"""Bringing the contexts of branches together that ran at the same time, each on a copy of its own.

By key: what a branch has changed since it began is taken over, the rest stays as it is now. The order of the keys of a
dict is nothing that a branch changes, unless it ran alone.
"""

from __future__ import annotations

from ..errors import WfepyError
from ..patch import fields_of, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..codec import Json

__all__ = ["WHOLE", "Branches", "ContextConflict", "MergeConflict", "changed_keys", "merge"]

WHOLE = None
"""Stands for the whole context among changed keys, where it has none: it is a list, or of another class now."""

_MISSING: Any = object()


class MergeConflict(Exception):
    """Two branches changed one key in different ways.

    :ivar key: the key or attribute; ``None``: the whole
    """

    def __init__(self, key: str | None) -> None:
        super().__init__(key)
        self.key = key


class ContextConflict(WfepyError):
    """Two tasks that ran at the same time changed one part of the context in different ways.

    :ivar task: the one that ended later, whose changes are not taken over
    :ivar other: the one whose change stands; empty if it was no task
    :ivar key: the key or attribute of the context; ``None``: the whole
    """

    def __init__(self, task: str, other: str, key: str | None, text: str) -> None:
        who = f'the task "{other}"' if other else "the engine"
        super().__init__(
            f"it changed {text}, and so did {who} at the same time, in another way",
            where=f'task "{task}"',
            hint="let each branch write a key of its own, and a task behind both bring them together",
        )
        self.task = task
        self.other = other
        self.key = key


def merge(base: Json, main: Json, after: Json) -> tuple[Json, list[str | None]]:
    """Return encoded ``main`` with what changed from ``base`` to ``after``, and the keys that did.

    Nothing that is given is changed; the result shares values with it.

    :raises MergeConflict: if ``main`` differs from ``base`` there too, and is not the same as ``after``
    """
    changed = changed_keys(base, after)
    if not changed:
        return main, changed
    if same(base, main):
        return after, changed
    before, now, then = fields_of(base), fields_of(main), fields_of(after)
    if changed == [WHOLE] or changed_keys(base, main) == [WHOLE]:
        if not same(main, after):
            raise MergeConflict(WHOLE)
        return main, changed
    assert before is not None, "a context that has keys is changed by key"
    assert now is not None, "as above"
    assert then is not None, "as above"
    merged = dict(now)
    for key in changed:
        assert key is not WHOLE, "as above"
        mine, theirs = then.get(key, _MISSING), now.get(key, _MISSING)
        if _equal(theirs, mine):
            continue
        if not _equal(theirs, before.get(key, _MISSING)):
            raise MergeConflict(key)
        if mine is _MISSING:
            del merged[key]
        else:
            merged[key] = mine
    return (merged if now is main else {**_as_object(main), "state": merged}), changed


def changed_keys(old: Json, new: Json) -> list[str | None]:
    """Return the keys or attributes in which two encoded contexts differ, or ``[None]`` for the whole."""
    if old is new:
        return []
    before, after = fields_of(old), fields_of(new)
    if before is None or after is None or _as_object(old).get("$object") != _as_object(new).get("$object"):
        return [] if same(old, new) else [WHOLE]
    return [
        *(key for key, value in after.items() if not _equal(before.get(key, _MISSING), value)),
        *(key for key in before if key not in after),
    ]


def _equal(one: Any, other: Any) -> bool:
    if one is _MISSING or other is _MISSING:
        return one is other
    return same(one, other)


def _as_object(encoded: Json) -> dict[str, Any]:
    assert type(encoded) is dict, "only these have fields"
    return encoded


class _Branch:
    """A task that is under way."""

    __slots__ = ("base", "task")

    def __init__(self, task: str, base: Json) -> None:
        self.task = task
        self.base = base


class Branches:
    """Knows which task changed what, while tasks run at the same time. It remembers nothing when none is under way.

    :ivar main: the encoded context as it is now
    """

    def __init__(self) -> None:
        self.main: Json = None
        self._under_way: dict[int, _Branch] = {}
        self._last_token = 0
        #: Who changed a key last, as far as that matters to somebody under way.
        self._changed_by: dict[str | None, str] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def begin(self, task: str, encoded: Json) -> int:
        """Note that a task begins on a copy of ``encoded``, the context as it is now; return what stands for it."""
        self.note("", encoded)
        self._last_token += 1
        self._under_way[self._last_token] = _Branch(task, encoded)
        return self._last_token

    def note(self, task: str, encoded: Json) -> None:
        """Note that the context is ``encoded`` now, by a task that worked on the context itself.

        :param task: empty if it was none
        """
        if self._under_way:
            self._remember(task, changed_keys(self.main, encoded))
        self.main = encoded

    def finish(self, token: int, after: Json) -> Json:
        """Return the context as it is now that a task has ended, whose copy became ``after``.

        :raises ContextConflict: if another task changed the same, in another way; then the context is as it was
        """
        branch = self._under_way[token]
        try:
            self.main, changed = merge(branch.base, self.main, after)
        except MergeConflict as conflict:
            raise self._conflict(branch, conflict.key, after) from None
        else:
            self._remember(branch.task, changed)
        finally:
            self.drop(token)
        return self.main

    def drop(self, token: int) -> None:
        """Forget a task that is under way: what it did to its copy does not count."""
        self._under_way.pop(token, None)
        if not self._under_way:
            self._changed_by.clear()

    def _remember(self, task: str, keys: list[str | None]) -> None:
        for key in keys:
            self._changed_by.pop(key, None)  # so that the last change is the last item
            self._changed_by[key] = task

    def _conflict(self, branch: _Branch, key: str | None, after: Json) -> ContextConflict:
        other = self._changed_by.get(key)
        if other is None:  # one of the two changed the whole, the other a key
            other = next(reversed(self._changed_by.values()), "")
        return ContextConflict(branch.task, other, key, _part(after, key))


def _part(encoded: Json, key: str | None) -> str:
    """Return how a part of the context is written."""
    if key is WHOLE:
        return "the context as a whole"
    if isinstance(encoded, dict) and "$object" in encoded:
        return f"context.{key}"
    from json import dumps  # lazily: only for an error

    return f"context[{dumps(key, ensure_ascii=False)}]"
