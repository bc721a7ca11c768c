"""Oracles of topoi.robustness: closed forms, LPs, grids, differences."""

import math

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.ndimage import label as components
from scipy.optimize import linprog, minimize_scalar

from topoi import robustness
from topoi.robustness import Settings, SharpSoftplus

# Keras 3.15 converts to NumPy in a way that NumPy 2.4 finds old.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't:DeprecationWarning"
)


def affine(seed=0, d=12, classes=5):
    """Return weights, bias and the classifier that they make."""
    rng = np.random.default_rng(seed)
    weights, bias = rng.normal(size=(d, classes)), rng.normal(size=classes)
    weights *= rng.uniform(0.3, 3, classes)  # so that norms matter
    return weights, bias, robustness.affine_classifier(weights, bias)


def quadratic(seed=0, d=4, classes=3):
    """Return centres, matrices and a classifier with curved boundaries."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, d))
    roots = rng.normal(size=(classes, d, d)) / np.sqrt(d)
    matrices = np.einsum("kij,klj->kil", roots, roots) + 0.2 * np.eye(d)
    model = robustness.quadratic_classifier(centres, matrices)
    return centres, matrices, model


def network(seed=3, sizes=(6, 12, 8, 4), beta=4.0):
    """Return an untrained smooth network with larger weights."""
    model = robustness.build_smooth_mlp(sizes, beta, seed)
    rng = np.random.default_rng(seed)
    for w in model.trainable_variables:
        w.assign(rng.normal(size=w.shape) * (0.8 if len(w.shape) > 1 else 0.3))
    return model


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# -- slopes -----------------------------------------------------------------


def test_jacobian_of_an_affine_map_is_its_matrix():
    weights, bias, model = affine()
    x = normal(7, 12)
    logits, jacobian = robustness.logit_jacobian(model, x)
    np.testing.assert_allclose(logits, x @ weights + bias, atol=1e-4)
    for row in jacobian:
        np.testing.assert_allclose(row, weights.T, atol=1e-5)


def test_jacobian_of_chosen_classes_of_each_example():
    weights, _, model = affine()
    chosen = np.array([[4, 0], [1, 2], [3, 3]])
    _, jacobian = robustness.logit_jacobian(model, normal(3, 12), chosen)
    np.testing.assert_allclose(jacobian, weights.T[chosen], atol=1e-5)


def test_jacobian_of_a_convolution_against_differences():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((5, 5, 2)),
            layers.Conv2D(3, 3, activation="tanh"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    x, step = normal(2, 5, 5, 2), 1e-2
    _, jacobian = robustness.logit_jacobian(model, x)
    assert jacobian.shape == (2, 3, 5, 5, 2)
    for place in ((0, 0, 0), (2, 3, 1), (4, 4, 0)):
        move = np.zeros((5, 5, 2), "float32")
        move[place] = step
        up, down = (robustness.logits_of(model, x + s * move) for s in (1, -1))
        np.testing.assert_allclose(
            jacobian[(slice(None), slice(None), *place)],
            (up - down) / (2 * step),
            atol=2e-3,
        )


def test_hessian_of_a_quadratic_is_its_matrix():
    _, matrices, model = quadratic()
    own, other = np.array([0, 2, 1]), np.array([1, 0, 2])
    _, _, hessians = robustness.gap_hessians(model, normal(3, 4), own, other)
    np.testing.assert_allclose(
        hessians, -2 * (matrices[own] - matrices[other]), atol=1e-4
    )


def test_hessian_of_a_network_against_differences_of_gradients():
    model, x, step = network(), 0.5 * normal(3, 6), 1e-2
    own, other = np.array([0, 1, 2]), np.array([1, 3, 0])
    values, gradient, hessians = robustness.gap_hessians(model, x, own, other)
    logits = robustness.logits_of(model, x)
    rows = np.arange(3)
    np.testing.assert_allclose(
        values, logits[rows, own] - logits[rows, other], atol=1e-5
    )
    for i in range(6):
        move = step * np.eye(6, dtype="float32")[i]
        up, down = (
            robustness.gap_hessians(model, x + s * move, own, other)[1]
            for s in (1, -1)
        )
        np.testing.assert_allclose(
            hessians[:, i], (up - down) / (2 * step), atol=2e-2, rtol=2e-2
        )
    v = normal(3, 6, seed=5)
    weights = robustness.gap_weights(own, other, 4)
    product = robustness.gap_product(model, x, weights, v)
    np.testing.assert_allclose(
        product, np.einsum("nij,nj->ni", hessians, v), atol=1e-4, rtol=1e-4
    )


def test_many_rows_are_the_same_as_few(monkeypatch):
    model, x = network(), normal(9, 6)
    whole = robustness.logits_of(model, x)
    monkeypatch.setattr("topoi.robustness.slopes.ROWS", 4)
    np.testing.assert_allclose(
        robustness.logits_of(model, x), whole, atol=1e-6
    )


# -- DeepFool ---------------------------------------------------------------


def nearest_by_program(weights, bias, x, norm):
    """Return the distance of x to another class, by linear programs.

    Oracle for the maximum norm: minimise t with -t <= r_i <= t and
    f_k(x + r) >= f_own(x + r).
    """
    assert norm == np.inf
    logits = x @ weights + bias
    own, d, best = logits.argmax(), len(x), np.inf
    for k in set(range(len(bias))) - {own}:
        w = weights[:, k] - weights[:, own]
        cost = np.r_[np.zeros(d), 1.0]
        above = np.c_[np.eye(d), -np.ones(d)]
        below = np.c_[-np.eye(d), -np.ones(d)]
        reach = np.r_[-w, 0.0]
        bound = np.r_[np.zeros(2 * d), logits[k] - logits[own]]
        found = linprog(
            cost,
            np.vstack([above, below, reach]),
            bound,
            bounds=[(None, None)] * (d + 1),
        )
        best = min(best, found.fun)
    return best


def test_affine_classifier_needs_one_exact_step():
    weights, bias, model = affine()
    x = normal(50, 12, seed=1)
    found = robustness.deepfool(model, x)
    assert found.success.all()
    assert (found.iterations == 1).all()
    logits = x @ weights + bias
    own = logits.argmax(axis=1)
    np.testing.assert_array_equal(found.label, own)
    for n in range(50):
        gaps = np.delete(logits[n, own[n]] - logits[n], own[n])
        w = np.delete(weights.T - weights[:, own[n]], own[n], axis=0)
        exact = np.min(gaps / np.linalg.norm(w, axis=1))
        assert np.linalg.norm(found.r[n]) / 1.02 == pytest.approx(
            exact, rel=1e-4
        )


def test_maximum_norm_is_that_of_a_linear_program():
    weights, bias, model = affine(2, d=6, classes=4)
    x = normal(6, 6, seed=3)
    found = robustness.deepfool(model, x, norm=np.inf)
    for r, point in zip(found.r, x, strict=True):
        exact = nearest_by_program(weights, bias, point, np.inf)
        assert np.abs(r).max() / 1.02 == pytest.approx(exact, rel=1e-4)


def textbook_deepfool(centres, matrices, x, overshoot, authors_code):
    """Return DeepFool's perturbation of one point: a plain NumPy loop."""

    def logits(u):
        gap = u - centres
        return -np.einsum("ki,kij,kj->k", gap, matrices, gap)

    def slopes(u):
        return -2 * np.einsum("kij,kj->ki", matrices, u - centres)

    own, r, count = logits(x).argmax(), np.zeros_like(x), 0
    while count < 50:
        count += 1
        u = x + (1 + overshoot) * r if authors_code else x + r
        best = None
        for k in range(len(centres)):
            if k == own:
                continue
            w = slopes(u)[k] - slopes(u)[own]
            distance = abs(logits(u)[k] - logits(u)[own])
            distance = distance / np.linalg.norm(w)
            if best is None or distance < best[0]:
                best = distance, w
        extra = 1e-4 if authors_code else 0.0
        r = r + (best[0] + extra) * best[1] / np.linalg.norm(best[1])
        if logits(x + (1 + overshoot) * r).argmax() != own:
            break
    return (1 + overshoot) * r, count


