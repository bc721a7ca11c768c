"""Controls of the claims about robustness."""

from functools import cache

import keras
import numpy as np
from keras import ops
from sklearn.metrics import roc_auc_score

from controls import control
from topoi import data, robustness
from topoi.robustness import Settings

# -- theorems ---------------------------------------------------------------


@control("robustness/affine-distance", "the nearest class is skipped")
def nearest_is_skipped():
    rng = np.random.default_rng(1)
    weights, bias = rng.normal(size=(20, 6)), rng.normal(size=6)
    gaps = []
    for x in rng.normal(size=(50, 20)):
        logits = x @ weights + bias
        own = logits.argmax()
        v = np.delete(weights.T - weights[:, own], own, axis=0)
        far = np.delete(logits[own] - logits, own) / np.linalg.norm(v, axis=1)
        nearest = far.argmin()
        step = robustness.hyperplane_step(
            np.delete(-far, nearest)[None],
            np.delete(v / np.linalg.norm(v, axis=1)[:, None], nearest, 0)[
                None
            ],
        )
        gaps.append(np.linalg.norm(step) / far.min() - 1)
    return float(np.abs(gaps).max())


@control("robustness/quadric-curvatures", "the gradient's length is left out")
def without_the_length():
    matrix = np.eye(4) / 16
    model = robustness.quadratic_classifier(
        np.zeros((2, 4)), np.stack([matrix, 0 * matrix]), [1, 0]
    )
    point = np.full((1, 4), 2.0)
    _, gradient, hessian = robustness.gap_hessians(model, point, [0], [1])
    unit = gradient / np.linalg.norm(gradient)
    kappa, _ = robustness.principal_curvatures(unit, hessian)
    return float(np.abs(kappa * 4 + 1).max())


@control("robustness/push-beyond", "the ends lie well inside")
def ends_inside():
    def parabola(x):
        f = x[:, 1] + x[:, 0] ** 2
        return ops.stack([f, -f], axis=1)

    a, b = np.array([-1, -0.3]), np.array([1, -0.3])
    wrong = 0
    for eta in (0.02, 0.5, 0.9, 1.1, 2.0, 3.0):
        path = robustness.find_path(parabola, a, b, 0, eta, depth=1)
        wrong += (path is not None) != (eta >= 1)
    return int(wrong)


# -- a small network, trained once ------------------------------------------


@cache
def digits() -> tuple:
    """Return 3,000 training and 400 test digits of 14 x 14 pixels."""
    images = data.load("mnist")

    def small(x):
        x = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
        return x.reshape(len(x), 196).astype("float32")

    x, y = small(images.x_train[:3000]), images.y_train[:3000].astype(int)
    return x, y, small(images.x_test[:1000]), images.y_test[:1000].astype(int)


@cache
def network() -> keras.Model:
    """Return a network that is trained for three epochs."""
    keras.utils.set_random_seed(0)
    x, y, *_ = digits()
    model = robustness.build_smooth_mlp([196, 100, 50, 10], seed=0)
    settings = Settings(epochs=4, learning_rate=3e-3, batch_size=100)
    return robustness.train_adam(model, x, y, settings)


@cache
def attacked() -> tuple:
    x = digits()[2][:150]
    return x, robustness.deepfool(network(), x)


@control("robustness/three-iterations", "steps of a fifth of the length")
def short_steps():
    """Divide the logits' gaps by five where the step is computed."""
    model, x = network(), digits()[2][:60]
    start = robustness.labels_of(model, x)
    moved, count, active = x.copy(), np.zeros(60), np.arange(60)
    others = np.array([[k for k in range(10) if k != c] for c in start])
    for _ in range(60):
        at = moved[active]
        logits, slope = robustness.logit_jacobian(model, at)
        rows, own = np.arange(len(at))[:, None], start[active][:, None]
        gaps = logits[rows, others[active]] - logits[rows, own]
        v = slope[rows, others[active]] - slope[rows, own]
        moved[active] += robustness.hyperplane_step(gaps, v) / 5
        count[active] += 1
        ahead = x[active] + 1.02 * (moved[active] - x[active])
        same = robustness.labels_of(model, ahead) == start[active]
        active = active[same]
        if len(active) == 0:
            break
    return float(count.mean())


# -- the row of the table ---------------------------------------------------


@cache
def large_digits() -> np.ndarray:
    x = data.load("mnist").x_test[:100]
    return x.reshape(100, 784).astype("float32") / 255


@control("robustness/fc-row", "the network is not trained")
def untrained():
    model = robustness.build_smooth_mlp([784, 500, 150, 10], None, 0)
    x = large_digits()
    return robustness.rho_adv(robustness.deepfool(model, x).r, x)


@control("robustness/linf-row", "steps of the Euclidean norm")
def euclidean_steps():
    x, found = attacked()
    return robustness.rho_adv(found.r, x, np.inf)


