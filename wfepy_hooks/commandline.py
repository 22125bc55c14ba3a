"""What the commands of plugins speak with, so that they do it as the engine's own do.

Results go to standard output by :func:`result` and :func:`result_json`, everything else to standard error by
:func:`say`. Neither fails where a reader has gone or a stream cannot hold a character.
"""

from __future__ import annotations

from .cli.generate import show_files
from .cli.output import clean, result, result_json, say
from .cli.parsing import add_json
from .cli.tables import show_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cli.flags import Flags
    from .config import Config

__all__ = ["add_json", "clean", "result", "result_json", "run_tick", "say", "show_files", "show_table"]


def run_tick(config: Config, flags: Flags, workflows: Sequence[str] = (), *, due: bool = False) -> int:
    """Do what ``wfepy tick`` does, in this process, and return its exit code.

    :param flags: ``args.flags`` of the command that does it
    :param workflows: only these
    :param due: leave out the workflows whose schedule is not due
    :raises WfepyError: if there can be no tick
    """
    from types import SimpleNamespace

    from .cli import tick  # lazily: few commands do one

    words = SimpleNamespace(workflows=list(workflows), due=due, log=None, mail_errors=False, json=False)
    words.flags = flags
    return tick.run(words, config)  # type: ignore[arg-type]  # it is what its own parser makes
