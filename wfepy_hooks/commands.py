"""The commands of ``wfepy``, the engine's own and those of plugins: a name and a help text, and code that is imported
when the command runs."""

from __future__ import annotations

from .errors import PluginError, WfepyError
from .wording import describe_error, origin, package_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator
    from typing import Any, Protocol

    from .config import Config

    class CommandModule(Protocol):
        """The code of a command: a module or an object with these two functions.

        It may have ``log_of(args)``, which returns a :class:`wfepy_hooks.commandline.TickLog` or ``None``: what the
        command says, and whoever observes it, goes there.
        """

        def add_arguments(self, parser: ArgumentParser) -> None:
            """Declare the arguments of the command."""

        def run(self, args: Namespace, config: Config) -> int:
            """Run the command, and return the exit code."""


__all__ = ["CommandSpec", "Commands"]

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class CommandSpec:
    """One command.

    :ivar name: what is typed behind ``wfepy``
    :ivar help: one line of what it does
    :ivar plugin: name of the plugin that added it
    """

    __slots__ = ("_module", "help", "name", "plugin")

    def __init__(self, name: str, help: str, module: str | Callable[[], CommandModule], plugin: str) -> None:
        self.name = name
        self.help = help
        self.plugin = plugin
        self._module = module

    def __repr__(self) -> str:
        return f"<CommandSpec {self.name} of {self.plugin}>"

    def load(self) -> CommandModule:
        """Import the code of the command.

        :raises PluginError: if that fails, or it is not the code of a command
        """
        given: object = self._module  # whatever a plugin gave
        if not isinstance(given, str) and not callable(given):
            kind = type(given).__name__
            what = (
                f"its module is neither the name of one nor a function that returns one, but of type {kind}"
            )
            raise self._error(what)
        try:
            found = _import(self._module) if isinstance(self._module, str) else self._module()
        except (Exception, SystemExit) as error:
            raise self._error(f"its code cannot be loaded: {describe_error(error)}{_place(error)}") from error
        missing = [name for name in ("add_arguments", "run") if not callable(getattr(found, name, None))]
        if missing:
            raise self._error(f"its code has no function {' and no function '.join(missing)}")
        return found

    def call(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Call a function of its code, and return the result.

        :raises PluginError: if a plugin's raises what is no error of ours; what the engine's own raise is a bug
        """
        try:
            return function(*arguments)
        except WfepyError as error:
            if isinstance(error, PluginError):
                error.where = error.where or self._where
            raise
        except Exception as error:
            if self.is_own:
                raise
            what = f"it raised {describe_error(error)}{_place(error, package_of(function))}"
            raise self._error(what, "tell its authors, with what --traceback shows") from error

    def run(self, module: CommandModule, arguments: Namespace, config: Config) -> int:
        """Run the command, and return the exit code.

        :raises PluginError: as :meth:`call`, or if the result is no exit code
        """
        code = self.call(module.run, arguments, config)
        if code is None:
            return 0
        if isinstance(code, bool) or not isinstance(code, int):
            what = f"its run must return the exit code, a number, not {code!r}"
            raise self._error(what, "return 0 where all is well")
        return code

    def has_raised(self, error: WfepyError) -> bool:
        """Whether ``error`` says that the code of a plugin's command raised something."""
        return isinstance(error, PluginError) and error.where == self._where and error.__cause__ is not None

    @property
    def is_own(self) -> bool:
        """Whether it is one of the engine's own."""
        return isinstance(self._module, str) and self._module.startswith("wfepy_hooks.")

    @property
    def _where(self) -> str:
        return f'command "{self.name}" of plugin {self.plugin}'

    def _error(self, what: str, hint: str = "") -> PluginError:
        return PluginError(what, where=self._where, hint=hint, plugin=self.plugin)


class Commands:
    """What plugins add in ``wfepy_add_commands``.

    :param owner: returns the name of the plugin that is being called
    """

    def __init__(self, owner: Callable[[], str] = str) -> None:
        self._owner = owner
        self._specs: dict[str, CommandSpec] = {}

    def add(self, name: str, *, help: str, module: str | Callable[[], CommandModule]) -> None:
        """Add a command.

        :param name: what is typed behind ``wfepy``: lower-case letters, digits and ``-``
        :param help: one line of what it does
        :param module: name of the module with its code, or a function that returns it; imported or called when the
            command runs
        :raises PluginError: if the name is taken or is no such name
        """
        owner = self._owner()
        where = f"plugin {owner}" if owner else ""
        if not name or name[0] == "-" or not _LETTERS.issuperset(name):
            what = f'the command "{name}" is not made of lower-case letters, digits and "-"'
            raise PluginError(what, where=where, plugin=owner)
        if name in self._specs:
            what = f'the command "{name}" is added by the plugins {self._specs[name].plugin or "(none)"} and {owner}'
            raise PluginError(what, hint=f"run without one of them by -p no:{owner}", plugin=owner)
        self._specs[name] = CommandSpec(name, help, module, owner)

    def get(self, name: str) -> CommandSpec | None:
        """Return the command of this name, if there is one."""
        return self._specs.get(name)

    def __iter__(self) -> Iterator[CommandSpec]:
        return iter(self._specs.values())

    def __len__(self) -> int:
        return len(self._specs)


def _place(error: BaseException, package: str = "") -> str:
    place = origin(error, {package})
    return "" if place.startswith(__file__) else f" ({place})"


def _import(name: str) -> Any:
    return __import__(name, fromlist=["run"])