@control("robustness/smaller-than-fgsm", "another form of DeepFool")
def other_form():
    x, found = attacked()
    other = robustness.deepfool(
        network(), x, linearise_at="overshot", extra=1e-4
    )
    return robustness.rho_adv(other.r, x) / robustness.rho_adv(found.r, x)


@control("robustness/own-eps", "one eps for all digits")
def common_eps():
    x, found = attacked()
    eps = robustness.fgsm_eps_for_rate(network(), x, found.label)
    sign = robustness.fgsm(network(), x, found.label, eps)
    return robustness.rho_adv(sign, x) / robustness.rho_adv(found.r, x)


def lbfgs(**options) -> tuple[float, float]:
    """Return ratio of lengths, and rows sent through the network."""
    x, found = attacked()
    rows = [0]

    def counted(u):
        rows[0] += u.shape[0]
        return network()(u)

    r, success = robustness.lbfgs_attack(counted, x[:6], **options)
    sizes = [np.linalg.norm(a[success], axis=1) for a in (found.r[:6], r)]
    passes = 10 * found.iterations[:6].mean()
    return float(np.mean(sizes[0] / sizes[1])), rows[0] / 6 / passes


@control("robustness/beside-lbfgs", "the first price is kept")
def first_price():
    return lbfgs(rounds=1, steps=40)[0]


@control("robustness/cheaper-than-lbfgs", "two steps, one round, one target")
def two_steps():
    return lbfgs(rounds=1, steps=2, targets=1)[1]


# -- fine-tuning ------------------------------------------------------------


@cache
def tuned(kind: str) -> tuple[float, float]:
    """Return rho_adv and error after three epochs on some digits."""
    x, y, test, truth = digits()
    model = network()
    found = robustness.deepfool(model, x)
    eps = robustness.fgsm_eps_for_rate(model, x[:300], found.label[:300])
    perturbed = {
        "clean": lambda: x,
        "DeepFool": lambda: found.x_adv,
        "3 x DeepFool": lambda: x + 3 * found.r,
        "small FGSM": lambda: (
            x + robustness.fgsm(model, x, found.label, eps / 10)
        ),
    }[kind]()
    keras.utils.set_random_seed(0)
    settings = Settings(epochs=5, learning_rate=1.5e-3, batch_size=100)
    after = robustness.fine_tune(model, perturbed, y, settings)
    rho = robustness.rho_adv(
        robustness.deepfool(after, test[:150]).r, test[:150]
    )
    wrong = robustness.labels_of(after, test) != truth
    return rho, 100 * float(np.mean(wrong))


def before() -> float:
    x, found = attacked()
    return robustness.rho_adv(found.r, x)


@control("robustness/tuning-helps", "on the digits as they are", heavy=True)
def tuned_on_clean():
    return tuned("clean")[0] / before() - 1


@control("robustness/tuning-keeps-accuracy", "three times as long", heavy=True)
def tuned_on_long():
    return tuned("3 x DeepFool")[1] - tuned("clean")[1]


@control("robustness/tuning-too-strong", "of the same length", heavy=True)
def tuned_on_the_same():
    return tuned("DeepFool")[0] / tuned("DeepFool")[0] - 1


@control("robustness/tuning-fgsm-lowers", "no perturbation", heavy=True)
def tuned_without():
    return tuned("clean")[0] / before() - 1


@control("robustness/tuning-fgsm-costs", "a tenth of the eps", heavy=True)
def tuned_on_small_signs():
    return tuned("small FGSM")[1] - tuned("DeepFool")[1]


# -- regions ----------------------------------------------------------------


@control("robustness/not-convex", "an affine classifier")
def affine_regions():
    rng = np.random.default_rng(0)
    model = robustness.affine_classifier(rng.normal(size=(8, 4)), np.zeros(4))
    x = rng.normal(size=(60, 8)).astype("float32")
    label = robustness.labels_of(model, x)
    stays = []
    for i in range(59):
        same = np.flatnonzero(label[i + 1 :] == label[i])
        if len(same):
            pair = x[[i, i + 1 + same[0]]]
            stays.append(robustness.stays_inside(model, pair, label[i]))
    return float(np.mean(stays))


def two_discs(joined: float = 1.0) -> float:
    """Return the share of pairs found in the union of two discs."""
    model = robustness.disc_classifier([[-2.0, 0.0], [2.0, 0.0]], joined)
    rng, found = np.random.default_rng(0), []
    for _ in range(8):
        a, b = rng.uniform(-0.6, 0.6, (2, 2)) + [[-2.0, 0], [2.0, 0]]
        found.append(robustness.find_path(model, a, b, 0, depth=4) is not None)
    return float(np.mean(found))


@control("robustness/connected", "two discs")
def discs():
    return two_discs()


