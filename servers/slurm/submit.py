"""Submit the runs that have no record to Slurm: a job array for each need.

    python -m servers.slurm.submit --scale full [--slots 8] [NOTEBOOK ...]

Options of the site go into Slurm's own variables, such as SBATCH_ACCOUNT or
SBATCH_PARTITION. Where one of `SITE` is set, the option that we would give
instead is left out: on a command line it would win. Slurm has no variable for
CPUs of a task, so that is an option here. Submitting twice does no harm: the
second task of a run finds the first one's lock, and then its record.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from servers import runs

JOB = Path(__file__).with_name("array.sbatch")
SITE = {
    "--mem": {"SBATCH_MEM_PER_NODE", "SBATCH_MEM_PER_CPU"},
    "--time": {"SBATCH_TIMELIMIT"},
    "--gres": {"SBATCH_GRES", "SBATCH_GPUS", "SBATCH_GPUS_PER_NODE"},
}


def command(
    needs: runs.Needs, group: list[runs.Run], slots: int = 0, cpus: int = 0
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
        CPUs of a task; 0 leaves that to the notebooks.

    Returns
    -------
    list of str
        Program and arguments.
    """
    first = group[0]
    folder = first.folder.resolve()
    limit = f"%{slots}" if slots else ""
    call = [
        "sbatch",
        "--parsable",
        f"--array=1-{len(group)}{limit}",
        f"--cpus-per-task={cpus or needs.cpus}",
        f"--output={_made(folder / 'logs')}/%A_%a.log",
        *_unless_site(needs),
    ]
    options = ["--scale", first.scale, "--backend", first.backend]
    listed = _list(_made(folder / "lists"), group)
    call += [str(JOB), str(listed), sys.executable, *options]
    return [*call, "--runs", str(folder)]


def _unless_site(needs: runs.Needs) -> list[str]:
    """Return the options that the site has not set itself."""
    asked = {"--mem": needs.mem_mb, "--time": needs.minutes}
    asked |= {"--gres": f"gpu:{needs.gpu}"} if needs.gpu else {}
    return [
        f"{option}={value}"
        for option, value in asked.items()
        if not SITE[option] & os.environ.keys()
    ]


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
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.txt"
    path.write_text(text)
    return path


def submit(left: list[runs.Run], slots: int = 0, cpus: int = 0) -> list[str]:
    """Submit runs; return the numbers of the jobs.

    Raises
    ------
    subprocess.CalledProcessError
        If Slurm refuses; its own message went to standard error.
    """
    jobs = []
    for needs, group in runs.groups(left).items():
        call = command(needs, group, slots, cpus)
        done = subprocess.run(
            call,
            cwd=runs.ROOT,
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
    runs.add_run_options(parser)
    options = parser.parse_args()
    if shutil.which("sbatch", path=os.environ.get("PATH")) is None:
        parser.error(
            "sbatch is not here, so this is no cluster: use `make run-all`."
        )
    left = runs.pending(
        options.scale, options.backend, options.runs, options.notebooks
    )
    if not left:
        print("Every run is recorded.")
    try:
        submit(left, options.slots, options.cpus)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
