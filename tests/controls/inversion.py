"""Controls of the claims about inverting generators."""

import math
from functools import cache
from itertools import combinations

import numpy as np
from scipy.stats import binom

from controls import control
from topoi import data, inversion


def generators(widths, seed, count):
    """Yield random generators with a latent each."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        gen = inversion.random_generator(widths, rng)
        yield gen, rng.normal(size=widths[0])


# -- coherence and spark ------------------------------------------------------


@control("inversion/spark-gaussian", "the last column is a sum of two others")
def dependent_column():
    rng, full = np.random.default_rng(0), 0
    for _ in range(10):
        W = rng.normal(size=(6, 8))
        W[:, 7] = W[:, 0] + W[:, 1]
        full += inversion.spark(W) == 7 and inversion.sub_spark(W, 4) == 5
    return full


@control("inversion/coherence-bound", "the columns are not normalised")
def not_normalised():
    rng, least = np.random.default_rng(0), []
    for _ in range(20):
        W = rng.normal(size=(5, 8)) * rng.uniform(0.05, 0.2, 8)
        products = np.abs(W.T @ W)
        np.fill_diagonal(products, 0)
        least.append(inversion.spark(W) - 1 - 1 / products.max())
    return min(least)


@control("inversion/spark-hadamard", "the entries of each column are shuffled")
def shuffled_columns():
    rng = np.random.default_rng(1)
    return inversion.spark(
        rng.permuted(inversion.identity_hadamard(4), axis=0)
    )


@control("inversion/unique-by-spark", "four of eight outputs are kept")
def too_few_outputs():
    for gen, z in generators((2, 6, 10, 8), 0, 400):
        x = gen.layers(z)[-1]
        if np.count_nonzero(x) == 4:
            W, y = gen.weights[-1][:4], gen.forward(z)[:4]
            return sum(
                np.allclose(W[:, s] @ np.linalg.lstsq(W[:, s], y)[0], y)
                for s in map(list, combinations(range(10), 4))
            )
    raise AssertionError("no layer with four active units")


# -- guarantees ---------------------------------------------------------------


@control("inversion/one-layer-guarantee", "lambda is 10 eps")
def large_price():
    D, rng = inversion.identity_hadamard(256), np.random.default_rng(0)
    x, e = np.zeros(512), rng.normal(size=256)
    x[rng.choice(512, 5, replace=False)] = 1 + rng.random(5)
    e *= 0.05 / np.linalg.norm(e)
    found = inversion.nonnegative_lasso(D, D @ x + e, 0.5, 300)
    return np.abs(found - x).max() / 0.05


def as_equations(gen, y, solve=inversion.signed_pursuit):
    """Return the latent if inactive units are read as W x = 0."""
    x = gen.before_output(y)
    for W in gen.weights[:0:-1]:
        x = np.linalg.lstsq(W, x)[0] if len(W) >= W.shape[1] else solve(W, x)
        x = np.maximum(x, 0)
    return np.linalg.lstsq(gen.weights[0], x)[0]


@control("inversion/layered-guarantee", "inactive units are equations")
def inactive_as_equations():
    rng, shares = np.random.default_rng(0), []
    for _ in range(3):
        gen, z = inversion.planted_generator(rng)
        _, bound = inversion.error_chain(gen, z, 0.005)
        error = np.linalg.norm(as_equations(gen, gen.forward(z)) - z)
        shares.append(error / bound)
    return max(shares)


# -- walls --------------------------------------------------------------------


@control("inversion/too-small-layer", "hidden units keep their signs")
def without_relu():
    rng, shares = np.random.default_rng(0), []
    for units in (45, 90):
        hits = []
        for _ in range(10):
            gen = inversion.random_generator((30, units, 200), rng)
            z = rng.normal(size=30)
            W_0, W_1 = gen.weights
            x = np.linalg.lstsq(W_1, W_1 @ (W_0 @ z))[0]
            found = np.linalg.lstsq(W_0, x)[0]
            hits.append(inversion.relative_error(found, z) < 1e-2)
        shares.append(np.mean(hits))
    return shares[1] - shares[0]


@control("inversion/first-wall", "n_0 units instead of n_0 active ones")
def units_instead_of_active():
    far = []
    for units in (14, 18, 20, 22, 26):
        pairs = generators((10, units, 60), units, 400)
        share = np.mean([np.sum(g.layers(z)[0] > 0) >= 10 for g, z in pairs])
        error = math.sqrt(max(share * (1 - share), 0.01) / 400)
        far.append(abs(share - (units >= 10)) / error)
    return max(far)


@control("inversion/wendel", "the vectors are not symmetric")
def moved_vectors():
    rng, far = np.random.default_rng(0), []
    for vectors, dimension in ((12, 6), (20, 10)):
        hits = []
        for _ in range(100):
            V = rng.normal(size=(dimension, vectors)) + 0.5
            hits.append(
                inversion.dual_vector(V, np.zeros(vectors, bool)) is not None
            )
        chance = inversion.chance_in_halfspace(vectors, dimension)
        error = math.sqrt(chance * (1 - chance) / 100)
        far.append(abs(np.mean(hits) - chance) / error)
    return max(far)


@control("inversion/second-wall", "the active columns keep their dimensions")
def dimensions_not_removed():
    units, n = 86, 60
    hits = [
        inversion.certify(gen, z).unique
        for gen, z in generators((10, units, n), units, 12)
    ]
    counts = np.arange(10, n + 1)
    chances = [inversion.chance_in_halfspace(units - s, n) for s in counts]
    wrong = float(np.sum(binom.pmf(counts, units, 0.5) * chances))
    error = math.sqrt(max(wrong * (1 - wrong), 0.01) / 12)
    return abs(np.mean(hits) - wrong) / error


@control("inversion/inequalities-idle", "inactive units are equations")
def equations_decide():
    differ = 0
    for gen, z in generators((8, 24, 44, 60), 0, 10):
        y = gen.forward(z)
        right = np.allclose(inversion.latent_pursuit(gen, y).z, z, atol=1e-6)
        differ += right != np.allclose(as_equations(gen, y), z, atol=1e-6)
    return differ


# -- trained generators -------------------------------------------------------


@cache
def pictures():
    return inversion.shrink(data.load("mnist").x_train)[:3000]


@cache
def trained(seed, widths=(6, 24, 96, 196)):
    """Return a small autoencoder's generator and 20 latents."""
    model = inversion.build_relu_generator(widths, seed=seed)
    settings = inversion.VAESettings(epochs=6)
    inversion.train_vae(model, pictures(), settings, 64, seed)
    z = np.random.default_rng(seed).normal(size=(20, widths[0]))
    return inversion.generator_from_keras(model), z


