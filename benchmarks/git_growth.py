"""How large a repository becomes by ticks: each of them changes one of a hundred instances, and pushes.

    python benchmarks/git_growth.py [TICKS]

It takes some minutes for 3,000 ticks, so ``run.py`` does not do it. It prints the size of the remote before and after
``git gc``, and of our own repository. The exit code is 1 where the remote has more than 10 MB after ``git gc``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from wfepy_git.repository import StateRepository
from wfepy_hooks.config import Config

if TYPE_CHECKING:
    from wfepy_git.leases import Lease

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

INSTANCES, LARGEST = 100, 10_000_000


def main(ticks: int) -> int:
    from benchmarks.cases.git import change_instance, write_project

    with tempfile.TemporaryDirectory() as folder:
        home = write_project(Path(folder), "growth", INSTANCES)
        remote = f"{home}.git"
        subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
        for number in range(ticks):
            repository = StateRepository.from_config(Config.load(home / "wfepy.toml"))
            lease: Lease = repository.lease(["flow"])
            with lease:
                repository.pull()
                change_instance(home, number * 37 % INSTANCES)
                repository.push(release=True)
        before = _size(remote)
        subprocess.run(["git", "gc", "--quiet"], cwd=remote, check=True)
        after = _size(remote)
        subprocess.run(["git", "gc", "--quiet", "--prune=now"], cwd=remote, check=True)
        own = _size(f"{home}/.wfepy/git/repository")
        print(
            f"{ticks:,} ticks, {INSTANCES} instances: remote {before / 1e6:.1f} MB, after git gc {after / 1e6:.1f} MB,"
        )
        print(
            f"without what nothing refers to {_size(remote) / 1e6:.1f} MB; our own repository {own / 1e6:.1f} MB"
        )
        return int(after > LARGEST)


def _size(folder: str) -> int:
    """Return what the files below a folder take on the disk."""
    return sum(
        os.lstat(os.path.join(parent, name)).st_blocks * 512
        for parent, _, names in os.walk(folder)
        for name in names
    )


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if sys.argv[1:] else 3000))
