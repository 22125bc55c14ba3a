"""The pages tell the truth: their commands are run, and what they print is what the page shows.

In a page, a comment ``<!-- file: NAME -->`` above a fenced block names the file that the block is. A ``console`` block
holds commands behind ``$ `` with what they print. One page's files and commands share a folder, in their order, whose
name a comment ``<!-- folder: NAME -->`` may tell; for the page of an example it is a copy of the example's. A command
that is nothing but a ``cd`` holds for those behind it.
A comment ``<!-- copy: PATH as NAME -->`` puts a file of this repository there, for what no command of ours can make.
A picture that they leave there, such as of ``wfepy graph -o NAME.svg``, is the one that the page shows.
A comment ``<!-- now: MOMENT -->`` tells at which time the commands are run.
``pytest tests/test_readme.py --update-golden`` pastes what the commands print now.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

import crontab_folder
import package_index

ROOT = Path(__file__).parent.parent
#: Its commands upload to PyPI and install from there: an index on loopback stands for it.
PLUGIN_PAGE = ROOT / "docs/tutorial/plugin.md"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("examples/*/README.md"))]
#: What a spinner draws between saving and restoring the cursor, colours and other codes of a terminal.
ESCAPES = re.compile(r"\x1b7.*?\x1b8|\x1b\[[0-9;?]*[A-Za-z]", re.DOTALL)
#: A line, such as one with a bar that grows, up to where it is wiped out.
WIPED = re.compile(r"^.*\x1b\[2K", re.MULTILINE)
FENCE = re.compile(
    r"(?:^<!-- file: (?P<file>\S+) -->\n+)?^```(?P<language>\S*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
COPIED = re.compile(r"^<!-- copy: (\S+) as (\S+) -->$", re.MULTILINE)
#: What somebody who tried an example has in its folder.
LEFT_BEHIND = shutil.ignore_patterns(
    "state", ".wfepy", "events.*", "out", "approved-*", "cup-is-empty", "__pycache__"
)
#: The variable that tells ``wfepy_hooks.testing.events`` at which moment the clock stands.
FROZEN = "WFEPY_TESTING_NOW"
#: Moments, which stay the same where a page tells when its commands are run.
MOMENTS = [
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?"), "DATE"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "TIME"),
    # A cell of a table may break a moment in two.
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DAY"),
    (re.compile(r"\b\d\d:\d\dZ"), "MINUTE"),
    (re.compile(r"\(in \d+(d|h|min)( \d+(h|min|s))?\)"), "(in LEFT)"),
    (re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"), "DAY"),
    (re.compile(r"\bCES?T\b"), "ZONE"),
]
#: What differs from run to run, and what stands for it when two outputs are compared.
VARYING = [
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s|us)\b"), "DURATION"),
    (re.compile(r'("took": )[\d.e-]+'), r"\1DURATION"),
    # Of a history, which has durations.
    (re.compile(r'("bytes": )\d+'), r"\1COUNT"),
    (re.compile(r'("uid": )"\w+"'), r"\1UID"),
    (re.compile(r'("event_id": )"\w+'), r"\1UID"),
    (re.compile(r'("graph": )"\w+"'), r"\1FINGERPRINT"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"^index [0-9a-f]+\.\.[0-9a-f]+"), "index"),
    (re.compile(r'("bytes": )\d+'), r"\1BYTES"),
    (re.compile(r"\b(coffee-|birds-)[0-9a-f]{8}\b"), r"\1ID"),
    (re.compile(r"\b(sum=)[0-9a-f]{12}\b"), r"\1SUM"),
    (re.compile(r"\b(the crontab of )\w+"), r"\1USER"),
    (re.compile(r"\b\d{8}T\d{6}\.\d{6}Z\b"), "STAMP"),
    (re.compile(r"\b[0-9a-f]{10}([0-9a-f]{2})?\b"), "COMMIT"),
    (re.compile(r"(/home/you/coffee on )\S+"), r"\1HOST"),
    (re.compile(r"(?<=  )[0-9a-f]{8}$"), "ID"),
    (re.compile(r"\bPython 3\.\d+(\.\d+)?"), "PYTHON"),
    (re.compile(r"\b(hatchling==)[\d.]+"), r"\1VERSION"),
    (re.compile(r"[\d.]+/[\d.]+ kB • [\d:-]+ • (\?|[\d.]+ \w+/s)$"), "SIZE"),
]
#: Of these, what names something. A reader who meets a name twice must see that it is the same.
NAME = re.compile(
    r"\b(?:coffee-|birds-)[0-9a-f]{8}\b"
    r"|\b(?:[0-9a-f]{64}|[0-9a-f]{12}|[0-9a-f]{10})\b"
    r"|\b\d{8}T\d{6}\.\d{6}Z\b"
)


class Block(NamedTuple):
    """A fenced block: ``start`` and ``end`` are where its text is in the page."""

    file: str | None
    language: str
    text: str
    start: int
    end: int


def blocks(page: str) -> list[Block]:
    return [
        Block(match["file"], match["language"], match["text"], match.start("text"), match.end("text"))
        for match in FENCE.finditer(page)
    ]


def commands(text: str) -> list[str]:
    return [line[2:] for line in text.splitlines() if line.startswith("$ ")]


@dataclass
class Shell:
    """Where the commands of a page are typed.

    :ivar folder: the working directory
    :ivar environment: its environment variables
    :ivar shown: what is printed here, and what the page shows for it
    """

    folder: Path
    environment: dict[str, str]
    shown: dict[str, str]

    def run(self, command: str) -> str:
        """Return what a command prints."""
        if moved := re.fullmatch(r"cd (\S+)", command):
            self.folder = (self.folder / moved[1]).resolve(strict=True)
            return ""
        return seen_at_a_terminal(command, self.folder, self.environment)

    def as_shown(self, text: str) -> str:
        """Return ``text`` with what a reader would see in place of what is printed here."""
        for ours, theirs in self.shown.items():
            text = text.replace(ours, theirs)
        return text


def play(text: str, shell: Shell, names: dict[str, str]) -> str:
    """Run the commands of a console block and return the block as it should be.

    :param names: how the page spells each name that has been printed so far; the new ones are put in
    """
    played = shell.as_shown("".join(f"$ {command}\n{shell.run(command)}" for command in commands(text)))
    # Lines that differ only in what varies stay as they are on the page.
    frozen = FROZEN in shell.environment
    kept = {normalised(line, frozen=frozen): line for line in text.splitlines(keepends=True)}
    return "".join(
        with_names(line, kept.get(normalised(line, frozen=frozen), line), names)
        for line in played.splitlines(keepends=True)
    )


def with_names(played: str, kept: str, names: dict[str, str]) -> str:
    """Return the line that a page shows for one that was printed, with each name as the page spelt it first."""
    printed, shown = NAME.findall(played), NAME.findall(kept)
    for name, spelling in zip(printed, shown, strict=True):
        # A spelling that stands for another name already would make one of two.
        names.setdefault(name, name if spelling in names.values() else spelling)
    spellings = iter(printed)
    return NAME.sub(lambda _: names[next(spellings)], kept)


def played_page(text: str, shell: Shell) -> str:
    """Write the files of a page and run its commands; return the page as it should be."""
    folder = shell.folder
    corrected, position = [], 0
    names: dict[str, str] = {}
    for block in blocks(text):
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            corrected += [text[position : block.start], play(block.text, shell, names)]
            position = block.end
    return "".join([*corrected, text[position:]])


def seen_at_a_terminal(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Return the text that ``command`` leaves on a terminal of 100 columns."""
    terminal, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    output = b"".join(chunks(terminal))
    os.close(terminal)
    process.wait()
    text = ESCAPES.sub("", WIPED.sub("", output.decode().replace("\r\n", "\n")))
    return "\n".join(line.rstrip() for line in text.split("\n"))


