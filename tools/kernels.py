"""Kernels for the notebook tests, forked from a process with Keras in it.

Importing Keras and its backend takes a kernel five CPU seconds. Here a
*nursery* (`tools/nursery.py`) imports them once a test process; each notebook
gets a fork of it, which is ready at once. What a notebook can see of its
kernel is what it would see of a fresh one (`tests/test_kernels.py` compares
them), and notebooks are stored by fresh ones (`tools/notebooks.py`), so that
every output that nbval compares compares the two as well.

    pytest --nbval-kernel-name=forked     (the conftest calls `register`)

When the nursery says that it must not be forked, kernels start afresh.
"""

import atexit
import contextlib
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

from jupyter_client.provisioning import (
    KernelProvisionerFactory,
    LocalProvisioner,
)

NAME = "topoi-forked"
FOLDER = Path(__file__).resolve().parent / "jupyter"  # with the kernel's spec


def register() -> None:
    """Make the kernel "forked" known to Jupyter in this process."""
    paths = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    if str(FOLDER) not in paths:
        told = [str(FOLDER), *filter(None, paths)]
        os.environ["JUPYTER_PATH"] = os.pathsep.join(told)
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = importlib.metadata.EntryPoint(
        NAME, f"{__name__}:Forked", factory.GROUP_NAME
    )


class Forked(LocalProvisioner):
    """What starts and ends one kernel for Jupyter."""

    async def launch_kernel(self, cmd, **kwargs):
        """Fork a kernel, or start a fresh one where forks are not safe."""
        if not nursery().safe:
            fresh = [sys.executable, *cmd]
            return await super().launch_kernel(fresh, **kwargs)
        self.cwd = kwargs.get("cwd") or os.getcwd()
        self.process = nursery().fork(cmd, self.cwd, kwargs["env"])
        self.pid = self.pgid = self.process.pid
        return self.connection_info


@cache
def nursery() -> "Nursery":
    """Return this process's nursery, started at the first call."""
    return Nursery()


class Nursery:
    """The process that has imported much and is forked.

    Attributes
    ----------
    safe : bool
        Whether it may be forked; `why` says why not.
    """

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("nursery.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.close)
        self.why = json.loads(self._process.stdout.readline())["why"]
        self.safe = not self.why

    def fork(self, argv: list[str], cwd: str, env: dict) -> "Fork":
        """Start a kernel as ``python -m module words`` in this folder."""
        pid = self.ask(argv=argv, cwd=str(cwd), env=dict(env))["pid"]
        return Fork(self, pid)

    def ask(self, **request) -> dict:
        """Send a request and return the answer.

        Raises
        ------
        RuntimeError
            If the nursery has died.
        """
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
        except (OSError, ValueError) as error:
            raise RuntimeError(
                "The process that notebook kernels are forked from has died."
            ) from error

    def close(self) -> None:
        """End it, and with it the kernels that are left."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()


class Fork:
    """A kernel as `subprocess.Popen` would show it; a nursery's child."""

    stdin = stdout = stderr = None

    def __init__(self, nursery: Nursery, pid: int):
        self.nursery, self.pid, self.returncode = nursery, pid, None

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        if self.returncode is None:
            self.returncode = self.nursery.ask(poll=self.pid)["status"]
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once there is one."""
        if self.returncode is None:
            self.returncode = self.nursery.ask(wait=self.pid)["status"]
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal; none is sent to a process that has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)
