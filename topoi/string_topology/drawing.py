"""Pictures of curves: in a polygon with glued sides, around cone points."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from topoi import plotting
from topoi.plotting import Drawing, explorable
from topoi.string_topology.geometry import (
    FuchsianOracle,
    SchottkyOracle,
    meet,
)
from topoi.string_topology.words import canon, formal_sum

HUES = (plotting.LAGOON, plotting.INDIGO)
SIGNS = {1: plotting.CORAL, -1: plotting.PAPER}


def clip(
    chord: np.ndarray, normals: np.ndarray, heights: np.ndarray
) -> np.ndarray | None:
    """Return the part of a chord where normals @ point <= heights.

    Parameters
    ----------
    chord : ndarray, shape (2, 2)
    normals : ndarray, shape (k, 2)
    heights : ndarray, shape (k,)

    Returns
    -------
    ndarray, shape (2, 2), or None
        None if nothing is left.
    """
    start, step = chord[0], chord[1] - chord[0]
    low, high = 0.0, 1.0
    for normal, height in zip(normals, heights, strict=True):
        slope, room = normal @ step, height - normal @ start
        if slope > 0:
            high = min(high, room / slope)
        elif slope < 0:
            low = max(low, room / slope)
        elif room < 0:
            return None
    if low >= high:
        return None
    return np.array([start + low * step, start + high * step])


def polygon_strands(oracle: SchottkyOracle, word: str) -> list[np.ndarray]:
    """Return the pieces of a curve inside of the polygon, one a letter."""
    angles = np.array(list(oracle.angle.values()))
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    heights = np.full(len(angles), np.cos(oracle.half_width))
    found = [clip(c, normals, heights) for c in oracle.chords(word)]
    return [strand for strand in found if strand is not None]


def draw_polygon(
    ax: Axes, oracle: SchottkyOracle, words: Sequence[str]
) -> None:
    """Draw curves in the polygon of a surface, with their crossings.

    The first curve is lagoon, the second indigo and dashed. Each side is
    named by the letter of the curves that leave through it. A crossing of
    the two curves is a filled dot if its sign is +1, else a ring.
    """
    ring = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
    ax.plot(ring.real, ring.imag, color="#DDD6C7", linewidth=1)
    width = oracle.half_width
    for letter, angle in oracle.angle.items():
        ends = np.exp(1j * np.array([angle - width, angle + width]))
        ax.plot(ends.real, ends.imag, color=plotting.INK, linewidth=2.5)
        ax.text(
            1.1 * np.cos(angle), 1.1 * np.sin(angle), letter,
            ha="center", va="center", family="monospace", fontsize=11,
        )  # fmt: skip
    strands = [polygon_strands(oracle, word) for word in words]
    for k, pieces in enumerate(strands):
        for piece in pieces:
            draw_strand(ax, piece, HUES[k % 2], dashed=k % 2 == 1)
    if len(words) == 2:
        points = crossing_points(oracle, *words)
        for point, sign in points:
            draw_crossing(ax, point, sign)
    ax.set(aspect="equal", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
    ax.axis("off")


def crossing_points(
    oracle: SchottkyOracle, x: str, y: str
) -> list[tuple[np.ndarray, int]]:
    """Return places and signs of the crossings inside of the polygon."""
    first, second = oracle.chords(x), oracle.chords(y)
    return [
        (meet(first[i], second[j])[0], sign)
        for i, j, sign in oracle.crossings(x, y)
    ]


def screen(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates of a `Drawing` for points of the disc."""
    return 200 + 112 * points[..., 0], 136 - 112 * points[..., 1]


