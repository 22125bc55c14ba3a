"""To come."""

from __future__ import annotations

from wfepy_hooks import hookimpl

__all__ = ["hookimpl"]
