"""The checks can fail: each fault of the broken page is reported."""

import pytest
from visits import DESKTOP, NARROW, PHONE, Look

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def seen(visit, broken):
    return visit(f"{broken}index.html")


def test_an_error_in_the_console_is_seen(seen):
    assert any("broken on purpose" in text for text in seen.errors)


def test_a_request_to_the_outside_is_seen_and_blocked(seen):
    assert set(seen.outside) == {"https://example.org/picture.png"}


def test_a_missing_file_is_seen(seen):
    assert len(seen.failed) == 1
    assert seen.failed[0].endswith("missing.css")


def test_pictures_that_did_not_load_are_seen(seen):
    assert set(seen.pictures) == {"https://example.org/picture.png"}


def test_an_element_that_sticks_out_is_seen_at_the_width_where_it_does(seen):
    assert seen.wide == {
        Look("light", DESKTOP): [],
        Look("light", PHONE): ["div.too-wide"],
        Look("light", NARROW): ["div.too-wide", "div.too-wide-for-320"],
    }


def test_a_formula_that_its_box_cuts_off_is_seen(seen):
    found = seen.cut[Look("light", DESKTOP)]
    assert len(found) == 1
    assert found[0].startswith("mjx-container by 20 px: a long")


def test_a_formula_that_was_not_rendered_is_seen(seen):
    assert (seen.formulae, seen.rendered) == (2, 1)


def test_an_unreadable_formula_is_seen(seen):
    assert seen.misread == ["Undefined control sequence"]


@pytest.mark.parametrize("width", [DESKTOP, NARROW])
def test_faults_of_accessibility_are_seen(seen, width):
    rules = {text.split(":")[0] for text in seen.axe[Look("light", width)]}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= rules


def test_a_pale_word_in_code_is_seen_among_good_ones(seen):
    """One word of each style is kept: the pale one, wherever it stands."""
    assert pale(seen, "light") == {".c1"}


def test_a_word_that_is_dark_on_dark_in_one_box_only_is_seen(seen):
    """Alike in the light theme, and not in the dark one: both are kept."""
    assert pale(seen, "dark") == {".dark .k"}


def pale(seen, theme):
    """Return the words of the broken page's code that axe names."""
    text = "".join(seen.axe[Look(theme, DESKTOP)])
    shown = {".c1": "'.c1'", ".dark .k": "'.dark > pre > .k'"}
    return {word for word, target in shown.items() if target in text}


def test_every_fault_is_told_with_its_kind_and_look(seen):
    faults = "\n".join(seen.faults())
    assert "light, 320 px: sticks out: div.too-wide-for-320" in faults
    assert "light, 1280 px: cut off: mjx-container by 20 px" in faults
    assert "dark, 1280 px: axe-core: color-contrast" in faults
