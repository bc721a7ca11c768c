"""The figure style, and helpers that several topics need.

The cycle keeps its colours apart under the three dichromacies; from the
fourth line on, add a second cue (dash, marker, direct label).
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

PAPER, INK, TEXT, MUTED = "#FCFAF5", "#112535", "#1C2230", "#596070"
LAGOON, CORAL, INDIGO, AMBER, JADE = CYCLE = (
    "#1C8FD6",
    "#C23B3B",
    "#4E3F9E",
    "#B08400",
    "#17806F",
)
# Text in these two hues needs a darker shade to be legible on paper.
TEXT_SHADE = {LAGOON: "#0B6199", AMBER: "#7A5B00"}

_SEQUENTIAL = (
    "#F3EBD8 #B2D6CA #7CBCC0 #49A1B7 #3B81AE #3062A2 #38428A #2E2767 #1B1440"
)
_DIVERGING = (
    "#083D62 #216997 #3F98D0 #9AC7E1 #F6F2E9 #EBB2A3 #D57367 #A5403B #6A181B"
)
_STYLE = {
    "figure.figsize": (6.5, 3.6),
    "figure.dpi": 160,
    "savefig.dpi": 160,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "mathtext.fontset": "dejavusans",
    "axes.labelsize": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8A8474",
    "axes.linewidth": 0.8,
    "axes.labelcolor": TEXT,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=(*CYCLE, INK)),
    "grid.color": "#E3DDCF",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "text.color": TEXT,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "image.cmap": "topoi",
}


def use_style() -> None:
    """Make the book's style, colour cycle and colour maps the default.

    Registers the sequential map ``topoi`` and the diverging map
    ``topoi_div`` (centre it on the neutral value). In a notebook, figures
    keep their full width instead of being cropped.
    """
    for name, stops in (("topoi", _SEQUENTIAL), ("topoi_div", _DIVERGING)):
        if name not in colormaps:
            stops = stops.split()
            colormaps.register(LinearSegmentedColormap.from_list(name, stops))
    plt.rcParams.update(_STYLE)
    if "inline" in plt.get_backend():
        from matplotlib_inline.config import InlineBackend

        InlineBackend.instance().print_figure_kwargs = {"bbox_inches": None}


def label_line(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    color: str,
    offset: tuple[float, float] = (4, 0),
) -> None:
    """Write `text` beside the data point (x, y) in the line's colour.

    Parameters
    ----------
    ax : Axes
        Where the line was drawn.
    x, y : float
        The point to label, in data units; usually the line's last point.
    text : str
        The label, instead of an entry of a legend.
    color : str
        The line's colour; amber and lagoon are darkened to stay legible.
    offset : (float, float)
        Distance from the point, in points.
    """
    ax.annotate(
        text,
        (x, y),
        xytext=offset,
        textcoords="offset points",
        color=TEXT_SHADE.get(color, color),
        va="center",
        annotation_clip=False,
    )


def show_images(
    images: np.ndarray,
    titles: Sequence[str] = (),
    columns: int | None = None,
    cmap: str = "gray",
    height: float = 1.3,
    limits: tuple[float, float] | None = None,
) -> tuple[Figure, np.ndarray]:
    """Draw images side by side without axes.

    Parameters
    ----------
    images : ndarray, shape (n, height, width) or (n, height, width, 3)
        One picture a cell of the grid, in reading order.
    titles : sequence of str
        Nothing, or one title a picture.
    columns : int, optional
        Pictures in a row; all in one row by default.
    cmap : str
        Colour map; digits and photographs stay in ``gray``.
    height : float
        Height of a row in inches.
    limits : (low, high), optional
        One grey scale for all pictures; each has its own by default.

    Returns
    -------
    figure : Figure
    axes : ndarray of Axes, shape (rows, columns)

    Raises
    ------
    ValueError
        If `images` has another rank, is empty, or has not one title each.
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or len(images) == 0:
        raise ValueError(
            "show_images needs a stack of pictures of shape (n, height, "
            f"width) or (n, height, width, 3), but got {images.shape}. One "
            "picture? Write image[np.newaxis]."
        )
    if len(titles) not in (0, len(images)):
        raise ValueError(
            f"show_images got {len(titles)} titles for {len(images)} "
            "pictures: give one a picture, or none."
        )
    columns = min(columns or len(images), len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(6.5, height * rows), squeeze=False
    )
    low, high = limits or (None, None)
    for ax in axes.flat:
        ax.axis("off")
    for n, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(image, cmap=cmap, vmin=low, vmax=high)
        if titles:
            ax.set_title(titles[n], fontsize=8, fontweight="normal")
    return figure, axes
