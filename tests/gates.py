"""The gates: functions that return what is wrong, in words.

`test_gates.py` shows that each can fail; the other test files apply them to
the book.
"""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from bs4 import BeautifulSoup

from tools import notebooks

MAX_NOTEBOOK = 500_000  # bytes, with outputs
MAX_PICTURE = 100_000
MAX_COLUMNS = 79
MAX_CELL_LINES = 15
ROOT = Path(__file__).resolve().parent.parent


# -- notebooks --------------------------------------------------------------


def notebook_problems(path: Path) -> list[str]:
    """Check order, outputs, normal form, weight, width, alternative text."""
    nb = nbformat.read(path, as_version=4)
    problems = []
    if path.stat().st_size > MAX_NOTEBOOK:
        problems.append(f"{path.stat().st_size} bytes, over {MAX_NOTEBOOK}")
    if notebooks.normalise(nb) != nb:
        problems.append("not in normal form: make normalise")
    problems += _order_problems(nb)
    for number, cell in enumerate(nb.cells):
        found = _source_problems(cell)
        if cell.cell_type == "code":
            found += _output_problems(cell)
        problems += [f"cell {number}: {problem}" for problem in found]
    return problems


def _order_problems(nb) -> list[str]:
    code = [c for c in nb.cells if c.cell_type == "code" and c.source.strip()]
    counts = [c.execution_count for c in code]
    if None in counts:
        return ["a cell was not executed: make refresh"]
    if counts != sorted(set(counts)):
        return ["cells were not executed in order: make refresh"]
    return []


def _source_problems(cell) -> list[str]:
    problems = []
    if cell.cell_type == "code":
        wide = [s for s in cell.source.split("\n") if len(s) > MAX_COLUMNS]
        problems += [f"beyond {MAX_COLUMNS} columns: {s}" for s in wide]
    if cell.source.endswith("\n"):
        problems.append("the source ends in a newline")
    if "pip install" in cell.source:
        problems.append("installs something")
    return problems


def _output_problems(cell) -> list[str]:
    problems = []
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "error":
            problems.append(f"stores an error: {output.ename}")
        if output.get("name") == "stderr":
            problems.append(f"stores stderr: {output.text[:60]}")
        if "image/png" in data:
            problems += _picture_problems(cell, data["image/png"])
    return problems


def _picture_problems(cell, encoded: str) -> list[str]:
    problems = []
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    if not says_something(alt):
        problems.append("a picture without alternative text")
    if len(encoded) * 3 // 4 > MAX_PICTURE:
        problems.append(f"a picture of {len(encoded) * 3 // 4} bytes")
    return problems


def says_something(alt: str | None) -> bool:
    """Return whether an alternative text is words and not a path."""
    alt = (alt or "").strip()
    looks_like_path = re.search(r"\.(png|svg|jpe?g|gif)$|^\S*/\S*$", alt)
    return len(alt) > 3 and not looks_like_path


def prose(path: Path) -> str:
    """Return a notebook's Markdown and code, without outputs, to spell."""
    nb = nbformat.read(path, as_version=4)
    return "\n".join(cell.source for cell in nb.cells)


# -- pairs ------------------------------------------------------------------


def pair_problems(chapters: set[str], labs: set[str], toc: list[str]):
    """Check that each chapter has a lab and that both are in the contents."""
    problems = [f"chapter {t} has no lab" for t in sorted(chapters - labs)]
    problems += [f"lab {t} has no chapter" for t in sorted(labs - chapters)]
    wanted = [f"chapters/{t}" for t in chapters] + [f"labs/{t}" for t in labs]
    return problems + [
        f"{page} is not in _toc.yml" for page in sorted(set(wanted) - set(toc))
    ]


# -- ledger -----------------------------------------------------------------


def ledger_problems(ledger, stored, checked) -> list[str]:
    """Compare the ledger with what notebooks check and what they stored.

    `stored` is a list of measurements, `checked` the ids that stand in
    calls of ``claims.check``.
    """
    problems = [
        f"{i}: no notebook checks it"
        for i, claim in ledger.items()
        if i not in checked and claim.expected != "not-tested"
    ]
    problems += [
        f"{i}: checked, but not in the ledger"
        for i in sorted(checked)
        if i not in ledger
    ]
    found = {measured.id for measured in stored}
    problems += [
        f"{i}: no stored value: make refresh"
        for i in sorted(checked)
        if i in ledger and i not in found
    ]
    for measured in stored:
        if measured.id in ledger:
            problems += _stored_problems(ledger[measured.id], measured)
    return problems


