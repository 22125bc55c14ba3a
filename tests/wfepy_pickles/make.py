"""Made the pickles in this folder, once for each Python, with the real WfEpy 0.1.1 and attrs on the path.

PYTHONPATH=wfepy-0.1.1 python3.6 make.py
"""

# mypy: ignore-errors
# It ran on Python 3.6.

import collections
import contextlib
import datetime
import decimal
import logging
import os
import pathlib
import pickle
import sys
import types
import uuid

import flow
import wfepy

PYTHON = "py{}{}".format(*sys.version_info)
UTC = datetime.timezone.utc
CET = datetime.timezone(datetime.timedelta(hours=1), "CET")
RICH = {
    "bool": True,
    "bytearray": bytearray(b"\x01\x02"),
    "bytes": b"\x00\xff",
    "date": datetime.date(2019, 6, 1),
    "datetime": datetime.datetime(2019, 6, 1, 12, 30, 1, 5),
    "datetime_cet": datetime.datetime(2019, 6, 1, 12, 30, tzinfo=CET),
    "datetime_utc": datetime.datetime(2019, 6, 1, 12, 30, tzinfo=UTC),
    "decimal": decimal.Decimal("1.50"),
    "defaultdict": collections.defaultdict(list, {"a": [1]}),
    "deque": collections.deque([1, 2]),
    "empty": [(), {}, [], set(), frozenset(), b"", ""],
    "float": [1.5, float("inf"), -0.0],
    "frozenset": frozenset(["x"]),
    "int": [0, -1, 255, 70000, 2**40, 2**80, -(2**80)],
    "int_keys": {1: "one", (2, 3): "two"},
    "namespace": types.SimpleNamespace(a=1),
    "nested": {"list": [[1], [2, {"deep": None}]], "tuple": (1, (2, ()), 3, 4)},
    "ordered": collections.OrderedDict([("z", 1), ("a", 2)]),
    "path": pathlib.PurePosixPath("/srv/tea.txt"),
    "set": {"tea", "milk"},
    "text": "zw\u00f6lf \u2603 \U0001f375\n'\"\\",
    "time": datetime.time(23, 59, 58, 7),
    "timedelta": datetime.timedelta(days=-1, seconds=3, microseconds=9),
    "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
}


def dumped(name, context, runs=1):
    workflow = wfepy.Workflow()
    workflow.load_tasks(flow)
    workflow.check_graph()
    runner = workflow.create_runner(context)
    for _ in range(runs):
        with contextlib.suppress(OSError):
            runner.run()
    runner.dump(f"{name}-{PYTHON}.pickle")
    return runner


def main():
    logging.disable(logging.CRITICAL)
    dumped("fresh", {"cups": 2}, runs=0)
    dumped("waiting", {"cups": 2, "foam": True})
    dumped("failed", {"cups": 2, "cold": True})
    # A task was executed, and its transitions are still to be decided: a condition raises.
    dumped("executed", {"cups": 2, "broken": True, "foam": True})
    os.environ["GO"] = "1"
    dumped("finished", {"cups": 2})
    del os.environ["GO"]
    dumped("none", None)
    rich = dumped("rich", RICH)
    dumped("plain", flow.Plain())
    dumped("attrs", flow.Order(2, ["Ann", "Bob"], flow.Slotted(3)))
    dumped("slotted_attrs", {"order": flow.SlottedOrder(5)})
    bag = flow.Bag(cups=2)
    bag.label = "mine"
    dumped("bag", bag)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        state = {"state": rich.state, "context": {**RICH, "object": flow.Plain()}}
        with open(f"protocol{protocol}-{PYTHON}.pickle", "wb") as file:
            pickle.dump(state, file, protocol)


main()
