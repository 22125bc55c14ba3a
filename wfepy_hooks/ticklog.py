"""The log file of ticks, for commands of plugins that tick, too."""

from __future__ import annotations

from .cli.ticklog import TickLog

__all__ = ["TickLog"]
