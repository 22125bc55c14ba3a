"""What must hold of the built site and `mkdocs build --strict` does not look at: ``python sitecheck.py FOLDER``.

A reader needs no network: nothing that a page loads is on another machine, and each page is in the index of the search.
Each page has one title, which no other has, and every link leads to a page and an anchor that there are.
"""

from __future__ import annotations

import json
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["main", "problems"]

#: The attributes by which an element loads something. Of ``link`` some only name an address.
LOADING = {"src", "srcset", "poster", "data"}
NAMING = {"canonical", "next", "prev", "author", "license", "edit"}
#: What a style sheet loads. What a font or picture says of itself is data.
STYLE = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")
ENTRY = "index.html"


class Page(HTMLParser):
    """What a page refers to.

    :ivar loads: addresses of what it loads
    :ivar links: addresses that a reader may follow
    :ivar anchors: where a link can lead to in it
    :ivar headings: how many titles it has
    :ivar title: its title
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.headings = 0
        self.title = ""
        self._in_title = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element refers to."""
        values = {name: value or "" for name, value in attrs}
        self.loads += [values[name] for name in LOADING if name in values]
        if "style" in values:
            self.loads += STYLE.findall(values["style"])
        if "mermaid" in values.get("class", "").split():
            self.loads.append("https://unpkg.com/mermaid")  # by the theme
        if tag == "link" and not NAMING & set(values.get("rel", "").split()):
            self.loads.append(values.get("href", ""))
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        self.headings += tag == "h1"
        self._in_title = tag == "title"

    def handle_data(self, data: str) -> None:
        """Note the title."""
        if self._in_title:
            self.title += data
            self._in_title = False


def problems(site: Path) -> Iterator[str]:
    """Yield what is wrong with a built site."""
    pages = {file: Page(file.read_text(encoding="utf-8")) for file in sorted(site.rglob("*.html"))}
    if not pages:
        yield f"{site}: there is no page"
        return
    titles: dict[str, str] = {}
    for file, page in pages.items():
        name = file.relative_to(site).as_posix()
        yield from (f"{name}: it loads {url}" for url in page.loads if _is_elsewhere(url))
        if name == "404.html":
            continue
        if page.headings != 1:
            yield f"{name}: it has {page.headings} titles"
        if page.title in titles:
            yield f'{name}: its title "{page.title}" is that of {titles[page.title]}, too'
        titles[page.title] = name
        yield from (f"{name}: {problem}" for problem in _broken(file, page, pages, site))
    for file in sorted(site.rglob("*.css")):
        for url in STYLE.findall(file.read_text(encoding="utf-8")):
            yield f"{file.relative_to(site)}: it loads {url}"
    yield from _search(site, [file for file in pages if file.name != "404.html"])


def _is_elsewhere(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def _broken(file: Path, page: Page, pages: dict[Path, Page], site: Path) -> Iterator[str]:
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        path = os.path.normpath(file.parent / unquote(parts.path)) if parts.path else str(file)
        target = Path(path)
        if target.is_dir():
            target /= ENTRY
        if not target.is_relative_to(site) or not target.exists():
            yield f"its link {link} leads nowhere"
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
            yield f"its link {link} leads to an anchor that there is not"


def _search(site: Path, files: list[Path]) -> Iterator[str]:
    index = site / "search" / "search_index.json"
    for needed in (index, index.with_suffix(".js")):  # the second one is for pages that are read from disk
        if not needed.exists():
            yield f"search/{needed.name} is missing"
    if not index.exists():
        return
    entries = json.loads(index.read_text(encoding="utf-8"))["docs"]
    known = {
        entry["location"].partition("#")[0].rstrip("/")
        for entry in entries
        if entry["text"] or entry["title"]
    }
    for file in files:
        name = file.relative_to(site).as_posix()
        if not {name, name.removesuffix(ENTRY).rstrip("/")} & known:
            yield f"{name}: the search does not find it"


def main(words: list[str]) -> int:
    """Print what is wrong with the site in a folder, and return how a process ends with that."""
    found = list(problems(Path(words[0]).resolve()))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
