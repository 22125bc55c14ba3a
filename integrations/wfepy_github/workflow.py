"""The workflow file, made of the schedules and the settings. Pure: the same input gives the same bytes."""

from __future__ import annotations

import os
import shlex

from wfepy_hooks import GeneratedFile

from .crons import crons
from .marks import marked
from .pins import CHECKOUT, SETUP_PYTHON, SETUP_UV, UPLOAD_ARTIFACT
from .yamltext import plain, quoted, remark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from wfepy_hooks import Config, ScheduleEntry

    from .place import Place
    from .settings import Settings

__all__ = ["workflow_file"]

#: Minutes for everything but the tick itself.
MARGIN = 10
_FOUND_BY_ITSELF = ("wfepy.toml", "pyproject.toml")


def workflow_file(
    schedules: Sequence[ScheduleEntry], config: Config, settings: Settings, place: Place
) -> GeneratedFile:
    """Return the file, its path relative to the top of the repository.

    :raises ScheduleError: if a schedule is wrong
    :raises ConfigError: if something cannot be in such a file, or nothing says how to install the project
    """
    config_name = os.path.basename(config.file or "wfepy.toml")
    text = "\n".join(_Writer(settings, place, config_name).lines(schedules)) + "\n"
    source = "/".join(filter(None, (place.folder, config_name)))
    return GeneratedFile(settings.path, marked(text, remark(source)))


