"""Sub-workflows: an instance that starts another one, waits for its end, and takes it along when it is cancelled.

A parent and its child tell each other by signals, which survive any crash and are delivered once: the child that it has
ended, the parent that it is to be cancelled.
"""

from __future__ import annotations

from .errors import InstanceExists, InstanceNotFound, StateError, UsageError

__all__ = ["CANCEL", "Family"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .instance import Instance
    from .project import Project
    from .waiting import Child

#: The signal that cancels an instance; sent to children.
CANCEL = "wfepy.cancel"


class Family:
    """Starts children and carries messages between them and their parents.

    :ivar touched: the instances that something was sent to or that were begun, and that are not advanced yet
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.touched: dict[tuple[str, str], None] = {}

    def start_child(self, parent: Instance, task: str, child: Child) -> str:
        """Begin the child that a task asks for, unless that was done before; return ``workflow/instance``.

        Where the id is that of a child that this task had before it was rewound, repeated by a loop or tried again,
        the new one is ``ID.2``, ``ID.3`` and so on.

        :raises UsageError: if the other workflow is not configured
        :raises InstanceExists: if there is an instance of this id that is not this task's child
        """
        project = self._project
        if child.workflow not in project.config.workflows:
            raise UsageError(
                f'start_child("{child.workflow}"): there is no such workflow',
                where=f'task "{task}"',
                hint=f"configured are {', '.join(project.config.workflows)}",
            )
        first, generation, number = child.id or _child_id(parent.id, task), parent.generation(task), 1
        while True:
            name = _numbered(first, number)
            if self._begin(parent, task, child, name):
                self.touched[child.workflow, name] = None
                return f"{child.workflow}/{name}"
            # A loop that has repeated a thousand times does not try a thousand ids.
            number = max(number, generation) + 1

    def _begin(self, parent: Instance, task: str, child: Child, name: str) -> bool:
        """Begin a child of this id; it may have been begun before a crash.

        :return: ``False`` if it is one of the task's past
        :raises InstanceExists: if it is none of the task
        """
        link = {
            "workflow": parent.workflow.name,
            "instance": parent.id,
            "uid": parent.uid,
            "task": task,
            "generation": str(parent.generation(task)),
            "signal": f"wfepy.ended.{child.workflow}/{name}",
        }
        try:
            self._project.create(child.workflow, name, child.data, parent=link).release()
        except InstanceExists:
            is_present = self._is_present(parent, child.workflow, name, link)
            if is_present is None:
                raise
            return is_present
        return True

    def _is_present(self, parent: Instance, workflow: str, name: str, link: dict[str, str]) -> bool | None:
        """Return whether an instance is the child that the task waits for, and not one of its past.

        :return: ``None`` if it is no child of the task
        """
        try:
            document, _, ended = self._project.store.read(workflow, name)
        except InstanceNotFound:
            return None  # somebody is creating it right now
        found = document.get("parent")
        if found == link:
            return not (ended and self._was_taken(parent, workflow, name, document))
        if found is None or {**found, "generation": ""} != {**link, "generation": ""}:
            return None
        if int(found["generation"]) > int(link["generation"]):
            return None  # an older state of the parent was restored
        if not ended:  # the message that the rewind sends is lost if the machine stops before
            self.cancel_children(parent, [f"{workflow}/{name}"])
        return False

    def _was_taken(self, parent: Instance, workflow: str, name: str, document: dict[str, Any]) -> bool:
        """Return whether a task has had the outcome of a child that has ended; if it was never told, tell it."""
        told = f"ended-{document['uid']}-{document['history']['records']}"
        if any(each.id == told for each in parent.signals):
            return False
        history = self._project.store.history(parent.workflow.name, parent.id)
        if any(record["event"] == "signal" and record["id"] == told for record in history):
            return True
        # The parent had ended itself when the child did, and was brought back.
        self.tell_parent(self._project.read(workflow, name))
        return False

    def tell_parent(self, instance: Instance) -> None:
        """Tell the parent that its child has ended; called again after a crash, it is told once."""
        link = instance.parent
        if link is None or instance.ended is None or self._is_past(link):
            return
        project = self._project
        encoded = project.codec(instance.workflow.name).encode(instance.context)
        data = {
            "workflow": instance.workflow.name,
            "instance": instance.id,
            "status": instance.ended,
            "context": encoded,
        }
        signal = {"id": f"ended-{instance.uid}-{instance.seq}", "name": link["signal"], "data": data}
        self._send(link["workflow"], link["instance"], signal)

    def _is_past(self, link: dict[str, str]) -> bool:
        """Return whether a task has begun anew since it started a child: its end would be kept, and never taken."""
        try:
            document, _, _ = self._project.store.read(link["workflow"], link["instance"])
        except StateError:
            return False  # there is none, or it cannot be told
        task = document.get("tasks", {}).get(link["task"], {})
        return bool(
            document.get("uid") == link["uid"] and task.get("generation", 0) > int(link["generation"])
        )

    def cancel_children(self, instance: Instance, children: list[str]) -> None:
        """Tell children that nobody waits for them any more."""
        for key in children:
            workflow, _, name = key.partition("/")
            self._send(workflow, name, {"id": f"cancel-{instance.uid}-{instance.seq}", "name": CANCEL})

    def _send(self, workflow: str, instance: str, signal: Mapping[str, object]) -> None:
        from .clock import format_time

        signal = {**signal, "by": "wfepy", "sent": format_time(self._project.config.clock())}
        try:
            self._project.store.send(workflow, instance, signal)
        except InstanceNotFound:
            return  # it has ended
        self.touched[workflow, instance] = None

    def is_orphan(self, instance: Instance) -> bool:
        """Return whether nobody waits for the end of a child any more."""
        link = instance.parent
        if link is None:
            return False
        try:
            document, records, ended = self._project.store.read(link["workflow"], link["instance"])
        except InstanceNotFound:
            return True
        except StateError:
            return False  # it cannot be told; the parent's own tick says what is wrong
        if document.get("uid") != link["uid"]:
            return True
        task = document["tasks"].get(link["task"], {})
        is_of_now = task.get("generation", 0) == int(link["generation"])
        if is_of_now and task.get("status") == "failed":
            return False  # a person has brought the child back, and may have the task retried next
        if ended or records or not is_of_now:
            return ended
        return task.get("status") in ("done", "skipped", "cancelled")


def _child_id(parent: str, task: str) -> str:
    suffix = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in task)
    return _shortened(f"{parent}.{suffix}")


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else _shortened(f"{name}.{number}")


def _shortened(name: str) -> str:
    """Return a name that an instance may have, for one that may be too long; different for different ones."""
    if len(name) <= 100:
        return name
    from zlib import crc32

    return f"{name[:91]}-{crc32(name.encode()):08x}"
