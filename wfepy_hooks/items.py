"""What came of the items of a task with ``each=``, as it is kept. The items are listed once, when the task begins."""

from __future__ import annotations

from .errors import StateFormatError
from .waitstate import WaitState
from .waking import EVERY_TICK, wait_wake

__all__ = ["DONE", "FAILED", "NEW", "RETRYING", "WAITING", "ItemsState", "replay_item"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .instance import Instance

NEW, DONE, WAITING, RETRYING, FAILED = ".", "d", "w", "r", "f"
_WORDS = {"completed": DONE, "waiting": WAITING, "retrying": RETRYING, "failed": FAILED}


class ItemsState:
    """The items of one task.

    :ivar items: the items, encoded
    :ivar status: per item one of the letters above
    :ivar results: what was returned for the items that are done, encoded, by number; ``True`` is left out
    :ivar waits: what the items wait for that wait
    :ivar failures: how often each of those failed that have not succeeded since
    :ivar errors: the last error of each such item
    :ivar retry_at: when each such item is tried again that has to wait for that
    """

    __slots__ = ("errors", "failures", "items", "results", "retry_at", "status", "waits")

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.status = [NEW] * len(items)
        self.results: dict[int, Any] = {}
        self.waits: dict[int, WaitState] = {}
        self.failures: dict[int, int] = {}
        self.errors: dict[int, str] = {}
        self.retry_at: dict[int, str] = {}

    @property
    def open(self) -> list[int]:
        """The numbers of the items that are not done and did not fail for good."""
        return [number for number, word in enumerate(self.status) if word not in (DONE, FAILED)]

    @property
    def failed(self) -> list[int]:
        """The numbers of the items that failed for good."""
        return [number for number, word in enumerate(self.status) if word == FAILED]

    def collected(self) -> list[Any]:
        """Return the results in the order of the items: ``True`` where nothing else came, ``None`` of failures."""
        return [
            None if word != DONE else self.results.get(number, True)
            for number, word in enumerate(self.status)
        ]

    def wake(self, instance: Instance) -> str | None:
        """Return when a tick has anything to do here, as :func:`.task_wake` does."""
        if NEW in self.status or not self.open:
            return EVERY_TICK
        found = []
        for number, word in enumerate(self.status):
            if word == WAITING:
                found.append(wait_wake(instance, self.waits[number]))
            elif word == RETRYING:
                found.append(self.retry_at.get(number, EVERY_TICK))
        return min((each for each in found if each is not None), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is written in the state document."""
        written: dict[str, Any] = {"list": self.items, "status": "".join(self.status)}
        if self.results:
            written["results"] = {str(number): self.results[number] for number in sorted(self.results)}
        if self.waits:
            written["waits"] = {
                str(number): {"since": wait.since, **wait.to_json()}
                for number, wait in sorted(self.waits.items())
            }
        if self.failures:
            written["failures"] = {
                str(number): self._failure_json(number) for number in sorted(self.failures)
            }
        return written

    def _failure_json(self, number: int) -> dict[str, Any]:
        written = {"count": self.failures[number], "error": self.errors.get(number, "")}
        if number in self.retry_at:
            written["retry_at"] = self.retry_at[number]
        return written

    @classmethod
    def from_json(cls, written: Any) -> ItemsState:
        """Return what :meth:`to_json` wrote.

        :raises StateFormatError: if it is something else
        """
        if not isinstance(written, dict) or not written.keys() <= {
            "list",
            "status",
            "results",
            "waits",
            "failures",
        }:
            raise StateFormatError('"items" is no object of list, status, results, waits and failures')
        made = cls(list(written["list"]))
        made.status = list(written["status"])
        if len(made.status) != len(made.items) or not {*_WORDS.values(), NEW}.issuperset(made.status):
            raise StateFormatError('"status" of "items" must have one of the letters .dwrf for each item')
        made.results = {int(number): value for number, value in written.get("results", {}).items()}
        for number, wait in written.get("waits", {}).items():
            made.waits[int(number)] = WaitState.from_json(wait["since"], wait)
        for number, failure in written.get("failures", {}).items():
            made.failures[int(number)] = failure["count"]
            made.errors[int(number)] = failure["error"]
            if "retry_at" in failure:
                made.retry_at[int(number)] = failure["retry_at"]
        if sorted(made.waits) != [number for number, word in enumerate(made.status) if word == WAITING]:
            raise StateFormatError('"waits" and "status" of "items" differ')
        return made

    def note(self, number: int, record: dict[str, Any]) -> None:
        """Keep what a record says of one item."""
        word = _WORDS[record["status"]]
        self.status[number] = word
        known = self.waits.pop(number, None)
        self.retry_at.pop(number, None)
        if word == DONE:
            self.failures.pop(number, None)
            self.errors.pop(number, None)
            if "result" in record:
                self.results[number] = record["result"]
        elif word == WAITING:
            since = known.since if known is not None else record["at"]
            self.waits[number] = WaitState.from_json(since, record)
        else:
            self.failures[number] = record["attempt"]
            self.errors[number] = record.get("error", "")
            if "retry_at" in record:
                self.retry_at[number] = record["retry_at"]


def replay_item(instance: Instance, record: dict[str, Any]) -> None:
    """Do to ``instance`` what a record of the event ``items`` or ``item`` says."""
    name = record["task"]
    if name not in instance.marking.graph.index:
        raise StateFormatError(f'history record {record["seq"]} is about task "{name}", which there is not')
    if record["event"] == "items":
        instance.items[name] = ItemsState(record["items"])
        if "deadline" in record:
            instance.deadlines[name] = record["deadline"]
        return
    if name not in instance.items:
        raise StateFormatError(
            f'history record {record["seq"]} is about an item of task "{name}", which has none'
        )
    taken = record.get("consumed")
    if taken:
        from .replaying import take_signals

        take_signals(instance, taken)
    instance.items[name].note(record["item"], record)
