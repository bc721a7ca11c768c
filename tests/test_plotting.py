"""`topoi.plotting`: the style, its colours, and the helpers."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from topoi import plotting


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        plotting.use_style()
        yield
    plt.close("all")


def luminance(colour) -> float:
    """WCAG 2 relative luminance, from its definition."""
    rgb = np.array(plt.matplotlib.colors.to_rgb(colour))
    linear = np.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    )
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(colour) -> float:
    """Contrast to the paper, which is the lighter of the two."""
    return (luminance(plotting.PAPER) + 0.05) / (luminance(colour) + 0.05)


@pytest.mark.parametrize("colour", [*plotting.CYCLE, plotting.INK])
def test_lines_are_visible_on_paper(colour):
    assert contrast(colour) >= 3.0


@pytest.mark.parametrize("colour", plotting.CYCLE)
def test_label_text_is_legible_on_paper(colour):
    assert contrast(plotting.TEXT_SHADE.get(colour, colour)) >= 4.5


def test_sequential_map_darkens_strictly():
    shades = [
        luminance(c) for c in plt.get_cmap("topoi")(np.linspace(0, 1, 64))
    ]
    assert (np.diff(shades) < 0).all()


def test_diverging_map_is_lightest_in_the_middle():
    shades = [
        luminance(c) for c in plt.get_cmap("topoi_div")(np.linspace(0, 1, 65))
    ]
    assert np.argmax(shades) == 32


def test_label_stands_at_its_point_in_the_darker_shade():
    _, ax = plt.subplots()
    plotting.label_line(ax, 2, 3, "three", plotting.AMBER)
    (label,) = ax.texts
    assert label.xy == (2, 3)
    assert label.get_color() == plotting.TEXT_SHADE[plotting.AMBER]


def test_images_fill_the_grid_in_reading_order():
    images = np.arange(5)[:, None, None] * np.ones((5, 2, 2))
    _, axes = plotting.show_images(images, list("abcde"), columns=3)
    assert axes.shape == (2, 3)
    shown = [ax.images[0].get_array().max() for ax in axes.flat[:5]]
    assert shown == [0, 1, 2, 3, 4]
    assert not axes[1, 2].images


@pytest.mark.parametrize(
    ("images", "titles", "message"),
    [
        (np.zeros((4, 4)), [], r"\(4, 4\).*np.newaxis"),
        (np.zeros((0, 4, 4)), [], r"\(0, 4, 4\)"),
        (np.zeros((2, 4, 4)), ["one"], "1 titles for 2"),
    ],
)
def test_unfit_images_are_refused(images, titles, message):
    with pytest.raises(ValueError, match=message):
        plotting.show_images(images, titles)
