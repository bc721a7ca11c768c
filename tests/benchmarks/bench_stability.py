"""Sparse recovery beside SciPy's HiGHS, the worst case beside its SVD.

``make bench TOPIC=stability`` runs it; `harness` says how. FIRENET minimises
the square-root LASSO and HiGHS solves basis pursuit; from exact data both have
the sparse vector as their only answer, and all programs must return it to five
digits. The largest singular value is what any search for the worst
perturbation of a linear map can reach at most.
"""

from benchmarks import harness

bench = harness.Bench("stability")

import numpy as np  # noqa: E402
from keras import ops  # noqa: E402
from scipy.optimize import linprog  # noqa: E402
from scipy.sparse.linalg import svds  # noqa: E402

from topoi import stability  # noqa: E402

SIZES = ((64, 128, 5), (128, 256, 10), (256, 512, 20))


def recovery(m: int, size: int, s: int) -> None:
    """Find a vector with `s` nonzero entries from `m` measurements."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(m, size)) / np.sqrt(m)
    x = np.zeros(size)
    x[rng.choice(size, s, replace=False)] = rng.normal(size=s)
    y, op = A @ x, stability.Matrix(A)
    lasso = stability.SquareRootLasso(0.1)

    def firenet():
        return stability.firenet(y, op, lasso, p=30, n=18)

    def last_iterate():
        return stability.primal_dual(y, op, lasso, 540).last

    def highs(method):
        columns, price = np.hstack([A, -A]), np.ones(2 * size)
        found = linprog(price, A_eq=columns, b_eq=y, method=method).x
        return found[:size] - found[size:]

    programs = {
        "topoi.stability.firenet": firenet,
        "the same steps without restarts": last_iterate,
        "SciPy HiGHS, simplex": lambda: highs("highs-ds"),
        "SciPy HiGHS, interior point": lambda: highs("highs-ipm"),
    }
    bench.compare(f"{s} nonzero entries of {size} from {m}", programs, 1e-5)


def worst_case() -> None:
    """Find the largest change of a linear map on 1024 pixels."""
    rng = np.random.default_rng(1)
    mask = stability.frequency_mask(32, 0.3, rng)
    A = stability.real_matrix(mask)
    images = stability.ellipse_images(2000, 32, rng).reshape(2000, -1)
    y = images @ A.T
    weights = np.linalg.solve(y.T @ y + 1e-2 * np.eye(len(A)), y.T @ images)
    kernel = ops.convert_to_tensor(weights.astype("float32"))
    zero = np.full((1, 1024), 1e-9)  # a picture without any error of its own

    def search():
        found = stability.worst_case(
            lambda v: ops.matmul(v, kernel), A, zero, 1e9, steps=40
        )
        return found.errors[0] / np.linalg.norm(found.r)

    def singular_value():
        return svds(weights, k=1, return_singular_vectors=False)[0]

    programs = {
        "topoi.stability.worst_case, 40 steps": search,
        "SciPy svds": singular_value,
    }
    bench.compare("worst case of a linear map, 1024 pixels", programs, 2e-2)


if __name__ == "__main__":
    for size in SIZES:
        recovery(*size)
    worst_case()
    bench.store()
