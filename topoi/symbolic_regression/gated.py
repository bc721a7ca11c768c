"""The other penalty: gates that are open or shut, trained by chance."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from topoi.symbolic_regression.penalties import (
    BETA,
    GAMMA,
    ZETA,
    expected_l0,
    hard_concrete,
    mean_gate,
)
from topoi.symbolic_regression.training import (
    Settings,
    Trained,
    freeze_masks,
    loss_and_grad,
    run_phase,
)


def gate_slope(gate: np.ndarray) -> np.ndarray:
    """Return the derivative of `hard_concrete` by the location.

    `gate` is its value: where it is clipped to 0 or 1, the slope is 0.
    """
    s = (gate - GAMMA) / (ZETA - GAMMA)
    inside = (gate > 0) & (gate < 1)
    return inside * (ZETA - GAMMA) * s * (1 - s) / BETA


def expected_l0_slope(log_alpha: np.ndarray) -> np.ndarray:
    """Return the derivative of `expected_l0`, entry by entry."""
    p = expected_l0(log_alpha)
    return p * (1 - p)


def train_gated(
    weights: Sequence[np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    settings: Settings,
) -> Trained:
    """Train with the relaxed L0 penalty on hidden weights.

    Each hidden weight is multiplied by a gate that is drawn anew in each
    step. The penalty is the expected number of open gates. After the slow
    phase, the gates take their mean values, small weights are frozen, and the
    rest is trained on, as by `train_in_phases`.

    Parameters
    ----------
    weights, x, y
        As for `train_in_phases`.
    rng : Generator
        Draws the gates.
    settings : Settings
        Its `penalty` is the price of one open gate.
    """
    s, dtype = settings, x.dtype
    state = [np.array(w, dtype) for w in weights]
    y = y.astype(dtype)
    places = [
        1e-2 * rng.normal(size=w.shape).astype(dtype) for w in state[:-1]
    ]
    squares = [np.ones_like(w) for w in (*state, *places)]
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(s.warm_steps + s.steps):
            rate = s.warm_rate if step < s.warm_steps else s.learning_rate
            gates = [_drawn(place, rng) for place in places]
            shut = [w * z for w, z in zip(state, gates, strict=False)]
            _, grads = loss_and_grad([*shut, state[-1]], x, y, s.units)
            by_place = [
                g * w * gate_slope(z) + s.penalty * expected_l0_slope(place)
                for g, w, z, place in zip(
                    grads, state, gates, places, strict=False
                )
            ]
            by_weight = [g * z for g, z in zip(grads, gates, strict=False)]
            _step(
                [*state, *places],
                [*by_weight, grads[-1], *by_place],
                squares,
                rate,
                s,
            )
        means = [w * mean_gate(p) for w, p in zip(state, places, strict=False)]
        before = [*means, state[-1]]
        masks = freeze_masks(before, s.threshold)
        state = [w * m for w, m in zip(before, masks, strict=True)]
        free = replace(s, penalty=0.0)
        state = run_phase(
            state, x, y, free, s.frozen_steps, s.frozen_rate, masks
        )
        losses, _ = loss_and_grad(state, x, y, s.units)
    losses = np.where(np.isfinite(losses), losses, np.inf)
    return Trained(state, before, losses)


def _drawn(place, rng):
    u = rng.uniform(1e-6, 1 - 1e-6, place.shape).astype(place.dtype)
    return hard_concrete(place, u)


def _step(variables, grads, squares, rate, s):
    """Move by RMSprop, in place."""
    for w, g, v in zip(variables, grads, squares, strict=True):
        v *= s.decay
        v += (1 - s.decay) * g * g
        w -= rate * g / np.sqrt(v + s.epsilon)
