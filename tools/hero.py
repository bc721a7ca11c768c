"""Draw the picture at the top of the landing page: a tropical curve.

A grid of coloured cells (a tensor) shrinks from left to right and leaves the
curve that coloured it. The curve is computed, not drawn: it is the corner
locus of

    f(x, y) = max over i + j <= 8 of  c_ij + i x + j y,

the points where the maximum is attained at least twice. A cell has the hue of
the monomial that wins at its centre, and is the stronger the smaller its lead
over the runner-up. The vertices of the curve are the points where three
monomials tie; they are found exactly, by going through all triples.

The picture refers to the colours of `topoi.css` by name, so that one file
serves light and dark pages. Run `python -m tools.hero` to write
`_static/hero.svg` again; the result depends on nothing but this file.
"""

from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np

DEGREE = 8
WIDTH, HEIGHT = 1200, 360
SCALE, CENTRE = 40.0, (560.0, 185.0)  # pixels a unit, pixel of the origin
CELL, FULL_CELL = 24, 21
FADE_CELLS = (200.0, 760.0)  # cells shrink between these pixels
FADE_CURVE = (192.0, 672.0)  # and the curve comes in between these
BANDS = (1.0, 0.82, 0.66, 0.5, 0.34)  # opacity, falling with the lead
LEADS = (0.35, 0.9, 1.7, 2.8)  # borders of the bands, in units of f
TARGET = Path(__file__).parents[1] / "_static" / "hero.svg"


