"""Controls of the claims about implicit networks."""

from functools import cache

import numpy as np

from controls import control
from topoi import implicit, runtime
from topoi.implicit import ImplicitModel, Settings

# -- exact embeddings -------------------------------------------------------


def integers(rng, *shape):
    """Return small integers."""
    return rng.integers(-3, 4, shape)


@control("implicit/feedforward-embedded", "first layer first in A, not in C")
def below_the_diagonal():
    rng, worst = np.random.default_rng(0), 0
    for _ in range(10):
        weights = [integers(rng, *s) for s in ((6, 4), (6, 6), (2, 6))]
        biases = [integers(rng, len(w)) for w in weights]
        model = implicit.from_feedforward(weights, biases)
        turned = model._replace(A=model.A[::-1, ::-1])
        u = implicit.with_one(integers(rng, 10, 4))
        gap = implicit.answer(turned, u) - implicit.answer(model, u)
        worst = max(worst, int(np.abs(gap).max()))
    return worst


@control("implicit/architectures-embedded", "a cascade in the wrong order")
def wrong_order():
    rng, worst = np.random.default_rng(1), 0
    for _ in range(10):
        first, second = (
            implicit.from_residual(integers(rng, 5, 4), integers(rng, 4, 5))
            for _ in range(2)
        )
        u = integers(rng, 10, 4)
        x = implicit.answer(second, implicit.answer(first, u))
        gap = implicit.answer(implicit.cascade(second, first), u) - x
        worst = max(worst, int(np.abs(gap).max()))
    return worst


@control("implicit/unused-states", "kept only if fed in one step")
def fed_at_once():
    rng, worst = np.random.default_rng(2), 0
    for _ in range(20):
        A = np.triu(integers(rng, 8, 8), 1) * (rng.random((8, 8)) < 0.3)
        B = integers(rng, 8, 3) * (rng.random((8, 3)) < 0.3)
        model = implicit.implicit_model(A, B, integers(rng, 2, 8))
        keep = (B != 0).any(axis=1)
        small = ImplicitModel(
            A[np.ix_(keep, keep)], B[keep], model.C[:, keep], model.D
        )
        u = integers(rng, 10, 3)
        gap = implicit.answer(small, u) - implicit.answer(model, u)
        worst = max(worst, int(np.abs(gap).max(initial=0)))
    return worst


# -- well-posedness ---------------------------------------------------------


@control("implicit/one-equilibrium", "the radius of A, not of |A|, is 0.95")
def signed_radius():
    rng, worst = np.random.default_rng(3), 0.0
    for _ in range(20):
        A = np.kron(np.eye(5), [[-1.9, -1.7], [1.2, 1.0]])
        A *= 0.95 / np.abs(np.linalg.eigvals(A)).max()
        q, starts = rng.normal(size=10), 9 * rng.normal(size=(20, 10))
        with np.errstate(over="ignore", invalid="ignore"):
            x = implicit.picard(A, q + 0 * starts, start=starts).x
        spread = np.ptp(x, axis=0).max()
        worst = max(worst, spread if np.isfinite(spread) else np.inf)
    return float(worst)


@control("implicit/wrong-radius", "the last entry is 0.5")
def another_matrix():
    A = [[-1.9, -1.7], [1.2, 0.5]]
    return len(implicit.relu_solutions(A, [0.5, 0.8]))


@control("implicit/rescaled", "S = diag(v) instead of diag(1 / v)")
def inverse_scaling():
    rng, worst = np.random.default_rng(4), -np.inf
    for _ in range(20):
        A = rng.normal(size=(10, 10))
        A *= 0.9 / implicit.pf_radius(A)
        v = implicit.scaling(A, 0.91)
        wrong = A * v[:, np.newaxis] / v
        worst = max(worst, implicit.row_norm(wrong) - 0.91)
    return float(worst)


def plain_iteration(a, u, steps):
    """Return the steps of h <- tanh(a shifted h + u) until it holds."""
    h = np.zeros_like(u)
    for step in range(1, steps + 1):
        before = np.concatenate([0 * h[:, :1], h[:, :-1]], axis=1)
        new = np.tanh(a * before + u)
        if np.abs(new - h).max() <= 1e-12:
            return step
        h = new
    return steps


@control("implicit/newton-on-time", "the slope is left out")
def without_slope():
    u = np.random.default_rng(5).normal(size=(64, 256))
    return plain_iteration(0.9, u, 256)


# -- gradients --------------------------------------------------------------


@control("implicit/exact-gradient", "only the first term of the series")
def one_term():
    rng = np.random.default_rng(6)
    A = rng.normal(size=(8, 8))
    A *= 0.8 / implicit.pf_radius(A)
    model = implicit.implicit_model(
        A, rng.normal(size=(8, 4)), rng.normal(size=(3, 8))
    )
    u, weight = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    x = implicit.picard(A, u @ model.B.T).x
    exact = implicit.implicit_gradient(model, u, x, weight).A
    short = implicit.implicit_gradient(model, u, x, weight, max_steps=1).A
    return float(np.abs(short - exact).max() / np.abs(exact).max())


