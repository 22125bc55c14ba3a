"""Values to JSON and back, exactly, and as data only.

None, bool, str, int, finite float, list and dict with string keys are the JSON they look like. Everything else is a
JSON object with one key that starts with ``$``, the tag:

    {"$tuple": [...]}  {"$set": [...]}  {"$frozenset": [...]}   the members of a set in a fixed order
    {"$dict": [[key, value], ...]}            other keys than strings, or a key that starts with "$"
    {"$int": "0x..."}                         beyond 64 bits
    {"$float": "nan" | "inf" | "-inf"}
    {"$str": base64 of UTF-8}                 with surrogates
    {"$bytes": base64}  {"$bytearray": base64}
    {"$datetime": ISO 8601, "zone": IANA name, "fold": 1, "name": name of a fixed offset}, so too {"$time": ...}
    {"$date": ISO 8601}  {"$timedelta": [days, seconds, microseconds]}  {"$zone": name}  {"$timezone": "+01:00"}
    {"$decimal": text}  {"$uuid": text}  {"$path": text, "pure": "posix" | "windows"}
    {"$namespace": {...}}                     types.SimpleNamespace
    {"$enum": ["module:Class", name]}         or the number of a combination of flags
    {"$object": "module:Class", "state": {attributes}, "value": what a subclass of dict, str, ... holds}

Objects and enums are those of the workflow's own modules and registered classes. Loading finds a class among what is
imported already, imports no module but those of the standard library that a tag names, and calls neither
``__init__`` nor ``__setattr__``, ``__setstate__`` or ``__reduce__``. The only code of a class that it can run is the
``__hash__`` and ``__eq__`` of a member of a set or a key of a dict, and the ``__del__`` of what a failed load drops.

A list, dict, set or object that is reached twice would come back as two, so it is refused; so is a cycle.
"""

from __future__ import annotations

from .context import Context
from .errors import CodecError

