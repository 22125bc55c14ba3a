"""The plugins of one configuration: registering, blocking, and what is wrong with them."""

from __future__ import annotations

from .calling import PREFIX, HookCalls
from .errors import PluginError, WfepyError
from .hookspecs import HOOKS, MODULES
from .markers import PROJECT, SPEC_MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from pluggy import HookRelay, PluginManager

    from .validation import Implementation

__all__ = ["BUILTIN", "BUILTINS", "Plugin", "PluginFailure", "PluginHost"]

#: The source of the plugins that the engine itself is made of.
BUILTIN = "built in"
#: These plugins, by name.
BUILTINS = {"engine": "wfepy_hooks.builtin"}


class Plugin:
    """A registered plugin.

    :ivar plugin: the module or object
    :ivar name: the name it is known by
    :ivar source: where it was asked for, in words
    :ivar implementations: its hook implementations
    """

    __slots__ = ("implementations", "name", "plugin", "source")

    def __init__(self, plugin: object, name: str, source: str, implementations: list[Implementation]) -> None:
        self.plugin = plugin
        self.name = name
        self.source = source
        self.implementations = implementations

    @property
    def hooks(self) -> list[str]:
        """The names of the hooks that it implements."""
        return [each.hook for each in self.implementations]


class PluginFailure:
    """A plugin that was asked for and is not there, or that refuses to work.

    :ivar name: its name
    :ivar source: where it was asked for, in words
    :ivar error: why; what the plugin raised is its ``__cause__``
    """

    __slots__ = ("error", "name", "source")

    def __init__(self, name: str, source: str, error: WfepyError) -> None:
        self.name = name
        self.source = source
        self.error = error

    def __str__(self) -> str:
        return str(self.error)