@pytest.mark.parametrize("authors_code", [False, True])
def test_both_published_forms_against_a_plain_loop(authors_code):
    centres, matrices, model = quadratic()
    x = normal(40, 4, seed=2)
    form = "overshot" if authors_code else "plain"
    extra = 1e-4 if authors_code else 0.0
    found = robustness.deepfool(model, x, linearise_at=form, extra=extra)
    loops = [
        textbook_deepfool(
            centres, matrices, p.astype(float), 0.02, authors_code
        )
        for p in x
    ]
    np.testing.assert_allclose(found.r, [r for r, _ in loops], atol=2e-3)
    same = np.mean(found.iterations == [count for _, count in loops])
    assert same >= 0.95  # float32 may decide otherwise at the very boundary


def test_the_two_forms_differ_by_little_but_differ():
    model = network()
    x = normal(30, 6, seed=4)
    plain = robustness.deepfool(model, x, max_iter=12).r
    overshot = robustness.deepfool(
        model, x, max_iter=12, linearise_at="overshot", extra=1e-4
    ).r
    ratio = np.linalg.norm(plain, axis=1) / np.linalg.norm(overshot, axis=1)
    assert 0.9 < np.mean(ratio) < 1.1
    assert np.abs(ratio - 1).max() > 1e-4


