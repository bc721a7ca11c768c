"""Controls of the chapter on equivariant networks."""

from functools import cache, partial

import keras
import numpy as np
from keras import layers, ops
from scipy import ndimage
from sklearn.linear_model import LogisticRegression

from controls import control
from topoi import data, equivariant
from topoi.equivariant import GroupConv2D, GroupPool, LiftingConv2D

GROUP = equivariant.Dihedral4()
EULER = (0.4, 1.1, -2.0)
SPINS = [EULER, (2.0, 0.3, 1.0)]


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _digits(count):
    mnist = data.load("mnist")
    x = np.float32(mnist.x_test[:count]) / 255
    x = x.reshape(count, 14, 2, 14, 2).mean((2, 4))
    return x[..., np.newaxis], mnist.y_test[:count]


def _network(turning, pooled=True):
    """Return an untrained network of the chapter, one block long."""
    keras.utils.set_random_seed(1)
    if turning:
        stack = [LiftingConv2D(4, 3), layers.ReLU(), GroupConv2D(4, 3)]
        first = layers.Lambda(lambda v: v[:, :, :, 0])
        stack += [GroupPool() if pooled else first]
    else:
        stack = [layers.Conv2D(8, 3, activation="relu"), layers.Conv2D(8, 3)]
    top = [layers.GlobalAveragePooling2D(), layers.Dense(10)]
    return keras.Sequential([layers.Input((14, 14, 1)), *stack, *top])


def _accuracy(model, x, y):
    logits = ops.convert_to_numpy(model(np.ascontiguousarray(x)))
    return (logits.argmax(1) == y).mean()


@control(
    "equivariant/quarter-turns",
    "one direction is read instead of pooling over the group",
)
def first_direction_only():
    x, y = _digits(500)
    model = _network(True, pooled=False)
    quarters = [_accuracy(model, np.rot90(x, k, (1, 2)), y) for k in range(4)]
    return max(quarters) - min(quarters)


@control("equivariant/plain-falls", "the first weights are scored")
def plain_untrained():
    x, y = _digits(300)
    model = _network(False)
    quarters = [_accuracy(model, np.rot90(x, k, (1, 2)), y) for k in range(4)]
    return quarters[0] - np.mean(quarters[1:])


@control("equivariant/sample-efficiency", "the first weights are scored")
def both_untrained():
    x, y = _digits(300)
    return _accuracy(_network(True), x, y) - _accuracy(_network(False), x, y)


@control(
    "equivariant/augmentation",
    "the first weights of p4 are scored against a trained plain network",
    heavy=True,
)
def p4_untrained():
    x, y = _digits(600)
    plain = _network(False)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    plain.compile(keras.optimizers.Adam(1e-2), loss)
    plain.fit(x[:300], y[:300], epochs=20, verbose=0)
    p4 = _accuracy(_network(True), x[300:], y[300:])
    return p4 - _accuracy(plain, x[300:], y[300:])


def _representations(square):
    torus, eye = equivariant.TorusGroup(3, square), np.eye(square.order)
    kinds = (lambda h: np.eye(1)), (lambda h: eye[square.inv_mul(h)].copy())
    pair = [
        equivariant.induced_representation(torus, torus.stabiliser, kind)
        for kind in kinds
    ]
    return torus, *pair


@control("equivariant/dimensions", "shifts are left out of the mean")
def without_shifts():
    counts = []
    for name in ("p4", "p4m"):
        torus, *both = _representations(equivariant.SquareGroup(name))
        scalar, full = (rho[torus.stabiliser] for rho in both)
        pairs = (scalar, scalar), (scalar, full), (full, full)
        counts += [equivariant.intertwiner_dimension(*pair) for pair in pairs]
    return " ".join(map(str, counts))


@control("equivariant/averaging", "the action on the input is not inverted")
def input_not_inverted():
    _, scalar, full = _representations(equivariant.Cyclic4())
    matrix = np.random.default_rng(0).normal(size=(36, 9))
    mean = np.einsum("gab,bc,gcd->ad", full, matrix, scalar, optimize=True)
    mean /= len(scalar)
    return np.abs(mean @ scalar - full @ mean).max() / np.abs(mean).max()


@control("equivariant/kernel-space", "only quarter turns have to steer")
def steered_by_quarter_turns():
    def rho(m, t):
        c, s = np.cos(m * t), np.sin(m * t)
        return np.array([[c, -s], [s, c]]) if m else np.eye(1)

    def count(n, m, highest=3):
        t, rows = np.pi / 2, []
        phi = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        a, b = rho(m, t), rho(n, t)
        for f in range(highest + 1):
            for wave in (np.cos, np.sin)[: 2 if f else 1]:
                for i, j in np.ndindex(len(a), len(b)):
                    e = np.zeros((len(a), len(b)))
                    e[i, j] = 1
                    moved = np.multiply.outer(wave(f * (phi + t)), e)
                    turned = np.multiply.outer(wave(f * phi), a @ e @ b.T)
                    rows.append((moved - turned).ravel())
        return len(rows) - np.linalg.matrix_rank(np.array(rows))

    pairs = (0, 0), (0, 2), (1, 0), (1, 2)
    return " ".join(str(count(*pair)) for pair in pairs)