def share_found(gen, found, z):
    """Return how many pictures are right up to 1 %."""
    y = gen.forward(z)
    error = inversion.relative_error(gen.forward(np.array(found)), y)
    return float(np.mean(error < 1e-2))


def share_of_descent(gen, z, starts=1, rate=1.0):
    """Return the success of gradient descent on clean signals."""
    first = np.random.default_rng(5).normal(size=(starts, z.shape[1]))
    found = inversion.restarts(gen, gen.forward(z), first, 300, rate)
    return share_found(gen, inversion.best_of(found, starts), z)


def pursued(gen, z):
    """Return the success of pursuit on clean signals."""
    found = [inversion.latent_pursuit(gen, y).z for y in gen.forward(z)]
    return share_found(gen, found, z)


@control(
    "inversion/certificate-decides",
    "certificates of other signals",
    heavy=True,
)
def other_certificates():
    gen, z = trained(0, (10, 40, 120, 196))
    mask = np.random.default_rng(1).random(196) < 0.4
    part, signals = gen.observed(mask), gen.forward(z)
    found = [inversion.latent_pursuit(part, y[mask]).z for y in signals]
    errors = inversion.relative_error(gen.forward(np.array(found)), signals)
    says = [inversion.certify(part, one).recoverable for one in z]
    return float(np.mean((errors < 1e-2) != np.roll(says, 1)))