def test_upper_bound_beside_a_fine_search_on_circles():
    """Oracle: in two dimensions the distance is found on 360 rays."""
    centres, matrices, model = quadratic(5, d=2)
    x = normal(12, 2, seed=6)
    found = robustness.deepfool(model, x)
    assert found.success.all()
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ratios = []
    for point, r, own in zip(x, found.r, found.label, strict=True):
        length = np.linalg.norm(r)
        radii = np.linspace(0, 1.01 * length, 120)[1:]
        disc = point + radii[:, None, None] * rays  # (radii, rays, 2)
        other = robustness.labels_of(model, disc.reshape(-1, 2)) != own
        first = radii[other.reshape(len(radii), -1).any(axis=1)]
        ratios.append(length / first[0])
    assert min(ratios) > 0.98
    assert np.median(ratios) < 1.2


def test_a_batch_is_its_examples_one_by_one():
    model, x = network(), normal(20, 6, seed=7)
    together = robustness.deepfool(model, x, max_iter=8)
    for n in range(0, 20, 7):
        alone = robustness.deepfool(model, x[n : n + 1], max_iter=8)
        np.testing.assert_allclose(alone.r[0], together.r[n], atol=1e-4)
        assert alone.iterations[0] == together.iterations[n]


def test_finished_examples_stand_still():
    """One affine example among curved ones must not move again."""
    model = network()
    x = normal(40, 6, seed=8)
    found = robustness.deepfool(model, x, overshoot=0.001, max_iter=8)
    assert found.iterations.max() > found.iterations.min()
    again = robustness.deepfool(
        model, x[found.iterations == 1], overshoot=0.001, max_iter=8
    )
    np.testing.assert_allclose(
        again.r, found.r[found.iterations == 1], atol=1e-5
    )


def test_result_belongs_together():
    model, x = network(), normal(15, 6, seed=9)
    found = robustness.deepfool(model, x)
    np.testing.assert_allclose(found.x_adv - x, found.r, atol=1e-6)
    np.testing.assert_array_equal(
        robustness.labels_of(model, found.x_adv), found.new_label
    )
    np.testing.assert_array_equal(
        found.success, found.label != found.new_label
    )