def _responses(kernel, angle):
    rng = np.random.default_rng(3)
    u, v = rng.uniform(-4, 4, size=(2, 40, 12, 1))
    heights = rng.normal(size=(40, 12))
    c, s = np.cos(angle), np.sin(angle)
    u, v = c * u - s * v, s * u + c * v
    axis = np.arange(len(kernel)) - len(kernel) // 2
    across, down = (np.exp(-((axis - w) ** 2) / 2) for w in (u, -v))
    return np.einsum("bn,bni,bnj,ijc->bc", heights, down, across, kernel)


def _steering_error(k, m, radius, angle, turn):
    """Compare responses to turned pictures with `turn` times the old."""
    basis = equivariant.circular_harmonic_basis(k, 0, m, (radius,))[0, ..., 0]
    before, after = _responses(basis, 0), _responses(basis, angle)
    rho = equivariant.rotation_of_fields((0,) * m + (1,), turn)
    return np.linalg.norm(after - before @ rho.T) / np.linalg.norm(before)


@control("equivariant/quarter-harmonics", "responses are turned backwards")
def turned_backwards():
    return _steering_error(3, 1, 1.0, np.pi / 2, -np.pi / 2)


@control("equivariant/large-kernel", "responses are not turned")
def not_turned():
    return max(_steering_error(9, m, 3.0, np.pi / 4, 0.0) for m in range(5))


@control("equivariant/small-kernel", "the picture turns by 90 degrees, not 45")
def quarter_turn():
    return _steering_error(3, 3, 1.0, np.pi / 2, np.pi / 2)


@control(
    "equivariant/sphere-theorem", "the integral weighs all grid points alike"
)
def equal_weights():
    degree = 4
    rng = np.random.default_rng(0)
    f, psi = rng.normal(size=(2, (degree + 1) ** 2))
    fine = equivariant.SphereGrid(degree)
    moved = equivariant.rotate_coefficients(psi[None, :, None], *EULER)
    product = (fine.synthesis @ f) * (fine.synthesis @ moved[0, :, 0])
    by_integral = 4 * np.pi * product.mean()
    by_degree = sum(
        (np.outer(f[a:b], psi[a:b]) * equivariant.wigner_d(l, *EULER)).sum()
        for l in range(degree + 1)
        for a, b in [(l * l, (l + 1) ** 2)]
    )
    return abs(by_integral - by_degree)


def _rotate(g, f):
    return equivariant.rotate_coefficients(f, *g).astype(f.dtype)


def _rotation_error(layer, dtype="float64"):
    f = np.random.default_rng(0).normal(size=(2, 25, 3)).astype(dtype)
    return equivariant.equivariance_error(layer, _rotate, _rotate, f, SPINS)


@control("equivariant/cg-exact", "the layer computes in float32")
def single_precision():
    layer = equivariant.CGProduct(4, 4, dtype="float32")
    return _rotation_error(layer, "float32")


def _on_grid(kind, size):
    return _rotation_error(
        equivariant.SphericalActivation(kind, size, dtype="float64")
    )


@control(
    "equivariant/square-exact", "the grid has the degree of the input only"
)
def grid_too_small():
    return _on_grid(ops.square, 1)


@control("equivariant/relu-aliases", "the grid has four times the degree")
def grid_of_the_finer_claim():
    return _on_grid("relu", 4)


@control("equivariant/relu-finer", "the grid is the smallest exact one")
def grid_of_the_coarse_claim():
    return _on_grid("relu", 1)


@cache
def _linear_on_sphere():
    """Fit a linear model on coefficients; return it and test digits."""
    grid = equivariant.SphereGrid(8, oversample=2)
    scale = 14 / np.radians(90)
    rows = 13.5 - scale * grid.theta * np.sin(grid.phi)
    columns = 13.5 + scale * grid.theta * np.cos(grid.phi)
    mnist = data.load("mnist")
    values = [
        ndimage.map_coordinates(p / 255, [rows, columns], order=1)
        for p in np.float32(mnist.x_test[:600])
    ]
    f, y = np.stack(values) @ grid.analysis.T, mnist.y_test[:600]
    model = LogisticRegression(max_iter=300).fit(f[:400], y[:400])
    rng = np.random.default_rng(0)
    turns = rng.uniform(0, np.pi, (200, 3))
    moved = [
        equivariant.rotate_coefficients(v[None, :, None], *t)[0, :, 0]
        for v, t in zip(f[400:], turns, strict=True)
    ]
    test = f[400:], np.array(moved)
    return tuple((model.predict(v) == y[400:]).mean() for v in test)


