"""The Goldman bracket from words beside brute force in the hyperbolic plane.

``make bench TOPIC=string_topology`` runs it; `harness` says how. The oracle
draws every line of a curve in a polygon and intersects all pairs of chords.
Both programs return the same formal sum. With cone points there are three:
words and projection, lines in a tree, rotations of the plane.
"""

import operator
import random

from benchmarks import harness

bench = harness.Bench("string_topology", backend=None)

from topoi import string_topology as st  # noqa: E402


def words(length: int, seed: int) -> tuple[str, str]:
    """Return two cyclically reduced words of exactly this length."""
    rng, found = random.Random(seed), []
    while len(found) < 2:
        word = "a"
        while len(word) < length:
            letter = rng.choice("abAB")
            word += letter if letter != word[-1].swapcase() else ""
        if st.cyc_reduce(word) == word:
            found.append(word)
    return found[0], found[1]


def on_torus(length: int) -> None:
    """Compare the bracket of two words on the torus with one hole."""
    x, y = words(length, seed=length)
    surface = st.Surface("abAB")

    def drawn() -> dict:
        return st.certain(lambda k: st.SchottkyOracle("abAB", k).bracket(x, y))

    programs = {
        "topoi.string_topology.Surface.bracket": lambda: surface.bracket(x, y),
        "chords of a polygon": drawn,
    }
    bench.compare(
        f"bracket of two words of {length} letters", programs, operator.eq
    )


def with_cone_points(length: int) -> None:
    """Compare the bracket with cone points of orders 3 and 4."""
    x, y = words(length, seed=length)
    orders, pants = {"a": 3, "b": 4}, st.Surface("aAbB")

    def drawn() -> dict:
        return st.certain(lambda k: st.FuchsianOracle(3, 4, k).bracket(x, y))

    programs = {
        "topoi.string_topology.orb_bracket": lambda: st.orb_bracket(
            pants, x, y, orders
        ),
        "lines in a tree": lambda: st.double_coset_bracket(x, y, orders),
        "rotations of the plane": drawn,
    }
    bench.compare(
        f"cone points, words of {length} letters", programs, operator.eq
    )


if __name__ == "__main__":
    for letters in (6, 10):
        on_torus(letters)
    with_cone_points(10)
    bench.store()
