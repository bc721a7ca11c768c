"""`topoi.claims`: what it accepts, refuses, shows and stores."""

from fractions import Fraction

import numpy as np
import pytest
import yaml

from topoi import claims, survey

ENTRY = """
- id: demo/count
  kind: experiment
  paper: LeCun1998
  source: LeCun et al. 1998, section 2
  statement: There are <5> layers & more.
  paper_value: "5"
  intervals:
    reproduced: {min: 4, max: 6}
    partly: {min: 2}
    not-reproduced: {}
  expected: reproduced
  why: Counted by hand.
  control: One layer is not counted.
- id: demo/exact
  kind: theorem
  paper: LeCun1998
  source: LeCun et al. 1998
  statement: The fraction is 14/17.
  paper_value: theorem
  intervals:
    corrected: {equals: 14/17}
    holds: {equals: 1}
    fails: {}
  expected: corrected
  why: Exact arithmetic.
  control: A denominator is wrong.
- id: demo/gap
  kind: ours
  statement: We measured a length.
  intervals:
    measured: {min: 1, max: 2}
  expected: measured
  why: A ruler.
  control: The ruler is bent.
  show: .1f
"""


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    path = tmp_path / "demo.yml"
    path.write_text(ENTRY)
    monkeypatch.setenv("TOPOI_CLAIMS", str(path))
    monkeypatch.delenv("TOPOI_SCALE", raising=False)
    claims.load_ledger.cache_clear()
    yield path
    claims.load_ledger.cache_clear()


# -- the value decides ------------------------------------------------------


@pytest.mark.parametrize("value", [5, 4.0, np.float32(6.0), np.array([5])])
def test_value_inside_passes_and_prints_one_line(ledger, capsys, value):
    claims.check("demo/count", value)
    out = capsys.readouterr().out
    assert "demo/count: paper 5; measured" in out
    assert "Reproduced at small scale" in out


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3.99, r'"Partly reproduced" \(at least 2\)'),
        (6.01, r'"Partly reproduced"'),
        (-1, r'"Not reproduced" \(any other value\)'),
    ],
)
def test_value_elsewhere_is_told_its_verdict_and_the_reason(
    ledger, value, words
):
    with pytest.raises(claims.ClaimError, match=words) as error:
        claims.check("demo/count", value)
    assert "Why: Counted by hand." in str(error.value)
    assert "claims/demo.yml" in str(error.value)


@pytest.mark.parametrize("scale", ["small", "full"])
@pytest.mark.parametrize("value", [float("nan"), "5", True])
def test_malformed_value_is_refused_at_every_scale(
    ledger, monkeypatch, scale, value
):
    monkeypatch.setenv("TOPOI_SCALE", scale)
    with pytest.raises(claims.ClaimError, match="compares a number"):
        claims.check("demo/count", value)


def test_exact_values_compare_as_text(ledger, capsys):
    claims.check("demo/exact", Fraction(28, 34))
    assert "14/17" in capsys.readouterr().out
    with pytest.raises(claims.ClaimError, match="Fails.*exactly 14/17"):
        claims.check("demo/exact", 14 / 17)


@pytest.mark.parametrize(
    ("claim", "value", "words"),
    [
        ("demo/count", 5, "Reproduced at full size"),
        ("demo/count", 3, "Partly reproduced at full size"),
        ("demo/count", -1e9, "Not reproduced at full size"),
        ("demo/exact", 1, "; Holds"),
        ("demo/exact", 2, "; Fails"),
        ("demo/gap", 7, "; Undecided"),
    ],
)
def test_at_full_size_the_value_picks_the_verdict(
    ledger, monkeypatch, capsys, claim, value, words
):
    """Nothing is certified in advance, and no number is an error."""
    monkeypatch.setenv("TOPOI_SCALE", "full")
    claims.check(claim, value)
    assert words in capsys.readouterr().out


def test_a_value_between_the_intervals_is_no_verdict(ledger):
    with pytest.raises(claims.ClaimError, match='"Undecided", but'):
        claims.check("demo/gap", 2.1)


def test_unknown_id_lists_the_known_ones(ledger):
    with pytest.raises(claims.LedgerError, match="demo/count, demo/exact"):
        claims.check("demo/cuont", 5)


@pytest.mark.parametrize("value", [np.zeros(3), None])
def test_what_is_no_number_is_refused(ledger, value):
    with pytest.raises(TypeError, match=r"one number.*max\(\)"):
        claims.check("demo/count", value)


