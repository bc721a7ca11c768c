"""The one look of the book's figures, and helpers that topics share.

style.py    colours, `use_style`, `label_line`, `show_images`
diagram.py  `diagram.Canvas`: boxes, arrows, tensors as blocks, small graphs
"""

from topoi.plotting import diagram
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
    "INDIGO",
    "INK",
    "JADE",
    "LAGOON",
    "MUTED",
    "PAPER",
    "TEXT",
    "TEXT_SHADE",
    "diagram",
    "label_line",
    "show_images",
    "use_style",
]