def test_fewer_classes_never_find_a_shorter_way_in_an_affine_net():
    _, _, model = affine(4)
    x = normal(40, 12, seed=10)
    every = np.linalg.norm(robustness.deepfool(model, x).r, axis=1)
    two = np.linalg.norm(
        robustness.deepfool(model, x, num_classes=2).r, axis=1
    )
    assert np.all(two >= every * (1 - 1e-5))
    assert np.any(two > every * 1.01)


def test_clipping_keeps_the_bounds():
    model = network()
    x = np.random.default_rng(1).uniform(size=(30, 6)).astype("float32")
    found = robustness.deepfool(model, x, clip=(0.0, 1.0))
    assert found.x_adv.min() >= 0
    assert found.x_adv.max() <= 1
    np.testing.assert_allclose(found.x_adv, x + found.r, atol=1e-6)


def test_pictures_keep_their_shape():
    keras.utils.set_random_seed(2)
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3)]
    )
    found = robustness.deepfool(model, normal(5, 4, 4, 1))
    assert found.r.shape == (5, 4, 4, 1)
    assert found.success.all()


def test_projection_reaches_its_class():
    _, _, model = quadratic()
    x = normal(20, 4, seed=11)
    for target in range(3):
        moved, success = robustness.move_into_class(
            model, x, np.full(20, target), overshoot=0.02
        )
        assert success.all()
        assert (robustness.labels_of(model, moved) == target).all()
        at_home = robustness.labels_of(model, x) == target
        np.testing.assert_array_equal(moved[at_home], x[at_home])


def test_projection_onto_a_half_space_is_orthogonal():
    model = robustness.affine_classifier([[0.0, 2.0], [0.0, 0.0]], [0, -2.0])
    moved, _ = robustness.move_into_class(model, [[-1.0, 5.0]], [1], 0.5)
    np.testing.assert_allclose(moved, [[-1 + 1.5 * 2, 5]], atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"norm": 1}, "norm is 2 or numpy.inf, but it is 1"),
        ({"linearise_at": "end"}, "but it is 'end'"),
        ({"max_iter": 0}, "at least one iteration"),
        ({"overshoot": -0.1}, "overshoot of 0 or more"),
        ({"num_classes": 1}, "at least two classes"),
    ],
)
def test_deepfool_refuses(options, message):
    _, _, model = affine()
    with pytest.raises(ValueError, match=message):
        robustness.deepfool(model, normal(2, 12), **options)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(12), r"got shape \(12,\)\. One example"),
        (np.zeros((0, 12)), "A batch"),
        (np.full((1, 12), np.nan), "NaN or infinity"),
    ],
)
def test_a_batch_is_needed(x, message):
    _, _, model = affine()
    with pytest.raises(ValueError, match=message):
        robustness.deepfool(model, x)


def test_a_model_without_classes_is_named():
    with pytest.raises(ValueError, match=r"returned shape \(4,\)"):
        robustness.logits_of(lambda x: ops.sum(x, axis=1), normal(4, 3))


# -- other attacks ----------------------------------------------------------


def test_sign_is_that_of_the_cross_entropy():
    model, x = network(), normal(8, 6, seed=12)
    label, step = robustness.labels_of(model, x), 1e-2
    sign = robustness.sign_direction(model, x, label)

    def loss(u):
        logits = robustness.logits_of(model, u).astype(float)
        most = logits.max(axis=1, keepdims=True)
        total = np.log(np.exp(logits - most).sum(axis=1)) + most[:, 0]
        return total - logits[np.arange(8), label]

    for i in range(6):
        move = step * np.eye(6)[i]
        slope = (loss(x + move) - loss(x - move)) / (2 * step)
        clear = np.abs(slope) > 1e-2
        np.testing.assert_array_equal(sign[clear, i], np.sign(slope)[clear])


def test_a_certain_network_still_has_a_direction():
    """With logits 200 apart the cross-entropy is 0 in float32."""
    model = robustness.affine_classifier(
        [[100.0, -100.0], [50.0, 0.0]], [0.0, 0.0]
    )
    sign = robustness.sign_direction(model, [[1.0, 1.0]], [0])
    np.testing.assert_array_equal(sign, [[-1, -1]])