@control("robustness/nearly-straight", "by way of another signal")
def detour():
    x = data.load("mnist1d").x_test[:60]
    paths = x.reshape(20, 3, 40)
    return float(np.mean([robustness.length_ratio(p) for p in paths]))


@control("robustness/small-push", "the midpoint is pushed by 200 %")
def large_push():
    """Around a disc, where no segment through the middle is free."""
    model = robustness.disc_classifier([[0.0, 0.0]], 1.0)
    rng, found, straight = np.random.default_rng(0), 0, 0
    for _ in range(10):
        a, b = [-1.6, 0.0] + rng.uniform(0, 0.3, 2), np.array([1.6, 0.1])
        path = robustness.find_path(model, a, b, 1, 2.0)
        found += path is not None
        straight += path is not None and len(path) == 2
    return (found - straight) / 10


@control("robustness/spiral-missed", "a half plane")
def half_plane():
    model = robustness.affine_classifier(np.eye(2), np.zeros(2))
    rng, found = np.random.default_rng(0), []
    for a, b in rng.uniform(0, 1, (20, 2, 2)) + [3.0, 0.0]:
        found.append(robustness.find_path(model, a, b, 0) is not None)
    return float(np.mean(found))


# -- curvature --------------------------------------------------------------


@control("robustness/flat", "a random symmetric matrix for the Hessian")
def random_hessian():
    rng = np.random.default_rng(0)
    hessian = rng.normal(size=(10, 196, 196))
    hessian = hessian + hessian.transpose(0, 2, 1)
    gradient = rng.normal(size=(10, 196))
    size = np.abs(robustness.principal_curvatures(gradient, hessian)[0])
    return float(np.mean(size < 0.1 * size.max(axis=1, keepdims=True)))


@control("robustness/more-negative", "points inside of a ball")
def ball():
    model = robustness.disc_classifier(np.zeros((1, 5)), 1.0)
    x = np.random.default_rng(0).normal(size=(30, 5))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    own = np.zeros(30, int)
    _, gradient, hessian = robustness.gap_hessians(model, x, own, own + 1)
    return float(np.mean(robustness.mean_curvature(gradient, hessian) < 0))


@cache
def curvatures() -> tuple:
    model, (x, found) = network(), attacked()
    pick = np.flatnonzero(found.success)[:40]
    own, other = found.label[pick], found.new_label[pick]
    z = robustness.boundary_points(
        model, x[pick], found.x_adv[pick], own, other
    )
    _, gradient, hessian = robustness.gap_hessians(model, z, own, other)
    return robustness.principal_curvatures(gradient, hessian)


@control("robustness/shared-directions", "ten random dimensions")
def random_dimensions():
    most = curvatures()[1][:, :3]
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(196, 10)))[0].T
    return float(np.sum((most @ basis.T) ** 2, axis=2).mean()) / (10 / 196)


@control("robustness/curved-is-vulnerable", "the flattest directions")
def flattest_directions():
    values, directions = curvatures()
    order = np.argsort(np.abs(values), axis=1)[:, :3, None]
    flattest = np.take_along_axis(directions, order, axis=1)
    x, rng = digits()[2][150:400], np.random.default_rng(0)
    size = 0.25 * float(np.linalg.norm(x, axis=1).mean())
    spans = (
        robustness.curved_subspace(flattest, 10),
        np.linalg.qr(rng.normal(size=(196, 10)))[0].T,
    )
    rates = [
        robustness.fooling_rate(network(), x, span, size, rng)
        for span in spans
    ]
    return rates[0] / rates[1]


# -- detector ---------------------------------------------------------------


@control("robustness/detector", "random perturbations of the same length")
def random_perturbations():
    x, found = attacked()
    rng = np.random.default_rng(0)
    r = rng.normal(size=found.r.shape)
    r *= np.linalg.norm(found.r, axis=1, keepdims=True) / np.linalg.norm(
        r, axis=1, keepdims=True
    )
    scores = [
        robustness.curvature_score(network(), u, rng).score for u in (x, x + r)
    ]
    truth = np.repeat([0, 1], len(x))
    return float(roc_auc_score(truth, np.concatenate(scores)))


@control("robustness/label-recovery", "the class with the smallest curvature")
def smallest_curvature():
    _, found = attacked()
    rng = np.random.default_rng(0)
    terms = robustness.curvature_score(network(), found.x_adv, rng).terms
    terms = np.where(np.isfinite(terms), terms, np.inf)
    return float(np.mean(terms.argmin(axis=1) == found.label))


@control("robustness/second-logit", "perturbations five times as long")
def five_times():
    x, found = attacked()
    logits = robustness.logits_of(network(), x + 5 * found.r)
    second = np.argsort(-logits, axis=1)[:, 1]
    return float(np.mean(second == found.label))
