"""The wake index: when it is used, and that nobody's change makes an instance miss its moment."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks.clock import format_time
from wfepy_hooks.errors import StateError
from wfepy_hooks.statetext import dump_text
from wfepy_hooks.stores import FileStore, claiming, lock, wakeindex, wakelog
from wfepy_hooks.stores.conformance import NOW, StoreConformance, document_of, record_of, signal_of
from wfepy_hooks.stores.wakeformat import dump_index, parse_index, parse_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wfepy_hooks.stores import Store

LATER = NOW + timedelta(days=30)
NAMES = [f"cup-{number}" for number in range(6)]


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "MANY", 3)


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


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """A store with six instances that sleep for a month."""
    store = FileStore(tmp_path / "state")
    for name in NAMES:
        store.create("coffee", name, sleeping(name)).release()
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "coffee"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that gets longer with each look at all files."""
    looks: list[str] = []
    due_by_files = wakeindex.due_by_files

    def counted(folder: str, *args: Any) -> set[str]:
        looks.append(folder)
        return due_by_files(folder, *args)

    monkeypatch.setattr(wakeindex, "due_by_files", counted)
    return looks


def sleeping(instance: str, *, records: int = 0, wake: Any = LATER, **fields: Any) -> dict[str, Any]:
    """Return a document whose instance sleeps until ``wake``."""
    text = wake if wake is None else format_time(wake)
    return {**document_of("coffee", instance, records=records, **fields), "schema": 2, "wake": text}


def due(store: FileStore, now: Any = NOW, **options: Any) -> list[str]:
    """Return what a tick of another process gets, and leave it as it is."""
    found = []
    for session in FileStore(store.root).claim(["coffee"], now, **options):
        found.append(session.instance)
        session.release()
    return found


def settle(store: FileStore) -> None:
    """Have an index."""
    assert due(store) == []


def advance(store: FileStore, instance: str, wake: Any = LATER) -> None:
    """Do what a tick does for an instance."""
    session = store.open("coffee", instance)
    document, newer = session.load()
    last = document["history"]["records"] + len(newer) + 1
    session.append([record_of(last)])
    session.snapshot(sleeping(instance, records=last, wake=wake))
    session.release()


def replace(folder: Path, instance: str, wake: Any = NOW) -> None:
    """Replace a snapshot as git does."""
    temporary = folder / "new"
    temporary.write_text(dump_text(sleeping(instance, wake=wake)))
    temporary.rename(folder / f"{instance}.json")


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


def counting(original: Callable[..., Any], name: str, calls: list[str]) -> Callable[..., Any]:
    def counted(*args: Any, **options: Any) -> Any:
        calls.append(name)
        return original(*args, **options)

    return counted


def test_a_limit_starves_no_instance_of_many(store: FileStore) -> None:
    for name in NAMES:
        advance(store, name, NOW)
    claimed = set()
    for tick in range(60):
        found = due(store, NOW + tick * timedelta(seconds=10), limit=2)
        assert len(found) == 2
        claimed.update(found)
    assert claimed == set(NAMES)


# What others do to the files


def by_rename(folder: Path) -> None:
    replace(folder, "cup-1")


def by_a_new_file(folder: Path) -> None:
    (folder / "cup-1.json").unlink()
    (folder / "cup-1.json").write_text(dump_text(sleeping("cup-1", wake=NOW)))


def by_rsync(folder: Path) -> None:
    """Sets the time of the folder back, as it was at the source."""
    status = folder.stat()
    replace(folder, "cup-1")
    os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))


def by_a_link(folder: Path) -> None:
    target = folder.parent / "elsewhere.json"
    target.write_text(dump_text(sleeping("cup-1", wake=NOW)))
    (folder / "cup-1.json").unlink()
    (folder / "cup-1.json").symlink_to(target)


def by_a_newer_history(folder: Path) -> None:
    (folder / "new").write_text(json.dumps(record_of(1)) + "\n")
    (folder / "new").rename(folder / "cup-1.jsonl")


def by_damage(folder: Path) -> None:
    (folder / "new").write_text("<<<<<<< HEAD\n")
    (folder / "new").rename(folder / "cup-1.json")


def by_loss(folder: Path) -> None:
    by_a_newer_history(folder)
    (folder / "cup-1.json").unlink()


def by_a_file_of_another_instance(folder: Path) -> None:
    shutil.copy(folder / "cup-2.json", folder / "new")
    (folder / "new").rename(folder / "cup-1.json")


WAYS = [by_rename, by_a_new_file, by_rsync, by_a_link, by_a_newer_history, by_damage, by_loss]
WAYS += [by_a_file_of_another_instance]


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


def test_what_is_restored_from_a_backup_is_seen(store: FileStore, folder: Path, tmp_path: Path) -> None:
    advance(store, "cup-1", NOW + timedelta(minutes=1))
    settle(store)
    shutil.copytree(store.root, tmp_path / "backup")
    advance(store, "cup-1", LATER)
    settle(store)
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


# What ticks and crashes do


