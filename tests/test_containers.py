"""Locks, container and Binder files: what can be said without an engine."""

import json
import re
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import gates
from tools.backend import lock, main
from topoi import runtime

ROOT = gates.ROOT
LOCKS = ("cpu", "tensorflow-cuda", "jax-cuda", "torch-cuda")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def versions(path) -> dict[str, set[str]]:
    """Return name -> versions of a lock file; every line must be a pin.

    A universal lock may pin a package for each range of Pythons.
    """
    found = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            pin = Requirement(line.split("\\")[0].strip())
            assert str(pin.specifier).startswith("==")
            found.setdefault(pin.name, set()).add(str(pin.specifier)[2:])
    return found


def pins(path) -> dict[str, str]:
    """Return name -> version of a lock file for one Python."""
    return {name: version for name, (version,) in versions(path).items()}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_pinned_hashed_and_names_no_address(name):
    path = ROOT / "servers" / "locks" / f"{name}.txt"
    text = path.read_text()
    assert "://" not in text
    packages = pins(path)
    assert text.count("--hash=sha256:") >= len(packages) > 100
    (backend,) = map(Requirement, PROJECT["optional-dependencies"][name])
    assert f"=={packages[backend.name]}" == str(backend.specifier)
    assert {"papermill", "ipykernel", "keras", "numpy"} <= set(packages)
    accelerated = any(p.startswith("nvidia-cudnn") for p in packages)
    assert accelerated == name.endswith("-cuda")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_agrees_with_that_of_the_book(name):
    ours = pins(ROOT / "servers" / "locks" / f"{name}.txt")
    book = versions(ROOT / "requirements" / "lock.txt")
    shared = set(ours) & set(book)
    assert len(shared) > 50
    assert {p for p in shared if ours[p] not in book[p]} == set()


def test_the_cuda_extras_are_the_backends_of_the_book():
    extras = PROJECT["optional-dependencies"]
    for name in runtime.BACKENDS:
        plain, cuda = (
            str(Requirement(extras[key][0]).specifier)
            for key in (name, f"{name}-cuda")
        )
        assert plain == cuda


@pytest.mark.parametrize("name", PROJECT["optional-dependencies"])
def test_make_backend_installs_what_has_a_hash(name):
    """Control: the extras of pyproject.toml have versions, but no hashes."""
    path = lock(name)
    assert "://" not in path.read_text()
    assert all(kept for _, kept in hashed(path))
    ours = versions(path)
    for wanted in map(Requirement, PROJECT["optional-dependencies"][name]):
        assert {str(wanted.specifier)[2:]} == ours[wanted.name]
    book = versions(ROOT / "requirements" / "lock.txt")
    assert {p for p in ours.keys() & book.keys() if ours[p] - book[p]} == set()
    done = subprocess.run(
        ["make", "-n", "backend", f"BACKEND={name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "--require-hashes -r" in done.stdout


def hashed(path) -> list[tuple[str, int]]:
    """Return each pin of a lock and the number of its hashes."""
    pins = path.read_text().replace("\\\n", " ").splitlines()
    return [(p.split()[0], p.count("--hash=sha256:")) for p in pins if p]


def test_an_unknown_backend_is_refused(capsys):
    assert main("theano") == 1
    assert "jax-cuda" in capsys.readouterr().err


def test_the_image_is_built_from_files_that_exist():
    """hadolint was content as well; it is not among our packages."""
    text = (ROOT / "servers" / "container" / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (\S+) ", text, flags=re.MULTILINE)
    for backend in runtime.BACKENDS:
        for name in copied:
            assert (ROOT / name.replace("${BACKEND}", backend)).exists()
    (uv,) = versions(ROOT / "requirements" / "lock.txt")["uv"]
    assert f"uv=={uv}" in text
    for name in ("TF_FORCE_GPU_ALLOW_GROWTH", "XLA_PYTHON_CLIENT_PREALLOCATE"):
        assert f"{name}={runtime.environment()[name]} " in text


def test_the_development_container_names_files_that_exist():
    folder = ROOT / ".devcontainer"
    build = json.loads((folder / "devcontainer.json").read_text())["build"]
    assert (folder / build["dockerfile"]).resolve().is_file()
    assert (folder / build["context"]).resolve() == ROOT
    assert build["args"]["BACKEND"] in runtime.BACKENDS


def test_binder_gets_a_python_and_packages_of_ours():
    name, version = (
        (ROOT / ".binder" / "runtime.txt").read_text().strip().split("-")
    )
    assert name == "python"
    assert version in SpecifierSet(PROJECT["requires-python"])
    script = (ROOT / ".binder" / "postBuild").read_text()
    (lock,) = re.findall(r"-r (\S+)", script)
    assert (ROOT / lock).is_file()


@pytest.mark.parametrize(
    "name", [".binder/postBuild", "servers/slurm/array.sbatch", ".ci/run"]
)
def test_a_script_is_sound_shell(name):
    path = ROOT / name
    done = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if not name.endswith(".sbatch"):
        assert path.stat().st_mode & 0o100, "not executable"
