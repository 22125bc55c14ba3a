"""How blocks of code look on the site: the title of a file is its name, and of a console what is typed stands out."""

from __future__ import annotations

import re

from pygments.lexers.shell import BashSessionLexer  # type: ignore[import-untyped]

__all__ = ["typed_lines", "with_titles"]

#: What the tests of the pages know a file by, below the name that readers of GitHub see.
FILE = re.compile(r"(?:^`\S+`\n\n)?^<!-- file: (\S+) -->\n+```(\S+)$", re.MULTILINE)


def with_titles(markdown: str) -> str:
    """Return a page in which the name of each file is the title of its block."""
    return FILE.sub(r'```\2 title="\1"', markdown)


def typed_lines() -> None:
    """Let Pygments take for typed what stands behind a dollar; else it is output that begins with # or >, too."""
    BashSessionLexer._ps1rgx = re.compile(r"^(\$ )(.*\n?)")
