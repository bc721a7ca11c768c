"""An implicit layer beside the same layer unrolled, and four solvers.

``make bench TOPIC=implicit`` runs it; `harness` says how. Both layers make the
same number of steps of the iteration and return the derivative of a loss with
respect to A. Ours stops the derivative at the equilibrium and solves a linear
system; the peer lets Keras back-propagate through all steps. Derivatives must
agree to a part in a thousand.
"""

from benchmarks import harness

bench = harness.Bench("implicit")

import numpy as np  # noqa: E402
from keras import ops  # noqa: E402
from scipy.optimize import fsolve, root  # noqa: E402

from topoi import implicit  # noqa: E402
from topoi.autodiff import value_and_grad  # noqa: E402
from topoi.implicit.layers import ImplicitDense  # noqa: E402


class Unrolled(ImplicitDense):
    """The same layer, differentiated through all its steps."""

    def equilibrium(self, u):
        """Return the last state of the iteration."""
        A = ops.transpose(self.well_posed())
        q = ops.matmul(u, ops.transpose(self.B)) + self.b
        x = ops.relu(q)
        for _ in range(self.steps):
            x = ops.relu(ops.matmul(x, A) + q)
        return x


def gradients(n: int, kappa: float, batch: int = 100) -> None:
    """Differentiate a layer of `n` states at a batch of inputs."""
    rng = np.random.default_rng(0)
    u = rng.normal(size=(batch, 50)).astype("float32")
    weight = rng.normal(size=(batch, 10)).astype("float32")
    ours, theirs = (kind(n, 10, kappa) for kind in (ImplicitDense, Unrolled))
    ours(u), theirs(u)
    theirs.set_weights(ours.get_weights())

    def derivative(layer):
        def loss(x):
            return ops.mean(layer(x) * weight)

        call = value_and_grad(loss, [layer.A])
        return lambda: ops.convert_to_numpy(call(u)[1][0])

    programs = {
        "topoi.implicit.layers.ImplicitDense": derivative(ours),
        "the same layer unrolled": derivative(theirs),
    }
    name = f"gradient, {n} states, row norm {kappa}, {ours.steps} steps"
    bench.compare(name, programs, 1e-3)


def equilibria(n: int) -> None:
    """Find one equilibrium of `n` states."""
    rng = np.random.default_rng(1)
    A = rng.normal(size=(n, n))
    A *= 0.9 / implicit.pf_radius(A)
    q = rng.normal(size=n)

    def residual(x):
        return x - np.maximum(A @ x + q, 0)

    start = np.maximum(q, 0)
    programs = {
        "topoi.implicit.newton": lambda: implicit.newton(A, q).x,
        "topoi.implicit.picard": lambda: implicit.picard(A, q).x,
        "SciPy fsolve": lambda: fsolve(residual, start, xtol=1e-10),
        "SciPy root, Krylov": lambda: (
            root(residual, start, method="krylov", options={"fatol": 1e-9}).x
        ),
    }
    bench.compare(f"equilibrium of {n} states, radius 0.9", programs, 1e-5)


if __name__ == "__main__":
    for states, bound in ((20, 0.5), (20, 0.95), (100, 0.95)):
        gradients(states, bound)
    for states in (20, 100):
        equilibria(states)
    bench.store()
