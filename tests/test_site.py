"""What :mod:`sitecheck` finds in a site; the real one is checked by ``.ci/run docs``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pygments.lexers.shell import BashSessionLexer  # type: ignore[import-untyped]
from pygments.token import Generic  # type: ignore[import-untyped]

import codeblocks
from sitecheck import main, problems

PAGE = """<html><head><title>{title}</title>
<link rel="stylesheet" href="style.css"><link rel="canonical" href="https://example.org/"></head>
<body><h1 id="top">{title}</h1><p>{body}</p><a href="https://example.org/">elsewhere</a></body></html>"""


def make_site(folder: Path, body: str = "", style: str = "", others: str = "") -> Path:
    pages = {"": ("Start", body), "other/": ("Other", others)}
    for path, (title, text) in pages.items():
        (folder / path).mkdir(exist_ok=True)
        (folder / path / "index.html").write_text(PAGE.format(title=title, body=text), encoding="utf-8")
    (folder / "style.css").write_text(f"p {{ {style} }}", encoding="utf-8")
    (folder / "search").mkdir()
    docs = [{"location": path, "title": title, "text": text} for path, (title, text) in pages.items()]
    (folder / "search" / "search_index.json").write_text(json.dumps({"docs": docs}), encoding="utf-8")
    (folder / "search" / "search_index.js").write_text("", encoding="utf-8")
    return folder


def test_a_site_that_needs_nothing_from_outside_has_no_problem(tmp_path: Path) -> None:
    body = '<a href="other/#top">there</a> <a href="#top">up</a> <img src="data:image/png;base64,AA==">'
    assert list(problems(make_site(tmp_path, body, style="background: url(a.png)"))) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<script src="https://cdn.example.org/a.js"></script>', "it loads https://cdn.example.org/a.js"),
        ('<img src="//cdn.example.org/a.png">', "it loads //cdn.example.org/a.png"),
        ('<link rel="preconnect" href="https://fonts.example.org">', "it loads https://fonts.example.org"),
        ('<p style="background: url(https://x.example.org/a)">', "it loads https://x.example.org/a"),
        ('<pre class="mermaid">graph LR</pre>', "it loads https://unpkg.com/mermaid"),
        ('<a href="nowhere/">', "its link nowhere/ leads nowhere"),
        ('<a href="../outside/">', "its link ../outside/ leads nowhere"),
        ('<a href="other/#gone">', "its link other/#gone leads to an anchor that there is not"),
        ("<h1>once more</h1>", "it has 2 titles"),
    ],
)
def test_what_is_wrong_with_a_page_is_found(body: str, problem: str, tmp_path: Path) -> None:
    assert list(problems(make_site(tmp_path, body))) == [f"index.html: {problem}"]


def test_a_style_sheet_that_loads_a_font_is_found(tmp_path: Path) -> None:
    site = make_site(tmp_path, style="src: url('https://fonts.example.org/a.woff')")
    assert list(problems(site)) == ["style.css: it loads https://fonts.example.org/a.woff"]


def test_a_page_that_the_search_does_not_know_is_found(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (site / "search" / "search_index.json").write_text(
        '{"docs": [{"location": "", "title": "Start", "text": ""}]}'
    )
    assert list(problems(site)) == ["other/index.html: the search does not find it"]
    (site / "search" / "search_index.json").unlink()
    (site / "search" / "search_index.js").unlink()
    assert list(problems(site)) == [
        "search/search_index.json is missing",
        "search/search_index.js is missing",
    ]


def test_a_page_that_is_a_file_of_its_own_is_looked_for_too(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (site / "third.html").write_text(PAGE.format(title="Third", body=""))
    assert list(problems(site)) == ["third.html: the search does not find it"]


def test_two_pages_of_one_title_are_found(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (site / "other" / "index.html").write_text(PAGE.format(title="Start", body=""))
    assert list(problems(site)) == ['other/index.html: its title "Start" is that of index.html, too']


def test_only_what_stands_behind_a_dollar_is_typed() -> None:
    codeblocks.typed_lines()
    block = "$ wfepy crontab show\n# wfepy begin coffee\n> and more\n"
    typed = [text for kind, text in BashSessionLexer().get_tokens(block) if kind is not Generic.Output]
    assert "".join(typed) == "$ wfepy crontab show\n"


def test_the_name_of_a_file_is_the_title_of_its_block() -> None:
    page = "See `b.py`\n\n`a.py`\n\n<!-- file: a.py -->\n\n```python\n"
    assert codeblocks.with_titles(page) == 'See `b.py`\n\n```python title="a.py"\n'


def test_a_folder_without_pages_is_no_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"{tmp_path.resolve()}: there is no page\n"