# -- entries ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("expected: corrected", "expected: fine"), "'fine' is no verdict"),
        (("holds: {equals: 1}", "reproduced: {equals: 1}"), "kind theorem"),
        (("kind: theorem", "kind: lemma"), "'lemma' is not one of"),
        (("{equals: 14/17}", "{about: 1}"), "an interval is"),
        (("{equals: 14/17}", "{equals: 1, min: 0}"), "an interval is"),
        (("{min: 4, max: 6}", "{min: 6, max: 4}"), "6 is above max 4"),
        (("{min: 4, max: 6}", "{min: 1e-9}"), "write 1.0e-9"),
        (("partly: {min: 2}", "partly: {}"), "can reach 'not-reproduced'"),
        (("partly: {min: 2}", "partly: {min: 5, max: 6}"), "reach 'partly'"),
        (("{equals: 1}", "{equals: 14/17}"), "can reach 'holds'"),
        (("expected: reproduced", "expected: corrected"), "not among the"),
        (("  why: Exact arithmetic.\n", ""), "missing field why"),
        (("  why: Exact", "  reason: Exact"), "unknown field reason"),
        (("demo/exact", "demo/count"), "stands twice"),
        (('paper_value: "5"', "paper_value: 5"), "put it in quotes"),
        (("  paper: LeCun1998\n", ""), "kind experiment needs paper"),
        (("  kind: ours", "  kind: ours\n  paper: Me"), "ours has no paper"),
        (("  control: The ruler is bent.\n", ""), "missing control"),
        (("show: .1f", "run: {min: 0}"), "needs survey: true"),
        (("show: .1f", "survey: yes please"), "survey is true or false"),
        (("show: .1f", "deviations: moved"), "a list of sentences"),
        (("- id: demo/count", "- count"), "no entry with fields|no YAML"),
    ],
)
def test_malformed_entry_is_refused_with_its_reason(ledger, change, message):
    assert change[0] in ENTRY
    ledger.write_text(ENTRY.replace(*change, 1))
    with pytest.raises(claims.LedgerError, match=message):
        claims.load_ledger()


def test_what_was_not_tested_needs_no_control(ledger):
    """There is no value that a planted mistake could move."""
    ledger.write_text(
        "- id: demo/later\n  kind: experiment\n  paper: LeCun1998\n"
        "  source: Table 1\n  paper_value: '1'\n  statement: Later.\n"
        "  intervals: {}\n  expected: not-tested\n  why: No machine.\n"
    )
    assert claims.load_ledger()["demo/later"].control == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: b", "must be a list"), ("- [", "no YAML"), ("- 5", "no entry")],
)
def test_file_that_is_no_ledger_is_refused(ledger, text, message):
    ledger.write_text(text)
    with pytest.raises(claims.LedgerError, match=message):
        claims.load_ledger()


def test_an_experiment_may_be_not_tested(ledger):
    (entry, *_) = yaml.safe_load(ENTRY)
    entry |= {"expected": "not-tested", "intervals": {}}
    ledger.write_text(yaml.safe_dump([entry]))
    assert claims.load_ledger()["demo/count"].expected == "not-tested"
    entry["intervals"] = {"partly": {}}
    ledger.write_text(yaml.safe_dump([entry]))
    claims.load_ledger.cache_clear()
    with pytest.raises(claims.LedgerError, match="was not tested has no"):
        claims.load_ledger()


def test_a_folder_holds_one_file_a_topic(ledger, monkeypatch):
    monkeypatch.setenv("TOPOI_CLAIMS", str(ledger.parent))
    assert len(claims.load_ledger()) == 3
    claims.load_ledger.cache_clear()
    ledger.rename(ledger.with_name("cnn.yml"))
    with pytest.raises(claims.LedgerError, match="move it to demo.yml"):
        claims.load_ledger()


def test_listed_entry_may_lack_its_control(ledger):
    ledger.write_text(ENTRY.replace("  control: The ruler is bent.\n", ""))
    listed = ledger.with_name("without-control.txt")
    listed.write_text("# still to come\n\ndemo/gap\n")
    assert claims.load_ledger()["demo/gap"].control == ""


def test_missing_ledger_says_how_to_restore_it(tmp_path):
    with pytest.raises(claims.LedgerError, match="git checkout"):
        claims.load_ledger(tmp_path / "none")


# -- intervals --------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ({}, "any other value"),
        ({"equals": "3 9"}, "exactly 3 9"),
        ({"min": 1}, "at least 1"),
        ({"max": 2}, "at most 2"),
        ({"min": 1, "max": 2}, "1 to 2"),
    ],
)
def test_intervals_in_words(interval, words):
    assert claims.describe(interval) == words


def test_first_interval_that_holds_the_value_decides():
    intervals = {"reproduced": {"min": 0.8}, "partly": {"min": 0.3}}
    verdicts = [claims.verdict_of(intervals, v) for v in (0.9, 0.8, 0.5, 0.1)]
    assert verdicts == ["reproduced", "reproduced", "partly", "undecided"]


def test_every_verdict_has_its_own_icon():
    icons = {verdict: claims.icon(verdict) for verdict in claims.VERDICTS}
    assert len(set(icons.values())) == len(claims.VERDICTS)
    assert all("aria-hidden" in svg for svg in icons.values())
    kinds = {verdict for names in claims.KINDS.values() for verdict in names}
    assert kinds | {"undecided"} == set(claims.VERDICTS)


# -- cards ------------------------------------------------------------------


