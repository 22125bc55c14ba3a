"""Which workflow and which instance the words of a command line mean."""

from __future__ import annotations

import os

from ..errors import ConfigError, InstanceNotFound, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..config import Config
    from ..project import Project

__all__ = ["DEFAULT", "known_workflows", "pick_instance", "pick_workflow", "require_workflow"]

DEFAULT = "default"


def pick_workflow(config: Config, word: str) -> str:
    """Return the name of the workflow that ``word`` means: a configured one, or the path of a ``.py`` file.

    A file that is not configured is added to the configuration, under its name without ``.py``.

    :raises UsageError: if a file would have the name of a configured workflow
    """
    if word in config.workflows or not _is_file(word):
        return word
    path = os.path.abspath(word)
    for known in config.workflows.values():
        if known.module.endswith(".py") and os.path.join(config.root, known.module) == path:
            return known.name
        if os.path.join(config.root, *known.module.split(".")) + ".py" == path:
            return known.name
    from ..config import WorkflowConfig

    name = _name_of(path)
    if name in config.workflows:
        raise UsageError(
            f'another workflow is configured as "{name}"',
            where=word,
            hint="configure this one too, or rename the file",
        )
    config.workflows[name] = WorkflowConfig(name, path)
    return name


def _is_file(word: str) -> bool:
    return word.endswith(".py") or os.sep in word or "/" in word


def _name_of(path: str) -> str:
    name = os.path.basename(path)
    name = name[:-3] if name.endswith(".py") else name
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name).lstrip("._-")
    if not name or name == "done":
        raise UsageError("no workflow can be named after this file", where=path, hint="rename it")
    return name[:100]


def known_workflows(config: Config) -> list[str]:
    """Return the names of all workflows: the configured ones, and those that have state without being so."""
    names = list(config.workflows)
    try:
        found = sorted(os.listdir(config.state)) if config.store == "files" else []
    except OSError:
        found = []
    from ..stores.names import is_name

    for name in found:
        if name not in config.workflows and is_name(name) and os.path.isdir(os.path.join(config.state, name)):
            names.append(name)
    return names


def require_workflow(config: Config, name: str) -> None:
    """Check that the code of a workflow is known, and tell how to name it where only its instances are.

    :raises ConfigError: if it is neither configured nor given as a file
    """
    if name in config.workflows or name not in known_workflows(config):
        return
    raise ConfigError(
        f'workflow "{name}" has instances in {config.state}, and is not configured',
        hint=f"give its file, such as {name}.py, or configure it in wfepy.toml",
    )


def _require_instance(project: Project, workflow: str, word: str) -> None:
    """Check that there is an instance, and name some where there is not.

    :raises InstanceNotFound: if there is none
    """
    live = project.store.list(workflow)
    if word in live or word in project.store.list(workflow, ended=True):
        return
    from ..suggest import did_you_mean

    hint = did_you_mean(word, live)
    if live and not hint.startswith("did you mean"):
        hint = f"live ones are {_some(live, 5)}"  # there may be thousands
    raise InstanceNotFound("there is no such instance", where=f"{workflow}/{word}", hint=hint)


def _some(ids: Sequence[str], limit: int) -> str:
    return ", ".join(ids[:limit]) + (f" and {len(ids) - limit} more" if ids[limit:] else "")


def pick_instance(project: Project, workflow: str, word: str | None) -> str:
    """Return the id of the instance that is meant: the only one, or ``default``, where none is named.

    :raises InstanceNotFound: if there is none, or not the one that is named
    :raises UsageError: if there are several
    """
    if word is not None:
        _require_instance(project, workflow, word)
        return word
    live = project.store.list(workflow)
    ids = live or project.store.list(workflow, ended=True)
    if not ids:
        raise InstanceNotFound(
            "it has no instance", where=f"workflow {workflow}", hint="wfepy run or wfepy start begins one"
        )
    if len(ids) == 1:
        return ids[0]
    if DEFAULT in ids:
        return DEFAULT
    raise UsageError(f"it has several instances, name one of {_some(ids, 10)}", where=f"workflow {workflow}")
