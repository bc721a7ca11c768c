"""Time the pair generator of topoi.symbolic_integration against peers.

    python tests/benchmarks/bench_symbolic_integration.py

One process, one thread, CPU seconds. The rate of our generator counts unique
pairs that were verified from their tokens: both token lists are read again,
the answer is differentiated and compared with the problem. SymPy and
symengine (where it is installed) differentiate the same functions from text
to text; they neither draw functions nor drop duplicates.
"""

import time
from collections.abc import Callable, Iterable

import sympy

from topoi.symbolic_integration import (
    PAPER,
    SMALL,
    bwd_pairs,
    from_prefix,
    take,
    to_infix,
    verify,
)

PAIRS = 3000
FEW = 12


def rate(work: Callable[[object], object], items: Iterable) -> float:
    """Return items a CPU second."""
    items = list(items)
    start = time.process_time()
    for item in items:
        work(item)
    return len(items) / (time.process_time() - start)


def ours(family, check: bool) -> float:
    """Return unique pairs a CPU second, verified or not."""
    start = time.process_time()
    pairs = take(bwd_pairs(family, 1), PAIRS)
    if check:
        assert all(verify(list(p), list(a)) for p, a in pairs)
    return len(pairs) / (time.process_time() - start)


def with_sympy(text: str) -> str:
    """Parse, differentiate and print with SymPy."""
    return str(sympy.diff(sympy.sympify(text), sympy.Symbol("x")))


def main() -> None:
    """Print one table for each family."""
    try:
        import symengine
    except ImportError:
        symengine = None
    for family in (SMALL, PAPER):
        print(f"family {family.name}: pairs a CPU second")
        print(f"  ours, generated          {ours(family, False):8.0f}")
        print(f"  ours, also verified      {ours(family, True):8.0f}")
        answers = [a for _, a in take(bwd_pairs(family, 1), 400)]
        texts = [to_infix(from_prefix(a)) for a in answers]
        if symengine:
            x = symengine.Symbol("x")
            speed = rate(
                lambda t, x=x: str(symengine.sympify(t).diff(x)), texts
            )
            print(f"  symengine, parse + diff  {speed:8.0f}")
        print(f"  SymPy, parse + diff      {rate(with_sympy, texts):8.0f}")
        if family is PAPER:
            continue  # one expression of this size can take minutes
        simplified = rate(
            lambda t: sympy.simplify(sympy.sympify(with_sympy(t))),
            texts[:FEW],
        )
        print(f"  SymPy, diff + simplify   {simplified:8.1f}")


if __name__ == "__main__":
    main()
