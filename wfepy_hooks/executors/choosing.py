"""The executor that the config asks for: ``executor = "processes:4"``."""

from __future__ import annotations

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..config import Config
    from .protocol import Executor

__all__ = ["executor_parts", "make_executor", "number_of_slots"]

MOST = 1000
"""More slots than this are a mistake of writing: each is a thread or a process."""


def executor_parts(text: str) -> tuple[str, str]:
    """Return the name of an executor and what stands behind the colon: ``("processes", "4")``, ``("inline", "")``.

    :raises ConfigError: if there is no name, or nothing behind a colon
    """
    name, colon, argument = (part.strip() for part in text.partition(":"))
    if not name or (colon and not argument):
        raise ConfigError(f'"{text}" is no executor', where="executor", hint='write it as "processes:4"')
    return name, argument


def make_executor(config: Config) -> Executor:
    """Return the executor that the config picks.

    :raises ConfigError: if it is not written right
    :raises PluginError: if nobody offers it
    """
    from .protocol import adapted  # lazily: for "inline" nobody calls this

    name, argument = executor_parts(config.executor)
    return adapted(config.registry.get("executor", name)(config, argument))


def number_of_slots(name: str, argument: str) -> int:
    """Return how many threads or processes ``argument`` asks for; by default as many as there are processors.

    :raises ConfigError: if it is not a number from 1 on
    """
    if not argument:
        return _processors()
    if not (argument.isascii() and argument.isdigit()) or not 1 <= int(argument) <= MOST:
        what = f'"{name}:{argument}" must have a number from 1 to {MOST} behind the colon'
        raise ConfigError(what, where="executor", hint=f'such as "{name}:{_processors()}"')
    return int(argument)


def no_argument(name: str, argument: str) -> None:
    """Refuse an argument.

    :raises ConfigError: if there is one
    """
    if argument:
        what = f'"{name}:{argument}": {name} runs one task after the other and takes no number'
        raise ConfigError(what, where="executor", hint=f'write "threads:{argument}" or "{name}"')


def _processors() -> int:
    import os

    # Those that this process may use: in a container they can be fewer than the machine has.
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1
