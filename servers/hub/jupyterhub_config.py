"""A hub for the labs on one server; README.md says how to start it.

Everything that a site changes comes from the environment:

TOPOI_HUB        folder for the hub's state and the exchange (/srv/topoi)
TOPOI_RELEASE    folder of the student notebooks (build/labs)
"""

import grp
import os
import pwd
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The hub's own environment does not know the library; these two rooms of it
# need nothing but Python.
sys.path.append(str(HERE.parents[1]))

from topoi import runtime  # noqa: E402

HUB = Path(os.environ.get("TOPOI_HUB", "/srv/topoi"))
RELEASE = os.environ.get("TOPOI_RELEASE", HERE.parents[1] / "build" / "labs")
STATE = HUB / "state"
EXCHANGE = HUB / "exchange"
COURSE = "topoi"  # as in nbgrader_config.py

c = get_config()  # noqa: F821, provided by JupyterHub

# Students have accounts on this machine: sessions are closed to them, and
# the exchange shows nobody's name.
for folder, mode in ((STATE, 0o700), (EXCHANGE, 0o711)):
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)

# -- the hub itself: loopback only, a web server in front speaks https -------

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.hub_ip = "127.0.0.1"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:8001"
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{STATE}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")

# -- who may enter: accounts of this machine --------------------------------

c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {"students", "teachers"}

# -- a student's server -----------------------------------------------------

c.JupyterHub.spawner_class = "localprocess"
c.Spawner.cmd = [str(Path(sys.prefix) / "bin" / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = 60
c.Spawner.environment = {
    "JUPYTER_CONFIG_PATH": str(HERE),  # nbgrader_config.py, labconfig/
    **runtime.environment(),
}


def private_exchange(spawner):
    """Give a student an exchange folder that no other student can enter.

    Its owner is the hub, so that nobody can plant links in it; the student
    may write into ``inbound`` only. Accounts need groups of their own, as
    Debian makes them; one that shares its group gets no server.
    """
    root = EXCHANGE / spawner.user.name
    course = root / COURSE
    for name in ("outbound", "inbound", "feedback"):
        (course / name).mkdir(parents=True, exist_ok=True)
    for lab in Path(RELEASE).glob("*-student.ipynb"):
        folder = course / "outbound" / lab.stem.removesuffix("-student")
        folder.mkdir(exist_ok=True)
        shutil.copyfile(lab, folder / lab.name)
    account = _account(spawner.user.name)
    others = [] if account is None else _sharing(account)
    if others:
        root.chmod(0o700)
        raise RuntimeError(
            f"{account.pw_name} shares the group {account.pw_gid} with "
            f"{', '.join(others[:3])}, who could read what is handed in. "
            f"Give {account.pw_name} a group of its own: groupadd and "
            "usermod -g."
        )
    root.chmod(0o700 if account is None else 0o750)
    if account is not None:
        os.chown(root, -1, account.pw_gid)
        os.chown(course / "inbound", account.pw_uid, account.pw_gid)
    spawner.environment["TOPOI_EXCHANGE"] = str(root)


def _sharing(account):
    """Return who else is in the primary group of an account."""
    members = set(grp.getgrgid(account.pw_gid).gr_mem)
    members |= {
        p.pw_name for p in pwd.getpwall() if p.pw_gid == account.pw_gid
    }
    return sorted(members - {account.pw_name})


def readable_secrets(top):
    """Return folders of a checkout that hold solutions and are open to all.

    Kernels of students run in the environment of the book, so they can read
    whatever its folder shows to others.
    """
    names = ("labs", "chapters", ".git", "tests", "build/grading")
    folders = [top / name for name in names]
    return [f for f in folders if f.is_dir() and f.stat().st_mode & 0o005]


if open_ones := readable_secrets(HERE.parents[1]):
    print(
        "Students' accounts can read solutions and hidden checks: "
        f"chmod o-rx {' '.join(map(str, open_ones))}",
        file=sys.stderr,
    )


def _account(name):
    """Return the account of that name if the hub can give files to it."""
    try:
        return pwd.getpwnam(name) if os.geteuid() == 0 else None
    except KeyError:
        return None


c.Spawner.pre_spawn_hook = private_exchange
