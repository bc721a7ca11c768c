"""CCP beside its dense tensors, exact root counts beside SymPy's.

``make bench TOPIC=polynomial`` runs it; `harness` says how. All programs of a
comparison return the same numbers: the outputs of one polynomial of third
degree in 24 inputs, and the number of real roots of 40 filters.
"""

from benchmarks import harness

bench = harness.Bench("polynomial")

import numpy as np  # noqa: E402
import sympy  # noqa: E402
from sklearn.preprocessing import PolynomialFeatures  # noqa: E402

from topoi import polynomial  # noqa: E402


def outputs(d: int, rank: int, batch: int) -> None:
    """Evaluate a CCP of degree three, in factors and in coefficients."""
    rng = np.random.default_rng(0)
    U = [rng.normal(size=(d, rank)) / np.sqrt(d) for _ in range(3)]
    C, z = rng.normal(size=(rank, 4)), rng.normal(size=(batch, d))
    T = [polynomial.ccp_tensor(U, C, n) for n in (1, 2, 3)]
    features = PolynomialFeatures(3, include_bias=False)
    features.fit(z[:1])
    columns = np.array([coefficients(T, p) for p in features.powers_])

    def dense():
        first = z @ T[0].T
        second = np.einsum("oab,na,nb->no", T[1], z, z, optimize=True)
        third = np.einsum("oabc,na,nb,nc->no", T[2], z, z, z, optimize=True)
        return first + second + third

    programs = {
        "topoi.polynomial.ccp_forward": lambda: (
            polynomial.ccp_forward(z, U) @ C
        ),
        "NumPy einsum, dense tensors": dense,
        "scikit-learn, all monomials": lambda: features.transform(z) @ columns,
    }
    bench.compare(f"degree 3, {d} inputs, batch {batch}", programs, 1e-9)


def coefficients(T: list[np.ndarray], powers: np.ndarray) -> np.ndarray:
    """Return the coefficients of one monomial, one per output."""
    index = tuple(np.repeat(np.arange(len(powers)), powers).tolist())
    orders = sympy.factorial(len(index))
    for power in powers.tolist():
        orders = orders // sympy.factorial(power)
    return T[len(index) - 1][(slice(None), *index)] * float(orders)


def roots(size: int) -> None:
    """Count the real roots of 40 filters with whole numbers."""
    rng = np.random.default_rng(1)
    filters = rng.integers(-9, 10, (40, size))
    filters[:, 0] = np.abs(filters[:, 0]) + 1
    x = sympy.Symbol("x")

    def by_sympy():
        return np.array(
            [len(sympy.real_roots(sympy.Poly(w.tolist(), x))) for w in filters]
        )

    def by_numpy():
        found = [np.roots(w) for w in filters]
        return np.array([(abs(r.imag) < 1e-9).sum() for r in found])

    programs = {
        "topoi.polynomial.real_root_count": lambda: np.array(
            [polynomial.real_root_count(w) for w in filters]
        ),
        "SymPy real_roots": by_sympy,
        "NumPy roots, not exact": by_numpy,
    }
    bench.compare(f"real roots of 40 filters of size {size}", programs, 0)


if __name__ == "__main__":
    outputs(24, 16, 500)
    for size in (4, 7):
        roots(size)
    bench.store()