@control(
    "equivariant/spherical-digits",
    "the power spectrum is left out: the last layer reads coefficients",
)
def no_power_spectrum():
    at_pole, anywhere = _linear_on_sphere()
    return at_pole - anywhere


@control("equivariant/dense-on-sphere", "the test digits are not rotated")
def digits_at_the_pole():
    return _linear_on_sphere()[0]


@cache
def _meshes():
    vertices, faces = equivariant.icosphere(1)
    rng = np.random.default_rng(0)
    angles = rng.uniform(-np.pi, np.pi, len(vertices))
    default = equivariant.MeshGeometry(vertices, faces)
    return default, equivariant.MeshGeometry(vertices, faces, angles)


def _in_frames(mesh, arrows):
    parts = [(arrows * axis).sum(1) for axis in (mesh.first, mesh.second)]
    return np.stack(parts, axis=1)[np.newaxis]


def _as_arrows(mesh, f):
    f = ops.convert_to_numpy(f)[0, :, :, np.newaxis]
    return f[:, 0] * mesh.first + f[:, 1] * mesh.second


def _gauge_gap(frames):
    """Return the gap of two gauges; `frames(mesh)` reads the answer."""
    vertices, _ = equivariant.icosphere(1)
    wind = np.cross([0.3, -0.5, 1.0], vertices)
    answers = []
    for mesh in _meshes():
        draw = np.random.default_rng(1)
        layer = equivariant.GaugeConv((0, 1), (0, 1), mesh, dtype="float64")
        f = _in_frames(mesh, wind)
        layer(f)
        layer.set_weights([draw.normal(size=w.shape) for w in layer.weights])
        answers.append(_as_arrows(frames(mesh), layer(f)))
    before, after = answers
    return np.abs(before - after).max() / np.abs(before).max()


@control("equivariant/gauge", "both answers are read in the first frames")
def read_in_other_frames():
    return _gauge_gap(lambda mesh: _meshes()[0])


@control("equivariant/no-transport", "the transport is left on")
def transport_left_on():
    return _gauge_gap(lambda mesh: mesh)


@control(
    "equivariant/icosahedron", "vertices move, but their arrows are not turned"
)
def arrows_not_turned():
    vertices, _ = equivariant.icosphere(1)
    mesh = _meshes()[0]
    base, base_faces = equivariant.icosphere(0)
    start = np.linalg.inv(base[base_faces[0]].T)
    matrices = [base[face].T @ start for face in base_faces[:4]]

    def carry(matrix, f):
        target = (vertices @ matrix.T @ vertices.T).argmax(axis=1)
        arrows = np.empty_like(vertices)
        arrows[target] = _as_arrows(mesh, f)  # the right ones: @ matrix.T
        return _in_frames(mesh, arrows).astype(f.dtype)

    layer = equivariant.GaugeConv((0, 1), (0, 1), mesh, dtype="float64")
    f = np.random.default_rng(0).normal(size=(1, len(vertices), 2))
    return equivariant.equivariance_error(layer, carry, carry, f, matrices)


@control("equivariant/p4m-float32", "the group axis is not permuted")
def group_axis_not_permuted():
    layer = GroupConv2D(4, 3, "p4m")
    y, elements = _normal(1, 7, 7, 8, 2), range(8)
    return equivariant.equivariance_error(
        layer, GROUP.act_feature, GROUP.act_image, y, elements
    )


@control("equivariant/p4m-float64", "every direction has a bias of its own")
def bias_by_direction():
    layer = GroupConv2D(4, 3, "p4m", dtype="float64")

    def biased(v):
        return ops.convert_to_numpy(layer(v)) + np.arange(8)[:, np.newaxis]

    y = _normal(1, 7, 7, 8, 2).astype("float64")
    act = GROUP.act_feature
    return equivariant.equivariance_error(biased, act, act, y, range(8))


@control(
    "equivariant/stride-parity", "the side itself, not N - 3, has to be even"
)
def parity_of_the_side():
    disagree = 0
    for side in range(8, 12):
        layer = LiftingConv2D(4, 3, "p4m", strides=2)
        error = equivariant.equivariance_error(
            layer,
            GROUP.act_image,
            GROUP.act_feature,
            _normal(1, side, side, 1),
            range(8),
        )
        disagree += (error < 1e-5) != (side % 2 == 0)
    return disagree


@control("equivariant/every-layer", "arrows pass a ReLU in each component")
def relu_on_arrows():
    fields = (4, 3, 2)

    def act(s, v):
        return equivariant.act_fields(s, v, fields)

    makers = (
        partial(equivariant.NormActivation, fields),
        partial(layers.ReLU),
    )
    y = _normal(2, 5, 5, 14)  # 4 scalars and 5 arrows
    errors = [
        equivariant.equivariance_error(make(), act, act, y, range(4))
        for make in makers
    ]
    return sum(error > 1e-5 for error in errors)