def chunks(terminal: int) -> Iterator[bytes]:
    """Read until the last process that writes to ``terminal`` has ended."""
    deadline = time.monotonic() + 120
    while select.select([terminal], [], [], deadline - time.monotonic())[0]:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other end is closed
            return
        if not chunk:
            return
        yield chunk
    pytest.fail("the command does not end")


def normalised(text: str, *, frozen: bool = False) -> str:
    """Return ``text`` without what varies; moments do not where the clock is ``frozen``."""
    for pattern, word in VARYING if frozen else [*MOMENTS, *VARYING]:
        text = pattern.sub(word, text)
    return text


def reader_environment(folder: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WFEPY_", "PYTEST_", "COLUMNS", "XDG_STATE_HOME"))
    }
    # Nobody who tests the pages is to have their crontab changed.
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "crontab").write_text(crontab_folder.PROGRAM, encoding="utf-8")
    (programs / "crontab").chmod(0o755)
    return {
        **kept,
        "PATH": os.pathsep.join([str(programs), os.path.dirname(sys.executable), os.environ["PATH"]]),
        "TZ": "UTC",
        "HOME": str(folder),
        "TERM": "xterm",
        "PYTHONIOENCODING": "utf-8",
    }


def pictures(page: Path, text: str) -> list[Path]:
    """Return the pictures of a page that its own commands draw."""
    shown = [page.parent / link for link in re.findall(r"^ *!\[.*?\]\((\S+\.svg)\)", text, re.MULTILINE)]
    return [each for each in shown if re.search(rf"^\$ .* -o {each.name}$", text, re.MULTILINE)]


