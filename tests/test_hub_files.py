"""`servers/hub`: what can be seen without starting a hub."""

import csv
import datetime
import grp
import os
import pwd
import re
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from traitlets.config import Config

import gates
from servers.hub import collect
from tools.grading import policy
from topoi import runtime

HUB = gates.ROOT / "servers" / "hub"


def load(name):
    """Run a configuration file as its program does."""
    config = Config()
    path = HUB / name
    names = {"get_config": lambda: config, "__file__": str(path)}
    exec(compile(path.read_text(), path, "exec"), names)
    return config, names


@pytest.fixture
def hook(tmp_path, monkeypatch):
    """The hub's hook, and the folder that it works in."""
    release = tmp_path / "release"
    release.mkdir()
    (release / "cnn-student.ipynb").write_text("{}")
    monkeypatch.setenv("TOPOI_HUB", str(tmp_path / "hub"))
    monkeypatch.setenv("TOPOI_RELEASE", str(release))
    config, names = load("jupyterhub_config.py")
    return config.Spawner.pre_spawn_hook, tmp_path / "hub" / "exchange"


def spawner(name):
    return SimpleNamespace(user=SimpleNamespace(name=name), environment={})


@pytest.mark.usefixtures("hook")
def test_hub_listens_on_loopback_only():
    config, _ = load("jupyterhub_config.py")
    addresses = [
        config.JupyterHub.bind_url,
        config.JupyterHub.hub_ip,
        config.ConfigurableHTTPProxy.api_url,
    ]
    assert all("127.0.0.1" in address for address in addresses)


def test_sessions_and_names_are_closed_to_students(hook):
    _, exchange = hook
    config, _ = load("jupyterhub_config.py")
    state = exchange.parent / "state"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE(exchange.stat().st_mode) == 0o711
    assert str(state) in config.JupyterHub.db_url
    assert str(state) in config.JupyterHub.cookie_secret_file


