"""Surveys of the chapter on inversion: trained generators, five seeds.

One unit trains four generators, an autoencoder and a GAN of the wide size, a
steep autoencoder and a tight GAN, and inverts 20 signals of each. Gradient
descent has rate 1, its best one of .02, .05, .1, .2, .5, 1 and 2; 500 steps
are enough, because 1,000 change nothing.
"""

from functools import cache

import numpy as np

from topoi import data, gan, inversion
from topoi.survey import survey

SIZES = {
    "steep": (6, 16, 96, 196),
    "wide": (6, 24, 96, 196),
    "tight": (10, 40, 120, 196),
}
SHARES = (1.0, 0.6, 0.3, 0.2)
SIGNALS, STARTS, STEPS, RATE = 20, 10, 500, 1.0
EASY = ("vae wide", "gan wide")
ALL = (*EASY, "vae steep", "gan tight")
SEEDS = range(5)


@cache
def pictures() -> np.ndarray:
    """Return MNIST's training pictures as rows of 196 pixels."""
    return inversion.shrink(data.load("mnist").x_train)


def trained(kind: str, size: str, seed: int) -> inversion.ReluGenerator:
    """Return a generator that was trained as "vae" or as "gan"."""
    model = inversion.build_relu_generator(SIZES[size], seed=seed)
    x = pictures()
    if kind == "vae":
        settings = inversion.VAESettings()
        inversion.train_vae(model, x[:6000], settings, seed=seed)
    else:
        settings = gan.SETTINGS["wgan-gp"]
        inversion.train_gan(model, x[:6000], settings, 400, seed=seed)
    return inversion.generator_from_keras(model)


def success(gen, z, signals) -> np.ndarray:
    """Return which pictures of latents (..., n_0) are right up to 1 %."""
    return inversion.relative_error(gen.forward(z), signals) < 1e-2


def descent_rates(gen, part, signals, y, starts, rate=RATE) -> dict:
    """Return the success of gradient descent after 1, 2, 5, 10 starts."""
    found = inversion.restarts(part, y, starts, STEPS, rate)
    single = success(gen, found.z, signals[:, np.newaxis]).mean()
    out = {1: single}
    for r in (2, 5, 10):
        out[r] = success(gen, inversion.best_of(found, r), signals).mean()
    return {r: float(share) for r, share in out.items()}


@cache
def unit(kind: str, size: str, seed: int) -> dict[str, float]:
    """Return every number of one trained generator."""
    gen = trained(kind, size, seed)
    rng, out = np.random.default_rng(1000 + seed), {}
    z = rng.normal(size=(SIGNALS, gen.widths[0]))
    starts = rng.normal(size=(STARTS, gen.widths[0]))
    signals = gen.forward(z)
    for share in SHARES:
        mask = np.zeros(gen.widths[-1], bool)
        some = rng.choice(len(mask), round(share * len(mask)), replace=False)
        mask[some] = True
        part, y, tag = gen.observed(mask), signals[:, mask], f"{share:.0%}"
        found = [inversion.latent_pursuit(part, one).z for one in y]
        hit = success(gen, np.array(found), signals)
        out[f"pursuit {tag}"] = float(hit.mean())
        rates = descent_rates(gen, part, signals, y, starts)
        out |= {f"descent {tag} R={r}": v for r, v in rates.items()}
        if share in (1.0, 0.3):
            says = [inversion.certify(part, one).recoverable for one in z]
            out[f"disagree {tag}"] = float(np.mean(hit != np.array(says)))
    if size == "wide":
        slow = descent_rates(gen, gen, signals, signals, starts, 0.05)
        out |= {f"slow descent R={r}": v for r, v in slow.items()}
        out["noise ratio"] = noise_ratio(gen, signals, starts, rng)
    return out


