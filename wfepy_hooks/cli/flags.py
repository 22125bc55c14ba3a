"""The options that every command has; they are accepted before and behind the command's name."""

from __future__ import annotations

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FLAGS", "Flags"]

COLORS = ("auto", "always", "never")

#: What ``--help`` says of each option.
FLAGS = (
    ("-p NAME", "load the plugin NAME; no:NAME keeps it out (may be repeated)"),
    ("--config FILE", "read this config file instead of the nearest wfepy.toml"),
    ("--state DIR", "keep the instances in DIR"),
    ("--no-plugin-autoload", "do not load installed plugins by themselves"),
    ("--traceback", "show the traceback of an error, also of a retry"),
    ("--trace-hooks", "show every hook call with its time"),
    ("--trace-config", "show the configuration and the plugins first"),
    ("--color WHEN", "auto, always or never; NO_COLOR in the environment is respected"),
    ("-q, --quiet", "log only what fails"),
    ("-v, --verbose", "log also what starts, waits that are no news, all tracebacks"),
    ("--version", "show the version and exit"),
    ("-h, --help", "show this, or the help of a command, and exit"),
)


class Flags:
    """What the options said.

    :ivar plugins: the names of ``-p``
    :ivar config: path of the config file, or ``None``
    :ivar state: the folder with the instances, or ``None`` for what the config says
    :ivar autoload: ``False`` if it is turned off, else ``None``
    :ivar verbosity: -1, 0 or 1
    :ivar color: ``auto``, ``always`` or ``never``
    """

    __slots__ = (
        "autoload",
        "color",
        "config",
        "plugins",
        "state",
        "trace_config",
        "trace_hooks",
        "traceback",
        "verbosity",
        "version",
    )

    def __init__(self) -> None:
        self.plugins: list[str] = []
        self.config: str | None = None
        self.state: str | None = None
        self.autoload: bool | None = None
        self.color = "auto"
        self.verbosity = 0
        self.traceback = False
        self.trace_hooks = False
        self.trace_config = False
        self.version = False

    def take(self, words: list[str]) -> list[str]:
        """Take over what is said by ``words``, and return those that are not ours.

        :raises UsageError: if a value is missing or wrong
        """
        left: list[str] = []
        todo = iter(words)
        for word in todo:
            if word == "--":
                return [*left, word, *todo]
            if not self._take_switch(word) and not self._take_value(word, todo):
                left.append(word)
        return left

    def words(self) -> list[str]:
        """Return the options that say the same to another process, but for those that only trace."""
        found = [part for name in self.plugins for part in ("-p", name)]
        for option in ("config", "state"):
            value = getattr(self, option)
            if value is not None:
                found += [f"--{option}", value]
        if self.autoload is False:
            found.append("--no-plugin-autoload")
        if self.color != "auto":
            found += ["--color", self.color]
        found += {-1: ["-q"], 1: ["-v"]}.get(self.verbosity, [])
        return [*found, "--traceback"] if self.traceback else found

    def _take_switch(self, word: str) -> bool:
        if word in ("-q", "--quiet"):
            self.verbosity = -1
        elif word in ("-v", "--verbose"):
            self.verbosity = 1
        elif word == "--no-plugin-autoload":
            self.autoload = False
        elif word in ("--traceback", "--trace-hooks", "--trace-config", "--version"):
            setattr(self, word[2:].replace("-", "_"), True)
        else:
            return False
        return True

    def _take_value(self, word: str, following: Iterator[str]) -> bool:
        name, equals, value = word.partition("=")
        if word.startswith("-p") and len(word) > 2 and not word.startswith("--"):
            name, value = "-p", word[2:]
        elif name not in ("-p", "--config", "--state", "--color"):
            return False
        elif not equals:
            value = next(following, "")
        if not value:
            raise UsageError(f"{name} needs a value behind it", hint="see wfepy --help")
        if name == "-p":
            self.plugins.append(value)
        elif name == "--color" and value not in COLORS:
            raise UsageError(f"--color takes {', '.join(COLORS)}, not {value!r}")
        else:
            setattr(self, name[2:], value)
        return True
