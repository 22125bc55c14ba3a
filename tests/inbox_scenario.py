"""Processes that send and take signals, or take back an end, and may be killed on the way.

    python inbox_scenario.py ROOT inbox|reopen [POINT OCCURRENCE]

They print a line for everything that the store has acknowledged, and go on where an earlier process was killed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import datetime, timezone
from typing import Any

from killing import kill_at
from wfepy_hooks.errors import InstanceExists
from wfepy_hooks.stores.files import FileStore

IDS = ("1", "2", "3")


def document(records: int, status: str = "running") -> dict[str, Any]:
    return {
        "history": {"bytes": 0, "records": records},
        "instance": "monday",
        "schema": 2,
        "status": status,
        "text": "x" * 200,
        "wake": None,
        "workflow": "coffee",
    }


def acknowledge(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def start(store: FileStore) -> None:
    with contextlib.suppress(InstanceExists):
        store.create("coffee", "monday", document(0)).release()


def taken(store: FileStore) -> list[str]:
    """Return the ids of the signals in the history."""
    return [record["id"] for record in store.history("coffee", "monday")]


def send_and_take(store: FileStore) -> None:
    """Send three signals, one and two at a time; take each exactly once; end."""
    start(store)
    for ids in (IDS[:1], IDS[1:]):
        if store.read("coffee", "monday")[2]:
            break
        for each in ids:
            if each not in taken(store):
                store.send("coffee", "monday", {"id": each, "name": "x"})
                acknowledge(f"sent {each}")
        take(store)
    complete(store)


def take(store: FileStore) -> None:
    session = store.open("coffee", "monday")
    snapshot, newer = session.load()
    last = snapshot["history"]["records"] + len(newer)
    ids = [each["id"] for each in session.inbox()]
    assert session.notes == []
    for each in ids:
        if each not in taken(store):
            last += 1
            session.append([{"seq": last, "id": each}])
            acknowledge(f"took {each}")
    session.discard(ids)
    is_last = last == len(IDS)
    session.snapshot(document(last, "finished" if is_last else "running"))
    if is_last:
        session.finish()
    session.release()


def end_and_take_back(store: FileStore) -> None:
    """End an instance, bring it back, and end it again, each with a record that says so."""
    start(store)
    while True:
        complete(store)
        steps = taken(store)
        has_ended = store.read("coffee", "monday")[2]
        if has_ended and steps == ["end", "back", "end"]:
            return
        session = store.reopen("coffee", "monday") if has_ended else store.open("coffee", "monday")
        session.load()
        word = "back" if has_ended else "end"
        if steps[-1:] != [word]:
            steps.append(word)
            session.append([{"seq": len(steps), "id": word}])
            acknowledge(word)
        session.snapshot(document(len(steps), "running" if has_ended else "finished"))
        if not has_ended:
            session.finish()
        session.release()
        acknowledge("live" if has_ended else "ended")


def complete(store: FileStore) -> None:
    """Let a tick complete what was cut short."""
    for session in store.claim(["coffee"], datetime(2026, 11, 23, tzinfo=timezone.utc)):
        session.release()


RUNS = {"inbox": send_and_take, "reopen": end_and_take_back}


if __name__ == "__main__":
    if len(sys.argv) > 3:
        kill_at(sys.argv[3], int(sys.argv[4]))
    RUNS[sys.argv[2]](FileStore(sys.argv[1]))