def test_a_tick_that_is_killed_after_a_record_leaves_an_instance_that_is_due(
    store: FileStore, looks: list[str]
) -> None:
    settle(store)
    session = store.open("coffee", "cup-1")
    session.append([record_of(1)])
    session.release()
    assert due(store) == ["cup-1"]
    assert len(looks) == 1


def test_a_tick_that_is_killed_after_a_snapshot_and_a_record_leaves_one_that_is_due(
    store: FileStore, looks: list[str]
) -> None:
    settle(store)
    session = store.open("coffee", "cup-1")
    for seq in (1, 2):
        session.append([record_of(seq)])
        session.snapshot(sleeping("cup-1", records=seq))
    session.append([record_of(3)])
    session.release()
    assert due(store) == ["cup-1"]
    assert len(looks) == 1


def test_an_instance_in_the_hands_of_a_tick_stays_due_in_a_new_index(
    store: FileStore, folder: Path, looks: list[str]
) -> None:
    """The tick has said that it writes, and has not written when the others look."""
    settle(store)
    session = store.open("coffee", "cup-1")
    wakelog.WakeLog(str(folder)).mark("cup-1")
    (folder / "other").write_text("")
    busy: list[str] = []
    assert due(store, busy=lambda *name: busy.append("/".join(name))) == []
    assert (len(looks), busy) == (2, ["coffee/cup-1"])
    with open(folder / "cup-1.jsonl", "a") as history:
        history.write(json.dumps(record_of(1)) + "\n")
    session.release()
    assert due(store) == ["cup-1"]
    assert len(looks) == 2


def test_a_session_from_before_the_index_is_seen(store: FileStore, folder: Path) -> None:
    session = store.open("coffee", "cup-1")
    session.append([record_of(1)])
    session.snapshot(sleeping("cup-1", records=1))
    settle(store)
    session.append([record_of(2)])
    session.release()
    assert due(store) == ["cup-1"]
    session = store.open("coffee", "cup-1")
    shutil.rmtree(folder.parent / ".wake")
    session.append([record_of(3)])
    session.snapshot(sleeping("cup-1", records=3, wake=NOW))
    session.release()
    assert due(store) == ["cup-1"]


