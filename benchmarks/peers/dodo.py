"""Three tasks in a chain, for doit, which has no waiting task: the first fails until there is a file "go"."""

from __future__ import annotations

import os

DOIT_CONFIG = {"verbosity": 0, "reporter": "zero"}


def go() -> bool:
    return os.path.exists("go")


def nothing() -> bool:
    return True


def task_first() -> dict[str, object]:
    return {"actions": [go]}


def task_second() -> dict[str, object]:
    return {"actions": [nothing], "task_dep": ["first"]}


def task_third() -> dict[str, object]:
    return {"actions": [nothing], "task_dep": ["second"]}
