"""The wheel of `topoi`: built, unpacked far from the clone, and used."""

import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser

import pytest

import gates
import topoi

USE = """
import sys
sys.path.insert(0, sys.argv[1])
import topoi
assert topoi.__file__.startswith(sys.argv[1])
from topoi import claims, data
print(data.load("mnist").x_test.shape, data.folder())
print(len(claims.load_ledger()))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build from a copy of the tracked files, so that no clone is littered."""
    source = tmp_path_factory.mktemp("source")
    for name in ("topoi", "datasets", "claims"):
        shutil.copytree(gates.ROOT / name, source / name)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(gates.ROOT / name, source)
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(source), "."]
    subprocess.run(
        [sys.executable, *command], cwd=source, check=True, timeout=300
    )
    (path,) = source.glob("*.whl")
    return path


def test_name_and_metadata_tell_the_version(wheel):
    assert wheel.name == f"topoi-{topoi.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as file:
        (name,) = (n for n in file.namelist() if n.endswith("/METADATA"))
        metadata = Parser().parsestr(file.read(name).decode())
    assert metadata["Version"] == topoi.__version__
    assert metadata["Requires-Python"] == "<3.14,>=3.11"


def test_installed_alone_it_loads_its_data_and_its_ledger(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as file:
        file.extractall(tmp_path)
    run = subprocess.run(
        [sys.executable, "-I", "-c", USE, str(tmp_path)],
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    shape, entries = run.stdout.splitlines()
    carried = tmp_path / "topoi" / "carried" / "datasets"
    assert shape == f"(10000, 28, 28) {carried}"
    assert int(entries) > 300


def test_no_file_of_a_clone_is_missing_or_too_much(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = {n for n in file.namelist() if ".dist-info/" not in n}
    carried = {
        f"topoi/carried/{folder}/{path.name}"
        for folder, kinds in {
            "datasets": {".npz", ".json", ".md"},
            "claims": {".yml"},
        }.items()
        for path in (gates.ROOT / folder).iterdir()
        if path.suffix in kinds
    }
    library = {
        path.relative_to(gates.ROOT).as_posix()
        for path in (gates.ROOT / "topoi").rglob("*")
        if path.suffix in {".py", ".js"}
    }
    assert names == carried | library
