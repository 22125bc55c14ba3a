"""Fetch and push of one changed instance among many, beside the bare git commands that it needs."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.environments import OURS
from benchmarks.harness import Contestant, Failed, Result, Row

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Bench

__all__ = ["change_instance", "run", "write_project"]

CONFIG = """
[wfepy]
state = "state"

[workflows.flow]
module = "flow.py"

[plugins.wfepy_git]
remote = "{remote}"
"""
SNAPSHOT = """{{
  "context": {{"note": "as long as contexts tend to be, with an order number and a name or two {number}"}},
  "created": "2026-11-25T21:36:04.646765Z",
  "graph": "3c92ab7ec9e71b80",
  "history": {{"bytes": {bytes}, "records": {records}}},
  "instance": "i{number}",
  "queue": ["b"],
  "schema": 2,
  "status": "running",
  "tasks": {{
    "a": {{"next": ["b: taken"], "status": "done"}},
    "b": {{"since": "2026-11-25T21:36:04.972822Z", "status": "waiting"}}
  }},
  "uid": "{number:012x}",
  "wake": null,
  "workflow": "flow"
}}
"""

# What it takes with git alone, where an index of the branch is kept: one fetch, one commit, one push.
BARE = """
set -e
export GIT_DIR={folder}/repository GIT_INDEX_FILE={folder}/index
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git fetch -q --no-tags --depth=1 {remote} +refs/heads/wfepy-state:refs/heads/base
base=$(git rev-parse refs/heads/base)
set -- $(git hash-object -w {folder}/state/flow/i7.json {folder}/state/flow/i7.jsonl)
git update-index --add --cacheinfo 100644,$1,state/flow/i7.json --cacheinfo 100644,$2,state/flow/i7.jsonl
new=$(git commit-tree $(git write-tree) -p $base -m 'flow/i7: b waiting')
git push -q --force-with-lease=refs/heads/wfepy-state:$base {remote} $new:refs/heads/wfepy-state
"""


def run(bench: Bench) -> Result:
    size = bench.size(10_000)
    ours, bare = _ours(bench, size), _bare(bench, size)
    wfepy = [bench.python(OURS), "-m", "wfepy_hooks", "git"]
    config = f"--config {ours}/wfepy.toml"
    both = f"{' '.join(wfepy)} pull {config} && {' '.join(wfepy)} push {config}"
    one = f"{bench.python(OURS)} {bench.folder}/once.py {ours}/wfepy.toml"
    (bench.folder / "once.py").write_text(ONCE)
    script = bench.folder / "bare.sh"
    script.write_text(BARE.format(folder=bare, remote=f"{bare}.git"))
    contestants = [
        Contestant("bare", ["sh", str(script)], partial(_change, bare), whole=True),
        Contestant(
            "ours", ["sh", "-c", both], partial(_change, ours), whole=True, check=partial(_check, bench, ours)
        ),
        Contestant(
            "once", ["sh", "-c", one], partial(_change, ours), whole=True, check=partial(_check, bench, ours)
        ),
    ]
    samples = bench.interleave(contestants, warm=True)
    work = f"fetch and push of one instance among {size:,}"
    against = "the bare git commands"
    return Result(
        [
            Row(
                work, samples.of("ours"), samples.of("bare"), against, goal=3.0, note="two processes of wfepy"
            ),
            Row("the same", samples.of("once"), samples.of("bare"), against, goal=3.0, note="one process"),
        ],
        {},
    )


ONCE = """
import sys
from wfepy_git.repository import StateRepository
from wfepy_hooks.config import Config

repository = StateRepository.from_config(Config.load(sys.argv[1]))
repository.pull()
repository.push()
"""


def write_project(folder: Path, name: str, size: int) -> Path:
    """Write a project with so many instances, and return its folder; the remote is to be beside it."""
    home = folder / f"git-{name}"
    flow = home / "state" / "flow"
    flow.mkdir(parents=True)
    (home / "wfepy.toml").write_text(CONFIG.format(remote=f"{home}.git"))
    for number in range(size):
        record = _record(1, number)
        (flow / f"i{number}.jsonl").write_text(record)
        (flow / f"i{number}.json").write_text(SNAPSHOT.format(number=number, bytes=len(record), records=1))
    return home


def _project(bench: Bench, name: str, size: int) -> Path:
    home = write_project(bench.folder, name, size)
    bench.call(["git", "init", "--quiet", "--bare", f"{home}.git"], bench.folder)
    return home


def _record(seq: int, number: int) -> str:
    took = {
        "seq": seq,
        "at": "2026-11-25T21:36:04.963179Z",
        "event": "task",
        "task": "b",
        "status": "waiting",
    }
    return json.dumps({**took, "generation": 0, "attempt": seq, "reason": f"nobody came {number}"}) + "\n"


def _ours(bench: Bench, size: int) -> Path:
    home = _project(bench, "ours", size)
    bench.call([bench.python(OURS), "-m", "wfepy_hooks", "git", "push"], home)
    return home


def _bare(bench: Bench, size: int) -> Path:
    home = _project(bench, "bare", size)
    script = f"""
        set -e
        export GIT_DIR={home}/repository GIT_WORK_TREE={home} GIT_INDEX_FILE={home}/index
        git init -q
        git config gc.auto 0
        git add state
        git -c user.name=a -c user.email=a@b commit -q -m begin
        git push -q {home}.git HEAD:refs/heads/wfepy-state
        rm -rf repository
        git clone -q --bare --depth=1 -b wfepy-state file://{home}.git repository
        git read-tree wfepy-state
    """
    bench.call(["sh", "-c", script], home)
    return home


def change_instance(home: Path, number: int) -> None:
    """Change one instance as a tick does: a record more, and another snapshot."""
    history, snapshot = home / f"state/flow/i{number}.jsonl", home / f"state/flow/i{number}.json"
    records = history.read_text().count("\n") + 1
    with history.open("a") as stream:
        stream.write(_record(records, number))
    written = SNAPSHOT.format(number=number, bytes=history.stat().st_size, records=records)
    temporary = snapshot.with_suffix(".new")
    temporary.write_text(written)
    temporary.rename(snapshot)


def _change(home: Path, sample: Path) -> None:
    del sample
    change_instance(home, 7)


def _check(bench: Bench, home: Path, sample: Path) -> None:
    del sample
    show = ["git", "--git-dir", f"{home}.git", "show", "wfepy-state:state/flow/i7.jsonl"]
    if bench.call(show, home).stdout != (home / "state/flow/i7.jsonl").read_text():
        raise Failed("what was changed is not on the branch")
