"""Objects and enums of the workflow's own modules to JSON and back."""

from __future__ import annotations

import json
import socket
import sys
from collections import Counter
from dataclasses import FrozenInstanceError
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import codec_samples as samples
from codec_samples import alike
from wfepy_hooks.codec import MAX_DEPTH, Codec
from wfepy_hooks.context import Context
from wfepy_hooks.errors import CodecError

codec = Codec(["codec_samples"])


def there_and_back(value: object, codec: Codec = codec) -> Any:
    """Return what is left of ``value`` after a trip through text, inside a list."""
    return codec.decode(json.loads(json.dumps(codec.encode([value]), allow_nan=False)))[0]


def refusal(value: object, codec: Codec = codec) -> CodecError:
    with pytest.raises(CodecError) as caught:
        codec.encode(value)
    assert "\n" not in str(caught.value)
    return caught.value


def refused_data(data: Any, codec: Codec = codec) -> CodecError:
    with pytest.raises(CodecError) as caught:
        codec.decode(data)
    assert "\n" not in str(caught.value)
    return caught.value


# Objects


@pytest.mark.parametrize(
    "value",
    [
        samples.Order("a", [1, 2]),
        samples.Point(1),
        samples.Slotted((1, 2), None),
        samples.FrozenSlotted({1}),
        samples.AttrsSlotted(samples.AttrsSlotted(1)),
        samples.AttrsFrozen("text"),
        samples.AttrsDict([1]),
        samples.Pair(1, samples.Pair(2, (3,))),
        samples.Users({"a": 1}),
    ],
    ids=repr,
)
def test_an_object_comes_back_equal(value: object) -> None:
    assert alike(there_and_back(value), value)


def test_plain_objects_come_back_with_their_attributes() -> None:
    value: Any = samples.Plain(a=1, b=samples.Plain(c=(1, 2)))
    value.__dict__["$odd"] = 1
    value.b.__dict__[1] = 2
    back = there_and_back(value)
    assert type(back) is samples.Plain
    assert type(vars(back)["b"]) is samples.Plain
    assert vars(back)["a"] == 1
    assert vars(vars(back)["b"]) == {"c": (1, 2), 1: 2}
    assert vars(back)["$odd"] == 1


def test_slots_come_back_also_private_unset_and_inherited_ones() -> None:
    value: Any = samples.SlotsChild()
    value.child = {"a": 1}
    back = there_and_back(value)
    assert back.secret() == 1
    assert back.child == {"a": 1}
    assert not hasattr(back, "base")
    with_dict: Any = samples.SlotsAndDict()
    with_dict.base = 1
    with_dict.more = 2
    back = there_and_back(with_dict)
    assert back.base == 1
    assert vars(back) == {"more": 2}


def test_frozen_objects_come_back_frozen() -> None:
    back = there_and_back(samples.Point(1, 2))
    with pytest.raises(FrozenInstanceError):
        back.x = 2
    assert hash(there_and_back(samples.AttrsFrozen("a"))) == hash(samples.AttrsFrozen("a"))


def test_a_hash_of_another_process_is_not_kept() -> None:
    value = samples.AttrsFrozen("a")
    hash(value)
    assert codec.encode(value) == {
        "$object": "codec_samples:AttrsFrozen",
        "state": {"x": "a", "_attrs_cached_hash": None},
    }


