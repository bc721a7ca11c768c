"""Pythons, sizes of installation, and what `make` does on odd machines.

Most tests run in a tiny project: our Makefile and tools/environment.py with
locks that hold one wheel of two hundred bytes.
"""

import ast
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import gates
from tools import environment, notebooks
from topoi import doctor

ROOT = gates.ROOT
LOCKS = ROOT / "requirements"
PARTS = {
    "labs-light": "labs",
    "labs": "run",
    "read": "run",
    "run": "lock",
}
OURS = {"servers", "tools", "topoi"}
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make")


def pins(name):
    """Return {name==version: its hashes} of a lock file."""
    found, hashes = {}, set()
    for line in (LOCKS / f"{name}.txt").read_text().splitlines():
        if line[:1].isalnum():
            pin = Requirement(line.split("\\")[0].strip())
            hashes = found.setdefault(f"{pin.name}{pin.specifier}", set())
        hashes |= set(re.findall(r"--hash=(sha256:\w+)", line))
    return found


# -- sizes ------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_each_size_is_a_part_of_the_next_one(part):
    small, large = pins(part), pins(PARTS[part])
    assert len(small) > 90
    assert {pin for pin in small if small[pin] != large.get(pin)} == set()
    assert all(small.values())
    assert "://" not in (LOCKS / f"{part}.txt").read_text()


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def names(lock):
    return {normal(pin.partition("==")[0]) for pin in pins(lock)}


def test_reading_needs_no_numerical_library_and_no_jupyterlab():
    heavy = {"tensorflow", "keras", "jax", "scipy", "jupyterlab", "nbgrader"}
    assert not heavy & names("read")
    assert heavy - {"nbgrader"} <= names("run")


def test_the_light_labs_need_no_keras():
    assert not {"tensorflow", "keras", "jax", "sphinx"} & names("labs-light")
    assert {"tensorflow", "keras", "jupyterlab"} <= names("labs")


def imports(source):
    """Return the top modules that code imports before it is called."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_notebooks_import_nothing_beyond_their_size():
    """A package that only requirements.in lists belongs into run.in."""
    found = set()
    for path in notebooks.notebooks():
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "code":
                found |= imports(
                    re.sub(r"^[%!].*", "", cell.source, flags=re.M)
                )
    owners = packages_distributions()
    inside = names("run")
    absent = {
        module
        for module in found - set(sys.stdlib_module_names) - OURS
        if not inside & {normal(o) for o in owners.get(module, [module])}
    }
    assert absent == set()


BOOK = """
import sys
blocked = set(sys.argv[1].split(","))
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"the book imports {name}")
sys.meta_path.insert(0, Block())
import importlib, pkgutil
import tools.bookext, tools.serve, tools.toc
for module in pkgutil.iter_modules(tools.bookext.__path__):
    importlib.import_module(f"tools.bookext.{module.name}")
from tools import labs
from tools.bookext import labs as pages
for path in labs.labs():
    pages.lab_page(labs.read(path), "x.ipynb")
    labs.student_notebook(path)