def test_common_eps_is_a_quantile_of_the_own_ones():
    model, x = network(), normal(30, 6, seed=13)
    label = robustness.labels_of(model, x)
    grid = np.arange(1, 61) / 50
    own = robustness.fgsm_own_eps(model, x, label, grid)
    eps = robustness.fgsm_eps_for_rate(model, x, label, 0.3, grid)
    rates = [
        np.mean(
            robustness.labels_of(
                model, x + robustness.fgsm(model, x, label, e)
            )
            != label
        )
        for e in grid
    ]
    assert eps == pytest.approx(grid[np.argmax(np.array(rates) >= 0.3)])
    n = int(np.argmin(own))
    for share, flips in ((0.0, True), (0.021, False)):
        moved = x[n : n + 1] + robustness.fgsm(
            model, x[n : n + 1], label[n : n + 1], own[n] - share
        )
        flipped = robustness.labels_of(model, moved)[0] != label[n]
        assert bool(flipped) is flips


def test_an_eps_for_each_example():
    model, x = network(), normal(3, 6)
    r = robustness.fgsm(model, x, [0, 1, 2], np.array([0.1, 0.2, 0.0]))
    np.testing.assert_allclose(np.abs(r).max(axis=1), [0.1, 0.2, 0], rtol=1e-6)


def test_a_grid_that_is_too_short_is_named():
    _, _, model = affine()
    x = 100 * normal(9, 12)
    label = robustness.labels_of(model, x)
    with pytest.raises(ValueError, match="longer grid"):
        robustness.fgsm_eps_for_rate(model, x, label, 0.9, [1e-4])


def test_rho_is_a_mean_of_ratios():
    r, x = np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([[10.0, 0], [0, 4.0]])
    assert robustness.rho_adv(r, x) == pytest.approx((0.5 + 0.25) / 2)
    assert robustness.rho_adv(r, x, np.inf) == pytest.approx((0.4 + 0.25) / 2)
    with pytest.raises(ValueError, match="An example is zero"):
        robustness.rho_adv(r, np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"\(2, 2\) and \(1, 2\)"):
        robustness.rho_adv(r, x[:1])


def test_lbfgs_finds_the_distance_to_a_line():
    """Two classes and affine: the distance is known."""
    weights, bias, model = affine(6, d=5, classes=2)
    x = normal(4, 5, seed=14)
    r, success = robustness.lbfgs_attack(model, x, targets=1, rounds=14)
    w = weights[:, 0] - weights[:, 1]
    exact = np.abs(x @ w + bias[0] - bias[1]) / np.linalg.norm(w)
    assert success.all()
    ratio = np.linalg.norm(r, axis=1) / exact
    assert np.all(ratio > 1 - 1e-4)
    assert np.all(ratio < 1.05)


# -- regions ----------------------------------------------------------------


def test_half_plane_is_crossed_straight():
    model = robustness.affine_classifier(np.eye(2), [0.0, 0.0])
    path = robustness.find_path(model, [2.0, 0.0], [5.0, 1.0], 0)
    np.testing.assert_allclose(path, [[2, 0], [5, 1]])
    assert robustness.length_ratio(path) == pytest.approx(1)


def test_two_discs_are_not_joined():
    model = robustness.disc_classifier([[-2.0, 0.0], [2.0, 0.3]], 1.0)
    ends = np.array([[-2.2, 0.1], [2.1, 0.0]])
    assert robustness.find_path(model, *ends, 0, depth=6) is None
    assert (
        robustness.find_path(model, [-2.0, 0.3], [-1.5, -0.2], 0) is not None
    )


def test_a_path_stays_inside_at_other_points_too():
    """Around a disc: class 1 lies outside, and the straight line inside."""
    model = robustness.disc_classifier([[0.0, 0.0]], 1.0)
    path = robustness.find_path(model, [-1.5, 0.3], [1.5, 0.2], 1)
    assert len(path) > 2
    assert robustness.stays_inside(model, path, 1, samples=1000)
    assert robustness.length_ratio(path) > 1.05
    np.testing.assert_allclose(path[[0, -1]], [[-1.5, 0.3], [1.5, 0.2]])


