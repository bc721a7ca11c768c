"""Registered claims: a change after the measurement needs its reason.

    python -m tools.registration

An entry of the ledger is registered when its intervals are committed. Once a
notebook or a survey has stored a value for it, whoever changes the intervals
or the expected verdict adds a line to its `deviations` that says why. This
module compares every committed version of ``claims/<topic>.yml``, and the
working tree, with the version before it.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from topoi.claims import MIME

ROOT = Path(__file__).resolve().parent.parent
JUDGES = ("kind", "intervals", "expected", "run")  # what picks the verdict
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Version(NamedTuple):
    """A file of the ledger at one commit, or in the working tree."""

    commit: str  # empty for the working tree
    before: str  # the commit before it
    entries: dict[str, dict]


def problems(root: Path = ROOT, topic: str | None = None) -> list[str]:
    """Return changes of measured claims that give no reason.

    Parameters
    ----------
    root : Path
        A working tree of git; anything else has no history and no problems.
    topic : str, optional
        Look at one file of the ledger only.
    """
    if _git(root, "rev-parse", "HEAD") is None:
        return []
    files = sorted((root / "claims").glob("*.yml"))
    return [
        problem
        for file in files
        if topic in (None, file.stem)
        for problem in _file_problems(root, file.stem)
    ]


def _file_problems(root: Path, topic: str) -> list[str]:
    found = []
    last: dict[str, dict] = {}  # an entry that was away for a while counts
    for version in versions(root, topic):
        for name, entry in version.entries.items():
            change = _change(last.get(name), entry)
            if change and measured(root, version.before, topic, name):
                where = version.commit[:10] or "the working tree"
                found.append(f"{name}: {change} in {where}")
        last |= version.entries
    return found


def _change(old: dict | None, new: dict) -> str:
    """Return what was changed without a reason, or ""."""
    if old is None:
        return ""
    before, after = (e.get("deviations") or [] for e in (old, new))
    if after[: len(before)] != before:
        return "a line of `deviations` was changed or taken away"
    changed = [key for key in JUDGES if old.get(key) != new.get(key)]
    if not changed or len(after) > len(before):
        return ""
    return (
        f"{' and '.join(changed)} changed after the measurement without a "
        "new line in `deviations`"
    )


def versions(root: Path, topic: str) -> list[Version]:
    """Return the versions of a file of the ledger, oldest first.

    A version that is no list of entries is left out.
    """
    path = f"claims/{topic}.yml"
    log = _git(root, "log", "--reverse", "--format=%H %P", "--", path) or ""
    found = []
    for line in log.splitlines():
        commit, *parents = line.split()
        text = _git(root, "show", f"{commit}:{path}")
        found.append((commit, parents[0] if parents else "", text))
    head = (_git(root, "rev-parse", "HEAD") or "").strip()
    now = (root / path).read_text(encoding="utf-8")
    found.append(("", head, now))
    return [
        Version(commit, before, entries)
        for commit, before, text in found
        if (entries := _entries(text)) is not None
    ]


def _entries(text: str | None) -> dict[str, dict] | None:
    try:
        listed = yaml.load(text or "", Loader=_LOADER)
        return {entry["id"]: entry for entry in listed}
    except (yaml.YAMLError, TypeError, KeyError):
        return None


def measured(root: Path, commit: str, topic: str, claim_id: str) -> bool:
    """Return whether a commit holds a value for a claim."""
    return bool(commit) and claim_id in _measured_ids(root, commit, topic)


@cache
def _measured_ids(root: Path, commit: str, topic: str) -> frozenset[str]:
    ids: set[str] = set()
    for room in ("chapters", "labs"):
        text = _git(root, "show", f"{commit}:{room}/{topic}.ipynb")
        ids |= _stored_ids(text)
    text = _git(root, "show", f"{commit}:records/survey/{topic}.json")
    surveys = _json(text).get("surveys", {})
    return frozenset(ids | {k for k, v in surveys.items() if "value" in v})


def _stored_ids(text: str | None) -> set[str]:
    outputs = (
        output
        for cell in _json(text).get("cells", [])
        for output in cell.get("outputs", [])
    )
    bundles = (output.get("data", {}) for output in outputs)
    return {data[MIME]["id"] for data in bundles if MIME in data}


def _json(text: str | None) -> dict:
    try:
        return json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}


def _git(root: Path, *arguments: str) -> str | None:
    """Return what git prints; None if it fails or is not there."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def main() -> int:
    """Print the problems of this copy."""
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