def monomials():
    """Exponents (i, j) and coefficients of the tropical polynomial."""
    rng = np.random.default_rng(7)
    exponents = np.array(
        [(i, j) for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
    )
    a, b = (exponents - DEGREE / 3).T
    coefficients = -1.3 * (a**2 + b**2 + a * b)
    return exponents, coefficients + rng.normal(scale=0.42, size=len(a))


def to_pixels(points):
    """Plane to picture; the y axis of a picture points downwards."""
    points = np.asarray(points, dtype=float)
    return np.asarray(CENTRE) + SCALE * points * np.array([1.0, -1.0])


def to_plane(pixels):
    """Picture to plane, the inverse of `to_pixels`."""
    pixels = np.asarray(pixels, dtype=float) - np.asarray(CENTRE)
    return pixels / SCALE * np.array([1.0, -1.0])


def vertices(exponents, coefficients):
    """Points where three monomials win together, each with its winners.

    Every triple of monomials ties at one point or nowhere; the point is a
    vertex of the curve when no other monomial is larger there.
    """
    found = {}
    for triple in combinations(range(len(coefficients)), 3):
        rows = list(triple)
        matrix = exponents[rows[1:]] - exponents[rows[0]]
        if abs(np.linalg.det(matrix)) < 0.5:
            continue
        right = coefficients[rows[0]] - coefficients[rows[1:]]
        point = np.linalg.solve(matrix, right)
        values = coefficients + exponents @ point
        if values.max() - values[rows[0]] < 1e-9:
            winners = np.flatnonzero(values > values.max() - 1e-7)
            found[tuple(winners)] = point
    return found


def edges(exponents, corners):
    """Segments and rays of the curve, as pairs of points of the plane.

    Two monomials that share two vertices share the segment between them. Two
    that share one vertex share a ray, which leaves the vertex along the
    bisector, away from the third winner.
    """
    shared = defaultdict(list)
    for winners, point in corners.items():
        for pair in combinations(winners, 2):
            shared[pair].append((point, winners))
    lines = []
    for (first, second), ends in shared.items():
        if len(ends) == 2:
            lines.append((ends[0][0], ends[1][0]))
            continue
        point, winners = ends[0]
        third = next(k for k in winners if k not in (first, second))
        across = exponents[second] - exponents[first]
        along = np.array([-across[1], across[0]], dtype=float)
        if along @ (exponents[third] - exponents[first]) > 0:
            along = -along
        lines.append((point, point + 60 * along / np.linalg.norm(along)))
    return lines


def smoothstep(value, start, end):
    """0 before `start`, 1 after `end`, a smooth cubic between."""
    t = np.clip((value - start) / (end - start), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def cell_paths(exponents, coefficients):
    """One path of squares for each hue and band of opacity."""
    paths = defaultdict(list)
    for x in np.arange(CELL / 2, FADE_CELLS[1], CELL):
        low, high = FADE_CELLS
        size = FULL_CELL * float(1 - smoothstep(x, low, high))
        if size < 1:
            continue
        for y in np.arange(CELL / 2, HEIGHT, CELL):
            values = coefficients + exponents @ to_plane((x, y))
            second, first = np.argsort(values)[-2:]
            i, j = exponents[first]
            hue = int(2 * i + 3 * j) % 5 + 1
            lead = values[first] - values[second]
            band = int(np.searchsorted(LEADS, lead))
            left, top = x - size / 2, y - size / 2
            paths[hue, band].append(
                f"M{left:.4g} {top:.4g}h{size:.3g}v{size:.3g}h-{size:.3g}z"
            )
    return paths


def inside(pixel, margin):
    """True for a pixel of the picture or its margin."""
    x, y = pixel
    across = -margin < x < WIDTH + margin
    return across and -margin < y < HEIGHT + margin


def curve_markup(lines, corners):
    """The edges, then the open vertices above them."""
    strokes = []
    for start, end in lines:
        (x0, y0), (x1, y1) = to_pixels(start), to_pixels(end)
        if inside((x0, y0), 700) or inside((x1, y1), 700):
            strokes.append(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}")
    markup = [
        '<path d="' + "".join(strokes) + '" fill="none" '
        'stroke="var(--tt-ink)" stroke-width="2.2"/>'
    ]
    dots = []
    for point in corners.values():
        x, y = to_pixels(point)
        if inside((x, y), 5):
            dots.append(
                f"M{x - 4.4:.1f} {y:.1f}a4.4 4.4 0 1 0 8.8 0"
                "a4.4 4.4 0 1 0-8.8 0z"
            )
    markup.append(
        '<path d="' + "".join(dots) + '" fill="var(--tt-bg)" '
        'stroke="var(--tt-p3)" stroke-width="2.4"/>'
    )
    return "".join(markup)


def hero():
    """The whole picture as SVG text."""
    exponents, coefficients = monomials()
    corners = vertices(exponents, coefficients)
    cells = "".join(
        f'<path d="{"".join(squares)}" fill="var(--tt-p{hue})" '
        f'opacity="{BANDS[band]:g}"/>\n'
        for (hue, band), squares in sorted(
            cell_paths(exponents, coefficients).items()
        )
    )
    start, end = FADE_CURVE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
        f'{HEIGHT}" preserveAspectRatio="xMidYMid slice" role="img" '
        'aria-labelledby="tt-hero-title">\n'
        '<title id="tt-hero-title">A grid of coloured cells shrinks from '
        "left to right and leaves the tropical curve that coloured "
        "it.</title>\n"
        '<defs><linearGradient id="tt-hero-fade" '
        f'gradientUnits="userSpaceOnUse" x1="{start:g}" y1="0" '
        f'x2="{end:g}" y2="0"><stop offset="0" stop-color="#000"/>'
        '<stop offset="1" stop-color="#fff"/></linearGradient>'
        '<mask id="tt-hero-mask" maskUnits="userSpaceOnUse" x="0" y="0" '
        f'width="{WIDTH}" height="{HEIGHT}"><rect width="{WIDTH}" '
        f'height="{HEIGHT}" fill="url(#tt-hero-fade)"/></mask></defs>\n'
        f"{cells}"
        '<g mask="url(#tt-hero-mask)">'
        f"{curve_markup(edges(exponents, corners), corners)}</g>\n</svg>\n"
    )


if __name__ == "__main__":
    TARGET.write_text(hero(), encoding="utf-8")
    print(f"wrote {TARGET.name}: {TARGET.stat().st_size / 1000:.1f} kB")
