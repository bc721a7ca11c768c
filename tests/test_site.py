"""Settings of a site: read, refused, and obeyed by jobs and by grading."""

import os
import subprocess
import sys

import nbformat
import pytest

from servers import runs
from servers.slurm import submit
from tools import site
from tools.notebooks import ROOT

EXAMPLE = ROOT / "servers" / "site.example.toml"


@pytest.fixture
def use(tmp_path, monkeypatch):
    """Make a text the site's file."""

    def use(text):
        path = tmp_path / "site.toml"
        path.write_text(text)
        monkeypatch.setenv(site.VARIABLE, str(path))
        return path

    return use


def test_the_example_has_every_setting(monkeypatch):
    monkeypatch.setenv(site.VARIABLE, str(EXAMPLE))
    for table, settings in site.SETTINGS.items():
        assert set(site.read(table)) == set(settings)
    roster = site.read("grading")["roster"]
    assert roster == EXAMPLE.parent / "course" / "students.csv"


def test_without_a_file_there_are_no_settings(monkeypatch, tmp_path):
    monkeypatch.delenv(site.VARIABLE, raising=False)
    monkeypatch.setattr(site.runtime, "ROOT", tmp_path)
    assert site.read("slurm") == {}
    monkeypatch.setenv(site.VARIABLE, str(tmp_path / "nowhere.toml"))
    with pytest.raises(site.SiteError, match="no such file"):
        site.read("slurm")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[slurmm]", "slurmm is no table; there are slurm, grading"),
        ("slurm = 3", "slurm is no table"),
        ("[slurm]\nqueue = 'x'", "slurm.queue is unknown"),
        ("[slurm]\ncpus = '8'", "slurm.cpus is a number above 0, not '8'"),
        ("[slurm]\ncpus = 0", "slurm.cpus is a number above 0, not 0"),
        ("[slurm]\ncpus = true", "slurm.cpus is a number above 0, not True"),
        ("[slurm]\nmodules = 'cuda'", "slurm.modules is a list of texts"),
        ("[slurm]\nmodules = [1]", "slurm.modules is a list of texts"),
        ("[slurm]\naccount = 3", "slurm.account is a text"),
        ("[grading]\nroster = 3", "grading.roster is a file"),
        ("[slurm", "no TOML"),
    ],
)
def test_a_wrong_setting_is_named(text, words, use):
    use(text)
    with pytest.raises(site.SiteError, match=words):
        site.read("slurm"), site.read("grading")


# -- Slurm -------------------------------------------------------------------

SLURM = """\
[slurm]
partition = "gpu"
account = "maths"
gres = "gpu:a100"
cpus = 8
time_factor = 1.5
modules = ["cuda/12.4", "odd name; rm -rf x"]
container = "apptainer exec book.sif"
options = ["--mail-type=FAIL"]
"""


@pytest.fixture
def run(tmp_path):
    """One notebook that asks for two GPUs and 41 minutes."""
    path = tmp_path / "chapters" / "a.ipynb"
    path.parent.mkdir()
    full = {"gpu": 2, "mem_mb": 9000, "minutes": 41, "cpus": 3}
    nb = nbformat.v4.new_notebook(metadata={"topoi": {"full": full}})
    nbformat.write(nb, path)
    return runs.Run(path, "full", "jax", tmp_path / "runs")


def test_a_job_has_the_settings_of_its_site(run, use, monkeypatch):
    use(SLURM)
    needs, settings = runs.needs(run.notebook, "full"), site.read("slurm")
    asked = {"--partition=gpu", "--account=maths", "--gres=gpu:a100:2"}
    asked |= {"--cpus-per-task=8", "--time=62", "--mem=9000"}
    asked |= {"--mail-type=FAIL"}
    assert asked <= set(submit.command(needs, [run], settings=settings))
    given = submit.command(needs, [run], cpus=2, settings=settings)
    assert "--cpus-per-task=2" in given, "the command line counts more"
    monkeypatch.setenv("SBATCH_PARTITION", "other")
    given = submit.command(needs, [run], settings=settings)
    assert not [word for word in given if word.startswith("--partition")]


def test_a_dry_run_tells_the_plan_and_submits_nothing(
    run, use, monkeypatch, capsys
):
    use(SLURM)
    monkeypatch.setenv("PATH", "/nowhere")  # without Slurm as well
    words = [str(run.notebook), "--scale", "full", "--backend", "jax"]
    words += ["--runs", str(run.folder), "--dry"]
    monkeypatch.setattr(sys, "argv", ["submit", *words])
    assert submit.main() == 0
    told = capsys.readouterr().out
    assert "--gres=gpu:a100:2 " in told
    assert told.splitlines()[0].endswith(": chapters/a")
    assert "first in each job: module load cuda/12.4" in told


def test_a_wrong_file_stops_a_submission(run, use, monkeypatch, capsys):
    use("[slurm]\nqueue = 'x'")
    monkeypatch.setattr(sys, "argv", ["submit", str(run.notebook), "--dry"])
    with pytest.raises(SystemExit):
        submit.main()
    assert "slurm.queue is unknown" in capsys.readouterr().err


def test_modules_and_container_reach_the_job(run, use, tmp_path):
    """With stand-ins for sbatch, which runs the job, module and apptainer."""
    tools = {
        "sbatch": 'while [ "$1" != "$JOB" ]; do shift; done\n'
        'SLURM_ARRAY_TASK_ID=1 exec bash "$@" > "$SEEN" 2>&1',
        "apptainer": 'shift 2; export INSIDE=yes; exec "$@"',
        "python": '[ "$2" != topoi.runtime ] || exec echo T="$4"\n'
        'echo "$LOADED $INSIDE $@"',
    }
    for name, text in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    own = tmp_path / "own.sh"
    own.write_text('module() { export LOADED="$LOADED[$2]"; }\n')
    use(SLURM)
    code = (
        "import sys\nfrom pathlib import Path\nfrom servers import runs\n"
        "from servers.slurm import submit\nfrom tools import site\n"
        f"sys.executable = {str(tmp_path / 'python')!r}\n"
        f"run = runs.Run(Path({str(run.notebook)!r}), 'full', 'jax', "
        f"Path({str(run.folder)!r}))\n"
        "submit.submit([run], settings=site.read('slurm'))"
    )
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "JOB": str(submit.JOB),
        "SEEN": str(tmp_path / "seen"),
        "TOPOI_SITE": str(own),
    }
    subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        cwd=ROOT,
        check=True,
    )
    seen = (tmp_path / "seen").read_text()
    assert seen.startswith(
        "[cuda/12.4][odd name; rm -rf x] yes -m servers.run_notebook"
    ), seen


# -- grading -----------------------------------------------------------------


def test_grading_takes_its_defaults_from_the_site(use, monkeypatch, tmp_path):
    from tools.grading import __main__

    use("[grading]\njobs = 3\nmemory = 700\nroster = 'r.csv'\nseconds = 5\n")
    words = ["grading", "--submissions", "in"]
    monkeypatch.setattr(sys, "argv", words)
    options = __main__._options()
    assert (options.jobs, options.memory, options.seconds) == (3, 700, 5)
    assert options.roster == tmp_path / "r.csv"
    monkeypatch.setattr(sys, "argv", [*words, "--jobs", "2"])
    assert __main__._options().jobs == 2
    use("[grading]\njobbs = 3")
    assert __main__.main() == 2
