"""What :mod:`.codec` says about a value that it cannot save or restore. Imported when there is something to say."""

from __future__ import annotations

import io
import sys
from types import BuiltinFunctionType, CoroutineType, FunctionType, MethodType, ModuleType

from .errors import CodecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .codec import Codec, Path

_STEPS = 24
_PLAIN = (dict, list, tuple, set, frozenset, str, int, float, bytes, bytearray)


def path_text(path: Path, root: str) -> str:
    """Return ``path`` as one would write it in Python, without the middle if it is very long."""
    steps = []
    while path is not None:
        path, step, style = path
        if style == "." and str(step).isidentifier():
            steps.append(f".{step:.60}")
        elif style in ("", "."):
            steps.append(f"[{key_text(step)}]")
        else:
            steps.append(style)
    steps.reverse()
    if len(steps) > _STEPS:
        steps[16 : 16 - _STEPS] = [" ... "]
    return root + "".join(steps)


def key_text(key: object) -> str:
    """Return a key as short text on one line, without running any code of its class."""
    if type(key) is str:
        import json

        short = key if len(key) <= 60 else f"{key[:57]}..."
        return json.dumps(short, ensure_ascii=not short.isprintable())
    if key is None or type(key) in (bool, float) or (type(key) is int and key.bit_length() < 200):
        return repr(key)
    return f"<{type(key).__qualname__}>"


def one_line(text: str) -> str:
    """Return ``text`` on one line that can be printed anywhere, cut off if it is long."""
    short = text if len(text) <= 400 else f"{text[:397]}..."
    return " ".join(short.encode("utf-8", "backslashreplace").decode().split())


def type_name(kind: type) -> str:
    """Return the name of a type, with its module unless it is a builtin."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def kind_text(kind: type) -> str:
    """Return the name of a type with its article."""
    name = type_name(kind)
    return f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"


def own_modules(codec: Codec) -> str:
    """Return which modules are the workflow's own."""
    return f"the workflow's own modules ({', '.join(sorted(codec.modules)) or 'there are none'})"


def shared(value: object, first: Path, second: Path, root: str) -> CodecError:
    """Return the error for a value that is at two paths at once."""
    here, there = path_text(second, root), path_text(first, root)
    name = one_line(type_name(type(value)))
    step = second
    while step is not None and step is not first:
        step = step[0]
    if step is first:
        what = f"a cycle: this is {there} again, the {name} that it is inside of"
        return CodecError(what, path=here, hint="refer to it by a name or a key")
    what = f"this is the same {name} as {there}, and would come back as another one"
    return CodecError(what, path=here, hint="store a copy, or keep it in one place and refer to it by a key")


def left_by(task: str, error: CodecError) -> CodecError:
    """Return the error that a task has failed with, which has left in the context what cannot be saved."""
    error.where = f'task "{task}": {error.path}'
    return error


def dropped(task: str, error: CodecError) -> str:
    """Return what to say where a task has failed otherwise, and has left such a value besides."""
    return f'task "{task}" failed, and what it left in the context is dropped: {error}'


def refused_kind(kind: type) -> tuple[str, str] | None:
    """Return what a value of type ``kind`` is and what to do, if no such value can ever be saved."""
    for types, what, hint in _refusals():
        if issubclass(kind, types):
            return what or kind_text(kind), hint
    return None


def _refusals() -> list[tuple[tuple[type, ...], str, str]]:
    """Return types that cannot be saved, what to call them (else by their name), and what to do."""
    socket = getattr(sys.modules.get("_socket"), "socket", None)
    named = (("_thread", "LockType"), ("_thread", "RLock"), ("threading", "Thread"))
    found = [getattr(sys.modules.get(module), name, None) for module, name in named]
    return [
        ((type,), "a class", "store its name"),
        (
            (FunctionType, BuiltinFunctionType, MethodType),
            "a function",
            "store a name, and look it up in the task",
        ),
        ((CoroutineType,), "a coroutine", "await it, and store the result"),
        ((ModuleType,), "a module", "import it where it is used"),
        ((BaseException,), "an exception", "store its text"),
        (
            (io.IOBase,),
            "an open file",
            "keep it out of the context: store its file name, and open it in the task",
        ),
        ((socket,) if socket else (), "a socket", "keep it out of the context, and open it in the task"),
        (tuple(lock for lock in found if lock), "", "keep it out of the context, and make it in the task"),
    ]


def foreign_hint(kind: type, codec: Codec) -> str:
    """Return what to do about a value whose class is not one of ours."""
    for base in _PLAIN:
        if issubclass(kind, base):
            return f"store {base.__name__}(value), or register the class"
    if hasattr(kind, "__next__"):
        return "store a list of what it gives"
    own = own_modules(codec)
    return f"store plain values of it, register its class, or keep it out of the context: it is not of {own}"
