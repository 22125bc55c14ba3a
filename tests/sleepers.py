"""Instances that sleep, for tests of the store of files, and what others may do to them."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from wfepy_hooks.clock import format_time
from wfepy_hooks.statetext import dump_text
from wfepy_hooks.stores import FileStore
from wfepy_hooks.stores.conformance import NOW, document_of, record_of

if TYPE_CHECKING:
    from pathlib import Path

LATER = NOW + timedelta(days=30)
NAMES = [f"cup-{number}" for number in range(6)]


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


# Ways in which others make the instance cup-1 due


def by_rename(folder: Path) -> None:
    replace(folder, "cup-1")


def by_a_new_file(folder: Path) -> None:
    (folder / "cup-1.json").unlink()
    (folder / "cup-1.json").write_text(dump_text(sleeping("cup-1", wake=NOW)))


def next_beat() -> None:
    """Let the clock of the file system go on, which on older systems it does every 10 ms."""
    time.sleep(0.02)


def by_rsync(folder: Path) -> None:
    """Sets the time of the folder back, as it was at the source."""
    next_beat()
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
    (folder / "new").write_bytes((folder / "cup-2.json").read_bytes())
    (folder / "new").rename(folder / "cup-1.json")


WAYS = [by_rename, by_a_new_file, by_rsync, by_a_link, by_a_newer_history, by_damage, by_loss]
WAYS += [by_a_file_of_another_instance]
