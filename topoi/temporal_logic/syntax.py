"""Formulas of weighted signal temporal logic, as trees.

A formula speaks about a signal of shape (time, channels). `And`, `Or`,
`Always` and `Eventually` carry one weight for each thing they combine; without
weights all count the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

Weights = tuple[float, ...] | None


class FormulaError(ValueError):
    """A formula is not well formed; the message says where and why."""


@dataclass(frozen=True)
class Atom:
    """The linear predicate ``a . x >= b``.

    Parameters
    ----------
    a : tuple of float
        One coefficient for each channel.
    b : float
        The bound.
    """

    a: tuple[float, ...]
    b: float

    def __post_init__(self):
        values = np.array([*self.a, self.b], float)
        if not self.a or not np.isfinite(values).all():
            raise FormulaError(
                "An atom needs at least one coefficient, and finite numbers, "
                f"got a = {self.a}, b = {self.b}."
            )
        object.__setattr__(self, "a", tuple(values[:-1].tolist()))
        object.__setattr__(self, "b", float(values[-1]))


@dataclass(frozen=True)
class Not:
    """The negation of a formula."""

    part: "Formula"


@dataclass(frozen=True)
class And:
    """All parts hold; `weights` has one number for each part."""

    parts: tuple["Formula", ...]
    weights: Weights = None

    def __post_init__(self):
        _set_parts(self)


@dataclass(frozen=True)
class Or:
    """At least one part holds; `weights` has one number for each part."""

    parts: tuple["Formula", ...]
    weights: Weights = None

    def __post_init__(self):
        _set_parts(self)


@dataclass(frozen=True)
class Always:
    """The part holds at every time from now + start to now + stop.

    Both ends are included, so there are ``stop - start + 1`` weights.
    """

    part: "Formula"
    start: int
    stop: int
    weights: Weights = None

    def __post_init__(self):
        _set_window(self)


@dataclass(frozen=True)
class Eventually:
    """The part holds at some time from now + start to now + stop."""

    part: "Formula"
    start: int
    stop: int
    weights: Weights = None

    def __post_init__(self):
        _set_window(self)


Formula = Atom | Not | And | Or | Always | Eventually


def checked_weights(weights: Weights, count: int) -> Weights:
    """Return `weights` as floats; refuse what leaves the formula undefined.

    Raises
    ------
    FormulaError
        If there are not `count` of them, one is negative or not finite, or
        all are 0.
    """
    if weights is None:
        return None
    values = np.asarray(weights, float)
    if values.shape != (count,):
        raise FormulaError(
            f"{count} weights are needed, one for each thing that is "
            f"combined, got {values.size}."
        )
    if not np.isfinite(values).all() or (values < 0).any():
        raise FormulaError(f"Weights are finite and >= 0, got {weights}.")
    if not values.any():
        raise FormulaError("At least one weight must be positive.")
    return tuple(values.tolist())


def _set_parts(formula) -> None:
    parts = tuple(formula.parts)
    if not parts:
        name = type(formula).__name__
        raise FormulaError(f"{name} needs at least one part.")
    object.__setattr__(formula, "parts", parts)
    weights = checked_weights(formula.weights, len(parts))
    object.__setattr__(formula, "weights", weights)


def _set_window(formula) -> None:
    start, stop = formula.start, formula.stop
    if not 0 <= start <= stop:
        raise FormulaError(
            "A window runs from start to stop with 0 <= start <= stop, got "
            f"[{start}:{stop}]."
        )
    weights = checked_weights(formula.weights, stop - start + 1)
    object.__setattr__(formula, "weights", weights)


def children(formula: Formula) -> tuple[Formula, ...]:
    """Return the formulas directly below."""
    if isinstance(formula, Atom):
        return ()
    if isinstance(formula, And | Or):
        return formula.parts
    return (formula.part,)


def horizon(formula: Formula) -> int:
    """Return how many steps beyond now the formula looks ahead."""
    ahead = max(map(horizon, children(formula)), default=0)
    return ahead + getattr(formula, "stop", 0)


def atoms(formula: Formula) -> list[Atom]:
    """Return the atoms from left to right."""
    if isinstance(formula, Atom):
        return [formula]
    return [atom for part in children(formula) for atom in atoms(part)]


def map_formula(
    change: Callable[[Formula], Formula], formula: Formula
) -> Formula:
    """Return the tree with `change` applied to every node, bottom up."""
    if isinstance(formula, And | Or):
        parts = tuple(map_formula(change, part) for part in formula.parts)
        formula = replace(formula, parts=parts)
    elif not isinstance(formula, Atom):
        formula = replace(formula, part=map_formula(change, formula.part))
    return change(formula)


def time_reversed(formula: Formula) -> Formula:
    """Return the formula with the weights of every window turned around."""

    def turn(node: Formula) -> Formula:
        if isinstance(node, Always | Eventually) and node.weights:
            return replace(node, weights=node.weights[::-1])
        return node

    return map_formula(turn, formula)


def topk_sparsify(formula: Formula, k: int) -> Formula:
    """Keep the k largest weights of every operator; the others become 0.

    The kept weights are divided by their sum. Ties go to the earlier one.

    Raises
    ------
    FormulaError
        If k is below 1: an operator without weights has no value.
    """
    if k < 1:
        raise FormulaError(f"Keep at least one weight: k >= 1, got {k}.")

    def keep(node: Formula) -> Formula:
        if getattr(node, "weights", None) is None:
            return node
        w = np.array(node.weights)
        w[np.argsort(-w, kind="stable")[k:]] = 0
        return replace(node, weights=tuple((w / w.sum()).tolist()))

    return map_formula(keep, formula)


def original_units(
    formula: Formula, mean: np.ndarray, scale: np.ndarray
) -> Formula:
    """Rewrite a formula about ``(x - mean) / scale`` as one about x."""

    def change(node: Formula) -> Formula:
        if not isinstance(node, Atom):
            return node
        a = np.array(node.a) / scale
        return Atom(tuple(a), node.b + float(a @ np.asarray(mean)))

    return map_formula(change, formula)