def test_each_student_has_a_closed_folder(hook):
    make, exchange = hook
    jane = spawner("jane-without-account")
    make(jane)
    make(jane)  # a second start changes nothing
    root = exchange / "jane-without-account"
    assert jane.environment["TOPOI_EXCHANGE"] == str(root)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    names = {p.relative_to(root).as_posix() for p in root.rglob("*.ipynb")}
    assert names == {"topoi/outbound/cnn/cnn-student.ipynb"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_an_account_may_write_into_its_inbound_only(hook):
    """With an account that every Linux has; others have no access at all."""
    make, exchange = hook
    make(spawner("daemon"))
    root = exchange / "daemon"
    assert stat.S_IMODE(root.stat().st_mode) == 0o750
    owners = {
        path.name: path.owner() for path in (root, *(root / "topoi").iterdir())
    }
    assert owners == {
        "daemon": "root",
        "inbound": "daemon",
        "outbound": "root",
        "feedback": "root",
    }


CLASS = 64_800  # a group that all students are in; no account is in it here
ACCOUNTS = {"ada": 64_801, "ben": 64_802}


@pytest.fixture
def classroom(monkeypatch):
    """A hub's folder that accounts can reach, and two of one class in it."""
    accounts = {
        name: pwd.struct_passwd((name, "x", n, n, "", "/", "/bin/sh"))
        for name, n in ACCOUNTS.items()
    }
    groups = {
        n: grp.struct_group((name, "x", n, [])) for name, n in ACCOUNTS.items()
    }
    monkeypatch.setattr(pwd, "getpwnam", accounts.__getitem__)
    monkeypatch.setattr(pwd, "getpwall", lambda: list(accounts.values()))
    monkeypatch.setattr(grp, "getgrgid", groups.__getitem__)
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        top = Path(name)
        top.chmod(0o755)
        (top / "release").mkdir()
        (top / "release" / "cnn-student.ipynb").write_text("{}")
        monkeypatch.setenv("TOPOI_HUB", str(top / "hub"))
        monkeypatch.setenv("TOPOI_RELEASE", str(top / "release"))
        yield top


def as_account(name: str, script: str, *arguments) -> list[str]:
    """Run a shell script as a student; return its lines."""
    number = ACCOUNTS[name]
    done = subprocess.run(
        ["sh", "-c", script, "sh", *map(str, arguments)],
        user=number,
        group=number,
        extra_groups=[CLASS],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


HAND_IN = 'umask 022; mkdir "$1" && echo secret > "$1/cnn-student.ipynb"'
REACH = 'for p; do if [ -r "$p" ] || [ -w "$p" ]; then echo "$p"; fi; done'


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two accounts")
def test_two_accounts_of_one_class_see_nothing_of_each_other(classroom):
    """Each path that one of them can read or write, wherever it lies."""
    config, _ = load("jupyterhub_config.py")
    hub, told = classroom / "hub", classroom / "submissions"
    (hub / "state" / "hub.sqlite").write_text("sessions")
    for name in ACCOUNTS:
        config.Spawner.pre_spawn_hook(spawner(name))
        inbound = hub / "exchange" / name / "topoi" / "inbound"
        sent = inbound / f"{name}+cnn+2026-11-21 10:00:00 UTC+x"
        as_account(name, HAND_IN, sent)
    done = collect.collect(hub / "exchange", "cnn", told)
    assert len([line for line in done if "UTC" in line]) == 2
    everything = sorted(classroom.rglob("*"))
    found = {
        name: {
            Path(p).relative_to(classroom).as_posix()
            for p in as_account(name, REACH, *everything)
        }
        for name in ACCOUNTS
    }
    for name in ACCOUNTS:
        own = f"hub/exchange/{name}"
        closed = found[name] - {"hub", "release"}
        closed -= {p for p in closed if p.startswith((own, "release/"))}
        assert closed == set(), "beside their own folder and the labs"
        assert any(p.endswith("x/cnn-student.ipynb") for p in found[name])
    (hub / "exchange" / "ben").chmod(0o755)  # control: one wrong mode
    seen = as_account("ada", REACH, *everything)
    assert any("/exchange/ben/" in path for path in seen)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_an_account_that_shares_its_group_gets_no_server(hook, monkeypatch):
    """The mail account, put into daemon's group in this process only."""
    make, exchange = hook
    everybody = pwd.getpwall()
    mail = pwd.getpwnam("mail")
    assert pwd.getpwnam("daemon").pw_gid == 1
    moved = pwd.struct_passwd((*mail[:3], 1, *mail[4:]))
    monkeypatch.setattr(pwd, "getpwall", lambda: [*everybody, moved])
    with pytest.raises(RuntimeError, match="shares the group 1 with mail"):
        make(spawner("daemon"))
    assert stat.S_IMODE((exchange / "daemon").stat().st_mode) == 0o700


@pytest.mark.usefixtures("hook")
def test_folders_with_solutions_that_are_open_are_named(tmp_path):
    _, names = load("jupyterhub_config.py")
    for name, mode in (("labs", 0o755), ("tests", 0o750), (".git", 0o701)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    found = names["readable_secrets"](tmp_path)
    assert [path.name for path in found] == ["labs", ".git"]


@pytest.mark.usefixtures("hook")
def test_nbgrader_and_hub_mean_the_same_course():
    config, _ = load("nbgrader_config.py")
    _, names = load("jupyterhub_config.py")
    course = config.CourseDirectory.course_id
    assert course == names["COURSE"] == collect.COURSE


def submit(exchange, student, when, content="{}", lab="cnn"):
    folder = exchange / student / "topoi" / "inbound"
    folder /= f"{student}+{lab}+{when}+abc"
    time.sleep(0.02)  # the clock of files is coarse
    folder.mkdir(parents=True)
    (folder / f"{lab}-student.ipynb").write_text(content)
    return folder


def test_collect_takes_the_newest_of_each_student(tmp_path):
    exchange, out = tmp_path / "exchange", tmp_path / "out"
    submit(exchange, "ann", "2026-11-21 10:00:00 UTC", "old")
    submit(exchange, "ann", "2026-11-21 12:00:00 UTC", "new")
    submit(exchange, "ann", "2026-11-21 13:00:00 UTC", "gan", lab="gan")
    submit(exchange, "ann", "2026-11-21 \x1b[2J", "passed over")
    (exchange / "bob" / "topoi" / "inbound").mkdir(parents=True)
    (exchange / "lost+found").mkdir()
    submit(exchange, "cat", "9999-99-99 early", "a")
    late = submit(exchange, "cat", "0000-00-00 late", "b")
    time.sleep(0.05)
    (late / "cnn-student.ipynb").write_text("changed")
    os.utime(late / "cnn-student.ipynb", (0, 0))  # a time that was chosen
    told = collect.collect(exchange, "cnn", out)
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    assert [line.split(" ")[:2] for line in told[::2]] == [
        ["ann:", today],
        ["cat:", today],
    ]
    assert told[1::2] == [
        "bob: nothing handed in",
        "lost+found: nothing handed in",
    ]
    files = {p.relative_to(out).as_posix(): p for p in out.rglob("*.ipynb")}
    with open(out / "times.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[:2] for row in rows] == [["ann", "cnn"], ["cat", "cnn"]]
    when = policy.times(out / "times.csv")["cat", "cnn"]
    assert abs(when - time.time()) < 3600
    collect.write_times(out / "times.csv", {("ann", "gan"): rows[0][2]})
    assert len(policy.times(out / "times.csv")) == 3, "others are kept"
    names = ["ann/cnn-student.ipynb", "cat/cnn-student.ipynb"]
    assert sorted(files) == names
    assert [files[n].read_text() for n in names] == ["new", "changed"]
    modes = {stat.S_IMODE(p.stat().st_mode) for p in files.values()}
    modes |= {stat.S_IMODE(p.stat().st_mode) for p in (out, *out.glob("*/"))}
    modes |= {stat.S_IMODE((out / "times.csv").stat().st_mode)}
    assert modes == {0o600, 0o700}


def test_collect_names_an_exchange_that_is_missing(
    tmp_path, monkeypatch, capsys
):
    place = str(tmp_path / "nowhere")
    monkeypatch.setattr("sys.argv", ["collect.py", place, "cnn", "out"])
    assert collect.main() == 2
    assert f"but {place} is none" in capsys.readouterr().err


def test_collect_follows_no_link_and_takes_no_giant(tmp_path):
    exchange, out = tmp_path / "exchange", tmp_path / "out"
    when = "2026-11-21 10:00:00 UTC"
    secret = tmp_path / "cnn-student.ipynb"
    secret.write_text("secret")
    linked = submit(exchange, "a-file", when) / secret.name
    linked.unlink()
    linked.symlink_to(secret)
    folder = submit(exchange, "b-folder", when)
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    submit(exchange, "c-giant", when, "x" * (collect.LARGEST + 1))
    told = collect.collect(exchange, "cnn", out)
    assert [line.split(",")[0] for line in told] == [
        "a-file: refused",
        "b-folder: refused",
        "c-giant: refused",
    ]
    assert not out.exists()


def test_values_have_a_profile_with_and_one_without_gpu():
    values = yaml.safe_load((HUB / "values.yaml").read_text())
    profiles = values["singleuser"]["profileList"]
    gpus = [
        p.get("kubespawner_override", {}).get("extra_resource_limits", {})
        for p in profiles
    ]
    assert gpus == [{}, {"nvidia.com/gpu": "1"}]


@pytest.mark.usefixtures("hook")
def test_kernels_on_a_hub_have_the_threads_of_the_book():
    values = yaml.safe_load((HUB / "values.yaml").read_text())
    assert values["singleuser"]["extraEnv"] == runtime.environment()
    config, _ = load("jupyterhub_config.py")
    found = config.Spawner.environment.items()
    assert runtime.environment().items() <= found


def test_hub_requirements_have_hashes_and_the_versions_of_the_book():
    text = (gates.ROOT / "requirements" / "hub.txt").read_text()
    assert "://" not in text
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.M))
    assert text.count("--hash=sha256:") >= len(pins) > 100
    lock = (gates.ROOT / "requirements" / "lock.txt").read_text()
    book = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.M))
    both = set(pins) & set(book)
    assert {name: pins[name] for name in both} == {
        name: book[name] for name in both
    }


def test_the_page_of_the_book_is_the_readme():
    page = (gates.ROOT / "book" / "hub.md").read_text()
    assert "```{include} ../servers/hub/README.md" in page
    assert Path(HUB / "README.md").read_text().count("\n# ") == 0
