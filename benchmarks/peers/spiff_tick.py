"""What a user of SpiffWorkflow runs from cron: advance every workflow that is saved in `state/`.

`--new NUMBER` makes new workflows.
"""

from __future__ import annotations

import os
import sys

import spiff_tasks  # type: ignore[import-not-found]  # a script: it stands beside it
from SpiffWorkflow.serializer.json import JSONSerializer  # type: ignore[import-not-found]  # in its own environment
from SpiffWorkflow.workflow import Workflow  # type: ignore[import-not-found]  # in its own environment


def save(workflow: Workflow, path: str) -> None:
    with open(path, "w") as file:
        file.write(workflow.serialize(JSONSerializer()))


def advance(path: str) -> None:
    with open(path) as file:
        workflow = Workflow.deserialize(JSONSerializer(), file.read())
    workflow.update_waiting_tasks()
    workflow.run_all()
    save(workflow, path)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--new"]:
        os.makedirs("state", exist_ok=True)
        for number in range(int(arguments[1])):
            workflow = Workflow(spiff_tasks.three())
            workflow.run_all()
            save(workflow, f"state/{number}.json")
        return
    for name in sorted(os.listdir("state")):
        advance(os.path.join("state", name))


if __name__ == "__main__":
    main(sys.argv[1:])