def noise_ratio(gen, signals, starts, rng, level=0.01) -> float:
    """Return the ratio of median errors, pursuit / descent, under noise."""
    deviation = (
        level * np.linalg.norm(signals, axis=1) / signals.shape[1] ** 0.5
    )
    noise = rng.normal(size=signals.shape) * deviation[:, np.newaxis]
    y = signals + noise
    found = [
        inversion.latent_pursuit(gen, one, lam).z
        for one, lam in zip(y, deviation, strict=True)
    ]
    best = inversion.best_of(
        inversion.restarts(gen, y, starts, STEPS, RATE), STARTS
    )
    ours, theirs = (
        np.median(inversion.relative_error(gen.forward(zs), signals))
        for zs in (np.array(found), best)
    )
    return float(ours / theirs)


def everything(seed: int) -> dict[str, float]:
    """Return the numbers of all generators of one seed."""
    return {
        f"{name} {ending}": value
        for name in ALL
        for ending, value in unit(*name.split(), seed).items()
    }


def mean_of(unit: dict, names, ending: str) -> float:
    """Return the mean of one number over generators."""
    return float(np.mean([unit[f"{name} {ending}"] for name in names]))


def lead(tag: str, r: int):
    """Return the value: pursuit minus r starts, mean of the wide ones."""

    def value(u):
        ours = mean_of(u, EASY, f"pursuit {tag}")
        return ours - mean_of(u, EASY, f"descent {tag} R={r}")

    return value


@survey(
    "inversion/clean-one-start",
    seeds=SEEDS,
    value=lead("100%", 1),
    reduce="standard errors",
)
def clean_one_start(seed):
    """Pursuit and descent on clean, masked and hidden pixels."""
    return everything(seed)


@survey(
    "inversion/masked-one-start",
    seeds=SEEDS,
    value=lead("60%", 1),
    reduce="standard errors",
)
def masked_one_start(seed):
    """The same numbers, judged at 60 % of the pixels."""
    return everything(seed)


@survey(
    "inversion/steep-one-start",
    seeds=SEEDS,
    value=lambda u: u["pursuit"] - u["descent"],
    reduce="standard errors",
)
def steep_one_start(seed):
    """Pursuit and one start on the steep autoencoder."""
    numbers = unit("vae", "steep", seed)
    names = {"pursuit": "pursuit 100%", "descent": "descent 100% R=1"}
    return {short: numbers[name] for short, name in names.items()}


@survey(
    "inversion/ten-starts-ahead",
    seeds=SEEDS,
    value=lambda u: -lead("100%", 10)(u),
)
def ten_starts_ahead(seed):
    """The same numbers, judged with ten starts."""
    return everything(seed)


@survey("inversion/gan-inverted", seeds=SEEDS)
def gan_inverted(seed):
    """Pursuit on clean signals of a GAN."""
    return {"pursuit": unit("gan", "wide", seed)["pursuit 100%"]}


@survey("inversion/noisy-pictures", seeds=SEEDS)
def noisy_pictures(seed):
    """Errors of pursuit and descent under noise of 1 %."""
    kinds = ("vae", "gan")
    ratios = [unit(k, "wide", seed)["noise ratio"] for k in kinds]
    return {"ratio": float(np.mean(ratios))}


@survey("inversion/ten-starts-overtake", seeds=SEEDS)
def ten_starts_overtake(seed):
    """Pursuit and ten starts where few pixels are left."""
    numbers = everything(seed)
    descent = numbers["gan tight descent 30% R=10"]
    pursuit = numbers["gan tight pursuit 30%"]
    return {"lead": descent - pursuit, "descent": descent, "pursuit": pursuit}


@survey("inversion/rate-matters", seeds=SEEDS)
def rate_matters(seed):
    """One start of descent at two rates."""
    numbers = everything(seed)
    fast = mean_of(numbers, EASY, "descent 100% R=1")
    slow = mean_of(numbers, EASY, "slow descent R=1")
    return {"difference": fast - slow, "rate 1": fast, "rate .05": slow}


@survey("inversion/certificate-decides", seeds=SEEDS, reduce="mean")
def certificate_decides(seed):
    """Certificates and what pursuit found."""
    numbers = everything(seed)
    shares = [v for name, v in numbers.items() if " disagree " in name]
    return {"disagree": float(np.mean(shares))}
