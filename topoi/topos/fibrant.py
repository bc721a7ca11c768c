"""Fibrant objects over one arrow, by trying every lifting problem.

A presheaf over the arrow 1 -> 0 is a map of finite sets F0 -> F1. With the
injections as cofibrations and every map as a weak equivalence, F is fibrant
if each map A -> F extends along each injection A -> B.
"""

from collections.abc import Iterator
from itertools import combinations, product
from typing import NamedTuple


class ArrowSet(NamedTuple):
    """A map between finite sets: element s of F0 goes to ``images[s]``.

    F0 is ``range(len(images))`` and F1 is ``range(size)``.
    """

    images: tuple[int, ...]
    size: int


def small_objects(upper: int, lower: int) -> list[ArrowSet]:
    """List all maps F0 -> F1 with |F0| <= upper and |F1| <= lower."""
    return [
        ArrowSet(images, size)
        for n in range(upper + 1)
        for size in range(lower + 1)
        for images in product(range(size), repeat=n)
    ]


def _maps(a: ArrowSet, f: ArrowSet) -> Iterator[tuple]:
    """Yield the natural maps A -> F as (values on A0, values on A1)."""
    for on1 in product(range(f.size), repeat=a.size):
        fibres = [
            [t for t, image in enumerate(f.images) if image == on1[s]]
            for s in a.images
        ]
        for on0 in product(*fibres):
            yield on0, on1


def _parts(b: ArrowSet) -> Iterator[tuple]:
    """Yield the subobjects of B as (part of B0, part of B1)."""
    for n in range(b.size + 1):
        for part1 in combinations(range(b.size), n):
            above = [s for s, t in enumerate(b.images) if t in part1]
            for m in range(len(above) + 1):
                for part0 in combinations(above, m):
                    yield part0, part1


def is_fibrant(f: ArrowSet, largest: int = 2) -> bool:
    """Return whether F passes every lifting test with |B0|, |B1| <= largest.

    For each B and each part A of it, each map A -> F must be the
    restriction of a map B -> F.
    """
    for b in small_objects(largest, largest):
        whole = list(_maps(b, f))
        for part0, part1 in _parts(b):
            place = {t: k for k, t in enumerate(part1)}
            a = ArrowSet(tuple(place[b.images[s]] for s in part0), len(part1))
            reached = {
                (
                    tuple(on0[s] for s in part0),
                    tuple(on1[t] for t in part1),
                )
                for on0, on1 in whole
            }
            if any(m not in reached for m in _maps(a, f)):
                return False
    return True


def is_surjection(f: ArrowSet) -> bool:
    """Return whether F0 -> F1 is onto and F is not empty."""
    return f.size > 0 and set(f.images) == set(range(f.size))
