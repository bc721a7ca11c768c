"""The pair generator of topoi.symbolic_integration beside SymPy, symengine.

``make bench TOPIC=symbolic_integration`` runs it; `harness` says how. What
is compared is the work that a verified pair needs: read the answer, and
differentiate it. Our side also simplifies, compares with the problem and
draws the functions; SymPy and symengine go from text to text.
"""

import time

from benchmarks import harness

bench = harness.Bench("symbolic_integration", backend=None)

import sympy  # noqa: E402

from topoi.symbolic_integration import (  # noqa: E402
    PAPER,
    SMALL,
    bwd_pairs,
    from_prefix,
    take,
    to_infix,
    verify,
)

PAIRS = 3000
FEW = 200

try:
    import symengine
except ImportError:
    symengine = None


def print_rates(family) -> None:
    """Print unique pairs a CPU second, generated and verified."""
    start = time.process_time()
    pairs = take(bwd_pairs(family, 1), PAIRS)
    made = time.process_time()
    assert all(verify(list(p), list(a)) for p, a in pairs)
    checked = time.process_time()
    print(f"family {family.name}, pairs a CPU second:")
    print(f"  generated          {PAIRS / (made - start):8.0f}")
    print(f"  generated, checked {PAIRS / (checked - start):8.0f}")


def compare_verification(family) -> None:
    """Compare verified pairs with derivatives by a library."""
    pairs = take(bwd_pairs(family, 1), FEW)
    texts = [to_infix(from_prefix(a)) for _, a in pairs]
    x = sympy.Symbol("x")
    programs = {
        "topoi, read + differentiate + verify": lambda: sum(
            verify(list(p), list(a)) for p, a in pairs
        ),
        "SymPy, read + differentiate": lambda: sum(
            bool(str(sympy.diff(sympy.sympify(t), x))) for t in texts
        ),
    }
    if symengine:
        z = symengine.Symbol("x")
        programs["symengine, read + differentiate"] = lambda: sum(
            bool(str(symengine.sympify(t).diff(z))) for t in texts
        )
    # Each returns how many of the answers it has dealt with.
    bench.compare(f"{FEW} pairs of family {family.name}", programs, agree=0.0)


if __name__ == "__main__":
    for family in (SMALL, PAPER):
        print_rates(family)
        compare_verification(family)
    bench.store()
