"""The table of errors in ``docs/reference/exit-codes.md``."""

from __future__ import annotations

import inspect

from prose import from_docstring, table
from wfepy_hooks import errors as module

__all__ = ["errors"]


def errors() -> str:
    """Return a table of all errors with their exit codes."""
    found = [getattr(module, name) for name in module.__all__]
    rows = [
        (f"`{error.__name__}`", str(error.exit_code), from_docstring(_first(error)))
        for error in sorted(found, key=lambda each: (each.exit_code, each.__name__))
    ]
    return table(("error", "code", "when"), rows)


def _first(error: type) -> str:
    return (inspect.getdoc(error) or "").split("\n\n")[0]
