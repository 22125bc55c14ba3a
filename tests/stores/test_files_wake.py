"""The wake index: when it is used, and that it sees what others do to the files."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sleepers import LATER, NAMES, WAYS, advance, due, next_beat, replace, settle, sleeping
from wfepy_hooks.clock import format_time
from wfepy_hooks.statetext import dump_text
from wfepy_hooks.stores import FileStore, claiming, wakeindex, wakelog
from wfepy_hooks.stores.conformance import NOW, StoreConformance, document_of, record_of, signal_of
from wfepy_hooks.stores.wakeformat import parse_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wfepy_hooks.stores import Store


@pytest.fixture
def store(sleepers: FileStore) -> FileStore:
    return sleepers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "coffee"


class TestFileStoreWithWakeIndex(StoreConformance):
    """The suite for every store, with an index for every workflow."""

    @pytest.fixture(autouse=True)
    def one_is_many(self, monkeypatch: pytest.MonkeyPatch, few_are_many: None) -> None:
        monkeypatch.setattr(claiming, "MANY", 1)

    def make_store(self, folder: Path) -> Store:
        return FileStore(folder)

    def reopen(self, store: Store) -> Store:
        assert isinstance(store, FileStore)
        return FileStore(store.root)


# When it is used


def test_a_second_tick_looks_at_no_instance(
    store: FileStore, folder: Path, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(store)
    assert looks == [str(folder)]

    def refuse(*args: object) -> None:
        raise AssertionError("it was listed")

    listdir = os.listdir
    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(os, "listdir", lambda path: refuse() if path == str(folder) else listdir(path))
    for _ in range(3):
        assert due(store) == []
    assert len(looks) == 1


def test_what_is_due_by_the_index_is_claimed_in_order(store: FileStore, looks: list[str]) -> None:
    for number in (4, 1):
        advance(store, NAMES[number], NOW + timedelta(minutes=number))
    settle(store)
    assert due(store, NOW + timedelta(minutes=1)) == ["cup-1"]
    assert due(store, NOW + timedelta(minutes=5)) == ["cup-1", "cup-4"]
    assert len(looks) == 1


def test_ticks_and_commands_of_this_store_leave_the_index_in_use(store: FileStore, looks: list[str]) -> None:
    for place in ("done", "inbox"):
        os.mkdir(os.path.join(store.root, "coffee", place))
    settle(store)
    soon = NOW + timedelta(minutes=1)
    advance(store, "cup-1", soon)
    assert (due(store), due(store, soon)) == ([], ["cup-1"])
    advance(store, "cup-1")
    assert due(store, soon) == []
    store.create("coffee", "new", sleeping("new", wake=soon)).release()
    assert (due(store), due(store, soon)) == ([], ["new"])
    store.send("coffee", "cup-2", signal_of("1"))
    assert due(store) == ["cup-2"]
    session = store.open("coffee", "cup-2")
    session.discard(["1"])
    session.release()
    assert due(store) == []
    session = store.open("coffee", "new")
    session.append([record_of(1)])
    session.snapshot(document_of("coffee", "new", records=1, status="finished"))
    session.finish()
    session.release()
    assert due(store, soon) == []
    assert len(looks) == 1


def test_an_instance_that_only_seems_due_is_looked_at_once(store: FileStore, looks: list[str]) -> None:
    """Its last line in the log says that a record was about to be written, and then none was."""
    settle(store)
    wakelog.WakeLog(os.path.join(store.root, "coffee")).mark("cup-1")
    for _ in range(2):
        assert due(store) == []
    log = os.path.join(store.root, ".wake", "coffee.log")
    with open(log, "rb") as file:
        assert parse_log(file.read()).wakes() == {"cup-1": format_time(LATER)}
    assert len(looks) == 1


def test_many_changes_are_worth_a_new_look(store: FileStore, looks: list[str]) -> None:
    settle(store)
    log = wakelog.WakeLog(os.path.join(store.root, "coffee"))
    for _ in range(1001):
        log.note("cup-1", format_time(LATER), 0)
    settle(store)
    settle(store)
    assert len(looks) == 2


def test_a_workflow_with_few_instances_has_no_index(tmp_path: Path, looks: list[str]) -> None:
    store = FileStore(tmp_path / "state")
    for name in NAMES[:2]:
        store.create("coffee", name, sleeping(name)).release()
    advance(store, "cup-1", NOW)
    assert due(store) == ["cup-1"]
    assert os.listdir(tmp_path / "state") == ["coffee"]
    assert looks == []


def test_an_index_goes_with_the_instances(store: FileStore, folder: Path) -> None:
    settle(store)
    for name in NAMES[2:]:
        for file in folder.glob(f"{name}.*"):
            file.unlink()
    settle(store)
    assert os.listdir(folder.parent / ".wake") == [".gitignore"]
    replace(folder, "cup-1")
    assert due(store) == ["cup-1"]


def test_the_index_is_nothing_for_git(store: FileStore, folder: Path) -> None:
    settle(store)
    home = folder.parent / ".wake"
    assert sorted(os.listdir(home)) == [".gitignore", "coffee.index", "coffee.log"]
    assert (home / ".gitignore").read_text() == "*\n"


def test_a_tick_with_nothing_to_do_leaves_every_byte(store: FileStore, tmp_path: Path) -> None:
    settle(store)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
    settle(store)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files} == before


def test_a_plain_tick_is_as_durable_as_before_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path / "state")
    store.create("coffee", "monday", document_of("coffee", "monday")).release()
    calls: list[str] = []
    for name in ("fsync", "fdatasync", "utime", "listdir", "scandir"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, counting(getattr(os, name), name, calls))
    monkeypatch.setattr("wfepy_hooks.stores.disk.sync", counting(os.fsync, "sync", calls))
    for session in store.claim(["coffee"], NOW):
        session.load()
        session.append([record_of(1)])
        session.append([record_of(2)])
        session.snapshot(document_of("coffee", "monday", records=2))
        session.release()
    assert [call for call in calls if call != "fsync"] == ["listdir", "utime", "sync", "sync", "sync"]
    assert calls.count("fsync") == 3 + 2, "one for each sync, and two for the folder"


def test_a_limit_starves_no_instance_of_many(store: FileStore) -> None:
    for name in NAMES:
        advance(store, name, NOW)
    claimed = set()
    for tick in range(60):
        found = due(store, NOW + tick * timedelta(seconds=10), limit=2)
        assert len(found) == 2
        claimed.update(found)
    assert claimed == set(NAMES)


def counting(original: Callable[..., Any], name: str, calls: list[str]) -> Callable[..., Any]:
    def counted(*args: Any, **options: Any) -> Any:
        calls.append(name)
        return original(*args, **options)

    return counted


# What others do to the files


@pytest.mark.parametrize("change", WAYS, ids=lambda change: change.__name__)
def test_a_change_by_others_is_seen(
    store: FileStore, folder: Path, looks: list[str], change: Callable[[Path], None]
) -> None:
    settle(store)
    settle(store)
    change(folder)
    for _ in range(3):
        assert due(store) == ["cup-1"]
    assert len(looks) <= 3
    advance(store, "cup-2")
    assert due(store) == ["cup-1"]


@pytest.mark.parametrize("change", WAYS, ids=lambda change: change.__name__)
def test_a_change_by_others_is_seen_right_after_one_of_ours(
    store: FileStore, folder: Path, change: Callable[[Path], None]
) -> None:
    settle(store)
    advance(store, "cup-2")
    change(folder)
    assert due(store) == ["cup-1"]


@pytest.mark.parametrize("change", WAYS, ids=lambda change: change.__name__)
def test_a_change_by_others_is_seen_after_one_of_ours_to_the_same_instance(
    store: FileStore, folder: Path, change: Callable[[Path], None]
) -> None:
    settle(store)
    log = wakelog.WakeLog(str(folder))
    log.note("cup-1", format_time(LATER), 0)
    change(folder)
    assert due(store) == ["cup-1"]


@pytest.mark.parametrize("change", WAYS, ids=lambda change: change.__name__)
def test_a_change_by_others_is_seen_between_two_of_ours(
    store: FileStore, folder: Path, change: Callable[[Path], None]
) -> None:
    settle(store)
    advance(store, "cup-2")
    change(folder)
    advance(store, "cup-3")
    assert due(store) == ["cup-1"]


def test_a_change_by_others_is_seen_that_comes_while_a_tick_looks(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = wakeindex._look

    def look_and_change(*args: Any) -> Any:
        entries = look(*args)
        replace(folder, "cup-1")
        return entries

    monkeypatch.setattr(wakeindex, "_look", look_and_change)
    assert due(store) == []
    monkeypatch.setattr(wakeindex, "_look", look)
    assert due(store) == ["cup-1"]


@pytest.mark.parametrize(("moment", "beat"), [(10**12 + 1, 50_000_000), (10**12, 3_000_000_000)])
def test_a_file_that_may_still_change_in_this_beat_of_the_clock_has_no_stamp(moment: int, beat: int) -> None:
    status: Any = SimpleNamespace(st_mtime_ns=moment, st_ctime_ns=moment, st_size=1, st_ino=7)
    assert wakeindex._file_stamp(status, moment + beat - 1) == "-"
    assert wakeindex._file_stamp(status, moment + beat) == f"{moment}:{moment}:1:7"


def test_what_is_restored_from_a_backup_is_seen(store: FileStore, folder: Path, tmp_path: Path) -> None:
    advance(store, "cup-1", NOW + timedelta(minutes=1))
    settle(store)
    shutil.copytree(store.root, tmp_path / "backup")
    advance(store, "cup-1", LATER)
    settle(store)
    next_beat()
    for source in (tmp_path / "backup").rglob("*"):
        target = store.root / source.relative_to(tmp_path / "backup")
        if source.is_file():
            shutil.copy2(source, f"{target}.new")
            os.replace(f"{target}.new", target)
    for path in (folder, folder.parent):
        shutil.copystat(tmp_path / "backup" / path.relative_to(store.root), path)
    assert due(store, NOW + timedelta(minutes=2)) == ["cup-1"]


def test_an_instance_that_is_taken_away_is_not_missed(store: FileStore, folder: Path) -> None:
    advance(store, "cup-1", NOW + timedelta(minutes=1))
    settle(store)
    for file in folder.glob("cup-1.*"):
        file.unlink()
    assert due(store, NOW + timedelta(minutes=2)) == []
    assert store.list("coffee") == [name for name in NAMES if name != "cup-1"]


def test_a_file_that_was_written_in_place_is_seen_within_an_hour(store: FileStore, folder: Path) -> None:
    settle(store)
    (folder / "cup-1.json").write_text(dump_text(sleeping("cup-1", wake=NOW)))
    assert due(store, NOW + timedelta(hours=1)) == ["cup-1"]


def test_a_clock_that_is_set_back_makes_a_new_index(store: FileStore, looks: list[str]) -> None:
    advance(store, "cup-1", NOW)
    for now in (NOW, NOW - timedelta(minutes=10), NOW):
        assert due(store, now) == (["cup-1"] if now == NOW else [])
    assert len(looks) == 2


def test_an_orphan_of_a_killed_tick_is_put_with_its_snapshot(store: FileStore, folder: Path) -> None:
    settle(store)
    session = store.open("coffee", "cup-1")
    session.append([record_of(1)])
    session.snapshot(document_of("coffee", "cup-1", records=1, status="finished"))
    session.finish()
    session.release()
    shutil.move(folder / "done" / "cup-1.jsonl", folder / "cup-1.jsonl")
    assert due(store) == []
    assert sorted(os.listdir(folder / "done")) == ["cup-1.json", "cup-1.jsonl"]