def _stored_problems(claim, measured) -> list[str]:
    """Judge a stored value again; at small scale it is as expected."""
    from topoi import claims

    try:
        verdict = claims.judge(claim, measured.value)
    except claims.ClaimError as error:
        return [str(error)]
    problems = []
    if verdict != claim.expected and not claim.survey:
        problems.append(
            f"{claim.id}: stored {measured.value} is {verdict!r}, expected "
            f"is {claim.expected!r}"
        )
    if measured.verdict != claim.expected:
        problems.append(f"{claim.id}: the verdict changed: refresh")
    return problems


def checked_ids(path: Path) -> set[str]:
    """Return the ids in the calls of ``claims.check`` of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join(
        "".join(c["source"]) for c in cells if c["cell_type"] == "code"
    )
    pattern = r"claims\.check\(\s*[\"']([^\"']+)[\"']"
    return set(re.findall(pattern, code))


# -- built pages ------------------------------------------------------------


def page_problems(page: Path, root: Path) -> list[str]:
    """Check headings, pictures, links and origins of one built page."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    problems = _heading_problems(soup)
    if not (soup.html or {}).get("lang"):
        problems.append("no language set")
    for image in soup.find_all("img"):
        # An empty text is right for decoration inside a labelled link.
        alt = image.get("alt")
        if alt is None or (alt and not says_something(alt)):
            problems.append(f"picture {image.get('src')}: alt is {alt!r}")
    problems += _origin_problems(soup)
    problems += _link_problems(soup, page, root)
    problems += [
        f"a formula or role was not rendered: {node[:60]!r}"
        for node in _raw_markup(soup)
    ]
    return problems


def _heading_problems(soup) -> list[str]:
    main = soup.find("article") or soup
    levels = [int(h.name[1]) for h in main.find_all(re.compile(r"^h[1-6]$"))]
    problems = []
    if levels.count(1) != 1:
        problems.append(f"{levels.count(1)} headings of level 1")
    steps = zip(levels, levels[1:], strict=False)
    if any(later > earlier + 1 for earlier, later in steps):
        problems.append(f"a heading level is skipped: {levels}")
    return problems


def _origin_problems(soup) -> list[str]:
    """Return scripts, styles, pictures and fonts from other hosts."""
    wanted = [("script", "src"), ("img", "src"), ("link", "href")]
    wanted += [("iframe", "src"), ("source", "src"), ("video", "src")]
    problems = []
    for tag, attribute in wanted:
        for node in soup.find_all(tag, attrs={attribute: True}):
            if tag == "link" and "canonical" in node.get("rel", []):
                continue
            if urlsplit(node[attribute]).netloc:
                problems.append(f"outside {tag}: {node[attribute]}")
    for style in soup.find_all("style"):
        if re.search(r"url\(['\"]?(https?:)?//", style.get_text()):
            problems.append("outside address in a style")
    return problems


def _link_problems(soup, page: Path, root: Path) -> list[str]:
    problems = []
    for node in soup.find_all(["a", "link"], href=True):
        parts = urlsplit(node["href"])
        if parts.scheme or parts.netloc:
            continue
        target = page
        if parts.path.startswith("/"):
            target = root / unquote(parts.path).lstrip("/")
        elif parts.path:
            target = (page.parent / unquote(parts.path)).resolve()
        if target.is_dir():
            target = target / "index.html"
        if not target.exists():
            problems.append(f"dead link {node['href']}")
        elif target.suffix == ".html" and (
            unquote(parts.fragment) not in _anchors(target)
        ):
            problems.append(f"dead anchor {node['href']}")
    return problems


_known_anchors: dict[tuple[Path, float], set[str]] = {}


def _anchors(page: Path) -> set[str]:
    key = (page, page.stat().st_mtime)
    if key not in _known_anchors:
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        named = soup.find_all(attrs={"id": True})
        _known_anchors[key] = {node["id"] for node in named} | {"", "top"}
    return _known_anchors[key]


def _raw_markup(soup) -> list[str]:
    """Return visible text that still holds MyST markup or TeX.

    A display formula without an empty line before it stays text, and so does
    a formula with a line that begins like an item of a list, "+ 3".
    """
    markup = r"\{(cite|ref|numref|eq|prf:ref|doc)(:\w)?\}`|:::\{"
    tex = r"\$|\\[a-zA-Z]{2,}"
    return [
        text
        for text in (soup.find("article") or soup).find_all(string=True)
        if text.find_parent(["pre", "code", "script", "style"]) is None
        and text.find_parent(class_="math") is None
        and re.search(f"{markup}|{tex}", text)
    ]
