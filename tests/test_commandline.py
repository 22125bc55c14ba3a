"""What the commands of plugins speak with is there, and costs a tick of theirs nothing that it does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wfepy_hooks import commandline


def test_every_public_name_is_there() -> None:
    assert [name for name in commandline.__all__ if not callable(getattr(commandline, name))] == []
    assert list(commandline.__all__) == sorted(commandline.__all__)


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match=r"'wfepy_hooks\.commandline' has no attribute 'add_jsn'"):
        _ = commandline.add_jsn  # type: ignore[attr-defined]
    with pytest.raises(ImportError):
        from wfepy_hooks.commandline import add_jsn  # type: ignore[attr-defined]  # noqa: F401


def test_a_parser_is_imported_by_what_needs_one() -> None:
    code = """
import sys
from wfepy_hooks.commandline import clean, TickLog, plain_tick_arguments, result, say, show_table, tick_log
print("argparse" in sys.modules)
from wfepy_hooks.commandline import add_json
print("argparse" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
