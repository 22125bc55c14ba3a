"""What an instance is waiting for, by its files alone: without its workflow, and so without a line of user code."""

from __future__ import annotations

__all__ = ["Overview", "Waiting"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Document = dict[str, Any]
    Record = dict[str, Any]

_ENDS = {"completed": "done", "failed": "failed", "timed_out": "timed_out"}
_VERBS = {"skip": "skipped", "done": "done", "rewind": "ready", "retry": "ready"}


class Waiting:
    """One wait: of a task, or of one of its items.

    :ivar task: the task
    :ivar item: number of its item, or -1
    :ivar since: when it began to wait, ISO 8601 in UTC
    :ivar reason: what it waits for, in the words of the task; may be empty
    :ivar terms: ``until``, ``signals``, ``deadline`` and so on, see docs/reference/state-format.md
    """

    __slots__ = ("item", "reason", "since", "task", "terms")

    def __init__(self, task: str, entry: dict[str, Any], item: int = -1) -> None:
        self.task = task
        self.item = item
        self.since: str = entry.get("since", "")
        self.reason: str = entry.get("reason", "")
        self.terms: dict[str, Any] = entry.get("wait", {})

    @property
    def child(self) -> str:
        """The instance that it waits for, as ``workflow/instance``, or nothing."""
        return str(self.terms.get("child", ""))

    @property
    def signals(self) -> list[str]:
        """Names of the signals that somebody outside can send to it."""
        return [] if self.child else list(self.terms.get("signals", ()))

    @property
    def is_poll(self) -> bool:
        """Whether each tick calls it."""
        return not (self.terms.get("until") or self.terms.get("signals"))


class Overview:
    """An instance as its snapshot and the newer records of its history describe it.

    Only the workflow could tell which tasks a record makes ready; where there are such records, a tick runs or was
    killed, and the next one looks at the instance.

    :ivar status: one of :class:`.InstanceStatus`
    :ivar created: when it began
    :ivar paused: since when, by whom and why no tick runs it, or ``None``
    :ivar signals: what it was sent, and no task has taken yet
    :ivar tasks: what is known of its tasks, as the document has it
    :ivar wake: when a tick looks at it: a moment; ``None``: not before a signal or a person; empty: at each tick
    :raises KeyError: :raises TypeError: :raises AttributeError: :raises ValueError: if it is no state document
    """

    def __init__(self, document: Document, records: list[Record]) -> None:
        self.status: str = document["status"]
        self.created: str = document["created"]
        self.paused: dict[str, str] | None = document.get("paused")
        self.signals: list[dict[str, Any]] = list(document.get("signals", ()))
        self.tasks: dict[str, dict[str, Any]] = {name: dict(task) for name, task in document["tasks"].items()}
        self.wake: str | None = "" if records else document.get("wake", "")
        for record in records:
            self._follow(record)
        if self.paused is not None:
            self.wake = None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status == "running"

    def waits(self) -> Iterator[Waiting]:
        """Yield what its tasks and their items wait for."""
        for name, task in self.tasks.items():
            if task["status"] == "waiting":
                yield Waiting(name, task)
            for number, wait in task.get("items", {}).get("waits", {}).items():
                yield Waiting(name, wait, int(number))

    def _follow(self, record: Record) -> None:
        event = record["event"]
        taken = {*record.get("consumed", ()), *record.get("dropped", ())}
        self.signals = [each for each in self.signals if each["id"] not in taken]
        if event == "ended":
            self.status = record["status"]
        elif event == "task":
            self._follow_task(record)
        elif event == "signal":
            kept: dict[str, Any] = {
                key: record[key] for key in ("id", "name", "data", "by", "sent") if key in record
            }
            self.signals.append({**kept, "received": record["seq"]})
        elif event in ("items", "item"):
            self._follow_items(record)
        elif event == "operator":
            self._follow_operator(record)

    def _follow_task(self, record: Record) -> None:
        name, status = record["task"], record["status"]
        known = self.tasks.get(name, {})
        kept: dict[str, Any] = {}
        for key in ("deadline", "wait", "retry_at", "reason", "error"):
            if key in record:
                kept[key] = record[key]
        if status == "waiting":
            since = known.get("since", record["at"])
            self.tasks[name] = {"status": status, "since": since, **_deadline(known), **kept}
        elif status == "retrying":
            kept.pop("reason", None)
            self.tasks[name] = {"status": "ready", "failures": record["attempt"], **_deadline(known), **kept}
        else:
            failed = {"error": record.get("error", "")} if status in ("failed", "timed_out") else {}
            self.tasks[name] = {"status": _ENDS[status], **failed}
            if "next" in record:
                self.tasks[name]["next"] = record["next"]

    def _follow_items(self, record: Record) -> None:
        from .items import ItemsState  # lazily: few tasks have any

        task = self.tasks.setdefault(record["task"], {"status": "ready"})
        if record["event"] == "items":
            state = ItemsState(record["items"])
        else:
            state = ItemsState.from_json(task["items"])
            state.note(record["item"], record)
        task["items"] = state.to_json()

    def _follow_operator(self, record: Record) -> None:
        verb = record["verb"]
        if verb == "pause":
            self.paused = {key: record[key] for key in ("at", "by", "reason") if key in record}
        elif verb == "resume":
            self.paused = None
        elif verb == "cancel":
            self.status, self.paused = "cancelled", None
            for task in self.tasks.values():
                if task["status"] in ("ready", "waiting", "pending"):
                    task.update(status="cancelled")
                    task.pop("items", None)
        elif verb in _VERBS:
            self.status = "running"
            self._step_in(record["task"], verb, record.get("again", ()))

    def _step_in(self, name: str, verb: str, again: Iterable[str]) -> None:
        for each in again:
            self.tasks[each] = {"status": "pending"}
        task = self.tasks.get(name, {})
        if verb == "retry" and task.get("status") in ("waiting", "ready"):
            for key in ("failures", "error", "retry_at"):
                task.pop(key, None)
            terms = task.get("wait", {})
            kept = ("child", "deadline", "into", "offered", "remind_at", "remind_every")
            task["wait"] = {key: terms[key] for key in kept if key in terms}
        else:
            self.tasks[name] = {"status": _VERBS[verb]}


def _deadline(known: dict[str, Any]) -> dict[str, Any]:
    return {"deadline": known["deadline"]} if "deadline" in known else {}
