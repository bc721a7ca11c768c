"""The checks can fail: each fault of the broken page is reported."""

import pytest
from visits import PHONE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def seen(visit, broken):
    return visit(f"{broken}index.html", width=PHONE)


def test_an_error_in_the_console_is_seen(seen):
    assert any("broken on purpose" in text for text in seen.errors)


def test_a_request_to_the_outside_is_seen_and_blocked(seen):
    assert seen.outside == ["https://example.org/picture.png"]


def test_a_missing_file_is_seen(seen):
    assert len(seen.failed) == 1
    assert seen.failed[0].endswith("missing.css")


def test_pictures_that_did_not_load_are_seen(seen):
    assert seen.pictures == ["https://example.org/picture.png"]


def test_an_element_that_sticks_out_is_seen(seen):
    assert seen.width > PHONE
    assert seen.wide == ["div.too-wide"]


def test_a_formula_that_was_not_rendered_is_seen(seen):
    assert (seen.formulae, seen.rendered) == (1, 0)


def test_an_unreadable_formula_is_seen(seen):
    assert seen.misread == ["Undefined control sequence"]


def test_faults_of_accessibility_are_seen(seen):
    rules = {text.split(":")[0] for text in seen.axe}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= rules
