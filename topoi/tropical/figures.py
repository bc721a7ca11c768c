"""Explorable figures on tropical geometry; see `topoi.plotting.explore`."""

import itertools
from collections.abc import Sequence
from fractions import Fraction

from topoi.plotting import Drawing, explorable, explore
from topoi.plotting.explorable import HUES, Explorable, choice, slider
from topoi.tropical.algebra import TropicalPolynomial

LEFT, TOP, PANEL = 4, 22, 196  # of the plane, in units of the drawing
STEP = 56  # between exponents


def drag_coefficient(
    polynomial: TropicalPolynomial, values: Sequence, reach: int = 5
) -> Explorable:
    """Return a conic whose coefficients can be dragged.

    Parameters
    ----------
    polynomial : TropicalPolynomial
        In two variables, of degree 2 at most.
    values : sequence of int or Fraction
        What a coefficient may become; those of `polynomial` among them.
    reach : int
        The plane is shown from -reach to reach.

    Returns
    -------
    Explorable
        Regions and dual subdivision for each exponent and value; computed
        exactly.
    """
    exponents = sorted(polynomial.terms)
    picture = _conic_drawing(exponents)

    def state(exponent: tuple, value: Fraction) -> explorable.State:
        terms = dict(polynomial.terms) | {exponent: value}
        return _conic_state(TropicalPolynomial(2, terms), reach)

    middle = (1, 1) if (1, 1) in exponents else exponents[0]
    controls = [
        choice("monomial", exponents, middle, [f"{e}" for e in exponents]),
        slider(
            "its coefficient",
            [Fraction(v) for v in values],
            Fraction(polynomial.terms[middle]),
            [explorable.decimal(float(v), 1) for v in values],
        ),
    ]
    return explore(
        state,
        controls,
        picture,
        title="A tropical conic whose coefficients you can change",
        alt="Left, the plane cut into regions, one for each monomial that "
        "wins somewhere. Right, the six exponents, joined where their "
        "regions meet.",
    )


def _dual(exponent: tuple) -> tuple[float, float]:
    return 262 + STEP * exponent[0], TOP + 160 - STEP * exponent[1]


def _conic_drawing(exponents: list[tuple]) -> Drawing:
    picture = Drawing(400, 224)
    picture.text(LEFT + PANEL / 2, 14, "regions")
    picture.text(_dual((1, 0))[0], 14, "exponents")
    for hue, e in zip((*HUES, "ink"), exponents, strict=False):
        picture.path(
            "",
            id=f"cell{e}",
            fill=hue,
            fill_opacity=0.24,
            color="ink",
            width=1.5,
        )
    for one, two in itertools.combinations(exponents, 2):
        ends = *_dual(one), *_dual(two)
        picture.line(*ends, "none", 2, id=f"edge{one}{two}")
    for hue, e in zip((*HUES, "ink"), exponents, strict=False):
        x, y = _dual(e)
        picture.circle(
            x, y, 8, hue, stroke=hue, stroke_width=2.5, id=f"dot{e}"
        )
        dx, dy, anchor = _beside(e)
        picture.text(x + dx, y + dy, _short(e), anchor=anchor)
        picture.text(0, 0, "", id=f"name{e}")
    return picture


def _beside(exponent: tuple) -> tuple[float, float, str]:
    """Return where the name of an exponent crosses no edge."""
    if exponent[1] == 0:
        return 0, 24, "middle"
    return (-13, 5, "end") if exponent[0] == 0 else (10, -9, "start")


def _short(exponent: tuple) -> str:
    return f"{exponent}".replace(" ", "")


def _conic_state(conic: TropicalPolynomial, reach: int) -> explorable.State:
    r = reach
    window = [(-r, -r), (r, -r), (r, r), (-r, r)]
    cells, (edges, corners) = conic.regions(window), conic.curve(window)
    met = {frozenset(pair) for pair in edges}
    exponents = sorted(conic.terms)
    state: explorable.State = {}
    for hue, e in zip((*HUES, "ink"), exponents, strict=False):
        state |= _cell(e, [_place(p, reach) for p in cells.get(e, [])])
        state[f"dot{e}"] = {"fill": hue if e in cells else "paper"}
    for one, two in itertools.combinations(exponents, 2):
        shown = frozenset((one, two)) in met
        state[f"edge{one}{two}"] = {"stroke": "ink" if shown else "none"}
    lost = [f"{e}" for e in exponents if e not in cells]
    wins = "wins" if len(lost) == 1 else "win"
    state["say"] = [
        f"{len(cells)} regions, {len(edges)} edges and {len(corners)} "
        "vertices in the window. ",
        f"{' and '.join(lost)} {wins} nowhere here."
        if lost
        else "Every monomial wins somewhere.",
    ]
    return state


def _cell(exponent: tuple, corners: list) -> explorable.State:
    """Return the shape of a region, if there is one, and its name."""
    if not corners:
        name = {"x": 0, "y": 0, "text": ""}
        return {f"cell{exponent}": {"d": ""}, f"name{exponent}": name}
    xs, ys = zip(*corners, strict=True)
    roomy = max(xs) - min(xs) > 56 and max(ys) - min(ys) > 26
    name = {
        "x": sum(xs) / len(xs),
        "y": sum(ys) / len(ys) + 4,
        "text": _short(exponent) if roomy else "",
    }
    outline = explorable.path(xs, ys, close=True)
    return {f"cell{exponent}": {"d": outline}, f"name{exponent}": name}


def _place(point: Sequence, reach: int) -> tuple[float, float]:
    x, y = (float(c) for c in point)
    scale = PANEL / (2 * reach)
    return LEFT + (x + reach) * scale, TOP + PANEL - (y + reach) * scale