def in_errors(values):
    """Return the mean in standard errors, at least of 0.01."""
    spread = np.std(values, ddof=1) / math.sqrt(len(values))
    return float(np.mean(values) / max(spread, 0.01))


@control(
    "inversion/clean-one-start", "inactive units are equations", heavy=True
)
def clean_equations():
    leads = []
    for seed in (0, 1):
        gen, z = trained(seed)
        found = [as_equations(gen, y) for y in gen.forward(z)]
        leads.append(share_found(gen, found, z) - share_of_descent(gen, z))
    return in_errors(leads)


@control("inversion/steep-one-start", "one start against ten", heavy=True)
def one_against_ten():
    leads = []
    for seed in (0, 1):
        gen, z = trained(seed, (6, 16, 96, 196))
        one, ten = (share_of_descent(gen, z, starts) for starts in (1, 10))
        leads.append(one - ten)
    return in_errors(leads)


@control(
    "inversion/masked-one-start",
    "missing pixels are kept as zeros",
    heavy=True,
)
def masked_by_zeros():
    leads = []
    for seed in (0, 1):
        gen, z = trained(seed)
        mask = np.random.default_rng(seed).random(196) < 0.6
        found = [
            inversion.latent_pursuit(gen, y * mask).z for y in gen.forward(z)
        ]
        leads.append(share_found(gen, found, z) - share_of_descent(gen, z))
    return in_errors(leads)


@control("inversion/noisy-pictures", "descent stops after 3 steps", heavy=True)
def descent_stops():
    gen, z = trained(0)
    signals = gen.forward(z)
    level = 0.01 * np.linalg.norm(signals, axis=1) / 14
    rng = np.random.default_rng(2)
    noisy = signals + rng.normal(size=signals.shape) * level[:, np.newaxis]
    starts = rng.normal(size=(10, 6))
    best = inversion.best_of(
        inversion.restarts(gen, noisy, starts, 3, 1.0), 10
    )
    found = [
        inversion.latent_pursuit(gen, y, lam).z
        for y, lam in zip(noisy, level, strict=True)
    ]
    ours, theirs = (
        np.median(inversion.relative_error(gen.forward(zs), signals))
        for zs in (np.array(found), best)
    )
    return float(ours / theirs)


@control("inversion/gan-inverted", "another generator's weights", heavy=True)
def other_weights():
    gen, z = trained(0)
    other, _ = trained(1)
    found = [inversion.latent_pursuit(other, y).z for y in gen.forward(z)]
    return share_found(gen, found, z)


@control("inversion/ten-starts-ahead", "one start at rate 0.05", heavy=True)
def one_slow_start():
    leads = []
    for seed in (0, 1, 2):
        gen, z = trained(seed)
        leads.append(share_of_descent(gen, z, 1, 0.05) - pursued(gen, z))
    return float(np.median(leads))


@control(
    "inversion/ten-starts-overtake", "all pixels, wide generators", heavy=True
)
def all_pixels():
    gen, z = trained(0)
    return share_of_descent(gen, z, 10) - pursued(gen, z)


@control("inversion/rate-matters", "0.5 is compared with 1", heavy=True)
def close_rates():
    gaps = []
    for seed in (0, 1, 2):
        gen, z = trained(seed)
        gaps.append(
            share_of_descent(gen, z, 1, 1.0) - share_of_descent(gen, z, 1, 0.5)
        )
    return float(np.median(gaps))


@control("inversion/guarantee-vacuous", "Hadamard's dictionary")
def hadamard_weights():
    mu = inversion.coherence(inversion.identity_hadamard(256))
    return math.ceil((1 + 1 / mu) / 3) - 1
