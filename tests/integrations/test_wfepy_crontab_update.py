"""Changing a crontab: in eight steps, with somebody else at work and programs that fail."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from wfepy_crontab.places import backup, backup_folder, locked
from wfepy_crontab.program import CrontabProgram
from wfepy_crontab.update import TRIES, Update, update
from wfepy_hooks import WfepyError

NOW = datetime(2026, 11, 25, 20, 30, tzinfo=timezone.utc)


class Table:
    """A crontab, and what happens to it: each of ``events`` at one call of ``read`` or ``write``, by its number."""

    def __init__(self, data: bytes | None = b"old\n") -> None:
        self.data = data
        self.calls: list[str] = []
        self.events: dict[int, Callable[[], None]] = {}

    def _call(self, what: str) -> None:
        self.calls.append(what)
        if event := self.events.get(len(self.calls)):
            event()

    def set(self, data: bytes | None) -> None:
        self.data = data

    def read(self) -> bytes | None:
        self._call("read")
        return self.data

    def write(self, table: bytes | None) -> None:
        self._call("write")
        self.data = table


class Fussy(Table):
    """One that refuses a last line without an end, as Debian's does."""

    def write(self, table: bytes | None) -> None:
        self._call("write")
        if table and not table.endswith(b"\n"):
            raise WfepyError("missing newline before EOF")
        self.data = table


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def append(table: bytes | None) -> bytes:
    return (table or b"") + b"new\n"


def change(
    table: Table, environ: dict[str, str], how: Callable[[bytes | None], bytes | None] = append
) -> Update:
    return update(table, how, environ=environ, clock=lambda: NOW)


def test_a_change_is_backed_up_and_read_before_and_after(environ: dict[str, str]) -> None:
    table = Table()
    done = change(table, environ)
    assert table.data == b"old\nnew\n"
    assert table.calls == ["read", "read", "write", "read"]
    assert done.changed
    assert Path(done.backup).read_bytes() == b"old\n"
    assert os.path.basename(done.backup) == "20261125T203000.000000Z-crontab"


def test_what_is_no_change_writes_nothing(environ: dict[str, str]) -> None:
    table = Table()
    assert not change(table, environ, lambda data: data).changed
    assert table.calls == ["read"]
    assert not os.path.exists(backup_folder(environ))


def test_where_there_was_no_crontab_there_is_nothing_to_back_up(environ: dict[str, str]) -> None:
    table = Table(None)
    assert change(table, environ).backup == ""
    assert table.data == b"new\n"


def test_what_is_refused_leaves_the_crontab_alone(environ: dict[str, str]) -> None:
    def refuse(table: bytes | None) -> bytes:
        raise WfepyError("not understood")

    table = Table()
    with pytest.raises(WfepyError, match="not understood"):
        change(table, environ, refuse)
    assert table.calls == ["read"]


def test_an_edit_in_between_is_kept(environ: dict[str, str]) -> None:
    table = Table()
    table.events[2] = lambda: table.set(b"edited\n")
    done = change(table, environ)
    assert table.data == b"edited\nnew\n"
    assert done.before == b"edited\n"
    assert [
        Path(backup_folder(environ), name).read_bytes() for name in os.listdir(backup_folder(environ))
    ] == [b"edited\n"]


def test_edits_without_end_are_given_up(environ: dict[str, str]) -> None:
    table = Table()
    for number in range(2, 2 * TRIES + 1, 2):
        table.events[number] = lambda number=number: table.set(b"%d\n" % number)  # type: ignore[misc]
    with pytest.raises(WfepyError, match="somebody has changed it 20 times"):
        change(table, environ)
    assert "write" not in table.calls


def test_a_program_that_fails_leaves_the_old_crontab(environ: dict[str, str]) -> None:
    def fail() -> None:
        raise WfepyError("errors in crontab file")

    table = Table()
    table.events[3] = fail
    with pytest.raises(WfepyError, match="errors in crontab file"):
        change(table, environ)
    assert table.data == b"old\n"
    assert table.calls == ["read", "read", "write", "read"]


def test_a_program_that_fails_half_way_is_made_to_put_the_old_crontab_back(environ: dict[str, str]) -> None:
    def fail() -> None:
        table.set(b"half")
        raise WfepyError("no space left")

    table = Table()
    table.events[3] = fail
    with pytest.raises(WfepyError, match="no space left"):
        change(table, environ)
    assert table.data == b"old\n"


@pytest.mark.parametrize("old", [b"old\n", None])
def test_what_is_not_read_back_as_written_is_undone_and_kept(
    old: bytes | None, environ: dict[str, str]
) -> None:
    table = Table(old)
    table.events[4] = lambda: table.set(b"mangled\n")
    with pytest.raises(
        WfepyError, match="it is as it was before, and what was there instead is in "
    ) as caught:
        change(table, environ)
    assert table.data == old
    kept = Path(caught.value.what.rpartition(" is in ")[2])
    assert kept.read_bytes() == b"mangled\n"
    others = [each.read_bytes() for each in kept.parent.iterdir() if each != kept]
    assert others == ([] if old is None else [old])  # in the same microsecond


def test_a_last_line_without_an_end_stays_so_where_the_program_lets_it(environ: dict[str, str]) -> None:
    table = Table(b"a\nb\n")
    assert change(table, environ, lambda data: b"a").after == b"a"
    assert table.data == b"a"


