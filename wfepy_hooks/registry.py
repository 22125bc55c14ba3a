"""Named components that the config picks one of: stores, executors, generators and renderers."""

from __future__ import annotations

from .errors import PluginError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Factory: TypeAlias = Callable[..., Any]

__all__ = ["KINDS", "Registry"]

KINDS = ("store", "executor", "generator", "renderer")


class Registry:
    """What plugins offer in ``wfepy_register``.

    :param owner: returns the name of the plugin that is being called
    """

    def __init__(self, owner: Callable[[], str] = str) -> None:
        self._owner = owner
        self._found: dict[tuple[str, str], tuple[str, Factory]] = {}

    def add(self, kind: str, name: str, factory: Factory) -> None:
        """Offer a component.

        :param kind: ``store``, ``executor``, ``generator`` or ``renderer``
        :param name: what the config picks it by
        :param factory: makes it; what it is called with depends on the kind
        :raises PluginError: if there is one of this kind and name, or no such kind
        """
        owner = self._owner()
        _check_kind(kind)
        if (kind, name) in self._found:
            first = self._found[kind, name][0]
            raise PluginError(
                f'the {kind} "{name}" is offered by the plugins {first or "(none)"} and {owner or "(none)"}',
                hint=f"run without one of them by -p no:{owner}" if owner else "",
                plugin=owner,
            )
        self._found[kind, name] = owner, factory

    def get(self, kind: str, name: str) -> Factory:
        """Return the factory of a component.

        :raises PluginError: if there is none of this name
        """
        _check_kind(kind)
        if (kind, name) not in self._found:
            from .suggest import did_you_mean

            raise PluginError(f'there is no {kind} "{name}"', hint=did_you_mean(name, self.names(kind)))
        return self._found[kind, name][1]

    def names(self, kind: str) -> list[str]:
        """Return the names of all components of a kind, sorted."""
        return sorted(name for each, name in self._found if each == kind)

    def owner(self, kind: str, name: str) -> str:
        """Return the name of the plugin that offers a component; empty if nobody does."""
        return self._found[kind, name][0] if (kind, name) in self._found else ""


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        from .suggest import did_you_mean

        raise PluginError(f'there is no kind of component "{kind}"', hint=did_you_mean(kind, KINDS))
