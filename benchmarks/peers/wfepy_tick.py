"""What a user of WfEpy runs from cron: advance every instance that is saved in `state/`, as its README shows.

It loads, runs and dumps each. `--keep` leaves out the dump. `--new NUMBER` makes new instances.
"""

from __future__ import annotations

import os
import sys

import wfepy  # type: ignore[import-not-found]  # installed in its own environment only
import wfepy_tasks  # type: ignore[import-not-found]  # a script: it stands beside it


def main(arguments: list[str]) -> None:
    workflow = wfepy.Workflow()
    workflow.load_tasks(wfepy_tasks)
    workflow.check_graph()
    if arguments[:1] == ["--new"]:
        os.makedirs("state", exist_ok=True)
        for number in range(int(arguments[1])):
            workflow.create_runner({}).dump(f"state/{number}.pickle")
        return
    for name in sorted(os.listdir("state")):
        path = os.path.join("state", name)
        runner = workflow.create_runner()
        runner.load(path)
        runner.run()
        if "--keep" not in arguments:
            runner.dump(path)


if __name__ == "__main__":
    main(sys.argv[1:])
