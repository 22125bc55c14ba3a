"""Instances that are brought back, in the store of files: what is on the disk, and what comes in between."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks.errors import InstanceNotFound, LockedError, StateFormatError, StateWriteError
from wfepy_hooks.stores import FileStore, disk
from wfepy_hooks.stores.conformance import NOW, document_of, record_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "coffee"


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """A store with an ended instance that has one record."""
    store = FileStore(tmp_path / "state")
    session = store.create("coffee", "monday", document_of("coffee", "monday"))
    session.append([record_of(1)])
    session.snapshot(document_of("coffee", "monday", records=1, status="finished"))
    session.finish()
    session.release()
    return store


def bring_back(store: FileStore, **context: Any) -> None:
    session = store.reopen("coffee", "monday")
    try:
        document, records = session.load()
        session.snapshot(
            document_of("coffee", "monday", records=document["history"]["records"] + len(records), **context)
        )
    finally:
        session.release()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_both_files_move_back(store: FileStore, folder: Path) -> None:
    history = (folder / "done" / "monday.jsonl").read_bytes()
    bring_back(store)
    assert sorted(os.listdir(folder)) == ["done", "monday.json", "monday.jsonl"]
    assert os.listdir(folder / "done") == []
    assert (folder / "monday.jsonl").read_bytes() == history


def test_only_looking_changes_no_byte(store: FileStore, folder: Path) -> None:
    before = contents(folder)
    session = store.reopen("coffee", "monday")
    session.load()
    session.inbox()
    session.release()
    assert contents(folder) == before


def test_a_snapshot_whose_status_is_an_end_stays_in_the_past(store: FileStore, folder: Path) -> None:
    session = store.reopen("coffee", "monday")
    session.snapshot(document_of("coffee", "monday", records=1, status="cancelled"))
    session.release()
    assert os.listdir(folder) == ["done"]
    assert store.read("coffee", "monday")[0]["status"] == "cancelled"


def test_both_folders_are_durable_before_the_instance_is_live(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(disk, "fsync_folder", lambda path: synced.append(os.path.relpath(path, folder)))
    bring_back(store)
    assert synced == [".", "done", "."]


@pytest.mark.parametrize("step", ["sync", "put_in_place"])
def test_a_full_disk_is_told_and_the_instance_has_ended_as_before(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = contents(folder)

    def fail(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk, step, fail)
    with pytest.raises(StateWriteError, match="cannot write the snapshot: no space left"):
        bring_back(store)
    monkeypatch.undo()
    assert store.read("coffee", "monday")[2] is True
    assert list(store.claim(["coffee"], NOW)) == []
    assert contents(folder) == before
    bring_back(store)
    assert store.list("coffee") == ["monday"]


def test_a_document_that_is_no_json_moves_nothing(store: FileStore, folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(TypeError):
        bring_back(store, wrong=object())
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["monday.json", "monday.jsonl"])
def test_an_end_that_was_cut_short_is_completed_first(store: FileStore, folder: Path, name: str) -> None:
    shutil.move(folder / "done" / name, folder / name)
    bring_back(store)
    assert store.list("coffee") == ["monday"]
    assert os.listdir(folder / "done") == []


def test_what_somebody_put_in_the_way_is_not_overwritten(store: FileStore, folder: Path) -> None:
    session = store.reopen("coffee", "monday")
    session.load()
    (folder / "monday.json").write_text("in the way")
    before = contents(folder / "done")
    with pytest.raises(StateWriteError, match="another file of this name"):
        session.snapshot(document_of("coffee", "monday", records=1))
    session.release()
    assert (folder / "monday.json").read_text() == "in the way"
    (folder / "monday.json").unlink()
    bring_back(store)
    assert before.keys() == {"monday.json", "monday.jsonl"}
    assert store.read("coffee", "monday")[2] is False


def test_an_id_that_is_live_is_not_listed_among_the_ended(store: FileStore, folder: Path) -> None:
    shutil.copy(folder / "done" / "monday.json", folder / "monday.json")
    assert (store.list("coffee"), store.list("coffee", ended=True)) == (["monday"], [])


def test_a_live_one_is_not_brought_back_from_the_past(store: FileStore, folder: Path) -> None:
    for name in ("monday.json", "monday.jsonl"):
        shutil.copy(folder / "done" / name, folder / name)
    text = (folder / "monday.json").read_text().replace('"finished"', '"running"')
    (folder / "monday.json").write_text(text)
    with pytest.raises(InstanceNotFound, match="has not ended"):
        store.reopen("coffee", "monday")


def test_one_whose_history_was_lost_is_brought_back(store: FileStore, folder: Path) -> None:
    (folder / "done" / "monday.jsonl").unlink()
    session = store.reopen("coffee", "monday")
    assert session.load()[1] == []
    assert "lacks the last 1 of the 1 records" in session.notes[0]
    session.append([record_of(2)])
    session.snapshot(document_of("coffee", "monday", records=2))
    session.release()
    assert [record["seq"] for record in store.history("coffee", "monday")] == [2]
    assert store.list("coffee") == ["monday"]


def test_one_that_cannot_be_read_is_told(store: FileStore, folder: Path) -> None:
    (folder / "done" / "monday.json").write_text("{")
    session = store.reopen("coffee", "monday")
    with pytest.raises(StateFormatError, match=r"done/monday\.json:1: the file is cut short"):
        session.load()
    session.release()


def test_a_disk_without_locks_is_told(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")

    def fail(*args: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(StateWriteError, match="has locks"):
        store.reopen("coffee", "monday")


def test_the_holder_is_named(store: FileStore) -> None:
    session = store.reopen("coffee", "monday")
    with pytest.raises(LockedError) as caught:
        store.reopen("coffee", "monday")
    if os.path.exists("/proc/locks"):
        assert f"process {os.getpid()} has ended" in caught.value.hint
    session.release()


@pytest.mark.parametrize("method", ["read", "history"])
def test_one_that_comes_back_while_somebody_looks_is_found(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """The reader has looked among the live ones, and now looks among the ended ones."""
    looked = os.path.exists, disk.read_file

    def move() -> None:
        monkeypatch.undo()
        bring_back(store)

    def exists(path: str) -> bool:
        if "/done/" in path:
            move()
        return looked[0](path)

    def read_file(path: str) -> bytes:
        if "/done/" in path:
            move()
        return looked[1](path)

    monkeypatch.setattr(os.path, "exists", exists)
    monkeypatch.setattr(disk, "read_file", read_file)
    found = getattr(store, method)("coffee", "monday")
    assert store.list("coffee") == ["monday"]
    if method == "history":
        assert list(found) == [record_of(1)]
    else:
        assert found[2] is False
