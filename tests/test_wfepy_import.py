"""State files of WfEpy 0.1.1: real ones come in, and hostile ones do nothing.

The pickles in ``wfepy_pickles`` were made by ``make.py`` there, with the real WfEpy on several versions of Python.
"""

from __future__ import annotations

import datetime
import decimal
import importlib.util
import io
import math
import pathlib
import pickle
import struct
import sys
import time
import types
import uuid
from pathlib import Path
from typing import Any

import pytest

import wfepy_hooks as wfepy
from wfepy_hooks import state
from wfepy_hooks.codec import Codec
from wfepy_hooks.engine import Engine
from wfepy_hooks.marking import STATUS_WORDS
from wfepy_hooks.outcome import TaskState
from wfepy_hooks.pickles import parse, rebuild
from wfepy_hooks.wfepyimport import Imported, read_state

PICKLES = Path(__file__).parent / "wfepy_pickles"
CREATED = "2026-11-23T06:13:34.000000Z"


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module whose instances the pickles are."""
    spec = importlib.util.spec_from_file_location("flow", PICKLES / "flow.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "flow", module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec.loader.exec_module(module)
    return module


def imported(flow: Any, data: bytes) -> Imported:
    workflow = wfepy.Workflow()
    workflow.load_tasks(flow)
    workflow.check_graph()
    found = read_state(data, workflow, Codec(workflow.modules), id="old", created=CREATED, where="old.pickle")
    # What is read can be saved, and read back.
    document = state.to_document(found.instance, Codec(workflow.modules).encode(found.instance.context))
    again = state.restore(document, [], workflow, Codec(workflow.modules)).instance
    assert again.marking.queue == found.instance.marking.queue
    assert again.marking.status == found.instance.marking.status
    return found


def pickled(name: str) -> bytes:
    return (PICKLES / f"{name}.pickle").read_bytes()


def statuses(found: Imported) -> dict[str, str]:
    instance = found.instance
    words = {}
    for task, name in enumerate(instance.marking.graph.names):
        words[name] = "waiting" if name in instance.waits else STATUS_WORDS[instance.marking.status[task]]
    return words


def ran_to_the_end(found: Imported) -> list[str]:
    """Run the instance to its end, and return the tasks that ran."""
    ran: list[str] = []

    class Watch:
        @wfepy.hookimpl
        def wfepy_task_started(self, task: wfepy.Task) -> None:
            ran.append(task.name)

    runner = wfepy.Runner.resume(found.instance, Engine.with_plugins([Watch()]))
    runner.tick()
    assert runner.status == "finished"
    return ran


# Where it is


def test_an_instance_that_waits_goes_on_where_it_was(flow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = imported(flow, pickled("waiting-py36"))
    assert statuses(found) == {
        "begin": "done",
        "grind": "waiting",
        "boil": "done",
        "foam": "done",
        "brew": "pending",
        "serve": "pending",
    }
    assert found.instance.waits["grind"].since == CREATED
    assert found.notes == [
        "since when grind waited; it counts from now on",
        "whether begin, boil, foam ran or was skipped; it counts as done",
        "by which transitions brew was reached; only how many they are is known",
    ]
    monkeypatch.setenv("GO", "1")
    assert ran_to_the_end(found) == ["grind", "brew", "serve"]


def test_an_instance_that_never_ran_begins(flow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = imported(flow, pickled("fresh-py36"))
    assert (statuses(found)["begin"], found.notes) == ("ready", [])
    monkeypatch.setenv("GO", "1")
    assert ran_to_the_end(found)[0] == "begin"


def test_a_task_that_failed_is_tried_again(flow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11.0 to 3.11.3 wrote the members of an Enum by ``getattr``."""
    monkeypatch.setenv("GO", "1")
    for name in ("failed-py36", "failed-py311"):
        assert sorted(ran_to_the_end(imported(flow, pickled(name)))) == ["boil", "brew", "grind", "serve"]


