"""Modules of one name in different folders: two folders may each have a ``workflow.py``, and one process use both.

The first that is imported is in ``sys.modules`` under its name, as always. Each other one, its twin, is there under a
private name only, and the workflow holds on to it. It keeps its own name in ``__name__`` and in its classes, so that
what is saved does not depend on what else the process has imported.

While a twin is imported, ``sys.modules`` has it and its neighbours under their names. Threads that load workflows take
turns for that; one that imports something else meanwhile may get such a neighbour, so load workflows before it begins.
"""

from __future__ import annotations

import os.path
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

__all__ = ["file_of", "import_twin", "is_from", "is_taken"]


def file_of(module: ModuleType | None) -> str:
    """Return the absolute path of the file of a module; empty if it is in none."""
    file = getattr(module, "__file__", None)
    return os.path.abspath(file) if file else ""


def is_from(module: ModuleType, path: str) -> bool:
    """Return whether a module is the one in the file ``path``, which may be a link to it."""
    file = file_of(module)
    try:
        return file == path or os.path.samefile(file, path)
    except OSError:  # one of them is gone, or was none
        return False


def is_taken(name: str, file: str) -> bool:
    """Return whether a module ``name`` is imported that is not the one in ``file``, but may have a twin."""
    known = sys.modules.get(name)
    return known is not None and not is_pythons_own(name) and not is_from(known, file)


def is_pythons_own(name: str) -> bool:
    """Return whether ``name`` is a module of Python itself, whose name nobody should take."""
    return name in sys.stdlib_module_names or name == "__main__"


def import_twin(name: str, file: str) -> ModuleType:
    """Import the module in ``file`` beside the one that is imported as ``name``.

    What it imports is looked for in its own folder first, also where a module of that name is imported already. That
    holds while it is imported: an import in a function that is called later finds the modules that came first.
    """
    from importlib.util import module_from_spec, spec_from_file_location
    from zlib import crc32

    private = f"_wfepy_{name}_{crc32(file.encode('utf-8', 'surrogateescape')):08x}"
    if private in sys.modules:
        return sys.modules[private]
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = module_from_spec(spec)
    folder = os.path.dirname(file)
    hidden = _hide(_neighbours(folder), folder)
    before = set(sys.modules)
    sys.path.insert(0, folder)
    try:
        sys.modules[name] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)  # the one in front
        _show(hidden, before)
    sys.modules[private] = module
    return module


def _neighbours(folder: str) -> set[str]:
    """Return the names that ``import`` finds in a folder."""
    return {entry.removesuffix(".py") for entry in os.listdir(folder) if "." not in entry.removesuffix(".py")}


def _hide(names: Iterable[str], folder: str) -> dict[str, ModuleType]:
    """Take the modules of these names that are from elsewhere out of ``sys.modules``, and return them."""
    # A second WfEpy would not know the tasks of the first one.
    wanted = {each for each in names if not is_pythons_own(each) and each != __package__}
    foreign = {
        each for each in wanted if (known := sys.modules.get(each)) and _has_another(folder, known, each)
    }
    return {each: sys.modules.pop(each) for each in list(sys.modules) if each.partition(".")[0] in foreign}


def _has_another(folder: str, known: ModuleType, name: str) -> bool:
    """Return whether ``import``, with ``folder`` first, would find another module than the one that is known.

    A folder that is no package, such as one of data, is found only where no path has a module of its name.
    """
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(name, [folder, *sys.path])
    return spec is not None and not (spec.origin and is_from(known, spec.origin))


def _show(hidden: dict[str, ModuleType], before: set[str]) -> None:
    """Put modules back that were hidden, and what was imported in their place out of the way."""
    tops = {each for each in hidden if "." not in each}
    for each in set(sys.modules) - before:
        if each.partition(".")[0] in tops:
            del sys.modules[each]
    sys.modules.update(hidden)