"""


def test_the_book_imports_nothing_beyond_its_size():
    """With every other installed package out of reach."""
    inside = names("read") | {"pip"}
    outside = [
        module
        for module, owners in packages_distributions().items()
        if not inside & set(map(normal, owners))
    ]
    assert {"tensorflow", "keras", "scipy", "nbgrader"} <= set(outside)
    run = subprocess.run(
        [sys.executable, "-c", BOOK, ",".join(outside)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


# -- Pythons ----------------------------------------------------------------


def test_every_file_names_the_same_pythons():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    allowed = SpecifierSet(project["requires-python"])
    minors = [f"3.{n}" for n in range(8, 20) if f"3.{n}" in allowed]
    assert minors == ["3.11", "3.12", "3.13"]
    assert minors[0] == environment.spell(environment.OLDEST)
    assert minors[-1] == environment.spell(environment.NEWEST)
    assert (environment.OLDEST, environment.NEWEST) == doctor.PYTHONS
    text = (ROOT / "tools" / "find-python").read_text()
    assert re.findall(r"python(3\.\d+)", text) == minors
    for page in ("README.md", "book/how-to-read.md", "labs/README.txt"):
        assert "Python 3.11" in (ROOT / page).read_text()
        assert "3.13" in (ROOT / page).read_text()


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 1)])
def test_these_pythons_are_accepted(version):
    environment.check_python(version, "python3")


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ((3, 8, 10), "/p is Python 3.8.10, which is too old"),
        ((3, 14, 0), "3.14.0, for which h5py and tensorflow have no wheel"),
    ],
)
def test_other_pythons_are_sent_away_with_a_way_out(version, words):
    with pytest.raises(environment.Refusal) as refused:
        environment.check_python(version, "/p")
    assert words in str(refused.value)
    assert "The book needs Python 3.11 to 3.13." in str(refused.value)
    assert "make PYTHON=/path/to/python3.13" in str(refused.value)


def interpreters(minors):
    """Return working Pythons of these minor versions found here.

    On the path, and where pyenv and uv keep theirs.
    """
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions"
    kept = [pyenv, home / ".local" / "share" / "uv" / "python"]
    found = {}
    for name in (f"python3.{minor}" for minor in sorted(minors)):
        places = [p for k in kept for p in sorted(k.glob(f"*/bin/{name}"))]
        for python in [shutil.which(name), *places]:
            code = "import ensurepip, sys; print(sys.executable)"
            run = python and subprocess.run(
                [python, "-c", code], capture_output=True, text=True
            )
            if run and run.returncode == 0:
                found[name[6:]] = run.stdout.strip()
                break
    return found


# One that is too old or too new, and the newest other one that fits.
UNFIT = dict(list(interpreters([7, 8, 9, 10, 14]).items())[-1:])
OTHERS = interpreters({11, 12, 13} - {sys.version_info[1]})
OTHER = dict(list(OTHERS.items())[-1:])


@needs_make
@pytest.mark.skipif(not UNFIT, reason="no unfit Python on this machine")
@pytest.mark.parametrize("minor", UNFIT)
def test_an_unfit_python_of_this_machine_reads_the_sentence(minor, tiny):
    run = tiny.make("env", "SIZE=read", f"PYTHON={UNFIT[minor]}")
    assert run.returncode != 0
    assert f" is Python {minor}." in run.stderr
    assert "Traceback" not in run.stderr + run.stdout
    assert "PYTHON=/path/to/python3.13" in run.stderr


PARSE = """
import ast, pathlib, sys
for path in sys.argv[1:]:
    ast.parse(pathlib.Path(path).read_text("utf-8"), path)
"""


@needs_make
@pytest.mark.skipif(not OTHER, reason="no other fit Python on this machine")
@pytest.mark.parametrize("minor", OTHER)
def test_another_python_reads_our_code_and_makes_an_environment(minor, tiny):
    """The whole of it, with the real packages: make test-pythons."""
    files = [
        str(path)
        for folder in ("topoi", "tools", "servers", "datasets", "surveys")
        for path in (ROOT / folder).rglob("*.py")
    ]
    parse = [OTHERS[minor], "-W", "error", "-c", PARSE, *files]
    assert subprocess.run(parse).returncode == 0
    run = tiny.make(".venv/.ready", f"PYTHON={OTHERS[minor]}")
    assert run.returncode == 0, run.stderr
    assert tiny.version() == "1.0"


@pytest.mark.pythons
@pytest.mark.skipif(not OTHERS, reason="no other fit Python on this machine")
@pytest.mark.parametrize("minor", OTHERS)
def test_another_python_builds_the_book(minor, tmp_path):
    """From the network, under 400 MB; some minutes, so on demand."""
    venv = tmp_path / "env"
    run = subprocess.run(
        ["make", "book", f"PYTHON={OTHERS[minor]}", f"VENV={venv}"]
        + [f"BUILD={tmp_path / 'build'}"],
        cwd=ROOT,
    )
    assert run.returncode == 0
    assert environment.version_of(venv)[:2] == (3, int(minor[2:]))
    files = [p for p in venv.rglob("*") if p.is_file() and not p.is_symlink()]
    assert sum(p.stat().st_size for p in files) < 400e6


# -- a tiny project ---------------------------------------------------------


class Tiny:
    """Our Makefile in a folder of its own, with one package to install."""

    FILES = ("Makefile", "tools/environment.py", "tools/find-python")

    def __init__(self, folder: Path):
        self.folder = folder
        for name in self.FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        (folder / "topics.yml").write_text("topics:\n")
        (folder / "topoi").mkdir()
        (folder / "topoi" / "doctor.py").write_text("print('inside')\n")
        wheel = folder / "tiny-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            info = "tiny-1.0.dist-info"
            meta = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
            archive.writestr("tiny.py", "")
            archive.writestr(f"{info}/METADATA", meta)
            tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
            archive.writestr(f"{info}/WHEEL", tag + "Tag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (folder / "requirements").mkdir()
        for lock, *_ in environment.SIZES.values():
            (folder / "requirements" / lock).write_text(
                f"./{wheel.name} --hash=sha256:{digest}\n"
            )

    def start(self, *arguments):
        """Start make with this Python unless another one is named."""
        if not any(a.startswith("PYTHON=") for a in arguments):
            arguments += (f"PYTHON={sys.executable}",)
        kept = {k: v for k, v in os.environ.items() if "MAKE" not in k}
        return subprocess.Popen(
            ["make", "--no-print-directory", *arguments],
            cwd=self.folder,
            env=kept | {"VENV": ".venv", "BUILD": "build"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def make(self, *arguments):
        process = self.start(*arguments)
        output = process.communicate()
        return subprocess.CompletedProcess(
            arguments, process.returncode, *output
        )

    def version(self):
        """Return the version of the package in the environment."""
        code = "from importlib.metadata import version; print(version('tiny'))"
        return environment.ask(self.folder / ".venv", code)


@pytest.fixture
def tiny(tmp_path):
    return Tiny(tmp_path)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An environment of size read, made once and then copied."""
    tiny = Tiny(tmp_path_factory.mktemp("template"))
    assert tiny.make(".venv/.read").returncode == 0
    return tiny.folder / ".venv"