@pytest.mark.parametrize("name", ["executed-py36", "executed-py312"])
def test_a_task_that_was_executed_does_not_run_again(
    flow: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(
        wfepy.WfepyError, match='the condition of "begin" for "foam" raised OSError: the card'
    ):
        imported(flow, pickled(name))
    monkeypatch.setenv("GO", "1")
    found = imported(flow, pickled(name))
    assert found.tokens == [("begin", TaskState.COMPLETE)]
    assert found.notes == []
    assert sorted(ran_to_the_end(found)) == ["boil", "brew", "foam", "grind", "serve"]


def test_an_instance_without_a_context_gets_an_empty_one(flow: Any) -> None:
    found = imported(flow, pickled("none-py36"))
    assert found.instance.context == {}
    assert found.notes[0] == "the context was None, and is an empty dict now"


def test_a_finished_instance_has_nothing_to_go_on_with(flow: Any) -> None:
    with pytest.raises(wfepy.StateError, match=r"old\.pickle: it has finished"):
        imported(flow, pickled("finished-py36"))


def test_an_instance_whose_branches_are_all_cancelled_is_told(flow: Any) -> None:
    data = context({}, [("brew", wfepy_state(5))] * 3)
    with pytest.raises(wfepy.StateError, match="nothing to go on with: it is dead end"):
        imported(flow, data)


def test_a_task_that_was_renamed_since_is_found(flow: Any) -> None:
    data = context({}, [("mill", wfepy_state(2))])
    with pytest.raises(
        wfepy.StateFormatError, match='it is at a task "mill", which workflow flow does not have'
    ):
        imported(flow, data)
    flow.grind.options = wfepy.task(renamed_from="mill")(flow.grind.func).options
    assert imported(flow, data).tokens == [("grind", TaskState.WAITING)]


# The context

RICH = {
    "bool": True,
    "bytearray": bytearray(b"\x01\x02"),
    "bytes": b"\x00\xff",
    "date": datetime.date(2019, 6, 1),
    "datetime": datetime.datetime(2019, 6, 1, 12, 30, 1, 5),
    "datetime_cet": datetime.datetime(
        2019, 6, 1, 12, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=1), "CET")
    ),
    "datetime_utc": datetime.datetime(2019, 6, 1, 12, 30, tzinfo=datetime.timezone.utc),
    "decimal": decimal.Decimal("1.50"),
    "defaultdict": {"a": [1]},
    "deque": [1, 2],
    "empty": [(), {}, [], set(), frozenset(), b"", ""],
    "float": [1.5, math.inf, -0.0],
    "frozenset": frozenset(["x"]),
    "int": [0, -1, 255, 70000, 2**40, 2**80, -(2**80)],
    "int_keys": {1: "one", (2, 3): "two"},
    "namespace": types.SimpleNamespace(a=1),
    "nested": {"list": [[1], [2, {"deep": None}]], "tuple": (1, (2, ()), 3, 4)},
    "ordered": {"z": 1, "a": 2},
    "path": pathlib.PurePosixPath("/srv/tea.txt"),
    "set": {"tea", "milk"},
    "text": "zw\u00f6lf \u2603 \U0001f375\n'\"\\",
    "time": datetime.time(23, 59, 58, 7),
    "timedelta": datetime.timedelta(days=-1, seconds=3, microseconds=9),
    "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
}


@pytest.mark.parametrize(
    "name",
    sorted(path.stem for path in PICKLES.glob("*.pickle") if path.stem.startswith(("rich", "protocol"))),
)
def test_plain_values_come_in_from_every_python_and_protocol(flow: Any, name: str) -> None:
    found = imported(flow, pickled(name))
    context = dict(found.instance.context)
    made = context.pop("object", None)
    assert context == RICH
    assert [(key, type(value)) for key, value in context.items()] == [
        (key, type(value)) for key, value in RICH.items()
    ]
    assert math.copysign(1, context["float"][2]) == -1
    assert context["datetime_cet"].tzname() == "CET"
    assert "context['ordered'] was a OrderedDict, and is a plain dict now" in found.notes
    assert "context['deque'] was a deque, and is a list now" in found.notes
    if made is not None:
        assert vars(made) == {"data": {"cups": 2}, "size": flow.Size.LARGE, "place": flow.Place(3, 14)}
        assert type(made.place) is flow.Place


@pytest.mark.parametrize("name", ["plain-py36", "plain-py311", "plain-py312"])
def test_an_object_of_the_own_module_comes_in_without_calling_its_init(flow: Any, name: str) -> None:
    flow.Plain.__init__ = None
    made = imported(flow, pickled(name)).instance.context
    assert type(made) is flow.Plain
    assert vars(made) == {"data": {"cups": 2}, "size": flow.Size.LARGE, "place": flow.Place(3, 14)}


@pytest.mark.parametrize("name", ["attrs-py36", "attrs-py312"])
def test_an_attrs_object_comes_in(flow: Any, name: str) -> None:
    made: Any = imported(flow, pickled(name)).instance.context
    assert made.cups == 2
    assert made.guests == ["Ann", "Bob"]
    assert (type(made), type(made.inner), made.inner.cups) == (flow.Order, flow.Slotted, 3)


