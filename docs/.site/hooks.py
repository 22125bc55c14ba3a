"""What the site shows beside the pages of this folder: the examples, which pages link to as they do on disk."""

from __future__ import annotations

import os.path
import re
from pathlib import Path

from mkdocs.structure.files import File

import codeblocks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
#: The files from outside of the pages' folder that the site has.
SHOWN = (
    *("CHANGELOG.md", ".github/workflows/*.yml"),
    *("examples/*/*.md", "examples/*/*.py", "examples/*/*.toml"),
)
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)[^)\s#]+")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Prepare how blocks of code are highlighted."""
    codeblocks.typed_lines()
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the files of :data:`SHOWN`."""
    for path in sorted(path for pattern in SHOWN for path in ROOT.glob(pattern)):
        name = _on_the_site(path.relative_to(ROOT))
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links that are right on disk and on GitHub into those of the site, and name its files to the reader."""
    source = Path(str(page.file.abs_src_path))

    def on_the_site(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(source.parent / link[0]))
        for root in (Path(config.docs_dir), ROOT):
            if target.is_relative_to(root):
                path = _on_the_site(target.relative_to(root))
                return os.path.relpath(path, os.path.dirname(page.file.src_uri))
        return link[0]

    return codeblocks.with_titles(LINK.sub(on_the_site, markdown))


def _on_the_site(path: Path) -> str:
    """Return the path of a file below the root of the site, which has nothing that begins with a dot.

    The theme would take a page ``README.md`` for that of its whole section, and not list it.
    """
    return path.as_posix().lstrip(".").replace("/README.md", ".md")
