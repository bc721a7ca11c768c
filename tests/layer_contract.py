"""The contract that every public layer of `topoi` keeps, on every backend.

Each check takes an `Example` and raises an AssertionError that says which
promise is broken. What holds for all layers:

- its class is registered, its configuration names every argument of the
  constructor, and a layer made from it, or saved and loaded, is the same;
- `compute_output_shape` tells the real shape, with or without a batch size;
- examples of a batch do not mix;
- outputs have the policy's compute dtype, weights its variable dtype, and
  float64 is not cut to float32 on the way;
- gradients are finite and reach every trainable weight and the input;
- a NaN spoils outputs of its own example, and is not swallowed.

Masks and infinity differ, so examples say what their layer promises.
"""

import inspect
import json
import os
import warnings

import keras
import numpy as np
from keras import ops

from layer_examples import Example
from topoi.autodiff import input_gradient, value_and_grad

BATCH = 3
# largest error relative to the largest output in float32
TOLERANCES = {
    "float32": 1e-6,
    "float64": 1e-5,
    "mixed_bfloat16": 5e-2,
    "mixed_float16": 1e-2,
}


def holds_float64() -> bool:
    """Tell whether the backend holds float64; JAX has to be asked for it."""
    jax = keras.backend.backend() == "jax"
    return not jax or os.environ.get("JAX_ENABLE_X64") == "1"


def draw_inputs(example: Example, dtype: str = "float32"):
    """Return an array of normal numbers, or a list of them."""
    rng = np.random.default_rng(7)
    arrays = [
        rng.normal(size=(BATCH, *shape)).astype(dtype)
        for shape in example.shapes
    ]
    return arrays if isinstance(example.shape, list) else arrays[0]


def build_layer(example: Example, **kwargs):
    """Return a built layer whose weights are all drawn at random."""
    layer = example.make(**kwargs)
    apply(layer, example, draw_inputs(example))
    rng = np.random.default_rng(8)
    layer.set_weights(
        [rng.normal(scale=0.5, size=w.shape) for w in layer.weights]
    )
    return layer


def apply(layer, example: Example, x, **kwargs) -> np.ndarray:
    """Return the layer's output as an array of float64."""
    y = layer(x, **example.arguments, **kwargs)
    return ops.convert_to_numpy(ops.cast(y, _wide())).astype("float64")


def _wide() -> str:
    return "float64" if holds_float64() else "float32"


def _map(function, x):
    """Apply to an array, or to each of a list."""
    return (
        [function(part) for part in x] if isinstance(x, list) else function(x)
    )


def _model(example: Example, layer) -> keras.Model:
    inputs = [keras.Input(shape) for shape in example.shapes]
    start = inputs if isinstance(example.shape, list) else inputs[0]
    return keras.Model(start, layer(start, **example.arguments))


def _same(ours: np.ndarray, wanted: np.ndarray, why: str, tolerance=1e-6):
    """Raise unless the arrays agree, relative to the largest entry."""
    assert ours.shape == wanted.shape, f"{why}: {ours.shape}, {wanted.shape}"
    gap = np.abs(ours - wanted).max() / np.abs(wanted).max()
    assert gap <= tolerance, f"{why}: they differ by {gap:.1e}"


# -- the checks -------------------------------------------------------------


def check_configuration(example: Example, folder=None) -> None:
    """The configuration is complete, plain JSON, and makes the same layer."""
    layer = build_layer(example, name="given")
    kind = type(layer)
    registered = keras.saving.get_registered_name(kind)
    assert registered == f"topoi>{kind.__name__}", (
        f"{kind.__name__} is not registered: put @keras.saving."
        'register_keras_serializable(package="topoi") above it.'
    )
    config = layer.get_config()
    arguments = {
        name
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind
        not in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.VAR_KEYWORD,
        )
    }
    forgotten = arguments - config.keys()
    assert not forgotten, f"get_config leaves out {sorted(forgotten)}."
    stored = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    for again in (
        kind.from_config(config),
        keras.saving.deserialize_keras_object(stored),
    ):
        kept = json.dumps(keras.saving.serialize_keras_object(again))
        assert json.loads(kept)["config"] == stored["config"], (
            f"from_config(get_config()) makes another {kind.__name__}."
        )
        x = draw_inputs(example)
        apply(again, example, x)
        again.set_weights(layer.get_weights())
        _same(
            apply(again, example, x),
            apply(layer, example, x),
            "a layer made from the configuration gives other outputs",
        )


