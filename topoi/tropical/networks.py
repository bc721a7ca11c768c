"""Networks to count: constructions, Keras models, attacks, pruning."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from topoi.tropical.layers import Layer, fractions

# -- constructions whose regions are known ----------------------------------


def _repeat(fold: Layer, out: Layer, times: int) -> list[Layer]:
    """Return the hidden layers of (out after fold), composed with itself."""
    inner = Layer(
        fold.weights @ out.weights, fold.weights @ out.bias + fold.bias
    )
    return [fold] + [inner] * (times - 1)


def _check_depth(depth: int) -> None:
    if depth < 1:
        raise ValueError(
            f"A network has at least one hidden layer, but depth = {depth}."
        )


def tent(depth: int) -> list[Layer]:
    """Return `depth` tents on [0, 1]: 2^depth linear pieces, width 2.

    The tent 2 relu(x) - 4 relu(x - 1/2) rises from 0 to 1 and falls back.
    """
    _check_depth(depth)
    fold = Layer(np.array([[1.0], [1.0]]), np.array([0.0, -0.5]))
    out = Layer(np.array([[2.0, -4.0]]), np.zeros(1), False)
    return [*_repeat(fold, out, depth), out]


def product_tent(depth: int) -> list[Layer]:
    """Return tents in both coordinates: 4^depth cells on [0, 1]^2, width 4."""
    _check_depth(depth)
    fold, out = _folding_square()
    return [*_repeat(fold, out, depth), out]


def _folding_square() -> tuple[Layer, Layer]:
    both = np.eye(2)
    weights = np.kron(both, [[1.0], [1.0]])
    fold = Layer(weights, np.array([0.0, -0.5, 0.0, -0.5]))
    return fold, Layer(np.kron(both, [[2.0, -4.0]]), np.zeros(2), False)


def zigzag(depth: int) -> list[Layer]:
    """Return a zigzag of 4^depth pieces on [0, 1], width 3, in fractions.

    Three units make four pieces, each onto [0, 1]:
    6 - 32/3 relu(x - 1/8) + 20/3 relu(x - 1/2) - 8 relu(3/4 - x).
    """
    _check_depth(depth)
    fold = Layer(
        fractions([[1], [1], [-1]]),
        fractions([Fraction(-1, 8), Fraction(-1, 2), Fraction(3, 4)]),
    )
    slopes = [[Fraction(-32, 3), Fraction(20, 3), Fraction(-8)]]
    out = Layer(fractions(slopes), fractions([6]), False)
    return [*_repeat(fold, out, depth), out]


def montufar_network(depth: int) -> list[Layer]:
    """Return the hidden layers of a network with 11 * 4^(depth - 1) cells.

    Widths 4; all layers but the last fold the unit square on itself four
    times, the last draws four lines that cross six times inside it. The
    count on [0, 1]^2 attains Montufar's lower bound.
    """
    _check_depth(depth)
    angles = np.array([0.3, 1.1, 1.9, 2.6])
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    offsets = np.array([0.02, -0.03, 0.05, -0.06])
    last = Layer(normals, offsets - normals @ [0.5, 0.5])
    if depth == 1:
        return [last]
    fold, out = _folding_square()
    inner = Layer(last.weights @ out.weights, last.bias)
    return [*_repeat(fold, out, depth - 1), inner]


def in_plane(layers: Sequence[Layer]) -> list[Layer]:
    """Return a network of one input as one of two, ignoring the second."""
    first = Layer(*layers[0])
    wide = np.concatenate([first.weights, 0 * first.weights], 1)
    return [first._replace(weights=wide), *map(Layer._make, layers[1:])]


# -- Keras ------------------------------------------------------------------


def from_keras(
    model,
    origin: np.ndarray | None = None,
    directions: np.ndarray | None = None,
) -> list[Layer]:
    """Return a Keras model as layers for `enumerate_regions`.

    Parameters
    ----------
    model : keras.Model
        A chain of Dense, Conv2D, DepthwiseConv2D, average pooling, padding,
        BatchNormalization (at inference), Flatten, Reshape, Dropout and
        ReLU. Convolutions become matrices, so keep the pictures small.
    origin : array-like, optional
        Point of the input space, of the model's input shape: the centre of
        the plane x = origin + s_1 u_1 + s_2 u_2 on which it is studied.
    directions : array-like, optional
        The two directions u_1, u_2, of shape (2, ...), each like a picture.

    Returns
    -------
    list of Layer
        Float64; the weights of Dense models are taken over without rounding.

    Raises
    ------
    ValueError
        For a layer or an activation that is not piecewise linear or not
        supported, or a model that is not a chain.
    """
    reader = _Reader(tuple(model.input_shape[1:]))
    if origin is not None:
        reader.start_on_plane(origin, directions)
    for layer in _leaves(model):
        reader.read(layer)
    layers = reader.finish()
    _compare(model, layers, origin, directions)
    return layers


def _leaves(model) -> list:
    """Return all layers, those of nested models included."""
    found = []
    for layer in model.layers:
        found += _leaves(layer) if hasattr(layer, "layers") else [layer]
    return found


_PASSING = {
    "InputLayer",
    "Dropout",
    "SpatialDropout2D",
    "Identity",
    "GaussianNoise",
}
_SHAPES = {"Flatten", "Reshape"}
_LINEAR = {
    "Conv2D",
    "DepthwiseConv2D",
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "ZeroPadding2D",
    "Dense",
}


class _Reader:
    """Collects affine maps until a ReLU closes them."""

    def __init__(self, shape: tuple[int, ...]):
        self.shape = shape
        self.layers: list[Layer] = []
        self.weights: np.ndarray | None = None  # None: the identity
        self.bias: np.ndarray | None = None

    def start_on_plane(self, origin, directions) -> None:
        origin, directions = (
            np.asarray(origin, float),
            np.asarray(directions, float),
        )
        wanted = (2, *self.shape)
        if origin.shape != self.shape or directions.shape != wanted:
            raise ValueError(
                f"The plane needs an origin of shape {self.shape} and "
                f"directions of shape {wanted}, but got {origin.shape} and "
                f"{directions.shape}."
            )
        # (2, *shape) -> (inputs, 2): a point of the plane is mapped to x
        self.weights, self.bias = directions.reshape(2, -1).T, origin.ravel()

    def read(self, layer) -> None:
        kind = type(layer).__name__
        if kind in _PASSING:
            return
        if kind in _SHAPES:
            self.shape = tuple(
                layer.compute_output_shape((1, *self.shape))[1:]
            )
        elif kind == "BatchNormalization":
            self._normalise(layer)
        elif kind in _LINEAR:
            self._linear(layer, kind)
        elif kind not in ("ReLU", "Activation"):
            raise ValueError(
                f"from_keras cannot read layer {layer.name!r} ({kind}). It "
                f"reads {', '.join(sorted(_LINEAR))}, BatchNormalization, "
                "ReLU and shape layers; replace max pooling by strides or "
                "average pooling."
            )
        self._activate(layer, kind)

    def finish(self) -> list[Layer]:
        if self.weights is not None:
            self.layers.append(Layer(self.weights, self.bias, False))
        return self.layers

    def _append(self, weights: np.ndarray, bias: np.ndarray) -> None:
        if self.weights is None:
            self.weights, self.bias = weights, bias
        else:
            self.bias = weights @ self.bias + bias
            self.weights = weights @ self.weights

    def _linear(self, layer, kind: str) -> None:
        shape = tuple(layer.compute_output_shape((1, *self.shape))[1:])
        size = int(np.prod(shape))
        bias = np.zeros(size)
        if getattr(layer, "use_bias", False):
            bias = np.tile(_array(layer.bias), size // shape[-1])
        if kind == "Dense" and len(self.shape) == 1:
            self._append(_array(layer.kernel).T, bias)  # (in, out), turned
        else:
            self._append(_matrix(layer, self.shape), bias)
        self.shape = shape

    def _normalise(self, layer) -> None:
        scale = 1 / np.sqrt(_array(layer.moving_variance) + layer.epsilon)
        if layer.scale:
            scale = scale * _array(layer.gamma)
        bias = -scale * _array(layer.moving_mean)
        if layer.center:
            bias = bias + _array(layer.beta)
        size = int(np.prod(self.shape))
        count = size // len(scale)
        self._append(np.diag(np.tile(scale, count)), np.tile(bias, count))

    def _activate(self, layer, kind: str) -> None:
        name = "relu" if kind == "ReLU" else None
        activation = getattr(layer, "activation", None)
        name = name or getattr(activation, "__name__", "linear")
        extra = [
            getattr(layer, key, 0) for key in ("negative_slope", "threshold")
        ]
        if kind == "ReLU" and (any(extra) or layer.max_value is not None):
            name = "leaky or clipped relu"
        if name == "linear":
            return
        if name != "relu":
            raise ValueError(
                f"from_keras needs ReLU or linear activations, but layer "
                f"{layer.name!r} has {name!r}. For a softmax, read the model "
                "that returns the logits."
            )
        if self.weights is None:
            size = int(np.prod(self.shape))
            self._append(np.eye(size), np.zeros(size))
        self.layers.append(Layer(self.weights, self.bias))
        self.weights = self.bias = None


def _array(variable) -> np.ndarray:
    import keras

    if isinstance(variable, keras.Variable):
        return variable.numpy().astype(float)
    return keras.ops.convert_to_numpy(variable).astype(float)


def _matrix(layer, shape: tuple[int, ...]) -> np.ndarray:
    """Return the linear part of a Keras layer as a matrix (out, in)."""
    size = int(np.prod(shape))
    # one input a unit vector: (in, *shape); its output is a column
    basis = np.eye(size, dtype="float32").reshape(size, *shape)
    zero = _array(layer(np.zeros((1, *shape), "float32"))).reshape(1, -1)
    config = layer.get_config() | {"activation": "linear", "use_bias": False}
    if "activation" not in layer.get_config():
        # (in, *out) -> (in, out) -> (out, in)
        return (_array(layer(basis)).reshape(size, -1) - zero).T
    bare = type(layer).from_config(config)
    bare.build((None, *shape))
    bare.set_weights(layer.get_weights()[:1])
    return _array(bare(basis)).reshape(size, -1).T


def _compare(model, layers, origin, directions) -> None:
    """Check on random points that the layers compute the model."""
    rng = np.random.default_rng(0)
    h = rng.normal(size=(16, layers[0].weights.shape[1]))
    x = h.reshape(16, *(model.input_shape[1:] if origin is None else (2,)))
    if origin is not None:
        x = np.asarray(origin) + np.tensordot(h, np.asarray(directions), 1)
    wanted = _array(model(x.astype("float32"))).reshape(16, -1)
    for weights, bias, relu in layers:
        h = h @ weights.T + bias  # (16, in) @ (in, out)
        h = np.maximum(h, 0) if relu else h
    same = h.shape == wanted.shape
    if not same or np.abs(h - wanted).max() > 1e-3 * (
        1 + np.abs(wanted).max()
    ):
        raise ValueError(
            f"Model {model.name!r} does not compute what its layers compute "
            "one after another: from_keras reads chains only, without "
            "branches or shared layers."
        )


# -- margins, attacks, pruning ----------------------------------------------


class Margin(NamedTuple):
    """Distances to a decision boundary.

    Attributes
    ----------
    distance : ndarray, shape (n,)
    nearest : ndarray, shape (n, 2)
        The closest points of the boundary.
    certified : ndarray of bool, shape (n,)
        Whether no boundary outside the polygon can be closer.
    """

    distance: np.ndarray
    nearest: np.ndarray
    certified: np.ndarray


def exact_margin(
    x: np.ndarray, segments: np.ndarray, polygon: np.ndarray
) -> Margin:
    """Return the Euclidean distance of points to boundary segments.

    Parameters
    ----------
    x : array-like, shape (n, 2)
        Points inside the polygon.
    segments : array-like, shape (s, 2, 2)
        What `Subdivision.boundary_segments` returns.
    polygon : array-like, shape (corners, 2)
        The convex domain of the subdivision.

    Returns
    -------
    Margin
        Without segments, all distances are infinite.

    Raises
    ------
    ValueError
        If `x` or `segments` have another shape.

    Notes
    -----
    Each point is projected on each segment, clipped at its ends: O(n s).
    Where certified, this is the length of the smallest adversarial
    perturbation.
    """
    x, ends = np.asarray(x, float), np.asarray(segments, float)
    if x.ndim != 2 or x.shape[1] != 2 or ends.shape[1:] != (2, 2):
        raise ValueError(
            "exact_margin needs points (n, 2) and segments (s, 2, 2), but "
            f"got {x.shape} and {ends.shape}."
        )
    if not len(ends):
        never = np.full(len(x), np.inf)
        return Margin(never, np.full(x.shape, np.nan), np.zeros(len(x), bool))
    feet = _feet(x, ends)
    distances = np.linalg.norm(feet - x[:, None], axis=2)
    best = distances.argmin(1)
    rows = np.arange(len(x))
    corners = np.asarray(polygon, float)
    sides = np.stack([corners, np.roll(corners, -1, 0)], 1)
    wall = np.linalg.norm(_feet(x, sides) - x[:, None], axis=2).min(1)
    distance = distances[rows, best]
    return Margin(distance, feet[rows, best], distance <= wall)


def _feet(x: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the closest point of each segment to each point, (n, s, 2)."""
    start, along = ends[:, 0], ends[:, 1] - ends[:, 0]
    length = np.maximum((along**2).sum(1), np.finfo(float).tiny)
    t = ((x[:, None] - start) * along).sum(2) / length
    return start + np.clip(t, 0, 1)[..., None] * along


