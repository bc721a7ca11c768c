"""The pages of the book, from `_toc.yml`; check that a build has them all.

python -m tools.toc build/_build/html
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def pages(toc: Path = ROOT / "_toc.yml") -> list[str]:
    """Return the pages' names without ending, in reading order."""

    def walk(node) -> Iterator[str]:
        if isinstance(node, list):
            for item in node:
                yield from walk(item)
        elif isinstance(node, dict):
            yield from (node[k] for k in ("root", "file") if k in node)
            for key in ("parts", "chapters", "sections"):
                yield from walk(node.get(key))

    return list(walk(yaml.safe_load(toc.read_text(encoding="utf-8"))))


def missing(html: Path) -> list[str]:
    """Return the pages of `_toc.yml` that a build lacks or left empty."""
    files = {page: html / f"{page}.html" for page in pages()}
    return [
        page
        for page, file in files.items()
        if not file.is_file() or file.stat().st_size == 0
    ]


if __name__ == "__main__":
    absent = missing(Path(sys.argv[1]))
    for page in absent:
        print(f"{page}: in _toc.yml, but the build has no such page")
    sys.exit(bool(absent))
