"""Companion library of the textbook *From Tensors to Topoi*.

Each topic of the book has a module or a package of its own, named like its
chapter; `topics.yml` lists them. What several topics need is in the shared
rooms, none of which imports a topic:

- `autodiff`: gradients and compiled steps, the one place backends differ
- `claims`: the ledger of what papers claim, and `check`
- `convolution`: convolution of pictures, as fast as the backend can
- `data`: the data sets that are shipped
- `doctor`: what is installed, and whether it works
- `lab`: guards and progress for exercises and their checks
- `plotting`: the one look of figures, diagrams, explorable figures
- `records`: what runs leave behind, written whole or not at all
- `runtime`: seeds, threads, scale, `show_source`
- `source`: how code of the library is shown on a page
- `survey`: measurements over several seeds, resumable

Nothing is imported here, so that ``from topoi import runtime`` can set
threads and logs before a numerical library starts.
"""

__version__ = "0.1.0"
