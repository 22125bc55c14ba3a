"""Draw a workflow; with an instance, its state too.

    wfepy graph coffee -o coffee.svg

Text, DOT and Mermaid need nothing; svg, png and pdf need the program dot of Graphviz. Without -o the drawing goes to
standard output, as text if no format is given.
"""

from __future__ import annotations

import os
import sys

from ..errors import UsageError
from ..project import Project
from .naming import pick_workflow
from .output import clean, is_terminal, result, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config
    from ..render import Diagram

_SUFFIXES = {".mmd": "mermaid", ".md": "mermaid", ".txt": "text", ".gv": "dot"}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument("instance", nargs="?", metavar="INSTANCE", help="draw the state of this instance")
    parser.add_argument("--format", help="text, dot, mermaid, svg, png, pdf, or what a plugin offers")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write there; its suffix is the format if none is given"
    )


def run(args: Namespace, config: Config) -> int:
    name = pick_workflow(config, args.workflow)
    project = Project(config)
    format = args.format or _format_of(args.output)
    drawn = _render(_diagram(project, name, args.instance), format, config, args.output)
    if args.output is not None:
        _write(args.output, drawn)
        say(f"wrote {clean(args.output)}")
    elif isinstance(drawn, str):
        result(drawn.rstrip("\n"))
    elif is_terminal(sys.stdout):
        raise UsageError(
            f"{format} is nothing for a terminal", where="wfepy graph", hint="write it to a file by -o FILE"
        )
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(drawn)
    return 0


def _format_of(output: str | None) -> str:
    suffix = os.path.splitext(output or "")[1].lower()
    return _SUFFIXES.get(suffix) or suffix[1:] or "text"


def _diagram(project: Project, name: str, instance: str | None) -> Diagram:
    from ..render import diagram, merge_attributes

    # What is wrong with a graph is best seen in its picture; only a state needs a right one.
    workflow = project.load_unchecked(name) if instance is None else project.workflow(name)
    attributes = {}
    if project.config.plugins.has("wfepy_graph_attributes"):
        for task in workflow.tasks.values():
            found = project.config.plugins.setup("wfepy_graph_attributes", dict, workflow=workflow, task=task)
            attributes[task.name] = merge_attributes(found)
    return diagram(
        workflow,
        instance=None if instance is None else project.read(name, instance),
        attributes=attributes,
        root=os.getcwd(),
    )


def _render(drawn: Diagram, format: str, config: Config, output: str | None) -> str | bytes:
    from ..render import RENDERERS, can_show_unicode, to_text

    if format == "text":
        if output is not None:
            return to_text(drawn)
        import shutil

        return to_text(
            drawn,
            width=shutil.get_terminal_size().columns,
            ascii=not can_show_unicode(getattr(sys.stdout, "encoding", None)),
        )
    renderer = RENDERERS.get(format)
    offered = config.registry.names("renderer")
    if renderer is None and format in offered:
        renderer = config.registry.get("renderer", format)
    if renderer is None:
        known = ", ".join(dict.fromkeys([*RENDERERS, *offered]))
        raise UsageError(f'there is no format "{format}"', where="wfepy graph", hint=f"known are {known}")
    return renderer(drawn)


def _write(path: str, drawn: str | bytes) -> None:
    data = drawn.encode("utf-8", "backslashreplace") if isinstance(drawn, str) else drawn
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"it cannot be written: {error.strerror}", where=path) from error
