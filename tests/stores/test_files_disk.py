"""The store of files on a disk that is full, read-only or broken: an error says so, and the old state stays."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wfepy_hooks.errors import StateError, StateWriteError
from wfepy_hooks.stores import FileStore, disk
from wfepy_hooks.stores.conformance import NOW, document_of, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Require = Callable[..., None]


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "state")
    session = store.create("coffee", "monday", document_of("coffee", "monday"))
    session.append([record_of(1)])
    session.release()
    return store


def contents(store: FileStore) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(store.root).rglob("*") if path.is_file()}


def fail_with(number: int) -> Callable[..., None]:
    def fail(*args: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def check_writes_fail(store: FileStore, what: str, hint: str) -> None:
    before = contents(store)
    session = store.open("coffee", "monday")
    with pytest.raises(StateWriteError) as caught:
        session.append([record_of(2), record_of(3, text="x" * 50_000)])
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.where.endswith("monday.jsonl")
    assert contents(store) == before
    with pytest.raises(StateWriteError, match=r"monday\.json: cannot write the snapshot"):
        session.snapshot(document_of("coffee", "monday", records=1, text="x" * 50_000))
    assert contents(store) == before
    with pytest.raises(StateWriteError, match="cannot write"):
        store.create("coffee", "tuesday", document_of("coffee", "tuesday", text="x" * 50_000))
    assert contents(store) == before
    session.release()


def check_writes_work(store: FileStore) -> None:
    session = store.open("coffee", "monday")
    assert session.load()[1] == [record_of(1)]
    session.append([record_of(2)])
    session.snapshot(document_of("coffee", "monday", records=2))
    session.release()
    assert list(store.history("coffee", "monday")) == [record_of(1), record_of(2)]
    store.create("coffee", "tuesday", document_of("coffee", "tuesday")).release()


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.EIO, "check the disk"),
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EFBIG, "ulimit"),
        (errno.EROFS, "file system writable"),
    ],
)
def test_an_fsync_that_fails_changes_nothing(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, number: int, hint: str
) -> None:
    session = store.open("coffee", "monday")
    session.load()
    before = contents(store)
    monkeypatch.setattr(disk, "sync", fail_with(number))
    with pytest.raises(StateWriteError, match="cannot write the history") as caught:
        session.append([record_of(2)])
    assert hint in caught.value.hint
    with pytest.raises(StateWriteError, match="cannot write the snapshot"):
        session.snapshot(document_of("coffee", "monday", records=1, changed=True))
    with pytest.raises(StateWriteError, match="cannot write the snapshot"):
        store.create("coffee", "tuesday", document_of("coffee", "tuesday"))
    assert contents(store) == before
    monkeypatch.undo()
    session.append([record_of(2)])
    assert session.load()[1] == [record_of(1), record_of(2)]
    session.release()


def test_records_that_cannot_be_made_durable_after_a_crash_are_not_acted_on(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = store.open("coffee", "monday")
    monkeypatch.setattr(disk, "sync", fail_with(errno.EIO))
    with pytest.raises(StateError):
        session.load()
    session.release()


def test_a_partial_write_is_cut_off(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    session = store.open("coffee", "monday")
    session.load()
    before = contents(store)
    write, calls = os.write, 0

    def full(fd: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[:20])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StateWriteError, match="no space left"):
        session.append([record_of(2)])
    monkeypatch.undo()
    assert contents(store) == before
    session.release()


@pytest.mark.parametrize("again", ["same session", "next session"])
def test_a_torn_line_that_cannot_be_cut_off_is_dropped(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    session = store.open("coffee", "monday")
    session.load()
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:20]) and fail_with(errno.EIO)())
    monkeypatch.setattr(os, "ftruncate", fail_with(errno.EIO))
    for _ in range(2):
        with pytest.raises(StateWriteError, match="cannot write the history"):
            session.append([record_of(2)])
    monkeypatch.undo()
    assert len(contents(store)["monday.jsonl"].splitlines()) == 2
    assert store.read("coffee", "monday")[1] == [record_of(1)]
    assert session.load()[1] == [record_of(1)]
    if again == "next session":
        session.release()
        session = store.open("coffee", "monday")
    session.append([record_of(2)])
    session.release()
    assert list(store.history("coffee", "monday")) == [record_of(1), record_of(2)]


def test_an_interrupt_within_an_append_leaves_whole_records(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = store.open("coffee", "monday")
    session.load()

    def interrupt(fd: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(disk, "sync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        session.append([record_of(2, interrupted=True)])
    monkeypatch.undo()
    session.append([record_of(2)])
    session.release()
    assert list(store.history("coffee", "monday")) == [record_of(1), record_of(2)]


def test_a_file_system_without_fsync_of_folders_is_used_as_it_is(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", fail_with(errno.EINVAL))
    check_writes_work(store)


def test_a_folder_that_cannot_be_made_durable_is_told(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(store)
    monkeypatch.setattr(os, "fsync", fail_with(errno.EIO))
    with pytest.raises(StateWriteError, match="input/output error"):
        store.create("coffee", "tuesday", document_of("coffee", "tuesday"))
    assert contents(store) == before
    with pytest.raises(StateWriteError, match="cannot write the new instance"):
        store.create("tea", "monday", document_of("tea", "monday"))


def test_an_end_that_cannot_be_written_is_told_and_completed_later(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = store.open("coffee", "monday")
    session.snapshot(document_of("coffee", "monday", records=1, status="finished"))
    monkeypatch.setattr(os, "replace", fail_with(errno.EROFS))
    with pytest.raises(StateWriteError, match="cannot write the end of the instance: read-only"):
        session.finish()
    session.release()
    assert store.read("coffee", "monday")[2] is True
    monkeypatch.undo()
    FileStore(store.root)
    assert [*store.claim(["coffee"], NOW)] == []
    assert store.list("coffee", ended=True) == ["monday"]


def test_a_file_system_without_locks_is_told(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "flock", fail_with(errno.ENOLCK))
    session = store.open("coffee", "monday")
    with pytest.raises(StateWriteError, match="put the state on a file system that has locks"):
        session.load()
    session.release()


@pytest.fixture
def small_disk(require: Require) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = Path(tempfile.mkdtemp())
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    mounted = (
        shutil.which("mount") and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    )
    try:
        require("the right to mount a tmpfs", found=bool(mounted))
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)


@pytest.mark.outside
def test_a_full_disk_is_told_and_the_old_state_stays(small_disk: Path) -> None:
    store = FileStore(small_disk / "state")
    session = store.create("coffee", "monday", document_of("coffee", "monday"))
    session.append([record_of(1)])
    session.release()
    filler = small_disk / "filler"
    fill(filler)
    check_writes_fail(store, "no space left on device", "free some space")
    filler.unlink()
    check_writes_work(store)


LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_files_disk import FileStore, check_writes_fail, check_writes_work
store = FileStore(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
check_writes_fail(store, "file too large", "ulimit")
check_writes_work(store)
"""