def polygon_drawing(oracle: SchottkyOracle, crossings: int) -> Drawing:
    """Return a drawing of a polygon with room for two curves.

    Parameters
    ----------
    oracle : SchottkyOracle
        Gives the sides; their names are left to `crossing_state`.
    crossings : int
        The largest number of crossings in any state.
    """
    picture = Drawing(400, 330)
    for k, angle in enumerate(oracle.angle.values()):
        turns = angle + oracle.half_width * np.array([-1, 1])
        ends = np.column_stack([np.cos(turns), np.sin(turns)])  # (2, 2)
        picture.path(explorable.path(*screen(ends)), "line", 4)
        middle = screen(1.08 * np.array([np.cos(angle), np.sin(angle)]))
        picture.text(middle[0], middle[1] + 5, "", id=f"side{k}", size=15)
    picture.path("", "lagoon", 2.5, id="x")
    picture.path("", "indigo", 2.5, id="y", stroke_dasharray="7 4")
    for k in range(crossings):
        picture.circle(0, 0, 0, "paper", id=f"dot{k}", stroke="ink")
    picture.text(200, 298, "", id="term", size=14)
    picture.text(200, 321, "", id="sum", size=14)
    return picture


def crossing_state(
    oracle: SchottkyOracle, x: str, y: str, step: int, crossings: int = 3
) -> dict:
    """Return the state of a `polygon_drawing` in which one crossing shows.

    Parameters
    ----------
    oracle : SchottkyOracle
        Of a surface whose polygon has the sides of the drawing.
    x, y : str
        Cyclically reduced words with at most `crossings` crossings.
    step : int
        The crossing that is filled and described, from 0.
    """
    found, text = oracle.crossings(x, y), "no such crossing"
    state: dict = {
        f"side{k}": {"text": end} for k, end in enumerate(oracle.word)
    }
    for name, word in (("x", x), ("y", y)):
        pieces = [screen(p) for p in polygon_strands(oracle, word)]
        state[name] = {"d": "".join(explorable.path(*p) for p in pieces)}
    for k in range(crossings):
        state[f"dot{k}"] = {"cx": 0, "cy": 0, "r": 0, "fill": "paper"}
    for k, (point, sign) in enumerate(crossing_points(oracle, x, y)):
        hue = ("coral" if sign > 0 else "amber") if k == step else "paper"
        left, top = screen(point)
        state[f"dot{k}"] = {"cx": left, "cy": top, "r": 8, "fill": hue}
    if step < len(found):
        i, j, sign = found[step]
        joined = canon(x[i:] + x[:i] + y[j:] + y[:j])
        text = f"sign {explorable.decimal(sign, 0)}, joined {joined or '1'}"
    total = formal_sum(oracle.bracket(x, y))
    state["term"] = {"text": text}
    state["sum"] = {"text": f"[{x}, {y}] = {total}"}
    return state | {"say": [f"{text}; ", f"the bracket is {total}."]}


def draw_strand(
    ax: Axes, piece: np.ndarray, color: str, dashed: bool = False
) -> None:
    """Draw a directed segment, with an arrow head near its middle."""
    style = (0, (5, 2)) if dashed else "-"
    ax.plot(*piece.T, color=color, linestyle=style, linewidth=1.6)
    at = piece[0] + 0.62 * (piece[1] - piece[0])
    step = 0.01 * (piece[1] - piece[0])
    ax.annotate(
        "", at + step, at,
        arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 0},
    )  # fmt: skip


def draw_crossing(ax: Axes, point: np.ndarray, sign: int) -> None:
    """Draw a crossing: a full dot for +1, a ring for -1."""
    ax.plot(
        *point, "o", color=SIGNS[sign], markeredgecolor=plotting.CORAL,
        markeredgewidth=1.6, markersize=7, zorder=5,
    )  # fmt: skip