def check_saving(example: Example, folder) -> None:
    """A model with the layer is saved and loaded without a change."""
    layer = build_layer(example)
    model, x = _model(example, layer), draw_inputs(example)
    path = folder / "model.keras"
    with warnings.catch_warnings():
        # Keras 3.15 saves its own variables through NumPy's old protocol.
        warnings.filterwarnings("ignore", "__array__ implementation")
        model.save(path)
    again = keras.saving.load_model(path)
    _same(
        again.predict(x, verbose=0).astype("float64"),
        apply(layer, example, x),
        "a saved and loaded model gives other outputs",
        1e-5,
    )


def check_shape(example: Example, folder=None) -> None:
    """The declared shape is the real one; examples do not mix."""
    layer, x = build_layer(example), draw_inputs(example)
    y = apply(layer, example, x)
    for batch in (BATCH, None):
        shape = _map(lambda part, n=batch: (n, *part.shape[1:]), x)
        declared = tuple(layer.compute_output_shape(shape))
        assert declared == (batch, *y.shape[1:]), (
            f"compute_output_shape({shape}) is {declared}, but the output "
            f"has shape {y.shape}."
        )
    symbolic = _model(example, layer).output
    assert tuple(symbolic.shape) == (None, *y.shape[1:]), (
        f"In a model the output has shape {symbolic.shape}, not {y.shape}."
    )
    alone = apply(layer, example, _map(lambda part: part[:1], x))
    _same(alone, y[:1], "an example alone gives another output", 1e-5)


def check_mask(example: Example, folder=None) -> None:
    """A mask is refused, passed on, or read, as the example says."""
    layer = build_layer(example)
    reads = "mask" in inspect.signature(layer.call).parameters
    assert reads == (example.mask == "read"), (
        f"call {'takes' if reads else 'takes no'} mask, but the example "
        f"says {example.mask!r}."
    )
    supports = example.mask != "none"
    assert bool(layer.supports_masking) == supports, (
        f"supports_masking is {layer.supports_masking}, but the example says "
        f"mask={example.mask!r}."
    )
    if not supports:
        return
    x = draw_inputs(example)
    mask = np.ones(x.shape[:2], bool)
    mask[1, :2] = mask[2, 1:4] = mask[2, -1] = False  # front, middle, end
    y = layer(x, mask=mask) if reads else layer(x)
    handed = layer.compute_mask(x, mask)
    sequences = len(y.shape) == 3
    wanted = mask if sequences else None
    assert (handed is None) == (wanted is None), (
        f"compute_mask gives {handed} for an output of shape {y.shape}."
    )
    if wanted is not None:
        np.testing.assert_array_equal(ops.convert_to_numpy(handed), wanted)
    if reads:
        _check_masked_steps(layer, example, x, mask)
        _check_padding(layer, example, x)


def _check_masked_steps(layer, example: Example, x, mask) -> None:
    """What masked steps hold changes nothing that counts."""
    reference = apply(layer, example, x, mask=mask)
    counts = mask if reference.ndim == 3 else np.ones(len(mask), bool)
    for value in (9.0, np.nan, np.inf):
        changed = np.where(mask[..., np.newaxis], x, np.float32(value))
        ours = apply(layer, example, changed, mask=mask)
        _same(
            ours[counts],
            reference[counts],
            f"masked steps that hold {value} change what counts",
        )


def _check_padding(layer, example: Example, x) -> None:
    """A sequence padded in front, or at its end, gives what it gives alone."""
    alone, length = apply(layer, example, x), x.shape[1]
    for where, widths in (("in front", (5, 0)), ("at the end", (0, 5))):
        padded = np.pad(x, [(0, 0), widths, (0, 0)], constant_values=9)
        mask = np.pad(np.ones(x.shape[:2], bool), [(0, 0), widths])
        ours = apply(layer, example, padded, mask=mask)
        if ours.ndim == 3:
            ours = ours[:, widths[0] : widths[0] + length]
        _same(ours, alone, f"masked padding {where} changes the output", 1e-5)
    nothing = apply(layer, example, x, mask=np.zeros(x.shape[:2], bool))
    assert np.isfinite(nothing).all(), "a sequence without a step gives NaN."


