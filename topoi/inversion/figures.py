"""The figure that turns a latent: which latents have its hidden layer?"""

import numpy as np

from topoi.plotting import Drawing, explorable, explore

UNITS = {  # directions of the units' normals, in degrees
    "2": (20, 110),
    "3": (20, 140, 260),
    "4, spread": (20, 110, 200, 290),
    "4, one side": (20, 50, 80, 110),
}
DIRECTIONS = tuple(range(5, 365, 15))  # of the latent; never on a border
LENGTH, FAR, SCALE = 1.8, 3.2, 36
MIDDLE = 130, 125
MOST = max(len(angles) for angles in UNITS.values())


def rays(angles) -> np.ndarray:
    """Return unit vectors as rows, for angles in degrees."""
    turned = np.deg2rad(angles)
    return np.column_stack([np.cos(turned), np.sin(turned)])


def same_layer(W: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return corners of the set of latents whose hidden layer is that of z.

    Parameters
    ----------
    W : ndarray, shape (units, 2)
        Normals of the units.
    z : ndarray, shape (2,)
        A latent on no border.

    Returns
    -------
    ndarray, shape (corners, 2)
        One point, or the ends of a piece of a line, or a sector; what
        reaches to infinity is cut off.
    """
    on = W @ z > 0
    if on.sum() > 1:
        return z[np.newaxis]
    if on.sum() == 1:  # along the line, as far as the others stay off
        across = np.array([-W[on][0, 1], W[on][0, 0]])
        slopes, room = W[~on] @ across, -(W[~on] @ z)
        low = max([-FAR, *(room / slopes)[slopes < 0]])
        high = min([FAR, *(room / slopes)[slopes > 0]])
        return z + np.outer([low, high], across)
    start = np.rad2deg(np.arctan2(z[1], z[0]))
    fan = rays(start + np.arange(-180, 180, 5))
    off = (fan @ W.T <= 1e-9).all(axis=1)
    return np.vstack([[0, 0], FAR * fan[off]])


def cells_state(units: str, direction: int) -> dict:
    """Return the drawing of one latent: a state of `explore_cells`."""
    W, z = rays(UNITS[units]), LENGTH * rays([direction])[0]
    on = W @ z > 0
    x, y = _places(same_layer(W, z))
    found = "one latent" if on.sum() > 1 else "infinitely many"
    drawn = {"set": {"d": explorable.path(x, y, True)}}
    for k in range(MOST):
        unit = k % len(W)  # with fewer units, lines are drawn twice
        ends = _places(FAR * np.outer([-1, 1], [-W[unit, 1], W[unit, 0]]))
        color = "lagoon" if on[unit] else "line"
        drawn[f"unit {k}"] = {"d": explorable.path(*ends), "stroke": color}
    (cx,), (cy,) = _places(z[np.newaxis])
    drawn["dot"] = {"cx": cx, "cy": cy}
    drawn |= {"count": {"text": str(on.sum())}, "found": {"text": found}}
    active = f"{on.sum()} active: " if on.any() else "No unit is active: "
    return drawn | {"say": [active, found, "."]}


def explore_cells() -> explorable.Explorable:
    """Return the figure in which a latent turns around the origin."""
    picture = Drawing(400, 250)
    picture.path(
        "", "coral", 5, "coral-wash", id="set", stroke_linecap="round"
    )
    for k in range(MOST):
        picture.path("", "line", 1.5, id=f"unit {k}")
    picture.circle(0, 0, 6, "ink", id="dot")
    for y, text in ((60, "active units"), (150, "same layer")):
        picture.text(325, y, text, "muted")
    picture.text(325, 85, "", id="count")
    picture.text(325, 175, "", id="found")
    controls = [
        explorable.choice("units", tuple(UNITS), start="3"),
        explorable.slider("direction of z", DIRECTIONS, start=230),
    ]
    return explore(
        cells_state,
        controls,
        picture,
        title="Which latents look alike",
        alt="Lines through the origin, a dot, and its equivalent latents.",
    )


def _places(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates of the drawing for points of the plane."""
    x, y = np.asarray(points, float).T
    return MIDDLE[0] + SCALE * x, MIDDLE[1] - SCALE * y
