"""What changed in an encoded context: the ``set`` and ``del`` of a history record.

A patch is by the keys of a plain dict, or by the attributes of an object; any other context is replaced whole. Encoded
values are never changed in place, but by :func:`replay` in a copy of its own.
"""

from __future__ import annotations

from .errors import StateFormatError

__all__ = ["apply_patch", "fields_of", "make_patch", "replay", "same"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .codec import Json


def fields_of(encoded: Json) -> dict[str, Any] | None:
    """Return the part of an encoded context that is patched by key, ``None`` if there is none.

    It is the JSON object itself for a plain dict, and the state of an object; not a copy.
    """
    if type(encoded) is not dict:
        return None
    if "$object" in encoded:
        encoded = None if "value" in encoded else encoded.get("state")
        if type(encoded) is not dict:
            return None
    # A tag is always the first key: "$" sorts before the letters.
    return None if next(iter(encoded), "")[:1] == "$" else encoded


def make_patch(old: Json, new: Json) -> dict[str, Json]:
    """Return what turns ``old`` into ``new``: ``set`` and ``del``, or ``context``; empty if they are the same.

    ``1``, ``1.0`` and ``True`` differ, and so do dicts whose keys are in another order. A key that has only moved is in
    ``del`` and in ``set``.
    """
    if old is new:
        return {}
    before, after = fields_of(old), fields_of(new)
    if before is None or after is None or old.get("$object") != new.get("$object"):  # type: ignore[union-attr]
        return {} if same(old, new) else {"context": new}
    if not before and not after:
        return {}
    changed, deleted = _differences(before, after, ordered=after is new)
    patch: dict[str, Json] = {}
    if changed:
        patch["set"] = changed
    if deleted:
        patch["del"] = deleted
    return patch


def _differences(
    before: dict[str, Any], after: dict[str, Any], *, ordered: bool
) -> tuple[dict[str, Any], list[str]]:
    """Return the items to set and the keys to delete first."""
    changed = {}
    deleted = [] if before.keys() <= after.keys() else [key for key in before if key not in after]
    remaining = iter(before)
    in_order = True
    for key, value in after.items():
        if key not in before:
            changed[key] = value
            in_order = not ordered
            continue
        if in_order and ordered:
            # A key keeps its place only if it comes after those before it: what is set anew goes to the end.
            in_order = key in remaining  # moves on to behind the key
        if not in_order:
            deleted.append(key)
            changed[key] = value
        elif value is not before[key] and not same(value, before[key]):
            changed[key] = value
    return changed, deleted


def apply_patch(encoded: Json, record: Mapping[str, Any]) -> Json:
    """Return ``encoded`` as one history record leaves it; see :func:`replay`."""
    return replay(encoded, (record,))


def replay(encoded: Json, records: Iterable[Mapping[str, Any]]) -> Json:
    """Return ``encoded`` as the history records leave it, one after the other. The time is linear in the records.

    :raises StateFormatError: if a record does not fit
    """
    fields: dict[str, Any] | None = None
    for record in records:
        if "context" in record:
            encoded, fields = record["context"], None
        if "set" not in record and "del" not in record:
            continue
        if fields is None:
            encoded, fields = _copy(encoded)
        _apply(fields, record.get("del", []), record.get("set", {}))
    return encoded


def _copy(encoded: Json) -> tuple[Json, dict[str, Any]]:
    """Return a copy of an encoded context and its fields, which may be changed."""
    fields = fields_of(encoded)
    if fields is None:
        raise StateFormatError("a record changes fields of a context that has none", hint=_RESTORE)
    fields_copy = dict(fields)
    if fields is encoded:
        return fields_copy, fields_copy
    assert type(encoded) is dict  # it is an object, and these are its state
    return {**encoded, "state": fields_copy}, fields_copy


def _apply(fields: dict[str, Any], deleted: Any, changed: Any) -> None:
    if type(deleted) is not list or type(changed) is not dict:
        raise StateFormatError('"del" of a record must be a list, and "set" an object', hint=_RESTORE)
    for key in deleted:
        if type(key) is not str or key not in fields:
            raise StateFormatError('"del" of a record names a key that the context has not', hint=_RESTORE)
        del fields[key]
    fields.update(changed)


_RESTORE = "restore the history from a backup or from version control"


def same(one: Any, other: Any) -> bool:
    """Return whether two encoded values have the same text: the same values, of the same types, in the same order."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is dict:
        # One frame for one level, and no generator: values are nested up to codec.MAX_DEPTH.
        if len(one) != len(other):
            return False
        for (key, value), (other_key, other_value) in zip(one.items(), other.items(), strict=True):
            if key != other_key or not same(value, other_value):
                return False
        return True
    if kind is list:
        if len(one) != len(other):
            return False
        for value, other_value in zip(one, other, strict=True):  # noqa: SIM110 - see above
            if not same(value, other_value):
                return False
        return True
    return bool(one == other) and (kind is not float or repr(one) == repr(other))  # 0.0 == -0.0
