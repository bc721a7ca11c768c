"""One thread a process, and a record of what the notebook runs took."""

import datetime
import os
import re
from collections import defaultdict
from pathlib import Path

import pytest

from topoi import records, runtime

ROOT = Path(__file__).parent
NOTEBOOK_FOLDERS = ("chapters", "labs")

# Before any numerical library starts, here and in the kernels.
runtime.set_environment()

collect_ignore = ["tests/fixtures"]  # broken on purpose
_runs = defaultdict(lambda: {"seconds": 0.0, "passed": True})


def pytest_configure(config):
    """Make the forked kernel known where it is asked for."""
    if config.getoption("nbval_kernel_name", None) == "forked":
        from tools import kernels

        kernels.register()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One worker a file; one a lab and one a page where files are long."""
    from xdist.scheduler import LoadFileScheduling

    class ByFileOrLab(LoadFileScheduling):
        def _split_scope(self, nodeid):
            lab = re.match(r"tests/test_labs\.py::\w+\[(\w+)", nodeid)
            if nodeid.startswith("tests/browser/test_pages.py"):
                return nodeid
            return lab[1] if lab else super()._split_scope(nodeid)

    return ByFileOrLab(config, log)


def pytest_collection_modifyitems(config, items):
    """With the environment variable TOPIC, keep what tests that topic.

    That is its notebooks, its own test files, and the cases of shared tests
    whose parameters name it.
    """
    topic = os.environ.get("TOPIC")
    if not topic:
        return
    own = re.compile(rf"(.*/)?(test_{topic}(_\w+)?\.py|{topic}\.ipynb)$")
    kept, dropped = [], []
    for item in items:
        file, _, case = item.nodeid.partition("::")
        words = re.split(r"\W+", case.partition("[")[2])
        mine = own.match(file) or f"tests/{topic}/" in file or topic in words
        (kept if mine else dropped).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


def pytest_runtest_logreport(report):
    """Add up the seconds of a notebook's cells; note a failure."""
    name = report.nodeid.split("::")[0]
    if name.endswith(".ipynb") and name.split("/")[0] in NOTEBOOK_FOLDERS:
        _runs[name]["seconds"] += report.duration
        _runs[name]["passed"] &= not report.failed


def pytest_sessionfinish(session):
    """Write ``build/records/test.json`` for the page *Status*."""
    if hasattr(session.config, "workerinput") or not _runs:
        return
    path = ROOT / os.environ.get("BUILD", "build") / "records" / "test.json"
    tested = records.read(path) or {}
    today = datetime.date.today().isoformat()
    for name, run in _runs.items():
        tested[name] = {
            "seconds": round(run["seconds"], 1),
            "passed": run["passed"],
            "date": today,
        }
    records.write(path, tested)