class PluginHost(HookCalls):
    """The plugins of one configuration, and the calls of their hooks.

    :ivar failures: the plugins that could not be loaded
    """

    def __init__(self, *, strict: bool = False) -> None:
        super().__init__(strict=strict)
        self.failures: list[PluginFailure] = []
        self._plugins: dict[str, Plugin] = {}
        self._blocked: set[str] = set()
        self._offered: dict[str, ModuleType | type] = {}
        self._offerers: dict[str, str] = {}
        self._foreign: set[str] = set()
        self._settled = False
        self._has_builtins = False
        self.setup("wfepy_add_hookspecs", pluginmanager=self)

    def register(self, plugin: object, name: str = "", source: str = "") -> str | None:
        """Add a plugin. One that is registered already, under whatever name, stays as it is.

        :param plugin: a module, or an object whose class defines the hook implementations
        :param name: by default the name of the module or class
        :param source: where it was asked for, in words; for messages and ``wfepy plugins``
        :return: the name it is known by, or ``None`` if that is blocked
        :raises PluginError: if another plugin has the name, an implementation is wrong, or a hook of it raises
        """
        from .validation import find_implementations

        if source != BUILTIN:
            self.register_builtins()
        name = name or getattr(plugin, "__name__", "") or type(plugin).__name__
        if name in self._blocked:
            return None
        for known in self._plugins.values():
            if known.plugin is plugin:
                return known.name
        if name in self._plugins:
            sources = f"one from {self._plugins[name].source or 'code'} and one from {source or 'code'}"
            raise PluginError(
                f"there are two plugins of this name, {sources}", where=f"plugin {name}", plugin=name
            )
        entry = Plugin(plugin, name, source, find_implementations(plugin, name))
        self._add(entry)
        self.setup("wfepy_plugin_registered", plugin=plugin, name=name, source=source)
        return name

    def register_builtins(self) -> None:
        """Add the plugins that the engine is made of, but for the blocked ones; they come before all others."""
        if not self._has_builtins:
            self._has_builtins = True
            for name, module in BUILTINS.items():
                self.register(__import__(module, fromlist=["_"]), name, BUILTIN)

    def _add(self, entry: Plugin) -> None:
        self._plugins[entry.name] = entry
        try:
            self._require_arguments(entry)
            if self._manager is not None:
                _hand_over(entry, self._manager)
            elif any(each.wrapper or each.hook in self._offered for each in entry.implementations):
                self._start_pluggy()
            self._include(entry.implementations)
            self._note_owner(entry)
            implemented = set(entry.hooks)
            for hook, arguments in list(self._history):
                if hook in implemented:  # mostly not: the history holds each registration before this one
                    self._call_for(entry.implementations, hook, arguments)
            if self._settled:
                self._require_hooks(entry)
        except BaseException:
            self.unregister(entry.name)
            raise

    def unregister(self, name: str) -> object | None:
        """Remove a plugin, and return it if there was one."""
        entry = self._plugins.pop(name, None)
        if entry is None:
            return None
        if self._manager is not None and self._manager.has_plugin(name):
            self._manager.unregister(name=name)
        self._rearrange()
        return entry.plugin

    def _rearrange(self) -> None:
        entries = self._plugins.values()
        self._arrange(each for entry in entries for each in entry.implementations)
        self._foreign = set()
        for entry in entries:
            self._note_owner(entry)

    def _note_owner(self, entry: Plugin) -> None:
        if entry.source == BUILTIN:
            self._engine.add(entry.name)
        else:
            self._foreign.update(entry.hooks)

    def block(self, name: str) -> None:
        """Keep the plugin of this name out, also if it is registered later; remove it if it is there."""
        self._blocked.add(name)
        self.unregister(name)

    def is_blocked(self, name: str) -> bool:
        """Whether the plugin of this name is kept out."""
        return name in self._blocked

    def has_plugin(self, name: str) -> bool:
        """Whether a plugin of this name is registered."""
        return name in self._plugins

    def get_plugin(self, name: str) -> object | None:
        """Return the plugin of this name, if there is one."""
        return self._plugins[name].plugin if name in self._plugins else None

    @property
    def plugins(self) -> list[Plugin]:
        """The registered plugins, in the order of registration."""
        return list(self._plugins.values())

    @property
    def blocked(self) -> list[str]:
        """The names that are kept out, sorted."""
        return sorted(self._blocked)

    def has(self, hook: str) -> bool:
        """Whether anybody but the engine implements ``hook``."""
        return hook in self._foreign

    @property
    def hook(self) -> HookRelay:
        """pluggy's own way to call hooks, for the hooks that plugins offer: ``host.hook.NAME(...)``."""
        return self._pluggy().hook

    def add_hookspecs(self, module: ModuleType | type) -> None:
        """Offer the hooks that are marked with ``@hookspec`` in ``module``.

        :raises PluginError: if it has none, or a plugin implements one of them wrongly
        """
        names = [name for name in dir(module) if hasattr(getattr(module, name, None), SPEC_MARK)]
        self._require_new(names, module)
        self._offered.update(dict.fromkeys(names, module))
        self._offerers.update(dict.fromkeys(names, self.calling))
        try:
            for entry in self.plugins:
                self._require_arguments(entry)
            if self._manager is not None:
                self._manager.add_hookspecs(module)
            elif any(name in self._foreign for name in names):
                self._start_pluggy()  # not before somebody implements one: it takes 20 ms
        except Exception as error:
            for name in names:
                del self._offered[name], self._offerers[name]
            if isinstance(error, PluginError):
                raise
            culprit = getattr(error, "plugin", None)
            raise _invalid(error, self._pluggy().get_name(culprit) or "") from error

    def offered_by(self, name: str) -> list[str]:
        """Return the hooks that the plugin of this name offers to others, sorted."""
        return sorted(hook for hook, offerer in self._offerers.items() if offerer == name)

    def _require_new(self, names: list[str], module: ModuleType | type) -> None:
        problem, hint = "", ""
        if not names:
            problem = f"{module!r} has no function that is marked with @hookspec"
        for name in names:
            if name in HOOKS:
                problem, hint = f"the hook {name} is one of wfepy's own", "call it otherwise"
            elif name in self._offered:
                problem = f"the hook {name} is offered by the plugin {self._offerers[name]} already"
                hint = f"run without one of them by -p no:{self.calling}"
        if problem:
            raise PluginError(problem, where=f"plugin {self.calling}", hint=hint, plugin=self.calling)

    def _require_arguments(self, entry: Plugin) -> None:
        """Require of the hooks that plugins offer what is required of the engine's own."""
        offered = [each for each in entry.implementations if each.hook in self._offered]
        if not offered:
            return
        from .validation import offer_problems

        problems = [
            problem
            for each in offered
            for problem in offer_problems(each, getattr(self._offered[each.hook], each.hook))
        ]
        if problems:
            raise PluginError("; ".join(problems), where=f"plugin {entry.name}", plugin=entry.name)

    def _pluggy(self) -> PluginManager:
        return self._manager or self._start_pluggy()

    def _start_pluggy(self) -> PluginManager:
        from pluggy import PluginManager  # Imported lazily, see the top of calling.py.

        manager = PluginManager(PROJECT)
        for module in (*MODULES, *dict.fromkeys(self._offered.values())):
            manager.add_hookspecs(module)
        for entry in self._plugins.values():
            _hand_over(entry, manager)
        self._manager = manager
        self._watch()
        return manager

    def check_pending(self) -> None:
        """Make each plugin a failure that implements a hook nobody offers; from now on that is an error at once."""
        for entry in self.plugins:
            try:
                self._require_hooks(entry)
            except PluginError as error:
                self.unregister(entry.name)
                self.failures.append(PluginFailure(entry.name, entry.source, error))
        self._settled = True

    def _require_hooks(self, entry: Plugin) -> None:
        problems = list(self._unknown_hooks(entry))
        if problems:
            raise PluginError("; ".join(problems), where=f"plugin {entry.name}", plugin=entry.name)

    def _unknown_hooks(self, entry: Plugin) -> Iterator[str]:
        known = {*HOOKS, *self._offered}
        for each in entry.implementations:
            if each.hook not in known and not each.optional:
                from .suggest import closest
                from .validation import place

                # Without the prefix, which would make all of them look alike.
                match = closest(each.hook.removeprefix(PREFIX), [name.removeprefix(PREFIX) for name in known])
                remarks = [place(each.code)]
                if match:
                    remarks.append(f"did you mean {PREFIX}{match}?")
                yield f"there is no hook {each.hook} ({'; '.join(remarks)})"

    def note_failure(self, error: WfepyError) -> None:
        """Add to :attr:`failures` what a setup hook has raised, where that need not end the command."""
        entry = self._plugins.get(self.failing)
        self.failures.append(PluginFailure(self.failing, entry.source if entry else "", error))

    def require_healthy(self) -> None:
        """Raise the first failure, if there are any.

        :raises PluginError: with how to run without the plugin
        """
        if not self.failures:
            return
        first = self.failures[0]
        more = f" (and {len(self.failures) - 1} more, see wfepy plugins)" if self.failures[1:] else ""
        name = getattr(first.error, "plugin", "") or first.name
        hint = first.error.hint or f"run without it by -p no:{name}"
        error = PluginError(first.error.what + more, where=first.error.where, hint=hint, plugin=first.name)
        raise error from (first.error.__cause__ or first.error)


def _hand_over(entry: Plugin, manager: PluginManager) -> None:
    try:
        manager.register(entry.plugin, entry.name)
    except Exception as error:
        raise _invalid(error, entry.name) from error


def _invalid(error: Exception, name: str) -> PluginError:
    return PluginError(" ".join(str(error).split()), where=f"plugin {name}", plugin=name)
