"""Texts of the code as Markdown: help texts of commands, and docstrings with Sphinx's marks."""

from __future__ import annotations

import inspect
import re
import textwrap
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["cell", "from_docstring", "from_help", "inline", "table"]

#: What is code in a help text, which has no marks: data, tables of the config, commands, options, names.
CODE = re.compile(
    r"""(?<![\w`])(?:
        (?P<page>docs/[\w/-]+\.md)
        | \[(?:\w+\.)*\w+\]
        | wfepy\ (?!has|made)[a-z][a-z-]+(?:\ (?:show|install|uninstall|status|sync|test))?(?:\ --?[a-z][a-z-]*)*
        | --?[a-zA-Z][a-z-]*=?(?![\w-])
        | \w+_\w+=?
        | [a-z]+=(?![\w="'])
        | /?(?:[\w.]+/)+[\w.]+
        | \.wfepy
    )""",
    re.VERBOSE,
)
#: Data of this length stands in a block of its own.
LONG = 60
ROLE = re.compile(r":\w+:`[~.!]*([^`]+)`")
FIELD = re.compile(r":(param|ivar|cvar|raises|return)s?\b\s*([^:]*):\s*")
FIELDS = re.compile(rf"^(?:{FIELD.pattern})+", re.MULTILINE)


def from_help(doc: str) -> str:
    """Return the docstring of a command as Markdown; what is indented in it are examples."""
    return "\n\n".join(_block(each) for each in textwrap.dedent(doc).strip().split("\n\n"))


def _block(paragraph: str) -> str:
    if paragraph.startswith(" "):
        return f"```sh\n{textwrap.dedent(paragraph)}\n```"
    text = " ".join(paragraph.split())
    parts, prose = [], ""
    for part in _split_data(text):
        if not part.startswith("{"):
            prose += inline(part)
        elif len(part) < LONG:
            prose += f"`{part}`"
        else:
            parts += [prose.strip(), "```text\n" + "\n".join(textwrap.wrap(part, 100)) + "\n```"]
            prose = ""
    end = prose.lstrip(" .,;")
    return "\n\n".join([*parts, fill(end[:1].upper() + end[1:] if parts else prose.strip())]).strip()


def _split_data(text: str) -> list[str]:
    """Return the text in pieces, of which those are data that begin with a brace."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        if letter == "{" and (depth := depth + 1) == 1:
            parts.append(text[start:place])
            start = place
        elif letter == "}" and (depth := depth - 1) == 0:
            parts.append(text[start : place + 1])
            start = place + 1
    return [*parts, text[start:]]


def inline(text: str) -> str:
    """Return plain text as Markdown, with what is code in it marked as such."""

    def mark(found: re.Match[str]) -> str:
        page = found["page"]
        return f"[{page}](../{page.removeprefix('docs/')})" if page else f"`{found[0]}`"

    pieces, last = [], 0
    for found in CODE.finditer(text):
        pieces += [_escaped(text[last : found.start()]), mark(found)]
        last = found.end()
    return "".join([*pieces, _escaped(text[last:])])


def _escaped(text: str) -> str:
    return re.sub(r"([*<>\[\]`])", r"\\\1", text)


def cell(text: str) -> str:
    """Return Markdown as it may stand in a cell of a table."""
    return " ".join(text.split()).replace("|", r"\|")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table; its cells are Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |".replace("|  |", "| |") for line in lines)


def fill(text: str) -> str:
    """Return a paragraph in lines, none of which begins as something else in Markdown."""
    lines = textwrap.wrap(text, 120, break_long_words=False, break_on_hyphens=False)
    return "\n".join(re.sub(r"^([-+#>]|\d+\.)(?= )", r"\\\1", line) for line in lines)


def from_docstring(doc: str) -> str:
    """Return a docstring with Sphinx's marks as Markdown: fields are a list."""
    text = ROLE.sub(lambda role: f"`{role[1].split(' <')[0]}`", inspect.cleandoc(doc)).replace("``", "`")
    first = FIELDS.search(text)
    body, fields = (text[: first.start()], text[first.start() :]) if first else (text, "")
    parts = [_paragraph(each) for each in body.strip().split("\n\n")]
    starts = [found.start() for found in FIELDS.finditer(fields)]
    entries = [fields[a:b] for a, b in pairwise([*starts, len(fields)])]
    if entries:
        parts.append("\n".join(map(_field, entries)))
    return "\n\n".join(parts)


def _paragraph(text: str) -> str:
    if text.startswith("    "):
        return f"```python\n{textwrap.dedent(text)}\n```"
    if re.match(r"[-*\d]", text):
        return text
    return fill(" ".join(text.split()).removesuffix("::") + (":" if text.endswith("::") else ""))


def _field(entry: str) -> str:
    found = FIELDS.match(entry)
    assert found
    text = " ".join(entry[found.end() :].split())
    heads = [_head(kind, " ".join(name.split())) for kind, name in FIELD.findall(found[0])]
    line = f"* {', '.join(heads)}: {text}"
    return textwrap.fill(line, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _head(kind: str, name: str) -> str:
    return {"raises": f"raises `{name}`", "return": "returns"}.get(kind, f"`{name}`")
