"""Processes that do the same at the same time."""

from __future__ import annotations

import subprocess
import sys


def race(*scripts: list[str]) -> list[str]:
    """Return the lines that scripts print, each with its arguments, when they go on together.

    Each prints "ready", and goes on when it has read a line.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", *script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for script in scripts
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [line for process in processes for line in process.communicate()[0].splitlines()]