@pytest.mark.parametrize("name", ["slotted_attrs-py36", "slotted_attrs-py38", "slotted_attrs-py312"])
def test_an_attrs_object_with_slots_comes_in_as_each_version_of_attrs_wrote_it(flow: Any, name: str) -> None:
    assert imported(flow, pickled(name)).instance.context["order"] == flow.SlottedOrder(5, "Ann")


@pytest.mark.parametrize("name", ["bag-py36", "bag-py312"])
def test_a_dict_with_attributes_comes_in(flow: Any, name: str) -> None:
    made = imported(flow, pickled(name)).instance.context
    assert (type(made), dict(made), vars(made)) == (flow.Bag, {"cups": 2}, {"label": "mine"})


def wfepy_state(value: int) -> Any:
    """What pickles as a member of WfEpy's TaskState."""
    return Call(Named("wfepy.workflow", "TaskState"), value)


class Named:
    """Pickles as a reference to something, whether that is there or not."""

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name


class Call:
    """Pickles as a call of something, or as an object that is made and given a state."""

    def __init__(self, function: Named | Call, *args: Any, **more: Any) -> None:
        self.function = function
        self.args = args
        self.more = more


PythonPickler: Any = pickle._Pickler  # the one whose steps can be replaced


class Pickler(PythonPickler):  # type: ignore[misc]  # there are no types for it
    def save(self, value: Any, save_persistent_id: bool = True) -> None:
        if isinstance(value, Named):
            self.write(b"c" + value.module.encode() + b"\n" + value.name.encode() + b"\n")
        elif isinstance(value, Call):
            self.save(value.function)
            self.save(value.args)
            self.write(b"\x81" if value.more.get("new") else b"R")
            if "items" in value.more:
                self._batch_setitems(value.more["items"].items())
            if "state" in value.more:
                self.save(value.more["state"])
                self.write(b"b")
        else:
            super().save(value, save_persistent_id)


def context(value: Any, tokens: list[Any] | None = None) -> bytes:
    """A state file of WfEpy with this context."""
    file = io.BytesIO()
    Pickler(file, 4).dump({"state": tokens or [("grind", wfepy_state(2))], "context": value})
    return file.getvalue()


def test_what_the_tests_below_write_is_read_where_it_is_harmless(flow: Any) -> None:
    value = {
        "set": Call(Named("builtins", "set"), [1]),
        "object": Call(Named("flow", "Plain"), new=True, state={"a": 1}),
    }
    made: Any = imported(flow, context(value)).instance.context
    assert (made["set"], vars(made["object"])) == ({1}, {"a": 1})


def test_one_object_at_two_places_becomes_two_and_is_told(flow: Any) -> None:
    names = ["Ann"]
    found = imported(flow, context({"a": names, "b": {"c": names}}))
    assert found.instance.context == {"a": ["Ann"], "b": {"c": ["Ann"]}}
    assert found.notes[0] == "context['a'] and context['b']['c'] were one object, and are two now"


def test_a_class_that_is_elsewhere_now_is_named(flow: Any) -> None:
    value = Call(Named("__main__", "Plain"), new=True, state={})
    with pytest.raises(wfepy.StateFormatError) as caught:
        imported(flow, context(value))
    assert str(caught.value) == (
        "old.pickle: context: __main__.Plain is none of what is read from a pickle; "
        "there is flow.Plain: import it from there in the script that runs WfEpy"
    )


def test_a_class_with_a_state_of_its_own_making_is_refused(flow: Any) -> None:
    called = []
    flow.Plain.__setstate__ = lambda self, state: called.append(state)
    value = Call(Named("flow", "Plain"), new=True, state={"a": 1})
    with pytest.raises(wfepy.StateFormatError, match="__setstate__ of its own, which is not run here"):
        imported(flow, context(value))
    assert called == []


# Hostile files


def command(path: Path) -> str:
    return f"touch {path}"


