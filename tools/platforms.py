"""Ask whether every lock installs on each system and Python of the book.

    python -m tools.platforms [NAME ...]      or: make check-locks

For each lock in `requirements/`, system and Python it asks the package index
for ready files of every pinned version; for those of `servers/locks`, on
Linux with Python 3.11. It needs a network, changes nothing, and is no part of
`make test`: an index may lose a file without any change of ours.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
PARTS = ("read", "labs-light", "labs", "run", "lock")
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "x86_64-unknown-linux-gnu": "Linux, x86-64",
    "x86_64-pc-windows-msvc": "Windows, x86-64",
    "aarch64-apple-darwin": "macOS, Apple silicon",
    "x86_64-apple-darwin": "macOS, Intel",
}
SERVERS = sorted((ROOT / "servers" / "locks").glob("*.txt"))
LINUX = "x86_64-manylinux_2_28"
HOPELESS = {"x86_64-apple-darwin"}  # no TensorFlow for it any more


def missing(lock: Path, platform: str, python: str) -> str:
    """Return the first pin without a wheel, or "" if all have one."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet"]
    command += ["--no-deps", "--only-binary", ":all:", "--no-header"]
    command += ["--python-platform", platform, "--python-version", python]
    run = subprocess.run(
        [*command, str(lock)],
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        return ""
    words = " ".join(run.stderr.split())
    found = re.search(r"(\S+==\S+) has no", words)
    return found[1] if found else words[-200:]


def main(chosen: list[str]) -> int:
    """Print a line for each combination; return 1 if one fails."""
    failed = False
    for lock in SERVERS:
        if not chosen or lock.stem in chosen:
            pin = missing(lock, LINUX, PYTHONS[0])
            failed |= bool(pin)
            answer = f"no wheel of {pin}" if pin else "resolves"
            print(f"{lock.stem:16} Linux, {PYTHONS[0]} {answer}", flush=True)
    for part in (p for p in PARTS if not chosen or p in chosen):
        for platform, name in PLATFORMS.items():
            answers = []
            for python in PYTHONS:
                pin = missing(FOLDER / f"{part}.txt", platform, python)
                failed |= bool(pin) and platform not in HOPELESS
                answers.append(f"no wheel of {pin}" if pin else "resolves")
            row = "  ".join(
                f"{p} {a}" for p, a in zip(PYTHONS, answers, strict=True)
            )
            print(f"{part:11} {name:21} {row}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
