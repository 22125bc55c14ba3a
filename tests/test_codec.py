"""Values to JSON and back: what Python and its standard library have."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import uuid
from collections import OrderedDict, defaultdict, deque
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_samples import Zone, alike
from wfepy_hooks.codec import MAX_DEPTH, Codec
from wfepy_hooks.context import Context
from wfepy_hooks.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Callable

codec = Codec()


def there_and_back(value: object, codec: Codec = codec) -> Any:
    """Return what is left of ``value`` after a trip through the text of a file, inside a list."""
    text = json.dumps(codec.encode([value]), ensure_ascii=False, allow_nan=False)
    return codec.decode(json.loads(text.encode().decode()))[0]


def refusal(value: object, codec: Codec = codec) -> CodecError:
    with pytest.raises(CodecError) as caught:
        codec.encode(value)
    assert "\n" not in str(caught.value)
    return caught.value


PRAGUE = ZoneInfo("Europe/Prague")

# What comes back


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        1,
        1.0,
        -0.0,
        math.nan,
        math.inf,
        -math.inf,
        5e-324,
        2**63 - 1,
        2**63,
        -(2**63),
        -(2**63) - 1,
        7**20000,
        "",
        "$tuple",
        "řeřicha \U0001f600 \u2028 \x00",
        "\ud83d",
        "\ud83d\ude00",
        b"",
        bytes(range(256)),
        bytearray(b"\xff"),
        [],
        (),
        ((),),
        set(),
        {1, "1", None, (1, 2)},
        frozenset({frozenset({1})}),
        {},
        {"$tuple": [1]},
        {"$": 1},
        {"a": 1, "$b": 2},
        {1: "int", "1": "str", (1, 2): "tuple", None: "none", 1.5: "float"},
        {True: 1},
        {"\ud800": 1},
        {"b": 1, "a": 2},
        {math.nan: 1},
        Context(a=1),
        SimpleNamespace(a=1, b=[2]),
        SimpleNamespace(**{"$odd name": 1}),
    ],
    ids=lambda value: (
        f"{type(value).__name__}-{len(str(value)) if type(value) is not int else value.bit_length()}"
    ),
)
def test_a_builtin_comes_back_exactly(value: object) -> None:
    assert alike(there_and_back(value), value)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2024, 2, 29, 23, 59, 59, 999999),
        datetime(1, 1, 1),
        datetime(2024, 1, 1, tzinfo=timezone.utc),
        datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30, seconds=-1, microseconds=-5))),
        datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1), "CET")),
        datetime(2024, 1, 1, tzinfo=timezone(timedelta(0), "\ud800")),
        datetime(2024, 10, 27, 2, 30, fold=0, tzinfo=PRAGUE),
        datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=PRAGUE),
        datetime(2024, 10, 27, 2, 30, fold=1),
        datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC")),
        time(12, 30),
        time(12, 30, 1, 2, fold=1, tzinfo=PRAGUE),
        time(12, 30, tzinfo=timezone(timedelta(hours=2), "X")),
    ],
    ids=repr,
)
def test_a_moment_comes_back_with_fold_and_zone(value: datetime | time) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)
    assert back.fold == value.fold
    assert type(back.tzinfo) is type(value.tzinfo)
    assert str(back.tzinfo) == str(value.tzinfo)
    assert back.tzname() == value.tzname()
    assert back.utcoffset() == value.utcoffset()


@pytest.mark.parametrize(
    "value",
    [
        date(2024, 2, 29),
        timedelta.max,
        timedelta.min,
        timedelta(microseconds=-1),
        timezone.utc,
        timezone(timedelta(hours=5, minutes=45)),
        timezone(timedelta(hours=1), "CET"),
        PRAGUE,
        *map(
            Decimal, ["0", "-0.00", "1.10", "1E+400", "NaN", "-sNaN123", "Infinity", "-Infinity", "1" * 5000]
        ),
        uuid.UUID(int=2**127 + 1),
        Path("a/../b"),
        Path(),
        Path("caf\udce9"),  # the name of a file that is not UTF-8
        PurePosixPath("//a/b"),
        PureWindowsPath("C:\\a\\b"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_value_of_the_standard_library_comes_back_exactly(value: object) -> None:
    back = there_and_back(value)
    assert alike(back, value)
    assert repr(back) == repr(value)


def values() -> st.SearchStrategy[Any]:
    offsets = st.timedeltas(timedelta(hours=-23), timedelta(hours=23))
    zones = st.one_of(st.none(), st.timezones(), st.builds(timezone, offsets), st.just(timezone.utc))
    text = st.text(st.characters(), max_size=6)  # surrogates included
    hashable = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(2**62, 2**66),
        st.floats(),
        text,
        st.binary(max_size=9),
        st.datetimes(timezones=zones, allow_imaginary=False) | st.datetimes(),
        st.dates(),
        st.times(timezones=st.none() | st.just(PRAGUE)),
        st.timedeltas(),
        st.decimals(allow_nan=False),
        st.uuids(),
    )
    hashable |= st.lists(hashable, max_size=3).map(tuple) | st.frozensets(hashable, max_size=3)
    return st.recursive(
        hashable,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(
                text | st.sampled_from(["$tuple", "$dict", "$object", "state"]), inner, max_size=4
            ),
            st.dictionaries(hashable, inner, max_size=3),
            st.sets(hashable, max_size=3),
        ),
        max_leaves=12,
    )


@given(values())
def test_any_value_comes_back_exactly(value: object) -> None:
    back = there_and_back(value)
    assert alike(back, value)
    assert codec.encode([back]) == codec.encode([value])


@given(st.dictionaries(st.text(max_size=3), values(), max_size=3))
@settings(max_examples=30)
def test_a_file_may_sort_the_keys(value: dict[str, Any]) -> None:
    text = json.dumps(codec.encode(value), sort_keys=True)
    back = codec.decode(json.loads(text))
    assert type(back) is Context
    assert json.dumps(codec.encode(back), sort_keys=True) == text


def test_what_json_has_is_written_as_it_is() -> None:
    value = {
        "name": "espresso",
        "shots": 2,
        "price": 1.5,
        "milk": None,
        "sizes": [1, [True]],
        "who": {"name": "ř"},
    }
    assert codec.encode(value) == value
    assert codec.encode(Context(value)) == value


def test_the_json_shares_nothing_with_the_value() -> None:
    value: dict[str, Any] = {"a": [1], "b": {"c": 1}}
    encoded = codec.encode(value)
    value["a"].append(2)
    value["b"]["c"] = 2
    assert encoded == {"a": [1], "b": {"c": 1}}


def test_a_set_is_written_in_the_same_order_in_every_process() -> None:
    script = "from wfepy_hooks.codec import Codec; print(Codec().encode([{'a', 'b', ('c',), None}, {10, 9}]))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert b"[9, 10]" in outputs.pop()


def test_a_value_that_never_changes_may_be_in_two_places() -> None:
    shared = ("a", Decimal(1), frozenset({1}), date(2024, 1, 1), 2**70, b"x", Path("a"))
    assert there_and_back([shared, shared, *shared]) == [shared, shared, *shared]


def test_a_context_inside_of_a_context_stays_one() -> None:
    assert type(there_and_back({"a": Context(b=1)})["a"]) is Context


# What is refused


def _generator() -> Any:
    yield 1


async def _coroutine() -> None:
    pass


@pytest.mark.parametrize(
    ("value", "what", "hint"),
    [
        (lambda: 1, "a function", "store a name"),
        (print, "a function", "store a name"),
        ([].append, "a function", "store a name"),
        (math, "a module", "import it where it is used"),
        (int, "a class", "store its name"),
        (_generator(), "a generator", "store a list"),
        (iter([1]), "a list_iterator", "store a list"),
        (threading.Lock(), "a _thread.lock", "keep it out"),
        (threading.RLock(), "a _thread.RLock", "keep it out"),
        (threading.Thread(), "a threading.Thread", "keep it out"),
        (ValueError("x"), "an exception", "store its text"),
        (object(), "an object", "register its class"),
        (deque([1]), "a collections.deque", "register its class"),
        (OrderedDict(a=1), "a collections.OrderedDict", "store dict(value)"),
        (defaultdict(int), "a collections.defaultdict", "store dict(value)"),
        (memoryview(b""), "a memoryview", "register its class"),
        (NotImplemented, "a NotImplementedType", "keep it out"),
        (datetime(2024, 1, 1, tzinfo=Zone()), "a time zone of type", "zoneinfo.ZoneInfo"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_cannot_be_saved_is_refused_with_its_path_and_what_to_do(
    value: object, what: str, hint: str
) -> None:
    error = refusal({"orders": [1, 2, 3, SimpleNamespace(thing=value)]})
    assert str(error).startswith('context["orders"][3].thing')
    assert what in error.what
    assert hint in error.hint


def test_an_open_file_and_a_socket_are_refused(tmp_path: Path) -> None:
    import socket

    with open(tmp_path / "file", "w") as file:
        assert str(refusal({"log": file})).startswith('context["log"]: an open file cannot be saved; ')
    with socket.socket() as open_socket:
        assert str(refusal({"s": (open_socket,)})).startswith('context["s"][0]: a socket cannot be saved; ')


def test_a_coroutine_is_refused() -> None:
    coroutine = _coroutine()
    assert "a coroutine" in refusal({"c": coroutine}).what
    coroutine.close()


def test_a_refused_key_or_member_is_named() -> None:
    assert refusal({"d": {print: 1}}).path == 'context["d"]{key}'
    assert refusal({"s": {print}}).path == 'context["s"]{member}'
    assert refusal({1: {(1, 2): print}}).path == "context[1][<tuple>]"
    assert refusal({'a"b\n': print}).path == 'context["a\\"b\\n"]'
    assert refusal({7**9999: print}).path == "context[<int>]"
    assert refusal(print).path == "context"


@pytest.mark.parametrize("make", [list, dict, set, bytearray, SimpleNamespace])
def test_a_value_in_two_places_is_refused_naming_both(make: Callable[[], object]) -> None:
    value = make()
    text = str(refusal({"a": {"b": value}, "c": [0, (value,)]}))
    assert text.startswith('context["c"][1][0]: ')
    assert 'context["a"]["b"]' in text
    assert "store a copy" in text


def test_a_cycle_is_refused_naming_both_ends() -> None:
    value: dict[str, Any] = {"a": {}}
    value["a"]["b"] = [value["a"]]
    assert str(refusal(value)).startswith(
        'context["a"]["b"][0]: a cycle: this is context["a"] again, the dict'
    )
    loop: list[Any] = []
    loop.append((loop,))
    assert str(refusal(loop)).startswith("context[0][0]: a cycle: this is context again")


def test_a_dict_that_is_also_the_attributes_of_an_object_is_refused() -> None:
    space = SimpleNamespace(a=1)
    assert "the same dict" in refusal([space, space.__dict__]).what


def _nest(wrap: Callable[[Any], Any], levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


WRAPPERS: dict[str, tuple[Callable[[Any], Any], int]] = {  # and how many JSON levels each has
    "list": (lambda v: [v], 1),
    "dict": (lambda v: {"a": v}, 1),
    "tuple": (lambda v: (v,), 2),
    "set": (lambda v: frozenset({v}), 2),
    "pairs": (lambda v: {1: v}, 3),
    "namespace": (lambda v: SimpleNamespace(a=v), 2),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_deep_values_come_back_and_deeper_ones_are_refused(name: str) -> None:
    wrap, levels = WRAPPERS[name]
    deepest = _nest(wrap, MAX_DEPTH // levels)
    # Whatever is saved can be read again, also with a third of Python's stack in use.
    assert codec.encode(_call_at_depth(200, lambda: there_and_back_in(deepest))) == codec.encode(deepest)
    error = refusal(_nest(wrap, 100_000 if name != "set" else 300))
    assert f"nested deeper than {MAX_DEPTH} levels" in error.what
    assert len(str(error)) < 700


def there_and_back_in(value: object) -> Any:
    return codec.decode(json.loads(json.dumps(codec.encode(value))))


def _call_at_depth(depth: int, call: Callable[[], Any]) -> Any:
    return call() if depth == 0 else _call_at_depth(depth - 1, call)


@pytest.mark.skipif(sys.version_info[:2] == (3, 13), reason="it does not count calls with default arguments")
def test_a_full_stack_is_an_error_of_the_codec() -> None:
    value = _nest(lambda v: [v], MAX_DEPTH - 20)
    with pytest.raises(CodecError, match="nested deeper"):
        _call_at_depth(sys.getrecursionlimit() - 300, lambda: codec.encode(value))
    with pytest.raises(CodecError, match="nested deeper"):
        _call_at_depth(sys.getrecursionlimit() - 300, lambda: codec.decode(value))


# What is read


@pytest.mark.parametrize(
    "data",
    [
        {"$nonsense": 1},
        {"$": 1},
        {"$tuple": {"a": 1}},
        {"$tuple": [1], "more": 1},
        {"$tuple": [1], "$set": [1]},
        {"a": 1, "$tuple": [1]},
        {"$set": [[1]]},
        {"$set": [1, 1]},
        {"$set": [1, True]},
        {"$dict": [[1]]},
        {"$dict": [[1, 2], [1, 3]]},
        {"$dict": [[[], 1]]},
        {"$dict": {"a": 1}},
        {"$int": 1},
        {"$int": "x"},
        {"$float": "1.5"},
        {"$float": None},
        {"$bytes": "!!!!"},
        {"$bytes": "YQ"},
        {"$str": "/w=="},
        {"$datetime": "yesterday"},
        {"$datetime": "2024-01-01T00:00:00+00:00", "zone": "UTC"},
        {"$datetime": "2024-01-01T00:00:00", "zone": "../../etc/passwd"},
        {"$datetime": "2024-01-01T00:00:00", "zone": "Europe"},
        {"$datetime": "2024-01-01T00:00:00", "zone": "Mars/Olympus\x00"},
        {"$datetime": "2024-01-01T00:00:00", "fold": 2},
        {"$datetime": "2024-01-01T00:00:00", "fold": True},
        {"$datetime": "2024-01-01T00:00:00", "name": "X"},
        {"$timezone": ""},
        {"$timezone": "+99:00"},
        {"$timedelta": [1, 2]},
        {"$timedelta": [1, 2, "3"]},
        {"$timedelta": [10**12, 0, 0]},
        {"$decimal": "one"},
        {"$decimal": "1E+99999999999999999999"},
        {"$uuid": "x"},
        {"$path": 1},
        {"$path": "a", "pure": "mac"},
        {"$namespace": [1]},
        {"$enum": "a:b"},
        {"$enum": ["os:system", "x"]},
        {"$object": "os:system"},
        {"$object": "subprocess:Popen", "state": {}},
        {"$object": "builtins:dict", "value": {}},
        {"$object": 1},
        {"$object": ["a"]},
        {"$object": "", "state": {}},
    ],
    ids=lambda data: json.dumps(data)[:60],
)
def test_an_edited_value_is_refused_with_its_path(data: object) -> None:
    with pytest.raises(CodecError) as caught:
        codec.decode({"a": [data]})
    assert caught.value.path.startswith('context["a"][0]')
    assert "\n" not in str(caught.value)


@given(st.sampled_from([list, dict]), st.integers(MAX_DEPTH + 10, 3000))
@settings(max_examples=10)
def test_json_that_is_too_deep_is_refused(kind: type, levels: int) -> None:
    data = _nest((lambda v: [v]) if kind is list else (lambda v: {"$tuple": [v]}), levels)
    with pytest.raises(CodecError, match="nested deeper"):
        codec.decode(data)


def test_no_module_is_imported_for_a_plain_context() -> None:
    script = """
import sys
from wfepy_hooks.codec import Codec
before = set(sys.modules)
codec = Codec(["__main__"])
assert codec.decode(codec.encode({"a": [1, "x", None, 1.5, {"b": True}]})) == {"a": [1, "x", None, 1.5, {"b": True}]}
print(sorted(set(sys.modules) - before))
"""
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout
    assert output.strip() == "[]"
