"""The engine's own plugin: what is done when no other plugin does it. Built with the hooks that everybody has."""

from __future__ import annotations

from .markers import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .config import Config
    from .instance import Instance
    from .outcome import Wait
    from .registry import Registry
    from .stores.protocol import Document, Session, Store
    from .task import Task
    from .workflow import Workflow


def make_file_store(config: Config) -> Store:
    """Return the store that keeps instances as text files under ``config.state``."""
    from .stores.files import FileStore  # Lazily: another store may be chosen.

    return FileStore(config.state)


def make_memory_store(config: Config) -> Store:
    """Return the store that forgets everything when the process ends."""
    from .stores.memory import MemoryStore  # Lazily: as above.

    return MemoryStore()


@hookimpl
def wfepy_register(registry: Registry) -> None:
    registry.add("store", "files", make_file_store)
    registry.add("store", "memory", make_memory_store)


@hookimpl(trylast=True)
def wfepy_load_workflows(config: Config, path: str) -> Workflow:
    from .loader import load_workflow  # Lazily: a plugin may have loaded it.

    return load_workflow(path, config.root)


@hookimpl(trylast=True)
def wfepy_run_task(instance: Instance, task: Task, attempt: int) -> bool | Wait:
    assert instance.run_task is not None, "the runner sets it before it calls this hook"
    return instance.run_task(task, attempt)


@hookimpl(trylast=True)
def wfepy_load_state(session: Session) -> tuple[Document, list[dict[str, Any]]]:
    return session.load()


@hookimpl(trylast=True)
def wfepy_save_state(session: Session, document: Document) -> bool:
    session.snapshot(document)
    return True