def hostile(path: Path) -> dict[str, Any]:
    """Contexts that would do something when they are unpickled, by what they try."""
    run = command(path)
    python = f"__import__('os').system({run!r})"
    system = Named("os", "system")
    getattr_ = Named("builtins", "getattr")
    return {
        "system": Call(system, run),
        "posix": Call(Named("posix", "system"), run),
        "eval": Call(Named("builtins", "eval"), python),
        "exec": Call(Named("builtins", "exec"), python),
        "old builtins": Call(Named("__builtin__", "eval"), python),
        "import": Call(Named("builtins", "__import__"), "this"),
        "popen": Call(Named("subprocess", "Popen"), ["touch", str(path)]),
        "popen, made": Call(Named("subprocess", "Popen"), ["touch", str(path)], new=True),
        "a name only": system,
        "getattr": Call(getattr_, Named("os", "path"), "os"),
        "a chain of getattr": Call(Call(getattr_, Call(getattr_, Named("os", "path"), "os"), "system"), run),
        "an attribute of ours": Call(getattr_, Named("wfepy.workflow", "TaskState"), "__init_subclass__"),
        "through the module": Call(Named("flow", "os.system"), run),
        "through a class": Call(Named("flow", "Plain.__init__.__globals__"), run),
        "a task": Call(Named("flow", "begin"), {}),
        "partial": Call(Named("functools", "partial"), system, run),
        "attrgetter": Call(Named("operator", "attrgetter"), "system"),
        "a factory": Call(Named("collections", "defaultdict"), system, items={"a": 1}),
        "a call of its own": Call(Named("flow", "Plain"), 1, 2),
        "a state for a class": Call(
            Named("copyreg", "_reconstructor"), Named("os", "_wrap_close"), Named("builtins", "object"), None
        ),
        "codecs": Call(Named("_codecs", "encode"), "x", "zip"),
        "a set of a name": Call(Named("builtins", "set"), system),
        "much memory": Call(Named("builtins", "bytearray"), 10**15),
        "much memory for bytes": Call(Named("builtins", "bytes"), 10**15),
        "a range": Call(Named("builtins", "range"), 10**15),
        "a zone that is a file": Call(Named("zoneinfo", "ZoneInfo._unpickle"), "../../../etc/passwd", True),
        "a zone of objects": Call(Named("zoneinfo", "ZoneInfo._unpickle"), [1], True),
        "a moment that is none": Call(Named("datetime", "datetime"), b"\xff" * 10),
        "a moment with a zone of its own": Call(
            Named("datetime", "datetime"), b"\x07\xe3\x06\x01\x0c\x1e\x00\x00\x00\x00", [1]
        ),
        "a duration of text": Call(Named("datetime", "timedelta"), "1", 2, 3),
        "a duration without end": Call(Named("datetime", "timedelta"), 10**18, 2, 3),
        "a state for a set": Call(Named("builtins", "set"), [1], state={"__class__": 1}),
        "a state for a number": Call(Named("decimal", "Decimal"), "1", state={"a": 1}),
        "a number that is none": Call(Named("decimal", "Decimal"), "x" * 100),
        "an identity": Call(Named("uuid", "UUID"), new=True, state={"int": 1, "hex": 2}),
        "an identity that is too large": Call(Named("uuid", "UUID"), new=True, state={"int": 2**200}),
        "a path of objects": Call(Named("pathlib", "PosixPath"), {"a": 1}),
        "a state in the context": wfepy_state(1),
        "a member that is none": Call(Named("flow", "Size"), "huge"),
        "an unhashable member": {"x": Call(Named("builtins", "set"), [[1]])},
        "an unhashable member of a frozenset": {"k": Call(Named("builtins", "frozenset"), [{}])},
        "an attribute that is no text": Call(Named("flow", "Plain"), new=True, state={1: 2}),
        "a slot that is none": Call(Named("flow", "Slotted"), new=True, state=(None, {"other": 1})),
        "a state that is text": Call(Named("flow", "Plain"), new=True, state="x"),
        "a dict with more to it": Call(Named("collections", "OrderedDict"), [1, 2], {}),
        "what is called is no name": Call(Call(Named("flow", "Plain"), new=True), 1),
        "the unpickler": Call(Named("pickle", "loads"), b"."),
        "a type": Call(Named("builtins", "type"), "X", (), {}),
        "a code object": Call(Named("types", "CodeType"), 1),
    }


@pytest.mark.parametrize("what", sorted(hostile(Path("x"))))
def test_a_hostile_file_is_refused_and_does_nothing(flow: Any, tmp_path: Path, what: str) -> None:
    canary = tmp_path / "canary"
    attributes = dict(vars(flow.Plain)), dict(vars(TaskState))
    with pytest.raises(wfepy.StateFormatError) as caught:
        imported(flow, context({"x": hostile(canary)[what]}))
    assert str(caught.value).startswith("old.pickle: context['x']")
    assert not canary.exists()
    assert (dict(vars(flow.Plain)), dict(vars(TaskState))) == attributes


def test_what_is_refused_is_named(flow: Any) -> None:
    with pytest.raises(wfepy.StateFormatError, match=r"context\['x'\]: os\.system is none of what is read"):
        imported(flow, context({"x": Call(Named("os", "system"), "true")}))


def many(step: bytes, times: int) -> bytes:
    """A state file whose context is what these instructions make, so many times."""
    return (
        b"\x80\x04}(\x8c\x05state](\x8c\x05grindcwfepy.workflow\nTaskState\nK\x02\x85R\x86e\x8c\x07context"
        + step * times
        + b"u."
    )


