"""An equation learner beside genetic programming, on the same points.

``make bench TOPIC=symbolic_regression`` runs it; `harness` says how. gplearn
is left out where it is not installed; it is no part of the book's
environment. Both searches get the same 256 points and return predictions at
points in (-2, 2). "Right" means an error there below a thousandth of the
variance; a row is kept only for functions on which both are right, and the
others are named. One row compares gradients of 20 stacked networks with 20
passes over single ones.
"""

from benchmarks import harness

bench = harness.Bench("symbolic_regression", backend=None)

import numpy as np  # noqa: E402

from topoi import symbolic_regression as sr  # noqa: E402

try:
    from gplearn.genetic import SymbolicRegressor
except ImportError:
    SymbolicRegressor = None

TEXTS = ("x**2", "x*y", "x**2 + y - 2*z", "x**2 + sin(2*pi*y)")


def ours(x, y, far):
    """Predict by the best of six equation learners."""
    return sr.discover(x, y, trials=6)[0].predict(far)


def genetic(x, y, far):
    """Predict by the best of 500 trees after 12 generations."""
    search = SymbolicRegressor(
        500,
        12,
        function_set=("add", "sub", "mul", "sin"),
        const_range=(-7.0, 7.0),
        random_state=0,
    )
    return search.fit(x, y).predict(far)


def is_right(found, wanted) -> bool:
    """Tell whether a prediction outside is nearly exact."""
    with np.errstate(all="ignore"):
        return bool(np.mean((found - wanted) ** 2) < 1e-3 * wanted.var())


def search(text: str) -> None:
    """Compare both searches on one function."""
    x, y, _ = sr.sample(text)
    far, wanted, _ = sr.sample(text, 1000, (-2.0, 2.0), seed=9)
    programs = {"topoi.symbolic_regression.discover, 6 starts": ours}
    if SymbolicRegressor:
        programs["gplearn, 500 trees"] = genetic
    calls = {
        name: lambda program=program: program(x, y, far)
        for name, program in programs.items()
    }
    right = {name: is_right(call(), wanted) for name, call in calls.items()}
    if all(right.values()):
        bench.compare(
            f"search for {text}",
            calls,
            lambda a, b: is_right(a, wanted) and is_right(b, wanted),
        )
    else:
        print(f"{text}: right outside: {right}")


def gradients() -> None:
    """Twenty networks at once, and one by one."""
    rng = np.random.default_rng(0)
    x, y, _ = sr.sample("x*y")
    weights = sr.initial_weights(2, 1, 20, rng)

    def stacked():
        return sr.loss_and_grad(weights, x, y[:, None])[0]

    def single():
        losses = [
            sr.loss_and_grad([w[k : k + 1] for w in weights], x, y[:, None])
            for k in range(20)
        ]
        return np.concatenate([loss for loss, _ in losses])

    bench.compare(
        "gradients of 20 networks, 256 points",
        {"stacked": stacked, "one by one": single},
    )


if __name__ == "__main__":
    gradients()
    for text in TEXTS:
        search(text)
    bench.store()
