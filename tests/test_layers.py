"""Every public layer of `topoi` keeps one contract, and the contract bites."""

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

import layer_contract
import topoi
from layer_contract import CHECKS
from layer_examples import Example, examples

EXAMPLES = examples()
CASES = [
    pytest.param(check, example, id=f"{topic}-{name}-{check}")
    for topic, named in EXAMPLES.items()
    for name, example in named.items()
    for check in CHECKS
]


def layers_of(package) -> set[type]:
    """Return the public layers that a package and all below it define."""
    found = set()
    prefix = f"{package.__name__}."
    for module in pkgutil.walk_packages(package.__path__, prefix):
        if module.name.endswith("__main__"):
            continue
        for name, kind in vars(importlib.import_module(module.name)).items():
            if (
                inspect.isclass(kind)
                and issubclass(kind, keras.layers.Layer)
                and not issubclass(kind, keras.Model)  # networks, not layers
                and kind.__module__ == module.name
                and not name.startswith("_")
            ):
                found.add(kind)
    return found


def missing(kinds: set[type], known: dict[str, dict[str, Example]]) -> list:
    """Say where an example of each layer that has none is to be added."""
    given = {
        topic: {type(example.make()) for example in named.values()}
        for topic, named in known.items()
    }
    return sorted(
        f"{kind.__module__}.{kind.__name__} has no example: add one to "
        f"EXAMPLES in tests/layer_examples/{topic}.py"
        for kind in kinds
        if kind not in given.get(topic := kind.__module__.split(".")[1], ())
    )


def test_every_public_layer_has_an_example():
    kinds = layers_of(topoi)
    assert len(kinds) > 20
    assert missing(kinds, EXAMPLES) == []


@pytest.mark.parametrize(("check", "example"), CASES)
def test_layer_keeps_the_contract(check, example, tmp_path):
    CHECKS[check](example, tmp_path)


@pytest.mark.skipif(layer_contract.holds_float64(), reason="float64 is held")
def test_double_precision_on_jax():
    """The dtypes again, in a process that lets JAX hold float64."""
    command = [sys.executable, "-m", "pytest", "-q", "-k", "dtype", __file__]
    run = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        env={**os.environ, "JAX_ENABLE_X64": "1"},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout


# -- the contract bites -----------------------------------------------------

_register = keras.saving.register_keras_serializable(package="topoi")


@_register
class Scale(keras.layers.Layer):
    """Multiply by a weight; keeps the contract, and the base of those below.

    Parameters
    ----------
    factor : float
        The weight is multiplied by it.
    """

    def __init__(self, factor: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.supports_masking = True

    def build(self, input_shape):
        self.scale = self.add_weight(shape=input_shape[-1:], name="scale")

    def call(self, inputs):
        return inputs * self.scale * self.factor

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Unregistered(Scale):
    pass


@_register
class Forgetful(Scale):
    def get_config(self):
        return {k: v for k, v in super().get_config().items() if k != "factor"}


@_register
class Deaf(Scale):
    """Reads its configuration and keeps the default."""

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "factor": 1.0})


@_register
class Redrawn(Scale):
    """Holds a number that is drawn anew for each layer, and not saved."""

    def __init__(self, factor: float = 1.0, **kwargs):
        super().__init__(factor, **kwargs)
        rng = np.random.default_rng()  # unseeded on purpose
        self._noise = rng.normal()

    def call(self, inputs):
        return super().call(inputs) * self._noise


@_register
class Misdeclared(Scale):
    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)


@_register
class NeedsABatchSize(Scale):
    def compute_output_shape(self, input_shape):
        return (input_shape[0] or 1, *input_shape[1:])


@_register
class Mixing(Scale):
    def call(self, inputs):
        return super().call(inputs - ops.mean(inputs, axis=0))


@_register
class NoMask(Scale):
    def __init__(self, factor: float = 1.0, **kwargs):
        super().__init__(factor, **kwargs)
        self.supports_masking = False


@_register
class EatsMask(Scale):
    def compute_mask(self, inputs, mask=None):
        return None


@_register
class LastState(Scale):
    """Returns the last step, masked or not."""

    def call(self, inputs, mask=None):
        return super().call(inputs)[:, -1]

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])


@_register
class Multiplied(Scale):
    """Multiplies by the mask: NaN at a masked step stays NaN."""

    def call(self, inputs, mask=None):
        if mask is not None:
            inputs = inputs * ops.cast(mask, inputs.dtype)[..., None]
        return ops.cumsum(super().call(inputs), axis=1)


