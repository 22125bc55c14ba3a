"""The wake index when ticks are killed or come two at once, and when it is damaged or cannot be written."""

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

from sleepers import LATER, NAMES, advance, due, replace, settle, sleeping
from wfepy_hooks.clock import format_time
from wfepy_hooks.errors import StateError, StateWriteError
from wfepy_hooks.stores import FileStore, claiming, disk, lock, wakelog
from wfepy_hooks.stores.conformance import NOW, record_of
from wfepy_hooks.stores.wakeformat import dump_index, parse_index

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def store(sleepers: FileStore) -> FileStore:
    return sleepers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "coffee"


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


@pytest.mark.parametrize("step", ["write_temporary", "put_in_place"])
def test_a_snapshot_that_fails_leaves_an_instance_that_is_due(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    settle(store)
    session = store.open("coffee", "cup-1")
    session.append([record_of(1)])

    def fail(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(disk, step, fail)
        with pytest.raises(StateWriteError):
            session.snapshot(sleeping("cup-1", records=1))
    session.release()
    assert due(store) == ["cup-1"]


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


def index_of_another_log(home: Path) -> None:
    index = parse_index((home / "coffee.index").read_bytes())
    assert index is not None
    index.token = "another"
    (home / "coffee.index").write_bytes(dump_index(index, {}))


def folder_in_place_of_log(home: Path) -> None:
    (home / "coffee.log").unlink()
    (home / "coffee.log").mkdir()


def folder_in_place_of_index(home: Path) -> None:
    (home / "coffee.index").unlink()
    (home / "coffee.index").mkdir()


DAMAGES = [remove_all, remove_log, remove_index, empty_log, tear_log, damage_log, garble_log, damage_index]
DAMAGES += [garble_index, cut_index, empty_index, index_of_another_version, index_of_another_boot]
DAMAGES += [index_of_another_log]
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
