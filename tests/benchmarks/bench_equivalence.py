"""Stability by HiGHS beside brute force, and the exact rank beside SymPy.

``make bench TOPIC=equivalence`` runs it; `harness` says how. No public
verifier is part of the environment, so the peers are complete searches: the
exact vertices of all cells for two inputs, one linear program per activation
pattern for three. All programs must return the same statuses.
"""

import itertools

from benchmarks import harness

bench = harness.Bench("equivalence", backend=None)

import numpy as np  # noqa: E402
import sympy  # noqa: E402
from scipy.optimize import linprog  # noqa: E402

from topoi import equivalence, tropical  # noqa: E402


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether two results are equal, entry by entry."""
    return np.array_equal(a, b)


def by_cells(net: list) -> np.ndarray:
    """Return the statuses from the vertices of all cells of a square."""
    cells = tropical.enumerate_regions(net, tropical.box(1), exact=True)
    exact = equivalence.to_fractions(net)
    z = equivalence.preactivations(exact, cells.vertices)
    ranges = [equivalence.Interval(v.min(0), v.max(0)) for v in z]
    return np.concatenate(equivalence.statuses(ranges))


def by_patterns(net: list) -> np.ndarray:
    """Return the statuses from one linear program per pattern."""
    (w, b, _), (w2, b2, _), _ = net
    size = w.shape[1]
    first = equivalence.stable_units(net, -np.ones(size), np.ones(size))[0]
    found = [*first]
    for row, shift in zip(w2, b2, strict=True):
        values = []
        for pattern in itertools.product([0, 1], repeat=len(b)):
            sign = 2.0 * np.array(pattern) - 1
            slope, rest = (row * pattern) @ w, (row * pattern) @ b + shift
            for way in (1, -1):
                best = linprog(
                    -way * slope,
                    A_ub=-sign[:, None] * w,
                    b_ub=sign * b,
                    bounds=[(-1, 1)] * size,
                )
                if best.status == 0:
                    values.append(-way * best.fun + rest)
        found.append(-1 if max(values) <= 0 else int(min(values) >= 0))
    return np.array(found)


def stability(widths: tuple, name: str, peer) -> None:
    """Decide the stability of all units of one random network."""
    net = equivalence.random_network(widths, np.random.default_rng(0))
    ends = -np.ones(widths[0]), np.ones(widths[0])

    def highs() -> np.ndarray:
        return np.concatenate(equivalence.stable_units(net, *ends, "milp"))

    programs = {
        "topoi.equivalence.stable_units": highs,
        name: lambda: peer(net),
    }
    title = f"stable units of a network {'-'.join(map(str, widths))}"
    bench.compare(title, programs, same)


def ranks(width: int) -> None:
    """Find the rank of a Jacobian of fractions."""
    rng = np.random.default_rng(1)
    net = equivalence.to_fractions(equivalence.draw_teacher(4, width, rng))
    x = tropical.fractions(rng.integers(-9, 10, (15 * width, 4)))
    matrix = equivalence.parameter_jacobian(net, x, bias=False)
    rational = sympy.Matrix(
        [[sympy.Rational(v.numerator, v.denominator) for v in r]
         for r in tropical.fractions(matrix)]
    )  # fmt: skip

    def domain() -> int:
        return rational.to_DM().rank()

    programs = {
        "topoi.equivalence.exact_rank": lambda: equivalence.exact_rank(matrix),
        "SymPy, DomainMatrix over the rationals": domain,
    }
    shape = " x ".join(map(str, matrix.shape))
    bench.compare(f"rank of a {shape} Jacobian", programs, same)


if __name__ == "__main__":
    stability((2, 6, 6, 1), "exact cells of the square", by_cells)
    stability((3, 5, 4, 1), "all activation patterns", by_patterns)
    ranks(2)
    bench.store()
