"""Submit the runs that have no record to Slurm: a job array for each need.

    python -m servers.slurm.submit --scale full [--slots 8] [NOTEBOOK ...]

Options of the site stand in its file (`tools.site`), or in Slurm's own
variables, such as SBATCH_ACCOUNT or SBATCH_PARTITION. Where one of `SITE` is
set, the option that we would give instead is left out: on a command line it
would win. Slurm has no variable for CPUs of a task, so that is an option here.
With --dry nothing is submitted; the plan is told in any case. Submitting twice
does no harm: the second task of a run finds the first one's lock, and then its
record.
"""

import argparse
import hashlib
import math
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from servers import runs
from tools import site

JOB = Path(__file__).with_name("array.sbatch")
SITE = {
    "--mem": {"SBATCH_MEM_PER_NODE", "SBATCH_MEM_PER_CPU"},
    "--time": {"SBATCH_TIMELIMIT"},
    "--gres": {"SBATCH_GRES", "SBATCH_GPUS", "SBATCH_GPUS_PER_NODE"},
    "--partition": {"SBATCH_PARTITION"},
    "--account": {"SBATCH_ACCOUNT"},
    "--qos": {"SBATCH_QOS"},
}


def command(
    needs: runs.Needs,
    group: list[runs.Run],
    slots: int = 0,
    cpus: int = 0,
    settings: dict | None = None,
) -> list[str]:
    """Write the list of a group; return the call of sbatch for it.

    Parameters
    ----------
    needs : Needs
        What every run of the group asks for.
    group : list of Run
        Runs of one scale and backend.
    slots : int
        Tasks at a time; 0 leaves that to Slurm.
    cpus : int
        CPUs of a task; 0 leaves that to the site and the notebooks.
    settings : dict, optional
        What `tools.site` says of Slurm.

    Returns
    -------
    list of str
        Program and arguments.
    """
    first, settings = group[0], settings or {}
    folder = first.folder.resolve()
    limit = f"%{slots}" if slots else ""
    call = [
        "sbatch",
        "--parsable",
        f"--array=1-{len(group)}{limit}",
        f"--cpus-per-task={cpus or settings.get('cpus') or needs.cpus}",
        f"--output={_made(folder / 'logs')}/%A_%a.log",
        *_unless_site(needs, settings),
        *settings.get("options", ()),
    ]
    options = ["--scale", first.scale, "--backend", first.backend]
    listed = _list(_made(folder / "lists"), group)
    call += [str(JOB), str(listed), sys.executable, *options]
    return [*call, "--runs", str(folder)]


def _unless_site(needs: runs.Needs, settings: dict) -> list[str]:
    """Return the options that no variable of the site has set."""
    kind = settings.get("gres", "gpu")
    asked = {
        "--mem": math.ceil(needs.mem_mb * settings.get("memory_factor", 1)),
        "--time": math.ceil(needs.minutes * settings.get("time_factor", 1)),
    }
    asked |= {"--gres": f"{kind}:{needs.gpu}"} if needs.gpu else {}
    for name in ("partition", "account", "qos"):
        asked |= {f"--{name}": settings[name]} if name in settings else {}
    return [
        f"{option}={value}"
        for option, value in asked.items()
        if not SITE[option] & os.environ.keys()
    ]


def prologue(settings: dict) -> str:
    """Return what each job's shell does first, besides the user's own file."""
    lines = []
    if os.environ.get("TOPOI_SITE"):
        lines.append(f". {shlex.quote(os.environ['TOPOI_SITE'])} || exit 1")
    for module in settings.get("modules", ()):
        lines.append(f"module load {shlex.quote(module)} || exit 1")
    if "container" in settings:
        wrap = shlex.quote(settings["container"])
        lines.append(f"export TOPOI_WRAP=${{TOPOI_WRAP:-{wrap}}}")
    return "".join(f"{line}\n" for line in lines)


def _environment(folder: Path, settings: dict) -> dict[str, str]:
    """Return the variables for sbatch; it hands them on to the jobs."""
    text = prologue(settings)
    if not {"modules", "container"} & settings.keys():
        return dict(os.environ)
    place = _named_by_content(_made(folder / "lists"), text, "sh")
    return os.environ | {"TOPOI_SITE": str(place)}


def _made(folder: Path) -> Path:
    """Make a folder: Slurm does not, and fails in silence."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _list(folder: Path, group: list[runs.Run]) -> Path:
    """Write the notebooks, one a line.

    The file is named after its content, so that a later submission never
    rewrites the list of tasks that still wait.
    """
    text = "".join(f"{run.notebook}\n" for run in group)
    return _named_by_content(folder, text, "txt")


def _named_by_content(folder: Path, text: str, kind: str) -> Path:
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    path = folder / f"{name}.{kind}"
    path.write_text(text)
    return path


def plan(
    left: list[runs.Run], slots: int, cpus: int, settings: dict
) -> list[list[str]]:
    """Return the calls of sbatch, and tell what they ask for."""
    calls = []
    for needs, group in runs.groups(left).items():
        calls.append(command(needs, group, slots, cpus, settings))
        names = ", ".join(run.name for run in group)
        script = calls[-1].index(str(JOB))
        asked = [o for o in calls[-1][2:script] if "--output" not in o]
        print(f"sbatch {shlex.join(asked)}: {names}")
    for line in prologue(settings).splitlines():
        print(f"first in each job: {line}")
    return calls


def submit(
    left: list[runs.Run],
    slots: int = 0,
    cpus: int = 0,
    settings: dict | None = None,
    dry: bool = False,
) -> list[str]:
    """Submit runs; return the numbers of the jobs.

    With `dry`, only tell what would be submitted.

    Raises
    ------
    subprocess.CalledProcessError
        If Slurm refuses; its own message went to standard error.
    """
    jobs, settings = [], settings or {}
    groups = runs.groups(left).items()
    calls = plan(left, slots, cpus, settings)
    if dry:
        return jobs
    for call, (needs, group) in zip(calls, groups, strict=True):
        done = subprocess.run(
            call,
            cwd=runs.ROOT,
            env=_environment(group[0].folder.resolve(), settings),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        jobs.append(done.stdout.strip())
        print(f"job {jobs[-1]}: {len(group)} notebooks, {needs}", flush=True)
    return jobs


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=runs.notebook_path)
    parser.add_argument("--slots", type=int, default=0)
    parser.add_argument("--cpus", type=int, default=0, help="of a task")
    parser.add_argument("--dry", action="store_true", help="only tell")
    runs.add_run_options(parser)
    options = parser.parse_args()
    missing = shutil.which("sbatch", path=os.environ.get("PATH")) is None
    if missing and not options.dry:
        parser.error(
            "sbatch is not here, so this is no cluster: use `make run-all`."
        )
    left = runs.pending(
        options.scale, options.backend, options.runs, options.notebooks
    )
    if not left:
        print("Every run is recorded.")
    try:
        settings = site.read("slurm")
        submit(left, options.slots, options.cpus, settings, options.dry)
    except site.SiteError as error:
        parser.error(str(error))
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
