"""What a user of Burr runs from cron: advance every application that is saved in `burr.sqlite`.

Burr has no waiting task, so the first action polls: it follows itself until there is a file named "go".
`--new NUMBER` makes the applications and runs the first action of each once.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from burr.core import ApplicationBuilder, action, default, when  # type: ignore[import-not-found]
from burr.core.persistence import SQLitePersister  # type: ignore[import-not-found]  # in its own environment

if TYPE_CHECKING:
    from burr.core import Application, State


@action(reads=[], writes=["ready"])  # type: ignore[untyped-decorator]  # Burr is not there when types are checked
def first(state: State) -> State:
    return state.update(ready=os.path.exists("go"))


@action(reads=[], writes=[])  # type: ignore[untyped-decorator]  # Burr is not there when types are checked
def second(state: State) -> State:
    return state


@action(reads=[], writes=[])  # type: ignore[untyped-decorator]  # Burr is not there when types are checked
def third(state: State) -> State:
    return state


def build(persister: Any, name: str) -> Application:
    return (
        ApplicationBuilder()
        .with_actions(first, second, third)
        .with_transitions(
            ("first", "second", when(ready=True)), ("first", "first", default), ("second", "third")
        )
        .initialize_from(persister, resume_at_next_action=True, default_state={}, default_entrypoint="first")
        .with_state_persister(persister)
        .with_identifiers(app_id=name, partition_key="benchmark")
        .build()
    )


def advance(application: Application) -> None:
    while application.has_next_action():
        done, _, state = application.step()
        if done.name == "first" and not state["ready"]:
            break


def main(arguments: list[str]) -> None:
    persister = SQLitePersister("burr.sqlite")
    persister.initialize()
    if arguments[:1] == ["--new"]:
        names = [str(number) for number in range(int(arguments[1]))]
    else:
        names = persister.list_app_ids("benchmark")
    for name in names:
        advance(build(persister, name))


if __name__ == "__main__":
    main(sys.argv[1:])
