"""Grade a folder of submissions.

python -m tools.grading --submissions DIR [--lab cnn] [--db URL]

Ends with 0 if everybody is graded, 3 if somebody could not be (nothing is
stored of them: run it again), 1 if the gradebook refused somebody or there
was nothing to grade, 2 if grading could not start.
"""

import argparse
import contextlib
import os
import sys
from pathlib import Path

from tqdm import tqdm

from tools import site
from tools.grading import (
    classreport,
    downloads,
    exports,
    grade,
    groups,
    policy,
    report,
    sandbox,
    store,
    submissions,
)
from tools.notebooks import ROOT, write_text


def main() -> int:
    """Parse the command line and grade."""
    try:
        options = _options()
    except site.SiteError as error:
        print(error, file=sys.stderr)
        return 2
    os.umask(0o077)  # grades and answers are nobody else's business
    for stream in (sys.stdout, sys.stderr):  # of any encoding
        stream.reconfigure(errors="backslashreplace")
    try:
        options.out.mkdir(mode=0o755, parents=True, exist_ok=True)
        with grade.locked(options.out / "grading"):
            (options.out / "grading").chmod(0o700)
            return _run(options)
    except (
        sandbox.SandboxError,
        grade.Busy,
        store.StoreError,
        OSError,
        ValueError,
    ) as error:
        print(error, file=sys.stderr)
        return 2


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    default = sandbox.Limits()
    add("--submissions", type=Path, required=True, metavar="DIR",
        help="one folder a student, in it LAB.ipynb; or what Moodle or "
        "Canvas downloads, a zip file or a folder of them")  # fmt: skip
    add("--out", type=Path, default=ROOT / "build", metavar="DIR")
    add("--labs", type=Path, default=ROOT / "labs", metavar="DIR",
        help="folder of the labs with their solutions")  # fmt: skip
    add("--lab", action="append", help="grade this lab only")
    add("--roster", type=Path, metavar="CSV",
        help="ids and names of all students, a line each; then, if you "
        "like, their numbers on the platform")  # fmt: skip
    add("--policy", type=Path, metavar="TOML",
        help="deadlines, and what a late submission loses")  # fmt: skip
    add("--times", type=Path, metavar="CSV",
        help="student, lab and time of each submission; by default "
        "DIR/times.csv, or else the time of the file")  # fmt: skip
    add("--gradebook", type=Path, action="append", metavar="CSV",
        help="an export of Moodle or Canvas, to be filled in")  # fmt: skip
    add("--jobs", type=_positive, default=os.cpu_count() or 1)
    add("--seconds", type=float, default=default.seconds,
        help="for one submission")  # fmt: skip
    add("--call-seconds", type=float, default=default.call_seconds,
        help="for one call of an answer")  # fmt: skip
    add("--memory", type=int, default=default.memory_mb, metavar="MB")
    add("--db", help="database of nbgrader, by default SQLite below --out")
    add("--show-hidden-tests", action="store_true",
        help="in the pages for students")  # fmt: skip
    add("--no-store", action="store_true",
        help="no gradebook and no feedback pages")  # fmt: skip
    add("--trust-submissions", action="store_true",
        help="run WITHOUT a sandbox: your own notebooks only")  # fmt: skip
    parser.set_defaults(**site.read("grading"))
    return parser.parse_args()


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of jobs.")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    limits = sandbox.Limits(
        seconds=options.seconds,
        call_seconds=options.call_seconds,
        cell_seconds=min(options.seconds, sandbox.Limits.cell_seconds),
        memory_mb=options.memory,
    )
    sandbox.remove_left_overs()
    people = submissions.roster(options.roster) if options.roster else []
    parent = None
    if not options.trust_submissions:
        secrets = (options.labs, options.submissions, options.out)
        sandbox.demand_hidden(secrets)
        parent = _parent(limits)
    packed = downloads.is_download(options.submissions)
    rules, times = _rules(options)
    if packed:
        people = people or downloads.people_of(options.gradebook or ())
        _unpack(options, people, timed=bool(times) or not rules.deadlines)
    names = {person.id: person.name for person in people}
    tasks = _tasks(options, names)
    if not tasks:
        print(f"No notebook of a lab was found in {options.submissions}.")
        return 1
    results = _with_progress(tasks, limits, options.jobs, parent)
    _add_times(results, tasks, rules, times, trusted=not packed)
    _write_tables(options.out, results, names)
    counted = list(filter(grade.is_graded, results))
    code = 0
    if not options.no_store:
        code = _keep(options, tasks, counted)
        _write_tables(options.out, results, names)  # with marks by hand
    _tell(options, results, names)
    code = _fill(options, results) or code
    left = [r for r in results if not grade.is_graded(r)]
    for result in left:
        print(f"UNGRADED {result['student']}: {result['note']}")
    return 3 if left else code


def _unpack(options: argparse.Namespace, people: list, timed: bool) -> None:
    """Unpack a download; from then on its folder holds the submissions."""
    labs = {path.stem for path in options.labs.glob("*.ipynb")}
    chosen = options.lab[0] if len(options.lab or ()) == 1 else None
    place = options.out / "grading" / "unpacked"
    told = downloads.unpack(options.submissions, place, labs, people, chosen)
    print("\n".join(told))
    if not timed:
        print(
            "A download does not tell when something was handed in, so nobody "
            "is late. Give the times with --times."
        )
    options.submissions = place


