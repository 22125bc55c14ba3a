"""Whether what a file holds can be trusted: looked at before it is pushed, and before it is taken over."""

from __future__ import annotations

import json

from wfepy_hooks import StateFormatError
from wfepy_hooks.statetext import SCHEMA, conflict_line, parse_text

from .layout import INSTANCE, SCHEDULE, SHARED, files_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .layout import Entity

__all__ = ["flaws_of", "whole_lines"]


def flaws_of(entity: Entity, files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Return what is wrong with the files of an entity: paths, each with what it is.

    :param files: the contents of those that are there, by path
    """
    if entity.kind == INSTANCE:
        return _flaws_of_instance(entity, files)
    if entity.kind == SHARED:
        return []  # whoever merges it passes over what is wrong
    found = []
    for path, data in files.items():
        flaw = _flaw_of_text(data)
        if not flaw and entity.kind == SCHEDULE:
            flaw = _flaw_of_json(data, path)
        # A signal that is no JSON is a matter between its sender and the tick, which puts it aside and says so.
        if flaw:
            found.append((path, flaw))
    return found


def _flaws_of_instance(entity: Entity, files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    found = []
    snapshots = {path: data for path, data in files.items() if path.endswith(".json")}
    histories = {path: data for path, data in files.items() if path.endswith(".jsonl")}
    if not snapshots and any(histories.values()):
        path = files_of(entity)[0]
        found.append((path, "the snapshot is missing, while the history is there"))
    records = 0
    for path, data in histories.items():
        flaw, count = _flaw_of_history(data)
        records = max(records, count)
        if flaw:
            found.append((path, flaw))
    for path, data in snapshots.items():
        flaw = _flaw_of_text(data) or _flaw_of_snapshot(data, path, entity, records)
        if flaw:
            found.append((path, flaw))
    return found


def _flaw_of_text(data: bytes) -> str:
    line = conflict_line(data)
    if line:
        return f"line {line} is a conflict marker of git; keep one side whole"
    if b"\r\n" in data:
        return 'its lines end with CRLF; write them with LF: git config core.autocrlf false, or "* -text" for them'
    return ""


def _flaw_of_json(data: bytes, path: str) -> str:
    try:
        parse_text(data, path)
    except StateFormatError as error:
        return error.what
    return ""


def _flaw_of_snapshot(data: bytes, path: str, entity: Entity, records: int) -> str:
    try:
        document = parse_text(data, path)
    except StateFormatError as error:
        return error.what
    schema = document.get("schema")
    if type(schema) is not int:
        return "it is not a state document: it has no schema"
    if schema > SCHEMA:
        return f"it has schema {schema}, and this wfepy-hooks reads up to {SCHEMA}; install a newer one here"
    for key, wanted in (("workflow", entity.workflow), ("instance", entity.instance)):
        if document.get(key, wanted) != wanted:
            return f"it is the state of {key} {document[key]!r}"
    covered = covered_records(document)
    if covered > records:
        return f"it covers {covered} records of the history, which has {records}"
    return ""


def covered_records(document: Mapping[str, object]) -> int:
    """Return how many records of the history a snapshot covers."""
    history = document.get("history")
    covered = history.get("records") if isinstance(history, dict) else None
    return covered if type(covered) is int else 0


def _flaw_of_history(data: bytes) -> tuple[str, int]:
    """Return what is wrong with a history, and the number of its last record."""
    flaw = _flaw_of_text(data)
    if flaw:
        return flaw, 0
    last = 0
    for number, line in enumerate(whole_lines(data).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            last = json.loads(line)["seq"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return f"line {number} is no record", last
    return "", last if type(last) is int else 0


def whole_lines(data: bytes) -> bytes:
    """Return the whole lines of a history, without a last one that a crash tore.

    What is on the branch must be the beginning of what comes later, and the tick cuts such a line off.
    """
    if data.endswith(b"\n") and b"\0" not in data[data.rfind(b"\n", 0, -1) + 1 :]:
        return data
    cut = data.rfind(b"\n", 0, len(data) - 1) + 1
    tail = data[cut:]
    try:
        json.loads(tail)
    except (ValueError, RecursionError):
        return data[:cut]
    return data if tail.endswith(b"\n") else data + b"\n"
