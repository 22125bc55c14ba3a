"""A workflow whose instances sleep, but for one that polls; as a script it starts so many, and that one."""

import sys
from typing import Any

import wfepy_hooks as wfepy


@wfepy.task()
@wfepy.start_point()
@wfepy.end_point()
def nap(context: Any) -> Any:
    return wfepy.wait(until="300d") if context.get("sleeps") else False


if __name__ == "__main__":
    from wfepy_hooks.config import Config
    from wfepy_hooks.project import Project

    project = Project(Config.load(autoload=False))
    for number in range(int(sys.argv[1])):
        project.start("sleeping", f"i{number:06}", {"sleeps": True})
    project.start("sleeping", "polls")
