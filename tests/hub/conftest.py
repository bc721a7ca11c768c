"""A real hub in a temporary folder; nothing of it is left at the end."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from playwright.sync_api import sync_playwright

from tools import labs

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / os.environ.get("HUBVENV", "build/hub-env")
CHROMIUM = Path("/usr/bin/chromium")
START_SECONDS = 60
STOP_SECONDS = 20


class Hub(NamedTuple):
    """A running hub and its folder."""

    address: str
    folder: Path
    environment: dict[str, str]
    programs: Path = ENVIRONMENT / "bin"


def _free_ports(number):
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(contextlib.closing(socket.socket()))
            for _ in range(number)
        ]
        for some in sockets:
            some.bind(("127.0.0.1", 0))
        return [some.getsockname()[1] for some in sockets]


@pytest.fixture(scope="session")
def release(tmp_path_factory):
    """The zip file's folder as a git repository, as README.md says."""
    folder = tmp_path_factory.mktemp("release")
    labs.write_zip(folder / "labs.zip", labs.labs())
    shutil.unpack_archive(folder / "labs.zip", folder)
    repository = folder / labs.FOLDER
    name = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        [*name, "commit", "--quiet", "--message=Labs"],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True)
    return repository


@pytest.fixture(scope="session")
def hub(tmp_path_factory, release):
    """The hub of servers/hub, with a password instead of accounts."""
    if shutil.which("configurable-http-proxy") is None:
        pytest.skip(
            "configurable-http-proxy is missing: install Debian's package "
            "'node-configurable-http-proxy' to test the hub"
        )
    if not (ENVIRONMENT / "bin" / "jupyterhub").exists():
        pytest.fail(f"{ENVIRONMENT} holds no hub: run `make hub-env`")
    folder = tmp_path_factory.mktemp("hub")
    (folder / "home" / "jane").mkdir(parents=True)
    environment = os.environ | {
        "TOPOI_HUB": str(folder),
        "TOPOI_RELEASE": str(release),
        "HOME": str(folder),
        "PYTHONPATH": "",
    }
    # Debian's proxy finds its modules by itself only with Debian's node.
    environment.setdefault("NODE_PATH", "/usr/share/nodejs")
    with _running(folder, environment) as address:
        yield Hub(address, folder, environment)


def _command(folder, port, api, inner):
    return [
        str(ENVIRONMENT / "bin" / "jupyterhub"),
        f"--config={ROOT}/servers/hub/jupyterhub_config.py",
        f"--JupyterHub.bind_url=http://127.0.0.1:{port}",
        f"--JupyterHub.hub_port={inner}",
        f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{api}",
        "--JupyterHub.authenticator_class=dummy",
        "--JupyterHub.spawner_class=simple",
        "--Authenticator.allow_all=True",
        "--DummyAuthenticator.password=open sesame",
        f"--SimpleLocalProcessSpawner.home_dir_template={folder}/home/"
        "{username}",
        *(["--Spawner.args=['--allow-root']"] if os.geteuid() == 0 else []),
    ]


@contextlib.contextmanager
def _running(folder, environment):
    port, api, inner = _free_ports(3)
    address = f"http://127.0.0.1:{port}"
    with (folder / "hub.log").open("w") as log:
        process = subprocess.Popen(
            _command(folder, port, api, inner),
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(address, process, folder / "hub.log")
            yield address
        finally:
            left = _stop(process)
    assert left == [], f"the hub left processes: {left}"


def _wait(address, process, log):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/hub/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    pytest.fail(f"the hub did not start:\n{log.read_text()[-3000:]}")


def _stop(process):
    """End the hub and all that it started; return what had to be killed."""
    with contextlib.suppress(psutil.NoSuchProcess):
        top = psutil.Process(process.pid)
        family = top.children(recursive=True)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        _, alive = psutil.wait_procs([top, *family], timeout=STOP_SECONDS)
        names = [" ".join(p.cmdline()) for p in alive]
        for some in alive:
            some.kill()
        return names
    return []


@pytest.fixture(scope="session")
def page():
    """A page of Debian's chromium, tall enough for a whole lab."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: install Debian's 'chromium'")
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        context = browser.new_context(viewport={"width": 1280, "height": 5000})
        context.set_default_timeout(60_000)
        yield context.new_page()
        browser.close()
