"""Surveys of the chapter on symbolic regression: 20 starts side by side."""

from dataclasses import replace
from functools import cache

import numpy as np
from sklearn.neural_network import MLPRegressor

from topoi import symbolic_regression as sr
from topoi.survey import load, survey

TRIALS = 20
NAMES = tuple(sr.FUNCTIONS_OF_THE_PAPER)


def trained(x, y, settings=sr.STANDARD, gated=False):
    """Train 20 networks on data; return their discoveries by trial."""
    rng = np.random.default_rng(1)
    start = sr.initial_weights(x.shape[1], 1, TRIALS, rng, settings)
    x32, y = x.astype("float32"), y[:, None]
    if gated:
        start = [
            w * 0.5 / d for w, d in zip(start, (0.1, 0.5, 1.0), strict=True)
        ]
        result = sr.train_gated(start, x32, y, rng, settings)
    else:
        result = sr.train_in_phases(start, x32, y, settings)
    found = sr.read_out(result, x, y, "xyzw"[: x.shape[1]], settings)
    return {d.trial: d for d in found}


@cache
def discoveries(name, penalty=5e-3, half=1.0, noise=0.0, gated=False):
    """Return the discoveries of 20 starts for one function."""
    text = sr.FUNCTIONS_OF_THE_PAPER[name]
    x, y, _ = sr.sample(text, domain=(-half, half), noise=noise)
    return trained(x, y, replace(sr.STANDARD, penalty=penalty), gated)


@cache
def exact(name, **changes):
    """Return which of 20 starts are exact, as 20 zeros and ones."""
    found, text = discoveries(name, **changes), sr.FUNCTIONS_OF_THE_PAPER[name]
    return [
        float(k in found and sr.exactly(found[k], text)) for k in range(TRIALS)
    ]


@cache
def outside(name):
    """Return points in (-2, 2) and the function there."""
    x, y, _ = sr.sample(
        sr.FUNCTIONS_OF_THE_PAPER[name], 1000, (-2.0, 2.0), seed=9
    )
    return x, y


def error(predicted, y):
    """Return the mean square error as a share of the variance, bounded."""
    share = np.mean((predicted - y) ** 2) / y.var()
    return float(min(share, 1e9)) if np.isfinite(share) else 1e9


@survey(
    "symbolic_regression/several-functions",
    seeds=range(TRIALS),
    value=lambda unit: np.mean([unit[name] for name in NAMES]),
    reduce="mean",
)
def several_functions(seed):
    """Which of ten functions one start finds, and its error in (-2, 2)."""
    unit = {name: exact(name)[seed] for name in NAMES}
    for name in NAMES:
        x, y = outside(name)
        found = discoveries(name).get(seed)
        far = error(found.predict(x), y) if found else 1e9
        unit[f"far {name}"] = far
        unit[f"near {name}"] = found.error if found else 1e9
    return unit


def recorded(name, seed):
    """Return a number of the first survey, which comes before all others."""
    return load("symbolic_regression/several-functions").values[name][seed]


@survey("symbolic_regression/planted", seeds=range(TRIALS), reduce="mean")
def planted(seed):
    """Whether one start returns x^2 + sin(2 pi y) exactly."""
    return {"exact": recorded("x^2 + sin", seed)}


def relu_error(name, seed):
    """Return the error in (-2, 2) of the best of four ReLU networks.

    They differ in weight decay and are chosen by 256 other points in
    (-1, 1). L-BFGS trains them on all data at once.
    """
    text = sr.FUNCTIONS_OF_THE_PAPER[name]
    x, y, _ = sr.sample(text)
    check, wanted, _ = sr.sample(text, seed=5)
    best = None
    for decay in (1e-4, 1e-2, 1e-1, 1.0):
        network = MLPRegressor(
            hidden_layer_sizes=(50, 50), solver="lbfgs", alpha=decay,
            max_iter=200, random_state=seed,
        )  # fmt: skip
        network.fit(x, y)
        near = error(network.predict(check), wanted)
        if best is None or near < best[0]:
            best = near, network, decay
    far, wanted = outside(name)
    return error(best[1].predict(far), wanted), best[0], best[2]


@survey(
    "symbolic_regression/extrapolates",
    seeds=range(5),
    value=lambda u: np.mean(
        [u[f"eql {n}"] < u[f"relu {n}"] / 10 for n in NAMES]
    ),
)
def extrapolates(seed):
    """The best of four equation learners against the best ReLU network."""
    unit = {}
    four = range(seed, TRIALS, 5)
    for name in NAMES:
        near = {k: recorded(f"near {name}", k) for k in four}
        chosen = min(four, key=near.get)
        unit[f"eql {name}"] = recorded(f"far {name}", chosen)
        unit[f"eql near {name}"] = near[chosen]
        far, near, decay = relu_error(name, seed)
        unit |= {f"relu {name}": far, f"relu near {name}": near}
        unit[f"decay {name}"] = decay
    return unit


# -- what success depends on ------------------------------------------------


@survey("symbolic_regression/noise", seeds=range(TRIALS), value="0.1",
        reduce="mean")  # fmt: skip