def _rules(options: argparse.Namespace) -> tuple[policy.Policy, dict]:
    """Return the policy and the times of submissions that are known."""
    labs = {path.stem for path in options.labs.glob("*.ipynb")}
    rules = policy.Policy()
    if options.policy:
        rules = policy.read(options.policy, labs)
    usual = options.submissions / "times.csv"
    path = options.times or (usual if usual.is_file() else None)
    return rules, policy.times(path) if path else {}


def _add_times(
    results: list[dict],
    tasks: list[grade.Task],
    rules: policy.Policy,
    times: dict[tuple[str, str], float],
    trusted: bool,
) -> None:
    """Note in each result when it came, and what lateness costs.

    Times of files count where no others are known, if they are trusted.
    """
    known = {(submissions.shown(t.student), t.lab.name): t for t in tasks}
    for result in results:
        task = known[result["student"], result["lab"]]
        name = task.student, task.lab.name
        sent = submissions.handed_in(task.folder, *name)
        usual = sent if trusted else None
        when = times.get(name, usual) if sent is not None else None
        most = report.most(result)
        result["late"] = rules.judge(task.lab.name, task.student, when, most)


def _parent(limits: sandbox.Limits) -> Path | None:
    """See whether sandboxes work; return where their groups are made.

    Without control groups, or if they are there but refuse, memory is
    limited a process and watched in all.
    """
    parent = groups.find_parent()
    with sandbox.temporary_folder(0) as folder:
        if parent is not None:
            with contextlib.suppress(sandbox.SandboxError, OSError):
                sandbox.probe(
                    sandbox.Box(limits, folder=folder, parent=parent)
                )
                return parent
        sandbox.probe(sandbox.Box(limits, folder=folder))
    print(
        f"Memory: no control group, so {limits.memory_mb} MB a process, and "
        "the sum is watched. See the page How to grade."
    )
    return None


def _write_tables(out: Path, results: list[dict], names: dict) -> None:
    """Write the grades of all labs, and the points of each lab's exercises."""
    write_text(out / "grades.csv", report.table(results, names))
    for lab, found in report.by_lab(results).items():
        text = report.lab_table(found, names)
        write_text(out / f"grades-{lab}.csv", text)
    exercises = classreport.analyse(results)
    write_text(out / "report.csv", classreport.table(exercises))
    write_text(out / "report.html", classreport.page(exercises))


def _tell(
    options: argparse.Namespace, results: list[dict], names: dict
) -> None:
    """Say what came of it, and where it lies."""
    out = options.out
    print(report.summary(results), end="")
    print(f"Class report: {out / 'report.html'}")
    print(f"Grades: {out / 'grades.csv'}; of each lab: grades-LAB.csv")
    strangers = {r["student"] for r in results} - names.keys()
    if names and strangers:
        print(f"Not in the roster: {', '.join(sorted(strangers))}")


def _fill(options: argparse.Namespace, results: list[dict]) -> int:
    """Fill in gradebooks of learning platforms; return 1 if one is none."""
    code = 0
    for path in options.gradebook or ():
        try:
            filled = exports.fill(path, results)
        except (exports.ExportError, OSError, UnicodeDecodeError) as error:
            code = 1
            print(error, file=sys.stderr)
            continue
        place = options.out / f"import-{path.name}"
        write_text(place, filled.text)
        labs = ", ".join(f"{n} in {h!r}" for n, h in filled.labs.items())
        print(f"For {filled.platform}: {place} with {labs}")
        if filled.missing:
            print(f"Not in {path.name}: {', '.join(filled.missing)}")
    return code


def _keep(
    options: argparse.Namespace, tasks: list[grade.Task], results: list[dict]
) -> int:
    """Store results with nbgrader; one that it refuses stops no other."""
    place = store.Store(
        options.out / "grading", options.db, options.show_hidden_tests
    )
    place.back_up()
    known, refused = {task.lab.name: task.lab for task in tasks}, 0
    for lab in known.values():
        place.add_lab(lab)
    for result in tqdm(results, unit="page", leave=False):
        try:
            place.add(known[result["lab"]], result)
        except Exception as error:  # one student's trouble stops nobody
            refused += 1
            print(f"{result['student']}: {error}", file=sys.stderr)
    for name, found in report.by_lab(results).items():
        place.add_marks(known[name], found)
    print(f"Gradebook: {place.database}\nFeedback: {place.feedback}")
    return int(refused > 0)


def _tasks(options: argparse.Namespace, names: dict) -> list[grade.Task]:
    paths = sorted(options.labs.glob("*.ipynb"))
    known = [path.stem for path in paths]
    for name in options.lab or ():
        if name not in known:
            raise FileNotFoundError(
                f"There is no lab {name!r}; there are {', '.join(known)}."
            )
    chosen = [p for p in paths if p.stem in (options.lab or known)]
    return grade.find(
        options.submissions,
        map(submissions.read_lab, chosen),
        options.out / "grading" / "results",
        options.trust_submissions,
        names,
    )


def _with_progress(
    tasks: list[grade.Task],
    limits: sandbox.Limits,
    jobs: int,
    parent: Path | None,
) -> list[dict]:
    found = grade.grade_all(tasks, limits, jobs, parent)
    bar = tqdm(found, total=len(tasks), unit="submission", leave=False)
    return list(bar)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
