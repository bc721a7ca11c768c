"""Explorable figures on the two-player game; see `topoi.plotting.explore`."""

from collections.abc import Sequence

import numpy as np

from topoi.gan.dirac import dirac_field, dirac_jacobian, dirac_path
from topoi.plotting import Drawing, explorable, explore
from topoi.plotting.explorable import Explorable, choice, slider

SIDE, TOP, REACH = 236, 22, 2.4  # of the plane, in units of the drawing
LEFT = 82
STEPS = 48
MOVES = ("at once", "in turns")


def dirac_game(
    rates: Sequence[float], penalties: Sequence[float]
) -> Explorable:
    """Return the path of the Dirac-GAN for step sizes, moves and penalties.

    Parameters
    ----------
    rates : sequence of float
        Step sizes of both players.
    penalties : sequence of float
        Weights of the penalty on the critic's slope.
    """

    def state(rate: float, moves: str, penalty: float) -> explorable.State:
        alternating = moves == MOVES[1]
        path = dirac_path(rate, STEPS, penalty, alternating)
        matrix = dirac_jacobian(rate, penalty=penalty, alternating=alternating)
        factor = float(np.abs(np.linalg.eigvals(matrix)).max())
        return {
            "field": {"d": _arrows(penalty)},
            "path": {"d": _line(path), "stroke": _hue(factor)},
            "end": _end(path),
            "say": [
                f"Step size {rate:g}, players move {moves}, ",
                f"penalty {penalty:g}: ",
                _verdict(factor),
            ],
        }

    return explore(
        state,
        [
            slider("step size", rates, rates[len(rates) // 2]),
            choice("players move", MOVES),
            choice("penalty", penalties),
        ],
        _plane(),
        title="Two players around an equilibrium",
        alt="A plane with the generator's place on the horizontal and the "
        "critic's slope on the vertical axis. Small arrows turn clockwise "
        "around the origin. A path starts at the right and spirals.",
    )


def _x(theta: np.ndarray) -> np.ndarray:
    return LEFT + SIDE * (theta + REACH) / (2 * REACH)


def _y(psi: np.ndarray) -> np.ndarray:
    return TOP + SIDE * (REACH - psi) / (2 * REACH)


def _plane() -> Drawing:
    picture = Drawing(400, TOP + SIDE + 34)
    picture.rect(LEFT, TOP, SIDE, SIDE, "surface", rx=6)
    picture.line(_x(-REACH), _y(0), _x(REACH), _y(0), "line", 1)
    picture.line(_x(0), _y(-REACH), _x(0), _y(REACH), "line", 1)
    picture.text(LEFT + SIDE / 2, TOP + SIDE + 20, "generator at θ", "muted")
    picture.text(LEFT + SIDE / 2, 14, "critic's slope ψ", "muted")
    picture.path("", "muted", 1, id="field", stroke_opacity=0.6)
    picture.path("", "indigo", 2, id="path")
    picture.circle(_x(1.0), _y(0.0), 5, "paper", stroke="ink", stroke_width=2)
    picture.text(_x(1.0), _y(0.0) - 12, "start")
    picture.circle(0, 0, 5, "ink", id="end")
    picture.circle(_x(0), _y(0), 3, "ink")
    return picture


def _arrows(penalty: float) -> str:
    """Return short strokes along the field, thick end first."""
    axis = np.linspace(-2, 2, 5)
    theta, psi = (a.ravel() for a in np.meshgrid(axis, axis))
    u, v = dirac_field(theta, psi, penalty)
    length = np.maximum(np.hypot(u, v), 1e-9)
    u, v = 0.28 * u / length, 0.28 * v / length
    parts = []
    for t, p, a, b in zip(theta, psi, u, v, strict=True):
        if t or p:
            tip = _x(t + a / 2), _y(p + b / 2)
            wings = [
                (
                    _x(t + a / 2 - 0.3 * (a + s * b)),
                    _y(p + b / 2 - 0.3 * (b - s * a)),
                )
                for s in (1, -1)
            ]
            xs, ys = zip(wings[0], tip, wings[1], strict=True)
            parts.append(
                explorable.path(
                    [_x(t - a / 2), tip[0]], [_y(p - b / 2), tip[1]]
                )
                + explorable.path(xs, ys)
            )
    return "".join(parts)


def _inside(path: np.ndarray) -> np.ndarray:
    """Return the path up to where it leaves the plane."""
    outside = np.flatnonzero(np.abs(path).max(axis=1) > REACH)
    return path[: outside[0]] if len(outside) else path


def _line(path: np.ndarray) -> str:
    theta, psi = _inside(path).T
    return explorable.path(_x(theta), _y(psi))


def _end(path: np.ndarray) -> dict:
    theta, psi = _inside(path)[-1]
    return {"cx": float(_x(theta)), "cy": float(_y(psi))}


def _hue(factor: float) -> str:
    if factor > 1 + 1e-9:
        return "coral"
    return "jade" if factor < 1 - 1e-9 else "indigo"


def _verdict(factor: float) -> str:
    if factor > 1 + 1e-9:
        return (
            f"each step carries them {factor:.4f} times as far from the "
            "equilibrium, so the path spirals outwards."
        )
    if factor < 1 - 1e-9:
        return (
            f"in the long run each step leaves {factor:.4f} of the distance, "
            "so the path converges."
        )
    return "the path goes round and round, and neither leaves nor arrives."