RAW = {
    "nothing": b"",
    "text": b"hello",
    "no state": pickle.dumps([1, 2]),
    "another dict": pickle.dumps({"a": 1}),
    "another state": pickle.dumps({"state": 5, "context": {}}),
    "tokens without a state": pickle.dumps({"state": [("grind", 2)], "context": {}}),
    "a wrong state": many(b"}", 1).replace(b"K\x02", b"K\x63"),
    "cut short": pickled("rich-py36")[:200],
    "cut in the middle of text": pickled("rich-py36")[:-400] + b".",
    "one bit": pickled("rich-py36")[:3] + b"\xff" + pickled("rich-py36")[4:],
    "a stack that is empty": b"\x80\x040.",
    "no mark": b"\x80\x04t.",
    "a value under the mark": b"\x80\x04K\x01(0.",
    "a memory that is empty": b"\x80\x04h\x05.",
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent id": b"\x80\x02Pfile\n.",
    "a text of Python 2": b"S'x'\n.",
    "a buffer": b"\x80\x05\x97.",
    "keywords": b"\x80\x04cflow\nPlain\n)}(\x8c\x01aK\x01u\x92.",
    "a newer protocol": b"\x80\x09N.",
    "two states": b"\x80\x04cflow\nPlain\n)\x81}b}b.",
    "a state for a list": b"\x80\x04]}b.",
    "items of a list": b"\x80\x04]K\x01K\x02s.",
    "an odd number of items": b"\x80\x04}(K\x01u.",
    "members of a dict": b"\x80\x04}(K\x01e.",
    "members of no set": b"\x80\x04](K\x01\x90.",
    "a name of numbers": b"\x80\x04K\x01K\x02\x93.",
    "a memory that is large": many(b"]r\xff\xff\xff\xff", 1),
    "a huge text": b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"x.",
    "huge bytes": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",
    "a huge bytearray": b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b"x.",
    "a huge number": b"\x80\x04\x8b" + struct.pack("<i", 2**31 - 1) + b"x.",
    "a frame": b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"x.",
    "a number as text": many(b"I" + b"9" * 100_000 + b"\n", 1),
    "tuples in tuples": many(b"K\x01" + b"2\x86" * 100, 1),
    "deep lists": many(b"]" * 200_000 + b"a" * 199_999, 1),
    "deep calls": many(b"cbuiltins\nset\n](" * 300 + b"K\x01" + b"e\x85R" * 300, 1),
    "a list that holds itself": many(b"]\x94h\x00a", 1),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(RAW))
def test_a_damaged_or_huge_file_is_refused_at_once(flow: Any, what: str) -> None:
    before = time.perf_counter()
    if what == "a memory that is large":  # there is nothing wrong with it: here, it costs nothing
        assert imported(flow, RAW[what]).instance.context == []
    else:
        with pytest.raises(wfepy.StateFormatError, match=r"^old\.pickle: "):
            imported(flow, RAW[what])
    assert time.perf_counter() - before < 10


def test_a_small_file_that_unfolds_to_billions_of_lists_is_refused(flow: Any) -> None:
    names: list[Any] = []
    for _ in range(60):
        names = [names, names]
    with pytest.raises(wfepy.StateFormatError, match=f"it unfolds to more than {rebuild.MAX_VALUES} values"):
        imported(flow, context(names))


def test_a_huge_file_is_not_read(flow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MAX_BYTES", 100)
    with pytest.raises(wfepy.StateFormatError, match="no more than 0 are read"):
        imported(flow, pickled("rich-py36"))


def test_every_truncation_of_a_real_file_is_refused(flow: Any) -> None:
    data = pickled("attrs-py312")
    for length in range(len(data)):
        with pytest.raises(wfepy.StateFormatError):
            imported(flow, data[:length])


def test_a_real_file_with_any_byte_changed_is_read_or_refused(flow: Any) -> None:
    """Whatever is in a file, it is an instance or an error that says so: no other exception, and no harm."""
    for name in ("attrs-py312", "plain-py36"):
        data = pickled(name)
        for place in range(len(data)):
            for byte in (0, ord("."), ord("R"), ord("b"), data[place] ^ 1):
                changed = data[:place] + bytes([byte]) + data[place + 1 :]
                try:
                    imported(flow, changed)
                except wfepy.StateError:
                    continue


def test_the_pickles_are_read_without_pickle(flow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("it was unpickled")

    for name in ("load", "loads", "Unpickler", "_Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    assert imported(flow, pickled("rich-py313")).instance.context["bool"] is True
