"""Gather what students handed in on the hub, for `make grade`.

    python servers/hub/collect.py /srv/topoi/exchange cnn submissions

writes the newest notebook of each student to ``submissions/<student>/``,
and when it came to ``submissions/times.csv``, where only the account that runs
this can read it. Students own what they hand
in, so links are refused on the whole way, and the time is not the one in the
folder's name, which a student could choose, but the server's own: when the
file was last changed.
"""

import argparse
import csv
import datetime
import os
import stat
import sys
from pathlib import Path

COURSE = "topoi"  # as in nbgrader_config.py
LARGEST = 5_000_000  # bytes


def collect(exchange: Path, lab: str, out: Path) -> list[str]:
    """Copy the newest submission of each student; return what was done."""
    told, times = [], {}
    for student in sorted(p for p in exchange.iterdir() if p.is_dir()):
        inbound = student / COURSE / "inbound"
        found, name, refused = [], f"{lab}-student.ipynb", ""
        for folder in submissions(inbound, lab):
            try:
                found.append(read_safely(inbound, folder, name))
            except (OSError, ValueError) as error:
                refused = str(error)
        if not found:
            why = f"refused, {refused}" if refused else "nothing handed in"
            told.append(f"{student.name}: {why}")
            continue
        seconds, content = max(found)
        write_closed(out / student.name / name, content)
        time = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        times[student.name, lab] = time.isoformat()
        told.append(f"{student.name}: {time:%Y-%m-%d %H:%M:%S UTC}")
    if times:
        write_times(out / "times.csv", times)
    return told


def write_times(path: Path, times: dict[tuple[str, str], str]) -> None:
    """Note when submissions came; what is known of others stays."""
    known = {}
    if path.exists():
        with open(path, encoding="utf-8", newline="") as file:
            known = {(s, lab): time for s, lab, time in csv.reader(file)}
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(
        os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
        "w",
        encoding="utf-8",
        newline="",
    ) as file:
        rows = sorted({**known, **times}.items())
        csv.writer(file).writerows((*key, time) for key, time in rows)
    os.replace(new, path)


def submissions(inbound: Path, lab: str) -> list[str]:
    """Return the folder of each submission of a lab.

    nbgrader names the folder student+lab+time+random. Students could give it
    another name; one that would move a terminal's cursor is passed over.
    """
    names = os.listdir(inbound) if inbound.is_dir() else []
    parts = [(name.split("+"), name) for name in names if name.isprintable()]
    return sorted(n for p, n in parts if len(p) > 2 and p[1] == lab)


def write_closed(path: Path, content: bytes) -> None:
    """Write a file that nobody else may read, in such a folder."""
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)


def read_safely(inbound: Path, submission: str, name: str) -> tuple:
    """Return time and content of a file of a submission, following no link.

    The time, in seconds, is that of the last change, which the system keeps
    and which no account can set.

    Raises
    ------
    OSError
        If the submission or the file is a link, or is missing.
    ValueError
        If the file is too large, or no file.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    folder = os.open(inbound / submission, flags | os.O_DIRECTORY)
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
    finally:
        os.close(folder)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{name} is no plain file.")
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{name} is larger than {LARGEST} bytes.")
    return status.st_ctime, content


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
