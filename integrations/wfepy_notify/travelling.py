"""The outbox travels with the state where ``wfepy git`` or ``wfepy github`` keep it on a branch."""

from __future__ import annotations

from functools import partial

from wfepy_hooks import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from wfepy_hooks import Config

    from .observer import Observer

    class SharedFiles(Protocol):
        """What wfepy_git gives to its hook."""

        def add(self, path: str, merge: object) -> None: ...


__all__ = ["Traveller"]


class Traveller:
    """A plugin that hands the outbox to the one that shares the state."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    @hookimpl(optionalhook=True)
    def wfepy_git_files(self, files: SharedFiles, config: Config) -> None:
        from .merging import merged
        from .outbox import PLACE

        files.add(PLACE, partial(merged, clock=config.clock))

    @hookimpl(optionalhook=True)
    def wfepy_git_ticked(self, workflows: Sequence[str], exit_code: int, config: Config) -> None:
        # What others tick now they also tell of, by an outbox that is theirs until they push.
        others = config.workflows.keys() - workflows
        self._observer.finish(exit_code, others)
