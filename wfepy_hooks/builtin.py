"""The engine's own plugin: what is done when no other plugin does it. Built with the hooks that everybody has."""

from __future__ import annotations

from .markers import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .config import Config
    from .configfile import WorkflowConfig
    from .executors import Executor
    from .instance import Instance
    from .outcome import Wait
    from .registry import Registry
    from .scheduling import ScheduleEntry
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


def make_inline_executor(config: Config, argument: str) -> Executor:
    """Return the executor that calls in the thread of the tick."""
    from .executors import choosing, inline  # Lazily: as above.

    choosing.no_argument("inline", argument)
    return inline.InlineExecutor()


def make_thread_executor(config: Config, argument: str) -> Executor:
    """Return the executor of ``argument`` threads, by default one for each processor."""
    from .executors import choosing, threads  # Lazily: as above.

    return threads.ThreadExecutor(choosing.number_of_slots("threads", argument))


def make_process_executor(config: Config, argument: str) -> Executor:
    """Return the executor of ``argument`` processes, by default one for each processor."""
    from .executors import choosing, processes  # Lazily: as above.

    return processes.ProcessExecutor(choosing.number_of_slots("processes", argument))


@hookimpl
def wfepy_register(registry: Registry) -> None:
    registry.add("store", "files", make_file_store)
    registry.add("store", "memory", make_memory_store)
    registry.add("executor", "inline", make_inline_executor)
    registry.add("executor", "threads", make_thread_executor)
    registry.add("executor", "processes", make_process_executor)


@hookimpl
def wfepy_collect_schedules(config: Config, workflows: dict[str, WorkflowConfig]) -> list[ScheduleEntry]:
    from .scheduling import from_config  # Lazily: most commands ask for no schedules.

    return from_config(config, workflows)


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
