"""Pictures of a tape: values above the nodes, adjoints below them."""

import numpy as np

from topoi.foundations.tape import Var, topological_order
from topoi.plotting import JADE, LAGOON, MUTED, diagram

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