def noise(seed):
    """Whether one start is within 5 % of the function, for some noises."""
    name, unit = "x^2 + y - 2z", {}
    x, y = outside(name)
    for level in (0.1, 0.5):
        found = discoveries(name, noise=level).get(seed)
        far = error(found.predict(x), y) if found else 1e9
        unit[str(level)] = float(far < 0.05**2)
        unit[f"far {level}"] = far
    return unit


@survey(
    "symbolic_regression/domain",
    seeds=range(TRIALS),
    value=lambda u: u["1.0"] - u["0.25"],
    reduce="mean",
)
def domain(seed):
    """Whether one start finds x^2 in domains of two sizes."""
    small = exact("x^2", half=0.25)[seed]
    return {"1.0": recorded("x^2", seed), "0.25": small}


PENALTIES = (0.0, 1e-3, 5e-3, 2.5e-2)


@survey(
    "symbolic_regression/penalty-matters",
    seeds=range(TRIALS),
    value=lambda u: (
        max((u[f"mean {p}"], u[str(p)]) for p in PENALTIES[1:])[1] - u["0.0"]
    ),
    reduce="mean",
)
def penalty_matters(seed):
    """Whether one start finds x^2, for four penalties."""
    unit = {}
    for p in PENALTIES:
        if p == sr.STANDARD.penalty:
            shares = [recorded("x^2", k) for k in range(TRIALS)]
        else:
            shares = exact("x^2", penalty=p)
        unit |= {str(p): shares[seed], f"mean {p}": np.mean(shares)}
    return unit


@survey(
    "symbolic_regression/gates", seeds=range(TRIALS), value="gates",
    reduce="mean",
)  # fmt: skip
def gates(seed):
    """Whether one start finds x^2 with gates, at the published penalty."""
    found = exact("x^2", penalty=1e-2, gated=True)[seed]
    return {"gates": found, "root": recorded("x^2", seed)}


# -- a part of a larger network ---------------------------------------------


@cache
def adders(seed):
    """Train both heads on sums below 15; return their accuracies."""
    import keras

    from topoi import data
    from topoi.symbolic_regression import arithmetic, layers

    mnist, rng = data.load("mnist"), np.random.default_rng(seed)
    seen = arithmetic.draw_digit_pairs(
        mnist.x_train[:10_000], mnist.y_train[:10_000], 16_000, rng, below=15
    )
    tests = {
        "below": arithmetic.draw_digit_pairs(
            mnist.x_test, mnist.y_test, 2000, rng, below=15
        ),
        "above": arithmetic.draw_digit_pairs(
            mnist.x_test, mnist.y_test, 2000, rng, least=15
        ),
    }
    heads = {
        "eql": arithmetic.build_sum_head,
        "relu": arithmetic.build_relu_head,
    }
    unit = {}
    for who, build in heads.items():
        keras.utils.set_random_seed(seed)
        model = arithmetic.build_adder(build())
        unit[f"{who} weights"] = layers.train_and_freeze(
            model, [seen.first, seen.second], seen.total, epochs=4
        )
        for where, pairs in tests.items():
            share = arithmetic.rounded_accuracy(model, pairs)
            unit[f"{who} {where}"] = share
    return unit


@survey("symbolic_regression/arithmetic", seeds=range(5), value="eql below")
def adds(seed):
    """Accuracy of both heads on sums below and above 15."""
    return adders(seed)


@survey(
    "symbolic_regression/arithmetic-extrapolates",
    seeds=range(5),
    value=lambda u: u["eql above"] - u["relu above"],
    reduce="mean",
)
def goes_on(seed):
    """The same networks, by what they do above 15."""
    return adders(seed)


def hidden(system, seed):
    """Train encoder and cell; return how well z tells the hidden number."""
    import keras

    from topoi.symbolic_regression import dynamics, layers

    dt, steps, ahead, epochs, penalty = SYSTEMS[system]
    rng = np.random.default_rng(seed)
    known = dynamics.draw_pairs(system, 600, steps, rng, dt)
    new = dynamics.draw_pairs(system, 200, steps, rng, dt)
    keras.utils.set_random_seed(seed)
    cell = dynamics.build_cell(penalty)
    model = dynamics.build_propagator(steps, ahead, cell, dt)
    inputs, outputs = dynamics.windows(known, ahead, rng, 4)
    left = layers.train_and_freeze(
        model, inputs, outputs, epochs, 1e-2, scale=dt
    )
    z = model.get_layer("encoder").predict(new.seen, verbose=0)[:, 0]
    inputs, outputs = dynamics.windows(new, ahead, rng)
    miss = model.predict(inputs, verbose=0) - outputs
    return {
        "squared correlation": squared_correlation(z, new.hidden),
        "error of a state": float(np.sqrt(np.mean(miss**2))),
        "weights": left,
    }


def squared_correlation(a, b):
    """Return it, or 0 where one of the two is constant."""
    if np.std(a) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1] ** 2)


# time step, steps seen, steps ahead, epochs, penalty
SYSTEMS = {"kinematics": (0.25, 20, 2, 12, 3e-3)}


@survey("symbolic_regression/hidden-acceleration", seeds=range(5))
def acceleration(seed):
    """How well the encoder tells the acceleration."""
    return hidden("kinematics", seed)