@pytest.fixture
def made(tiny, template):
    """A tiny project with its environment."""
    shutil.copytree(template, tiny.folder / ".venv", symlinks=True)
    for size in environment.SIZES.values():  # as old as the environment
        os.utime(tiny.folder / "requirements" / size[0], (1e9, 1e9))
    return tiny


ODD = 'a b "c" $d `true` it\'s 100% & #1; مرحبا'


@needs_make
def test_two_makes_at_once_in_a_folder_of_an_odd_name(tmp_path):
    """One of them makes the environment, the other one waits for it."""
    name = ODD
    (tmp_path / name).mkdir()
    tiny = Tiny(tmp_path / name)
    targets = (".venv/.read", ".venv/.ready", "-j2")
    runs = [tiny.start(*targets), tiny.start(*targets)]
    outputs = [process.communicate() for process in runs]
    assert [process.returncode for process in runs] == [0, 0], outputs
    text = "".join(out for out, _ in outputs)
    assert 1 <= text.count("Installing what is needed") <= 2
    assert "waiting for it" in text
    assert tiny.version() == "1.0"
    again = tiny.make(".venv/.read", ".venv/.run", ".venv/.ready")
    assert "Installing" not in again.stdout


@needs_make
def test_growing_keeps_the_stamp_of_the_smaller_size(made):
    """Or the book would be built again after the first `make test`."""
    stamp = made.folder / ".venv" / ".read"
    before = stamp.stat().st_mtime_ns
    assert made.make(".venv/.ready").returncode == 0
    assert stamp.stat().st_mtime_ns == before
    assert environment.size_of(made.folder / ".venv") == "develop"


@needs_make
@pytest.mark.parametrize("value", ["a b", "a$$b", 'a"b', "a'b", "a:b"])
def test_a_given_folder_of_an_unfit_name_is_refused(value, tiny):
    run = tiny.make("env", f"VENV={value}")
    assert run.returncode != 0
    assert "make and the shell cannot use a space or one of" in run.stderr


def test_a_project_below_a_colon_is_refused(tmp_path):
    with pytest.raises(environment.Refusal, match="separates folders"):
        environment.check_folder(tmp_path / f"a{os.pathsep}b" / ".venv")


def test_a_read_only_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(environment.Refusal, match="give writable places"):
        environment.check_folder(tmp_path / "file" / ".venv")


def test_a_full_disk_is_refused_before_anything_is_installed(tmp_path):
    environment.check_disk(tmp_path, "read", free=1000)
    with pytest.raises(environment.Refusal, match="4,680 MB.*300 MB are free"):
        environment.check_disk(tmp_path, "develop", free=300)


# -- doctor -----------------------------------------------------------------


def repairs(text):
    return re.findall(r"`([^`]*)`", text)


@needs_make
def test_doctor_runs_before_there_is_an_environment(tiny):
    run = tiny.make("doctor")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "is not made yet" in run.stdout
    assert "inside" not in run.stdout
    (repair,) = repairs(run.stdout)
    assert repair == "make env SIZE=read"  # as in every other test here


