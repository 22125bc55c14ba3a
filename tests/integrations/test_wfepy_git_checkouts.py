"""The user's checkout, configuration and environment are theirs: nothing of them is changed, and nothing gets in."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from git_folders import ENVIRON, Clone, git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from git_folders import Remote

    MakeClone = Callable[..., Clone]


def bytes_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file below a folder with its bytes and its time, but for the state and our own repository."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith((".wfepy/state", ".wfepy/git", "__pycache__")):
            found[name] = (path.read_bytes(), path.stat().st_mtime_ns)
    return found


def test_a_dirty_work_tree_its_index_refs_and_configuration_stay_as_they_are(
    clone: MakeClone, remote: Remote
) -> None:
    one, two = clone("one"), clone("two")
    git(one.path, "config", "commit.gpgsign", "true")
    git(one.path, "config", "gpg.program", "/bin/false")
    (one.path / "committed.txt").write_text("committed\n")
    (one.path / "staged.txt").write_text("staged\n")
    git(one.path, "add", "committed.txt", "flow.py")
    git(one.path, "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "code")
    git(one.path, "add", "staged.txt")
    (one.path / "committed.txt").write_text("changed\n")
    (one.path / "untracked.txt").write_text("untracked\n")
    (one.path / ".git/index.lock").write_text("")  # somebody's git has died
    status = git(one.path, "--no-optional-locks", "status", "--porcelain")
    before, refs = bytes_of(one.path), git(one.path, "for-each-ref")
    one.start("x")
    one.tick()
    one.push()
    two.pull()
    two.signal("x", data=1)
    two.tick()
    two.push()
    one.pull()
    with one.repository().lease(["flow"], 60):
        assert one.repository().leases()
    one.repository().log()
    assert bytes_of(one.path) == before
    assert git(one.path, "for-each-ref") == refs
    now = git(one.path, "--no-optional-locks", "status", "--porcelain")
    assert sorted(now.splitlines()) == sorted([*status.splitlines(), "?? .wfepy/"])
    assert git(one.path, "ls-files", "--others", "--exclude-standard", ".wfepy").split() == [
        f".wfepy/state/{name}" for name in one.files()
    ]


def test_hooks_signing_and_line_ends_of_the_users_configuration_do_not_count(
    clone: MakeClone, remote: Remote, tmp_path: Path
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    # No reference-transaction: on a path, the receiving side is of the same user, and it is that side's to run it.
    for name in ("pre-push", "post-checkout", "pre-commit", "commit-msg", "post-rewrite"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\nexit 1\n")
        (hooks / name).chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(
        f"[core]\n hooksPath = {hooks}\n autocrlf = true\n eol = crlf\n[commit]\n gpgsign = true\n"
        "[push]\n gpgSign = true\n followTags = true\n[gpg]\n program = /bin/false\n"
        "[fetch]\n prune = true\n[init]\n templateDir = /nowhere\n[user]\n useConfigOnly = true\n"
        "[i18n]\n commitEncoding = latin1\n[color]\n ui = always\n[log]\n showSignature = true\n"
    )
    one, two = clone("one"), clone("two")
    for machine in (one, two):
        machine.environ["GIT_CONFIG_GLOBAL"] = str(config)
    one.start("x")
    one.tick()
    one.push()
    two.pull()
    assert two.files() == one.files()
    assert [tick.subject for tick in two.repository().log()] == ["flow/x: a done, b waiting"]
    assert b"\r" not in b"".join(one.files().values())
    assert not (tmp_path / "hook-ran").exists()


def test_the_environment_of_a_git_hook_does_not_lead_astray(
    clone: MakeClone, remote: Remote, tmp_path: Path
) -> None:
    one = clone("one")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    git(elsewhere, "init", "--quiet")
    before = bytes_of(elsewhere)
    one.environ |= {
        "GIT_DIR": str(elsewhere / ".git"),
        "GIT_WORK_TREE": str(elsewhere),
        "GIT_INDEX_FILE": str(elsewhere / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(elsewhere / ".git/objects"),
        "GIT_NAMESPACE": "other",
        "GIT_PREFIX": "sub/",
        "GIT_QUARANTINE_PATH": "/nowhere",
        "GIT_CONFIG_PARAMETERS": "'remote.origin.url=/nowhere'",
        "GIT_TRACE": "1",
    }
    one.start("x")
    one.push()
    assert remote.files() == [".wfepy/state/flow/x.json", ".wfepy/state/flow/x.jsonl"]
    assert bytes_of(elsewhere) == before


@pytest.mark.parametrize("language", ["de_DE.UTF-8", "cs_CZ.UTF-8"])
def test_what_git_says_is_understood_whatever_language_the_user_speaks(
    clone: MakeClone, remote: Remote, language: str
) -> None:
    one, two = clone("one"), clone("two")
    for machine in (one, two):
        machine.environ |= {
            "LANG": language,
            "LC_ALL": language,
            "LANGUAGE": language[:2],
            "LC_MESSAGES": language,
        }
    assert one.repository().pull().commit is None
    one.start("x")
    two.start("y")
    one.push()
    assert two.repository().push().attempts == 1
    one.start("z")
    assert one.repository().push().attempts == 2


@pytest.mark.parametrize("how", ["shallow", "detached", "worktree", "bare branch"])
def test_any_kind_of_checkout_will_do(remote: Remote, tmp_path: Path, how: str) -> None:
    seed = Clone(tmp_path / "seed", remote)
    git(seed.path, "add", "flow.py", "wfepy.toml")
    for number in range(3):
        git(seed.path, "commit", "--quiet", "--allow-empty", "--message", f"{number}")
    git(seed.path, "push", "--quiet", "origin", "HEAD:main")
    seed.start("x")
    seed.push()
    path = tmp_path / "other"
    url = f"file://{remote.path}"
    if how == "shallow":
        git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=main", url, str(path))
    elif how == "detached":
        git(tmp_path, "clone", "--quiet", "--branch=main", url, str(path))
        git(path, "checkout", "--quiet", "--detach", "HEAD~1")
    elif how == "worktree":
        git(seed.path, "worktree", "add", "--quiet", "--detach", str(path))
    else:
        git(tmp_path, "clone", "--quiet", "--branch=main", "--single-branch", url, str(path))
    other = Clone.__new__(Clone)
    other.path, other.environ, other.seconds = path, dict(ENVIRON), 0.0
    refs, status = git(path, "for-each-ref"), git(path, "status", "--porcelain")
    other.pull()
    assert other.files() == seed.files()
    other.signal("x", data=1)
    other.tick()
    other.push()
    seed.pull()
    assert seed.context("x")["seen"] == [1]
    assert git(path, "for-each-ref") == refs
    assert git(path, "status", "--porcelain") == status + "?? .wfepy/\n"
    if how == "shallow":
        assert git(path, "rev-list", "--count", "HEAD").strip() == "1"


def test_a_project_below_the_top_of_its_checkout_keeps_its_path_on_the_branch(
    remote: Remote, tmp_path: Path
) -> None:
    top = tmp_path / "top"
    top.mkdir()
    git(top, "init", "--quiet")
    git(top, "remote", "add", "origin", str(remote.path))
    project = Clone(top / "flows/daily grind", remote, is_checkout=False)
    project.start("x")
    project.push()
    names = git(remote.path, "ls-tree", "-r", "-z", "--name-only", "wfepy-state").strip("\0").split("\0")
    assert names == [f"flows/daily grind/.wfepy/state/flow/x.{ending}" for ending in ("json", "jsonl")]
    again = tmp_path / "again"
    git(tmp_path, "clone", "--quiet", str(remote.path), str(again))
    other = Clone(again / "flows/daily grind", remote, is_checkout=False)
    assert other.pull() == ["flow/x"]


@pytest.mark.parametrize("form", ["{path}", "file://{path}", "../remote.git"])
def test_a_state_outside_of_any_checkout_goes_to_a_url_or_path(
    remote: Remote, tmp_path: Path, form: str
) -> None:
    url = form.format(path=remote.path)
    one, two = (
        Clone(tmp_path / name, remote, f'remote = "{url}"', is_checkout=False) for name in ("one", "two")
    )
    one.start("x")
    one.push()
    assert two.pull() == ["flow/x"]
    assert remote.files() == [".wfepy/state/flow/x.json", ".wfepy/state/flow/x.jsonl"]


def test_a_path_on_the_branch_and_a_state_folder_elsewhere_can_be_chosen(
    remote: Remote, tmp_path: Path
) -> None:
    one = Clone(tmp_path / "one", remote, 'path = "machines/ünïcode/one"')
    text = (one.path / "wfepy.toml").read_text()
    (one.path / "wfepy.toml").write_text(f'[wfepy]\nstate = "../elsewhere/flows"\n{text}')
    one.start("x")
    one.push()
    assert (
        remote.show("machines/ünïcode/one/flow/x.json")
        == (tmp_path / "elsewhere/flows/flow/x.json").read_text()
    )
    assert (tmp_path / "elsewhere/.wfepy/git-flows/.gitignore").read_text() == "*\n"


def test_a_rewritten_url_and_local_settings_of_the_remote_hold(
    clone: MakeClone, remote: Remote, tmp_path: Path
) -> None:
    one = clone("one")
    git(one.path, "remote", "set-url", "origin", "acme:flows.git")
    git(one.path, "config", f"url.{tmp_path}/.insteadOf", "acme:")
    remote.path.rename(tmp_path / "flows.git")
    log = tmp_path / "receive-pack"
    log.write_text(f'#!/bin/sh\ntouch {tmp_path}/used\nexec git-receive-pack "$@"\n')
    log.chmod(0o755)
    git(one.path, "config", "remote.origin.receivepack", str(log))
    one.start("x")
    one.push()
    assert (tmp_path / "used").exists()


def test_what_is_given_in_addition_is_seen_by_git_and_by_nobody_else(
    clone: MakeClone, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = clone("one", 'remote = "https://github.com/acme/flows"')
    one.environ |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.whitespace", "GIT_CONFIG_VALUE_0": "x"}
    seen: list[list[str]] = []
    popen = subprocess.Popen

    def watched(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        seen.append(command)
        return popen(command, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", watched)
    secret = "AUTHORIZATION: basic c2VjcmV0"
    more = {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{remote.path}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/acme/flows",
        "GIT_CONFIG_KEY_1": "http.https://github.com/.extraheader",
        "GIT_CONFIG_VALUE_1": secret,
    }
    one.start("x")
    assert one.repository(more).push().is_changed
    assert seen
    assert secret not in str(seen)
    written = [path for path in one.home.rglob("*") if path.is_file() and b"c2VjcmV0" in path.read_bytes()]
    assert written == []


def test_the_identity_of_commits_is_configured_or_given(clone: MakeClone, remote: Remote) -> None:
    one = clone("one", 'name = "Flow Bot"\nemail = "bot@example.org"')
    one.start("x")
    one.push()
    two = clone("two")
    two.environ |= {
        "GIT_AUTHOR_NAME": "github-actions[bot]",
        "GIT_AUTHOR_EMAIL": "41@users.noreply.github.com",
    }
    two.pull()
    two.start("y")
    two.push()
    log = git(remote.path, "log", "--format=%an <%ae> %cn", "wfepy-state").splitlines()
    assert log == [
        "github-actions[bot] <41@users.noreply.github.com> github-actions[bot]",
        "Flow Bot <bot@example.org> Flow Bot",
    ]


def test_a_git_that_is_missing_is_told(clone: MakeClone, tmp_path: Path) -> None:
    one = clone("one")
    one.environ["PATH"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "wfepy_hooks", "git", "pull"],
        cwd=one.path, env=one.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "git cannot be run: No such file or directory; install git 2.39 or newer" in done.stderr


def test_a_home_that_cannot_be_written_is_told(clone: MakeClone) -> None:
    from wfepy_hooks import StateWriteError

    one = clone("one")
    one.start("x")
    one.home.write_text("a file")
    with pytest.raises(StateWriteError, match="wfepy git keeps its notes there"):
        one.push()
    os.unlink(one.home)
    one.push()


def test_a_branch_with_the_code_keeps_it(clone: MakeClone, remote: Remote, tmp_path: Path) -> None:
    one = clone("one", 'branch = "main"')
    git(one.path, "checkout", "--quiet", "-b", "main")
    git(one.path, "add", "flow.py")
    git(one.path, "commit", "--quiet", "--message", "the code")
    git(one.path, "push", "--quiet", "origin", "main")
    head = git(one.path, "rev-parse", "HEAD")
    one.start("x")
    one.push()
    assert remote.files("main") == [".wfepy/state/flow/x.json", ".wfepy/state/flow/x.jsonl", "flow.py"]
    assert git(one.path, "rev-parse", "HEAD") == head
    assert remote.subjects("main") == ["flow/x: begins", "the code"]
