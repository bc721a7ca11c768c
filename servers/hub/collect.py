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
        # nbgrader names a submission student+lab+time+random.
        found = [
            name.split("+")[2:3] + [name]
            for name in os.listdir(inbound)
            if name.split("+")[1:2] == [lab]
        ]
        if not found:
            told.append(f"{student.name}: nothing handed in")
            continue
        name = f"{lab}-student.ipynb"
        try:
            content = read_safely(inbound, max(found)[1], name)
        except (OSError, ValueError) as error:
            told.append(f"{student.name}: refused, {error}")
            continue
        target = out / student.name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        told.append(f"{student.name}: {max(found)[0]}")
    return told


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
    for line in collect(options.exchange, options.lab, options.out):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
