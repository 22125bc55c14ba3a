from __future__ import annotations

import subprocess

import pytest

from wfepy_hooks.errors import UsageError
from wfepy_hooks.render import source_links
from wfepy_hooks.render.links import TEMPLATES, is_safe, web_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository on a server, whose folder ``deep`` is the working directory."""
    top = tmp_path / "top"
    (top / "deep").mkdir(parents=True)
    git = ("git", "-C", str(top), "-c", "user.name=ann", "-c", "user.email=ann@example.org")
    for words in (
        ("init", "-q"),
        ("commit", "-q", "--allow-empty", "-m", "x"),
        ("remote", "add", "origin", "git@github.com:ann/coffee.git"),
    ):
        subprocess.run([*git, *words], check=True)
    monkeypatch.chdir(top / "deep")
    return top


def test_by_itself_a_link_leads_from_the_picture_to_the_file(repository: Path) -> None:
    place = f"{repository}/deep/flow.py:10"
    assert source_links("file", environ={})(place) == "flow.py#L10"
    assert source_links("file", output="../docs/a.svg", environ={})(place) == "../deep/flow.py#L10"
    assert source_links("file", output="/a.svg", environ={})(place) == f"{repository}/deep/flow.py#L10"[1:]


def test_a_path_starts_at_the_top_of_the_repository(repository: Path) -> None:
    link = source_links("https://example.org/{path}#L{line}", environ={})
    assert link(f"{repository}/deep/flow.py:3") == "https://example.org/deep/flow.py#L3"
    assert link(f"{repository.parent}/elsewhere.py:3") == link("/usr/lib/elsewhere.py:3") == "", (
        "the repository has no such page"
    )
    assert source_links("x://{abspath}", environ={})("/usr/lib/a.py:3") == "x:///usr/lib/a.py"


def test_the_repository_is_that_of_the_root_and_links_to_it_are_followed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    linked = tmp_path / "linked"
    linked.symlink_to(repository / "deep")
    for root in (repository, repository / "deep", linked):
        link = source_links("{remote}/{path}", root=str(root), environ={})
        assert link(f"{repository}/deep/flow.py:3") == "https://github.com/ann/coffee/deep/flow.py"
        assert link(f"{linked}/flow.py:3") == "https://github.com/ann/coffee/deep/flow.py"


def test_a_submodule_has_no_page_in_the_repository_around_it(repository: Path) -> None:
    inner = repository / "deep/inner"
    (inner / "src").mkdir(parents=True)
    (inner / ".git").write_text("gitdir: ../../.git/modules/inner\n")  # as git submodule leaves it
    link = source_links("x/{path}", environ={})
    assert link(f"{inner}/src/flow.py:3") == ""
    assert link(f"{repository}/..flow.py:3") == "x/..flow.py"


def test_what_the_environment_says_runs_no_code(repository: Path) -> None:
    environ = {"GITHUB_SHA": "javascript:alert(1)//", "CI_PROJECT_URL": "data:text/html,"}
    for template in ("{commit}{path}", "{remote}{path}"):
        assert source_links(template, environ=environ)(f"{repository}/flow.py:3") == ""


def test_outside_of_a_repository_a_path_starts_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert source_links("x/{path}", environ={})(f"{tmp_path}/a/b.py:3") == "x/a/b.py"


def test_github_is_the_page_of_the_commit(repository: Path) -> None:
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    place = f"{repository}/deep/flow.py:3"
    expected = f"https://github.com/ann/coffee/blob/{commit}/deep/flow.py#L3"
    assert source_links("github", environ={})(place) == expected
    assert source_links("gitlab", environ={})(place) == expected.replace("/blob/", "/-/blob/")


def test_in_github_actions_nothing_is_asked_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    environ = {"GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "o/r", "GITHUB_SHA": "abc"}
    assert (
        source_links("github", environ=environ)(f"{tmp_path}/f.py:1")
        == "https://git.example/o/r/blob/abc/f.py#L1"
    )


def test_in_gitlab_ci_nothing_is_asked_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    environ = {"CI_PROJECT_URL": "https://git.example/o/r", "CI_COMMIT_SHA": "abc"}
    link = source_links("gitlab", environ=environ)
    assert link(f"{tmp_path}/f.py:1") == "https://git.example/o/r/-/blob/abc/f.py#L1"


def test_editors_open_the_line() -> None:
    assert source_links("vscode", environ={})("/home/ann/flow.py:7") == "vscode://file/home/ann/flow.py:7"
    found = source_links("pycharm", environ={})("/home/ann/a&b.py:7")
    assert found == "pycharm://open?file=/home/ann/a%26b.py&line=7"


def test_none_links_nothing() -> None:
    assert source_links("none")("/home/ann/flow.py:7") == ""


def test_a_place_that_is_no_file_has_no_link() -> None:
    assert [source_links(each, environ={})("<stdin>:7") for each in ("file", "vscode")] == ["", ""]


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a b.py", "a%20b.py"),
        ("50%.py", "50%25.py"),
        ('"><script>.py', "%22%3E%3Cscript%3E.py"),
        ("javascript:alert(1).py", "javascript%3Aalert%281%29.py"),
        ("žluť#1?.py", "%C5%BElu%C5%A5%231%3F.py"),
        ("{line}.py", "%7Bline%7D.py"),
        ("a\n.py", "a%0A.py"),
        ("\udce9.py", "%E9.py"),
    ],
)
def test_whatever_a_file_is_called_is_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, escaped: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for template in TEMPLATES:
        if template not in ("github", "gitlab"):
            assert escaped in source_links(template, environ={})(f"{tmp_path}/{name}:1")
    assert source_links("file", environ={})(f"{tmp_path}/{name}:1") == f"{escaped}#L1"
    assert source_links("x/{path}", environ={})(f"{tmp_path}/{name}:1") == f"x/{escaped}"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("https://x/{pat}", 'link "https://x/{pat}": there is no {pat}; did you mean "path"?'),
        (
            "https://x/",
            "it names no file; write one such as https://host/{path}#L{line}, or one of file, github",
        ),
        ("guthib", "it names no file"),
        ("javascript:alert('{path}')", "it would run code"),
        (" Java\tScript:{path}", "it would run code"),
        ("data:text/html,{path}", "it would run code"),
    ],
)
def test_a_wrong_template_is_told(template: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        source_links(template, environ={})
    assert problem in str(caught.value)


def test_a_missing_repository_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(
        UsageError, match=r"git rev-parse HEAD: .*; say where the pages of the source are: --link"
    ):
        source_links("github", environ={})
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="No such file"):
        source_links("github", environ={})


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:ann/coffee.git", "https://github.com/ann/coffee"),
        ("https://github.com/ann/coffee", "https://github.com/ann/coffee"),
        ("https://ann:secret@github.com/ann/coffee.git/", "https://github.com/ann/coffee"),
        ("ssh://git@git.example:2222/ann/coffee.git", "https://git.example/ann/coffee"),
        ("git.example:a/b/c.git", "https://git.example/a/b/c"),
        ("https://ann:p@ss@git.example:8443/ann/coffee.git", "https://git.example:8443/ann/coffee"),
        ("http://git.example:3000/a b/c%20d", "http://git.example:3000/a%20b/c%20d"),
    ],
)
def test_the_web_address_of_a_remote(remote: str, address: str) -> None:
    assert web_address(remote) == address


@pytest.mark.parametrize(
    "remote",
    ["/srv/git/coffee.git", "../coffee", "file:///srv/coffee.git", "", "C:/ann/coffee", "C:\\ann\\coffee"],
)
def test_a_remote_that_is_no_server_is_told(remote: str) -> None:
    with pytest.raises(UsageError, match="is no web site"):
        web_address(remote)


@pytest.mark.parametrize(
    "remote",
    [
        "ftp://ann:secret@git.example/ann/coffee",
        "https://ann:secret@[::1]/ann/coffee",
        "https://ann:secret/secret@git.example/ann/coffee",
        "ann:secret@git.example:ann/coffee",
    ],
)
def test_a_password_is_never_shown(remote: str) -> None:
    with pytest.raises(UsageError, match=r"the remote \S+ is no web site") as caught:
        web_address(remote)
    assert "secret" not in str(caught.value)
    assert "ann:" not in str(caught.value)


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://example.org", True),
        ("a/javascript:b", True),
        ("mailto:ann@example.org", True),
        ("javascript:alert(1)", False),
        ("\x01 java\nscript:alert(1)", False),
        ("VBScript:x", False),
        ("data:text/html;base64,x", False),
    ],
)
def test_what_runs_code_is_no_safe_link(link: str, safe: bool) -> None:
    assert is_safe(link) is safe
