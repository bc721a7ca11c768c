"""Print the lock file of a Keras backend, a name of pyproject.toml's extras.

Every package in it has its hash, and versions agree with those of the book.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements" / "backends"


def extras() -> dict[str, list[str]]:
    """Return the requirements of every backend."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["optional-dependencies"]


def lock(name: str) -> Path:
    """Return the lock file of a backend.

    Backends with equal requirements share that of the first: the package
    index has PyTorch for NVIDIA's GPUs under its usual name.

    Raises
    ------
    KeyError
        If there is no such backend.
    """
    known = extras()
    same = (other for other in known if known[other] == known[name])
    return LOCKS / f"{next(same)}.txt"


def main(name: str = "") -> int:
    """Print one lock; without a name, the names and their requirements."""
    known = extras()
    if not name:
        for other, wanted in known.items():
            if lock(other).stem == other:
                print(other, *wanted)
        return 0
    if name not in known:
        print(f"BACKEND is one of {', '.join(known)}", file=sys.stderr)
        return 1
    print(lock(name))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
