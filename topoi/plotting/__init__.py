"""The one look of the book's figures, and helpers that topics share.

style.py    colours, `use_style`, `label_line`, `show_images`
diagram.py  `diagram.Canvas`: boxes, arrows, tensors as blocks, small graphs
explorable.py  `explore`: figures that answer to sliders and buttons
explore.js  what shows their states; the book has the same file in _static
"""

from topoi.plotting import diagram, explorable
from topoi.plotting.explorable import Drawing, explore
from topoi.plotting.style import (
    AMBER,
    CORAL,
    CYCLE,
    INDIGO,
    INK,
    JADE,
    LAGOON,
    MUTED,
    PAPER,
    TEXT,
    TEXT_SHADE,
    label_line,
    show_images,
    use_style,
)

__all__ = [
    "AMBER",
    "CORAL",
    "CYCLE",
    "Drawing",
    "INDIGO",
    "INK",
    "JADE",
    "LAGOON",
    "MUTED",
    "PAPER",
    "TEXT",
    "TEXT_SHADE",
    "diagram",
    "explorable",
    "explore",
    "label_line",
    "show_images",
    "use_style",
]