def test_spiral_is_one_component_by_a_labelled_grid():
    model = robustness.spiral_classifier(2.0)
    axis = np.linspace(-4, 4, 400)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    inside = np.linalg.norm(grid, axis=1) < 4
    for label in (0, 1):
        region = (robustness.labels_of(model, grid) == label) & inside
        assert components(region.reshape(400, 400))[1] == 1
    radius = np.linspace(0.2, 4, 60)  # along the middle of arm 0
    arm = radius[:, None] * np.stack(
        [np.cos(2 * radius), np.sin(2 * radius)], axis=1
    )
    assert robustness.stays_inside(model, arm, 0)


def parabola(x):
    """Class 0 lies above y = -x^2."""
    f = x[:, 1] + x[:, 0] ** 2
    return ops.stack([f, -f], axis=1)


@pytest.mark.parametrize(
    ("overshoot", "corners"), [(0.02, None), (0.9, None), (1.1, 3), (2.0, 3)]
)
def test_push_of_one_is_what_a_parabola_asks(overshoot, corners):
    """Ends a hair above the boundary; the chapter has the proof."""
    ends = np.array([[-1.0, -1 + 1e-6], [1.0, -1 + 1e-6]])
    path = robustness.find_path(parabola, *ends, 0, overshoot, depth=1)
    assert (path is None) == (corners is None)
    if corners:
        assert len(path) == corners
        assert path[1] == pytest.approx([0, overshoot - 1 + 1], abs=1e-3)


def test_points_and_paths_that_are_none_are_refused():
    with pytest.raises(ValueError, match="at least two corners"):
        robustness.points_along(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="coincide"):
        robustness.length_ratio(np.zeros((2, 2)))
    model = robustness.disc_classifier([[0.0, 0.0]], 1.0)
    with pytest.raises(ValueError, match="must have the label 0"):
        robustness.find_path(model, [0.0, 0.0], [3.0, 0.0], 0)


def test_samples_of_a_path_lie_on_it():
    path = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])
    points = robustness.points_along(path, 5)
    assert points.shape == (10, 2)
    np.testing.assert_allclose(points[[0, 4, 5, 9]], path[[0, 1, 1, 2]])
    np.testing.assert_allclose(points[7], [1, 1])


# -- curvature --------------------------------------------------------------


def surface_of(matrix, point):
    """Return gradient and Hessian of 1 - x^T M x at one point."""
    model = robustness.quadratic_classifier(
        np.zeros((2, len(matrix))), np.stack([matrix, 0 * matrix]), [1.0, 0.0]
    )
    point = np.asarray(point, "float32")[None]
    _, gradient, hessian = robustness.gap_hessians(model, point, [0], [1])
    return gradient, hessian


@pytest.mark.parametrize("radius", [0.5, 1.0, 4.0])
def test_sphere_has_minus_one_over_radius(radius):
    point = np.array([2.0, -1.0, 2.0]) / 3 * radius
    gradient, hessian = surface_of(np.eye(3) / radius**2, point)
    values, directions = robustness.principal_curvatures(gradient, hessian)
    np.testing.assert_allclose(values, [[-1 / radius] * 2], rtol=1e-4)
    np.testing.assert_allclose(directions[0] @ point, [0, 0], atol=1e-5)
    mean = robustness.mean_curvature(gradient, hessian)
    np.testing.assert_allclose(mean, [-1 / radius], rtol=1e-4)


def test_ellipsoid_at_its_vertex():
    """At (a, 0, 0) the curvatures are -a / b^2 and -a / c^2."""
    a, b, c = 2.0, 1.0, 0.5
    matrix = np.diag([a**-2, b**-2, c**-2])
    values, directions = robustness.principal_curvatures(
        *surface_of(matrix, [a, 0, 0])
    )
    np.testing.assert_allclose(values, [[-a / c**2, -a / b**2]], rtol=1e-4)
    np.testing.assert_allclose(
        np.abs(directions[0]), [[0, 0, 1], [0, 1, 0]], atol=1e-5
    )


