"""The life of one instance as a Gantt chart, from its history: text, Mermaid, and SVG without any other program."""

from __future__ import annotations

from .chart import Bar, Chart, Mark, Row
from .history import chart
from .mermaid import gantt_mermaid
from .svg import gantt_svg
from .text import gantt_text

__all__ = ["Bar", "Chart", "Mark", "Row", "chart", "gantt_mermaid", "gantt_svg", "gantt_text"]
