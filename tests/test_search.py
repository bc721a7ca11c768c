"""The book's search: what is a word, in the index and in a query."""

import json
import re

import pytest
from sphinx.search import SearchEnglish, languages

from tools.bookext import search


@pytest.fixture
def words():
    return search.PlainEnglish({}).split


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Poincaré's", ["poincare", "s"]),
        ("Erdős, Łukasz & Sørensen", ["erdos", "lukasz", "sorensen"]),
        ("LeCun et al. (1998)", ["lecun", "et", "al", "n1998"]),
        ("2nd x_1 v2", ["2nd", "x_1", "v2"]),
        ("e\u0301tale", ["etale"]),  # a letter and its mark apart
        ("", []),
    ],
)
def test_words_are_plain_and_years_are_words(text, found, words):
    assert words(text) == found


def test_text_without_marks_and_numbers_is_split_as_by_sphinx(words):
    text = "Residual networks: why do they train? See _conv2d_."
    assert words(text) == SearchEnglish({}).split(text.lower())


def test_queries_are_split_by_the_same_table():
    code = search.PlainEnglish.js_splitter_code
    table = json.loads(re.search(r"plain = (\{.*?\});", code)[1])
    assert table == search.PLAIN
    (letters,) = re.findall(r"/\[(\S+?)\]/g", code)
    assert set(letters) == set(table)
    assert f'"{search.NUMBER}$&"' in code


def test_sphinx_uses_it_for_english(monkeypatch):
    monkeypatch.setitem(languages, "en", SearchEnglish)

    class App:
        add_search_language = staticmethod(
            lambda kind: languages.__setitem__(kind.lang, kind)
        )

    search.setup(App)
    assert languages["en"] is search.PlainEnglish
