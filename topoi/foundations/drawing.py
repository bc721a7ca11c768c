"""Pictures of a tape: values above the nodes, adjoints below them."""

from collections.abc import Sequence

import numpy as np

from topoi.foundations.tape import Var, topological_order
from topoi.plotting import JADE, LAGOON, MUTED, diagram, explorable

ROW = 2.1  # units from row to row


def graph_places(root: Var) -> dict[int, tuple[int, float]]:
    """Return a place (column, row) for `root` and each ancestor, by id.

    A value stands one column to the right of its rightmost parent, a value
    without parents just left of its first use. Rows: values without parents
    in the order in which the operations name them, other values in the
    middle of their parents.
    """
    order = topological_order(root)
    column, row, leaves = {}, {}, 0
    for var in order:
        parents = [id(parent) for parent, _ in var.parents]
        column[id(var)] = 1 + max((column[p] for p in parents), default=-1)
        if parents:
            row[id(var)] = float(np.mean([row[p] for p in parents]))
        else:
            row[id(var)] = float(leaves)
            leaves += 1
    for var in reversed(order):  # users come first
        for parent, _ in var.parents:
            if not parent.parents:
                column[id(parent)] = column[id(var)] - 1
    return {id(var): (column[id(var)], row[id(var)]) for var in order}


def draw_graph(root: Var, lit: int | None = None) -> diagram.Canvas:
    """Draw a small tape: values above its nodes, adjoints below.

    Parameters
    ----------
    root : Var
        The result. `Var.name` labels the nodes; every value is one number.
    lit : int, optional
        Show the adjoints of this many values, from the result back, as after
        so many steps of `Var.backward`; by default all that exist.

    Returns
    -------
    Canvas
    """
    order = topological_order(root)
    places = graph_places(root)
    columns = 1 + max(column for column, _ in places.values())
    rows = 1 + max(row for _, row in places.values())
    canvas = diagram.Canvas(height=ROW * rows)
    shown = order[::-1][: len(order) if lit is None else lit]
    with_adjoint = {id(v) for v in shown if v.adjoint is not None}
    nodes = {}
    for var in order:
        column, row = places[id(var)]
        known = id(var) in with_adjoint
        nodes[id(var)] = canvas.node(
            13 * (column + 0.5) / columns,
            ROW * (rows - row - 0.5),
            var.name,
            LAGOON if var.parents else JADE,
            value=f"{var.value.item():.3g}",
            adjoint=f"{np.asarray(var.adjoint).item():.3g}" if known else "",
            radius=0.5,
        )
    for var in order:
        for parent, _ in var.parents:
            canvas.arrow(nodes[id(parent)], nodes[id(var)], color=MUTED)
    return canvas


REASONS = {
    "L": "The derivative of L by itself is 1.",
    "- 4": "The square hands back twice its input.",
    "relu": "Subtracting a constant changes no derivative.",
    "+": "relu hands on the adjoint where its input was positive, else 0.",
    "b": "A sum hands its adjoint to every summand.",
    "w x": "A sum hands its adjoint to every summand.",
    "x": "A product hands on its adjoint times the other factor, w.",
    "w": "A product hands on its adjoint times the other factor, x.",
}


def neuron_tape(w: float) -> list[Var]:
    """Return the tape of L = (relu(w x + b) - 4)**2 at x = 3, b = -1.

    The values are in the order in which they were computed, the result last,
    and `Var.backward` has been called.
    """
    weight, x, b = Var(w, name="w"), Var(3, name="x"), Var(-1, name="b")
    product = weight * x
    error = (product + b).relu() - 4
    square = error**2
    for var, name in ((product, "w x"), (error, "- 4"), (square, "L")):
        var.name = name
    square.backward()
    return topological_order(square)


def explore_backward(
    weights: Sequence[int] = (-1, 0, 1, 2, 3),
) -> explorable.Explorable:
    """Return a figure in which a reader steps backwards along a tape."""
    tapes = {w: neuron_tape(w) for w in weights}
    order = tapes[weights[0]]
    drawing = _explorable_graph(order)

    def state(w: int, step: int) -> dict:
        tape, changes = tapes[w], {}
        for k, var in enumerate(tape):
            known = len(tape) - 1 - k <= step
            text = explorable.decimal(var.adjoint.item(), 0)
            value = explorable.decimal(var.value.item(), 0)
            changes[f"v{k}"] = {"text": value}
            changes[f"a{k}"] = {"text": text if known else ""}
            changes[f"c{k}"] = {"stroke": "coral" if known else "line"}
        now = tape[len(tape) - 1 - step]
        number = explorable.decimal(now.adjoint.item(), 0)
        reason = REASONS[now.name]
        say = [f"{now.name} has the adjoint ", number, f". {reason}"]
        return {"say": say} | changes

    controls = [
        explorable.slider("w", weights, start=2),
        explorable.steps("Backward", len(order)),
    ]
    return explorable.explore(
        state,
        controls,
        drawing,
        "Backward along the tape of one neuron",
        "Graph of eight circles: w and x lead to their product w x; this and "
        "b lead to a sum, then relu, minus 4, and the square L. A value "
        "stands above each circle; below L stands its adjoint, 1.",
    )


def _explorable_graph(order: list[Var]) -> explorable.Drawing:
    places = graph_places(order[-1])
    columns = 1 + max(column for column, _ in places.values())

    def centre(var: Var) -> tuple[float, float]:
        column, row = places[id(var)]
        return 400 * (column + 0.5) / columns, 44 + 82 * row

    drawing = explorable.Drawing(400, 250)
    for var in order:
        for parent, _ in var.parents:
            drawing.line(*centre(parent), *centre(var))
    for k, var in enumerate(order):
        x, y = centre(var)
        drawing.circle(
            x, y, 20, "paper", id=f"c{k}", stroke="line", stroke_width=2
        )
        drawing.text(x, y + 4, var.name)
        drawing.text(x, y - 26, "", id=f"v{k}")
        drawing.text(x, y + 35, "", "coral-text", id=f"a{k}")
    return drawing
