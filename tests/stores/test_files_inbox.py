"""The inbox in the store of files: what is on the disk, and what it makes of files that others put there."""

from __future__ import annotations

import errno
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from racing import race
from wfepy_hooks.errors import StateError, StateWriteError
from wfepy_hooks.stores import FileStore, disk, inbox
from wfepy_hooks.stores.conformance import NOW, document_of, signal_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "state")
    sleep(store, "monday")
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the signals of the instance monday are."""
    return tmp_path / "state" / "coffee" / "inbox" / "monday"


def sleep(store: FileStore, instance: str) -> None:
    """Make an instance that only a signal makes due."""
    store.create("coffee", instance, {**document_of("coffee", instance), "wake": None}).release()


def put(folder: Path, name: str, text: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def due(store: FileStore) -> list[str]:
    found = []
    for session in store.claim(["coffee"], NOW):
        found.append(session.instance)
        session.release()
    return found


def read(store: FileStore) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the signals and the notes that a session gets."""
    session = store.open("coffee", "monday")
    try:
        return session.inbox(), session.notes
    finally:
        session.release()


def discard(store: FileStore, *ids: str) -> None:
    session = store.open("coffee", "monday")
    try:
        session.discard(ids)
    finally:
        session.release()


# What is on the disk


def test_a_signal_is_a_file_of_json(store: FileStore, folder: Path) -> None:
    signal = signal_of("1-approve", data={"ok": True}, by="Žofie", sent="2026-11-23T06:13:34.000000Z")
    store.send("coffee", "monday", signal)
    assert names(folder) == ["1-approve.json"]
    assert json.loads((folder / "1-approve.json").read_bytes()) == signal
    assert "Žofie" in (folder / "1-approve.json").read_text(encoding="utf-8")


def test_the_last_signal_takes_the_folder_with_it(store: FileStore, folder: Path) -> None:
    for id in ("1", "2"):
        store.send("coffee", "monday", signal_of(id))
    discard(store, "1")
    assert names(folder) == ["2.json"]
    discard(store, "2")
    assert names(folder.parent) == []
    assert due(store) == []
    discard(store, "2")


def test_a_session_that_finds_nothing_makes_no_folder(store: FileStore, folder: Path) -> None:
    assert read(store) == ([], [])
    discard(store, "1")
    assert not folder.parent.exists()


