"""Buttons that open notebooks elsewhere: their addresses, and refusals."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tools.bookext import launch

BOOK = "https://github.com/school/book"
HUB = {"HUB": "https://hub.example.org/", "LABS": "https://git.org/t/labs.git"}


def test_nothing_is_offered_unless_asked():
    assert launch.settings({"HUB": "", "PATH": "/bin"}) == {}
    assert launch.targets({}, "labs/cnn") == []


def test_the_hub_pulls_the_labs_and_opens_the_student_notebook():
    asked = launch.settings(HUB)
    ((name, address),) = launch.targets(asked, "labs/cnn")
    url = urlsplit(address)
    assert (name, url.netloc) == ("the hub", "hub.example.org")
    assert url.path == "/hub/user-redirect/git-pull"
    assert parse_qs(url.query) == {
        "repo": ["https://git.org/t/labs.git"],
        "branch": ["main"],
        "urlpath": ["lab/tree/labs/cnn-student.ipynb"],
    }
    assert launch.targets(asked, "chapters/cnn") == []


def test_chapters_open_on_public_hosts_and_labs_do_not():
    asked = launch.settings({"REPOSITORY": BOOK, "COLAB": "1", "BINDER": "1"})
    found = dict(launch.targets(asked, "chapters/cnn"))
    assert found["Colab"].endswith("/school/book/blob/main/chapters/cnn.ipynb")
    assert found["Binder"].endswith(
        "/gh/school/book/main?urlpath=lab/tree/chapters/cnn.ipynb"
    )
    assert launch.targets(asked, "labs/cnn") == []
    assert launch.targets(asked, "book/map") == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"HUB": "https://hub.org"}, "give both or neither"),
        ({"LABS": "https://git.org/labs"}, "give both or neither"),
        (HUB | {"HUB": "hub.org"}, "HUB is an address"),
        ({"COLAB": "1"}, "need REPOSITORY"),
        ({"BINDER": "1", "REPOSITORY": "https://git.org/a/b"}, "git.org/a/b"),
    ],
)
def test_what_is_missing_is_named(given, message):
    with pytest.raises(ValueError, match=message):
        launch.settings(given)
