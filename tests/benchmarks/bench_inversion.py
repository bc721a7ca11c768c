"""Pursuit beside public solvers: HiGHS, scikit-learn, SciPy.

``make bench TOPIC=inversion`` runs it; `harness` says how. All programs of a
comparison must return the same hidden layer, or the same value of the
objective, and before the times the table of recovery is printed: how many of
twelve hidden layers each program finds.
"""

from benchmarks import harness

bench = harness.Bench("inversion", backend="tensorflow")

import numpy as np  # noqa: E402
from scipy.optimize import linprog, minimize, nnls  # noqa: E402
from sklearn.linear_model import Lasso  # noqa: E402

from topoi import inversion, stability  # noqa: E402


def layer(units: int, outputs: int, seed: int, latent: int = 10):
    """Return a Gaussian matrix and a hidden layer of a random latent."""
    rng = np.random.default_rng(seed)
    gen = inversion.random_generator((latent, units, outputs), rng)
    return gen.weights[1], gen.layers(rng.normal(size=latent))[0]


def highs(M, b, method):
    """Return the nonnegative solution of least sum, by HiGHS alone."""
    return linprog(np.ones(M.shape[1]), A_eq=M, b_eq=b, method=method).x


SOLVERS = {
    "topoi.inversion.nonnegative_pursuit": inversion.nonnegative_pursuit,
    "SciPy HiGHS, simplex": lambda M, b: highs(M, b, "highs-ds"),
    "SciPy HiGHS, interior point": lambda M, b: highs(M, b, "highs-ipm"),
    "SciPy nnls": lambda M, b: nnls(M, b)[0],
    "signed, topoi.stability.basis_pursuit": stability.basis_pursuit,
}


def recovery(units: int, outputs: int, trials: int = 12) -> None:
    """Print how many hidden layers each program finds, and their sums."""
    print(f"{units} units, {outputs} outputs: found of {trials}, mean sum")
    for name, solve in SOLVERS.items():
        hits, sums = 0, []
        for seed in range(trials):
            M, x = layer(units, outputs, seed)
            found = solve(M, M @ x)
            hits += np.abs(found - x).max() < 1e-5 * x.max()
            sums.append(np.abs(found).sum() / x.sum())
        print(f"  {name:40}{hits:3}  {np.mean(sums):.4f} of the true sum")


def exact(units: int, outputs: int) -> None:
    """Time the solvers on a layer that is certified to be unique."""
    M, x = layer(units, outputs, 0)
    assert inversion.dual_vector(M, x > 0) is not None
    names = list(SOLVERS)[:4]
    programs = {
        name: (lambda solve=SOLVERS[name]: solve(M, M @ x)) for name in names
    }
    bench.compare(f"hidden layer, {units} from {outputs}", programs, 1e-5)


def noisy(units: int, outputs: int) -> None:
    """Time the LASSO without negative entries; compare its values."""
    M, x = layer(units, outputs, 1)
    M = M / np.linalg.norm(M, axis=0)
    b = M @ x + 0.01 * np.random.default_rng(2).normal(size=outputs)
    lam = 0.05

    def value(x):
        return np.sum((M @ x - b) ** 2) / 2 + lam * np.sum(x)

    def slope(x):
        return M.T @ (M @ x - b) + lam

    def coordinates():
        lasso = Lasso(lam / outputs, fit_intercept=False, positive=True)
        return lasso.set_params(tol=1e-8, max_iter=10_000).fit(M, b).coef_

    def quasi_newton():
        bounds, start = [(0, None)] * units, np.zeros(units)
        tight = {"maxiter": 5000, "ftol": 1e-14, "gtol": 1e-9}
        return minimize(
            value, start, jac=slope, bounds=bounds, options=tight
        ).x

    programs = {
        "topoi.inversion.nonnegative_lasso": lambda: (
            inversion.nonnegative_lasso(M, b, lam, 500)
        ),
        "scikit-learn Lasso, coordinates": coordinates,
        "SciPy L-BFGS-B": quasi_newton,
    }

    def agree(ours, theirs):
        return abs(value(ours) / value(theirs) - 1) < 1e-5

    bench.compare(
        f"nonnegative LASSO, {units} from {outputs}", programs, agree
    )


def whole() -> None:
    """Time a whole inversion beside gradient descent with ten starts."""
    rng = np.random.default_rng(3)
    gen = inversion.random_generator((6, 24, 96, 196), rng)
    y, starts = gen.forward(rng.normal(size=6)), rng.normal(size=(10, 6))

    def descent():
        found = inversion.restarts(gen, y, starts, 500, 0.3)
        return gen.forward(inversion.best_of(found, 10)[0])

    programs = {
        "topoi.inversion.latent_pursuit": lambda: gen.forward(
            inversion.latent_pursuit(gen, y).z
        ),
        "gradient descent, ten starts": descent,
    }
    bench.compare("inversion of 6-24-96-196", programs, 1e-2)


if __name__ == "__main__":
    for units in (50, 66, 84):
        recovery(units, 60)
    exact(66, 60)
    exact(140, 125)
    noisy(96, 78)
    noisy(392, 470)
    whole()
    bench.store()
