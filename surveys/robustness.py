"""Surveys of the chapter on robustness, over networks of five seeds."""

from functools import cache

import keras
import numpy as np
from sklearn.metrics import roc_auc_score

from topoi import data, robustness
from topoi.robustness import Settings
from topoi.survey import survey

SEEDS = range(5)
TUNED_ON = 5000  # digits of the fine-tuning


# -- small digits: the network of the chapter -------------------------------


@cache
def digits() -> tuple:
    """Return training and test digits, 14 x 14 pixels in [0, 1], flat."""
    images = data.load("mnist")

    def small(x):
        x = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
        return x.reshape(len(x), 196).astype("float32")

    return (
        small(images.x_train),
        images.y_train.astype(int),
        small(images.x_test),
        images.y_test.astype(int),
    )


@cache
def network(seed: int) -> keras.Model:
    """Return the trained network of one seed."""
    keras.utils.set_random_seed(seed)
    model = robustness.build_smooth_mlp([196, 100, 50, 10], seed=seed)
    x, y, *_ = digits()
    settings = Settings(epochs=12, learning_rate=2e-3, batch_size=100)
    return robustness.train_adam(model, x, y, settings)


@cache
def attacked(seed: int) -> tuple:
    """Return 300 test digits and what DeepFool finds for them."""
    x = digits()[2][:300]
    return x, robustness.deepfool(network(seed), x)


@cache
def against_lbfgs(seed: int) -> dict[str, float]:
    """Compare DeepFool and L-BFGS on eight digits."""
    model, rows = network(seed), [0]

    def counted(x):
        rows[0] += x.shape[0]
        return model(x)

    x, found = attacked(seed)
    r, success = robustness.lbfgs_attack(counted, x[:8], rounds=8)
    lengths = [np.linalg.norm(a[success], axis=1) for a in (found.r[:8], r)]
    return {
        "ratio": float(np.mean(lengths[0] / lengths[1])),
        "passes": rows[0] / 8,
        "DeepFool passes": 10 * float(found.iterations[:8].mean()),
    }


@survey("robustness/beside-lbfgs", SEEDS, value="ratio")
def beside_lbfgs(seed):
    """Mean ratio of the norms."""
    return against_lbfgs(seed)


@survey(
    "robustness/cheaper-than-lbfgs",
    SEEDS,
    value=lambda unit: unit["passes"] / unit["DeepFool passes"],
)
def cheaper_than_lbfgs(seed):
    """Backward passes for one digit."""
    return against_lbfgs(seed)


# -- fine-tuning ------------------------------------------------------------


def judged(model: keras.Model) -> tuple[float, float]:
    """Return rho_adv on 300 test digits and the test error in points."""
    _, _, x, y = digits()
    rho = robustness.rho_adv(robustness.deepfool(model, x[:300]).r, x[:300])
    return rho, 100 * float(np.mean(robustness.labels_of(model, x) != y))


@cache
def tuned(seed: int) -> dict[str, float]:
    """Fine-tune on digits that were perturbed in several ways."""
    model = network(seed)
    x, y = (a[:TUNED_ON] for a in digits()[:2])
    found = robustness.deepfool(model, x)
    eps = robustness.fgsm_eps_for_rate(model, x[:500], found.label[:500])
    sets = {"clean": x, "DeepFool": found.x_adv}
    sets |= {f"{a} x DeepFool": x + a * found.r for a in (2, 3)}
    sets["FGSM"] = x + robustness.fgsm(model, x, found.label, eps)
    unit = dict(zip(("before", "before error"), judged(model), strict=True))
    for name, perturbed in sets.items():
        keras.utils.set_random_seed(seed)
        settings = Settings(epochs=5, learning_rate=1e-3, batch_size=100)
        after = robustness.fine_tune(model, perturbed, y, settings)
        unit[name], unit[f"{name} error"] = judged(after)
    return unit


def growth(name: str, start: str = "before"):
    """Return the relative growth of rho_adv as a function of a unit."""
    return lambda unit: unit[name] / unit[start] - 1


@survey("robustness/tuning-helps", SEEDS, value=growth("DeepFool"))
def tuning_helps(seed):
    """DeepFool's digits."""
    return tuned(seed)


@survey(
    "robustness/tuning-keeps-accuracy",
    SEEDS,
    value=lambda unit: unit["DeepFool error"] - unit["clean error"],
)
def tuning_keeps_accuracy(seed):
    """Test error, DeepFool's digits and clean ones."""
    return tuned(seed)


