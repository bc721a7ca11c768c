"""Companion library of the textbook *From Tensors to Topoi*.

Shared rooms: `data`, `claims`, `autodiff`, `runtime`, `plotting`. Each topic
of the book has a module of its own, named like its chapter. Nothing is
imported here, so that ``from topoi import runtime`` can set threads and logs
before a numerical library starts.
"""

__version__ = "0.1.0"
