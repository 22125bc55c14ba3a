"""A process that takes one instance from its creation to its end, and may be killed on the way.

    python store_scenario.py ROOT [POINT OCCURRENCE]

It prints a line for everything that the store has acknowledged, and goes on where an earlier process was killed.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from killing import kill_at
from wfepy_hooks.errors import InstanceNotFound
from wfepy_hooks.stores.files import FileStore

LAST = 6


def document(records: int, status: str = "running") -> dict[str, Any]:
    return {
        "context": {"cups": records, "text": "x" * 200},
        "history": {"bytes": 0, "records": records},
        "instance": "monday",
        "schema": 1,
        "status": status,
        "tasks": {},
        "workflow": "coffee",
    }


def record(seq: int) -> dict[str, Any]:
    return {"seq": seq, "event": "task", "set": {"text": "y" * (seq * 40)}}


def acknowledge(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def run(store: FileStore) -> None:
    """Append six records, two at a time, with a snapshot after the second and at the end."""
    try:
        session = store.open("coffee", "monday")
    except InstanceNotFound:
        if store.list("coffee", ended=True):
            return
        session = store.create("coffee", "monday", document(0))
        acknowledge("0")
    snapshot, newer = session.load()
    seq = snapshot["history"]["records"] + len(newer)
    while seq < LAST:
        upto = min(seq + 2 - seq % 2, LAST)
        session.append([record(number) for number in range(seq + 1, upto + 1)])
        seq = upto
        acknowledge(str(seq))
        if seq == 2:
            session.snapshot(document(seq))
    session.snapshot(document(seq, "finished"))
    session.finish()
    session.release()
    acknowledge("ended")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        kill_at(sys.argv[2], int(sys.argv[3]))
    run(FileStore(sys.argv[1]))