def test_curvature_of_a_graph_by_its_second_derivative():
    """In the plane: y = h(x) bends by h'' / (1 + h'^2)^(3/2)."""
    gradient, hessian = surface_of(
        np.array([[0.25, 0.1], [0.1, 1.0]]), [0.6, 0.8788]
    )
    u = np.array([0.6, 0.8788])

    def height(x):
        b, c = 0.2 * x, 0.25 * x**2 - u @ [[0.25, 0.1], [0.1, 1.0]] @ u
        return (-b + math.sqrt(b**2 - 4 * c)) / 2

    h = 1e-4
    first = (height(0.6 + h) - height(0.6 - h)) / (2 * h)
    second = (height(0.6 + h) - 2 * height(0.6) + height(0.6 - h)) / h**2
    exact = second / (1 + first**2) ** 1.5
    values, _ = robustness.principal_curvatures(gradient, hessian)
    assert values[0, 0] == pytest.approx(exact, rel=1e-3)


def test_mean_curvature_is_the_mean_of_the_principal_ones():
    model, x = network(), normal(5, 6, seed=15)
    own, other = np.zeros(5, int), np.arange(5) % 3 + 1
    _, gradient, hessian = robustness.gap_hessians(model, x, own, other)
    values, _ = robustness.principal_curvatures(gradient, hessian)
    mean = robustness.mean_curvature(gradient, hessian)
    np.testing.assert_allclose(mean, values.mean(axis=1), rtol=1e-3, atol=1e-5)
    sampled = robustness.sampled_curvature(
        model, x, own, other, np.random.default_rng(0), vectors=4000
    )
    spread = np.abs(values).max(axis=1)
    assert np.all(np.abs(sampled - mean) < 0.05 * spread)


def test_an_affine_boundary_is_flat():
    _, _, model = affine()
    score = robustness.curvature_score(
        model, normal(4, 12), np.random.default_rng(0)
    )
    np.testing.assert_allclose(score.score, 0, atol=1e-6)


def test_score_of_balls_is_known():
    """Logits b_k - |x - m_k|^2 M: level sets of F_i are spheres."""
    matrices = np.stack([np.eye(3) * s for s in (1.0, 2.0, 4.0)])
    model = robustness.quadratic_classifier(
        np.zeros((3, 3)), matrices, [2.0, 1.0, 0.5]
    )
    x = np.array([[0.3, 0.4, 0.0]], "float32")
    found = robustness.curvature_score(model, x, np.random.default_rng(1))
    assert robustness.labels_of(model, x)[0] == 0
    # f_0 - f_i grows with |x|: the region of 0 lies outside of the sphere
    np.testing.assert_allclose(
        found.terms[0, 1:], [1 / 0.5, 1 / 0.5], rtol=1e-3
    )
    assert found.terms[0, 0] == -np.inf
    assert found.score[0] == pytest.approx(2, rel=1e-3)


def test_boundary_points_by_a_scalar_search():
    model, x = network(), normal(10, 6, seed=16)
    found = robustness.deepfool(model, x)
    z = robustness.boundary_points(
        model, x, found.x_adv, found.label, found.new_label
    )
    logits = robustness.logits_of(model, z)
    rows = np.arange(10)
    gap = logits[rows, found.label] - logits[rows, found.new_label]
    assert np.abs(gap).max() < 1e-4

    def size(t):
        u = (x[:1] + t * found.r[:1]).astype("float32")
        both = robustness.logits_of(model, u)[0]
        return abs(both[found.label[0]] - both[found.new_label[0]])

    best = minimize_scalar(size, bounds=(0, 1), method="bounded").x
    np.testing.assert_allclose(z[0], x[0] + best * found.r[0], atol=1e-3)
    with pytest.raises(ValueError, match="positive at x and not at x_adv"):
        robustness.boundary_points(model, x, x, found.label, found.new_label)


