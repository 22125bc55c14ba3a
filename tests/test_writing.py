"""Generated files on the disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from wfepy_hooks import FileChange, GeneratedFile, PluginError, UsageError, compare_files, write_files


def changes(found: list[FileChange]) -> list[tuple[str, str]]:
    return [(os.path.basename(each.path), each.change) for each in found]


def inode(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_ino, status.st_mtime_ns


def test_a_file_is_created_with_its_text_and_mode(tmp_path: Path) -> None:
    written = write_files([GeneratedFile("sub/run.sh", "#!/bin/sh\n", 0o755)], str(tmp_path / "new"))
    file = tmp_path / "new/sub/run.sh"
    assert changes(written) == [("run.sh", "created")]
    assert written[0].path == str(file)
    assert file.read_text() == "#!/bin/sh\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o755


def test_a_second_writing_touches_nothing(tmp_path: Path) -> None:
    files = [GeneratedFile("a", "ä\n"), GeneratedFile("b", "")]
    write_files(files, str(tmp_path))
    before = [inode(tmp_path / name) for name in ("a", "b")]
    assert changes(write_files(files, str(tmp_path))) == [("a", "unchanged"), ("b", "unchanged")]
    assert [inode(tmp_path / name) for name in ("a", "b")] == before


def test_a_changed_text_replaces_the_file_in_one_step(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old\n")
    with open(tmp_path / "a") as reader:
        assert changes(write_files([GeneratedFile("a", "new\n")], str(tmp_path))) == [("a", "updated")]
        assert reader.read() == "old\n"
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "new\n"


def test_other_permissions_are_a_change_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("same\n")
    (tmp_path / "a").chmod(0o600)
    (compared,) = compare_files([GeneratedFile("a", "same\n")], str(tmp_path))
    assert compared.change == "updated"
    assert compared.diff() == f"{tmp_path}/a: mode 0600 becomes 0644\n"
    write_files([GeneratedFile("a", "same\n")], str(tmp_path))
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_comparing_writes_nothing(tmp_path: Path) -> None:
    assert changes(compare_files([GeneratedFile("a/b", "x")], str(tmp_path / "none"))) == [("b", "created")]
    assert os.listdir(tmp_path) == []


def test_the_diff_of_a_text_is_unified(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one\ntwo \xff")
    (tmp_path / "a").chmod(0o644)
    (compared,) = compare_files([GeneratedFile("a", "one\nthree\n")], str(tmp_path))
    assert compared.diff().splitlines() == [
        f"--- {tmp_path}/a",
        f"+++ {tmp_path}/a",
        "@@ -1,2 +1,2 @@",
        " one",
        "-two \\xff",
        "\\ No newline at end of file",
        "+three",
    ]


def test_the_diff_of_a_new_file_begins_with_nothing(tmp_path: Path) -> None:
    (compared,) = compare_files([GeneratedFile("a", "one\n")], str(tmp_path))
    assert compared.diff().splitlines()[:1] == ["--- /dev/null"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", "a/../../b", "", ".", "a//b", "a/", "a\0b", ".."])
def test_a_path_out_of_the_folder_is_refused_before_anything_is_written(tmp_path: Path, path: str) -> None:
    with pytest.raises(PluginError, match="leads out of its folder"):
        write_files([GeneratedFile("fine", "x"), GeneratedFile(path, "x")], str(tmp_path / "units"))
    assert os.listdir(tmp_path) == []


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "units").mkdir()
    (tmp_path / "units/sub").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="a symbolic link is in the way"):
        write_files([GeneratedFile("sub/a", "x")], str(tmp_path / "units"))
    assert os.listdir(tmp_path) == ["units"]


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_what_is_no_plain_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").symlink_to("/dev/null") if kind == "link" else (tmp_path / "a").mkdir()
    with pytest.raises(UsageError, match="no plain file"):
        write_files([GeneratedFile("a", "x")], str(tmp_path))


def test_two_files_of_one_path_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="a: two generated files have this path"):
        write_files([GeneratedFile("a", "x"), GeneratedFile("a", "y")], str(tmp_path))


def test_a_text_that_cannot_be_encoded_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="a: its text cannot be UTF-8"):
        write_files([GeneratedFile("a", "\udc80")], str(tmp_path))


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"/file/a: cannot be (written|read): not a directory"):
        write_files([GeneratedFile("a", "x")], str(tmp_path / "file"))
