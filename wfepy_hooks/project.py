"""A configured set of workflows and the store of their instances: what the command line and scripts work with."""

from __future__ import annotations

from . import state
from .answer import error_text
from .arguments import require_free
from .clock import format_time
from .codec import Codec
from .engine import Engine
from .errors import (
    ConfigError,
    InstanceNotFound,
    InternalError,
    LockedError,
    StateError,
    WfepyError,
)
from .family import Family
from .firstcontext import first_context
from .held import Held
from .instance import Instance
from .interrupts import TaskSurroundings
from .reading import Reading
from .recorder import Recorder
from .report import Report
from .runner import Runner
from .workflow import Workflow

__all__ = ["Held", "Project", "Report"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from .config import Config
    from .executors.sharing import Sharing
    from .interrupts import Interrupts
    from .starting import Begun
    from .stores import Session, Store


class Project:
    """The workflows of a configuration, and their instances.

    :ivar config: the configuration, with the plugins
    """

    def __init__(self, config: Config, interrupts: Interrupts | None = None) -> None:
        self.config = config
        self._interrupts = interrupts
        self._workflows: dict[str, Workflow] = {}
        self._codecs: dict[str, Codec] = {}
        self._store: Store | None = None
        #: Parents and children among the instances.
        self.family = Family(self)
        self._engine = Engine(
            config.plugins,
            clock=config.clock,
            strict=config.strict,
            interrupts=interrupts,
            inside_task=TaskSurroundings(interrupts),
        )
        self._executor: Sharing | None = None
        if config.executor != "inline":
            from .executors.sharing import Sharing  # lazily: one after the other is the default

            self._executor = Sharing(config)
            self._engine.executor = self._executor.share
        self._engine.start_child = self.family.start_child
        self._engine.cancel_children = self.family.cancel_children

    # Workflows

    def workflow(self, name: str) -> Workflow:
        """Return the workflow that is configured under ``name``, loaded and checked.

        :raises ConfigError: if there is none
        :raises WorkflowError: if it cannot be loaded, or its graph is wrong
        """
        if name not in self._workflows:
            self._workflows[name] = self._load_workflow(name)
        return self._workflows[name]

    def _load_workflow(self, name: str) -> Workflow:
        workflow = self.load_unchecked(name)
        workflow.provided.update(self._provided_arguments())
        workflow.check_graph()
        self._load_context_module(workflow)
        self.config.plugins.setup("wfepy_workflow_loaded", workflow=workflow, config=self.config)
        return workflow

    def _provided_arguments(self) -> list[str]:
        """Return the names of the arguments that plugins provide."""
        host = self.config.plugins
        if not host.has("wfepy_argument_names"):
            return []
        said = host.setup("wfepy_argument_names", list, config=self.config)
        found = [name for names in said for name in names]
        require_free(found, host.implementers("wfepy_argument_names"))
        return found

    def _load_context_module(self, workflow: Workflow) -> None:
        """Import the module of the function that makes contexts: it is one of the workflow's own from then on."""
        module = self.config.workflows[workflow.name].context.partition(":")[0]
        if module and module not in workflow.modules:
            from .loader import import_module  # lazily: few workflows have one

            import_module(module, self.config.root)
            workflow.modules.append(module)

    def load_unchecked(self, name: str) -> Workflow:
        """Return the workflow that is configured under ``name``, whatever is wrong with its graph.

        :raises ConfigError: if there is none
        :raises WorkflowError: if it cannot be loaded
        """
        if name not in self.config.workflows:
            from .suggest import did_you_mean  # lazily: only for an error

            known = self.config.workflows
            hint = did_you_mean(name, known) or "give the path of its file, or configure it in wfepy.toml"
            raise ConfigError(f'there is no workflow "{name}"', where=self.config.file or "", hint=hint)
        module = self.config.workflows[name].module
        found: Workflow | list[Workflow] = self.config.plugins.decide(
            "wfepy_load_workflows", (Workflow, list), config=self.config, path=module
        )
        if isinstance(found, list):
            if len(found) != 1:
                names = ", ".join(each.name for each in found) or "none"
                raise ConfigError(
                    f"one workflow is expected, there are {names}", where=f'module = "{module}"'
                )
            found = found[0]
        found.name = name
        return found

    def codec(self, name: str) -> Codec:
        """Return what writes and reads the contexts of a workflow."""
        if name not in self._codecs:
            workflow = self.workflow(name)
            self._codecs[name] = Codec(workflow.modules, workflow.classes, workflow.twins)
        return self._codecs[name]

    @property
    def store(self) -> Store:
        """Where the instances are kept."""
        if self._store is None:
            self._store = self.config.make_store()
        return self._store

    # Instances

    def start(self, name: str, instance_id: str, values: Mapping[str, object] | None = None) -> str:
        """Begin an instance; the next tick runs it.

        :param name: the workflow
        :param instance_id: unique in the workflow, also among the ended ones
        :param values: set in the first context, as items of a dict or attributes of another object
        :return: the instance's id
        :raises InstanceExists: if there is one of this id
        :raises CodecError: if the first context cannot be saved
        """
        self.create(name, instance_id, values).release()
        return instance_id

    def create(
        self,
        name: str,
        instance_id: str,
        values: Mapping[str, object] | None = None,
        *,
        parent: dict[str, str] | None = None,
        scheduled: dict[str, Any] | None = None,
    ) -> Session:
        """Begin an instance as :meth:`start` does, and return the hold on it.

        :param parent: the instance and task that wait for its end, see ``docs/reference/state-format.md``
        :param scheduled: for which moment the schedule begins it, see :attr:`.Instance.scheduled`
        """
        workflow = self.workflow(name)
        created = format_time(self.config.clock())
        context = first_context(self.config.workflows[name], values or {}, workflow.module)
        instance = Instance(workflow, context, id=instance_id, created=created)
        instance.parent = parent
        instance.scheduled = scheduled
        return self.store.create(
            name, instance_id, state.to_document(instance, self.codec(name).encode(instance.context))
        )

    def read(self, name: str, instance_id: str) -> Instance:
        """Return an instance as it is saved, live or ended, without holding it.

        :raises InstanceNotFound: if there is none
        :raises StateError: if it cannot be read
        """
        workflow = self.workflow(name)
        document, records = self.saved(name, instance_id)
        where = f"{name}/{instance_id}"
        return state.restore(document, records, workflow, self.codec(name), where).instance

    def saved(self, name: str, instance_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the document of an instance and the records that it does not cover, as they are saved; no hold.

        :raises InstanceNotFound: if there is none
        :raises StateError: if it cannot be read
        """
        document, records = self._load_state(Reading(self.store, name, instance_id), self.workflow(name))
        return self._upgraded(document), records

    def close(self) -> None:
        """End the threads and processes of the executor, if there are any; another tick starts them again."""
        if self._executor is not None:
            self._executor.close()

    # Ticks

    def tick(
        self,
        names: Iterable[str] | None = None,
        busy: Callable[[str, str], None] | None = None,
        *,
        due_only: bool = False,
        begun: Callable[[Begun], None] | None = None,
    ) -> Iterator[Report]:
        """Begin what the schedules ask for, and advance every live instance as far as it can go.

        An error of one instance stops none of the others.

        :param names: only of these workflows
        :param busy: called with the workflow and the instance for each one that another tick holds
        :param due_only: advance only the workflows whose schedule is due, and those that have none
        :param begun: called for each instance that a schedule has begun
        """
        chosen = list(self.config.workflows if names is None else names)
        try:
            if self._has_schedules(chosen, due_only):
                from .starting import scheduled_tick  # lazily: only where there are schedules

                yield from scheduled_tick(
                    self, chosen, lambda names: self._tick(names, busy), due_only=due_only, begun=begun
                )
            else:
                yield from self._tick(chosen, busy)
        finally:
            self.close()

    def _has_schedules(self, names: list[str], due_only: bool) -> bool:
        """Return whether a schedule may ask for anything in a tick of these workflows."""
        workflows = [self.config.workflows[name] for name in names if name in self.config.workflows]
        if any(each.start or (due_only and each.schedule) for each in workflows):
            return True
        return len(self.config.plugins.implementers("wfepy_collect_schedules")) > 1

    def _tick(self, chosen: list[str], busy: Callable[[str, str], None] | None) -> Iterator[Report]:
        broken: set[str] = set()
        for name in chosen:
            self.config.ticked.setdefault(name, 0)
        for session in self.store.claim(chosen, self.config.clock(), busy=busy):
            if session.workflow in broken:
                session.release()
                continue
            yield self.advance(session)
            if session.workflow not in self._workflows:  # it could not be loaded; saying so once is enough
                broken.add(session.workflow)
        yield from self.follow(busy)

    def follow(self, busy: Callable[[str, str], None] | None = None) -> Iterator[Report]:
        """Advance the children that were begun meanwhile, and the parents of those that have ended.

        :param busy: as for :meth:`tick`
        """
        touched = self.family.touched
        while touched:
            workflow, instance = key = next(iter(touched))
            del touched[key]
            try:
                session = self.store.open(workflow, instance)
            except InstanceNotFound:
                continue  # it has ended
            except LockedError:
                if busy is not None:
                    busy(workflow, instance)
                continue
            yield self.advance(session)

    def tick_one(self, name: str, instance_id: str) -> Report:
        """Advance one instance.

        :raises LockedError: if another tick holds it
        :raises InstanceNotFound: if there is none that is live
        """
        try:
            return self.advance(self.store.open(name, instance_id))
        finally:
            self.close()

    def advance(self, session: Session) -> Report:
        """Do one tick of the instance that ``session`` holds, and release it."""
        report = Report(session.workflow, session.instance)
        report.notes = session.notes
        try:
            self.workflow(session.workflow)  # before signals are held back: importing it is the user's code
            if self._interrupts is not None:
                self._interrupts.holding = True
            held = self._load(session)
            held.receive()
            held.cancel_orphan()
            report.summary = held.runner.tick()
            held.close_if_ended()
        except WfepyError as error:
            report.error = error
        except (Exception, SystemExit) as error:  # noqa: BLE001  # ours, and no reason to stop the other instances
            report.error = self._internal_error(session, error)
        finally:
            session.release()
            if self._interrupts is not None:
                self._interrupts.holding = False
        report.note(self.config.ticked)
        if self._interrupts is not None:
            self._interrupts.check()
        return report

    def hold(self, name: str, instance_id: str, *, ended: bool = False) -> Held:
        """Hold an instance to do something with it beside the ticks; release it by a ``with`` statement.

        :param ended: hold one that has ended, to bring it back
        :raises LockedError: if a tick or somebody else holds it
        :raises InstanceNotFound: if there is none, or it has ended, or has not
        """
        self.workflow(name)
        session = self.store.reopen(name, instance_id) if ended else self.store.open(name, instance_id)
        try:
            return self._load(session, had_ended=ended)
        except BaseException:
            session.release()
            raise

    def _load(self, session: Session, *, had_ended: bool = False) -> Held:
        name = session.workflow
        workflow, codec = self.workflow(name), self.codec(name)
        document, records = self._load_state(session, workflow)
        document = self._upgraded(document)
        restored = state.restore(document, records, workflow, codec, f"{name}/{session.instance}")
        instance = restored.instance
        if instance.id != session.instance:
            raise StateError(
                f'it holds the state of instance "{instance.id}"',
                where=f"{name}/{session.instance}",
                hint="rename the file to the name of its instance",
            )
        recorder = Recorder(session, codec, restored.encoded, self.config.clock, self.config.plugins)
        recorder.dirty = bool(restored.replayed)
        recorder.is_outdated = document.get("graph") != workflow.graph.fingerprint
        recorder.before_end = self.family.tell_parent
        runner = Runner.resume(instance, self._engine, recorder)
        runner.replayed = restored.replayed
        held = Held(self, session, runner, recorder, had_ended=had_ended)
        if recorder.is_outdated:
            held.cancel_forgotten(document, records)
        return held

    def _internal_error(self, session: Session, error: BaseException) -> InternalError:
        if self.config.plugins.internal_error:
            self.config.plugins.notify("wfepy_internal_error", instance=None, error=error)
        made = InternalError(
            f"a bug of wfepy-hooks: {error_text(error)}",
            where=f"{session.workflow}/{session.instance}",
            hint="see --traceback, and please report it; what was saved stands",
        )
        made.__cause__ = error
        return made

    def _load_state(
        self, session: Session | Reading, workflow: Workflow
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        host = self.config.plugins
        if not host.has("wfepy_load_state"):
            return session.load()
        loaded: tuple[dict[str, Any], list[dict[str, Any]]]
        loaded = host.around("wfepy_load_state", tuple, session=session, workflow=workflow)
        return loaded

    def _upgraded(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return ``document`` at the present schema version, by the help of plugins if it is older."""
        version = document.get("schema")
        if (
            isinstance(version, int)
            and version < state.OLDEST_SCHEMA
            and self.config.plugins.has("wfepy_upgrade_state")
        ):
            upgraded = self.config.plugins.decide(
                "wfepy_upgrade_state", dict, document=document, from_version=version
            )
            document = document if upgraded is None else upgraded
        return document
