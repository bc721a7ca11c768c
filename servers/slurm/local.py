"""A Slurm of one's own: controller and nodes on this machine, for a while.

    from servers.slurm import local

    with local.cluster(nodes=2) as slurm:
        print(slurm.run("sinfo", "--noheader").stdout)

Nothing is configured on the machine: keys, ports, logs and state lie in a
temporary folder. The daemons run in the foreground as children that die with
this process, whatever ends it; only a job that runs at a ``kill -9`` goes on
to its end. Needs Debian's packages slurm-wlm and munge.
"""

import contextlib
import getpass
import os
import platform
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "sinfo", "setpriv")
PACKAGES = "apt-get install slurm-wlm munge"
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])

CONFIGURATION = """\
ClusterName=book
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=5,bf_interval=5
ReturnToService=2
MpiDefault=none
MailProg=/bin/true
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=01:00:00 State=UP
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
    "CPUs={cpus} RealMemory={memory_mb}"
)


class SlurmError(RuntimeError):
    """A daemon is missing or does not start; the message says which."""


@dataclass(frozen=True)
class Cluster:
    """A running Slurm.

    Attributes
    ----------
    folder : Path
        Configuration, logs and state; removed at the end.
    environment : dict of str to str
        What a command needs to find this Slurm (``SLURM_CONF``).
    """

    folder: Path
    environment: dict[str, str]

    def run(
        self, *command: str, timeout: float = 60, **options
    ) -> subprocess.CompletedProcess:
        """Run a Slurm command and return its output as text.

        Raises
        ------
        subprocess.CalledProcessError
            If it fails; its standard error goes to ours.
        subprocess.TimeoutExpired
            If it takes longer than `timeout` seconds.
        """
        return subprocess.run(
            command,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=timeout,
            check=True,
            **options,
        )

    def wait(self, timeout: float = 120) -> None:
        """Wait until no job is left in the queue.

        Raises
        ------
        TimeoutError
            If there are jobs after `timeout` seconds; the message lists them.
        """
        stop = time.monotonic() + timeout
        while left := self.run("squeue", "--noheader").stdout:
            if time.monotonic() > stop:
                raise TimeoutError(
                    f"After {timeout} s the queue still holds:\n{left}"
                )
            time.sleep(0.5)


def missing() -> list[str]:
    """Return the programs of Slurm that this machine lacks."""
    return [p for p in PROGRAMS if shutil.which(p, path=PATH) is None]


@contextlib.contextmanager
def cluster(
    nodes: int = 2, cpus: int = 1, memory_mb: int = 4000, gpus: int = 0
) -> Iterator[Cluster]:
    """Start a Slurm whose nodes ``n1``, ``n2``, ... are all this machine.

    Parameters
    ----------
    nodes, cpus, memory_mb : int
        Size of the cluster: nodes, and what each of them offers.
    gpus : {0, 1}
        1 gives node ``n1`` a pretended GPU (``/dev/null``), so that requests
        for one can be tried where there is none.

    Yields
    ------
    Cluster
        With all nodes idle. At the end its jobs are cancelled and its
        daemons stopped, also after an error.

    Raises
    ------
    SlurmError
        If programs are missing, or the nodes are not idle after 30 s.
    """
    if absent := missing():
        raise SlurmError(
            f"A local Slurm needs {', '.join(absent)}: {PACKAGES}."
        )
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # sockets: a short path
    names = [f"n{i + 1}" for i in range(nodes)]
    _configure(folder, names, cpus, memory_mb, gpus)
    environment = os.environ | {
        "PATH": PATH,
        "SLURM_CONF": str(folder / "slurm.conf"),
    }
    slurm = Cluster(folder, environment)
    daemons = []
    try:
        for command in _commands(folder, names):
            daemons.append(_start(command, folder, environment))
        _await_idle(slurm, daemons, nodes)
        yield slurm
    finally:
        _stop(slurm, daemons)
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder, names, cpus, memory_mb, gpus) -> None:
    """Write key and configuration into the folder."""
    host = platform.node().split(".")[0]
    controller_port, *ports = _free_ports(1 + len(names))
    lines = [
        NODE.format(
            name=name, host=host, port=port, cpus=cpus, memory_mb=memory_mb
        )
        for name, port in zip(names, ports, strict=True)
    ]
    if gpus:
        lines[0] += " Gres=gpu:1"
        device = f"NodeName={names[0]} Name=gpu File=/dev/null\n"
        (folder / "gres.conf").write_text(device)
    text = CONFIGURATION.format(
        host=host,
        controller_port=controller_port,
        user=getpass.getuser(),
        folder=folder,
        nodes="\n".join(lines),
    )
    (folder / "slurm.conf").write_text(text)
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o600)
    (folder / "state").mkdir()
    for name in names:
        (folder / f"spool-{name}").mkdir()


def _free_ports(count: int) -> list[int]:
    """Return free ports; they are held together, so that they differ."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]


def _commands(folder: Path, names: list[str]) -> list[list[str]]:
    """Return the daemons in the order in which they start."""
    munged = ["munged", "--foreground", "--force"]
    for option, file in {
        "key-file": "munge.key",
        "socket": "munge.socket",
        "pid-file": "munged.pid",
        "seed-file": "munge.seed",
    }.items():
        munged.append(f"--{option}={folder / file}")
    nodes = [["slurmd", "-D", "-c", "-N", name] for name in names]
    return [munged, ["slurmctld", "-D", "-c"], *nodes]


def _start(command, folder, environment) -> subprocess.Popen:
    with open(folder / f"{command[0]}.out", "ab") as log:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _await_idle(slurm: Cluster, daemons, nodes: int, seconds=30) -> None:
    stop = time.monotonic() + seconds
    while time.monotonic() < stop and _all_alive(daemons):
        with contextlib.suppress(subprocess.SubprocessError):
            states = slurm.run(
                *("sinfo", "--noheader", "--Node", "--format=%t"),
                timeout=10,
                stderr=subprocess.DEVNULL,
            )
            if states.stdout.split() == ["idle"] * nodes:
                return
        time.sleep(0.2)
    raise SlurmError(
        f"The {nodes} nodes of the local Slurm are not idle after "
        f"{seconds} s. The logs end with:\n{_log_ends(slurm.folder)}"
    )


def _all_alive(daemons) -> bool:
    return all(daemon.poll() is None for daemon in daemons)


def _log_ends(folder: Path) -> str:
    logs = sorted([*folder.glob("*.log"), *folder.glob("*.out")])
    texts = {log.name: log.read_text(errors="replace") for log in logs}
    return "\n".join(f"{name}: {text[-500:]}" for name, text in texts.items())


def _stop(slurm: Cluster, daemons) -> None:
    """Cancel all jobs, then end the daemons, the nodes first."""
    with contextlib.suppress(subprocess.SubprocessError, TimeoutError):
        slurm.run("scancel", f"--user={getpass.getuser()}", timeout=10)
        slurm.wait(timeout=10)
    for daemon in reversed(daemons):
        _end(daemon)


def _end(daemon: subprocess.Popen) -> None:
    daemon.send_signal(signal.SIGTERM)
    try:
        daemon.wait(timeout=10)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