def measurement(verdict, kind="experiment"):
    place = ("small", "tensorflow", "CPU", kind)
    return claims.Measurement("demo/count", 5, "5", verdict, *place)


def test_card_escapes_text_and_names_kind_scale_and_verdict(ledger):
    claim = claims.load_ledger()["demo/count"]
    html = claims.card(claim, measurement("reproduced"))
    assert "&lt;5&gt; layers &amp; more" in html
    assert 'id="claim-demo-count"' in html
    assert "<span>Reproduced</span>" in html
    assert "<dt>Verdict at small scale</dt>" in html
    assert "experiment of the paper: LeCun et al." in html


def test_card_of_our_own_measurement_has_no_paper(ledger):
    claim = claims.load_ledger()["demo/gap"]
    html = claims.card(claim, measurement("measured", "ours"))
    assert "Paper says" not in html
    assert "<dt>Verdict</dt>" in html
    assert "our measurement" in html


def test_stored_values_are_found_again(ledger, tmp_path):
    """A real kernel runs the check; the file is read back."""
    import nbformat
    from nbclient import NotebookClient

    source = "from topoi import claims\nclaims.check('demo/count', 5)"
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(nb, timeout=60, kernel_name="python3").execute()
    path = tmp_path / "demo.ipynb"
    nbformat.write(nb, path)
    (stored,) = claims.read_stored(path)
    assert (stored.id, stored.value, stored.scale, stored.kind) == (
        "demo/count",
        5,
        "small",
        "experiment",
    )


# -- claims with a survey ---------------------------------------------------


SEEDS = (4.5, 5.0, 5.5, 5.6, 5.9)


def record(folder, value, by_seed=SEEDS):
    units = {
        str(seed): {"values": {"ours": v}, "value": v}
        for seed, v in enumerate(by_seed)
    }
    entry = {
        "seeds": list(range(len(by_seed))),
        "units": units,
        "reduced_by": "median",
        "value": value,
    }
    survey.records.write(
        folder / "demo.json", {"surveys": {"demo/count": entry}}
    )


@pytest.fixture
def surveyed(ledger, tmp_path, monkeypatch):
    ledger.write_text(
        ENTRY.replace("  expected: rep", "  survey: true\n  expected: rep")
    )
    monkeypatch.setattr(survey, "RECORDS", tmp_path)
    return ledger


def test_survey_stands_on_the_card_with_its_spread(surveyed, capsys):
    record(surveyed.parent, 5.5)
    claims.check("demo/count", 5)
    words = "survey of 5 seeds: median 5.5, quartiles 5.0 to 5.6"
    assert words in capsys.readouterr().out
    claim = claims.load_ledger()["demo/count"]
    found = claims.spread(claim)
    html = claims.card(claim, measurement("reproduced"), found)
    assert "Survey of 5 seeds" in html
    assert "<dt>This run</dt>" in html
    assert html.count("<circle cx=") >= 5
    assert f'aria-label="{words}"' in html


def test_survey_decides_and_the_run_must_agree(surveyed):
    record(surveyed.parent, 3.0)
    with pytest.raises(claims.ClaimError, match="the survey measured 3.0"):
        claims.check("demo/count", 5)
    record(surveyed.parent, 5.5)
    with pytest.raises(claims.ClaimError, match="this run measured 3,"):
        claims.check("demo/count", 3)


def test_one_run_may_scatter_more_than_the_survey(surveyed, capsys):
    record(surveyed.parent, 5.5)
    text = surveyed.read_text()
    wider = "survey: true\n  run: {min: 1}"
    surveyed.write_text(text.replace("survey: true", wider))
    claims.check("demo/count", 2)
    assert "Reproduced" in capsys.readouterr().out
    with pytest.raises(claims.ClaimError, match="one run gives at least 1"):
        claims.check("demo/count", 0)


def test_a_claim_with_a_survey_needs_no_run(surveyed, capsys):
    record(surveyed.parent, 5.5)
    claims.check("demo/count")
    assert "measured 5.5" in capsys.readouterr().out


def test_missing_survey_names_the_command(surveyed):
    with pytest.raises(claims.LedgerError, match="make survey TOPIC=demo"):
        claims.check("demo/count", 5)


def test_a_value_in_standard_errors_has_its_bar_at_zero():
    seeds = (0.1, 0.15, 0.2)
    found = claims.Spread(8.0, "8.0", "0.1", "0.2", "standard errors", seeds)
    svg = claims.dots(found)
    across = [float(part.split('"')[1]) for part in svg.split("cx=")[1:]]
    assert "M8.0 1V" in svg, "zero is the left end"
    assert across == pytest.approx([90.0, 131.0, 172.0])


def test_dots_stand_apart_when_seeds_agree(surveyed):
    record(surveyed.parent, 5.0, (5.0,) * 5)
    found = claims.spread(claims.load_ledger()["demo/count"])
    svg = claims.dots(found)
    heights = {part.split('"')[1] for part in svg.split("cy=")[1:]}
    assert len(heights) >= 4
