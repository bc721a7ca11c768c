"""`topoi.claims`: what it accepts, refuses, shows and stores."""

from fractions import Fraction

import numpy as np
import pytest

from topoi import claims

ENTRY = """
- id: demo/count
  paper: LeCun1998
  source: LeCun et al. 1998, section 2
  statement: There are <5> layers & more.
  paper_value: "5"
  accept: {min: 4, max: 6}
  why: Counted by hand.
  verdict: reproduced
- id: demo/exact
  paper: LeCun1998
  source: LeCun et al. 1998
  statement: The fraction is 14/17.
  paper_value: theorem
  accept: {equals: 14/17}
  why: Exact arithmetic.
  verdict: corrected
  full:
    accept: {equals: 1}
    verdict: reproduced
"""


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    path = tmp_path / "claims.yml"
    path.write_text(ENTRY)
    monkeypatch.setenv("TOPOI_CLAIMS", str(path))
    monkeypatch.delenv("TOPOI_SCALE", raising=False)
    claims.load_ledger.cache_clear()
    yield path
    claims.load_ledger.cache_clear()


@pytest.mark.parametrize("value", [5, 4.0, np.float32(6.0), np.array([5])])
def test_value_inside_passes_and_prints_one_line(ledger, capsys, value):
    claims.check("demo/count", value)
    assert "demo/count: paper 5; measured" in capsys.readouterr().out


@pytest.mark.parametrize("value", [3.99, 6.01, float("nan"), "5", True])
def test_value_outside_raises_with_the_reason(ledger, value):
    with pytest.raises(claims.ClaimError, match=r"4 to 6.*Counted by hand"):
        claims.check("demo/count", value)


def test_exact_values_compare_as_text(ledger, capsys):
    claims.check("demo/exact", Fraction(28, 34))
    assert "14/17" in capsys.readouterr().out
    with pytest.raises(claims.ClaimError, match="exactly 14/17"):
        claims.check("demo/exact", 14 / 17)


def test_full_scale_has_its_own_range_and_verdict(ledger, monkeypatch, capsys):
    monkeypatch.setenv("TOPOI_SCALE", "full")
    claims.check("demo/exact", 1)
    assert "Reproduced" in capsys.readouterr().out


def test_unknown_id_lists_the_known_ones(ledger):
    with pytest.raises(claims.LedgerError, match="demo/count, demo/exact"):
        claims.check("demo/cuont", 5)


def test_array_is_refused(ledger):
    with pytest.raises(TypeError, match=r"one number.*ndarray.*max\(\)"):
        claims.check("demo/count", np.zeros(3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("verdict: corrected", "verdict: fine"), "verdict 'fine' is not"),
        (("{equals: 14/17}", "{about: 1}"), "accept must be"),
        (("  why: Exact arithmetic.\n", ""), "missing.*'why'"),
        (("demo/exact", "demo/count"), "stands twice"),
    ],
)
def test_malformed_ledger_is_refused(ledger, change, message):
    ledger.write_text(ENTRY.replace(*change))
    with pytest.raises(claims.LedgerError, match=message):
        claims.load_ledger()


def test_missing_ledger_says_how_to_restore_it(tmp_path):
    with pytest.raises(claims.LedgerError, match="git checkout"):
        claims.load_ledger(tmp_path / "none.yml")


def test_card_escapes_text_and_names_the_verdict(ledger):
    claim = claims.load_ledger()["demo/count"]
    measured = claims.Measurement(
        "demo/count", 5, "5", "reproduced", "small", "tensorflow", "CPU"
    )
    html = claims.card(claim, measured)
    assert "&lt;5&gt; layers &amp; more" in html
    assert 'id="claim-demo-count"' in html
    assert "<span>Reproduced</span>" in html


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
    assert (stored.id, stored.value, stored.scale) == (
        "demo/count",
        5,
        "small",
    )
