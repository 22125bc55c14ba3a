"""Run one of the works of the case "beside" in this process, and print the seconds of its tick."""

import json
import subprocess
import sys
from time import perf_counter

ASYNC = """
@wfepy.start_point()
@wfepy.task()
@wfepy.end_point()
async def t{number}(context):
    await asyncio.sleep(0.1)
    return True
"""
BUSY = """
@wfepy.start_point()
@wfepy.task()
@wfepy.end_point()
def t{number}(context):
    total = 0
    for each in range(4_000_000):
        total += each
    return True
"""
ITEMS = """
@wfepy.start_point()
@wfepy.task(each=lambda context: list(range({number})), durable="{durable}")
@wfepy.end_point()
def t(context, item):
    return item + 1
"""


def source(what: str, size: int) -> str:
    """Return the tasks of a work."""
    if what in ("each", "batch"):
        return ITEMS.format(number=size, durable=what)
    return "".join((ASYNC if what == "async" else BUSY).format(number=number) for number in range(size))


def bare(size: int) -> float:
    """Return the seconds that two Pythons take for the same work with nothing around it: what the machine can do."""
    loop = f"for _ in range({size // 2}):\n f()"
    code = "def f():\n total = 0\n for each in range(4_000_000):\n  total += each\n" + loop
    began = perf_counter()
    pythons = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    for python in pythons:
        python.wait()
    return perf_counter() - began


def main(what: str, size: int) -> None:
    if what == "bare":
        print(json.dumps({"seconds": bare(size)}))
        return
    from wfepy_hooks.config import Config
    from wfepy_hooks.project import Project

    with open("beside.py", "w") as file:
        file.write("import asyncio\n\nimport wfepy_hooks as wfepy\n" + source(what, size))
    executor = "processes:2" if what == "processes" else "inline"
    with open("wfepy.toml", "w") as file:
        file.write(f'[wfepy]\nexecutor = "{executor}"\n\n[workflows.beside]\nmodule = "beside.py"\n')
    project = Project(Config.load(autoload=False))
    project.start("beside", "a")
    project.workflow("beside")  # loaded and checked before
    began = perf_counter()
    (report,) = project.tick()
    seconds = perf_counter() - began
    assert report.summary is not None, report.error
    assert report.summary.status == "finished", report.summary.failures
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
