"""The tags of :mod:`.codec` for types of Python and of its standard library.

No module is imported to find out that a value is not of its types: a value of type ``Decimal`` exists only where
``decimal`` is imported already. Decoding imports what its tag names.
"""

from __future__ import annotations

import sys
from binascii import a2b_base64, b2a_base64
from datetime import date, datetime, time, timedelta, timezone
from types import SimpleNamespace

from .codec import MEMBER, encode_other, is_text, sorted_members
from .codec_classes import class_encoder, decode_enum, decode_object

__all__ = ["DECODERS", "encode_odd_scalar", "encode_pairs", "encoder_of"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .codec import Decode, Decoder, Encode, Encoder, Json, Path


KEY = "{key}"
"""How a key of a dict that cannot be saved looks in a path."""


def encoder_of(value: object, path: Path, encoder: Encoder) -> Encode:
    """Return what encodes values of the type of ``value``.

    :raises CodecError: if values of that type cannot be saved; ``path`` is where ``value`` is
    """
    kind = type(value)
    return _ENCODERS.get(kind) or _library_encoder(kind) or class_encoder(value, path, encoder)


def _library_encoder(kind: type) -> Encode | None:
    """Return what encodes ``kind`` if it is a type of a module that may not be imported yet."""
    # "pathlib._local" in Python 3.13
    module = str(kind.__module__).partition(".")[0]
    encode = _LIBRARY.get((module, kind.__qualname__))
    if encode and getattr(sys.modules.get(module), kind.__qualname__, None) is kind:
        return encode
    return None


# Scalars


def encode_odd_scalar(value: str | int | float) -> Json:
    """Return a str, int or float that JSON would not keep."""
    if type(value) is int:
        return {"$int": hex(value)}  # linear, and without the 4300 digits that decimal text is limited to
    if type(value) is float:
        return {"$float": repr(value)}
    assert type(value) is str
    return {"$str": _base64(value.encode("utf-8", "surrogatepass"))}


def _decode_int(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> int:
    return int(_string(data["$int"]), 16)


def _decode_float(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> float:
    text = _string(data["$float"])
    if text not in ("nan", "inf", "-inf"):
        raise ValueError(f"{text!r:.40} is neither nan, inf nor -inf")
    return float(text)


def _decode_str(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> str:
    return _from_base64(data["$str"]).decode("utf-8", "surrogatepass")


def _encode_text(text: str) -> Json:
    """Return text of a library object, which may have surrogates: a file name that is not UTF-8 has."""
    return text if is_text(text) else encode_odd_scalar(text)


def _decode_text(decoder: Decoder, data: Any, path: Path, depth: int) -> str:
    return _string(decoder.value(data, path, depth + 1))


def _string(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"a string was expected, not {type(value).__name__}")
    return value


# Bytes


def _base64(value: bytes | bytearray) -> str:
    return b2a_base64(value, newline=False).decode()


def _from_base64(text: Any) -> bytes:
    value = a2b_base64(_string(text))
    if _base64(value) != text:  # a2b_base64 skips over what it does not know
        raise ValueError("not base64")
    return value


def _encode_bytes(encoder: Encoder, value: bytes, path: Path, depth: int) -> Json:
    return {"$bytes": _base64(value)}


def _decode_bytes(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> bytes:
    return _from_base64(data["$bytes"])


def _encode_bytearray(encoder: Encoder, value: bytearray, path: Path, depth: int) -> Json:
    encoder.mark(value, path)
    return {"$bytearray": _base64(value)}


def _decode_bytearray(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> bytearray:
    return bytearray(_from_base64(data["$bytearray"]))


# Containers


def _encode_tuple(encoder: Encoder, value: tuple[Any, ...], path: Path, depth: int) -> Json:
    return {"$tuple": encoder.walk_list(value, path, depth + 1)}


def _decode_tuple(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> tuple[Any, ...]:
    return tuple(_list(decoder.value(data["$tuple"], path, depth + 1)))


def _encode_set(encoder: Encoder, value: set[Any], path: Path, depth: int) -> Json:
    encoder.mark(value, path)
    return {"$set": sorted_members(encoder.walk_list(tuple(value), path, depth + 1, MEMBER))}


def _encode_frozenset(encoder: Encoder, value: frozenset[Any], path: Path, depth: int) -> Json:
    return {"$frozenset": sorted_members(encoder.walk_list(tuple(value), path, depth + 1, MEMBER))}


def _set_decoder(tag: str, kind: type[set[Any]] | type[frozenset[Any]]) -> Decode:
    def decode(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> Any:
        return unique_members(kind, _list(decoder.value(data[tag], path, depth + 1, MEMBER)))

    return decode


def unique_members(kind: Callable[[list[Any]], Any], members: list[Any]) -> Any:
    """Return the set of ``members``.

    :raises ValueError: if a member is there twice
    """
    value = kind(members)
    if len(value) != len(members):
        raise ValueError("a member is there twice")
    return value


def encode_pairs(encoder: Encoder, value: dict[Any, Any], path: Path, depth: int) -> Json:
    """Return a dict that cannot be a JSON object."""
    encoders = encoder.encoders
    pairs = []
    for key, item in value.items():
        name = encoder.value(key, (path, None, KEY), depth + 3)
        pairs.append(
            [name, encoders.get(type(item), encode_other)(encoder, item, (path, key, ""), depth + 3)]
        )
    return {"$dict": pairs}


def _decode_pairs(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> dict[Any, Any]:
    value: dict[Any, Any] = {}
    for number, pair in enumerate(_list(data["$dict"])):
        name, item = _list(pair)
        key = decoder.value(name, (path, None, KEY), depth + 3)
        value[key] = decoder.value(item, (path, key, ""), depth + 3)
        if len(value) == number:
            raise ValueError("a key is there twice")
    return value


def _encode_namespace(encoder: Encoder, value: SimpleNamespace, path: Path, depth: int) -> Json:
    encoder.mark(value, path)
    return {"$namespace": encoder.walk_dict(value.__dict__, path, depth + 1, ".")}


def _decode_namespace(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> SimpleNamespace:
    value = SimpleNamespace()
    value.__dict__.update(_dict(decoder.value(data["$namespace"], path, depth + 1, ".")))
    return value


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise TypeError(f"a list was expected, not {type(value).__name__}")
    return value


def _dict(value: Any) -> dict[Any, Any]:
    if type(value) is not dict:
        raise TypeError(f"an object was expected, not {type(value).__name__}")
    return value


# Dates and times


def _moment_encoder(tag: str) -> Encode:
    def encode(encoder: Encoder, value: Any, path: Path, depth: int) -> Json:
        zone = value.tzinfo
        out: dict[str, Any] = {}
        if zone is None or type(zone) is timezone:
            out[tag] = value.isoformat()
            name = zone.__getinitargs__()[1:] if zone else ()  # type: ignore[attr-defined]
            if name:
                out["name"] = _encode_text(name[0])
        else:
            out[tag] = value.replace(tzinfo=None).isoformat()
            out["zone"] = _zone_key(encoder, zone, (path, "tzinfo", "."))
        if value.fold:
            out["fold"] = 1
        return out

    return encode


def _moment_decoder(tag: str, kind: type[datetime] | type[time]) -> Decode:
    def decode(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> Any:
        value = kind.fromisoformat(_string(data[tag]))
        if "zone" in data and value.tzinfo is None:
            value = value.replace(tzinfo=_zone(data["zone"]))
        elif "zone" in data:
            raise ValueError("either an offset or a zone, not both")
        if "name" in data:
            name = _decode_text(decoder, data["name"], path, depth)
            value = value.replace(tzinfo=timezone(value.utcoffset(), name))  # type: ignore[arg-type]
        if "fold" in data:
            if type(data["fold"]) is not int:
                raise TypeError('"fold" is 0 or 1')
            value = value.replace(fold=data["fold"])
        return value

    return decode


def _zone_key(encoder: Encoder, zone: object, path: Path) -> str:
    """Return the name of a time zone."""
    if _library_encoder(type(zone)) is _encode_zone and type(zone.key) is str:  # type: ignore[attr-defined]
        return zone.key  # type: ignore[attr-defined]
    from .codec_errors import type_name

    what = f"a time zone of type {type_name(type(zone))} cannot be saved"
    raise encoder.error(path, what, 'use zoneinfo.ZoneInfo("Europe/Prague") or datetime.timezone')


def _zone(name: Any) -> Any:
    import zoneinfo

    return zoneinfo.ZoneInfo(_string(name))


def _encode_zone(encoder: Encoder, value: Any, path: Path, depth: int) -> Json:
    return {"$zone": _zone_key(encoder, value, path)}


def _decode_zone(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> Any:
    return _zone(data["$zone"])


_MIDNIGHT = "2000-01-01T00:00:00"


def _encode_timezone(encoder: Encoder, value: timezone, path: Path, depth: int) -> Json:
    text = datetime(2000, 1, 1, tzinfo=value).isoformat().removeprefix(_MIDNIGHT)
    name = value.__getinitargs__()[1:]  # type: ignore[attr-defined]
    return {"$timezone": text, "name": _encode_text(name[0])} if name else {"$timezone": text}


def _decode_timezone(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> timezone:
    zone = datetime.fromisoformat(_MIDNIGHT + _string(data["$timezone"])).tzinfo
    if "name" in data:
        name = _decode_text(decoder, data["name"], path, depth)
        zone = timezone(zone.utcoffset(None), name)  # type: ignore[union-attr, arg-type]
    if type(zone) is not timezone:
        raise ValueError("no offset")
    return zone


def _encode_date(encoder: Encoder, value: date, path: Path, depth: int) -> Json:
    return {"$date": value.isoformat()}


def _decode_date(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> date:
    return date.fromisoformat(_string(data["$date"]))


def _encode_timedelta(encoder: Encoder, value: timedelta, path: Path, depth: int) -> Json:
    return {"$timedelta": [value.days, value.seconds, value.microseconds]}


def _decode_timedelta(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> timedelta:
    days, seconds, microseconds = parts = _list(data["$timedelta"])
    if not all(type(part) is int for part in parts):
        raise TypeError("three whole numbers were expected")
    return timedelta(days, seconds, microseconds)


# Types of modules that are imported only where they are used


def _encode_decimal(encoder: Encoder, value: Any, path: Path, depth: int) -> Json:
    return {"$decimal": str(value)}


def _decode_decimal(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> Any:
    import decimal

    return decimal.Decimal(_string(data["$decimal"]))


def _encode_uuid(encoder: Encoder, value: Any, path: Path, depth: int) -> Json:
    return {"$uuid": str(value)}


def _decode_uuid(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> Any:
    import uuid

    return uuid.UUID(_string(data["$uuid"]))


def _path_encoder(pure: str = "") -> Encode:
    def encode(encoder: Encoder, value: Any, path: Path, depth: int) -> Json:
        text = _encode_text(str(value))
        return {"$path": text, "pure": pure} if pure else {"$path": text}

    return encode


def _decode_path(decoder: Decoder, data: dict[str, Any], path: Path, depth: int) -> Any:
    import pathlib

    kinds = {"posix": pathlib.PurePosixPath, "windows": pathlib.PureWindowsPath}
    kind = kinds[_string(data["pure"])] if "pure" in data else pathlib.Path
    return kind(_decode_text(decoder, data["$path"], path, depth))


_LIBRARY: dict[tuple[str, str], Encode] = {
    ("decimal", "Decimal"): _encode_decimal,
    ("uuid", "UUID"): _encode_uuid,
    ("zoneinfo", "ZoneInfo"): _encode_zone,
    ("pathlib", "PosixPath"): _path_encoder(),
    ("pathlib", "WindowsPath"): _path_encoder(),
    ("pathlib", "PurePosixPath"): _path_encoder("posix"),
    ("pathlib", "PureWindowsPath"): _path_encoder("windows"),
}

_ENCODERS: dict[type, Encode] = {
    tuple: _encode_tuple,
    set: _encode_set,
    frozenset: _encode_frozenset,
    bytes: _encode_bytes,
    bytearray: _encode_bytearray,
    SimpleNamespace: _encode_namespace,
    datetime: _moment_encoder("$datetime"),
    time: _moment_encoder("$time"),
    date: _encode_date,
    timedelta: _encode_timedelta,
    timezone: _encode_timezone,
}

# The decoder of each tag, and the keys that may stand beside the tag.
DECODERS: dict[str, tuple[Decode, tuple[str, ...]]] = {
    "$int": (_decode_int, ()),
    "$float": (_decode_float, ()),
    "$str": (_decode_str, ()),
    "$bytes": (_decode_bytes, ()),
    "$bytearray": (_decode_bytearray, ()),
    "$tuple": (_decode_tuple, ()),
    "$set": (_set_decoder("$set", set), ()),
    "$frozenset": (_set_decoder("$frozenset", frozenset), ()),
    "$dict": (_decode_pairs, ()),
    "$namespace": (_decode_namespace, ()),
    "$datetime": (_moment_decoder("$datetime", datetime), ("zone", "fold", "name")),
    "$time": (_moment_decoder("$time", time), ("zone", "fold", "name")),
    "$zone": (_decode_zone, ()),
    "$timezone": (_decode_timezone, ("name",)),
    "$date": (_decode_date, ()),
    "$timedelta": (_decode_timedelta, ()),
    "$decimal": (_decode_decimal, ()),
    "$uuid": (_decode_uuid, ()),
    "$path": (_decode_path, ("pure",)),
    "$enum": (decode_enum, ()),
    "$object": (decode_object, ("state", "value")),
}
