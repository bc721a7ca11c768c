"""Search that finds names without their accents, and years.

Sphinx looks for words letter by letter, so "Poincare" does not find
"Poincaré", and it drops a query that is a number. Here words lose their
marks on both sides, in the index and in the query, and a number gets a letter
in front, so that 1998 is a word.
"""

import json
import re
import unicodedata

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

# letters that are not made of a plain one and a mark
PLAIN = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"}
NUMBER = "n"  # n1998: no English word begins so
SPLIT = """
var splitQuery = (query) => {
  const plain = %s;
  return query.toLowerCase().normalize("NFKD").replace(/\\p{M}/gu, "")
    .replace(/[%s]/g, (letter) => plain[letter])
    .split(/[^\\p{Letter}\\p{Number}_\\p{Emoji_Presentation}]+/gu)
    .filter((term) => term)
    .map((term) => term.replace(/^\\d+$/, "%s$&"));
};
"""


def setup(app: Sphinx) -> None:
    """Index English words without marks; split queries alike."""
    app.add_search_language(PlainEnglish)


def plain(text: str) -> str:
    """Return a text in small letters without marks: Erdős is erdos."""
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in text if unicodedata.category(c)[0] != "M")
    return "".join(PLAIN.get(c, c) for c in text)


class PlainEnglish(SearchEnglish):
    """Sphinx's English with words as `plain` leaves them."""

    js_splitter_code = SPLIT % (
        json.dumps(PLAIN, ensure_ascii=False),
        "".join(PLAIN),
        NUMBER,
    )

    def split(self, input: str) -> list[str]:
        """Return the words of a text, numbers with their letter."""
        words = re.findall(r"\w+", plain(input))
        return [NUMBER + w if re.fullmatch(r"[0-9]+", w) else w for w in words]
