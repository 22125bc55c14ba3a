"""The store of files: what is on the disk, and what it makes of files that others have changed."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from wfepy_hooks import stores
from wfepy_hooks.errors import InstanceExists, InstanceNotFound, StateError, StateFormatError, StateWriteError
from wfepy_hooks.statetext import dump_text
from wfepy_hooks.stores import FileStore, disk, journal
from wfepy_hooks.stores.conformance import NOW, StoreConformance, document_of, record_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wfepy_hooks.stores import Store


class TestFileStore(StoreConformance):
    def make_store(self, folder: Path) -> Store:
        return FileStore(folder)

    def reopen(self, store: Store) -> Store:
        assert isinstance(store, FileStore)
        return FileStore(store.root)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "state")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "coffee"


def start(store: FileStore, *, records: int = 0, newer: int = 0, instance: str = "monday") -> None:
    """Create an instance whose snapshot covers ``records`` records, and whose history has ``newer`` ones."""
    session = store.create("coffee", instance, document_of("coffee", instance))
    if records:
        session.append([record_of(seq) for seq in range(1, records + 1)])
        session.snapshot(document_of("coffee", instance, records=records))
    for seq in range(records + 1, records + newer + 1):
        session.append([record_of(seq)])
    session.release()


def load(store: FileStore, instance: str = "monday") -> tuple[list[int], list[str]]:
    """Return the numbers of the newer records, and the notes."""
    session = store.open("coffee", instance)
    try:
        return [record["seq"] for record in session.load()[1]], session.notes
    finally:
        session.release()


def append(store: FileStore, *seqs: int) -> None:
    session = store.open("coffee", "monday")
    try:
        session.load()
        session.append([record_of(seq) for seq in seqs])
    finally:
        session.release()


def seqs(store: FileStore) -> list[int]:
    return [record["seq"] for record in store.history("coffee", "monday")]


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


# What is on the disk


def test_an_instance_is_two_files_of_text(store: FileStore, folder: Path) -> None:
    session = store.create("coffee", "monday", document_of("coffee", "monday", drink="čaj"))
    session.append([{"seq": 1, "zebra": 1, "ant": "č\n"}, {"seq": 2}])
    document = document_of("coffee", "monday", records=2)
    session.snapshot(document)
    session.release()
    assert names(folder) == ["monday.json", "monday.jsonl"]
    history = '{"seq": 1, "zebra": 1, "ant": "č\\n"}\n{"seq": 2}\n'
    assert (folder / "monday.jsonl").read_bytes() == history.encode()
    assert document["history"] == {"bytes": len(history.encode()), "records": 2}
    assert (folder / "monday.json").read_bytes() == dump_text(document).encode()


def test_an_ended_instance_is_two_files_in_done(store: FileStore, folder: Path) -> None:
    session = store.create("coffee", "monday", document_of("coffee", "monday", status="finished"))
    session.finish()
    session.release()
    assert names(folder) == ["done"]
    assert names(folder / "done") == ["monday.json", "monday.jsonl"]


def test_looking_at_instances_writes_nothing(store: FileStore, tmp_path: Path) -> None:
    start(store, records=2)
    start(store, newer=2, instance="tuesday")
    before = contents(tmp_path)
    for session in store.claim(["coffee"], NOW):
        session.load()
        session.release()
    store.read("coffee", "monday")
    list(store.history("coffee", "tuesday"))
    FileStore(tmp_path / "other").list("coffee")
    assert contents(tmp_path) == before


def test_a_record_with_a_lone_surrogate_is_escaped(store: FileStore, folder: Path) -> None:
    session = store.create("coffee", "monday", document_of("coffee", "monday"))
    session.append([record_of(1, set={"a": "\ud800"}), record_of(2, set={"a": "č"})])
    assert session.load()[1][0]["set"] == {"a": "\ud800"}
    session.release()
    assert (folder / "monday.jsonl").read_bytes().isascii()


def test_new_files_follow_the_umask_and_old_ones_keep_their_mode(store: FileStore, folder: Path) -> None:
    umask = os.umask(0o027)
    try:
        start(store)
        assert [oct((folder / name).stat().st_mode & 0o777) for name in names(folder)] == ["0o640", "0o640"]
        (folder / "monday.json").chmod(0o604)
        start_again = store.open("coffee", "monday")
        start_again.snapshot(document_of("coffee", "monday"))
        start_again.release()
    finally:
        os.umask(umask)
    assert oct((folder / "monday.json").stat().st_mode & 0o777) == "0o604"


def test_what_a_killed_tick_left_behind_is_replaced_and_never_listed(store: FileStore, folder: Path) -> None:
    start(store)
    (folder / ".monday.json.tmp").write_text("torn")
    (folder / "other.txt").write_text("not ours")
    assert store.list("coffee") == ["monday"]
    session = store.open("coffee", "monday")
    session.snapshot(document_of("coffee", "monday"))
    session.release()
    assert names(folder) == ["monday.json", "monday.jsonl", "other.txt"]


def test_a_temporary_file_that_is_a_link_is_not_written_through(store: FileStore, folder: Path) -> None:
    start(store)
    (folder / "precious").write_text("precious")
    (folder / ".monday.json.tmp").symlink_to(folder / "precious")
    session = store.open("coffee", "monday")
    session.snapshot(document_of("coffee", "monday"))
    session.release()
    assert (folder / "precious").read_text() == "precious"


def test_the_root_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start(FileStore("state"))
    assert FileStore(os.path.join("state")).list("coffee") == ["monday"]
    assert "state" in repr(FileStore("state"))


# The end of the history


def test_a_torn_last_line_is_dropped_and_then_cut_off(store: FileStore, folder: Path) -> None:
    start(store, records=1, newer=1)
    history = folder / "monday.jsonl"
    whole = history.read_bytes()
    for torn in (
        b"{",
        b'{"seq": 3, "ev',
        '{"seq": 3, "a": "č'.encode()[:-1],
        b"\0\0\0",
        b"\0\0}\n",
        b"garbage",
    ):
        history.write_bytes(whole + torn)
        assert load(store) == ([2], [])
        assert [record["seq"] for record in store.read("coffee", "monday")[1]] == [2]
        assert seqs(store) == [1, 2]
        assert history.read_bytes() == whole + torn, "loading must not write"
    append(store, 3)
    assert history.read_bytes().startswith(whole + b'{"seq": 3')
    assert load(store) == ([2, 3], [])


def test_a_torn_line_is_cut_off_by_a_snapshot(store: FileStore, folder: Path) -> None:
    start(store, newer=1)
    whole = (folder / "monday.jsonl").read_bytes()
    (folder / "monday.jsonl").write_bytes(whole + b"{")
    session = store.open("coffee", "monday")
    session.snapshot(document_of("coffee", "monday", records=1))
    session.release()
    assert (folder / "monday.jsonl").read_bytes() == whole
    assert load(store) == ([], [])


@pytest.mark.parametrize("newer", [1, 2])
def test_a_whole_record_that_lacks_its_newline_counts(store: FileStore, folder: Path, newer: int) -> None:
    start(store, records=1, newer=newer)
    history = folder / "monday.jsonl"
    history.write_bytes(history.read_bytes()[:-1])
    assert load(store)[0] == list(range(2, newer + 2))
    append(store, newer + 2)
    assert load(store)[0] == list(range(2, newer + 3))
    assert seqs(store) == list(range(1, newer + 3))
    assert b"\n\n" not in history.read_bytes()


def test_records_that_a_crash_kept_from_the_disk_are_made_durable_before_they_count(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(store, records=1, newer=1)
    synced: list[int] = []
    monkeypatch.setattr(disk, "sync", synced.append)
    load(store)
    assert len(synced) == 1
    start(store, instance="tuesday")
    synced.clear()
    load(store, "tuesday")
    assert synced == [], "nothing to do costs no fsync"


def test_the_first_record_makes_the_names_of_the_files_durable(
    store: FileStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(store)
    synced: list[str] = []
    monkeypatch.setattr(disk, "fsync_folder", synced.append)
    append(store, 1)
    append(store, 2)
    assert synced == [str(folder)]


# A history that others have changed


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"garbage", "not a record"),
        (b"[]", "it has no number"),
        (b"{}", "it has no number"),
        (b'{"seq": true}', "it has no number"),
        (b'{"seq": "2"}', "it has no number"),
        (b"\xff", "not a record"),
        (b"<<<<<<< HEAD", "unresolved git conflict"),
        (b"=======", "unresolved git conflict"),
        (b'{"seq": 2}{"seq": 3}', "not a record"),
        (b"[" * 100_000, "not a record"),
        (b'{"seq": 4}', "record 4 is where record 3 should be"),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_a_damaged_line_is_an_error_with_its_number(
    store: FileStore, folder: Path, line: bytes, what: str, last: bool
) -> None:
    start(store, records=1, newer=1)
    history = folder / "monday.jsonl"
    history.write_bytes(history.read_bytes() + line + b"\n" + (b"" if last else b'{"seq": 3}\n'))
    before = contents(folder)
    for action in (lambda: load(store), lambda: store.read("coffee", "monday"), lambda: append(store, 3)):
        with pytest.raises(StateFormatError) as caught:
            action()
        assert caught.value.where == f"{history}:3"
        assert what in caught.value.what
        assert "\n" not in str(caught.value)
    if "should be" not in what:
        with pytest.raises(StateFormatError, match=r"monday\.jsonl:3"):
            seqs(store)
    assert contents(folder) == before


@pytest.mark.parametrize("text", ['{"seq": 2}\n', '{"seq": 1}\n{"seq": 1}\n'])
def test_a_missing_or_doubled_record_is_an_error(store: FileStore, folder: Path, text: str) -> None:
    start(store)
    (folder / "monday.jsonl").write_text(text)
    with pytest.raises(StateFormatError, match="should be"):
        load(store)


def test_a_history_that_the_snapshot_covers_is_not_read(store: FileStore, folder: Path) -> None:
    start(store, records=3)
    history = folder / "monday.jsonl"
    history.write_bytes(b"#" * history.stat().st_size)
    assert load(store) == ([], [])


def test_only_the_new_part_of_a_history_is_read(store: FileStore, folder: Path) -> None:
    start(store, records=3, newer=1)
    history = folder / "monday.jsonl"
    *covered, last = history.read_bytes().splitlines(keepends=True)
    history.write_bytes(b"#" * (sum(map(len, covered)) - 1) + b"\n" + last)
    assert load(store) == ([4], [])


def test_a_covered_record_that_was_made_longer_is_not_taken_for_a_torn_one(
    store: FileStore, folder: Path
) -> None:
    start(store, records=3)
    history = folder / "monday.jsonl"
    history.write_bytes(history.read_bytes()[:-2] + b', "note": "by hand"}')
    assert load(store) == ([], [])
    append(store, 4)
    assert seqs(store) == [1, 2, 3, 4]


@pytest.mark.parametrize("newer", [0, 1, 3])
def test_line_ends_of_windows_are_read(store: FileStore, folder: Path, newer: int) -> None:
    start(store, records=3, newer=newer)
    history = folder / "monday.jsonl"
    history.write_bytes(history.read_bytes().replace(b"\n", b"\r\n"))
    expected = list(range(4, 4 + newer))
    assert load(store) == (expected, [])
    append(store, 4 + newer)
    assert load(store) == ([*expected, 4 + newer], [])
    assert seqs(store) == list(range(1, 5 + newer))


def test_a_history_that_git_made_shorter_is_read(store: FileStore, folder: Path) -> None:
    start(store, records=3)
    history = folder / "monday.jsonl"
    history.write_bytes(history.read_bytes().replace(b"\n", b"\r\n"))
    session = store.open("coffee", "monday")
    session.load()
    session.snapshot(document_of("coffee", "monday", records=3))
    session.append([record_of(4)])
    session.release()
    history.write_bytes(history.read_bytes().replace(b"\r\n", b"\n"))
    assert load(store) == ([4], [])


def test_empty_lines_do_not_matter(store: FileStore, folder: Path) -> None:
    start(store, records=1, newer=2)
    history = folder / "monday.jsonl"
    history.write_bytes(b"\n" + history.read_bytes().replace(b"\n", b"\n\r\n"))
    assert load(store) == ([2, 3], [])
    assert seqs(store) == [1, 2, 3]


@pytest.mark.parametrize("kept", [None, 0, 1, 2])
def test_the_snapshot_stands_when_the_history_is_lost(
    store: FileStore, folder: Path, kept: int | None
) -> None:
    start(store, records=3)
    history = folder / "monday.jsonl"
    lines = history.read_bytes().splitlines(keepends=True)
    if kept is None:
        history.unlink()
    else:
        history.write_bytes(b"".join(lines[:kept]))
    records, notes = load(store)
    assert records == []
    assert len(notes) == 1
    assert f"lacks the last {3 - (kept or 0)} of the 3 records" in notes[0]
    append(store, 4)
    append(store, 5)
    assert load(store)[0] == [4, 5]
    assert seqs(store) == [*range(1, 1 + (kept or 0)), 4, 5]


def test_a_new_record_is_not_taken_for_the_one_that_was_lost(store: FileStore, folder: Path) -> None:
    start(store, records=1)
    history = folder / "monday.jsonl"
    size = history.stat().st_size
    history.unlink()
    append(store, 2)
    assert history.stat().st_size == size, "of the same size as the one that the snapshot covers"
    assert load(store)[0] == [2]


def test_reading_needs_no_history(store: FileStore, folder: Path) -> None:
    start(store, records=3)
    (folder / "monday.jsonl").unlink()
    assert store.read("coffee", "monday")[1:] == ([], False)
    assert seqs(store) == []
    assert names(folder) == ["monday.json"]


# A snapshot that others have changed

BAD_DOCUMENTS: Sequence[tuple[bytes, str]] = [
    (b"", "empty"),
    (b'{\n  "context"', "cut short"),
    (b"hello", "not JSON"),
    (b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x\n", "conflict"),
    (b"[]", "a list"),
    (dump_text(document_of("tea", "monday")).encode(), "its workflow is 'tea', not 'coffee'"),
    (dump_text(document_of("coffee", "sunday")).encode(), "its instance is 'sunday', not 'monday'"),
    (b'{"schema": 1}', "which records"),
    (b'{"schema": 1, "history": []}', "which records"),
    (b'{"history": {"bytes": "0", "records": 0}}', "which records"),
    (b'{"history": {"bytes": 0, "records": -1}}', "which records"),
    (b'{"history": {"bytes": 0, "records": true}}', "which records"),
]


@pytest.mark.parametrize(("data", "what"), BAD_DOCUMENTS)
def test_a_bad_document_is_told_and_stops_no_other(
    store: FileStore, folder: Path, data: bytes, what: str
) -> None:
    for instance in ("monday", "sunday", "tuesday"):
        start(store, instance=instance)
    (folder / "monday.json").write_bytes(data)
    before = contents(folder)
    told: dict[str, str] = {}
    for session in store.claim(["coffee"], NOW):
        try:
            session.load()
        except StateFormatError as error:
            told[session.instance] = str(error)
            with pytest.raises(StateFormatError):
                session.append([record_of(1)])
            with pytest.raises(StateFormatError):
                session.snapshot(document_of("coffee", "monday"))
        else:
            told[session.instance] = "fine"
        session.release()
    assert told.pop("monday").startswith(str(folder / "monday.json"))
    assert told == {"sunday": "fine", "tuesday": "fine"}
    for action in (lambda: load(store), lambda: store.read("coffee", "monday")):
        with pytest.raises(StateFormatError, match=what):
            action()
    assert contents(folder) == before


def test_a_document_of_another_schema_is_handed_to_the_caller(store: FileStore, folder: Path) -> None:
    start(store)
    document = {"schema": 99, "instance": "monday", "status": ["new"], "history": "elsewhere"}
    (folder / "monday.json").write_text(json.dumps(document))
    session = store.open("coffee", "monday")
    assert session.load() == (document, [])
    session.release()
    assert store.read("coffee", "monday") == (document, [], False)


def test_a_document_that_is_a_folder_stops_no_other(store: FileStore, folder: Path) -> None:
    start(store, instance="tuesday")
    (folder / "monday.json").mkdir()
    outcome: dict[str, str] = {}
    for session in store.claim(["coffee"], NOW):
        try:
            session.load()
            outcome[session.instance] = "fine"
        except StateError as error:
            outcome[session.instance] = error.what
        session.release()
    assert outcome == {"monday": "cannot be read: is a directory", "tuesday": "fine"}
    with pytest.raises(StateError, match="is a directory"):
        store.read("coffee", "monday")


def test_a_workflow_that_is_no_folder_stops_no_other(store: FileStore, tmp_path: Path) -> None:
    start(store)
    (tmp_path / "state" / "bad").write_text("")
    claimed = []
    sessions = store.claim(["bad", "coffee"], NOW)
    for session in itertools.islice(sessions, 1):
        claimed.append(session.instance)
        session.release()
    assert claimed == ["monday"]
    with pytest.raises(StateError, match="bad: cannot be read"):
        next(sessions)
    with pytest.raises(StateWriteError, match="cannot write the new instance"):
        store.create("bad", "monday", document_of("bad", "monday"))


# Creating and ending


def test_the_error_for_an_existing_instance_names_the_file(store: FileStore, folder: Path) -> None:
    start(store)
    with pytest.raises(InstanceExists, match="a live instance") as caught:
        start(store)
    assert caught.value.where == str(folder / "monday.json")
    session = store.open("coffee", "monday")
    session.snapshot(document_of("coffee", "monday", status="failed"))
    session.finish()
    session.release()
    with pytest.raises(InstanceExists, match="an ended instance") as caught:
        start(store)
    assert caught.value.where == str(folder / "done" / "monday.json")
    assert names(folder) == ["done"]


def test_an_instance_that_somebody_creates_at_the_same_time_is_not_overwritten(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = journal.hold

    def too_late(path: str, *, create: bool) -> journal.Journal | None:
        monkeypatch.undo()
        store.create("coffee", "monday", document_of("coffee", "monday", first=True)).release()
        return hold(path, create=create)

    monkeypatch.setattr(journal, "hold", too_late)
    with pytest.raises(InstanceExists):
        start(store)
    assert store.read("coffee", "monday")[0]["context"] == {"first": True}
    start(store, instance="tuesday", newer=1)
    assert load(store, "monday") == ([], [])


def test_what_a_crash_in_create_left_is_used_by_the_next_one(store: FileStore, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "monday.jsonl").touch()
    (folder / ".monday.json.tmp").write_text("{")
    assert store.list("coffee") == []
    assert list(store.claim(["coffee"], NOW)) == []
    with pytest.raises(InstanceNotFound):
        store.open("coffee", "monday")
    start(store, newer=1)
    assert load(store) == ([1], [])
    assert names(folder) == ["monday.json", "monday.jsonl"]


def test_a_history_without_its_snapshot_is_kept_and_told(store: FileStore, folder: Path) -> None:
    start(store, newer=1)
    (folder / "monday.json").unlink()
    before = contents(folder)
    with pytest.raises(InstanceExists, match="its snapshot is missing"):
        start(store)
    with pytest.raises(InstanceNotFound, match="its snapshot is missing"):
        store.open("coffee", "monday")
    assert store.list("coffee") == ["monday"]
    (session,) = store.claim(["coffee"], NOW)
    with pytest.raises(InstanceNotFound, match="its snapshot is missing"):
        session.load()
    session.release()
    assert contents(folder) == before


def ended(store: FileStore, folder: Path) -> dict[str, bytes]:
    """Make an ended instance with two records; return the files of ``done``."""
    start(store, newer=2)
    session = store.open("coffee", "monday")
    session.snapshot(document_of("coffee", "monday", records=2, status="finished"))
    session.finish()
    session.release()
    return {name: (folder / "done" / name).read_bytes() for name in names(folder / "done")}


@pytest.mark.parametrize("name", ["monday.jsonl", "monday.json"])
@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize("action", ["claim", "open"])
def test_an_end_that_was_cut_short_is_completed(
    store: FileStore, folder: Path, name: str, copied: bool, action: str
) -> None:
    files = ended(store, folder)
    shutil.copy2(folder / "done" / name, folder / name)
    if not copied:
        (folder / "done" / name).unlink()
    assert store.read("coffee", "monday")[1:] == ([], True)
    assert seqs(store) == [1, 2]
    if action == "claim":
        assert list(store.claim(["coffee"], NOW)) == []
    else:
        with pytest.raises(InstanceNotFound, match="has ended"):
            store.open("coffee", "monday")
    assert names(folder) == ["done"]
    assert {name: (folder / "done" / name).read_bytes() for name in names(folder / "done")} == files


def test_an_end_does_not_overwrite_another_one(store: FileStore, folder: Path) -> None:
    ended(store, folder)
    other = document_of("coffee", "monday", status="failed")
    (folder / "monday.json").write_text(dump_text(other))
    before = contents(folder / "done")
    for session in store.claim(["coffee"], NOW):
        with pytest.raises(StateWriteError, match="another file of this name"):
            session.load()
        session.release()
    assert contents(folder / "done") == before
    assert (folder / "monday.json").exists()


def test_a_limit_starves_no_instance(store: FileStore) -> None:
    for number in range(12):
        start(store, instance=f"cup-{number}")
    claimed = set()
    for tick in range(60):
        for session in store.claim(["coffee"], NOW + tick * timedelta(minutes=10), limit=2):
            claimed.add(session.instance)
            session.release()
    assert len(claimed) == 12


def test_the_package_has_no_other_names() -> None:
    assert {name for name in stores.__all__ if getattr(stores, name)} == set(stores.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'NoStore'"):
        stores.NoStore  # type: ignore[attr-defined]  # noqa: B018 - looked up, not used


def test_a_large_state_is_read(store: FileStore) -> None:
    big: dict[str, Any] = {"text": "x" * 3_000_000, "list": list(range(100_000))}
    store.create("coffee", "monday", document_of("coffee", "monday", **big)).release()
    assert store.read("coffee", "monday")[0]["context"] == big
