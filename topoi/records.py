"""Records: small JSON files that a run leaves behind.

A record is written whole or not at all. One that cannot be read (cut off by
a full disk, emptied, edited) counts as none, and a line says so: one damaged
file must not stop the book or the other runs.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any


def read(path: Path, needs: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Return a record, or None if there is none that can be read.

    Parameters
    ----------
    path : Path
        The JSON file; it holds one object.
    needs : tuple of str
        Keys without which the record is of no use.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        return _damaged(path, str(error))
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        return _damaged(path, str(error))
    if not isinstance(record, dict):
        return _damaged(path, f"a {type(record).__name__}, not an object")
    missing = [key for key in needs if key not in record]
    if missing:
        return _damaged(path, f"without {', '.join(missing)}")
    return record


def write(path: Path, record: dict[str, Any]) -> None:
    """Write a record; a kill leaves the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(json.dumps(record, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _damaged(path: Path, why: str) -> None:
    print(f"{path}: damaged, counts as none ({why})", file=sys.stderr)