def draw_cone_points(
    ax: Axes, oracle: FuchsianOracle, words: Sequence[str]
) -> int:
    """Draw two classes around the two cone points, all turns of them.

    Returns
    -------
    int
        How many crossings of the two classes are drawn. Around a cone point
        of order n, each crossing of the quotient is drawn n times.
    """
    ring = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
    ax.plot(ring.real, ring.imag, color="#DDD6C7", linewidth=1)
    drawn = 0
    for letter, centre in oracle.centre.items():
        walls = [
            oracle.moved(letter, k, oracle.wall)
            for k in range(oracle.orders[letter])
        ]
        for wall in walls:
            ax.plot(*wall.T, color=plotting.MUTED, linewidth=1)
        normals, heights = half_planes(walls, centre)
        for k, word in enumerate(words):
            for chord in turned_lines(oracle, word, letter):
                piece = clip(chord, normals, heights)
                if piece is not None:
                    draw_strand(ax, piece, HUES[k % 2], dashed=k % 2 == 1)
        lines = [turned_lines(oracle, word, letter) for word in words]
        for c in lines[0]:
            for d in lines[1]:
                point, cross = meet(c, d)
                if point is not None and oracle.depth(letter, point) > 0:
                    draw_crossing(ax, point, 1 if cross > 0 else -1)
                    drawn += 1
        ax.plot(*centre, "s", color=plotting.INK, markersize=5, zorder=4)
    ax.set(aspect="equal", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    ax.axis("off")
    return drawn


def turned_lines(
    oracle: FuchsianOracle, word: str, letter: str
) -> list[np.ndarray]:
    """Return the lines of a class around one cone point, all turns."""
    return [
        oracle.moved(letter, k, chord)
        for other, chord in oracle.chords(word)
        if other == letter
        for k in range(oracle.orders[letter])
    ]


def half_planes(
    walls: Sequence[np.ndarray], centre: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return normals (k, 2) and heights (k,) of the sides with the centre."""
    normals, heights = [], []
    for start, stop in walls:
        normal = np.array([start[1] - stop[1], stop[0] - start[0]])
        if normal @ (centre - start) > 0:
            normal = -normal
        normals.append(normal)
        heights.append(normal @ start)
    return np.array(normals), np.array(heights)


def draw_closing_loop(disc: Axes, cone: Axes, order: int = 3) -> None:
    """Draw a path from z to g z in a disc, and the closed loop on its cone.

    Parameters
    ----------
    disc, cone : Axes
        For the disc with all its sectors, and for one sector whose two
        straight edges are glued.
    order : int
        g turns by 2 pi / order; 3 or more.
    """
    turn = 2 * np.pi / order
    angles = turn * np.linspace(0.45, 1.45, 80)
    radii = 0.55 + 0.2 * np.sin(np.linspace(0, np.pi, 80))
    path = radii * np.exp(1j * angles)
    late = angles > turn  # beyond the second edge of the first sector
    for ax, sectors in ((disc, order), (cone, 1)):
        rim = np.exp(1j * np.linspace(0, sectors * turn, 200))
        ax.plot(rim.real, rim.imag, color="#8A8474", linewidth=1)
        for k in range(sectors + 1):
            edge = np.exp(1j * turn * k)
            ends = [0, edge.real], [0, edge.imag]
            ax.plot(*ends, "--", color="#8A8474", linewidth=1)
        ax.plot(0, 0, "s", color=plotting.INK, markersize=5)
        ax.set(aspect="equal", xlim=(-1.1, 1.1), ylim=(-1.1, 1.1))
        ax.axis("off")
    pieces = [(disc, path), (cone, path[~late])]
    pieces.append((cone, path[late] * np.exp(-1j * turn)))
    for ax, z in pieces:
        ax.plot(z.real, z.imag, color=plotting.LAGOON)
        tip = np.array([[v.real, v.imag] for v in z[[-6, -1]]])  # (2, 2)
        draw_strand(ax, tip, plotting.LAGOON)
    for name, z in (("z", path[0]), ("gz", path[-1])):
        disc.plot(z.real, z.imag, "o", color=plotting.LAGOON)
        plotting.label_line(disc, z.real, z.imag, name, plotting.INK, (7, 0))
    cone.plot(path[0].real, path[0].imag, "o", color=plotting.LAGOON)