def test_sending_does_not_look_at_what_is_there(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.send("coffee", "monday", signal_of("1"))

    def refuse(*args: object) -> None:
        raise AssertionError("it was listed")

    monkeypatch.setattr(os, "listdir", refuse)
    monkeypatch.setattr(os, "scandir", refuse)
    assert store.send("coffee", "monday", signal_of("2")) is True
    assert store.send("coffee", "monday", signal_of("2")) is False
    monkeypatch.undo()
    assert names(folder) == ["1.json", "2.json"]


def test_a_signal_and_its_name_are_durable_before_the_sender_is_told(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def note(module: Any, name: str, *step: str) -> None:
        original = getattr(module, name)

        def noted(*args: Any) -> Any:
            steps.extend(step or args)
            return original(*args)

        monkeypatch.setattr(module, name, noted)

    note(disk, "sync", "content")
    note(disk, "fsync_folder")
    note(os, "link", "name")
    store.send("coffee", "monday", signal_of("1"))
    coffee = str(folder.parent.parent)
    assert steps == [coffee, f"{coffee}/inbox", "content", "name", str(folder)]


def test_looking_at_signals_writes_nothing(store: FileStore, folder: Path, tmp_path: Path) -> None:
    store.send("coffee", "monday", signal_of("1"))
    put(folder, "broken.json", "{")
    before = contents(tmp_path)
    assert store.inbox("coffee", "monday") == [signal_of("1")]
    assert due(store) == ["monday"]
    assert contents(tmp_path) == before


# What a person puts there


def test_a_person_may_put_a_file_there(store: FileStore, folder: Path) -> None:
    put(folder, "approve-1.json", '\ufeff{\r\n  "name": "approve",\r\n  "data": "yes"\r\n}\r\n')
    put(folder, "b.json", '{"name": "approve", "id": "another", "by": null, "sent": null}')
    put(folder, "c.json", '{"name": "approve", "sent": "2026-11-23", "team": "web"}')
    assert due(store) == ["monday"]
    signals, notes = read(store)
    assert notes == []
    assert signals == [
        {"id": "another", "name": "approve"},
        {"id": "approve-1", "name": "approve", "data": "yes"},
        {"id": "c", "name": "approve", "sent": "2026-11-23", "team": "web"},
    ]
    discard(store, "another", "c")
    assert names(folder) == ["approve-1.json"]


def test_a_file_is_discarded_by_the_id_in_it_and_not_by_its_name(store: FileStore, folder: Path) -> None:
    put(folder, "a.json", '{"name": "approve", "id": "b"}')
    discard(store, "a")
    assert names(folder) == ["a.json"]
    discard(store, "b")
    assert not folder.exists()


def test_a_file_that_came_after_the_look_is_found_when_it_is_discarded(
    store: FileStore, folder: Path
) -> None:
    store.send("coffee", "monday", signal_of("1"))
    session = store.open("coffee", "monday")
    session.inbox()
    put(folder, "x.json", '{"name": "approve", "id": "2"}')
    session.discard(["1"])
    assert names(folder) == ["x.json"], "a folder in which there is something stays"
    session.discard(["2"])
    session.release()
    assert not folder.exists()


@pytest.mark.parametrize(
    "name", [".hidden.json", "note.txt", "1.json~", "1.json.refused", "1.json.refused-2", ".1.json.0ab.tmp"]
)
def test_other_files_are_no_signals_and_stay(store: FileStore, folder: Path, name: str) -> None:
    put(folder, name, '{"name": "approve"}')
    before = contents(folder)
    assert (due(store), store.inbox("coffee", "monday"), read(store)) == ([], [], ([], []))
    assert contents(folder) == before


BAD_SIGNALS = [
    (b"", "it is empty"),
    (b" \n", "it is empty"),
    (b'{"name": "approve"', "it is not JSON"),
    (b"\xff\xfe", "it is not JSON"),
    (b'<<<<<<< HEAD\n{"name": "approve"}\n=======\n{"name": "reject"}\n>>>>>>> x\n', "git conflict"),
    (b'["approve"]', "it is not a JSON object"),
    (b'"approve"', "it is not a JSON object"),
    (b"{}", '"name" must be a text'),
    (b'{"name": ""}', '"name" must be a text'),
    (b'{"name": 7}', '"name" must be a text'),
    (b'{"name": null}', '"name" must be a text'),
    (b'{"name": "approve", "id": 7}', '"id" must be'),
    (b'{"name": "approve", "id": "../7"}', '"id" must be'),
    (b'{"name": "approve", "by": ["ada"]}', '"by" must be a text'),
    (b'{"name": "approve", "sent": 1732342414}', '"sent" must be a text'),
    (b'{"name": "approve", "data": NaN}', "nan is not a finite number"),
    (b'{"name": "approve", "data": -1e999}', "-1e999 is not a finite number"),
    (b'{"name": "approve", "data": %s}' % (b"[" * 200 + b"]" * 200), "nested more than 100 levels"),
    (b'{"name": "approve", "data": %s}' % (b"[" * 99_999), "nested"),
    (b'{"name": "approve", "data": %s}' % (b"1" * 9_999), "it is not JSON"),
]


@pytest.mark.parametrize(("data", "why"), BAD_SIGNALS, ids=[why[:30] for _, why in BAD_SIGNALS])
def test_what_is_no_signal_is_put_aside_told_once_and_blocks_nothing(
    store: FileStore, folder: Path, data: bytes, why: str
) -> None:
    put(folder, "bad.json", data)
    store.send("coffee", "monday", signal_of("good"))
    assert store.inbox("coffee", "monday") == [signal_of("good")]
    assert names(folder) == ["bad.json", "good.json"]
    signals, notes = read(store)
    assert signals == [signal_of("good")]
    assert len(notes) == 1
    assert notes[0].startswith(f"{folder}/bad.json: not a signal: ")
    assert why.lower() in notes[0].lower()
    assert notes[0].endswith("; it is kept as bad.json.refused")
    assert "\n" not in notes[0]
    assert (folder / "bad.json.refused").read_bytes() == data
    assert read(store) == ([signal_of("good")], [])
    discard(store, "good")
    assert (due(store), names(folder)) == ([], ["bad.json.refused"])


def test_a_name_that_is_no_id_is_told(store: FileStore, folder: Path) -> None:
    put(folder, "my approval.json", '{"name": "approve"}')
    signals, notes = read(store)
    assert signals == []
    assert 'its "id" must be' in notes[0]


def test_a_folder_among_the_signals_is_put_aside(store: FileStore, folder: Path) -> None:
    (folder / "bad.json").mkdir(parents=True)
    signals, notes = read(store)
    assert (signals, "it is a folder" in notes[0]) == ([], True)
    assert names(folder) == ["bad.json.refused"]


def test_what_was_put_aside_before_is_not_overwritten(store: FileStore, folder: Path) -> None:
    for text in ("1", "2", "3"):
        put(folder, "bad.json", text)
        read(store)
    assert contents(folder) == {
        "bad.json.refused": b"1",
        "bad.json.refused-2": b"2",
        "bad.json.refused-3": b"3",
    }


def test_of_two_files_with_one_id_the_second_is_put_aside(store: FileStore, folder: Path) -> None:
    put(folder, "a.json", '{"name": "approve", "id": "c"}')
    put(folder, "b.json", '{"name": "reject", "id": "c"}')
    assert store.inbox("coffee", "monday") == [{"id": "c", "name": "approve"}]
    signals, notes = read(store)
    assert signals == [{"id": "c", "name": "approve"}]
    assert "a.json has the same id, c" in notes[0]
    assert names(folder) == ["a.json", "b.json.refused"]


def test_a_bad_file_that_cannot_be_put_aside_blocks_nothing(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "bad.json", "{")
    store.send("coffee", "monday", signal_of("good"))

    def fail(*args: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "rename", fail)
    signals, notes = read(store)
    assert signals == [signal_of("good")]
    assert notes[0].endswith("it cannot be put aside: read-only file system")


def test_a_file_that_cannot_be_read_just_now_stays_and_is_told(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for id in ("1", "2"):
        store.send("coffee", "monday", signal_of(id))
    read_file = disk.read_file

    def fail(path: str) -> bytes:
        if path.endswith("/1.json"):
            raise OSError(errno.EMFILE, "Too many open files")
        return read_file(path)

    monkeypatch.setattr(disk, "read_file", fail)
    signals, notes = read(store)
    assert signals == [signal_of("2")]
    assert notes == [f"{folder}/1.json: a signal cannot be read: too many open files"]
    monkeypatch.undo()
    assert read(store) == ([signal_of("1"), signal_of("2")], [])


def test_a_file_that_somebody_takes_away_meanwhile_does_not_matter(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.send("coffee", "monday", signal_of("1"))
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: [*listdir(path), "0.json"])
    assert read(store) == ([signal_of("1")], [])


@pytest.mark.parametrize("place", ["inbox", "inbox/monday"])
def test_a_file_in_place_of_the_folder_is_an_error_for_the_sender_only(
    store: FileStore, tmp_path: Path, place: str
) -> None:
    path = tmp_path / "state" / "coffee" / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("not a folder")
    assert (due(store), read(store), store.inbox("coffee", "monday")) == ([], ([], []), [])
    with pytest.raises(StateWriteError, match="cannot write the signal: not a directory"):
        store.send("coffee", "monday", signal_of("1"))
    assert path.read_text() == "not a folder"


def test_an_inbox_that_cannot_be_read_is_told(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    store.send("coffee", "monday", signal_of("1"))
    monkeypatch.setattr(os, "listdir", fail)
    session = store.open("coffee", "monday")
    for action in (session.inbox, lambda: session.discard(["1"]), lambda: store.inbox("coffee", "monday")):
        with pytest.raises(StateError, match="permission denied"):
            action()
    session.release()


def test_the_inboxes_of_those_that_are_not_live_stay_as_they_are(store: FileStore, folder: Path) -> None:
    put(folder.parent / "never", "1.json", '{"name": "approve"}')
    put(folder.parent / "no name!", "1.json", '{"name": "approve"}')
    store.send("coffee", "monday", signal_of("1"))
    session = store.open("coffee", "monday")
    session.snapshot(document_of("coffee", "monday", status="finished"))
    session.finish()
    session.release()
    before = contents(folder.parent)
    for _ in range(2):
        assert due(store) == []
    assert contents(folder.parent) == before
    assert store.inbox("coffee", "never") == [{"id": "1", "name": "approve"}]


# Two at a time


def test_sending_while_the_emptied_folder_is_removed(store: FileStore, folder: Path) -> None:
    sent = threading.Event()
    found: list[str] = []

    def take() -> None:
        while True:
            last = sent.is_set()
            session = store.open("coffee", "monday")
            ids = [signal["id"] for signal in session.inbox()]
            session.discard(ids)
            session.release()
            found.extend(ids)
            if last:
                return

    taker = threading.Thread(target=take)
    taker.start()
    try:
        for number in range(300):
            assert store.send("coffee", "monday", signal_of(f"{number:03}")) is True
    finally:
        sent.set()
        taker.join()
    assert found == [f"{number:03}" for number in range(300)], "each one once, and in order"
    assert not folder.exists()


@pytest.mark.parametrize("step", ["open", "link", "fsync_folder"])
def test_a_folder_that_goes_in_the_middle_of_a_send_is_made_again(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    module: Any = disk if step == "fsync_folder" else os
    original: Callable[..., Any] = getattr(module, step)
    gone: list[str] = []

    def go_first(path: str, *args: Any) -> Any:
        if not gone and str(folder) in path:
            gone.append(step)
            discard(store, "1")
            for file in folder.glob(".*.tmp"):
                file.unlink()
            folder.rmdir() if folder.exists() else None
        return original(path, *args)

    monkeypatch.setattr(module, step, go_first)
    assert store.send("coffee", "monday", signal_of("1")) is True
    monkeypatch.undo()
    assert gone == [step]
    taken = step == "fsync_folder"  # which is after it was there for all
    assert store.inbox("coffee", "monday") == ([] if taken else [signal_of("1")])


def test_a_folder_that_always_goes_is_an_error(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "make_folder", lambda path: None)
    with pytest.raises(StateWriteError, match="removed again and again"):
        store.send("coffee", "monday", signal_of("1"))


RACE = """
import sys
from wfepy_hooks.stores.files import FileStore
store = FileStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(50):
    if store.send("coffee", "monday", {"id": str(number), "name": "approve", "by": sys.argv[2]}):
        print(number, sys.argv[2], flush=True)
"""


def test_of_two_processes_that_send_one_id_one_is_told_that_it_did(store: FileStore) -> None:
    told = sorted(race([RACE, store.root, "ada"], [RACE, store.root, "bob"]))
    assert told == sorted(f"{each['id']} {each['by']}" for each in store.inbox("coffee", "monday"))
    assert len(told) == 50


# Disks


def test_a_file_system_without_links_is_used(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    assert store.send("coffee", "monday", signal_of("1", data="first")) is True
    assert store.send("coffee", "monday", signal_of("1", data="second")) is False
    assert store.inbox("coffee", "monday") == [signal_of("1", data="first")]
    assert names(folder) == ["1.json"]


@pytest.mark.parametrize("step", ["write", "link", "mkdir"])
def test_a_signal_that_cannot_be_saved_is_told_and_leaves_nothing(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(StateWriteError, match="cannot write the signal: no space left on device; free some"):
        store.send("coffee", "monday", signal_of("1"))
    monkeypatch.undo()
    assert store.inbox("coffee", "monday") == []
    assert not folder.exists() or names(folder) == []
    assert due(store) == []


def test_a_signal_that_cannot_be_removed_is_told(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.send("coffee", "monday", signal_of("1"))

    def fail(*args: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "unlink", fail)
    with pytest.raises(StateWriteError, match="cannot write the inbox: read-only"):
        discard(store, "1")
    monkeypatch.undo()
    assert store.inbox("coffee", "monday") == [signal_of("1")]


def test_what_killed_senders_left_behind_goes_with_the_folder(store: FileStore, folder: Path) -> None:
    store.send("coffee", "monday", signal_of("1"))
    put(folder, ".1.json.0123456789abcdef.tmp", "{")
    discard(store, "1")
    assert not folder.exists()


# Many


def make_signals(folder: Path, count: int) -> list[str]:
    ids = [f"s{number:06}" for number in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    for id in ids:
        (folder / f"{id}.json").write_text('{"name": "approve"}')
    return ids


def test_5_000_signals_are_read_in_order_and_discarded(store: FileStore, folder: Path) -> None:
    ids = make_signals(folder, 5_000)
    session = store.open("coffee", "monday")
    store.send("coffee", "monday", signal_of("one-more"))
    assert [signal["id"] for signal in session.inbox()] == ["one-more", *ids]
    session.discard(["one-more", *ids])
    session.release()
    assert not folder.exists()


def test_signals_cost_what_they_are(store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: dict[str, int] = {}

    def count(module: Any, name: str) -> None:
        original = getattr(module, name)

        def counted(*args: Any, **options: Any) -> Any:
            calls[name] = calls.get(name, 0) + 1
            return original(*args, **options)

        monkeypatch.setattr(module, name, counted)

    ids = make_signals(folder, 200)
    for module, name in ((os, "listdir"), (os, "unlink"), (disk, "read_file"), (inbox, "_is_signal")):
        count(module, name)
    session = store.open("coffee", "monday")
    calls.clear()
    due(store)
    store.send("coffee", "monday", signal_of("one-more"))
    assert calls.get("read_file", 0) <= 1, "neither reads the signals that are there"
    session.discard(["one-more"])
    calls.clear()
    session.inbox()
    session.discard(ids)
    session.release()
    assert calls == {"listdir": 1, "_is_signal": 200, "read_file": 200, "unlink": 200}