@_register
class Narrow(Scale):
    """Computes in float32 and casts the result."""

    def call(self, inputs):
        y = super().call(ops.cast(inputs, "float32"))
        return ops.cast(ops.cast(y, "float32"), self.compute_dtype)


@_register
class Uncast(Scale):
    def call(self, inputs):
        return ops.cast(super().call(inputs), "float32")


@_register
class Cut(Scale):
    def call(self, inputs):
        return inputs * ops.stop_gradient(self.scale * self.factor) + (
            0 * self.scale
        )


@_register
class Opaque(Scale):
    """Lets no gradient through to its input."""

    def call(self, inputs):
        return super().call(ops.stop_gradient(inputs))


@_register
class InfiniteSlope(Scale):
    """The square root of a square that vanishes."""

    def call(self, inputs):
        zero = ops.sqrt(ops.square(inputs * 0))
        return super().call(inputs) + zero


@_register
class Swallowing(Scale):
    def call(self, inputs):
        finite = ops.where(ops.isnan(inputs), ops.zeros_like(inputs), inputs)
        return super().call(finite)


@_register
class ByDifference(Scale):
    """Adds and subtracts its input, so that infinity becomes NaN."""

    def call(self, inputs):
        return super().call(inputs) + (inputs - inputs)


BROKEN = [
    ("configuration", Unregistered, "passed", "not registered"),
    ("configuration", Forgetful, "passed", "leaves out.*factor"),
    ("configuration", Deaf, "passed", "makes another Deaf"),
    ("configuration", Redrawn, "passed", "gives other outputs"),
    ("saving", Redrawn, "passed", "loaded model gives other outputs"),
    ("shape", Misdeclared, "passed", "compute_output_shape"),
    ("shape", NeedsABatchSize, "passed", r"compute_output_shape\(\(None"),
    ("shape", Mixing, "passed", "alone gives another"),
    ("mask", NoMask, "passed", "supports_masking is False"),
    ("mask", Scale, "none", "supports_masking is True"),
    ("mask", EatsMask, "passed", "compute_mask gives None"),
    ("mask", Scale, "read", "takes no mask"),
    ("mask", LastState, "read", "hold 9.0 change what counts"),
    ("mask", Multiplied, "read", "hold nan change what counts"),
    ("dtype", Narrow, "passed", "every output is a float32"),
    ("dtype", Uncast, "passed", "the output is float32"),
    ("gradient", Cut, "passed", "No gradient reaches .*scale"),
    ("gradient", Opaque, "passed", "No gradient reaches input|no gradient"),
    ("gradient", InfiniteSlope, "passed", "gradient of input 0 is not"),
    ("not_finite", Mixing, "passed", "in one example changes others"),
    ("not_finite", Swallowing, "passed", "NaN goes in"),
    ("not_finite", ByDifference, "passed", "inf becomes NaN"),
]


def example_of(kind: type, mask: str) -> Example:
    return Example(partial(kind, 2.0), (7, 3), mask=mask, infinity="stays")


@pytest.mark.parametrize("check", CHECKS)
def test_a_good_layer_passes(check, tmp_path):
    CHECKS[check](example_of(Scale, "passed"), tmp_path)


@pytest.mark.parametrize(
    ("check", "kind", "mask", "message"),
    BROKEN,
    ids=[f"{check}-{kind.__name__}-{mask}" for check, kind, mask, _ in BROKEN],
)
def test_a_broken_layer_fails(check, kind, mask, message, tmp_path):
    if kind is Narrow and not layer_contract.holds_float64():
        pytest.skip("this backend holds no float64 here")
    with pytest.raises(AssertionError, match=message):
        CHECKS[check](example_of(kind, mask), tmp_path)


def test_a_layer_without_an_example_is_named():
    known = {"recurrent": {}}
    kind = type("Fresh", (Scale,), {"__module__": "topoi.recurrent.fresh"})
    assert missing({kind}, known) == [
        "topoi.recurrent.fresh.Fresh has no example: add one to EXAMPLES in "
        "tests/layer_examples/recurrent.py"
    ]


def test_every_test_starts_from_the_same_seeds():
    """Oracle: an explicit seed before a layer of the same shape is built."""
    one = keras.layers.Dense(3)
    one.build((None, 2))
    keras.utils.set_random_seed(7)
    two = keras.layers.Dense(3)
    two.build((None, 2))
    assert (one.get_weights()[0] == two.get_weights()[0]).all()
