"""The hook implementations of a plugin, and what is wrong with them.

A hook that silently never fires is the worst of mistakes, so everything that pluggy would pass over is an error here.
"""

from __future__ import annotations

from types import FunctionType, MethodType, ModuleType

from .calling import PREFIX
from .errors import PluginError
from .hookspecs import HOOKS
from .markers import IMPL_MARK, SPEC_MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import CodeType
    from typing import Any

__all__ = ["Implementation", "find_implementations", "offer_problems", "place"]

CALLABLES = (FunctionType, MethodType)

# The flags of a code object; the module inspect has names for them and takes 5 ms to import.
_VARARGS, _VARKEYWORDS, _GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x04, 0x08, 0x20, 0x80, 0x200


class Implementation:
    """One implementation of one hook.

    :ivar hook: name of the hook
    :ivar plugin: name of the plugin
    :ivar function: what is called
    :ivar code: the code of the function, below all decorators
    :ivar arguments: names of the hook's arguments that it asks for
    :ivar wrapper: it acts around the others
    :ivar tryfirst: it is called before the others
    :ivar trylast: it is called after the others
    :ivar optional: it is no error when nobody offers the hook
    """

    __slots__ = (
        "arguments",
        "code",
        "function",
        "hook",
        "optional",
        "plugin",
        "tryfirst",
        "trylast",
        "wrapper",
    )

    def __init__(self, hook: str, plugin: str, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self.hook = hook
        self.plugin = plugin
        self.function = function
        self.code, self.arguments = _signature(function)
        self.wrapper = bool(options.get("wrapper"))
        self.tryfirst = bool(options.get("tryfirst"))
        self.trylast = bool(options.get("trylast"))
        self.optional = bool(options.get("optionalhook"))

    def __repr__(self) -> str:
        return f"<Implementation of {self.hook} by {self.plugin}>"


def find_implementations(plugin: object, name: str) -> list[Implementation]:
    """Return the hook implementations of ``plugin``.

    :param name: the name of the plugin
    :raises PluginError: with everything that is wrong with them
    """
    found: list[Implementation] = []
    problems: list[str] = []
    for attribute, function in _attributes(plugin):
        options = getattr(function, IMPL_MARK, None) if isinstance(function, CALLABLES) else None
        if options is not None:
            implementation = Implementation(options.get("specname") or attribute, name, function, options)
            found.append(implementation)
            found_wrong = _problems(attribute, implementation, options)
            problems += [f"{each} ({place(implementation.code)})" for each in found_wrong]
        elif attribute.startswith(PREFIX):
            problems += _unmarked(attribute, function)
    if problems:
        raise PluginError("; ".join(problems), where=f"plugin {name}", plugin=name)
    return found


def _attributes(plugin: object) -> Iterable[tuple[str, Any]]:
    """Return the names and values that may be hook implementations, sorted by name."""
    if isinstance(plugin, ModuleType):
        return sorted(vars(plugin).items())  # no two names are alike, so that values are not compared
    return ((attribute, _function(plugin, attribute)) for attribute in dir(plugin))


def _function(plugin: object, attribute: str) -> Any:
    """Return the attribute without running the code of a property."""
    for owner in (plugin if isinstance(plugin, type) else type(plugin)).__mro__:
        if attribute in vars(owner):
            descriptor = vars(owner)[attribute]
            known = isinstance(descriptor, (FunctionType, staticmethod, classmethod))
            return getattr(plugin, attribute) if known or not hasattr(descriptor, "__get__") else None
    return getattr(plugin, "__dict__", {}).get(attribute)


def _unmarked(attribute: str, value: object) -> Iterator[str]:
    if isinstance(value, CALLABLES):
        if not hasattr(value, SPEC_MARK):
            yield f"{attribute} is not marked with @hookimpl ({place(_signature(value)[0])})"
    elif callable(value) and not isinstance(value, (type, ModuleType)):
        yield f"{attribute} is of type {type(value).__name__}, but a hook is a function marked with @hookimpl"


def _signature(function: Any) -> tuple[CodeType, tuple[str, ...]]:
    """Return the code of a function and its positional parameters, without the one that is bound already."""
    bound = isinstance(function, MethodType)
    while True:
        if isinstance(function, MethodType):
            bound, function = True, function.__func__
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        else:
            break
    code = function.__code__
    return code, code.co_varnames[bound : code.co_argcount - len(function.__defaults__ or ())]


def _problems(name: str, each: Implementation, options: dict[str, Any]) -> Iterator[str]:
    flags = each.code.co_flags
    if flags & (_COROUTINE | _ASYNC_GENERATOR):
        yield f"{name} is async, but hooks are synchronous; write def instead of async def"
    elif options.get("hookwrapper"):
        yield f"{name} is marked with hookwrapper=True; write a wrapper=True one, which returns its result"
    elif each.wrapper and not flags & _GENERATOR:
        yield f"{name} is marked with wrapper=True, but has no yield"
    elif not each.wrapper and flags & _GENERATOR:
        yield f"{name} has a yield, but is not marked with @hookimpl(wrapper=True)"
    if each.tryfirst and each.trylast:
        yield f"{name} is marked with both tryfirst=True and trylast=True"
    kind = HOOKS.get(each.hook)
    if kind is None:
        return  # Another plugin may offer it, see PluginHost.check_pending.
    if each.wrapper and not kind.wrappers:
        yield f"{name} is marked with wrapper=True, but {each.hook} is of kind {kind.kind}, which takes no wrappers"
    yield from _argument_problems(name, each, kind.arguments)


def offer_problems(each: Implementation, spec: Callable[..., Any]) -> Iterator[str]:
    """Yield what is wrong with an implementation of a hook that a plugin offers by the function ``spec``."""
    known = _signature(spec)[1]
    if known[:1] == ("self",) and not isinstance(spec, MethodType):
        known = known[1:]  # of a class, as pluggy has it
    for problem in _argument_problems(each.hook, each, known):
        yield f"{problem} ({place(each.code)})"


def place(code: CodeType) -> str:
    """Return ``file:line`` of where a function begins."""
    return f"{code.co_filename}:{code.co_firstlineno}"


def _argument_problems(name: str, each: Implementation, known: tuple[str, ...]) -> Iterator[str]:
    code = each.code
    offered = f"{each.hook} has the arguments {', '.join(known)}" if known else f"{each.hook} has none"
    wrong = [argument for argument in each.arguments if argument not in known]
    if wrong:
        yield f"{name} asks for {', '.join(wrong)}, but {offered}"
    if code.co_flags & (_VARARGS | _VARKEYWORDS):
        yield f"{name} has * or ** parameters, which stay empty; name those that it needs: {offered}"
    # pluggy before 1.7 passes neither of these, so they would keep their defaults.
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    unset = [parameter for parameter in parameters if parameter in known and parameter not in each.arguments]
    if unset:
        yield f"{name} gives {', '.join(unset)} a default or takes it by keyword only, so it would never be set"