def words_of(picture: Path) -> list[str]:
    """Return what a picture says. Graphviz draws a little differently from version to version."""
    return sorted(
        normalised("".join(element.itertext()).strip())
        for element in ElementTree.parse(picture).iter()
        if element.tag.endswith(("}title", "}text"))
    )


def marks(page: Path) -> list[pytest.MarkDecorator]:
    # These build wheels and fill environments.
    slow = [pytest.mark.slow] if page.parent.name == "release" or page == PLUGIN_PAGE else []
    draws = pictures(page, page.read_text(encoding="utf-8"))
    return [*slow, *([pytest.mark.outside] if draws else [])]


def shell_for(text: str, folder: Path) -> Shell:
    """Return the shell of a reader of a page, in the empty folder that is told by the page, below ``folder``."""
    named = re.search(r"^<!-- folder: (\S+) -->$", text, re.MULTILINE)
    moment = re.search(r"^<!-- now: (\S+) -->$", text, re.MULTILINE)
    frozen = {"WFEPY_PLUGINS": "wfepy_hooks.testing.events", FROZEN: moment[1]} if moment else {}
    home = folder / (named[1] if named else "coffee")
    home.mkdir()
    shown = {
        str(home): f"/home/you/{home.name}",
        str(folder): "/home/you",
        os.path.dirname(sys.executable): "/home/you/.venv/bin",
    }
    return Shell(home, {**reader_environment(folder), **frozen}, shown)


@contextlib.contextmanager
def author(shell: Shell, folder: Path) -> Iterator[None]:
    """Make the reader somebody with a virtual environment of their own, and an index that stands for PyPI."""
    programs = package_index.reader_environment(folder / ".venv")
    packages = folder / "packages"
    packages.mkdir()
    package_index.fill(packages, "wfepy-hooks", "pytest", "hatchling", "editables")
    with package_index.PackageIndex(packages) as index:
        for name in [each for each in shell.environment if each.startswith(("PIP_", "TWINE_"))]:
            del shell.environment[name]
        shell.environment.update(index.environment())
        shell.environment["PATH"] = os.pathsep.join([str(programs), shell.environment["PATH"]])
        shell.shown[index.url] = "https://upload.pypi.org/legacy/"
        yield


def page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=marks(page)) for page in PAGES],
    ids=page_name,
)
def test_the_commands_of_a_page_print_what_it_shows(
    page: Path, tmp_path: Path, request: pytest.FixtureRequest, require: Callable[..., None]
) -> None:
    text = page.read_text(encoding="utf-8")
    drawn = pictures(page, text)
    if drawn:
        require("dot")
    shell = shell_for(text, tmp_path)
    folder = shell.folder
    if page.parent.parent.name == "examples":
        shutil.copytree(page.parent, folder, ignore=LEFT_BEHIND, dirs_exist_ok=True)
    for source, name in COPIED.findall(text):
        shutil.copy(ROOT / source, folder / name)
    with author(shell, tmp_path) if page == PLUGIN_PAGE else contextlib.nullcontext():
        expected = played_page(text, shell)
    if request.config.getoption("--update-golden"):
        page.write_text(expected, encoding="utf-8")
        for picture in drawn:
            drawing = (folder / picture.name).read_text(encoding="utf-8")
            picture.write_text(shell.as_shown(drawing), encoding="utf-8")
        return
    assert expected == text
    for picture in drawn:
        assert words_of(folder / picture.name) == words_of(picture), f"{picture} is out of date"


@pytest.mark.parametrize(
    "page",
    [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_workflow_of_the_page_about_waiting_is_run() -> None:
    page = blocks((ROOT / "docs/how-to/waiting.md").read_text(encoding="utf-8"))
    typed = "\n".join(
        command for block in page if block.language == "console" for command in commands(block.text)
    )
    for block in page:
        if block.language == "python":
            assert block.file, f"a block that no command can run:\n{block.text}"
            assert re.search(rf"wfepy (run|start) {Path(block.file).stem}\b", typed), block.file


def test_python_blocks_are_valid_python() -> None:
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.language == "python":
                compile(block.text, str(page), "exec")


def test_what_the_tutorial_has_one_type_first_is_what_ci_tries() -> None:
    (tutorial, *_) = blocks((ROOT / "docs/tutorial/first-workflow.md").read_text(encoding="utf-8"))
    tried = next(
        block.text
        for block in blocks((ROOT / "README.md").read_text(encoding="utf-8"))
        if block.language == "sh"
    )
    assert tried.startswith(tutorial.text.splitlines()[0])
