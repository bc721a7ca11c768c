"""The button that opens a lab on a hub: its address, and refusals."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tools.bookext import launch

HUB = {"HUB": "https://hub.example.org/", "LABS": "https://git.org/t/labs.git"}


def test_nothing_is_offered_unless_asked():
    assert launch.settings({"HUB": "", "PATH": "/bin"}) == {}
    assert launch.hub_link({}, "labs/cnn") is None


def test_the_hub_pulls_the_labs_and_opens_the_student_notebook():
    asked = launch.settings(HUB)
    url = urlsplit(launch.hub_link(asked, "labs/cnn"))
    assert url.netloc == "hub.example.org"
    assert url.path == "/hub/user-redirect/git-pull"
    assert parse_qs(url.query) == {
        "repo": ["https://git.org/t/labs.git"],
        "branch": ["main"],
        "urlpath": ["lab/tree/labs/cnn-student.ipynb"],
    }
    assert launch.hub_link(asked, "chapters/cnn") is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"HUB": "https://hub.org"}, "give both or neither"),
        ({"LABS": "https://git.org/labs"}, "give both or neither"),
        (HUB | {"HUB": "hub.org"}, "HUB is an address"),
    ],
)
def test_what_is_missing_is_named(given, message):
    with pytest.raises(ValueError, match=message):
        launch.settings(given)
