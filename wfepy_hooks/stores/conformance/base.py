"""What the tests of stores share: values to save, and what to do with a store."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from ..protocol import Store

NOW = datetime(2026, 11, 23, 6, 13, 34, tzinfo=timezone.utc)

VALUES: dict[str, Any] = {
    "text": 'quotes " and \\, line\nends \r\n\u2028\u2029\x85, příliš žluťoučký ☕ \U0001f680 \x7f\x00',
    "surrogate": "\ud800",
    "numbers": [0, -1, 2**62, 1.5, 1.0, 1e300, 1e-300, -0.0],
    "words": [True, False, None],
    "nested": {"": {"$tag": [[], {}, [[]]]}, "b": [{"a": 1}] * 3},
    "long": ["x" * 200, "<<<<<<< not a conflict", list(range(300))],
}


def document_of(
    workflow: str, instance: str, *, records: int = 0, status: str = "running", **context: Any
) -> dict[str, Any]:
    """Return a state document that covers ``records`` records."""
    return {
        "context": context,
        "created": "2026-11-23T06:13:34.123456Z",
        "graph": "0123456789ab",
        "history": {"bytes": 0, "records": records},
        "instance": instance,
        "queue": [],
        "schema": 1,
        "status": status,
        "tasks": {"make_coffee": {"next": ["make_foam: false"], "status": "done"}},
        "uid": "3f2a9c41d0b7",
        "workflow": workflow,
    }


def record_of(seq: int, **fields: Any) -> dict[str, Any]:
    """Return a record of the history."""
    return {"seq": seq, "at": "2026-11-23T06:13:34.123456Z", "event": "task", "task": "make_coffee", **fields}


def signal_of(id: str, name: str = "approve", **fields: Any) -> dict[str, Any]:
    """Return a signal."""
    return {"id": id, "name": name, **fields}


def text(value: object) -> str:
    """Return a text that is the same only for the same values: 1, 1.0 and True are equal, and must not be
    mixed up.

    The size of the history is a store's own affair.
    """
    return json.dumps(value, sort_keys=True)


def check_document(document: dict[str, Any], expected: dict[str, Any]) -> None:
    def without_size(value: dict[str, Any]) -> str:
        return text({**value, "history": {"records": value["history"]["records"]}})

    assert without_size(document) == without_size(expected), "the document is not the one that was saved"


def check_records(records: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert [record["seq"] for record in records] == [record["seq"] for record in expected], "wrong records"
    for record, wanted in zip(records, expected, strict=True):
        what = "a record is not the one that was saved, or its keys are in another order"
        assert json.dumps(record) == json.dumps(wanted), what


def claim(store: Store, *workflows: str, now: datetime = NOW, **options: Any) -> list[tuple[str, str]]:
    """Claim and release everything that is due, one at a time; return what was claimed."""
    claimed = []
    for session in store.claim(workflows or ("coffee",), now, **options):
        claimed.append((session.workflow, session.instance))
        session.release()
    return claimed


class StoreTests:
    """What a store under test is made by, and what its tests do with it."""

    def make_store(self, folder: Path) -> Store:
        """Return a new, empty store, which may make ``folder`` and keep its files there."""
        raise NotImplementedError

    def reopen(self, store: Store) -> Store:
        """Return what another process would see in ``store``."""
        return store

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return self.make_store(tmp_path / "store")

    def start(self, store: Store, instance: str = "monday", workflow: str = "coffee") -> None:
        store.create(workflow, instance, document_of(workflow, instance)).release()

    def load(self, store: Store, instance: str = "monday") -> tuple[dict[str, Any], list[dict[str, Any]]]:
        session = self.reopen(store).open("coffee", instance)
        try:
            return session.load()
        finally:
            session.release()

    def end(self, store: Store, instance: str = "monday", *, finish: bool = True) -> None:
        session = store.open("coffee", instance)
        document, records = session.load()
        document["history"]["records"] += len(records)
        session.snapshot({**document, "status": "finished"})
        if finish:
            session.finish()
        session.release()

    def sleep(self, store: Store, instance: str, wake: object) -> None:
        document = {**document_of("coffee", instance), "schema": 2, "wake": wake}
        store.create("coffee", instance, document).release()

    def bring_back(self, store: Store) -> None:
        session = store.reopen("coffee", "monday")
        document, records = session.load()
        document["history"]["records"] += len(records)
        session.snapshot({**document, "status": "running"})
        session.release()
