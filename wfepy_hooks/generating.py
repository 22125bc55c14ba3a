"""Files for whatever runs the ticks - cron, systemd, a cluster - made from the schedules by generators."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from .configfile import CONFIG_FILE, PYPROJECT
from .errors import PluginError, WfepyError
from .scheduling import collect_schedules

__all__ = ["GeneratedFile", "Machine", "generate", "tick_command"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from .config import Config
    from .scheduling import ScheduleEntry

    #: What ``registry.add("generator", name, ...)`` takes.
    Generator: TypeAlias = Callable[[Sequence[ScheduleEntry], Config], list["GeneratedFile"]]


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file that a generator has made.

    :ivar path: where it belongs; relative to the folder that the user names
    :ivar text: what is in it
    :ivar mode: its permissions
    """

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Machine:
    """What generated files say of the machine that runs the ticks; found out once, so that generators stay pure.

    :ivar python: absolute path of the interpreter that has wfepy-hooks
    :ivar user: name of the user who runs the ticks
    :ivar offsets: the offsets from UTC that the machine's own time zone has in the two years to come, in minutes
    """

    python: str
    user: str
    offsets: tuple[int, ...]

    @classmethod
    def this(cls) -> Machine:
        """Return what is true of this machine."""
        return cls(_python(), _user(), _offsets())


def _python() -> str:
    """Return the path of this interpreter; of several names for it in one folder the same, however it was started."""
    path = os.path.abspath(sys.executable)
    plain = os.path.join(os.path.dirname(path), "python")
    try:
        return plain if os.path.samefile(plain, path) else path
    except OSError:
        return path


def _user() -> str:
    import pwd  # lazily: only POSIX has it

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user that nobody has named
        return str(os.geteuid())


def _offsets() -> tuple[int, ...]:
    import time

    now = time.time()
    day = 86400.0
    seconds = {time.localtime(now + day * number).tm_gmtoff for number in range(2 * 366)}
    return tuple(sorted(each // 60 for each in seconds))


def generate(name: str, config: Config, names: Iterable[str] | None = None) -> list[GeneratedFile]:
    """Return what the generator ``name`` makes of the schedules.

    :raises ScheduleError: if a schedule is wrong
    :raises PluginError: if there is no such generator, or it breaks its contract
    """
    generator: Generator = config.registry.get("generator", name)
    entries = collect_schedules(config, names)
    for entry in entries:
        entry.schedule()  # so that whatever is wrong with one is told before anything is written
    plugin = config.registry.owner("generator", name)
    where = f"generator {name} of plugin {plugin}"
    try:
        files: object = generator(entries, config)
    except WfepyError as error:
        error.where = error.where or where
        raise
    except Exception as error:
        from .wording import describe_error, origin  # lazily: only for an error

        raise PluginError(f"{describe_error(error)} ({origin(error)})", where=where, plugin=plugin) from error
    if isinstance(files, list) and all(isinstance(each, GeneratedFile) for each in files):
        return files
    what = f"it must return a list of GeneratedFile, not {files!r:.100}"
    raise PluginError(what, where=where, plugin=plugin)


def tick_command(
    config: Config, workflows: Sequence[str] = (), *, python: str = "", state: str = ""
) -> list[str]:
    """Return the command that a scheduler runs in the folder of the config file: ``PYTHON -m wfepy_hooks tick --due``.

    What the command line says of the config file, of the state and of plugins is in it, too, since the ticks must find
    the same.

    :param workflows: only these
    :param python: the interpreter, if it is not the one of this machine
    :param state: the folder for the state, if it is elsewhere where the command runs
    """
    command = [python or config.machine.python, "-m", "wfepy_hooks"]
    if not _is_found(config):
        command += ["--config", os.path.basename(config.file or "")]
    flags = getattr(config.options, "flags", None)
    if flags is not None:
        command += ["--state", state or config.state] if flags.state is not None else []
        command += [word for plugin in flags.plugins for word in ("-p", plugin)]
        command += ["--no-plugin-autoload"] if flags.autoload is False else []
    return [*command, "tick", *workflows, "--due"]


def _is_found(config: Config) -> bool:
    """Return whether a tick in the folder of the config file finds it by itself."""
    name = os.path.basename(config.file or CONFIG_FILE)
    if name == PYPROJECT:
        return not os.path.exists(os.path.join(config.root, CONFIG_FILE))
    return name == CONFIG_FILE