def test_a_limit_for_the_size_of_files_is_told_and_the_old_state_stays(store: FileStore) -> None:
    pytest.importorskip("resource")
    subprocess.run([sys.executable, "-c", LIMITED, store.root, os.path.dirname(__file__)], check=True)


UNPRIVILEGED = """
import os, sys
sys.path.insert(0, sys.argv[2])
import test_files_disk
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
test_files_disk.check_read_only(sys.argv[1])
"""


def check_read_only(root: str) -> None:
    """Run as a user who may read the store in ``root``, and not write it."""
    store = FileStore(root)
    before = contents(store)
    assert store.list("coffee") == ["monday"]
    document, newer, ended = store.read("coffee", "monday")
    assert (document["instance"], newer, ended) == ("monday", [record_of(1)], False)
    assert list(store.history("coffee", "monday")) == [record_of(1)]
    for session in (store.open("coffee", "monday"), *store.claim(["coffee"], NOW)):
        for action in (session.load, session.finish, lambda session=session: session.append([record_of(2)])):
            with pytest.raises(StateWriteError, match=r"monday\.jsonl: cannot write the history: perm"):
                action()
        session.release()
    with pytest.raises(StateWriteError, match="cannot write the new instance: permission denied"):
        store.create("coffee", "tuesday", document_of("coffee", "tuesday"))
    with pytest.raises(StateWriteError, match="give this user the permission"):
        store.create("tea", "monday", document_of("tea", "monday"))
    assert contents(store) == before


def test_a_read_only_folder_can_be_read_and_is_told_when_written(store: FileStore) -> None:
    # Not in tmp_path, whose parent only its owner may enter.
    top = Path(tempfile.mkdtemp())
    root = top / "state"
    try:
        shutil.copytree(store.root, root)
        top.chmod(0o755)
        for path in [root, *root.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        arguments = [str(root), os.path.dirname(__file__)]
        subprocess.run([sys.executable, "-c", UNPRIVILEGED, *arguments], check=True, cwd="/")
    finally:
        for path in [root, *root.rglob("*")]:
            path.chmod(0o755)
        shutil.rmtree(top)