__all__ = ["MAX_DEPTH", "MEMBER", "Codec", "Decoder", "Encoder", "encode_other", "is_text", "sorted_members"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType
    from typing import Any, TypeAlias

    from .codec_classes import ClassPlan

    Json: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"
    Path: TypeAlias = "tuple[Any, object, str] | None"
    Encode: TypeAlias = "Callable[[Encoder, Any, Path, int], Json]"
    Decode: TypeAlias = "Callable[[Decoder, dict[str, Any], Path, int], Any]"

MAX_DEPTH = 500
"""How many JSON lists and objects may be inside each other. Python's own ``json`` gives up before 1000."""

_INT_MIN = -(2**63)
_INT_MAX = 2**63 - 1
_SCALARS: frozenset[type] = frozenset({str, int, float, bool, type(None)})

MEMBER = "{member}"
"""How a member of a set looks in a path."""

# A path is None for the root, else (path of the container, step, style): cheap to make on the way down, and made
# into text only for an error. Styles of a step: "" for a key or an index, "." for an attribute, else the text itself.


class Codec:
    """Translates between the values of a workflow and JSON.

    :param modules: names of the modules whose classes may be saved; a package stands for all that is in it
    :param registered: further classes that may be saved
    :param twins: those of the modules that are not in ``sys.modules`` by their name, see :mod:`.twins`
    """

    def __init__(
        self,
        modules: Iterable[str] = (),
        registered: Iterable[type] = (),
        twins: Mapping[str, ModuleType] | None = None,
    ) -> None:
        self.modules = frozenset(modules)
        self.twins = twins or {}
        self.registered = {f"{kind.__module__}:{kind.__qualname__}": kind for kind in (Context, *registered)}
        self._encoders: dict[type, Encode] = dict(_PLAIN)

    def encode(self, value: object, root: str = "context") -> Json:
        """Return ``value`` as JSON that shares no list or dict with it.

        :param root: what to call the value in an error
        :raises CodecError: if it cannot be restored exactly; names the path, such as ``context["orders"][3].socket``
        """
        kind = type(value)
        if (kind is Context or kind is dict) and not value:
            return {}
        encoder = Encoder(self, root, self._encoders)
        try:
            if type(value) is Context:
                return encoder.walk_dict(value, None, 1)
            return encoder.value(value, None, 1)
        except RecursionError:  # we were called with little of the stack left
            raise encoder.too_deep(None) from None

    def decode(self, data: Json, root: str = "context") -> Any:
        """Return the value that ``data`` stands for; a dict as a :class:`.Context`.

        :param root: what to call the value in an error
        :raises CodecError: if ``data`` is not what :meth:`encode` writes, or a class is missing; names the path
        """
        decoder = Decoder(self, root)
        try:
            value = decoder.value(data, None, 1)
        except RecursionError:
            raise decoder.too_deep(None) from None
        return Context(value) if type(value) is dict else value

    def owns_module(self, name: object) -> bool:
        """Return whether ``name`` is one of the workflow's own modules."""
        if type(name) is not str:
            return False
        return name in self.modules or any(name.startswith(f"{module}.") for module in self.modules)


class Walk:
    """What encoder and decoder have in common: the errors."""

    __slots__ = ("codec", "root")

    def __init__(self, codec: Codec, root: str) -> None:
        self.codec = codec
        self.root = root

    def error(self, path: Path, what: str, hint: str = "") -> CodecError:
        """Return the error that the value at ``path`` cannot be saved or restored."""
        from .codec_errors import one_line, path_text  # lazily: only for an error

        return CodecError(one_line(what), path=path_text(path, self.root), hint=hint)

    def too_deep(self, path: Path) -> CodecError:
        """Return the error that a list or dict at ``path`` is too deep inside of others."""
        return self.error(path, f"nested deeper than {MAX_DEPTH} levels", "keep it in a flat list or dict")


class Encoder(Walk):
    """One walk over one value."""

    __slots__ = ("encoders", "kept", "seen")

    def __init__(self, codec: Codec, root: str, encoders: dict[type, Encode]) -> None:
        super().__init__(codec, root)
        self.encoders = encoders
        self.seen: dict[int, Path] = {}  # by id, so whatever is in it must live as long: see kept
        self.kept: list[object] = []

    def value(self, value: Any, path: Path, depth: int) -> Json:
        """Return any value as JSON; ``depth`` counts the JSON levels, 1 for the outermost."""
        return self.encoders.get(type(value), encode_other)(self, value, path, depth)

    def mark(self, value: object, path: Path) -> None:
        """Note that a value with an identity is at ``path``.

        :raises CodecError: if it has been met before
        """
        if id(value) in self.seen:
            raise self.shared(value, path)
        self.seen[id(value)] = path

    def shared(self, value: object, path: Path) -> CodecError:
        """Return the error that ``value`` is at ``path`` once more."""
        from .codec_errors import shared  # lazily: only for an error

        return shared(value, self.seen[id(value)], path, self.root)

    # The loops below spell out what a call would do for plain values, at twice the time. They recurse by one Python
    # frame for one JSON level, as does Decoder.value, so that MAX_DEPTH fits well into Python's 1000 frames.

    def walk_dict(self, value: dict[Any, Any], path: Path, depth: int, style: str = "") -> Json:
        """Return an exact dict as JSON.

        :param style: how its keys look in a path
        """
        if depth > MAX_DEPTH:
            raise self.too_deep(path)
        if id(value) in self.seen:
            raise self.shared(value, path)
        self.seen[id(value)] = path
        for key in value:
            if type(key) is not str or (("$" in key or not key.isascii()) and not _is_plain_key(key)):
                from .codec_values import encode_pairs  # lazily: a plain context never needs it

                return encode_pairs(self, value, path, depth)
        encoders = self.encoders
        out = {}
        for key, item in value.items():
            kind = type(item)
            if (
                (kind is str and (item.isascii() or is_text(item)))
                or (kind is int and _INT_MIN <= item <= _INT_MAX)
                or item is None
                or kind is bool
                or (kind is float and item - item == 0.0)  # neither infinite nor NaN
            ):
                out[key] = item
            else:
                out[key] = encoders.get(kind, encode_other)(self, item, (path, key, style), depth + 1)
        return out

    def walk_list(self, value: list[Any] | tuple[Any, ...], path: Path, depth: int, style: str = "") -> Any:
        """Return an exact list or tuple as a JSON list.

        :param style: how its indexes look in a path
        """
        if depth > MAX_DEPTH:
            raise self.too_deep(path)
        if type(value) is list:
            if id(value) in self.seen:
                raise self.shared(value, path)
            self.seen[id(value)] = path
        encoders = self.encoders
        out = []
        for item in value:
            kind = type(item)
            if (
                (kind is str and (item.isascii() or is_text(item)))
                or (kind is int and _INT_MIN <= item <= _INT_MAX)
                or item is None
                or kind is bool
                or (kind is float and item - item == 0.0)
            ):
                out.append(item)
            else:
                here: Path = (path, len(out), style)
                out.append(encoders.get(kind, encode_other)(self, item, here, depth + 1))
        return out


class Decoder(Walk):
    """One walk over one JSON value."""

    __slots__ = ("decoders", "plans")

    def __init__(self, codec: Codec, root: str) -> None:
        super().__init__(codec, root)
        self.decoders: dict[str, tuple[Decode, tuple[str, ...]]] = {}
        self.plans: dict[str, ClassPlan] = {}

    def value(self, data: Any, path: Path, depth: int, style: str = "") -> Any:
        """Return what any JSON value stands for."""
        kind = type(data)
        if kind in _SCALARS:
            return data
        if depth > MAX_DEPTH + 4:  # a leaf of the deepest container has levels of its own
            raise self.too_deep(path)
        if kind is dict:
            fields = {}
            for key, item in data.items():
                if key[:1] == "$":
                    try:
                        return self.decoder_of(key, data, path)(self, data, path, depth)
                    except (CodecError, RecursionError):
                        raise
                    # Whatever an edited file makes fromisoformat, Decimal, ..., or a user's __hash__ raise.
                    except Exception as error:  # noqa: BLE001
                        raise self.edited(path, f"{key} does not hold what it should: {error}") from None
                if type(item) in _SCALARS:
                    fields[key] = item
                else:
                    fields[key] = self.value(item, (path, key, style), depth + 1)
            return fields
        if kind is list:
            members = []
            for item in data:
                if type(item) in _SCALARS:
                    members.append(item)
                else:
                    members.append(self.value(item, (path, len(members), style), depth + 1))
            return members
        raise self.error(path, f"{kind.__name__} is not a type that JSON has")

    def decoder_of(self, tag: str, data: dict[str, Any], path: Path) -> Decode:
        """Return what decodes a JSON object with a tag."""
        if not self.decoders:
            from .codec_values import DECODERS  # lazily: a plain context never needs it

            self.decoders = DECODERS
        decode, optional = self.decoders.get(tag, (None, ()))
        if decode is None:
            raise self.error(path, f"unknown tag {tag:.60}", "was it written by a newer version?")
        if len(data) > 1:
            for key in data:
                if key != tag and key not in optional:
                    raise self.edited(path, f"{key:.60} does not belong beside {tag}")
        return decode

    def edited(self, path: Path, what: str) -> CodecError:
        """Return the error for JSON at ``path`` that no encoder writes."""
        hint = "was the state edited? restore it from a backup or from version control"
        return self.error(path, what, hint)


def _encode_scalar(encoder: Encoder, value: Any, path: Path, depth: int) -> Json:
    """Return a None, bool, str, int or float as JSON."""
    kind = type(value)
    if kind is str:
        if value.isascii() or is_text(value):
            return value  # type: ignore[no-any-return]
    elif kind is int:
        if _INT_MIN <= value <= _INT_MAX:
            return value  # type: ignore[no-any-return]
    elif kind is not float or value - value == 0.0:
        return value  # type: ignore[no-any-return]
    from .codec_values import encode_odd_scalar  # lazily: a plain context never needs it

    return encode_odd_scalar(value)


def encode_other(encoder: Encoder, value: Any, path: Path, depth: int) -> Json:
    """Return a value of a type that is met for the first time as JSON."""
    from .codec_values import encoder_of  # lazily: a plain context never needs it

    encode = encoder_of(value, path, encoder)
    encoder.encoders[type(value)] = encode
    return encode(encoder, value, path, depth)


_PLAIN: dict[type, Encode] = {
    dict: Encoder.walk_dict,
    list: Encoder.walk_list,
    **dict.fromkeys(_SCALARS, _encode_scalar),
}


def _is_plain_key(key: str) -> bool:
    return key[:1] != "$" and is_text(key)


def is_text(text: str) -> bool:
    """Return whether ``text`` is Unicode text: free of surrogates, so that JSON keeps it as it is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def sorted_members(members: list[Any]) -> list[Any]:
    """Sort the encoded members of a set into an order that depends on nothing but the members."""
    kinds = {type(member) for member in members}
    if kinds == {str} or kinds == {int}:
        members.sort()
    elif len(members) > 1:
        import json

        members.sort(key=json.JSONEncoder(sort_keys=True, check_circular=False).encode)
    return members
