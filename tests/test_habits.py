"""Files that hosts and tools read: hooks, workflows, forms, changes."""

import re
import shlex
import subprocess
import sys

import pytest
import yaml

import gates
import topoi

ROOT = gates.ROOT
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
FORMS = [path for path in FORMS if path.name != "config.yml"]


def read(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


HOOKS = [
    hook
    for repo in read(".pre-commit-config.yaml")["repos"]
    for hook in repo["hooks"]
]


def test_hooks_are_local_and_use_the_environment():
    config = read(".pre-commit-config.yaml")
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    for hook in HOOKS:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/python -m ")


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_is_content_with_what_is_committed(hook):
    names = ["labs/topos.ipynb"]
    names += ["topoi/records.py"] if hook["id"].startswith("ruff") else []
    before = [(ROOT / name).read_bytes() for name in names]
    _, *rest = shlex.split(hook["entry"])
    run = subprocess.run(
        [sys.executable, *rest, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert [(ROOT / name).read_bytes() for name in names] == before


def test_the_hook_for_notebooks_finds_all_of_them():
    (hook,) = [h for h in HOOKS if h["id"] == "notebooks"]
    for path in [*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("labs/*.ipynb")]:
        assert re.search(hook["files"], path.relative_to(ROOT).as_posix())


# -- workflows --------------------------------------------------------------


def commands(job):
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_the_workflow_runs_the_whole_check_on_two_pythons():
    jobs = read(".github/workflows/ci.yml")["jobs"]
    whole = jobs["everything"]
    assert "bash .ci/run" in commands(whole)
    versions = [m["python"] for m in whole["strategy"]["matrix"]["include"]]
    assert versions == ["3.11", "3.13"]
    assert whole["steps"][1]["with"]["fetch-depth"] == 0
    lab = read(".gitlab-ci.yml")["everything"]
    assert lab["script"] == ["bash .ci/run"]
    assert [m["PYTHON"] for m in lab["parallel"]["matrix"]] == [
        f"python{version}" for version in versions
    ]


def test_the_workflow_tries_laptops():
    job = read(".github/workflows/ci.yml")["jobs"]["laptops"]
    systems = job["strategy"]["matrix"]["os"]
    assert systems == ["macos-latest", "windows-latest"]
    text = commands(job)
    assert "make book" in text
    assert "$(python -m tools.labs --light)" in text


@pytest.mark.parametrize(
    "name", [".github/workflows/ci.yml", ".gitlab-ci.yml"]
)
def test_workflows_name_what_exists(name):
    text = (ROOT / name).read_text()
    for path in re.findall(r"(?:requirements|tools|\.ci)/[\w.-]+", text):
        assert (ROOT / path).exists(), path
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"\bmake ([a-z-]+)", text):
        assert re.search(rf"^{target}:", makefile, re.M), target


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_what_a_host_expects(path):
    form = yaml.safe_load(path.read_text())
    assert {"name", "description", "body"} <= set(form)
    kinds = {"markdown", "textarea", "input", "dropdown", "checkboxes"}
    seen = [field["id"] for field in form["body"]]
    assert len(set(seen)) == len(seen)
    for field in form["body"]:
        assert field["type"] in kinds
        assert field["attributes"]["label"]
        assert ("options" in field["attributes"]) == (
            field["type"] == "dropdown"
        )


# -- changes ----------------------------------------------------------------


def test_the_newest_release_is_this_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## (\d+\.\d+\.\d+), ", text, re.M)
    assert releases[0] == topoi.__version__
    numbers = [tuple(map(int, r.split("."))) for r in releases]
    assert numbers == sorted(numbers, reverse=True)
    project = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{topoi.__version__}"' in project
    for line in re.findall(r"^## .*$", text, re.M):
        assert re.fullmatch(
            r"## [\d.]+, (not yet released|\d{4}-\d\d-\d\d)", line
        )