@control("implicit/layer-gradient", "one step is differentiated")
def without_solve():
    import keras
    from keras import ops

    from topoi.autodiff import value_and_grad
    from topoi.implicit.layers import ImplicitDense

    class OneStep(ImplicitDense):
        def equilibrium(self, u):
            A, q = self.well_posed(), ops.matmul(u, ops.transpose(self.B))
            x = ops.zeros_like(q)
            for _ in range(self.steps):
                x = ops.relu(ops.matmul(x, ops.transpose(A)) + q + self.b)
            x = ops.stop_gradient(x)
            return ops.relu(ops.matmul(x, ops.transpose(A)) + q + self.b)

    keras.utils.set_random_seed(7)
    u = np.random.default_rng(7).normal(size=(16, 5)).astype("float32")
    right, wrong = ImplicitDense(12, 3, 0.8), OneStep(12, 3, 0.8)
    grads = []
    for layer in (right, wrong):
        layer(u)
        layer.set_weights(right.get_weights())
        _, found = value_and_grad(
            lambda layer=layer: ops.sum(layer(u) ** 2), [layer.A]
        )()
        grads.append(ops.convert_to_numpy(found[0]))
    return float(np.abs(grads[1] - grads[0]).max() / np.abs(grads[0]).max())


# -- robustness -------------------------------------------------------------


@cache
def trained():
    """Return a model of the digits, pictures, and which inputs move."""
    x, y, x_test, _ = implicit.small_digits(4000, 300)
    setting = Settings(kappa=0.5, learning_rate=3e-2, steps=600)
    model = implicit.train_implicit(x, y, setting, 0).model
    return model, implicit.with_one(x_test), np.arange(50) < 49


@control("implicit/certificates-sound", "the inverse of I - A")
def without_absolute_values():
    model, u, free = trained()
    y = implicit.answer(model, u)
    labels, rows = y.argmax(axis=1), np.arange(len(u))
    R = np.linalg.solve(np.eye(len(model.A)) - model.A, model.B)
    G = model.C @ R + model.D
    rates = np.abs(G[:, np.newaxis] - G) @ free + 1e-12
    margins = y[rows, labels][:, np.newaxis] - y
    radii = margins / rates[labels]
    radii[rows, labels] = np.inf
    radius = 0.9999 * radii.min(axis=1)[:, np.newaxis]
    changed = 0
    for target in range(10):
        goal = np.full(len(u), target)
        way = implicit.sign_directions(model, u, labels, goal, free)
        found = implicit.answer(model, u + radius * way).argmax(axis=1)
        changed += int((found != labels).sum())
    return changed


@control("implicit/linear-program", "the program's box is a tenth as wide")
def narrow_box():
    model, u, free = trained()
    worst, size = np.inf, 0.03
    for picture in u[:4]:
        label = int(implicit.answer(model, picture).argmax())
        for target in set(range(10)) - {label}:
            bound = implicit.lp_attack(
                model, picture, size / 10, label, target, free, (0, 1)
            ).bound
            way = implicit.sign_directions(
                model, picture[np.newaxis], [label], [target], free
            )[0]
            y = implicit.answer(model, np.clip(picture + size * way, 0, 1))
            worst = min(worst, bound - (y[target] - y[label]))
    return float(worst)


# -- trainings --------------------------------------------------------------


def surveys():
    """Return the module with the surveys of this topic."""
    import importlib.util

    path = runtime.ROOT / "surveys" / "implicit.py"
    spec = importlib.util.spec_from_file_location("implicit_surveys", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@control("implicit/robustness-designed", "both have row norms of A below 0.9")
def without_design():
    x, y, x_test, _ = implicit.small_digits(4000, 500)
    free, radii = np.arange(50) < 49, []
    for seed in (0, 1):
        setting = Settings(kappa=0.9, learning_rate=3e-2, steps=300)
        model = implicit.train_implicit(x, y, setting, seed).model
        u = implicit.with_one(x_test)
        found = implicit.certified_radius(model, u, free)
        radii.append(np.median(found.radius))
    return float(radii[0] / radii[1])


@control("implicit/sparsity", "entries below 0.3 count as zeros")
def small_entries():
    x, y, *_ = implicit.small_digits(4000, 10)
    setting = Settings(kappa=0.5, learning_rate=3e-2, steps=300)
    model = implicit.train_implicit(x, y, setting, 0).model
    entries = np.concatenate([model.A.ravel(), model.B[:, :-1].ravel()])
    return float((np.abs(entries) < 0.3).mean())


@control("implicit/feedback-on-digits", "the implicit model is not trained")
def untrained():
    x, y, x_test, y_test = implicit.small_digits(4000, 1000)
    setting = Settings(kappa=0.5, learning_rate=1e-12, steps=1)
    idle = implicit.train_implicit(x, y, setting, 0).model
    setting = Settings(states=27, kappa=0, learning_rate=3e-2, steps=300)
    layer = implicit.train_implicit(x, y, setting, 0).model
    shares = [
        implicit.share_right(model, x_test, y_test) for model in (idle, layer)
    ]
    return 100 * (shares[0] - shares[1])


@control(
    "implicit/feedback-on-equilibria",
    "the teacher has no feedback",
    heavy=True,
)
def teacher_without_feedback():
    module = surveys()

    def task(count, rng):
        B, C = rng.normal(size=(12, 5)), rng.normal(size=(1, 12))
        u = rng.normal(size=(count, 4))
        y = np.maximum(implicit.with_one(u) @ B.T, 0) @ C.T
        return u, (y - y.mean()) / y.std()

    ratios = [
        module.equilibrium_error("one layer", seed, task)
        / module.equilibrium_error("implicit", seed, task)
        for seed in range(3)
    ]
    return float(np.median(ratios))
