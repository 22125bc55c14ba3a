"""The first context of an instance."""

from __future__ import annotations

import sys

from .context import Context, put
from .errors import ConfigError, UsageError

__all__ = ["first_context"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .configfile import WorkflowConfig


def first_context(
    workflow: WorkflowConfig, values: Mapping[str, object], find: Callable[[str], object] = sys.modules.get
) -> Any:
    """Return what the ``context`` of a workflow makes, whose module is imported; by default a :class:`.Context`.

    :param find: returns the module of a name
    :param values: set in it, as items of a dict or attributes of another object
    :raises ConfigError: if it cannot be made
    :raises UsageError: if a value cannot be set
    """
    context = _made(workflow.context, workflow.name, find) if workflow.context else Context()
    for key, value in values.items():
        _check_name(context, key)
        try:
            put(context, key, value)
        except (AttributeError, TypeError) as error:
            raise UsageError(
                f"{key} cannot be set on a context of type {type(context).__name__}: {error}",
                hint="leave it out, or let the context's class have it",
            ) from error
    return context


def _check_name(context: object, key: str) -> None:
    """Refuse what is likely a misspelt field of a dataclass; it would be set, and nobody would look at it.

    :raises UsageError: if it is
    """
    fields = getattr(type(context), "__dataclass_fields__", None)
    if not fields or key in fields or hasattr(context, key):
        return
    from .suggest import closest  # lazily: only for what is not declared

    if near := closest(key, fields):
        raise UsageError(
            f'the context is a {type(context).__name__}, which has no field "{key}"',
            hint=f'did you mean "{near}"?',
        )


def _made(factory: str, workflow: str, find: Callable[[str], object]) -> Any:
    module, _, attribute = factory.partition(":")
    made: Any = find(module)
    for part in attribute.split("."):
        made = getattr(made, part, None)
    if not callable(made):
        raise ConfigError(
            f'context = "{factory}" names nothing that can be called', where=f"workflow {workflow}"
        )
    try:
        return made()
    except (Exception, SystemExit) as error:
        raise ConfigError(f'context = "{factory}" raised {type(error).__name__}: {error}') from error
