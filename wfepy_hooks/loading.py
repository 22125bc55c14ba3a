"""Which plugins are loaded, and in which order; those that come later are called earlier."""

from __future__ import annotations

import os.path
import sys

from .calling import PREFIX
from .errors import PluginError, WfepyError
from .plugins import PluginFailure
from .wording import describe_error, origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .entrypoints import EntryPoint
    from .plugins import PluginHost

__all__ = ["LOCAL_FILE", "LOCAL_NAME", "PluginLoader"]

BLOCK = "no:"
LOCAL_NAME = "wfepy_plugins"
LOCAL_FILE = f"{LOCAL_NAME}.py"


class PluginLoader:
    """Loads the plugins of one configuration. A plugin that cannot be loaded is one of ``host.failures``.

    :param root: folder of the config file: modules beside it are found, and the local plugin file
    :param environ: for ``WFEPY_PLUGINS`` and the user's cache folder
    """

    def __init__(self, host: PluginHost, root: str, environ: Mapping[str, str]) -> None:
        self._host = host
        self._root = root
        self._environ = environ
        self._entry_points: list[EntryPoint] | None = None

    def load(
        self, lists: Sequence[tuple[str, Iterable[str]]], *, autoload: bool, required: Iterable[str] = ()
    ) -> None:
        """Load everything, in the order of the design: what is blocked, the engine's own, the installed ones, the
        ``lists`` one after the other, the local file.

        :param lists: pairs of where the names are written, for messages, and the names, ``no:NAME`` among them
        :param autoload: load the installed ones
        :param required: names of plugins that must be there in the end
        """
        for _, names in lists:
            for name in names:
                if name.startswith(BLOCK):
                    self._host.block(name[len(BLOCK) :])
        self._host.register_builtins()
        if autoload:
            for entry_point in self._installed():
                self._load_installed(entry_point)
        for source, names in lists:
            for name in names:
                if not name.startswith(BLOCK):
                    self._load_named(name, source)
        self._load_local()
        self._host.check_pending()
        self._require(required)

    def _installed(self) -> list[EntryPoint]:
        if self._entry_points is None:
            from .entrypoints import find_entry_points

            self._entry_points = find_entry_points(self._environ)
        return self._entry_points

    def _load_installed(self, entry_point: EntryPoint) -> None:
        if not self._host.is_blocked(entry_point.module):
            self._load(entry_point.name, entry_point.distribution, entry_point.load)

    def _load_named(self, name: str, source: str) -> None:
        if self._is_known(name):
            return
        for entry_point in self._installed():
            if entry_point.name == name:
                self._load_installed(entry_point)
                return
        self._load(name, source, lambda: self._import(name, source))

    def _import(self, name: str, source: str) -> object:
        if self._root not in sys.path:
            sys.path.insert(0, self._root)  # as for the modules of workflows, see loader.py
        try:
            return _import(name)
        except ModuleNotFoundError as error:
            if not error.name or not f"{name}.".startswith(f"{error.name}."):
                raise  # the plugin is there, what it imports is not
            from .suggest import closest

            # Without the prefix, which would make all of them look alike.
            known = {each.name.removeprefix(PREFIX): each.name for each in self._installed()}
            match = known.get(closest(name.replace("-", "_").removeprefix(PREFIX), known))
            hint = f'did you mean "{match}"?' if match else f"install it, or take it out of {source}"
            what = "there is no installed plugin and no module of this name"
            raise PluginError(what, where=f"plugin {name}", hint=hint, plugin=name) from error

    def _load_local(self) -> None:
        file = os.path.join(self._root, LOCAL_FILE)
        if os.path.isfile(file) and not self._is_known(LOCAL_NAME):
            self._load(LOCAL_NAME, file, lambda: _import_file(file))

    def _load(self, name: str, source: str, find: Callable[[], object]) -> None:
        if self._host.is_blocked(name):
            return
        try:
            self._host.register(find(), name, source)
        except PluginError as error:
            self._host.failures.append(PluginFailure(name, source, error))
        except WfepyError as error:
            # The plugin says no in our own words, such as a ConfigError about what is loaded beside it.
            refusal = PluginError(
                error.what, where=error.where or f"plugin {name}", hint=error.hint, plugin=name
            )
            refusal.__cause__ = error
            self._host.failures.append(PluginFailure(name, source, refusal))
        # SystemExit: a plugin that calls sys.exit() when it is imported must not end the command.
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it may raise anything
            broken = PluginError(
                f"{describe_error(error)} ({origin(error)})", where=f"plugin {name}", plugin=name
            )
            broken.__cause__ = error
            self._host.failures.append(PluginFailure(name, source, broken))

    def _is_known(self, name: str) -> bool:
        return self._host.has_plugin(name) or any(failure.name == name for failure in self._host.failures)

    def _require(self, names: Iterable[str]) -> None:
        modules = {getattr(entry.plugin, "__name__", "") for entry in self._host.plugins}
        for name in names:
            if self._is_known(name) or name in modules:
                continue
            blocked = self._host.is_blocked(name)
            what = "it is required, but " + (
                f"blocked by {BLOCK}{name}" if blocked else "not installed or not loaded"
            )
            hint = f"take out {BLOCK}{name}" if blocked else "install it, or take it out of required_plugins"
            error = PluginError(what, where=f"plugin {name}", hint=hint, plugin=name)
            self._host.failures.append(PluginFailure(name, "required_plugins", error))


def _import(name: str) -> object:
    return __import__(name, fromlist=["_"])


def _import_file(file: str) -> object:
    """Import a file as a module that nothing else can collide with, without touching ``sys.path``."""
    from importlib.util import module_from_spec, spec_from_file_location
    from zlib import crc32

    name = f"_wfepy_plugins_{crc32(file.encode('utf-8', 'surrogateescape')):08x}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
