"""`topoi.plotting.diagram`: where parts and arrows lie, by hand."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

from topoi import plotting
from topoi.plotting import CORAL, INDIGO, LAGOON, diagram


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        plotting.use_style()
        yield
    plt.close("all")


@pytest.fixture
def canvas():
    return diagram.Canvas(13, 6)


def arrows(canvas):
    return [p for p in canvas.ax.patches if isinstance(p, FancyArrowPatch)]


def texts(canvas):
    return [t.get_text() for t in canvas.ax.texts]


def test_a_unit_is_half_an_inch(canvas):
    assert canvas.figure.get_size_inches() == pytest.approx((6.5, 3))
    origin, one = canvas.ax.transData.transform([(0, 0), (1, 1)])
    assert (one - origin) / canvas.figure.dpi == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("text", ["a", "a long name of a layer"])
@pytest.mark.parametrize("note", ["", "three by three, 64"])
def test_a_box_fits_its_text(canvas, text, note):
    part = canvas.box(6, 3, text, LAGOON, note)
    assert (part.x, part.y) == (6, 3)
    for drawn in canvas.ax.texts:
        box = drawn.get_window_extent()
        box = box.transformed(canvas.ax.transData.inverted())
        assert part.left[0] < box.x0 < box.x1 < part.right[0]
        assert part.bottom[1] < box.y0 < box.y1 < part.top[1]


def test_arrows_between_boxes_go_straight(canvas):
    a = canvas.box(2, 3, "a", width=2, height=2)
    b = canvas.box(8, 3.5, "b", width=2, height=1)
    assert canvas.arrow(a, b) == [(3, 3.5), (7, 3.5)]
    assert canvas.arrow(b, a) == [(7, 3.5), (3, 3.5)]
    c = canvas.box(2, 5.5, "c", width=1, height=0.5)
    assert canvas.arrow(a, c) == [(2, 4), (2, 5.25)]
    assert canvas.arrow(c, a) == [(2, 5.25), (2, 4)]


def test_slanted_arrows_end_on_the_border(canvas):
    a = canvas.box(2, 2, "a", width=2, height=2)
    b = canvas.node(8, 5, "b", radius=0.5)
    start, end = canvas.arrow(a, b)
    assert start == pytest.approx((3, 2.5))
    assert np.hypot(end[0] - 8, end[1] - 5) == pytest.approx(0.5)
    slope = (end[1] - start[1]) / (end[0] - start[0])
    assert slope == pytest.approx(0.5)


def test_an_arrow_runs_around_what_lies_between(canvas):
    b = canvas.node(8, 2, "+", radius=0.3)
    corners = canvas.arrow((2, 2), b, "as it is", around=4, color=INDIGO)
    assert corners == [(2, 2), (2, 4), (8, 4), pytest.approx((8, 2.3))]
    label = canvas.ax.texts[-1].get_position()
    assert label == pytest.approx((5, 4.24))
    assert canvas.arrow((2, 2), b, around=1)[-1] == pytest.approx((8, 1.7))


def test_a_block_tells_name_and_shape(canvas):
    part = canvas.block(2, 3, (32, 28, 28, 1), "x")
    assert texts(canvas) == ["x", "(32, 28, 28, 1)"]
    assert part.width > part.height > 0
    canvas.block(5, 3, ("time",), "y")
    assert texts(canvas)[-2:] == ["y", "(time,)"]
    assert canvas.block(7, 3, (2, 3), size=(1, 2, 0))[2:4] == (1, 2)


def test_values_and_adjoints_stand_above_and_below(canvas):
    canvas.node(2, 3, "×", value="-6", adjoint="-8")
    op, value, adjoint = canvas.ax.texts
    heights = [t.get_position()[1] for t in (value, op, adjoint)]
    assert heights == sorted(heights, reverse=True)
    assert [t.get_text() for t in (op, value, adjoint)] == ["×", "-6", "-8"]
    assert adjoint.get_color() == CORAL


def test_a_group_surrounds_its_parts(canvas):
    a, b = canvas.box(2, 2, "a"), canvas.node(6, 4, "b")
    frame = canvas.group([a, b], "both")
    assert frame.left[0] < a.left[0]
    assert frame.right[0] > b.right[0]
    assert frame.bottom[1] < a.bottom[1]
    assert frame.top[1] > b.top[1]


def test_layers_show_every_unit_or_dots(canvas):
    drawn = canvas.layers(2, 3, (3, 6, 100, 2), ("in", "", "", "out"))
    assert [len(units) for units in drawn] == [3, 6, 5, 2]
    assert texts(canvas).count("⋮") == 1
    assert len(canvas.ax.lines) == 3 * 6 + 6 * 5 + 5 * 2
    assert {"in", "out"} <= set(texts(canvas))
    for units in drawn[:2]:
        assert np.mean([unit.y for unit in units]) == pytest.approx(3)


def test_an_unrolled_recurrence_counts_its_steps(canvas):
    cells = canvas.unrolled(2.6, 3, 3, "GRU")
    assert len(cells) == 3
    assert texts(canvas).count("GRU") == 3
    expected = {f"$h_{{{t}}}$" for t in range(4)}
    expected |= {f"${n}_{{{t}}}$" for n in "xy" for t in (1, 2, 3)}
    assert expected == set(texts(canvas)) - {"GRU"}
    assert len(arrows(canvas)) == 3 * 3 + 1


def test_unknown_colours_are_refused(canvas):
    with pytest.raises(ValueError, match="five hues of topoi.plotting"):
        canvas.box(1, 1, "a", "red")


def test_texts_are_legible_on_their_washes():
    """Oracle: the contrast formula of WCAG, as in test_plotting."""
    from test_plotting import luminance

    for wash in (*diagram.WASH.values(), diagram.PLAIN_WASH):
        for text in (plotting.TEXT, plotting.MUTED):
            light, dark = luminance(wash) + 0.05, luminance(text) + 0.05
            assert light / dark >= 4.5
