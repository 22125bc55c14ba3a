"""Made the instances in this folder, with the last release that wrote schema 2, at moments that are long past.

cd tests/golden_states/2 && rm -rf state && python make.py
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from wfepy_hooks.config import Config
from wfepy_hooks.operations import Operations
from wfepy_hooks.project import Project

now = datetime(2026, 1, 5, 8, tzinfo=timezone.utc)


def later(**duration: float) -> None:
    global now
    now += timedelta(**duration)


def clock() -> datetime:
    global now
    now += timedelta(milliseconds=7)
    return now


def tick(project: Project) -> None:
    for report in project.tick():
        if report.error is not None:
            raise report.error


def main() -> None:
    os.environ.pop("GO", None)
    config = Config.load("wfepy.toml", autoload=False, clock=clock)
    with config:
        project = Project(config)
        operations = Operations(project)
        vote = {"name": "review", "data": "approve", "by": "ann", "sent": "2026-01-05T08:00:00.000000Z"}
        project.start("errands", "waiting")
        project.start("errands", "parent", {"send": "parent"})
        project.start("errands", "asking", {"ask": True})
        project.start("errands", "timed_out", {"ask": True})
        project.start("errands", "paused")
        project.start("errands", "rewound")
        project.start("errands", "cancelled", {"send": "cancelled"})
        tick(project)
        for instance in ("waiting", "timed_out"):
            project.store.send("errands", instance, {"id": "vote-1", **vote})
        project.store.send(
            "errands", "waiting", {"id": "early-1", "name": "nobody-waits-for-it", "data": [1, {"a": None}]}
        )
        later(minutes=10)
        tick(project)
        operations.pause("errands", "paused", by="ann", reason="a holiday")
        operations.skip("errands", "rewound", "call", by="ann", reason="they moved")
        operations.done("errands", "rewound", "nap", by="ann")
        operations.rewind("errands", "rewound", "nap", by="bob", reason="not yet")
        operations.cancel("errands", "cancelled", by="ann", reason="no need any more")
        tick(project)
        later(hours=2)
        tick(project)
        later(days=4)
        # The answer of this one lies in the inbox; the other one has timed out.
        project.store.send(
            "errands",
            "asking",
            {**vote, "id": "answer-1", "name": "answer", "sent": "2026-01-06T08:00:00.000000Z"},
        )
        with project.hold("errands", "timed_out") as held:
            report = held.runner.tick()
            assert report.status == "running"
            held.save()
        project.store.send("errands", "paused", {"id": "vote-2", **vote, "by": "bob"})
        # This one was killed in the middle of its second tick: nothing of that is in the snapshot.
        project.start("errands", "killed")
        with project.hold("errands", "killed") as held:
            held.runner.tick()
        project.store.send("errands", "killed", {"id": "vote-3", **vote})
        later(hours=2)
        with project.hold("errands", "killed") as held:
            held.recorder.save = lambda instance: None  # type: ignore[method-assign]
            held.receive()
            held.runner.tick()


if __name__ == "__main__":
    main()