@pytest.mark.parametrize(
    "value",
    [
        samples.Tree(a=samples.Tree(b=1)),
        samples.Bag({1, (2,)}),
        samples.FrozenBag({1}),
        samples.Count(2**80),
        samples.Ratio("nan"),
        samples.Blob(b"\xff"),
        samples.Space(a=1),
        Context(a=1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_subclass_of_a_builtin_comes_back(value: object) -> None:
    assert alike(there_and_back(value), value)


def test_methods_of_a_subclass_are_not_called() -> None:
    items = samples.Items([1, (2,)])
    name: Any = samples.Name("\ud800")
    name.colour = "red"
    back = there_and_back([items, name])
    assert type(back[0]) is samples.Items
    assert list.__eq__(back[0], items)
    assert type(back[1]) is samples.Name
    assert str.__eq__(back[1], name)
    assert vars(back[1]) == {"colour": "red"}


def test_a_subclass_keeps_items_and_attributes() -> None:
    value = samples.Tree({"a": 1, 2: 3})  # type: ignore[dict-item]
    value.note = "x"  # type: ignore[attr-defined]
    back = there_and_back(value)
    assert back == {"a": 1, 2: 3}
    assert vars(back) == {"note": "x"}


def test_no_code_of_a_class_is_run() -> None:
    value = object.__new__(samples.Trap)
    object.__setattr__(value, "a", 1)
    samples.ran.clear()
    back = there_and_back(value)
    assert samples.ran == []
    assert object.__getattribute__(back, "a") == 1


def test_generic_and_nested_classes_come_back() -> None:
    box = there_and_back(samples.Box[int](1))
    assert vars(box) == {"value": 1}
    assert type(there_and_back(samples.Outer.Inner())) is samples.Outer.Inner


def test_objects_can_be_members_and_keys() -> None:
    value = {samples.Point(1), samples.Point(2, 3), samples.Colour.RED, samples.Pair(1, 2)}
    assert there_and_back(value) == value
    assert there_and_back({samples.Point(1): "a"}) == {samples.Point(1): "a"}


def test_the_context_may_be_an_object() -> None:
    encoded = codec.encode(samples.Order("a"))
    assert encoded == {"$object": "codec_samples:Order", "state": {"name": "a", "lines": []}}
    assert codec.decode(encoded) == samples.Order("a")


def test_a_frozen_value_may_be_in_two_places_but_not_what_it_holds() -> None:
    point = samples.Point(1)
    pair = samples.Pair(1, 2)
    assert there_and_back([point, point, pair, pair]) == [point, point, pair, pair]
    holder = samples.FrozenSlotted([])
    assert "the same list" in refusal([holder, holder]).what
    token = samples.Token("compared by identity")
    assert "the same codec_samples.Token" in refusal([token, token]).what
    name: Any = samples.Name("x")
    assert str.__eq__(there_and_back([name, name])[1], "x")
    name.colour = []
    assert "the same codec_samples.Name" in refusal([name, name]).what


@pytest.mark.parametrize(
    "make",
    [lambda: samples.Plain(), lambda: samples.Tree(), lambda: samples.Slotted(1), lambda: samples.Items()],
)
def test_an_object_in_two_places_is_refused(make: Any) -> None:
    value = make()
    error = refusal({"a": value, "b": samples.Plain(c=value)})
    assert error.path == 'context["b"].c'
    assert 'context["a"]' in error.what


def test_a_cycle_of_objects_is_refused() -> None:
    value = samples.Plain()
    value.me = [value]  # type: ignore[attr-defined]
    assert str(refusal({"a": value})).startswith('context["a"].me[0]: a cycle: this is context["a"] again')
    assert "a cycle" in refusal(samples.AttrDict(a=1)).what
    frozen = samples.FrozenSlotted(1)
    object.__setattr__(frozen, "x", frozen)
    assert "nested deeper" in refusal(frozen).what


@pytest.mark.parametrize(
    ("kind", "levels"), [(samples.Plain, 2), (samples.FrozenSlotted, 2), (samples.Tree, 2), (samples.Pair, 2)]
)
def test_deep_objects_come_back_and_deeper_ones_are_refused(kind: type, levels: int) -> None:
    def nest(count: int) -> Any:
        value: Any = 1
        for _ in range(count):
            if kind is samples.Pair:
                value = samples.Pair(1, value)
            else:
                value = kind(a=value) if kind is not samples.FrozenSlotted else kind(value)
        return value

    deepest = nest(MAX_DEPTH // levels)
    encoded = codec.encode(deepest)
    assert codec.encode(codec.decode(json.loads(json.dumps(encoded)))) == encoded
    assert "nested deeper" in refusal(nest(MAX_DEPTH // levels + 1)).what


# Enums

MEMBERS: list[Any] = [
    samples.Colour.RED,
    samples.Colour.ROUGE,
    samples.Colour.BLUE,
    samples.Level.HIGH,
    samples.Word.YES,
    samples.Mode.READ,
    samples.Mode.BOTH,
    samples.Mode.READ | samples.Mode.RUN,
    samples.Mode(0),
    samples.Bits.A | samples.Bits.B,
    samples.Bits(64),
]
if sys.version_info >= (3, 11):
    MEMBERS.append(samples.Text.HI)


@pytest.mark.parametrize("member", MEMBERS, ids=repr)
def test_an_enum_member_comes_back_as_itself(member: Any) -> None:
    assert there_and_back(member) is member
    assert there_and_back([member, member]) == [member, member]


def test_an_enum_is_written_by_name() -> None:
    assert codec.encode(samples.Colour.ROUGE) == {"$enum": ["codec_samples:Colour", "RED"]}
    assert codec.encode(samples.Mode.READ | samples.Mode.RUN) == {"$enum": ["codec_samples:Mode", 5]}


def test_a_combination_of_flags_that_is_new_to_the_process_comes_back() -> None:
    assert codec.decode({"$enum": ["codec_samples:Mode", 6]}) == samples.Mode.WRITE | samples.Mode.RUN


# Whose classes


def test_a_class_of_another_module_is_refused() -> None:
    error = refusal({"a": samples.Order("x")}, Codec(["coffee"]))
    assert str(error) == (
        'context["a"]: a codec_samples.Order cannot be saved; store plain values of it, register its class, or keep it '
        "out of the context: it is not of the workflow's own modules (coffee)"
    )
    assert "a codec_samples.Colour" in refusal(samples.Colour.RED, Codec()).what
    assert "store int(value)" in refusal(samples.Level.LOW, Codec()).hint


def test_a_registered_class_is_saved_and_no_other_of_its_module() -> None:
    registered = Codec([], [samples.Order, samples.Colour, Counter])
    value = [samples.Order("a"), samples.Colour.RED, Counter("abca")]
    assert there_and_back(value, registered) == value
    assert "cannot be saved" in refusal(samples.Point(1), registered).what
    assert (
        "there is no class" in refused_data({"$object": "codec_samples:Point", "state": {}}, registered).what
    )


def test_a_local_class_is_saved_only_if_registered() -> None:
    local = samples.local_class()
    error = refusal(local())
    assert "has another class, or none, by that name" in error.what
    assert "top of the module" in error.hint
    assert type(there_and_back(local(), Codec([], [local]))) is local


def test_a_package_stands_for_its_modules_and_main_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("shop", "shop.orders", "shopping"):
        module = ModuleType(name)
        module.Order = type("Order", (), {"__module__": name})  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
    own = Codec(["shop"])
    assert codec_accepts(own, sys.modules["shop.orders"].Order())
    assert not codec_accepts(own, sys.modules["shopping"].Order())
    main = type("Main", (), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "Main", main, raising=False)
    assert codec_accepts(Codec(["__main__"]), main())
    assert not codec_accepts(own, main())


def codec_accepts(codec: Codec, value: object) -> bool:
    try:
        return type(there_and_back(value, codec)) is type(value)
    except CodecError:
        return False


def test_a_renamed_class_is_found_by_an_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"$object": "codec_samples:OldOrder", "state": {"name": "a", "lines": []}}
    assert "keep the old name" in refused_data(data).hint
    monkeypatch.setattr(samples, "OldOrder", samples.Order, raising=False)
    assert codec.decode(data) == samples.Order("a")


@pytest.mark.parametrize(
    ("value", "base"),
    [
        (samples.Queue([1]), "collections.deque"),
        (samples.Ordered(a=1), "collections.OrderedDict"),
        (samples.Money(1), "Decimal"),
        (samples.Default(int), "collections.defaultdict"),
        (samples.Span(1), "datetime.timedelta"),
        (samples.Zone(), "datetime.tzinfo"),
        (samples.Complex(1), "complex"),
        (samples.Dice(1), "_random.Random"),
        (object.__new__(samples.Place), "pathlib"),
    ],
)
def test_a_class_with_data_out_of_reach_is_refused(value: object, base: str) -> None:
    error = refusal(value)
    assert "it extends" in error.what
    assert base in error.what
    data = {"$object": f"codec_samples:{type(value).__name__}", "state": {}}
    assert "it extends" in refused_data(data).what


def test_what_an_object_holds_is_refused_by_path() -> None:
    with socket.socket() as open_socket:
        order = samples.Order("x")
        order.socket = open_socket  # type: ignore[attr-defined]
        error = refusal({"orders": [1, 2, 3, order]})
    assert str(error).startswith(
        'context["orders"][3].socket: a socket cannot be saved; keep it out of the context'
    )
    assert refusal(samples.Tree(a=print)).path == 'context["a"]'
    assert refusal(samples.Pair(1, print)).path == "context[1]"


# What is read


@pytest.mark.parametrize(
    "data",
    [
        {"$object": "codec_samples:Missing", "state": {}},
        {"$object": "codec_samples:local_class", "state": {}},
        {"$object": "codec_samples:Decimal", "value": "1"},
        {"$object": "codec_samples:sys.modules", "state": {}},
        {"$object": "codec_samples:Order.__init__", "state": {}},
        {"$object": "codec_samples:Order.__class__", "state": {}},
        {"$object": "codec_samples", "state": {}},
        {"$object": "codec_samples:", "state": {}},
        {"$object": ":Order", "state": {}},
        {"$object": "codec_samples:Colour", "state": {}},
        {"$object": "codec_samples:Queue", "state": {}},
        {"$object": "codec_samples:Order", "state": []},
        {"$object": "codec_samples:Order", "state": {"$tuple": []}},
        {"$object": "codec_samples:Order", "value": 1},
        {"$object": "codec_samples:Order", "state": {}, "more": 1},
        {"$object": "codec_samples:Slotted", "state": {"z": 1}},
        {"$object": "codec_samples:Tree"},
        {"$object": "codec_samples:Tree", "value": []},
        {"$object": "codec_samples:Count", "value": True},
        {"$object": "codec_samples:Bag", "value": [1, 1]},
        {"$object": "codec_samples:Bag", "value": [[]]},
        {"$set": [{"$object": "codec_samples:Point", "state": {}}]},
        {"$set": [{"$object": "codec_samples:Order", "state": {}}]},
        {"$enum": ["codec_samples:Colour", "GREEN"]},
        {"$enum": ["codec_samples:Colour", 1]},
        {"$enum": ["codec_samples:Colour", ["RED"]]},
        {"$enum": ["codec_samples:Colour", "name"]},
        {"$enum": ["codec_samples:Order", "RED"]},
        {"$enum": ["codec_samples:Colour"]},
        {"$enum": [["codec_samples:Colour"], "RED"]},
        {"$enum": ["codec_samples:Mode", 64]},
        {"$enum": ["codec_samples:Mode", True]},
        {"$enum": ["codec_samples:Mode", {"$int": "0x" + "f" * 5000}]},
    ],
    ids=lambda data: json.dumps(data)[:60],
)
def test_edited_objects_are_refused_with_their_path(data: object) -> None:
    assert refused_data({"a": [data]}).path.startswith('context["a"][0]')


def test_odd_names_of_attributes_do_no_harm() -> None:
    names = ["__class__", "__dict__", "__init__", "__module__"]
    back = codec.decode({"$object": "codec_samples:Plain", "state": dict.fromkeys(names, "x")})
    assert type(back) is samples.Plain
    assert sorted(vars(back)) == names


def test_a_module_that_would_import_something_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(ModuleType):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

    lazy = Lazy("lazy")
    monkeypatch.setitem(sys.modules, "lazy", lazy)
    assert "there is no class" in refused_data({"$object": "lazy:A", "state": {}}, Codec(["lazy"])).what


ODD = st.sampled_from(
    [
        *(
            "codec_samples",
            "codec_samples:Order",
            "codec_samples:Tree",
            "codec_samples:Colour",
            "codec_samples:Mode",
        ),
        *(
            "codec_samples:Point",
            "codec_samples:FrozenSlotted",
            "codec_samples:Bag",
            "codec_samples:Name",
            "x",
            "lines",
        ),
        *(
            "os:system",
            "subprocess:Popen",
            "RED",
            "0x10",
            "YQ==",
            "nan",
            "2024-01-01",
            "+01:00",
            "Europe/Prague",
            "",
        ),
        *(0, 1, -1, 10**30, 1.5, float("nan"), True, None, "\ud800", "12:00", "1.5"),
    ]
)
TAGS = st.sampled_from(
    [
        *(
            "$tuple",
            "$set",
            "$frozenset",
            "$dict",
            "$int",
            "$float",
            "$str",
            "$bytes",
            "$bytearray",
            "$datetime",
        ),
        *(
            "$time",
            "$date",
            "$timedelta",
            "$zone",
            "$timezone",
            "$decimal",
            "$uuid",
            "$path",
            "$namespace",
            "$enum",
        ),
        *("$object", "$", "$what"),
    ]
)
KEYS = st.one_of(TAGS, st.sampled_from(["state", "value", "zone", "fold", "name", "pure", "x", "__class__"]))
HOSTILE = st.recursive(
    ODD | st.text(max_size=3),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner).map(list),
        st.builds(lambda tag, payload: {tag: payload}, TAGS, inner),
        st.builds(
            lambda name, state: {"$object": name, "state": state},
            ODD,
            st.dictionaries(KEYS, inner, max_size=2),
        ),
        st.builds(lambda name, value: {"$object": name, "value": value}, ODD, inner),
        st.builds(lambda name, member: {"$enum": [name, member]}, ODD, inner),
        st.dictionaries(KEYS, inner, max_size=3),
    ),
    max_leaves=15,
)


@given(HOSTILE)
@settings(max_examples=400)
def test_any_json_is_a_value_or_an_error_and_runs_nothing(data: Any) -> None:
    text = json.dumps(data)
    data = json.loads(text)
    samples.ran.clear()
    outcome = _decode_or_error(data)
    assert samples.ran == []
    assert json.dumps(data) == text
    if isinstance(outcome, CodecError):
        assert outcome.path.startswith("context")
        assert len(str(outcome).encode().splitlines()) == 1
    else:
        codec.encode(outcome)


def _decode_or_error(data: Any) -> Any:
    try:
        return codec.decode(data)
    except CodecError as error:
        return error


def test_the_hash_of_a_key_may_fail() -> None:
    assert "does not hold" in refused_data({"$set": [{"$object": "codec_samples:Point", "state": {}}]}).what


def test_decimal_is_not_confused_with_a_class_of_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = type("Decimal", (), {"__module__": "decimal"})
    assert "cannot be saved" in refusal(fake()).what
    assert there_and_back(Decimal("1.0")) == 1
