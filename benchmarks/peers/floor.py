"""The floor of the machine: append `SIZE` records of 200 bytes to one file, each made durable with fsync."""

from __future__ import annotations

import json
import os
import sys
from time import perf_counter


def append(size: int) -> dict[str, float]:
    record = b"x" * 199 + b"\n"
    handle = os.open("floor.jsonl", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    start = perf_counter()
    for _ in range(size):
        os.write(handle, record)
        os.fsync(handle)
    seconds = perf_counter() - start
    os.close(handle)
    return {"seconds": seconds}


if __name__ == "__main__":
    print(json.dumps(append(int(sys.argv[1]))))
