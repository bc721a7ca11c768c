"""Print the pinned requirement of a Keras backend, from pyproject.toml."""

import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def main(name: str) -> int:
    extras = tomllib.loads(PROJECT.read_text())["project"]
    backends = extras["optional-dependencies"]
    if name not in backends:
        print(f"BACKEND is one of {', '.join(backends)}", file=sys.stderr)
        return 1
    print(*backends[name])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
