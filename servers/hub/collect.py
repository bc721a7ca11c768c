"""Gather what students handed in on the hub, for `make grade`.

    python servers/hub/collect.py /srv/topoi/exchange cnn submissions

writes the newest notebook of each student to ``submissions/<student>/``.
Students own what they hand in, so links are refused on the whole way.
"""

import argparse
import os
import sys
from pathlib import Path

COURSE = "topoi"  # as in nbgrader_config.py
LARGEST = 5_000_000  # bytes


def collect(exchange: Path, lab: str, out: Path) -> list[str]:
    """Copy the newest submission of each student; return what was done."""
    told = []
    for student in sorted(p for p in exchange.iterdir() if p.is_dir()):
        inbound = student / COURSE / "inbound"
        found = submissions(inbound, lab)
        if not found:
            told.append(f"{student.name}: nothing handed in")
            continue
        time, folder = found[-1]
        name = f"{lab}-student.ipynb"
        try:
            content = read_safely(inbound, folder, name)
        except (OSError, ValueError) as error:
            told.append(f"{student.name}: refused, {error}")
            continue
        target = out / student.name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        told.append(f"{student.name}: {time}")
    return told


def submissions(inbound: Path, lab: str) -> list[tuple[str, str]]:
    """Return time and folder of each submission of a lab, newest last.

    nbgrader names the folder student+lab+time+random. Students could give it
    another name; one that would move a terminal's cursor is passed over.
    """
    names = os.listdir(inbound) if inbound.is_dir() else []
    parts = [(name.split("+"), name) for name in names if name.isprintable()]
    return sorted((p[2], n) for p, n in parts if len(p) > 2 and p[1] == lab)


def read_safely(inbound: Path, submission: str, name: str) -> bytes:
    """Return a file of a submission, following no link.

    Raises
    ------
    OSError
        If the submission or the file is a link, or is missing.
    ValueError
        If the file is too large.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    folder = os.open(inbound / submission, flags | os.O_DIRECTORY)
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
    finally:
        os.close(folder)
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{name} is larger than {LARGEST} bytes.")
    return content


def main() -> int:
    """Parse the command line and collect."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("exchange", type=Path)
    parser.add_argument("lab", help="name of a lab, such as cnn")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    if not options.exchange.is_dir():
        print(
            f"The exchange is a folder, a folder a student, but "
            f"{options.exchange} is none.",
            file=sys.stderr,
        )
        return 2
    for line in collect(options.exchange, options.lab, options.out):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
