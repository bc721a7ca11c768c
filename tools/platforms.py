"""Ask whether every lock installs on each system and Python of the book.

    python -m tools.platforms [PART ...]      or: make check-locks

For each part (`lock`, `run`, `read`, `labs`, `labs-light`), system and Python
it asks the package index for ready files of every pinned version. It needs a
network, changes nothing, and is no part of `make test`: an index may lose a
file without any change of ours.
"""

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
PARTS = ("read", "labs-light", "labs", "run", "lock")
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "x86_64-unknown-linux-gnu": "Linux, x86-64",
    "x86_64-pc-windows-msvc": "Windows, x86-64",
    "aarch64-apple-darwin": "macOS, Apple silicon",
    "x86_64-apple-darwin": "macOS, Intel",
}
HOPELESS = {"x86_64-apple-darwin"}  # no TensorFlow for it any more


def missing(part: str, platform: str, python: str) -> str:
    """Return the first pin without a wheel, or "" if all have one."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet"]
    command += ["--no-deps", "--only-binary", ":all:", "--no-header"]
    command += ["--python-platform", platform, "--python-version", python]
    run = subprocess.run(
        [*command, str(FOLDER / f"{part}.txt")],
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        return ""
    words = " ".join(run.stderr.split())
    found = re.search(r"(\S+==\S+) has no", words)
    return found[1] if found else words[-200:]


def main(parts: list[str]) -> int:
    """Print a line for each combination; return 1 if one fails."""
    failed = False
    for part in parts or PARTS:
        for platform, name in PLATFORMS.items():
            answers = []
            for python in PYTHONS:
                pin = missing(part, platform, python)
                failed |= bool(pin) and platform not in HOPELESS
                answers.append(f"no wheel of {pin}" if pin else "resolves")
            row = "  ".join(
                f"{p} {a}" for p, a in zip(PYTHONS, answers, strict=True)
            )
            print(f"{part:11} {name:21} {row}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
