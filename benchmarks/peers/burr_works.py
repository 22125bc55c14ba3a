"""The works in one process, done by Burr: `burr_works.py memory|durable chain SIZE` prints a JSON object."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from time import perf_counter
from typing import TYPE_CHECKING, Any

from burr.core import Action, ApplicationBuilder  # type: ignore[import-not-found]  # in its own environment
from burr.core.persistence import SQLitePersister  # type: ignore[import-not-found]  # in its own environment

if TYPE_CHECKING:
    from burr.core import State


class Nothing(Action):  # type: ignore[misc]  # Burr is not installed where the types are checked
    @property
    def reads(self) -> list[str]:
        return []

    @property
    def writes(self) -> list[str]:
        return []

    def run(self, state: State, **inputs: Any) -> dict[str, Any]:
        return {}

    def update(self, result: dict[str, Any], state: State) -> State:
        return state


def chain(size: int, durable: bool) -> dict[str, float]:
    """Time the run of a chain, with each action saved by the SQLite persister if `durable`."""
    names = [f"t{number}" for number in range(size)]
    builder = (
        ApplicationBuilder()
        .with_actions(**{name: Nothing() for name in names})
        .with_transitions(*pairwise(names))
        .with_entrypoint(names[0])
        .with_state()
        .with_identifiers(app_id="1", partition_key="benchmark")
    )
    if durable:
        persister = SQLitePersister("burr.sqlite")
        persister.initialize()
        builder = builder.with_state_persister(persister)
    application = builder.build()
    start = perf_counter()
    last, _, _ = application.run(halt_after=[names[-1]])
    seconds = perf_counter() - start
    assert last.name == names[-1]
    return {"seconds": seconds}


if __name__ == "__main__":
    print(json.dumps(chain(int(sys.argv[3]), sys.argv[1] == "durable")))
