"""Every claim can fail: its control moves the value out of its interval."""

import os

import numpy as np
import pytest

import controls
import gates
from controls import Control, control, planted, problem
from topoi import claims
from topoi.claims.ledger import without_control

LEDGER = claims.load_ledger()
ASKED = os.environ.get("TOPIC")  # `make controls TOPIC=cnn`
TOPICS = [ASKED] if ASKED else sorted({claims.topic_of(i) for i in LEDGER})
PLANTED = [c for topic in TOPICS for c in planted(topic)]


def _cases():
    for c in PLANTED:
        marks = [pytest.mark.heavy] if c.heavy else []
        name = f"{c.claim}-{c.measure.__name__}"
        yield pytest.param(c, id=name, marks=marks)


@pytest.mark.parametrize("case", list(_cases()))
def test_control_trips(case):
    value = case.measure()
    if isinstance(value, np.generic):
        value = value.item()
    assert problem(case, LEDGER[case.claim], value) == ""


@pytest.mark.parametrize("topic", TOPICS)
def test_each_control_belongs_to_a_claim_that_announces_it(topic):
    of_topic = {i for i in LEDGER if claims.topic_of(i) == topic}
    have = {c.claim for c in planted(topic)}
    announced = {i for i in of_topic if LEDGER[i].control}
    assert have - of_topic == set(), "no such claim"
    assert have - announced == set(), "the entry needs its `control:` line"
    assert announced - have == set(), f"plant it in tests/controls/{topic}.py"


def test_list_of_claims_without_control_holds_only_such_claims():
    listed = without_control()
    assert len(listed) == len(set(listed))
    assert set(listed) - set(LEDGER) == set(), "no such claim"
    done = {i for i in listed if LEDGER[i].control}
    assert done == set(), "they have a control: take them off the list"


@pytest.mark.skipif(bool(ASKED), reason="about one page of the whole book")
def test_the_page_how_we_judge_quotes_the_message_of_its_control():
    page = (gates.ROOT / "book" / "how-we-judge.md").read_text()
    quoted = page.split(":name: tripped\n")[1].split("```")[0]
    quoted = " ".join(quoted.split())
    (case,) = (c for c in planted("gan") if c.claim in quoted)
    with pytest.raises(claims.ClaimError) as error:
        claims.check(case.claim, case.measure())
    assert str(error.value).startswith(f"{quoted}, but the ledger expects")


CLAIM = claims.Claim(
    id="demo/sum",
    kind="ours",
    statement="A sum.",
    intervals={"measured": {"min": 9, "max": 11}, "moved": {}},
    expected="measured",
    why="Counted.",
    control="a term is dropped",
)


@pytest.mark.parametrize(("value", "trips"), [(8.9, True), (10, False)])
def test_a_control_that_does_not_trip_is_found(value, trips):
    case = Control("demo/sum", "a term is dropped", lambda: value, False)
    found = problem(case, CLAIM, case.measure())
    assert (found == "") is trips
    assert trips or "the control does not trip" in found


def test_controls_are_found_by_topic(monkeypatch):
    monkeypatch.setattr(controls, "_planted", [])
    declared = control("demo/sum", "a term is dropped")(lambda: 5)
    assert declared() == 5
    assert controls._planted[0].claim == "demo/sum"
    assert planted("no_such_topic") == []