def test_a_last_line_gets_an_end_where_the_program_wants_one(environ: dict[str, str]) -> None:
    table = Fussy(b"a\nb\n")
    assert change(table, environ, lambda data: b"a").after == b"a\n"
    assert table.data == b"a\n"


def is_locked(file: Path) -> bool:
    with open(file, "rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_two_installers_wait_for_each_other(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / f".cache/wfepy-hooks/crontab-{os.geteuid()}.lock"
    with locked(environ):
        assert is_locked(file)
    assert not is_locked(file)


def test_the_last_ten_backups_are_kept_for_the_user_alone(environ: dict[str, str], tmp_path: Path) -> None:
    files = [
        backup(b"%d" % number, "crontab", NOW + timedelta(seconds=number), environ) for number in range(12)
    ]
    file = files[-1]
    assert file == str(tmp_path / ".local/state/wfepy-hooks/crontab/20261125T203011.000000Z-crontab")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(file)).st_mode) == 0o700
    kept = sorted(os.listdir(backup_folder(environ)))
    assert [Path(backup_folder(environ), name).read_bytes() for name in kept] == [
        b"%d" % n for n in range(2, 12)
    ]


def test_no_change_without_a_backup(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("no folder")
    table = Table()
    with pytest.raises(WfepyError, match=r"the backup cannot be written: .*; nothing was changed"):
        change(table, environ)
    assert "write" not in table.calls


def test_the_folders_are_where_the_environment_says(tmp_path: Path) -> None:
    environ = {
        "XDG_STATE_HOME": str(tmp_path / "s"),
        "XDG_CACHE_HOME": str(tmp_path / "c"),
        "HOME": "/nowhere",
    }
    assert backup_folder(environ) == str(tmp_path / "s/wfepy-hooks/crontab")
    with locked(environ):
        assert os.listdir(tmp_path / "c/wfepy-hooks") == [f"crontab-{os.geteuid()}.lock"]


def program(folder: Path, script: str) -> CrontabProgram:
    file = folder / "crontab"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return CrontabProgram([str(file)], {"PATH": os.environ["PATH"], "LC_ALL": "cs_CZ.UTF-8"})


@pytest.mark.parametrize(
    "said",
    [
        "no crontab for ann",
        "crontab: no crontab for ann",
        "crontab: can't open 'ann': No such file or directory",
    ],
)
def test_no_crontab_is_known_by_what_the_program_says(said: str, tmp_path: Path) -> None:
    assert program(tmp_path, f'echo "{said}" >&2; exit 1').read() is None


@pytest.mark.parametrize(
    "script",
    [
        "echo 'You (ann) are not allowed to use this program (crontab)' >&2; exit 1",
        "echo 'you (no crontab for ) are not allowed' >&2; exit 1",
        "echo 'no crontab for ann' >&2; echo 'you are not allowed to use this program' >&2; exit 1",
        "exit 1",
        "echo 'no crontab for ann' >&2; exit 2",
        "echo 'no crontab for ann' >&2; echo '0 0 * * * x'; exit 1",
        "echo 'crontabs/ann/: fdopen: Permission denied' >&2; exit 1",
        "echo \"crontab: can't change directory to '/spool': No such file or directory\" >&2; exit 1",
        "kill -9 $$",
    ],
)
def test_anything_else_is_never_taken_for_an_empty_crontab(script: str, tmp_path: Path) -> None:
    with pytest.raises(WfepyError, match="nothing was changed"):
        program(tmp_path, script).read()


def test_the_program_is_asked_in_a_language_that_is_known(tmp_path: Path) -> None:
    assert program(tmp_path, 'printf %s "$LC_ALL"').read() == b"C"


def test_bytes_are_read_and_written_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "t"
    crontab = program(tmp_path, f"case $1 in -l) cat {file};; -) cat >{file};; -r) rm {file};; esac")
    data = bytes(range(256)) + b"\r\n\xff no end"
    crontab.write(data)
    assert crontab.read() == data
    crontab.write(None)
    assert not file.exists()


def test_an_error_of_the_program_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(
        WfepyError, match='crontab -: "-":1: bad minute; errors in crontab file; the crontab is as'
    ):
        program(tmp_path, "echo '\"-\":1: bad minute\nerrors in crontab file' >&2; exit 1").write(b"x\n")


def test_a_program_that_is_not_there_is_told_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(WfepyError, match="there is no such program; install cron"):
        CrontabProgram([str(tmp_path / "crontab")]).read()


def test_a_program_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "crontab").write_text("")
    with pytest.raises(WfepyError, match="it cannot be run: Permission denied"):
        CrontabProgram([str(tmp_path / "crontab")]).read()


#: Prints a carriage return as Debian's does.
SHOWS_RETURNS = """
here=$(dirname "$0")
case $1 in
-l) sed 's/\r/\\\\r/g' "$here/t" ;;
-e) if [ -e "$here/broken" ]; then echo cannot edit >&2; exit 1; fi; "$VISUAL" "$here/t" ;;
esac
"""


@pytest.mark.parametrize("data", [b"# a\r\nb\r\n", b"printf 'a\\r'\n", b"both \\r\r\n"])
def test_a_carriage_return_is_told_from_what_stands_for_it(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(data)
    crontab = program(tmp_path, SHOWS_RETURNS)
    assert crontab.read() == data
    assert (tmp_path / "t").read_bytes() == data
    (tmp_path / "broken").touch()
    with pytest.raises(WfepyError, match=r"cannot edit; there is a carriage return in the crontab, or a \\r"):
        crontab.read()