@needs_make
def test_doctor_goes_on_inside_the_environment(made):
    run = made.make("doctor")
    assert run.returncode == 0, run.stdout + run.stderr
    assert ".venv: size read, Python" in run.stdout
    assert "inside" in run.stdout


def test_an_environment_of_uv_is_sound_without_pip(made):
    """As in the container, where it is read-only besides."""
    venv = made.folder / ".venv"
    _half_made(venv)
    with open(venv / "pyvenv.cfg", "a") as file:
        file.write("uv = 0.13.9\n")
    (venv / ".ready").touch()
    ((sound, text),) = environment.examine(venv, "read")
    assert sound is True
    assert "size develop" in text
    with pytest.raises(environment.Refusal, match="uv pip install --python"):
        environment.install(venv, ROOT / "requirements" / "read.txt")


def _no_python(venv):
    (venv / "bin" / "python").unlink()


def _half_made(venv):
    """A kill while the environment was being made: no pip yet."""
    for path in venv.glob("lib/python*/site-packages/pip"):
        shutil.rmtree(path)


def _old_lock(venv):
    os.utime(venv / ".read", (1e8, 1e8))


@needs_make
@pytest.mark.parametrize("damage", [_no_python, _half_made, _old_lock])
def test_doctor_names_a_damage_and_its_repair_works(damage, made):
    damage(made.folder / ".venv")
    run = made.make("doctor")
    assert run.returncode != 0
    (repair,) = repairs(run.stdout)
    assert made.make(*shlex.split(repair)[1:]).returncode == 0
    assert made.make("doctor").returncode == 0
    assert made.version() == "1.0"


@needs_make
def test_make_env_mends_a_package_of_another_version(made):
    (info,) = (made.folder / ".venv").rglob("tiny-1.0.dist-info")
    for name in ("METADATA", "RECORD"):
        text = (info / name).read_text()
        (info / name).write_text(text.replace("1.0", "0.5"))
    info.rename(info.with_name("tiny-0.5.dist-info"))
    assert made.version() == "0.5"
    assert made.make(".venv/.read").returncode == 0
    assert made.version() == "0.5"  # the stamp is fresh
    assert made.make("env").returncode == 0
    assert made.version() == "1.0"


def test_the_lock_that_doctor_reads_fits_the_size(tmp_path, monkeypatch):
    monkeypatch.delenv("TOPOI_LOCK", raising=False)
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path))
    seen = [doctor._lock_file().name]
    for lock, stamp, *_ in environment.SIZES.values():
        (tmp_path / stamp).touch()
        assert doctor.STAMPS[stamp] == lock
        seen.append(doctor._lock_file().name)
    assert seen == ["lock.txt", "read.txt", "run.txt", "lock.txt"]


def test_doctor_knows_the_lists_of_students(tmp_path, monkeypatch):
    monkeypatch.delenv("TOPOI_LOCK", raising=False)
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    (tmp_path / "requirements.txt").write_text("keras==0.1\n")
    assert doctor._lock_file().name == "requirements.txt"
    ((sound, text), _) = doctor._packages(doctor._lock_file())
    assert sound is False
    assert f"-m pip install --require-hashes -r {tmp_path}/req" in text
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda n: None)
    assert doctor._lock_file().name == "light.txt"
    ((sound, text),) = doctor._backends()
    assert sound is None
    assert "labs that train no network work" in text


def test_doctor_compiles_packages_as_it_says(tmp_path, monkeypatch):
    package = tmp_path / "a b" / "numpy"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.delitem(sys.modules, "numpy")
    ((before, text),) = doctor._bytecode()
    (repair,) = repairs(text)
    assert subprocess.run(repair, shell=True).returncode == 0
    ((after, _),) = doctor._bytecode()
    assert (before, after) == (None, True)


def test_doctor_restores_a_lock_as_it_says(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run(["git", *identity, *command], cwd=tmp_path, check=True)
    lock.unlink()
    ((_, text),) = doctor._packages(lock)
    (repair,) = repairs(text)
    subprocess.run(repair, shell=True, cwd=tmp_path, check=True)
    assert lock.exists()


def test_every_repair_is_a_command_of_the_makefile():
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.M))
    sources = [ROOT / "topoi" / "doctor.py", ROOT / "tools/environment.py"]
    named = re.findall(
        r"[`'\"]make ([a-z-]+)", "".join(p.read_text() for p in sources)
    )
    assert len(named) > 5
    assert set(named) <= targets