@survey(
    "robustness/tuning-too-strong",
    SEEDS,
    value=growth("3 x DeepFool", "DeepFool"),
)
def tuning_too_strong(seed):
    """Perturbations three times as long."""
    return tuned(seed)


@survey("robustness/tuning-fgsm-lowers", SEEDS, value=growth("FGSM"))
def tuning_fgsm_lowers(seed):
    """Digits of the sign method."""
    return tuned(seed)


@survey(
    "robustness/tuning-fgsm-costs",
    SEEDS,
    value=lambda unit: unit["FGSM error"] - unit["DeepFool error"],
)
def tuning_fgsm_costs(seed):
    """Test error, digits of the sign method and of DeepFool."""
    return tuned(seed)


# -- curvature --------------------------------------------------------------


@cache
def curvatures(seed: int) -> tuple:
    """Return principal curvatures, directions and mean curvatures."""
    model, (x, found) = network(seed), attacked(seed)
    pick = np.flatnonzero(found.success)[:100]
    own, other = found.label[pick], found.new_label[pick]
    z = robustness.boundary_points(
        model, x[pick], found.x_adv[pick], own, other
    )
    _, gradient, hessian = robustness.gap_hessians(model, z, own, other)
    values, directions = robustness.principal_curvatures(gradient, hessian)
    mean = robustness.mean_curvature(gradient, hessian)
    return values, directions, mean


@survey("robustness/flat", SEEDS)
def flat(seed):
    """Share of curvatures below a tenth of the largest at the point."""
    size = np.abs(curvatures(seed)[0])
    small = size < 0.1 * size.max(axis=1, keepdims=True)
    return {"share": float(small.mean())}


@survey("robustness/more-negative", SEEDS)
def more_negative(seed):
    """Share of boundary points with a negative mean curvature."""
    return {"share": float(np.mean(curvatures(seed)[2] < 0))}


@survey("robustness/shared-directions", SEEDS)
def shared_directions(seed):
    """Share of held-out curved directions inside of ten dimensions."""
    most = curvatures(seed)[1][:, :3]
    basis = robustness.curved_subspace(most[:50], 10)
    inside = np.sum((most[50:] @ basis.T) ** 2, axis=2).mean()
    return {"times chance": float(inside) / (10 / basis.shape[1])}


@survey(
    "robustness/curved-is-vulnerable",
    SEEDS,
    value=lambda unit: unit["curved"] / unit["random"],
)
def curved_is_vulnerable(seed):
    """Fooling rates in three subspaces of ten dimensions, other digits."""
    values, directions, _ = curvatures(seed)
    x, rng = digits()[2][300:600], np.random.default_rng(seed)
    size = 0.25 * float(np.linalg.norm(x, axis=1).mean())
    order = np.argsort(np.abs(values), axis=1)[:, :3, None]
    flattest = np.take_along_axis(directions, order, axis=1)
    spans = {
        "curved": robustness.curved_subspace(directions[:, :3], 10),
        "random": np.linalg.qr(rng.normal(size=(196, 10)))[0].T,
        "flattest": robustness.curved_subspace(flattest, 10),
    }
    return {
        name: robustness.fooling_rate(network(seed), x, basis, size, rng)
        for name, basis in spans.items()
    }


# -- detector ---------------------------------------------------------------


@cache
def detected(seed: int) -> dict[str, float]:
    """Return what curvature tells about 200 digits and attacked ones."""
    model, (x, found) = network(seed), attacked(seed)
    x, r, label = x[:200], found.r[:200], found.label[:200]
    rng, unit = np.random.default_rng(seed), {}
    clean = robustness.curvature_score(model, x, rng)
    for alpha in (1, 2, 5):
        attack = robustness.curvature_score(model, x + alpha * r, rng)
        scores = np.concatenate([clean.score, attack.score])
        unit[f"AUC {alpha}"] = roc_auc_score(np.repeat([0, 1], 200), scores)
        unit[f"curvature {alpha}"] = float(np.mean(attack.guess == label))
        logits = robustness.logits_of(model, x + alpha * r)
        second = np.argsort(-logits, axis=1)[:, 1]
        unit[f"second logit {alpha}"] = float(np.mean(second == label))
    return unit


@survey("robustness/detector", SEEDS, value="AUC 1")
def detector(seed):
    """Area under the ROC curve."""
    return detected(seed)


@survey("robustness/label-recovery", SEEDS, value="curvature 1")
def label_recovery(seed):
    """Share of labels that the curvature recovers."""
    return detected(seed)


@survey("robustness/second-logit", SEEDS, value="second logit 1")
def second_logit(seed):
    """Share of labels that the second logit recovers."""
    return detected(seed)


