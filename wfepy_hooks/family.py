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
        generation = parent.generation(task)
        name = child.id or _child_id(parent.id, task, generation)
        key = f"{child.workflow}/{name}"
        link = {
            "workflow": parent.workflow.name,
            "instance": parent.id,
            "uid": parent.uid,
            "task": task,
            "generation": str(generation),
            "signal": f"wfepy.ended.{key}",
        }
        try:
            project.create(child.workflow, name, child.data, parent=link).release()
        except InstanceExists:
            if not self._is_child(child.workflow, name, link):
                raise
        self.touched[child.workflow, name] = None
        return key

    def _is_child(self, workflow: str, name: str, link: dict[str, str]) -> bool:
        try:
            document, _, _ = self._project.store.read(workflow, name)
        except InstanceNotFound:
            return False  # somebody is creating it right now
        return document.get("parent") == link

    def tell_parent(self, instance: Instance) -> None:
        """Tell the parent that its child has ended; called again after a crash, it is told once."""
        link = instance.parent
        if link is None or instance.ended is None:
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
        if ended or document.get("uid") != link["uid"]:
            return True
        task = document["tasks"].get(link["task"], {})
        if records or task.get("generation", 0) != int(link["generation"]):
            return False
        # Not after a failure: somebody may have the task retried, and it waits for this child again.
        return task.get("status") in ("done", "skipped", "cancelled")


def _child_id(parent: str, task: str, generation: int) -> str:
    suffix = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in task)
    made = f"{parent}.{suffix}" + (f".{generation + 1}" if generation else "")
    if len(made) > 100:
        from zlib import crc32

        made = f"{made[:91]}-{crc32(made.encode()):08x}"
    return made
