"""Pictures of a workflow in files: SVG, PNG, PDF and what else the program ``dot`` of Graphviz can write."""

from __future__ import annotations

from ..errors import UsageError, WfepyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import TypeVar

    Made = TypeVar("Made")

HINT = "install Graphviz (apt-get install graphviz, brew install graphviz) or use --format dot|mermaid|text"


class PictureError(WfepyError, RuntimeError):
    """Graphviz is missing, or it failed."""

    exit_code = 4


def to_picture(source: str, format: str) -> bytes:
    """Return what ``dot`` makes of DOT source.

    :param format: ``svg``, ``png``, ``pdf``, ... (``dot -T``)
    :raises PictureError: Graphviz is missing or failed
    :raises UsageError: it has no such format
    """
    import graphviz  # Imported lazily: it costs 30 ms, and DOT, Mermaid and text need none of it.

    made: bytes = _checked(format, lambda: graphviz.pipe("dot", format, source.encode(), quiet=True))
    return made


def write_picture(source: str, output: str | os.PathLike[str], format: str) -> str:
    """Write DOT source to the file ``output`` and what ``dot`` makes of it to ``output.format``.

    :return: path of the second file
    :raises PictureError: Graphviz is missing or failed; the source is written nevertheless
    :raises UsageError: it has no such format
    """
    import os.path

    import graphviz

    path = os.fspath(output)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(source)
    made: str = _checked(format, lambda: graphviz.render("dot", format, path, quiet=True), path)
    return made


def _checked(format: str, make: Callable[[], Made], where: str = "") -> Made:
    """Call ``make`` and say in one line what went wrong with Graphviz."""
    import graphviz

    where = where or f"graph as {format}"
    try:
        return make()
    except graphviz.ExecutableNotFound as error:
        raise PictureError('the program "dot" is not installed', where=where, hint=HINT) from error
    except graphviz.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip().splitlines() or [str(error)]
        raise PictureError(f'the program "dot" failed: {said[0]}', where=where) from error
    except ValueError as error:
        if format in graphviz.FORMATS:
            raise
        what = f"Graphviz has no format {format!r}"
        raise UsageError(what, where=where, hint="try svg, png or pdf") from error
