"""The state of one instance in one file, for scripts that keep it themselves with ``Runner.load`` and ``dump``."""

from __future__ import annotations

import os

from . import state
from .clock import format_time, system_clock
from .codec import Codec
from .errors import StateFormatError
from .statetext import dump_text, parse_text
from .stores.disk import read_error, read_file, replace_file, write_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .instance import Instance
    from .workflow import Workflow


def load_instance(path: str, workflow: Workflow, context: object = None) -> Instance:
    """Return the instance whose state is in the file ``path``.

    :param context: one of the class that the saved context may have
    :raises StateError: if it cannot be read, or is not a state of ``workflow``
    """
    path = os.fspath(path)
    try:
        data = read_file(path)
    except FileNotFoundError:
        raise  # what a script that looks whether it has to restore expects
    except OSError as error:
        raise read_error(error, path) from error
    if data[:1] == b"\x80":
        raise StateFormatError(
            "it is a pickle, as WfEpy wrote them",
            where=path,
            hint="it is never loaded, for that would run what is in it; wfepy import-wfepy takes it over as data",
        )
    return state.restore(parse_text(data, path), [], workflow, _codec(workflow, context), path).instance


def dump_instance(path: str, instance: Instance) -> None:
    """Write the state of ``instance`` to the file ``path``.

    :raises CodecError: if a value of the context cannot be saved
    :raises StateWriteError: if the file cannot be written
    """
    path = os.path.abspath(os.fspath(path))
    instance.created = instance.created or format_time(system_clock())
    document = state.to_document(
        instance, _codec(instance.workflow, instance.context).encode(instance.context)
    )
    folder, name = os.path.split(path)
    try:
        replace_file(folder, name, dump_text(document).encode())
    except OSError as error:
        raise write_error(error, "the state", path) from error


def _codec(workflow: Workflow, context: object) -> Codec:
    """Return a codec that also knows the class of ``context``: in a script it need not be of the workflow's module."""
    kind = type(context)
    own = () if kind.__module__ == "builtins" else (kind,)
    return Codec(workflow.modules, (*workflow.classes, *own), workflow.twins)