class _Writer:
    def __init__(self, settings: Settings, place: Place, config_name: str) -> None:
        self.settings = settings
        self.place = place
        self.command = "wfepy"
        if config_name not in _FOUND_BY_ITSELF:
            self.command += f" --config {shlex.quote(plain('the name of the config file', config_name))}"
        self.by_uv = not settings.install and place.installation.by_uv
        self.install = settings.install or place.installation.require().lines

    def lines(self, schedules: Sequence[ScheduleEntry]) -> Iterator[str]:
        yield f"name: {quoted(self.settings.name)}"
        yield ""
        yield "on:"
        yield from _triggers(schedules)
        yield ""
        yield "permissions: {}"
        yield ""
        yield "jobs:"
        yield from self._deliver()
        yield ""
        yield from self._tick()

    def _deliver(self) -> Iterator[str]:
        yield "  deliver:"
        yield "    name: Record the signal"
        yield "    if: ${{ github.event_name == 'workflow_dispatch' && inputs.signal != '' }}"
        yield from self._job(MARGIN, "to push the signal to the branch of the state")
        yield "    concurrency:"
        yield "      # Each run has a group of its own: of one group, GitHub drops all pending runs but the last."
        yield f"      group: {self.settings.name}-deliver-${{{{ github.run_id }}}}"
        yield "      cancel-in-progress: false"
        yield from self._surroundings()
        yield from self._preparation()
        yield "      - name: Record the signal"
        yield from _env(
            WFEPY_GITHUB_TOKEN="${{ github.token }}",
            WFEPY_GITHUB_SIGNAL="${{ inputs.signal }}",
            WFEPY_GITHUB_INSTANCE="${{ inputs.instance }}",
            WFEPY_GITHUB_PAYLOAD="${{ inputs.payload }}",
        )
        yield from self._run("deliver")

    def _tick(self) -> Iterator[str]:
        yield "  tick:"
        yield "    name: Tick"
        yield "    needs: deliver"
        yield "    if: ${{ !cancelled() && !failure() }}"
        if self.settings.environment:
            yield f"    environment: {quoted(plain('the name of the environment', self.settings.environment))}"
        yield from self._job(self.settings.timeout + MARGIN, "to push the state")
        yield "    concurrency:"
        yield f"      group: {self.settings.name}-tick"
        yield "      cancel-in-progress: false"
        yield from self._surroundings()
        yield from self._preparation()
        yield "      - name: Fetch the state"
        yield "        id: fetch"
        yield from _env(WFEPY_GITHUB_TOKEN="${{ github.token }}")
        yield from self._run("fetch")
        yield "      - name: Advance"
        yield "        id: advance"
        yield f"        timeout-minutes: {self.settings.timeout}"
        secrets = {name: f"${{{{ secrets.{name} }}}}" for name in self.settings.secrets}
        yield from _env(**secrets)
        yield from self._run("advance")
        yield from self._afterwards()

    def _afterwards(self) -> Iterator[str]:
        yield "      - name: Commit the state"
        yield "        id: commit"
        yield "        # Also when the tick failed or was cancelled: what it did is done."
        yield "        if: ${{ always() && steps.fetch.outcome == 'success' }}"
        yield from _env(WFEPY_GITHUB_TOKEN="${{ github.token }}")
        yield from self._run("commit")
        yield "      - name: Keep what could not be pushed"
        yield (
            "        if: ${{ always() && steps.fetch.outcome == 'success' && steps.commit.outcome != 'success' }}"
        )
        yield f"        uses: {UPLOAD_ARTIFACT.text}"
        yield "        with:"
        yield f"          name: {self.settings.name}-outbox-${{{{ github.run_attempt }}}}"
        yield "          path: |"
        yield f"            {self.place.state}"
        yield f"            {self.place.notes}"
        yield "          include-hidden-files: true"
        yield "          if-no-files-found: ignore"
        yield "      - name: End red if a task failed"
        yield "        if: ${{ always() && steps.advance.outputs.verdict == 'failed' }}"
        yield "        run: exit 1"

    def _job(self, minutes: int, why: str) -> Iterator[str]:
        runner = [quoted(each) for each in self.settings.runner]
        labels = runner[0] if len(runner) == 1 else f"[{', '.join(runner)}]"
        reason = " # zizmor: ignore[self-hosted-runner] the config asks for it"
        is_own = any(each.lower() == "self-hosted" for each in self.settings.runner)
        yield f"    runs-on: {labels}{reason if is_own else ''}"
        yield f"    timeout-minutes: {minutes}"
        yield "    permissions:"
        yield f"      contents: write # {why}"
        if self.settings.variables:
            yield "    env:"
            for name, value in self.settings.variables.items():
                yield f"      {name}: {quoted(plain(name, value, lines=True))}"

    def _surroundings(self) -> Iterator[str]:
        yield "    defaults:"
        yield "      run:"
        yield "        shell: bash"
        if self.place.folder:
            yield f"        working-directory: {quoted(self.place.folder)}"

    def _preparation(self) -> Iterator[str]:
        yield "    steps:"
        yield "      - name: Check out"
        yield f"        uses: {CHECKOUT.text}"
        yield "        with:"
        yield "          # What the branch is now: a run that was queued or is repeated would get what it was then."
        yield "          ref: ${{ github.ref }}"
        yield "          persist-credentials: false"
        yield f"      - name: Set up {'uv' if self.by_uv else 'Python'}"
        yield f"        uses: {(SETUP_UV if self.by_uv else SETUP_PYTHON).text}"
        yield "        with:"
        yield f'          python-version: "{self.settings.python}"'
        if self.by_uv:
            yield "          enable-cache: false"
        yield "      - name: Install"
        yield "        run: |"
        for line in self.install:
            yield f"          {plain('a line of install', line)}".rstrip()

    def _run(self, verb: str) -> Iterator[str]:
        # exec: the signals of a cancelled job reach the shell alone.
        yield f"        run: {_scalar(f'exec {self.command} github {verb}')}"


def _triggers(schedules: Iterable[ScheduleEntry]) -> Iterator[str]:
    found = crons(schedules)
    if found:
        yield "  schedule:"
    for each in found:
        yield f"    # {remark(', '.join(each.wanted_by))}"
        if each.is_widened:
            yield "    # Less often than it asks for: GitHub starts no job within five minutes of another."
        yield f'    - cron: "{each.text}"'
        if each.timezone != "UTC":
            yield f'      timezone: "{each.timezone}"'
    yield "  workflow_dispatch:"
    yield "    inputs:"
    for name, description in (
        ("signal", "Name of a signal to send; empty to tick only"),
        ("instance", "Who gets it, as WORKFLOW/INSTANCE"),
        ("payload", "What it says, as JSON"),
    ):
        yield f"      {name}:"
        yield f"        description: {description}"
        yield "        type: string"


def _env(**values: str) -> Iterator[str]:
    if values:
        yield "        env:"
    for name, value in values.items():
        yield f"          {name}: {value}"


def _scalar(text: str) -> str:
    return text if "'" not in text and "#" not in text and ": " not in text else quoted(text)
