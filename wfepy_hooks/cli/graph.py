"""Draw a workflow; with an instance, its state too.

    wfepy graph coffee -o coffee.svg
    wfepy graph coffee table-4 --legend

Text, DOT and Mermaid need nothing; svg, png and pdf need the program dot of Graphviz. Without -o the drawing goes to
standard output, as text if no format is given.

A click on a task or a condition leads to its source. --link, or source_link in the config file, says where that is: a
template with {path}, {line} and, if wanted, {commit}, or a name: file (the file itself, the default), github or gitlab
(the page of the commit), vscode or pycharm (the line in the editor), none.
"""

from __future__ import annotations

import os
import sys

from ..errors import UsageError
from ..project import Project
from .naming import pick_workflow
from .output import clean, is_terminal, result, say, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..config import Config
    from ..render import Diagram
    from ..workflow import Workflow

#: What explains its signs where nobody says: text is for people who see it often, Mermaid for the pages of others.
_WITH_LEGEND = ("dot", "svg", "png", "pdf")
_SUFFIXES = {".mmd": "mermaid", ".md": "mermaid", ".txt": "text", ".gv": "dot"}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("workflow", metavar="WORKFLOW", help="a workflow, or the path of a .py file")
    parser.add_argument("instance", nargs="?", metavar="INSTANCE", help="draw the state of this instance")
    parser.add_argument("--format", help="text, dot, mermaid, svg, png, pdf, or what a plugin offers")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write there; its suffix is the format if none is given"
    )
    parser.add_argument(
        "--link",
        metavar="TEMPLATE",
        help="where a click leads: a template such as https://host/{path}#L{line}, or a name",
    )
    boxes = parser.add_mutually_exclusive_group()
    boxes.add_argument(
        "--cluster",
        action="append",
        metavar="LABEL",
        help="draw a box around the tasks of this label (may be repeated); by default around loops, and around labels "
        "that group the tasks well",
    )
    boxes.add_argument("--no-cluster", action="store_true", help="no boxes")
    legend = parser.add_mutually_exclusive_group()
    legend.add_argument(
        "--legend", action="store_true", default=None, help="explain the signs; pictures do by default"
    )
    legend.add_argument("--no-legend", action="store_false", dest="legend", help="do not explain the signs")


def run(args: Namespace, config: Config) -> int:
    name = pick_workflow(config, args.workflow)
    project = Project(config)
    format = args.format or _format_of(args.output)
    diagram = _diagram(project, name, args, format)
    drawn = _render(diagram, format, config, args.output)
    if args.output is not None:
        write_file(args.output, drawn)
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
    if format == "mermaid":
        _warn_of_mermaid(str(drawn), diagram)
    return 0


def _warn_of_mermaid(source: str, diagram: Diagram) -> None:
    """Say what of a drawing is more than Mermaid draws, and what to do about it."""
    from ..render import beyond_mermaid

    if problem := beyond_mermaid(source, diagram):
        bare = "".join(line for line in source.splitlines(keepends=True) if not line.startswith("  click "))
        shorter = "" if beyond_mermaid(bare, diagram) else "make it short enough by --link none, or "
        say(f"wfepy: warning: GitHub will show an error here: {problem} ({shorter}take --format svg)")


def _format_of(output: str | None) -> str:
    suffix = os.path.splitext(output or "")[1].lower()
    return _SUFFIXES.get(suffix) or suffix[1:] or "text"


def _diagram(project: Project, name: str, args: Namespace, format: str) -> Diagram:
    from ..render import diagram, merge_attributes, source_links

    # What is wrong with a graph is best seen in its picture; only a state needs a right one.
    workflow = project.load_unchecked(name) if args.instance is None else project.workflow(name)
    attributes = {}
    if project.config.plugins.has("wfepy_graph_attributes"):
        for task in workflow.tasks.values():
            found = project.config.plugins.setup("wfepy_graph_attributes", dict, workflow=workflow, task=task)
            attributes[task.name] = merge_attributes(found)
    config = project.config
    link = args.link or config.source_link
    return diagram(
        workflow,
        instance=None if args.instance is None else project.read(name, args.instance),
        attributes=attributes,
        root=os.getcwd(),
        boxes=_boxes(args, workflow),
        link=None if format == "text" else source_links(link, output=args.output, root=config.root),
        legend=format in _WITH_LEGEND if args.legend is None else args.legend,
    )


def _boxes(args: Namespace, workflow: Workflow) -> list[str] | None:
    """Return the labels to draw boxes for; ``None``: those that help."""
    if args.no_cluster:
        return []
    if args.cluster is None:
        return None
    known = sorted({str(label) for task in workflow.tasks.values() for label in task.labels})
    for label in args.cluster:
        if label not in known:
            from ..suggest import did_you_mean

            hint = did_you_mean(label, known) if known else "no task has one"
            raise UsageError(f'no task has the label "{label}"', where=f"workflow {workflow.name}", hint=hint)
    return list(args.cluster)


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