def test_an_index_by_two_ticks_at_once_is_not_used(
    store: FileStore, folder: Path, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tick begins a new log while this one looks, and both write an index."""
    scandir = os.scandir
    nested: list[str] = []

    def other_tick_first(path: str) -> Any:
        if path == str(folder) and not nested:
            nested.append(path)
            assert due(store) == []
            advance(store, "cup-1", NOW)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", other_tick_first)
    due(store)
    monkeypatch.undo()
    monkeypatch.setattr(claiming, "MANY", 3)
    assert due(store) == ["cup-1"]


# The index is damaged, old, or cannot be written


def remove_all(home: Path) -> None:
    shutil.rmtree(home)


def remove_log(home: Path) -> None:
    (home / "coffee.log").unlink()


def remove_index(home: Path) -> None:
    (home / "coffee.index").unlink()


def empty_log(home: Path) -> None:
    (home / "coffee.log").write_bytes(b"")


def tear_log(home: Path) -> None:
    (home / "coffee.log").write_bytes((home / "coffee.log").read_bytes()[:-1])


def damage_log(home: Path) -> None:
    data = (home / "coffee.log").read_bytes()
    (home / "coffee.log").write_bytes(data.replace(b"cup-1", b"cup-7"))


def garble_log(home: Path) -> None:
    (home / "coffee.log").write_bytes(b"\xff\xfe\0" * 99)


def damage_index(home: Path) -> None:
    data = (home / "coffee.index").read_bytes()
    (home / "coffee.index").write_bytes(data.replace(b"2026", b"2126"))


def garble_index(home: Path) -> None:
    (home / "coffee.index").write_bytes(b"\xff\xfe\0" * 99)


def cut_index(home: Path) -> None:
    data = (home / "coffee.index").read_bytes()
    (home / "coffee.index").write_bytes(data[: len(data) // 2])


def empty_index(home: Path) -> None:
    (home / "coffee.index").write_bytes(b"")


def index_of_another_version(home: Path) -> None:
    index = parse_index((home / "coffee.index").read_bytes())
    assert index is not None
    data = dump_index(index, {}).replace(b"wfepy-wake-1", b"wfepy-wake-2").split(b"\n", 1)[1]
    from zlib import crc32

    (home / "coffee.index").write_bytes(b"%08x\n%b" % (crc32(data), data))


def index_of_another_boot(home: Path) -> None:
    index = parse_index((home / "coffee.index").read_bytes())
    assert index is not None
    index.boot = "another"
    (home / "coffee.index").write_bytes(dump_index(index, {}))


def folder_in_place_of_log(home: Path) -> None:
    (home / "coffee.log").unlink()
    (home / "coffee.log").mkdir()


def folder_in_place_of_index(home: Path) -> None:
    (home / "coffee.index").unlink()
    (home / "coffee.index").mkdir()


DAMAGES = [remove_all, remove_log, remove_index, empty_log, tear_log, damage_log, garble_log, damage_index]
DAMAGES += [garble_index, cut_index, empty_index, index_of_another_version, index_of_another_boot]
DAMAGES += [folder_in_place_of_log, folder_in_place_of_index]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_index_only_costs_time(
    store: FileStore, folder: Path, looks: list[str], damage: Callable[[Path], None]
) -> None:
    soon = NOW + timedelta(minutes=1)
    settle(store)
    advance(store, "cup-1", soon)
    damage(folder.parent / ".wake")
    advance(store, "cup-2", soon)
    for _ in range(3):
        assert due(store, soon) == ["cup-1", "cup-2"]
    assert len(looks) >= 2


def test_a_damaged_line_does_not_hide_the_others(store: FileStore, folder: Path) -> None:
    settle(store)
    log = wakelog.WakeLog(str(folder))
    log.note("cup-1", format_time(LATER), 0)
    log.mark("cup-2")
    damage_log(folder.parent / ".wake")
    held = store.open("coffee", "cup-2")  # whoever said so goes on
    busy: list[str] = []
    assert due(store, busy=lambda *name: busy.append(name[1])) == []
    assert busy == ["cup-2"]
    held.release()


@pytest.mark.parametrize("place", [".wake", "coffee.log", "coffee.index"])
def test_a_store_that_cannot_have_an_index_does_without(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    original = os.open, os.mkdir

    def read_only(path: str, *args: Any, **options: Any) -> int:
        if place in path and args[0] & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, "Read-only file system")
        return original[0](path, *args, **options)

    def no_folder(path: str, *args: Any) -> None:
        if path.endswith(place):
            raise OSError(errno.EROFS, "Read-only file system")
        original[1](path, *args)

    monkeypatch.setattr(os, "open", read_only)
    monkeypatch.setattr(os, "mkdir", no_folder)
    settle(store)
    replace(folder, "cup-1")
    advance(store, "cup-2", NOW)
    for _ in range(2):
        assert due(store) == ["cup-1", "cup-2"]


def test_a_folder_of_another_user_only_costs_time(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    utime = os.utime

    def not_ours(path: str, **options: Any) -> None:
        if options:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        utime(path)

    monkeypatch.setattr(os, "utime", not_ours)
    settle(store)
    advance(store, "cup-1", NOW)
    assert due(store) == ["cup-1"]
    replace(folder, "cup-2")
    assert due(store) == ["cup-1", "cup-2"]


def test_a_log_that_somebody_holds_for_long_only_costs_time(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(store)
    monkeypatch.setattr(wakelog, "PATIENCE", 0.0)
    with open(folder.parent / ".wake" / "coffee.log", "rb") as file:
        assert lock.try_lock(file.fileno())
        advance(store, "cup-1", NOW)
        assert due(store) == ["cup-1"]
        session = store.open("coffee", "cup-2")
        session.append([record_of(1)])
        session.release()
        assert due(store) == ["cup-1", "cup-2"]
    assert due(store) == ["cup-1", "cup-2"]


def test_a_full_disk_only_costs_time(store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(store)
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if b"cup-1" in data and len(data) < 200 and not data.startswith(b"{"):
            write(fd, data[:5])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    monkeypatch.setattr(os, "write", full)
    session = store.open("coffee", "cup-1")
    session.append([record_of(1)])
    session.release()
    monkeypatch.undo()
    monkeypatch.setattr(claiming, "MANY", 3)
    assert due(store) == ["cup-1"]


def test_a_folder_of_inboxes_that_cannot_be_read_is_told(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(store)
    listdir = os.listdir

    def fail(path: str) -> list[str]:
        if path.endswith("/inbox"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", fail)
    with pytest.raises(StateError, match="inbox: cannot be read: permission denied"):
        due(store)


TICK = """
import sys
from datetime import timedelta
from wfepy_hooks.clock import format_time
from wfepy_hooks.stores import FileStore, claiming
from wfepy_hooks.stores.conformance import NOW, document_of, record_of
claiming.MANY = 3
for number in range(int(sys.argv[2]), 40, 2):
    now = NOW + number * timedelta(seconds=1)
    for session in FileStore(sys.argv[1]).claim(["coffee"], now):
        document, newer = session.load()
        last = document["history"]["records"] + len(newer) + 1
        session.append([record_of(last, at=format_time(now))])
        document["wake"] = format_time(now + timedelta(seconds=5))
        document["history"]["records"] = last
        session.snapshot(document)
        session.release()
"""


def test_two_processes_that_tick_at_once_miss_nothing(store: FileStore) -> None:
    for name in NAMES:
        advance(store, name, NOW)
    command = [sys.executable, "-c", TICK, store.root]
    processes = [subprocess.Popen([*command, str(number)]) for number in (0, 1)]
    assert [process.wait() for process in processes] == [0, 0]
    end = NOW + timedelta(seconds=39)
    for name in NAMES:
        document, newer, _ = store.read("coffee", name)
        assert newer == []
        assert document["wake"] > format_time(end - timedelta(seconds=10))
    asleep = [name for name in NAMES if store.read("coffee", name)[0]["wake"] > format_time(end)]
    assert due(store, end) == [name for name in NAMES if name not in asleep]
    assert due(store, end + timedelta(seconds=6)) == NAMES
