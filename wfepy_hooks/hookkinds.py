"""The kinds of hooks, and what the engine knows of each hook.

The kinds say what becomes of an error:

* **setup**: it is fatal and names the plugin.
* **decision**: implementations are asked until one answers, that is, returns something else than ``None``; an error is
  fatal and names the plugin.
* **around**: as a decision, and a wrapper (``@hookimpl(wrapper=True)``) may act before and after, and change the
  result or the exception. What the result may be is checked.
* **observation**: the result is ignored and there are no wrappers. An exception is logged with the plugin, the hook and
  the instance, and changes nothing; with ``strict_plugins = true`` it is fatal. Each committed event is delivered at
  least once: after a crash it may come again, with the same ``event_id``.
"""

from __future__ import annotations

from .markers import hookspec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[..., object])

__all__ = ["AROUND", "DECISION", "HOOKS", "OBSERVATION", "SETUP", "HookKind", "spec"]

SETUP = "setup"
DECISION = "decision"
AROUND = "around"
OBSERVATION = "observation"


class HookKind:
    """What the engine knows of one hook.

    :ivar kind: :data:`SETUP`, :data:`DECISION`, :data:`AROUND` or :data:`OBSERVATION`
    :ivar historic: a plugin that is registered later gets the calls that it missed
    :ivar function: the specification
    :ivar arguments: names of the arguments
    """

    __slots__ = ("arguments", "function", "historic", "kind")

    def __init__(self, kind: str, historic: bool, function: Callable[..., object]) -> None:
        code = function.__code__
        self.kind = kind
        self.historic = historic
        self.function = function
        self.arguments = code.co_varnames[: code.co_argcount]

    @property
    def wrappers(self) -> bool:
        """Whether an implementation may be a wrapper."""
        return self.kind in (DECISION, AROUND)


#: Every hook by name.
HOOKS: dict[str, HookKind] = {}


def spec(kind: str, *, historic: bool = False) -> Callable[[F], F]:
    """Make a function the specification of a hook; its docstring is the contract.

    :param kind: one of the four
    :param historic: a plugin that is registered later gets the calls that it missed
    """

    def decorate(function: F) -> F:
        HOOKS[function.__name__] = HookKind(kind, historic, function)
        return hookspec(function, firstresult=kind in (DECISION, AROUND), historic=historic)

    return decorate
