"""What ``docs/reference/python.md`` says of every public name: its signature and its docstring."""

from __future__ import annotations

import inspect
import os
from datetime import timedelta
from importlib import import_module

import wfepy_hooks
from prose import from_docstring, table
from wfepy_hooks import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["GROUPS", "entries", "modules", "section"]

#: Every public name by heading.
GROUPS: dict[str, tuple[str, ...]] = {
    "Tasks": (
        "task",
        "start_point",
        "followed_by",
        "join_point",
        "end_point",
        "Task",
        "Transition",
        "DecoratorStack",
    ),
    "What a task returns or raises": (
        *("wait", "sleep", "approval", "start_child", "Wait", "Retry", "GiveUp"),
        *("RetryDecision", "TaskResult", "TaskStatus"),
    ),
    "Workflows and runs": (
        "Workflow",
        "Runner",
        "TaskState",
        "TickSummary",
        "Instance",
        "InstanceStatus",
        "Context",
    ),
    "From outside": ("send_signal", "Signal", "Operations", "who", "read_data", "read_overview"),
    "Plugins": (
        *("hookimpl", "hookspec", "Stash", "StashKey", "plugin_settings", "settings_table", "some_of"),
        "describe_error",
    ),
    "Handed to hooks": (
        "Config",
        "WorkflowConfig",
        "Commands",
        "Registry",
        "PluginHost",
        "WaitState",
        "Session",
        "Store",
    ),
    "Schedules and generators": (
        *("Schedule", "Occurrence", "ScheduleEntry", "collect_schedules", "needed_minutes"),
        *(
            "GeneratedFile",
            "generate",
            "Machine",
            "tick_command",
            "FileChange",
            "compare_files",
            "write_files",
        ),
        *("ClockChange", "ZoneOffsets", "offsets_ahead"),
    ),
    "Times": ("parse_duration", "parse_time", "format_time"),
    "Errors": tuple(sorted(errors.__all__, key=lambda name: (name != "WfepyError", name))),
}
MODULES = (
    *("wfepy_hooks.commandline", "wfepy_hooks.errors", "wfepy_hooks.faults", "wfepy_hooks.render"),
    *("wfepy_hooks.statetext", "wfepy_hooks.stores", "wfepy_hooks.stores.conformance"),
    *("wfepy_hooks.executors.conformance", "wfepy_hooks.testing"),
)


def section(title: str) -> str:
    """Return what is below a heading: each name of a group."""
    return "\n\n".join(_entry(name, getattr(wfepy_hooks, name)) for name in GROUPS[title])


def entries(module: str, names: tuple[str, ...] = ()) -> str:
    """Return what is said of the names of a module; by default of all."""
    found = import_module(module)
    return "\n\n".join(_entry(name, getattr(found, name)) for name in names or found.__all__)


def modules() -> str:
    """Return the table of the modules that plugins may use beside the names of the package itself."""
    rows = []
    for name in MODULES:
        module = import_module(name)
        what = from_docstring((inspect.getdoc(module) or "").split("\n\n")[0])
        names = ", ".join(f"`{each}`" for each in module.__all__)
        rows.append((f"`{name}`", what, names))
    return table(("module", "what it is for", "names"), rows)


def _entry(name: str, thing: Any) -> str:
    parts = [f"### {name}"]
    if inspect.isclass(thing):
        parts += [_code(_class_head(name, thing)), _doc(thing), *_members(thing)]
    elif callable(thing):
        parts += [_code(signature(f"{name}", thing)), _doc(thing)]
    else:
        parts += [_doc(type(thing))]
    return "\n\n".join(part for part in parts if part)


def _code(text: str) -> str:
    return f"```py\n{text}\n```"


def _doc(thing: Any) -> str:
    return from_docstring(inspect.getdoc(thing) or "")


def _class_head(name: str, thing: type) -> str:
    bases = ", ".join(base.__name__ for base in thing.__bases__ if base is not object)
    made = thing.__dict__.get("__init__")
    if made is None or "Enum" in bases or "Protocol" in bases:
        return f"class {name}({bases})" if bases else f"class {name}"
    return f"class {signature(name, made)}".removesuffix(" -> None")


def _members(thing: type) -> Iterator[str]:
    """Yield the public methods and properties that the class itself has and describes."""
    import enum

    values = {name: value for name, value in vars(thing).items() if name.isupper() and isinstance(value, str)}
    if issubclass(thing, enum.Enum):
        return  # its docstring has them
    if values:
        yield "\n".join(f'* `{name}`: `"{value}"`' for name, value in values.items())
    for name, member in vars(thing).items():
        if name.startswith("_"):
            continue
        kind = type(member)
        function = member.fget if kind is property else getattr(member, "__func__", member)
        if not inspect.isfunction(function) or not function.__doc__:
            continue
        if kind is property:
            result = function.__annotations__.get("return", "")
            head = f"{thing.__name__}.{name}: {result}"
        else:
            head = signature(f"{thing.__name__}.{name}", function)
        yield _code(head)
        yield _doc(function)


def signature(name: str, function: Any) -> str:
    """Return how a function is called, the same on each Python."""
    found = inspect.signature(inspect.unwrap(function))
    words, star = [], False
    for place, parameter in enumerate(found.parameters.values()):
        if place == 0 and parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            words.append("*")
            star = True
        words.append(_parameter(parameter))
        star = star or parameter.kind is parameter.VAR_POSITIONAL
    result = found.return_annotation
    end = "" if result is found.empty else f" -> {_annotation(result)}"
    line = f"{name}({', '.join(words)}){end}"
    if len(line) <= 100:
        return line
    return "\n".join([f"{name}(", *(f"    {word}," for word in words), f"){end}"])


def _parameter(parameter: inspect.Parameter) -> str:
    stars = "*" * (parameter.kind is parameter.VAR_POSITIONAL) + "**" * (
        parameter.kind is parameter.VAR_KEYWORD
    )
    text = stars + parameter.name
    if parameter.annotation is not parameter.empty:
        text += f": {_annotation(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return text
    default = _default(parameter)
    return f"{text} = {default}" if ":" in text else f"{text}={default}"


def _default(parameter: inspect.Parameter) -> str:
    """Return a default as code has it: what is no plain value, such as the environment, differs from run to run."""
    value = parameter.default
    if parameter.name == "mode" and isinstance(value, int):
        return oct(value)  # permissions
    if value is os.environ:
        return "os.environ"
    plain = (str, int, float, type(None), timedelta)
    is_plain = isinstance(value, plain) or (
        isinstance(value, tuple) and all(isinstance(x, plain) for x in value)
    )
    return repr(value) if is_plain else "..."


def _annotation(annotation: Any) -> str:
    return str(annotation if isinstance(annotation, str) else getattr(annotation, "__name__", annotation))
