"""The book as one PDF: `make pdf` calls it.

    python -m tools.pdf --out build/pdf

Sphinx writes LaTeX, xelatex makes the PDF. Both are slow enough to be
repeated in part only: pages that have not changed are not read again.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

NAME = "from-tensors-to-topoi"
# What is asked of the machine, and the package of Debian that has it.
PROGRAMS = {
    "xelatex": "texlive-xetex",
    "latexmk": "latexmk",
    "rsvg-convert": "librsvg2-bin",
}
STYLES = {
    "tcolorbox.sty": "texlive-latex-extra",
    "wrapfig.sty": "texlive-latex-recommended",
    "FreeSerif.otf": "fonts-freefont-otf",
    "DejaVuSansMono.ttf": "fonts-dejavu-core",
    "pzdr.tfm": "texlive-fonts-recommended",
}


def missing(which=shutil.which, has=None):
    """Return the packages of Debian that this machine lacks.

    Parameters
    ----------
    which : function
        From a program's name to its place or None.
    has : function, optional
        From a file's name to whether TeX finds it.
    """
    lacking = [p for name, p in PROGRAMS.items() if which(name) is None]
    if "texlive-xetex" in lacking:  # TeX cannot be asked
        return [*lacking, *STYLES.values()]
    return lacking + [p for n, p in STYLES.items() if not (has or known)(n)]


def known(name):
    """Say whether TeX, or the system's list of fonts, has a file."""
    run = subprocess.run(
        ["kpsewhich", name], capture_output=True, text=True, check=False
    )
    if run.returncode == 0:
        return True
    listed = shutil.which("fc-list")
    if listed is None or not name.endswith(("otf", "ttf")):
        return False
    fonts = subprocess.run(
        [listed, ":", "file"], capture_output=True, text=True, check=False
    )
    return name in fonts.stdout


def write_sources(root, out):
    """Let Sphinx write the LaTeX of the book; return its main file."""
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main"]
    command[-1] += "; main()"
    command += ["build", str(root), "--path-output", str(out)]
    command += ["--builder", "latex", "--keep-going", "--quiet"]
    log = out / "latex.log"
    with log.open("w", encoding="utf-8") as file:
        run = subprocess.run(command, stdout=file, stderr=file, check=False)
    text = log.read_text("utf-8", errors="replace")
    sources = sorted((out / "_build" / "latex").glob("*.tex"))
    if run.returncode or not sources:
        sys.exit(f"{text[-3000:]}\nThe whole log: {log}")
    for line in text.splitlines():
        if "WARNING" in line or "ERROR" in line:
            print(line)
    return sources[0]


def typeset(source):
    """Run xelatex as often as the references ask; return the PDF."""
    command = ["latexmk", "-xelatex", "-interaction=nonstopmode", "-quiet"]
    command += ["-f", source.name]
    subprocess.run(
        command, cwd=source.parent, capture_output=True, check=False
    )
    log = source.with_suffix(".log")
    text = log.read_text("utf-8", errors="replace") if log.exists() else ""
    faults = errors(text)
    pdf = source.with_suffix(".pdf")
    if faults or not pdf.exists():
        sys.exit("\n".join([*faults, f"The whole log: {log}"]))
    return pdf, text


def errors(log):
    """Return the errors in TeX's log, each with the line that it names."""
    return [
        match[0].strip()
        for match in re.finditer(r"^! .*(?:\n.*){0,6}?\nl\.\d+.*", log, re.M)
    ]


def pages(log):
    """Return how many pages TeX says that it wrote."""
    found = re.findall(r"\((\d+) pages?", log)
    return int(found[-1]) if found else 0


def main():
    """Make the PDF and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=Path("."))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    lacking = missing()
    if lacking:
        sys.exit(
            "The PDF needs TeX, which is no Python package. On Debian and "
            f"Ubuntu: apt install {' '.join(lacking)}\nElsewhere install TeX "
            "Live with xelatex, latexmk, tcolorbox and the FreeFont family, "
            "and rsvg-convert."
        )
    start = time.monotonic()
    options.out.mkdir(parents=True, exist_ok=True)
    pdf, log = typeset(write_sources(options.root, options.out))
    place = options.out / f"{NAME}.pdf"
    shutil.copyfile(pdf, place)
    print(
        f"The book on paper: {place} ({pages(log)} pages, "
        f"{place.stat().st_size / 1e6:.1f} MB, "
        f"{time.monotonic() - start:.0f} s)"
    )


if __name__ == "__main__":
    main()
