"""Examples of every public layer, one file a topic.

`tests/test_layers.py` runs the contract of `tests/layer_contract.py` on them.
A topic with layers has a module here, with a dict ``EXAMPLES`` that gives
each of its public layers at least once: name -> `Example`.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

POLICIES = ("float32", "float64", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True)
class Example:
    """A layer, and what it promises beyond the contract's defaults.

    Parameters
    ----------
    make : callable
        ``make(**kwargs)`` returns a new layer; kwargs are Keras' own, such
        as `dtype`. Settings other than the defaults show more.
    shape : tuple of int, or list of such
        Of one example, without the batch; a list for a list of inputs.
    arguments : dict
        What `call` needs besides the inputs.
    mask : {"none", "passed", "read"}
        Not supported; handed on unread; or steps that are masked change
        nothing, and a sequence padded at either end gives what it gives
        alone.
    dtypes : tuple of str
        Policies under which the layer works.
    infinity : {"stays", "spreads", "bounded"}
        What an infinite input leaves in its own row: infinity and no NaN;
        infinity or NaN; or finite numbers, too.
    rounds : bool
        Keras computes a part of it in float32 outside TensorFlow, whatever
        the policy: its tanh does.
    """

    make: Callable[..., Any]
    shape: Any
    arguments: dict = field(default_factory=dict)
    mask: Literal["none", "passed", "read"] = "none"
    dtypes: tuple[str, ...] = POLICIES
    infinity: Literal["stays", "spreads", "bounded"] = "spreads"
    rounds: bool = False

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of all inputs, without the batch."""
        return self.shape if isinstance(self.shape, list) else [self.shape]


def examples() -> dict[str, dict[str, Example]]:
    """Return the examples of every topic that has some."""
    return {
        module.name: importlib.import_module(
            f"{__name__}.{module.name}"
        ).EXAMPLES
        for module in pkgutil.iter_modules(__path__)
    }