def perturb_first_layer(
    weights: np.ndarray, x: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Return the smallest dA with (A + dA) x = A (x + shift).

    An input perturbation becomes one of the first layer, and bends the
    decision boundary instead of moving the point. The smallest in the
    Frobenius norm is A shift x^T / |x|^2.

    Parameters
    ----------
    weights : array-like, shape (p, n)
    x, shift : array-like, shape (n,)

    Raises
    ------
    ValueError
        If x is 0: then A x = 0 for every A.
    """
    weights, x, shift = (np.asarray(v, float) for v in (weights, x, shift))
    if not x.any():
        raise ValueError(
            "perturb_first_layer needs x other than 0, because (A + dA) 0 "
            "is always 0. Append a constant input for the bias."
        )
    return np.outer(weights @ shift, x) / (x @ x)


def generator_scores(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how long each unit's segments are in the two zonotopes.

    Parameters
    ----------
    a : array-like, shape (p, n)
        First layer; append the biases as a column.
    b : array-like, shape (2, p)

    Returns
    -------
    ndarray, shape (p, 2)
        Lengths of generator j in the zonotopes of `decision_polytope`.
    """
    from topoi.tropical.polytopes import decision_polytope

    pair = decision_polytope(a, b)
    lengths = [np.linalg.norm(z.generators, axis=1) for z in pair]
    return np.stack(lengths, 1)


def shrink_generators(a: np.ndarray, b: np.ndarray, penalty: float) -> tuple:
    """Return both generator matrices after group shrinkage.

    Minimises 1/2 |H - G|_F^2 + penalty |H|_{2,1} for each of the two
    generator matrices G: row by row, the length falls by `penalty`, and
    rows shorter than it vanish.

    Returns
    -------
    first, second : ndarray, shape (p, n)

    Notes
    -----
    Source: the objective of Alfarra et al. (2022), with the generator
    matrices themselves as unknowns; a unit whose two rows vanish can be
    removed. Then the minimiser is known in closed form.
    """
    from topoi.tropical.polytopes import decision_polytope

    shrunk = []
    for zonotope in decision_polytope(a, b):
        length = np.linalg.norm(zonotope.generators, axis=1)
        safe = np.maximum(length, np.finfo(float).tiny)
        factor = np.maximum(1 - penalty / safe, 0)
        shrunk.append(factor[:, None] * zonotope.generators)
    return tuple(shrunk)