# -- paths ------------------------------------------------------------------


@cache
def paths(seed: int) -> dict[str, float]:
    """Return what the search finds for 60 pairs of signals."""
    signals = data.load("mnist1d")
    keras.utils.set_random_seed(seed)
    model = robustness.build_smooth_mlp([40, 100, 100, 10], seed=seed)
    settings = Settings(epochs=20, learning_rate=2e-3, batch_size=100)
    y = signals.y_train.astype(int)
    robustness.train_adam(model, signals.x_train, y, settings)
    x, rng = signals.x_test, np.random.default_rng(seed)
    label = robustness.labels_of(model, x)
    unit = {"accuracy": float(np.mean(label == signals.y_test))}
    found = {0.02: [], 0.5: [], 2.0: []}
    for _ in range(60):
        i = rng.integers(len(x))
        same = np.flatnonzero(label == label[i])
        j = rng.choice(same[same != i])
        for overshoot, many in found.items():
            many.append(
                robustness.find_path(
                    model, x[i], x[j], label[i], overshoot, depth=7
                )
            )
    for overshoot, many in found.items():
        unit[f"found {overshoot}"] = np.mean([p is not None for p in many])
    whole = [p for p in found[2.0] if p is not None]
    unit["straight"] = sum(len(p) == 2 for p in whole) / 60
    unit["length"] = np.mean([robustness.length_ratio(p) for p in whole])
    unit["longest"] = max(robustness.length_ratio(p) for p in whole)
    return {name: float(value) for name, value in unit.items()}


@survey("robustness/not-convex", SEEDS, value="straight")
def not_convex(seed):
    """Share of straight segments that stay."""
    return paths(seed)


@survey("robustness/connected", SEEDS, value="found 2.0")
def connected(seed):
    """Share of pairs that are joined."""
    return paths(seed)


@survey("robustness/nearly-straight", SEEDS, value="length")
def nearly_straight(seed):
    """Mean length over distance."""
    return paths(seed)


@survey(
    "robustness/small-push",
    SEEDS,
    value=lambda unit: unit["found 0.02"] - unit["straight"],
)
def small_push(seed):
    """What a push of 2 % finds beyond straight segments."""
    return paths(seed)


# -- the paper's network ----------------------------------------------------


@cache
def fc_row(seed: int) -> dict[str, float]:
    """Return the row FC500-150-10 of the paper's table."""
    images = data.load("mnist")
    x, test = (
        a.reshape(len(a), 784).astype("float32") / 255
        for a in (images.x_train, images.x_test)
    )
    keras.utils.set_random_seed(seed)
    model = robustness.build_smooth_mlp([784, 500, 150, 10], None, seed)
    settings = Settings(epochs=12, learning_rate=1e-3, batch_size=100)
    robustness.train_adam(model, x, images.y_train.astype(int), settings)
    error = np.mean(robustness.labels_of(model, test) != images.y_test)
    x = test[:300]
    found = robustness.deepfool(model, x)
    label, most = found.label, np.inf
    eps = robustness.fgsm_eps_for_rate(model, x, label)
    own = np.minimum(robustness.fgsm_own_eps(model, x, label), 0.4)
    sign, each = (robustness.fgsm(model, x, label, e) for e in (eps, own))
    largest = robustness.deepfool(model, x, norm=most)
    return {
        "error": 100 * float(error),
        "DeepFool": robustness.rho_adv(found.r, x),
        "FGSM": robustness.rho_adv(sign, x),
        "FGSM own eps": robustness.rho_adv(each, x),
        "DeepFool linf": robustness.rho_adv(largest.r, x, most),
        "FGSM linf": robustness.rho_adv(sign, x, most),
        "iterations": float(found.iterations.mean()),
    }


@survey("robustness/fc-row", SEEDS, value="DeepFool")
def deepfool_row(seed):
    """Mean of |r| / |x|."""
    return fc_row(seed)


@survey("robustness/linf-row", SEEDS, value="DeepFool linf")
def linf_row(seed):
    """The same in the maximum norm."""
    return fc_row(seed)


@survey(
    "robustness/smaller-than-fgsm",
    SEEDS,
    value=lambda unit: unit["FGSM"] / unit["DeepFool"],
)
def smaller_than_fgsm(seed):
    """Sign steps of one common size."""
    return fc_row(seed)


@survey(
    "robustness/own-eps",
    SEEDS,
    value=lambda unit: unit["FGSM own eps"] / unit["DeepFool"],
)
def own_eps(seed):
    """Sign steps of each digit's own size."""
    return fc_row(seed)