def test_surfaces_need_a_normal():
    with pytest.raises(ValueError, match="has no normal"):
        robustness.principal_curvatures(np.zeros((1, 3)), np.eye(3)[None])


def test_subspace_holds_its_directions():
    basis = np.linalg.qr(normal(8, 3))[0].T
    mixed = normal(40, 3, seed=1) @ basis
    found = robustness.curved_subspace(mixed, 3)
    np.testing.assert_allclose(found.T @ found, basis.T @ basis, atol=1e-5)
    with pytest.raises(ValueError, match="no subspace of dimension 9"):
        robustness.curved_subspace(mixed, 9)


def test_fooling_rate_of_a_line_and_of_its_complement():
    """The class is the sign of the first coordinate, 0.5 away."""
    weights = np.zeros((4, 2))
    weights[0] = [1, -1]
    model = robustness.affine_classifier(weights, [0.0, 0.0])
    x = np.full((50, 4), 0.5, "float32")
    rng = np.random.default_rng(0)
    across, along = np.eye(4)[:1], np.eye(4)[1:]
    rate = robustness.fooling_rate(model, x, across, 1.0, rng, draws=20)
    assert rate == pytest.approx(0.5, abs=0.05)  # the sign is a coin
    assert robustness.fooling_rate(model, x, along, 9.0, rng) == 0
    # in the plane |cos| must exceed a half, on one side: a third
    plane = robustness.fooling_rate(model, x, np.eye(4)[:2], 1.0, rng, 40)
    assert plane == pytest.approx(1 / 3, abs=0.05)


# -- networks ---------------------------------------------------------------


def test_sharp_softplus_is_close_to_relu_but_curved():
    x = np.linspace(-3, 3, 61).astype("float32")
    y = ops.convert_to_numpy(SharpSoftplus(10.0)(x))
    np.testing.assert_allclose(y, np.log1p(np.exp(10 * x)) / 10, rtol=1e-5)
    assert np.abs(y - np.maximum(x, 0)).max() == pytest.approx(
        math.log(2) / 10, rel=1e-4
    )
    with pytest.raises(ValueError, match="positive beta, got 0"):
        SharpSoftplus(0)


def test_relu_network_has_no_curvature_and_a_smooth_one_has():
    x, own, other = normal(4, 6), np.zeros(4, int), np.ones(4, int)
    for beta, curved in ((None, False), (10.0, True)):
        model = robustness.build_smooth_mlp([6, 30, 3], beta, seed=1)
        hessians = robustness.gap_hessians(model, x, own, other)[2]
        assert bool(np.abs(hessians).max() > 1e-3) is curved


def test_training_learns_and_fine_tuning_leaves_the_original():
    keras.utils.set_random_seed(0)
    x = normal(300, 5)
    y = (x[:, 0] > 0).astype(int)
    model = robustness.build_smooth_mlp([5, 16, 2], seed=2)
    robustness.train_adam(model, x, y, Settings(epochs=8, learning_rate=0.02))
    assert np.mean(robustness.labels_of(model, x) == y) > 0.95
    before = [w.copy() for w in model.get_weights()]
    tuned = robustness.fine_tune(model, x, 1 - y, Settings(epochs=3))
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert not np.allclose(before[0], tuned.get_weights()[0])


def test_training_refuses_what_trains_nothing():
    for wrong in ({"epochs": 0}, {"learning_rate": 0.0}, {"batch_size": 0}):
        with pytest.raises(ValueError, match="at least one epoch"):
            Settings(**wrong)
    with pytest.raises(ValueError, match="all positive"):
        robustness.build_smooth_mlp([4])
    model = robustness.build_smooth_mlp([2, 2])
    with pytest.raises(FloatingPointError, match="the data hold NaN"):
        robustness.train_adam(
            model, np.full((4, 2), np.nan), np.zeros(4), Settings(epochs=1)
        )
