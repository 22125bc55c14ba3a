"""Making values of what :mod:`.parse` has read: of what a pickle may name only a fixed list, see :mod:`.library`."""

from __future__ import annotations

from ..codec import MAX_DEPTH
from ..codec_classes import find_class
from ..errors import CodecError, StateFormatError
from .parse import Made, Name, Plain

__all__ = ["MAX_VALUES", "Rebuilder", "canonical"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..codec import Codec

MAX_VALUES = 1_000_000
"""So many values are made at most: a small pickle can stand for a huge tree, by naming one branch many times."""

_SCALARS = frozenset({str, int, float, bool, bytes, type(None)})
#: Modules that are called otherwise by some version of Python, or of the protocol.
_MODULES = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "pathlib._local": "pathlib",
    "wfepy": "wfepy.workflow",
}


class Rebuilder:
    """One walk over one tree.

    :param notes: gets a line for each value that becomes another one than it was
    :param root: what to call the value
    :param states: WfEpy's states may be in it
    """

    def __init__(self, codec: Codec, notes: list[str], root: str, *, states: bool = False) -> None:
        self.codec = codec
        self.notes = notes
        self.root = root
        self.states = states
        self.left = MAX_VALUES
        self._seen: dict[int, str] = {}
        self._inside: set[int] = set()

    def value(self, node: Any) -> Any:
        """Return what a tree stands for.

        :raises StateFormatError: if there is something in it that is not made; says where and what
        """
        try:
            return self.make(node, self.root, 1)
        except RecursionError:
            raise StateFormatError("it is nested too deeply", where=self.root) from None

    def make(self, node: Any, path: str, depth: int) -> Any:
        """Return what one node stands for."""
        self.left -= 1
        if self.left < 0:
            raise StateFormatError(f"it unfolds to more than {MAX_VALUES} values", where=self.root)
        if type(node) in _SCALARS:
            return node
        if depth > MAX_DEPTH:
            raise self.error(path, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, Name):
            raise self.refused(path, node.text)
        if id(node) in self._inside:
            raise self.error(path, "it holds itself")
        self._inside.add(id(node))
        made = self._plain(node, path, depth) if isinstance(node, Plain) else self._made(node, path, depth)
        self._inside.discard(id(node))
        return made

    def error(self, path: str, what: str, hint: str = "") -> StateFormatError:
        """Return the error that the value at ``path`` is not made."""
        return StateFormatError(what, where=path, hint=hint)

    def refused(self, path: str, name: str) -> StateFormatError:
        """Return the error that something of this name is not made."""
        module, _, qualname = name.partition(":")
        kind = f"{module}.{qualname}"
        hint = "put plain values into the context with WfEpy, and save it once more"
        twins = [each for each in sorted(self.codec.modules) if find_class(f"{each}:{qualname}", self.codec)]
        if twins:
            hint = f"there is {twins[0]}.{qualname}: import it from there in the script that runs WfEpy"
        return self.error(path, f"{kind:.100} is none of what is read from a pickle", hint)

    def note_shared(self, node: Any, path: str) -> None:
        """Note that a value that can change is at two places: it is two values from now on."""
        if id(node) in self._seen:
            self.notes.append(f"{self._seen[id(node)]} and {path} were one object, and are two now")
        self._seen.setdefault(id(node), path)

    # Containers

    def _plain(self, node: Plain, path: str, depth: int) -> Any:
        kind = node.kind
        if kind is dict:
            self.note_shared(node, path)
            return self.pairs(node.members, path, depth)
        if kind is bytearray:
            self.note_shared(node, path)
            return bytearray(node.members[0])
        if kind is list or kind is set:
            self.note_shared(node, path)
        return self.collect(kind, node.members, path, depth)

    def collect(self, kind: Any, nodes: list[Any], path: str, depth: int) -> Any:
        """Return a list, tuple, set or frozenset of what ``nodes`` stand for."""
        members = []
        for place, node in enumerate(nodes):
            members.append(self.make(node, f"{path}[{place}]", depth + 1))
        try:
            return members if kind is list else kind(members)
        except TypeError as error:
            raise self.error(path, f"it cannot be a {kind.__name__}: {error}") from None

    def pairs(self, nodes: list[Any], path: str, depth: int) -> dict[Any, Any]:
        """Return the dict of ``nodes``, which are pairs."""
        found = {}
        for key_node, node in nodes:
            key = self.make(key_node, f"{path}{{key}}", depth + 1)
            try:
                found[key] = self.make(node, f"{path}[{key!r:.40}]", depth + 1)
            except TypeError as error:
                raise self.error(path, f"a dict cannot have such a key: {error}") from None
        return found

    # What is made by a call

    def _made(self, node: Made, path: str, depth: int) -> Any:
        if not isinstance(node.function, Name):
            raise self.error(
                path, "it is what a call of something unnamed returns, and no such thing is called"
            )
        name = canonical(node.function)
        from .library import MAKERS

        maker = MAKERS.get(name)
        if maker is not None:
            try:
                return maker(self, node, path, depth)
            except StateFormatError:
                raise
            except (ValueError, TypeError, IndexError, OverflowError, ArithmeticError, LookupError) as error:
                raise self.error(
                    path, f"{name.replace(':', '.')} does not hold what it should: {error}"
                ) from None
        return self.own(node, name, path, depth)

    def own(self, node: Made, name: str, path: str, depth: int) -> Any:
        """Return an object of one of the workflow's own classes."""
        kind = find_class(name, self.codec)
        if kind is None:
            raise self.refused(path, name)
        from .objects import make_object

        self.note_shared(node, path)
        try:
            return make_object(self, node, kind, path, depth)
        except StateFormatError:
            raise
        except (CodecError, ValueError, TypeError, LookupError) as error:
            raise self.error(path, f"{name.replace(':', '.')} cannot be read: {error}") from None

    def arguments(self, node: Made, path: str, depth: int) -> list[Any]:
        """Return what the arguments of a call stand for; a plain one has neither members nor a state."""
        if node.members or node.pairs or node.state is not None:
            raise ValueError("there is more to it than its arguments")
        return [self.make(each, path, depth + 1) for each in node.args]


def canonical(name: Name) -> str:
    """Return a name as the present Python calls it."""
    module, _, qualname = name.text.partition(":")
    return f"{_MODULES.get(module, module)}:{qualname}"
