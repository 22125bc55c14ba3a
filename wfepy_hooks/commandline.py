"""What the commands of plugins speak with, so that they do it as the engine's own do.

Results go to standard output by :func:`result` and :func:`result_json`, everything else to standard error by
:func:`say`. Neither fails where a reader has gone or a stream cannot hold a character.
What is no part of a command, such as a plugin that observes, warns by a :func:`logger`: that reaches the handlers of
whoever has set up logging, and is told as a warning of the command where nobody has.
"""

from __future__ import annotations

from .cli.output import clean, result, result_json, say
from .cli.tables import show_table
from .cli.ticklog import TickLog
from .cli.tickoptions import add_tick_arguments, plain_tick_arguments, tick_log
from .lazy import lazy_names
from .notices import logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cli.generate import show_files
    from .cli.parsing import add_json, add_verbs, description

__all__ = [
    "TickLog",
    "add_json",
    "add_tick_arguments",
    "add_verbs",
    "clean",
    "description",
    "logger",
    "plain_tick_arguments",
    "result",
    "result_json",
    "say",
    "show_files",
    "show_table",
    "tick_log",
]

if not TYPE_CHECKING:
    # argparse takes 8 ms, and a tick of a plugin does without.
    _LAZY = {"cli.generate": ("show_files",), "cli.parsing": ("add_json", "add_verbs", "description")}
    __getattr__, __dir__ = lazy_names(globals(), _LAZY)
