"""The steps by which a document and its newer records get into the words of the present code; see :mod:`.migration`."""

from __future__ import annotations

from .alignment import TAKEN, Alignment, split, words_to
from .migration import Adapted, Question

__all__ = ["Fitting"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any

    from .workflow import Workflow

    Document = dict[str, Any]
    Record = dict[str, Any]
    Entry = dict[str, Any]

#: What the record of an attempt, or of what a person did, makes of its task.
_AFTER = {
    "completed": "done",
    "failed": "failed",
    "timed_out": "timed_out",
    "waiting": "waiting",
    "retrying": "ready",
    "done": "done",
    "skip": "skipped",
    "retry": "ready",
    "rewind": "ready",
}
#: A task of which nothing is left to be lost: it has not run in this pass.
_NEVER_RAN = ("pending", "skipped", "cancelled")
_FORGOTTEN = "forgotten"


class Fitting:
    """One instance on its way into the new code."""

    def __init__(
        self,
        document: Document,
        records: list[Record],
        workflow: Workflow,
        drop: Collection[str],
        keep: Collection[str],
    ) -> None:
        self.workflow = workflow
        self.graph = workflow.graph
        self.tasks: dict[str, Entry] = {name: dict(entry) for name, entry in document["tasks"].items()}
        self.queue: list[str] = list(document["queue"])
        self.records = [dict(record) for record in records]
        self.parent: Any = document.get("parent")
        self.result = Adapted({**document}, self.records)
        #: For looking only: nothing will run any more, so nothing has to be decided.
        self.is_over = document["status"] != "running"
        decided = [each for each in records if each["event"] == "operator" and each["verb"] == "migrate"]
        self.drop = {name for each in decided for name in each.get("drop", ())}.union(drop)
        self.keep = {name for each in decided for name in each.get("keep", ())}.union(keep)
        #: The tasks about which there is a question: what depends on the answer is not asked yet.
        self.open: set[str] = set()

    def run(self) -> Adapted:
        for name in sorted(self.drop - self.graph.index.keys()):
            if name in self._names():
                self._forget(name)
                self.result.changes.append(f'"{name}" is forgotten')
        self._rename()
        standing = self._replace_removed()
        self._forget_unknown()
        self._align()
        for task, old, place in standing:
            self._stand_at(task, old, place)
        self._begin_new_starts()
        self._join_loops()
        document = self.result.document
        document["tasks"], document["queue"] = self.tasks, self.queue
        if self.parent is not None:
            document["parent"] = self.parent
        return self.result

    # What there is

    def _names(self) -> dict[str, str]:
        """Return the status of every task that is named anywhere; ``pending`` if it is only led to."""
        found = {dest: "pending" for _, dest, _ in self._decisions()}
        found.update((name, entry["status"]) for name, entry in self.tasks.items())
        for record in self.records:
            status = _after(record)
            if status:
                found[record["task"]] = status
        return found

    def _decisions(self) -> Iterator[tuple[Entry, str, str]]:
        """Yield every decision as the entry or record that it is in, the destination and the word."""
        for entry in (*self.tasks.values(), *self.records):
            for text in entry.get("next", ()):
                yield entry, *split(text)

    def _is_led_to(self, name: str) -> bool:
        return any(dest == name and word in TAKEN for _, dest, word in self._decisions())

    def _ask(self, task: str, reason: str, *options: str, hint: str = "") -> None:
        if task not in self.open:
            self.result.questions.append(Question(task, reason, options, hint))
        self.open.add(task)

    # Names

    def _rename(self) -> None:
        """Put new names wherever the old ones are; linear in all that is renamed."""
        known = self._names()
        saved = {dest for entry in self.tasks.values() for dest, _ in map(split, _next(entry))}
        saved.update(self.tasks)
        new_names: dict[str, str] = {}
        for task in self.workflow.tasks.values():
            old_names = [
                old for old in task.options.renamed_from if old in known and old not in self.graph.index
            ]
            for old in old_names:
                others = [each for each in (task.name, *old_names) if each != old and each in saved]
                if others and old in saved and not self.is_over:
                    reason = (
                        f'it has both "{old}" and "{others[0]}", which would be one task by renamed_from='
                    )
                    self._ask(old, reason, f"--drop {old}")
                else:
                    new_names[old] = task.name
                    self.result.changes.append(f'"{task.name}" was called "{old}"')
        if new_names:
            self._call_them(new_names)

    def _call_them(self, new_names: dict[str, str]) -> None:
        self.tasks = {new_names.get(name, name): entry for name, entry in self.tasks.items()}
        self.queue = [new_names.get(name, name) for name in self.queue]
        for entry in (*self.tasks.values(), *self.records):
            if "next" in entry:
                pairs = [split(text) for text in entry["next"]]
                entry["next"] = [f"{new_names.get(dest, dest)}: {word}" for dest, word in pairs]
        for record in self.records:
            if record.get("task") in new_names:
                record["task"] = new_names[record["task"]]
        parent = self.parent
        if parent and parent.get("workflow") == self.workflow.name and parent.get("task") in new_names:
            self.parent = {**parent, "task": new_names[parent["task"]]}
        self._rename_waits(new_names)

    def _rename_waits(self, new_names: dict[str, str]) -> None:
        """Rename what is called after a task that waits: an approval's signal, the key for a child's end."""
        earlier = {new: old for old, new in new_names.items()}
        waiting = [*self.tasks.items(), *((record.get("task", ""), record) for record in self.records)]
        for name, entry in waiting:
            if name in earlier and "wait" in entry:
                wait = entry["wait"] = dict(entry["wait"])
                if wait.get("child") and wait.get("into") == earlier[name]:
                    wait["into"] = name
                if self._is_approval(name) and wait.get("signals") == [earlier[name]]:
                    wait["signals"] = [name]
        approvals = {old: new for old, new in new_names.items() if self._is_approval(new)}
        for signal in self.records:
            if signal["event"] == "signal" and signal["name"] in approvals:
                signal["name"] = approvals[signal["name"]]
        document = self.result.document
        if "signals" in document:
            document["signals"] = [
                {**each, "name": approvals.get(each["name"], each["name"])} for each in document["signals"]
            ]

    def _is_approval(self, name: str) -> bool:
        """Return whether a task waits for a signal of its own name, see :func:`.approval`."""
        return getattr(self.workflow.tasks[name].func, "task_name", "") == name

    def _lead_to(self, old: str, new: str, word: str = "") -> None:
        """Let what leads to ``old`` lead to ``new``.

        :param word: what becomes of a transition that was taken; empty: it stays so
        """
        for entry in {id(entry): entry for entry, dest, _ in self._decisions() if dest == old}.values():
            pairs = [split(text) for text in entry["next"]]
            entry["next"] = [
                f"{new}: {word if word and kept in TAKEN else kept}" if dest == old else f"{dest}: {kept}"
                for dest, kept in pairs
            ]

    def _forget(self, name: str) -> None:
        """Take a task out of everything but the context, which keeps what the task has put there."""
        self.tasks.pop(name, None)
        self.queue = [each for each in self.queue if each != name]
        for entry in (*self.tasks.values(), *self.records):
            if "next" in entry:
                entry["next"] = [text for text in entry["next"] if split(text)[0] != name]
        self._forget_records(name)

    def _forget_records(self, name: str) -> None:
        """Leave of the records of a task what they change in the context, and that they took signals."""
        taken: set[str] = set()
        for record in self.records:
            if record.get("task") == name:
                record["event"] = _FORGOTTEN
                taken.update(record.get("consumed", ()), record.get("dropped", ()))
        if taken:
            document = self.result.document
            document["signals"] = [each for each in document.get("signals", ()) if each["id"] not in taken]
            for record in self.records:
                if record["event"] == "signal" and record["id"] in taken:
                    record["event"] = _FORGOTTEN

    # Tasks that are gone

    def _replace_removed(self) -> list[tuple[str, str, int]]:
        """Put tasks in the place of others that are gone.

        :return: the tasks at which the instance goes on, each with what it replaces and its place in the queue
        """
        standing = []
        known = self._names()
        for task in self.workflow.tasks.values():
            for old in task.options.removed:
                if old in known and old not in self.graph.index:
                    place = self._replace(old, task.name, known)
                    if place is not None:
                        standing.append((task.name, old, place))
        return standing

    def _replace(self, old: str, task: str, known: Mapping[str, str]) -> int | None:
        """Put ``task`` in the place of ``old``; return its place in the queue if the instance stands there."""
        status = known[old]
        following = self._decided(old)
        words = words_to(task, following)
        is_past = status in _NEVER_RAN or status == "done" or bool(following)
        has_run = is_past and status not in _NEVER_RAN
        if has_run and not words and known.get(task, "pending") == "pending" and not self.is_over:
            reason = (
                f'task "{old}" is {_in_words(status)}, and "{task}", which takes its place by removed=, '
                "has not run and did not follow it"
            )
            self._ask(
                old, reason, f"--drop {old}", hint=f'write renamed_from="{old}" if it does the same work'
            )
            return None
        place = self.queue.index(old) if old in self.queue else len(self.queue)
        self.tasks.pop(old, None)
        self.queue = [name for name in self.queue if name != old]
        # What led to the old task leads past it now, and was taken only if the old task led on, too.
        led_on = not has_run or not words or any(word in TAKEN for word in words)
        self._lead_to(old, task, "" if led_on else words[0])
        self._forget_records(old)
        self.result.changes.append(f'"{task}" takes the place of "{old}"')
        return None if is_past else place

    def _decided(self, name: str) -> list[str]:
        """Return what was decided last about the transitions of a task."""
        found: list[str] = list(_next(self.tasks.get(name, {})))
        for record in self.records:
            if record.get("task") == name and record.get("next"):
                found = record["next"]
        return found

    def _stand_at(self, task: str, old: str, place: int) -> None:
        """Let the instance go on at ``task``, where no transition that was taken leads."""
        entry = self.tasks.get(task, {"status": "pending"})
        is_new_start = task not in self.tasks and self.graph.index[task] in self.graph.starts
        is_recorded = any(record.get("task") == task for record in self.records)
        if entry["status"] == "pending" and not (is_new_start or is_recorded or self._is_led_to(task)):
            self.tasks[task] = {**entry, "status": "ready"}
            self.queue.insert(place, task)

    def _forget_unknown(self) -> None:
        for name, status in self._names().items():
            if name in self.graph.index or name in self.open:
                continue
            was_coming = status == "pending" and self._is_led_to(name)
            if self.is_over or (status in _NEVER_RAN and not was_coming):
                if name in self.tasks:
                    self.result.changes.append(f'"{name}" did not run and is gone')
                self._forget(name)
            else:
                self._ask_about_unknown(name, status)

    def _ask_about_unknown(self, name: str, status: str) -> None:
        from .suggest import closest

        near = closest(name, [each for each in self.graph.names if each not in self.tasks])
        where = {
            "pending": "which was to run",
            "ready": "and the instance is there",
            "waiting": "and the instance waits there",
            "done": "which is done",
        }.get(status, f"which {_in_words(status)}")
        suggestion = f' (did you mean "{near}"?)' if near else ""
        reason = f"the workflow has no task {name!r}{suggestion}, {where}"
        hint = f'write renamed_from="{name}" at the task that it is now, or removed="{name}" at the one that follows'
        self._ask(name, reason, f"--drop {name}", hint=hint)

    # Transitions

    def _align(self) -> None:
        """Sort the decisions of each decided task into the transitions that it has now."""
        states = {name: entry["status"] for name, entry in self.tasks.items()}
        for name, entry in self.tasks.items():
            if name in self.graph.index and (
                "next" in entry or entry["status"] in ("done", "skipped", "cancelled")
            ):
                self._align_one(name, entry, entry["status"], states)
        for record in self.records:
            status = _after(record)
            if status and record["task"] in self.graph.index and (record.get("next") or status == "done"):
                self._align_one(record["task"], record, status, None)

    def _align_one(self, name: str, entry: Entry, status: str, states: Mapping[str, str] | None) -> None:
        """Sort the decisions in one entry or record.

        :param states: the status of each task, ``None`` where they are not known
        """
        texts = list(_next(entry))
        if any(split(text)[0] in self.open for text in texts):
            return
        alignment = Alignment(self.workflow, name, texts, status, states)
        alignment.keep = self.is_over or name in self.keep
        decided = alignment.run()
        if alignment.problem:
            reason = f'task "{name}" was decided when it had other transitions: {alignment.problem}'
            self._ask(name, reason, f"--keep {name}", f"--rewind {name}")
            return
        if decided != texts:
            what = ", ".join(decided) or "nothing follows it"
            self.result.changes.append(f'"{name}" is decided: {what}')
        entry.pop("next", None)
        if decided:
            entry["next"] = decided

    # What is new

    def _begin_new_starts(self) -> None:
        """Begin at the start points that were none: those that are not listed are begun when the document is read."""
        if self.is_over:
            return
        for start in self.graph.starts:
            name = self.graph.names[start]
            entry = self.tasks.get(name, {"status": "pending"})
            if entry["status"] == "pending":
                self.result.changes.append(f'"{name}" is a new start point')
                if name in self.tasks:
                    self.tasks[name] = {**entry, "status": "ready"}
                    self.queue.append(name)

    def _join_loops(self) -> None:
        """Let tasks that are new in a loop be in the same pass as its head."""
        for task, loop in enumerate(self.graph.loop_of):
            name = self.graph.names[task]
            if loop < 0 or name in self.tasks or task in self.graph.starts:
                continue
            head = self.tasks.get(self.graph.names[self.graph.loops[loop].head], {})
            if head.get("generation"):
                self.tasks[name] = {"generation": head["generation"], "status": "pending"}


def _next(entry: Entry) -> list[str]:
    found = entry.get("next", [])
    if not isinstance(found, list):
        raise TypeError(f'"next" must be a list, not {found!r}')
    return found


def _after(record: Record) -> str:
    """Return the status that a record gives its task; empty if it is about no task's status."""
    if record["event"] == "task":
        return _AFTER[record["status"]]
    return _AFTER.get(record["verb"], "") if record["event"] == "operator" else ""


def _in_words(status: str) -> str:
    return status.replace("_", " ")
