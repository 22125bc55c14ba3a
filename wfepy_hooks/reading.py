"""Loading the state of an instance without holding it."""

from __future__ import annotations

__all__ = ["Reading"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .stores import Store


class Reading:
    """A session as far as ``wfepy_load_state`` needs one, for a reader that holds nothing."""

    def __init__(self, store: Store, workflow: str, instance: str) -> None:
        self._store = store
        self.workflow = workflow
        self.instance = instance

    def load(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return what :meth:`.Session.load` does."""
        document, records, _ = self._store.read(self.workflow, self.instance)
        return document, records
