"""The blocks of wfepy in a crontab: finding them, putting one in, taking one out. Bytes in, bytes out; no I/O.

A block belongs to one project. It lies between two comments:

    # wfepy begin coffee-1a2b3c4d sum=0123456789ab was=newline made by: wfepy crontab install
    3-58/5 * * * * cd /srv/coffee && ...
    # wfepy end coffee-1a2b3c4d

``sum`` is a checksum of the lines between them, which tells an edit by hand. ``was`` is what taking the block out has
to undo besides: ``none``, there was no crontab before; ``newline``, the last line before had no end.

Whatever is outside of the blocks is not looked at and stays as it is, byte for byte.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from hashlib import sha256

from wfepy_hooks import WfepyError

__all__ = ["NEWLINE", "NONE", "Block", "find_blocks", "put", "take"]

#: What :attr:`Block.was` may hold.
NONE, NEWLINE = "none", "newline"

#: What looks like one of our comments, whatever somebody has done to it.
_LIKE_OURS = re.compile(rb"\s*#+\s*wfepy\s+(begin|end)\b", re.IGNORECASE)
_ID = rb"[A-Za-z0-9][A-Za-z0-9._-]*"
_BEGIN = re.compile(
    rb"# wfepy begin (" + _ID + rb") sum=([0-9a-f]{12})(?: was=([a-z,]+))? made by: (\S|\S.*\S)"
)
_END = re.compile(rb"# wfepy end (" + _ID + rb")")


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    :ivar id: which project it belongs to
    :ivar sum: the checksum that stands in it
    :ivar body: the lines between the comments, each with its end
    :ivar made: the command that made it
    :ivar was: what taking it out has to undo besides
    :ivar start: :ivar end: where it is in the crontab; 0 for one that is in none
    """

    id: str
    sum: str
    body: bytes
    made: str
    was: frozenset[str] = frozenset()
    start: int = 0
    end: int = 0

    @classmethod
    def of(cls, id: str, body: bytes, made: str) -> Block:
        """Return a block that is in no crontab yet."""
        return cls(id, _sum(body), body, made)

    @property
    def is_edited(self) -> bool:
        """Whether somebody has changed its lines by hand."""
        return _sum(self.body) != self.sum

    @property
    def lines(self) -> list[str]:
        """The lines between the comments."""
        return os.fsdecode(self.body).split("\n")[:-1]  # a path may have what splitlines() takes for an end

    def render(self) -> bytes:
        """Return it as it is in a crontab."""
        end = f"# wfepy end {self.id}\n".encode()
        return _begin(self) + b"\n" + self.body + end


def _sum(body: bytes) -> str:
    return sha256(body).hexdigest()[:12]


def _begin(block: Block) -> bytes:
    was = f" was={','.join(sorted(block.was))}" if block.was else ""
    return f"# wfepy begin {block.id} sum={block.sum}{was} made by: ".encode() + os.fsencode(block.made)


def find_blocks(table: bytes) -> list[Block]:
    """Return all blocks of a crontab, in their order.

    :raises WfepyError: if there is anything of ours that is not understood, with the line
    """
    found: list[Block] = []
    open_block: tuple[Block, int, int] | None = None  # with where its body begins, and its line
    position = 0
    for number, line in enumerate(_lines(table), 1):
        if match := _LIKE_OURS.match(line):
            if match[1].lower() == b"begin":
                if open_block is not None:
                    raise _broken(number, f"begins inside of the one that begins in line {open_block[2]}")
                open_block = _opened(line, position, number), position + len(line), number
                _require_new(open_block[0], found, number)
            else:
                found.append(_closed(open_block, line, table, position, number))
                open_block = None
        position += len(line)
    if open_block is not None:
        raise _broken(open_block[2], f'has no end: there is no "# wfepy end {open_block[0].id}" below it')
    return found


def _lines(table: bytes) -> list[bytes]:
    """Return the lines as cron sees them; ``splitlines`` would end one at a lone carriage return, too."""
    return re.findall(rb"[^\n]*\n|[^\n]+", table)


def _opened(line: bytes, position: int, number: int) -> Block:
    text = line.removesuffix(b"\n")
    if match := _BEGIN.fullmatch(text):
        was = frozenset(match[3].decode().split(",")) if match[3] else frozenset()
        block = Block(match[1].decode(), match[2].decode(), b"", os.fsdecode(match[4]), was, start=position)
        if was <= {NONE, NEWLINE} and _begin(block) == text:
            return block
    raise _broken(number, "has a first line that was changed")


def _closed(
    opened: tuple[Block, int, int] | None, line: bytes, table: bytes, position: int, number: int
) -> Block:
    if opened is None:
        raise _broken(number, "ends, and none has begun")
    block, body, first = opened
    match = _END.fullmatch(line.removesuffix(b"\n"))
    if match is None:
        raise _broken(number, "has a last line that was changed")
    if match[1].decode() != block.id:
        raise _broken(number, f"ends as {match[1].decode()}, and the one of line {first} is of {block.id}")
    return replace(block, body=table[body:position], end=position + len(line))


def _require_new(block: Block, found: list[Block], number: int) -> None:
    if any(each.id == block.id for each in found):
        raise _broken(number, f"is the second one of {block.id}")


def _broken(number: int, what: str) -> WfepyError:
    return WfepyError(
        f"the block of wfepy {what}",
        where=f"crontab, line {number}",
        hint='nothing was changed; put it right by "crontab -e", or take out all lines of the block, and try again',
    )


def put(table: bytes | None, block: Block) -> bytes:
    """Return a crontab with a block in it: in the place of the project's block that is there, else at the end.

    :param table: the crontab; ``None``: there is none
    :param block: the block; what it has to undo is found out here
    :raises WfepyError: if there is anything of ours that is not understood
    """
    before = table or b""
    for old in find_blocks(before):
        if old.id == block.id:
            return before[: old.start] + replace(block, was=old.was).render() + before[old.end :]
    if table is None:
        was = frozenset({NONE})
    elif table and not table.endswith(b"\n"):
        was = frozenset({NEWLINE})
        before += b"\n"
    else:
        was = frozenset()
    return before + replace(block, was=was).render()


def take(table: bytes, id: str) -> bytes | None:
    """Return a crontab without the block of a project: as it was before, if nobody else has changed it.

    What the block has to undo and cannot, because of another block of ours, that one has to undo from then on.

    :returns: ``None`` if there was no crontab before, and nothing is left
    :raises WfepyError: if there is anything of ours that is not understood
    """
    blocks = find_blocks(table)
    gone = next((each for each in blocks if each.id == id), None)
    if gone is None:
        return table
    before, behind = table[: gone.start], table[gone.end :]
    others = [each for each in blocks if each.id != id]
    rest = before + behind
    if NEWLINE in gone.was:
        heir = next((each.id for each in others if each.start == gone.end), "")
        if not behind:
            rest = before.removesuffix(b"\n")
        elif heir:
            rest = _bequeath(rest, heir, NEWLINE)
    if NONE in gone.was:
        if not rest:
            return None
        if others:
            rest = _bequeath(rest, others[0].id, NONE)
    return rest


def _bequeath(table: bytes, id: str, what: str) -> bytes:
    """Return a crontab in which the block of ``id`` has one thing more to undo."""
    block = next(each for each in find_blocks(table) if each.id == id)
    changed = _begin(replace(block, was=block.was | {what}))
    return table[: block.start] + changed + table[block.start + len(_begin(block)) :]
