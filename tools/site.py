"""Settings of a school or a computing centre: one file, ``site.toml``.

It lies in the project's folder, outside of git, or where ``TOPOI_SITE_FILE``
says. `servers/site.example.toml` shows every setting.
"""

import os
import tomllib
from pathlib import Path

from topoi import runtime

VARIABLE = "TOPOI_SITE_FILE"
FILE = "site.toml"
NUMBER = int | float
# Every setting and its type; text that names a file is relative to this one.
SETTINGS = {
    "slurm": {
        "partition": str,
        "account": str,
        "qos": str,
        "gres": str,
        "cpus": int,
        "time_factor": NUMBER,
        "memory_factor": NUMBER,
        "modules": list,
        "container": str,
        "options": list,
    },
    "grading": {
        "jobs": int,
        "seconds": NUMBER,
        "call_seconds": NUMBER,
        "memory": int,
        "db": str,
        "roster": Path,
        "policy": Path,
    },
}


class SiteError(ValueError):
    """A setting is none that is known, or has a wrong value."""


def place() -> Path | None:
    """Return where the settings lie, if there are any.

    Raises
    ------
    SiteError
        If the variable names a file that is missing.
    """
    named = os.environ.get(VARIABLE)
    path = Path(named) if named else runtime.ROOT / FILE
    if named and not path.is_file():
        raise SiteError(f"{VARIABLE} names {path}, but there is no such file.")
    return path if path.is_file() else None


def read(table: str, path: Path | None = None) -> dict:
    """Return the settings of one table; without a file there are none.

    Parameters
    ----------
    table : str
        A key of `SETTINGS`.
    path : Path, optional
        The file; by default that of `place`.

    Raises
    ------
    SiteError
        If the file has a table or key that is unknown, or a wrong value.
    """
    path = path or place()
    if path is None:
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SiteError(f"{path} is no TOML: {error}") from None
    for name, settings in found.items():
        _demand_known(path, name, settings)
    return {
        key: _value(path, table, key, value)
        for key, value in found.get(table, {}).items()
    }


def _demand_known(path: Path, name: str, settings: object) -> None:
    if name not in SETTINGS or not isinstance(settings, dict):
        raise SiteError(
            f"{path}: {name} is no table; there are {', '.join(SETTINGS)}."
        )
    unknown = sorted(settings.keys() - SETTINGS[name].keys())
    if unknown:
        raise SiteError(
            f"{path}: {name}.{unknown[0]} is unknown; there are "
            f"{', '.join(SETTINGS[name])}."
        )


def _value(path: Path, table: str, key: str, value: object) -> object:
    kind = SETTINGS[table][key]
    given = str if kind is Path else kind
    right = isinstance(value, given) and not isinstance(value, bool)
    if isinstance(value, list):
        right &= all(isinstance(item, str) for item in value)
    if isinstance(value, int | float):
        right &= value > 0
    if not right:
        words = {str: "a text", Path: "a file", list: "a list of texts"}
        due = words.get(kind, "a number above 0")
        raise SiteError(f"{path}: {table}.{key} is {due}, not {value!r}.")
    return path.parent / value if kind is Path else value
