"""What the site shows beside the pages of this folder: the examples, which pages link to as they do on disk."""

from __future__ import annotations

import os.path
import re
from pathlib import Path

from mkdocs.structure.files import File

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
#: The files from outside of this folder that the site has, at the same path below its root.
SHOWN = ("examples/*/*.md", "examples/*/*.py", "examples/*/*.toml", ".github/workflows/*.yml", "CHANGELOG.md")
#: A block that is a file, as tests/test_readme.py finds them: how it begins.
FILE = re.compile(r"^<!-- file: (\S+) -->\n+```(\w+)$", re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)[^)\s#]+")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the files of :data:`SHOWN`."""
    for path in sorted(path for pattern in SHOWN for path in ROOT.glob(pattern)):
        name = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links that are right on disk and on GitHub into those of the site, where ``docs`` is the root; and show the
    names of files above them."""
    source = Path(str(page.file.abs_src_path))

    def on_the_site(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(source.parent / link[0]))
        for root in (Path(config.docs_dir), ROOT):
            if target.is_relative_to(root):
                path = target.relative_to(root).as_posix()
                return os.path.relpath(path, os.path.dirname(page.file.src_uri))
        return link[0]

    return FILE.sub(r'```\2 title="\1"', LINK.sub(on_the_site, markdown))