def check_dtype(example: Example, folder=None) -> None:
    """Outputs and weights have the policy's dtypes, and right values."""
    reference = build_layer(example)
    wanted = apply(reference, example, draw_inputs(example))
    for policy in example.dtypes:
        if policy == "float64" and not holds_float64():
            continue
        layer = example.make(dtype=policy)
        x = draw_inputs(
            example, "float64" if policy == "float64" else "float32"
        )
        y = layer(x, **example.arguments)
        rule = keras.dtype_policies.get(policy)
        dtypes = {
            keras.backend.standardize_dtype(w.dtype) for w in layer.weights
        }
        assert dtypes <= {rule.variable_dtype}, (
            f"Under {policy} the weights are {sorted(dtypes)}."
        )
        layer.set_weights(reference.get_weights())
        y = layer(x, **example.arguments)
        ours = keras.backend.standardize_dtype(y.dtype)
        assert ours == rule.compute_dtype, (
            f"Under {policy} the output is {ours}."
        )
        values = ops.convert_to_numpy(ops.cast(y, _wide())).astype("float64")
        _same(
            values, wanted, f"{policy} gives other values", TOLERANCES[policy]
        )
        tensorflow = keras.backend.backend() == "tensorflow"
        if policy == "float64" and (tensorflow or not example.rounds):
            assert (values != np.float32(values)).any(), (
                "Under float64 every output is a float32: the layer casts."
            )


def check_gradient(example: Example, folder=None) -> None:
    """Gradients are finite, and reach the input and all trainable weights."""
    layer, x = build_layer(example), draw_inputs(example)
    weights = layer.trainable_weights
    rng = np.random.default_rng(9)
    direction = rng.normal(size=apply(layer, example, x).shape)
    direction = ops.convert_to_tensor(direction.astype("float32"))

    def loss(inputs=x):
        return ops.sum(layer(inputs, **example.arguments) * direction)

    gradients = {}
    if weights:
        _, values = value_and_grad(loss, weights)()
        paths = [weight.path for weight in weights]
        gradients = dict(zip(paths, values, strict=True))
    for i, part in enumerate(x if isinstance(x, list) else [x]):

        def of_one(value, i=i):
            if not isinstance(x, list):
                return loss(value)
            return loss([*x[:i], value, *x[i + 1 :]])

        gradients[f"input {i}"] = input_gradient(of_one, part)
    for name, gradient in gradients.items():
        gradient = ops.convert_to_numpy(gradient)
        assert np.isfinite(gradient).all(), f"The gradient of {name} is not."
        assert np.abs(gradient).max() > 0, f"No gradient reaches {name}."


def check_not_finite(example: Example, folder=None) -> None:
    """NaN and infinity spoil their own example, and are not swallowed."""
    layer, x = build_layer(example), draw_inputs(example)
    y = apply(layer, example, x)
    for value in (np.nan, np.inf, -np.inf):
        spoilt = _map(np.copy, x)
        for part in spoilt if isinstance(x, list) else [spoilt]:
            part[0].flat[part[0].size // 2] = value
        ours = apply(layer, example, spoilt)
        _same(ours[1:], y[1:], f"{value} in one example changes others", 1e-5)
        if np.isnan(value):
            assert np.isnan(ours[0]).any(), "NaN goes in, and none comes out."
        elif example.infinity == "stays":
            assert not np.isnan(ours[0]).any(), f"{value} becomes NaN."
            assert np.isinf(ours[0]).any(), f"{value} goes in, none comes out."
        elif example.infinity == "spreads":
            assert not np.isfinite(ours[0]).all(), f"{value} is swallowed."


CHECKS = {
    check.__name__.removeprefix("check_"): check
    for check in (
        check_configuration,
        check_saving,
        check_shape,
        check_mask,
        check_dtype,
        check_gradient,
        check_not_finite,
    )
}
