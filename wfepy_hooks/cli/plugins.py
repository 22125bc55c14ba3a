"""List the plugins: where each comes from, the hooks it implements and offers, and what is wrong.

    wfepy plugins -p no:wfepy_notify

They stand in the order in which they were loaded; hooks are called in the reverse order. Exit code 4 if one does not
load, or refuses its settings.

With --json: {"plugins": [{"name", "source", "hooks", "offers"}], "blocked": [NAME], "failures": [{"name", "source",
"error"}], "header": [LINE]}.
"""

from __future__ import annotations

from ..errors import WfepyError
from .output import clean, result, result_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from ..config import Config


def add_arguments(parser: ArgumentParser) -> None:
    from .parsing import add_json

    add_json(parser)


def run(args: Namespace, config: Config) -> int:
    host = config.plugins
    reported: list[str] = []
    try:
        reported += _reported(config)
    except WfepyError as error:
        if str(error) not in map(str, host.failures):  # such as settings that are read again
            host.note_failure(error)
    if args.json:
        result_json(
            {
                "plugins": [
                    {
                        "name": each.name,
                        "source": each.source,
                        "hooks": sorted(each.hooks),
                        "offers": host.offered_by(each.name),
                    }
                    for each in host.plugins
                ],
                "blocked": host.blocked,
                "failures": [{"name": e.name, "source": e.source, "error": str(e)} for e in host.failures],
                "header": reported,
            }
        )
    else:
        for line in _lines(config, reported):
            result(line)
    return 4 if host.failures else 0


def header(config: Config) -> Iterator[str]:
    """Return the lines that describe the configuration and its plugins.

    :raises WfepyError: if a plugin cannot say its own
    """
    return _lines(config, _reported(config))


def _lines(config: Config, reported: Iterable[str]) -> Iterator[str]:
    yield f"config   {clean(config.file or 'none')}"
    yield f"state    {clean(config.state)}"
    for line in reported:
        yield clean(line)
    host = config.plugins
    for plugin in host.plugins:
        yield f"plugin   {clean(plugin.name)}, {clean(plugin.source or 'code')}"
        for hook in sorted(plugin.hooks):
            yield f"           {hook}"
        for hook in host.offered_by(plugin.name):
            yield f"           offers {hook}"
    for name in host.blocked:
        yield f"blocked  {clean(name)}"
    for failure in host.failures:
        yield f"failed   {clean(failure.name)}, {clean(failure.source)}: {clean(str(failure.error))}"


def _reported(config: Config) -> Iterator[str]:
    for found in config.plugins.setup("wfepy_report_header", (str, list), config=config):
        yield from [found] if isinstance(found, str) else map(str, found)
