"""Measure wfepy-hooks against its goals, its peers and the floor of the machine; `--help` says how."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # As a script its own folder is on sys.path; its imports start at the folder above.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from benchmarks.command import main

    sys.exit(main())
