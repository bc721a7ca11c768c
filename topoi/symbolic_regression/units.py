"""The units of an equation learner: formulas with a scale, and their slopes.

Each unit is written four times, because four things need it: its value and
its slope in NumPy, its value in `keras.ops`, and its expression in SymPy. The
tests compare the four.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

SIN_SCALE = 4 * math.pi
SIGMOID_SCALE = 20.0
PRODUCT_SCALE = 0.1


@dataclass(frozen=True)
class Unit:
    """One primitive formula of an equation learner.

    Attributes
    ----------
    name : str
        What `EQLLayer` and the printer call it.
    arity : int
        How many columns of the weights it reads: 1, or 2 for a product.
    value : callable
        The formula on NumPy arrays.
    slopes : callable
        Takes the arguments and the value, returns a tuple with the partial
        derivative by each argument.
    keras : callable
        The formula on tensors.
    sympy : callable
        The formula on expressions.
    """

    name: str
    arity: int
    value: Callable
    slopes: Callable
    keras: Callable
    sympy: Callable


def _logistic(g: np.ndarray) -> np.ndarray:
    # tanh never overflows, exp(-20 g) does
    return 0.5 + 0.5 * np.tanh(0.5 * SIGMOID_SCALE * g)


def _ops() -> Any:
    from keras import ops  # labs that need NumPy alone never come here

    return ops


def _sympy() -> Any:
    import sympy

    return sympy


_ALL = (
    Unit(
        "constant",
        1,
        lambda g: np.ones_like(g),
        lambda g, h: (np.zeros_like(g),),
        lambda g: 0 * g + 1,  # a NaN stays a NaN
        lambda g: _sympy().Integer(1),
    ),
    Unit(
        "identity",
        1,
        lambda g: g,
        lambda g, h: (np.ones_like(g),),
        lambda g: g,
        lambda g: g,
    ),
    Unit(
        "square",
        1,
        lambda g: g * g,
        lambda g, h: (2 * g,),
        lambda g: g * g,
        lambda g: g**2,
    ),
    Unit(
        "sin",
        1,
        lambda g: np.sin(SIN_SCALE * g),
        lambda g, h: (SIN_SCALE * np.cos(SIN_SCALE * g),),
        lambda g: _ops().sin(SIN_SCALE * g),
        lambda g: _sympy().sin(4 * _sympy().pi * g),
    ),
    Unit(
        "exp",
        1,
        lambda g: np.expm1(g) / math.e,
        lambda g, h: (h + 1 / math.e,),
        lambda g: _ops().expm1(g) / math.e,
        lambda g: (_sympy().exp(g) - 1) / _sympy().E,
    ),
    Unit(
        "sigmoid",
        1,
        _logistic,
        lambda g, h: (SIGMOID_SCALE * h * (1 - h),),
        lambda g: _ops().sigmoid(SIGMOID_SCALE * g),
        lambda g: 1 / (1 + _sympy().exp(-20 * g)),
    ),
    Unit(
        "product",
        2,
        lambda g, k: g * k / PRODUCT_SCALE,
        lambda g, k, h: (k / PRODUCT_SCALE, g / PRODUCT_SCALE),
        lambda g, k: g * k / PRODUCT_SCALE,
        lambda g, k: 10 * g * k,
    ),
)
UNITS: dict[str, Unit] = {unit.name: unit for unit in _ALL}

DEFAULT_UNITS = (
    ("constant",) * 2
    + ("identity",) * 4
    + ("square",) * 4
    + ("sin",) * 2
    + ("exp",) * 2
    + ("sigmoid",) * 2
    + ("product",) * 2
)


def columns(units: Sequence[str]) -> int:
    """Return how many columns of the weights the units read together.

    Raises
    ------
    ValueError
        If a name is unknown, there are no units, or a product stands before
        a unit with one argument.
    """
    unknown = sorted(set(units) - set(UNITS))
    if unknown or not units:
        raise ValueError(
            f"Units are some of {', '.join(UNITS)}; got {list(units)}."
        )
    arities = [UNITS[name].arity for name in units]
    if arities != sorted(arities):
        raise ValueError(
            "Products stand last, because they read the last columns in "
            f"pairs; got {list(units)}."
        )
    return sum(arities)


@dataclass(frozen=True)
class Block:
    """Equal units that stand side by side, computed together.

    Attributes
    ----------
    unit : Unit
        What they are.
    outputs : slice
        Where their values go.
    inputs : tuple of slice
        Where their arguments stand, one slice an argument.
    """

    unit: Unit
    outputs: slice
    inputs: tuple[slice, ...]


def blocks(units: Sequence[str]) -> list[Block]:
    """Return runs of equal units with the columns they read and fill."""
    columns(units)
    found, row, column = [], 0, 0
    for name, run in groupby(units):
        unit, count = UNITS[name], len(list(run))
        end = column + unit.arity * count
        inputs = tuple(
            slice(column + k, end, unit.arity) for k in range(unit.arity)
        )
        found.append(Block(unit, slice(row, row + count), inputs))
        row, column = row + count, end
    return found
